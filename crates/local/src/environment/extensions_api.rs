//! The Extensions API of one environment, beside its Runtime API.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::environment::Environment;
use crate::environment::extensions::{Lifecycle, Refused, Report};
use crate::environment::runtime_api::{accepted, refuse};
use crate::environment::telemetry::{self, NotSubscribed};
use crate::http::{json as response, read};
use crate::refusal::json_bytes;
use crate::trace;

/// The largest body of a call: what an error may say.
const MAX_BODY: usize = 1024 * 1024;

pub(crate) const BASE: &str = "/2020-01-01/extension/";

#[derive(Deserialize)]
struct Register {
    #[serde(default)]
    events: Vec<String>,
}

pub(crate) async fn answer(
    environment: &Arc<Environment>,
    request: Request<Incoming>,
) -> Response<Bytes> {
    let path = request.uri().path().strip_prefix(BASE).unwrap_or_default();
    let answered = match (request.method(), path) {
        (&Method::POST, "register") => register(environment, request).await,
        (&Method::GET, "event/next") => next(environment, request.headers()).await,
        (&Method::POST, "init/error") => report(environment, request, Report::Init).await,
        (&Method::POST, "exit/error") => report(environment, request, Report::Exit).await,
        _ => {
            let message = "there is no such call in the Extensions API";
            return refuse(StatusCode::NOT_FOUND, "NotFound", message);
        }
    };
    answered.unwrap_or_else(|Refused(kind, message)| refuse(StatusCode::FORBIDDEN, kind, &message))
}

/// Whether a request is a subscription: `true` where it is to the Telemetry API, `false` to the Logs
/// API.
pub(crate) fn subscribes<B>(request: &Request<B>) -> Option<bool> {
    let path = request.uri().path();
    match path.strip_suffix('/').unwrap_or(path) {
        _ if request.method() != Method::PUT => None,
        "/2022-07-01/telemetry" => Some(true),
        "/2020-08-15/logs" => Some(false),
        _ => None,
    }
}

/// Answers a subscription.
pub(crate) async fn subscribe(
    environment: &Environment,
    telemetry: bool,
    request: Request<Incoming>,
) -> Response<Bytes> {
    let (invalid, closed, name) = match telemetry {
        true => (
            "ValidationError",
            "Telemetry.SubscriptionClosed",
            "Telemetry",
        ),
        false => ("Logs.ValidationError", "Logs.SubscriptionClosed", "Logs"),
    };
    let extension = id(request.headers()).and_then(|id| environment.extensions.name(id));
    let extension = match extension {
        Ok(extension) => extension,
        Err(Refused(kind, message)) => return refuse(StatusCode::FORBIDDEN, kind, &message),
    };
    let body = read(request.into_body(), MAX_BODY).await;
    let mut asked = match telemetry::read(telemetry, &body.unwrap_or_default()) {
        Ok(asked) => asked,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, invalid, &message),
    };
    asked.lines_are_text_unless(environment.pool.logs_json());
    match environment.telemetry.subscribe(&extension, asked) {
        Ok(()) => response(StatusCode::OK, &b"\"OK\""[..]),
        Err(NotSubscribed::Closed) => {
            let message = format!("{name} API subscription is closed already");
            refuse(StatusCode::FORBIDDEN, closed, &message)
        }
        Err(NotSubscribed::OtherApi) => {
            let message =
                format!("{extension} has subscribed through another API than the {name} API");
            refuse(StatusCode::BAD_REQUEST, invalid, &message)
        }
    }
}

async fn register(
    environment: &Environment,
    request: Request<Incoming>,
) -> Result<Response<Bytes>, Refused> {
    let headers = request.headers().clone();
    let name = text(&headers, "lambda-extension-name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        Refused(
            "Extension.InvalidExtensionName",
            "Empty extension name".to_owned(),
        )
    })?;
    let broken = |message: String| Refused("InvalidRequestFormat", message);
    let body = read(request.into_body(), MAX_BODY).await;
    let body = body.map_err(|_| broken("the body could not be read".to_owned()))?;
    let asked: Register =
        serde_json::from_slice(&body).map_err(|error| broken(error.to_string()))?;
    let event = |name: &String| match name.as_str() {
        "INVOKE" => Ok(Lifecycle::Invoke),
        "SHUTDOWN" => Ok(Lifecycle::Shutdown),
        _ => {
            let message = format!("{name}: ErrorInvalidEventType");
            Err(Refused("Extension.InvalidEventType", message))
        }
    };
    let events = asked.events.iter().map(event).collect::<Result<_, _>>()?;
    let id = environment.extensions.register(name, events)?;
    let function = &environment.pool.function;
    let mut body = json!({
        "functionName": function.name(),
        "functionVersion": environment.pool.version,
        "handler": environment.pool.handler(),
    });
    let features = text(&headers, "lambda-extension-accept-feature").unwrap_or_default();
    if features.split(',').any(|one| one.trim() == "accountId") {
        body["accountId"] = json!(function.account());
    }
    let registered = response(StatusCode::OK, json_bytes(&body));
    Ok(with(
        registered,
        "lambda-extension-identifier",
        &id.to_string(),
    ))
}

async fn next(environment: &Environment, headers: &HeaderMap) -> Result<Response<Bytes>, Refused> {
    let waiting = environment.extensions.next(id(headers)?)?;
    Ok(match waiting.await {
        Ok(event) => {
            let event = response(StatusCode::OK, event);
            with(
                event,
                "lambda-extension-event-identifier",
                &trace::request_id(),
            )
        }
        Err(_) => refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Container.Ended",
            "the environment comes to its end",
        ),
    })
}

async fn report(
    environment: &Environment,
    request: Request<Incoming>,
    report: Report,
) -> Result<Response<Bytes>, Refused> {
    const KIND: &str = "Lambda-Extension-Function-Error-Type";
    let id = id(request.headers())?;
    let kind = text(request.headers(), KIND).filter(|kind| !kind.is_empty());
    let kind =
        kind.ok_or_else(|| Refused("Extension.MissingHeader", format!("{KIND} not found")))?;
    environment.extensions.report(id, report, kind)?;
    // What else it says is not kept, but read, so that the client can read the answer.
    let _ = read(request.into_body(), MAX_BODY).await;
    Ok(accepted(true))
}

fn id(headers: &HeaderMap) -> Result<Uuid, Refused> {
    let id = text(headers, "lambda-extension-identifier").unwrap_or_default();
    if id.is_empty() {
        let message = "Missing Lambda-Extension-Identifier header".to_owned();
        return Err(Refused("Extension.MissingExtensionIdentifier", message));
    }
    id.parse().map_err(|_| {
        let message = "Invalid Lambda-Extension-Identifier".to_owned();
        Refused("Extension.InvalidExtensionIdentifier", message)
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn with(mut response: Response<Bytes>, name: &'static str, value: &str) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

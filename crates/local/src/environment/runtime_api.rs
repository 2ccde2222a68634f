//! The Runtime API of one environment, and beside it the Extensions API.
//!
//! Every environment has a listener of its own, so that a call needs nothing to say from which
//! environment it comes. See <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::environment::extensions_api;
use crate::environment::job::{Dispatch, Mismatch};
use crate::environment::{Environment, InitError};
use crate::function::pool::Next;
use crate::http::{Unread, json, read, website};
use crate::refusal::{error_object, json_bytes};
use crate::streaming::{self, Broken};

/// The largest answer: 6 MB and the 100 bytes Lambda allows on top.
const MAX_RESPONSE: usize = 6 * 1024 * 1024 + 100;

const BASE: &str = "/2018-06-01/runtime/";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// Serves the environment until dropped.
pub(crate) async fn serve(listener: TcpListener, environment: Arc<Environment>) {
    let (_never, stop) = watch::channel(false);
    crate::http::serve(listener, stop, false, move |request, _| {
        answer(environment.clone(), request)
    })
    .await;
}

async fn answer(environment: Arc<Environment>, request: Request<Incoming>) -> Response<Bytes> {
    if website::of_browser(request.headers()) {
        let message = "the Runtime API takes no requests from browsers";
        return refuse(StatusCode::FORBIDDEN, "Forbidden", message);
    }
    if request.uri().path().starts_with(extensions_api::BASE) {
        return extensions_api::answer(&environment, request).await;
    }
    if let Some(telemetry) = extensions_api::subscribes(&request) {
        return extensions_api::subscribe(&environment, telemetry, request).await;
    }
    let path = request
        .uri()
        .path()
        .strip_prefix(BASE)
        .unwrap_or_default()
        .to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method(), parts.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(&environment).await,
        (&Method::POST, ["invocation", id, "response"]) => respond(&environment, id, request).await,
        (&Method::POST, ["invocation", id, "error"]) => fail(&environment, id, request).await,
        (&Method::POST, ["init", "error"]) => fail_init(&environment, request).await,
        _ => refuse(
            StatusCode::NOT_FOUND,
            "NotFound",
            "there is no such call in the Runtime API",
        ),
    }
}

async fn next(environment: &Arc<Environment>) -> Response<Bytes> {
    if environment.is_busy() {
        return refuse(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            "the event at hand has not been answered",
        );
    }
    environment.settled().await;
    let dispatch = match environment.pool.next(environment) {
        Next::Run(dispatch) => Some(dispatch),
        Next::Wait(dispatch) => dispatch.await.ok(),
        Next::Retire => {
            environment.kill();
            None
        }
    };
    match dispatch {
        Some(dispatch) => event(dispatch),
        // As on Lambda: a runtime that waits is ended while it waits. Some panic over any answer that
        // is no event.
        None => std::future::pending().await,
    }
}

/// An event as the runtime receives it.
fn event(dispatch: Dispatch) -> Response<Bytes> {
    let mut response = json(StatusCode::OK, dispatch.payload);
    let deadline = dispatch.deadline.as_millis().to_string();
    let headers = response.headers_mut();
    headers.reserve(8);
    for (name, value) in [
        ("lambda-runtime-aws-request-id", Some(dispatch.request_id)),
        (INVOCATION_ID, Some(dispatch.invocation_id)),
        ("lambda-runtime-deadline-ms", Some(deadline)),
        ("lambda-runtime-invoked-function-arn", Some(dispatch.arn)),
        ("lambda-runtime-trace-id", Some(dispatch.trace_header)),
        ("lambda-runtime-client-context", dispatch.client_context),
    ] {
        // What cannot stand in a header was refused when the invocation came in.
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

async fn respond(
    environment: &Environment,
    id: &str,
    request: Request<Incoming>,
) -> Response<Bytes> {
    if let Some(refused) = mismatch(environment, id, request.headers()) {
        return refused;
    }
    let mode = request
        .headers()
        .get("lambda-runtime-function-response-mode");
    if mode.is_some_and(|mode| mode != "streaming") {
        let kind = "Runtime.InvalidResponseModeHeader";
        let message = "Invalid function response mode";
        let object = error_object(kind, message);
        environment.finish(id, Err(object), Some(&format!("error\tError Type: {kind}")));
        return refuse(
            StatusCode::BAD_REQUEST,
            "InvalidFunctionResponseMode",
            message,
        );
    }
    environment.responds();
    let (parts, body) = request.into_parts();
    let (limit, answer) = match environment.stream() {
        Some(writer) => {
            let pumped = writer.pump(&parts.headers, body).await;
            (
                streaming::MAX,
                pumped
                    .map(|bytes| {
                        environment.has_produced(bytes);
                        Bytes::new()
                    })
                    .map_err(|broken| match broken {
                        Broken::TooLarge => Unread::TooLarge,
                        Broken::Truncated => Unread::Broken,
                    }),
            )
        }
        None => (MAX_RESPONSE, read(body, MAX_RESPONSE).await),
    };
    match answer {
        Ok(body) => accepted(environment.finish(id, Ok(body), None)),
        Err(Unread::TooLarge) => {
            let kind = "Function.ResponseSizeTooLarge";
            let message = format!(
                "Response payload size exceeded maximum allowed payload size ({limit} bytes)."
            );
            let object = error_object(kind, &message);
            environment.finish(id, Err(object), Some(&format!("error\tError Type: {kind}")));
            refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &message,
            )
        }
        // Its process was ended in the middle of its answer, and that is what the caller is told.
        Err(Unread::Broken) if environment.is_late() => accepted(false),
        Err(Unread::Broken) => {
            let object = error_object(
                "Runtime.TruncatedResponse",
                &format!("RequestId: {id} Error: the runtime broke off its response"),
            );
            environment.finish(
                id,
                Err(object),
                Some("error\tError Type: Runtime.TruncatedResponse"),
            );
            refuse(
                StatusCode::BAD_REQUEST,
                "TruncatedResponse",
                "the response could not be read",
            )
        }
    }
}

async fn fail(environment: &Environment, id: &str, request: Request<Incoming>) -> Response<Bytes> {
    if let Some(refused) = mismatch(environment, id, request.headers()) {
        return refused;
    }
    environment.responds();
    let (kind, object) = report(request).await;
    accepted(environment.finish(id, Err(object), Some(&format!("error\tError Type: {kind}"))))
}

async fn fail_init(environment: &Environment, request: Request<Incoming>) -> Response<Bytes> {
    let (kind, object) = report(request).await;
    if environment.fail_init(InitError { kind, object }) {
        accepted(true)
    } else {
        refuse(
            StatusCode::FORBIDDEN,
            "InvalidStateTransition",
            "the initialization is over",
        )
    }
}

/// What the runtime reports: the kind of error, and the error object.
async fn report(request: Request<Incoming>) -> (String, Bytes) {
    let kind = request
        .headers()
        .get(ERROR_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("Runtime.Unknown")
        .to_owned();
    match read(request.into_body(), MAX_RESPONSE).await {
        Ok(body) if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok() => (kind, body),
        _ => {
            let object = error_object(
                &kind,
                "the runtime reported an error without an error object",
            );
            (kind, object)
        }
    }
}

fn mismatch(environment: &Environment, id: &str, headers: &HeaderMap) -> Option<Response<Bytes>> {
    let attempt = headers.get(INVOCATION_ID).map(HeaderValue::as_bytes);
    let (kind, message) = match environment.is_running(id, attempt).err()? {
        Mismatch::Idle => {
            return Some(refuse(
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                "there is no event to answer",
            ));
        }
        Mismatch::Request => ("InvalidRequestID", "Invalid request ID"),
        Mismatch::Attempt => ("InvalidInvocationId", "Invalid invocation ID"),
    };
    Some(refuse(StatusCode::BAD_REQUEST, kind, message))
}

pub(crate) fn accepted(fits: bool) -> Response<Bytes> {
    if fits {
        json(
            StatusCode::ACCEPTED,
            Bytes::from_static(b"{\"status\":\"OK\"}\n"),
        )
    } else {
        refuse(
            StatusCode::BAD_REQUEST,
            "InvalidRequestID",
            "Invalid request ID",
        )
    }
}

pub(crate) fn refuse(status: StatusCode, kind: &str, message: &str) -> Response<Bytes> {
    json(
        status,
        json_bytes(&serde_json::json!({ "errorMessage": message, "errorType": kind })),
    )
}

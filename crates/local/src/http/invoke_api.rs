//! Lambda's HTTP API, for unmodified clients.
//!
//! `Invoke` in its three types, `InvokeWithResponseStream`, and the old `InvokeAsync`; the calls around
//! them are in [`control`]. Requests are not authenticated: whoever can reach 127.0.0.1 is the
//! function's owner.
//! See <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use lambda_with::{Error, ErrorKind, Invocation, InvocationType, LogType, Outcome};
use serde_json::json as value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::handle::FunctionHandle;
use crate::http::call::Call;
use crate::http::website::of_website;
use crate::http::{Body, MAX_HEAD, Unread, json, read};
use crate::http::{control, event_stream};
use crate::local::Handle;
use crate::refusal::{Refusal, json_bytes};
use crate::streaming::Streamed;
use crate::trace;

/// The largest body of a call that is no invocation.
const MAX_CONTROL_BODY: usize = 1024 * 1024;

/// The largest event `InvokeAsync` takes.
const MAX_ASYNC: usize = 256 * 1024;

/// Serves the API until told to stop.
pub(crate) async fn serve(listener: TcpListener, stop: watch::Receiver<bool>, handle: Handle) {
    crate::http::serve(listener, stop, true, move |request, _| {
        answer(handle.clone(), request)
    })
    .await;
}

async fn answer(handle: Handle, request: Request<Incoming>) -> Response<Body> {
    let request_id = trace::request_id();
    let (parts, body) = request.into_parts();
    let checked = check_head(&parts).and_then(|()| check_origin(&parts.headers));
    let answered = match checked.and_then(|()| Call::of(&parts)) {
        Ok(call) => route(&handle, &call, &parts, body, &request_id).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = answered.unwrap_or_else(|refusal| refusal.response().map(Body::from));
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Refuses a request line and headers that are too large together.
fn check_head(parts: &Parts) -> Result<(), Refusal> {
    let uri = parts.uri.path_and_query().map_or(0, |it| it.as_str().len());
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    match uri + headers.sum::<usize>() > MAX_HEAD {
        true => Err(Refusal::user(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "RequestEntityTooLargeException",
            format!("The request's line and headers must be smaller than {MAX_HEAD} bytes"),
        )),
        false => Ok(()),
    }
}

/// Refuses what a page of some website sends through the user's browser.
fn check_origin(headers: &HeaderMap) -> Result<(), Refusal> {
    match of_website(headers) {
        false => Ok(()),
        true => Err(Refusal::user(
            StatusCode::FORBIDDEN,
            "AccessDeniedException",
            "the engine takes no requests from web pages of other origins, nor under names of websites",
        )),
    }
}

/// The calls that invoke.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Invoked {
    Usual,
    /// `InvokeWithResponseStream`.
    Streaming,
    /// `InvokeAsync`.
    Async,
}

impl Invoked {
    fn of(version: &str, call: &str) -> Option<Self> {
        match (version, call) {
            ("2015-03-31", "invocations") => Some(Self::Usual),
            ("2021-11-15", "response-streaming-invocations") => Some(Self::Streaming),
            ("2014-11-13", "invoke-async") => Some(Self::Async),
            _ => None,
        }
    }

    /// The largest body; an event is held against its own, smaller limit when its size is known.
    fn limit(self) -> usize {
        match self {
            Self::Async => MAX_ASYNC,
            _ => InvocationType::RequestResponse.max_payload(),
        }
    }
}

async fn route(
    handle: &Handle,
    call: &Call,
    parts: &Parts,
    body: Incoming,
    request_id: &str,
) -> Result<Response<Body>, Refusal> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let is_post = parts.method == Method::POST;
    let invoked = match segments.as_slice() {
        [_, "functions", name, call] if is_post => Invoked::of(segments[0], call).zip(Some(*name)),
        _ => None,
    };
    // Read even where the call is refused: what is left unread would end the connection, which the
    // client wants to use again.
    let body = payload(body, invoked.map_or(MAX_CONTROL_BODY, |(it, _)| it.limit())).await?;
    if let Some((invoked, name)) = invoked {
        let function = call.function(handle, name)?;
        let mut invocation = described(&parts.headers, invoked)?;
        invocation.payload = body;
        return match invoked {
            Invoked::Streaming => stream(&function, invocation, request_id).await,
            _ => invoke(&function, invocation, request_id).await,
        };
    }
    if let ["2015-03-31", "event-source-mappings", rest @ ..] = segments.as_slice() {
        let answered = control::mappings::answer(handle, call, &parts.method, rest, &body).await?;
        return Ok(answered.map(Body::from));
    }
    // Files are read and written there.
    let (handle, call, method) = (handle.clone(), call.clone(), parts.method.clone());
    let answered = tokio::task::spawn_blocking(move || {
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        control::answer(&handle, &call, &method, &segments, &body)
    });
    let answered = answered.await.map_err(|error| {
        let message = "the engine is shutting down";
        Refusal::from(&Error::new(ErrorKind::Unavailable, message).caused_by(error))
    })?;
    answered.map(|it| it.map(Body::from))
}

async fn invoke(
    function: &FunctionHandle,
    invocation: Invocation,
    request_id: &str,
) -> Result<Response<Body>, Refusal> {
    let outcome = function
        .invoke_as(request_id.to_owned(), invocation)
        .await
        .map_err(|error| Refusal::from(&error))?;
    Ok(answered(outcome).map(Body::from))
}

/// `InvokeWithResponseStream`.
async fn stream(
    function: &FunctionHandle,
    invocation: Invocation,
    request_id: &str,
) -> Result<Response<Body>, Refusal> {
    let id = request_id.to_owned();
    if invocation.invocation_type == InvocationType::DryRun {
        let dry = function.invoke_as(id, invocation).await;
        return dry
            .map(|outcome| answered(outcome).map(Body::from))
            .map_err(|error| Refusal::from(&error));
    }
    let streamed = function.invoke_streamed_as(id, invocation).await;
    let streamed = streamed.map_err(|error| Refusal::from(&error))?;
    let version = HeaderValue::try_from(streamed.executed_version());
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(events(streamed, sender));
    let mut response = Response::new(Body::pieces(receiver));
    let kind = HeaderValue::from_static("application/vnd.amazon.eventstream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    if let Ok(version) = version {
        response
            .headers_mut()
            .insert("x-amz-executed-version", version);
    }
    Ok(response)
}

/// Sends the pieces of an answer as events, and how it ended.
async fn events(mut streamed: Streamed, client: mpsc::Sender<std::io::Result<Bytes>>) {
    while let Some(piece) = streamed.next().await {
        let event = event_stream::event("PayloadChunk", "application/octet-stream", &piece);
        // The function is let run to its end when the client has gone away.
        let _ = client.send(Ok(event)).await;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let midstream = streamed.error().cloned();
    let mut complete = value!({});
    let (code, details, tail) = match streamed.end().await {
        Ok(Outcome::FunctionError {
            function_error,
            payload,
            log_tail,
            ..
        }) => (Some(function_error), Some(text(&payload)), log_tail),
        Ok(Outcome::Success { log_tail, .. }) => match midstream {
            Some(error) => (Some(error.error_type), Some(text(&error.body)), log_tail),
            None => (None, None, log_tail),
        },
        Ok(_) => (None, None, None),
        Err(error) => (
            Some("ServiceException".to_owned()),
            Some(error.to_string()),
            None,
        ),
    };
    for (member, value) in [
        ("ErrorCode", code),
        ("ErrorDetails", details),
        ("LogResult", tail.map(|tail| BASE64_STANDARD.encode(tail))),
    ] {
        if let Some(value) = value {
            complete[member] = value!(value);
        }
    }
    let event = event_stream::event("InvokeComplete", "application/json", &json_bytes(&complete));
    let _ = client.send(Ok(event)).await;
}

async fn payload(body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    read(body, limit).await.map_err(|unread| match unread {
        Unread::TooLarge => Refusal::too_large(limit),
        Unread::Broken => Refusal::content("the request's body could not be read"),
    })
}

/// The invocation as the request's headers describe it.
fn described(headers: &HeaderMap, invoked: Invoked) -> Result<Invocation, Refusal> {
    if invoked == Invoked::Async {
        return Ok(Invocation {
            invocation_type: InvocationType::Event,
            ..Invocation::default()
        });
    }
    let queues = invoked == Invoked::Usual;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut invocation = Invocation::default();
    if let Some(kind) = text("x-amz-invocation-type") {
        let refuse = || {
            let constraint = match queues {
                true => "enum value set: [Event, RequestResponse, DryRun]",
                false => "enum value set: [RequestResponse, DryRun]",
            };
            Refusal::validation("invocationType", kind, constraint)
        };
        let asked: InvocationType = kind.parse().map_err(|_: Error| refuse())?;
        if asked == InvocationType::Event && !queues {
            return Err(refuse());
        }
        invocation.invocation_type = asked;
    }
    invocation.log_type = match text("x-amz-log-type") {
        None | Some("None") => LogType::None,
        Some("Tail") => LogType::Tail,
        Some(other) => {
            return Err(Refusal::validation(
                "logType",
                other,
                "enum value set: [None, Tail]",
            ));
        }
    };
    if let Some(context) = text("x-amz-client-context") {
        let decoded = BASE64_STANDARD
            .decode(context)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let refuse =
            || Refusal::content("Client context must be a valid Base64-encoded JSON object.");
        invocation.client_context = Some(decoded.ok_or_else(refuse)?);
    }
    invocation.trace_header = text("x-amzn-trace-id").map(str::to_owned);
    Ok(invocation)
}

/// The response to an invocation that was accepted.
fn answered(outcome: Outcome) -> Response<Bytes> {
    match outcome {
        Outcome::Accepted { .. } => json(StatusCode::ACCEPTED, Bytes::new()),
        Outcome::DryRun => json(StatusCode::NO_CONTENT, Bytes::new()),
        Outcome::Success {
            payload,
            executed_version,
            log_tail,
        } => ran(payload, &executed_version, None, log_tail),
        Outcome::FunctionError {
            function_error,
            payload,
            executed_version,
            log_tail,
        } => ran(payload, &executed_version, Some(&function_error), log_tail),
        other => {
            let error = Error::new(
                ErrorKind::Unavailable,
                format!("{other:?} is not an answer"),
            );
            Refusal::from(&error).response()
        }
    }
}

fn ran(
    payload: Bytes,
    version: &str,
    error: Option<&str>,
    tail: Option<String>,
) -> Response<Bytes> {
    let mut response = json(StatusCode::OK, payload);
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-amz-executed-version", Some(version.to_owned())),
        ("x-amz-function-error", error.map(str::to_owned)),
        (
            "x-amz-log-result",
            tail.map(|tail| BASE64_STANDARD.encode(tail)),
        ),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

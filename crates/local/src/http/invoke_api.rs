//! Lambda's HTTP API, for unmodified clients.
//!
//! `Invoke` in its three types, and `InvokeWithResponseStream`; the calls around it are in [`control`]. Requests are
//! not authenticated: whoever can reach 127.0.0.1 is the function's owner.
//! See <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use lambda_with::{Error, ErrorKind, Invocation, InvocationType, LogType, Outcome};
use serde_json::json as value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::handle::FunctionHandle;
use crate::http::{Body, Unread, json, read};
use crate::http::{control, event_stream};
use crate::local::Handle;
use crate::name::{Name, PATTERN, is_qualifier};
use crate::refusal::{Refusal, json_bytes};
use crate::streaming::Streamed;
use crate::trace;

/// The largest body of a call that is no invocation.
const MAX_CONTROL_BODY: usize = 1024 * 1024;

/// Serves the API until told to stop.
pub(crate) async fn serve(listener: TcpListener, stop: watch::Receiver<bool>, handle: Handle) {
    crate::http::serve(listener, stop, move |request, _| {
        answer(handle.clone(), request)
    })
    .await;
}

async fn answer(handle: Handle, request: Request<Incoming>) -> Response<Body> {
    let request_id = trace::request_id();
    let (parts, body) = request.into_parts();
    let answered = match check_origin(&parts.headers).and_then(|()| Call::of(&parts)) {
        Ok(call) => route(&handle, &call, &parts, body, &request_id).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = answered.unwrap_or_else(|refusal| refusal.response().map(Body::from));
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Refuses what a page of some website sends through the user's browser.
fn check_origin(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let host = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.parse::<Uri>().ok());
    match host.as_ref().and_then(Uri::host) {
        Some("localhost" | "127.0.0.1" | "[::1]") => Ok(()),
        _ => Err(Refusal::user(
            StatusCode::FORBIDDEN,
            "AccessDeniedException",
            "the engine takes no requests from web pages of other origins",
        )),
    }
}

/// What a request asks for: the segments of its path behind the version, and its qualifier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Call {
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
}

impl Call {
    fn of(parts: &Parts) -> Result<Self, Refusal> {
        let broken = || Refusal::parameter("the request's path is not percent-encoded UTF-8");
        let path = parts.uri.path().trim_start_matches('/');
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let segments = segments.map(|segment| decode(segment).ok_or_else(broken));
        let query = parts.uri.query().unwrap_or_default();
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(name)?, decode(&value.replace('+', " "))?))
            });
        Ok(Self {
            segments: segments.collect::<Result<_, _>>()?,
            query: pairs.collect::<Option<_>>().ok_or_else(broken)?,
        })
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The function a request is about.
    pub(crate) fn function(&self, handle: &Handle, name: &str) -> Result<FunctionHandle, Refusal> {
        let parsed: Name = name.parse().map_err(|_: Error| {
            let constraint = format!("regular expression pattern: {PATTERN}");
            Refusal::validation("functionName", name, &constraint)
        })?;
        if let (Some(region), Some(known)) = (&parsed.region, handle.functions().next())
            && region != known.definition().region()
        {
            let own = known.definition().region();
            return Err(Refusal::not_found(format!(
                "Functions from '{region}' are not reachable in this region ('{own}')"
            )));
        }
        let mut function = handle
            .function(name)
            .map_err(|error| Refusal::from(&error))?;
        if let Some(qualifier) = self.parameter("Qualifier") {
            if !is_qualifier(qualifier) && !qualifier.contains('$') {
                let constraint =
                    r"regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
                return Err(Refusal::validation("qualifier", qualifier, constraint));
            }
            if function
                .qualifier
                .as_deref()
                .is_some_and(|own| own != qualifier)
            {
                return Err(Refusal::parameter(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            function.qualifier = Some(qualifier.to_owned());
        }
        Ok(function)
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
    if let (&Method::POST, ["2015-03-31", "functions", name, "invocations"]) =
        (&parts.method, segments.as_slice())
    {
        let function = call.function(handle, name)?;
        let answered = invoke(&function, &parts.headers, body, request_id).await?;
        return Ok(answered.map(Body::from));
    }
    if let (
        &Method::POST,
        [
            "2021-11-15",
            "functions",
            name,
            "response-streaming-invocations",
        ],
    ) = (&parts.method, segments.as_slice())
    {
        let function = call.function(handle, name)?;
        return stream(&function, &parts.headers, body, request_id).await;
    }
    let body = read(body, MAX_CONTROL_BODY)
        .await
        .map_err(|unread| match unread {
            Unread::TooLarge => Refusal::too_large(MAX_CONTROL_BODY),
            Unread::Broken => Refusal::content("the request's body could not be read"),
        })?;
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
    headers: &HeaderMap,
    body: Incoming,
    request_id: &str,
) -> Result<Response<Bytes>, Refusal> {
    let invocation = asked(headers, body, true).await?;
    let outcome = function
        .invoke_as(request_id.to_owned(), invocation)
        .await
        .map_err(|error| Refusal::from(&error))?;
    Ok(answered(outcome))
}

/// `InvokeWithResponseStream`.
async fn stream(
    function: &FunctionHandle,
    headers: &HeaderMap,
    body: Incoming,
    request_id: &str,
) -> Result<Response<Body>, Refusal> {
    let invocation = asked(headers, body, false).await?;
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

/// The invocation as the request describes it.
async fn asked(headers: &HeaderMap, body: Incoming, queues: bool) -> Result<Invocation, Refusal> {
    let mut invocation = described(headers, queues)?;
    // An event is held against its own, smaller limit later, when its size is known.
    let limit = InvocationType::RequestResponse.max_payload();
    invocation.payload = match read(body, limit).await {
        Ok(payload) => payload,
        Err(Unread::TooLarge) => return Err(Refusal::too_large(limit)),
        Err(Unread::Broken) => {
            return Err(Refusal::content("the request's body could not be read"));
        }
    };
    Ok(invocation)
}

/// The invocation as the request's headers describe it.
fn described(headers: &HeaderMap, queues: bool) -> Result<Invocation, Refusal> {
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

/// Undoes percent-encoding.
fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(others.get(..2)?).ok()?;
            if digits.starts_with('+') {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &others[2..];
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding() {
        for (text, decoded) in [
            ("orders", Some("orders")),
            ("arn%3Aaws%3alambda", Some("arn:aws:lambda")),
            ("%24LATEST", Some("$LATEST")),
            ("%c3%a4", Some("ä")),
            ("%", None),
            ("%2", None),
            ("%+1", None),
            ("%ff", None),
            ("%zz", None),
        ] {
            assert_eq!(decode(text).as_deref(), decoded, "{text}");
        }
    }

    #[test]
    fn web_pages_of_other_origins_are_refused() {
        for (origin, allowed) in [
            (None, true),
            (Some("http://localhost:3000"), true),
            (Some("http://127.0.0.1"), true),
            (Some("http://[::1]:8080"), true),
            (Some("https://example.com"), false),
            (Some("http://localhost.example.com"), false),
            (Some("http://127.0.0.1.example.com:9000"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            let headers = origin.map(|origin| (header::ORIGIN, HeaderValue::from_static(origin)));
            let headers = headers.into_iter().collect();
            assert_eq!(check_origin(&headers).is_ok(), allowed, "{origin:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_path_and_query_is_read_or_refused(uri in "/[ -~]{0,40}") {
            if let Ok(request) = Request::builder().uri(uri.replace(' ', "%")).body(()) {
                let _ = Call::of(&request.into_parts().0);
            }
        }
    }
}

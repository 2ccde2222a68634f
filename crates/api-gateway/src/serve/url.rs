//! Function URLs: Lambda's own front door, whose events and answers are those of an HTTP API.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>.

mod cors;
mod prelude;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use lambda_with::{Error, ErrorKind, Function, FunctionUrlAuthType, Outcome};
use serde::{Deserialize, Serialize};

pub use self::cors::Cors;
pub use self::prelude::{HTTP_INTEGRATION, Prelude};
use super::api::{Api, Entry, Flavour};
use super::{FrontDoor, answer};
use crate::route::Route;

/// The settings of a function URL.
///
/// ```
/// use lambda_with_api_gateway::serve::{FunctionUrl, InvokeMode};
///
/// let url: FunctionUrl = serde_json::from_str(r#"{"auth_type": "NONE"}"#)?;
/// assert_eq!(url.invoke_mode, InvokeMode::Buffered);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// See <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunctionUrlConfig.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FunctionUrl {
    /// Whether callers sign their requests, or everybody may call.
    pub auth_type: FunctionUrlAuthType,
    /// Whether the answer comes whole or in pieces.
    #[serde(default)]
    pub invoke_mode: InvokeMode,
    /// Which web pages of other origins may call.
    pub cors: Option<Cors>,
}

/// How a function URL answers.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InvokeMode {
    /// Whole; 6 MB at most.
    #[default]
    Buffered,
    /// In pieces, as the function writes them; 200 MB at most.
    ResponseStream,
}

impl<T: Clone> FrontDoor<T> {
    /// The front door of a function's URL. What a client gets without permission, or where the
    /// function failed, is as with a URL.
    #[must_use]
    pub fn url(function: &Function, target: T) -> Self {
        let arn = function.arn.to_string();
        let mut api = Api::new(None, arn, None, function);
        api.url = true;
        "$default".clone_into(&mut api.stage);
        let entry = Entry {
            route: Route::fallback(),
            flavour: Flavour::Url,
            timeout: std::time::Duration::from_secs(function.timeout.into()),
            authorizer: None,
            target,
        };
        Self {
            api,
            entries: vec![entry],
        }
    }
}

/// What a client gets for an answer that came whole, or for an invocation that Lambda refused.
pub(super) fn response(result: Result<&Outcome, &Error>) -> Response<Bytes> {
    let error = match result {
        Ok(Outcome::Success { payload, .. }) => match answer::url(payload) {
            Some(response) => return response,
            None => None,
        },
        Ok(_) => None,
        Err(error) => Some(error),
    };
    let (code, body) = match error.map(Error::kind) {
        None => (502, "Internal Server Error".to_owned()),
        Some(ErrorKind::Denied) => (
            403,
            r#"{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}"#.to_owned(),
        ),
        Some(ErrorKind::Throttled) => (429, message("Rate Exceeded.")),
        Some(ErrorKind::Limit) => (413, message(TOO_LARGE)),
        Some(ErrorKind::NotFound) => (404, "null".to_owned()),
        Some(_) => (500, message("Internal Server Error")),
    };
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    if code == 403 {
        let kind = HeaderValue::from_static("AccessDeniedException");
        response.headers_mut().insert("x-amzn-errortype", kind);
    }
    response
}

/// What a client gets for a request that is too large.
pub(super) fn too_large() -> Response<Bytes> {
    response(Err(&Error::new(ErrorKind::Limit, TOO_LARGE)))
}

const TOO_LARGE: &str =
    "Request must be smaller than 6291456 bytes for the InvokeFunction operation";

/// Adds the headers by which a request can be found again.
pub(super) fn with_ids(
    mut response: Response<Bytes>,
    request_id: &str,
    trace_header: &str,
) -> Response<Bytes> {
    add_ids(response.headers_mut(), request_id, trace_header);
    response
}

pub(super) fn add_ids(headers: &mut HeaderMap, request_id: &str, trace_header: &str) {
    for (name, value) in [
        ("x-amzn-requestid", request_id),
        ("x-amzn-trace-id", trace_header),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

fn message(text: &str) -> String {
    format!(r#"{{"Message":"{text}"}}"#)
}

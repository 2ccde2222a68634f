//! What CloudFront asks of an answer. Where one of these is broken the viewer gets status 502.

use lambda_with::{Error, ErrorKind, Map};

use super::headers;
use super::origin;
use crate::ext::bytes;
use crate::{
    CloudFrontAnswer, CloudFrontBody, CloudFrontBodyAction, CloudFrontEdge, CloudFrontEncoding,
    CloudFrontRequest, CloudFrontResponse, Trigger,
};

const KIND: &str = "a response event is answered by a response";
const READ_ONLY: &str = "clientIp and method are not changed";
const URI: &str = "a uri begins with a slash, and has less than 8,192 characters with its query";
const QUERY: &str = "a query has no question mark first, and no spaces, controls or #";
const BODY: &str = "a body is replaced only where the event has one";
const ENCODING: &str = "a body is text, or base64 as it says";
const REPLACED: &str = "a replaced body has at most 40 KB at the viewer, 1 MB at the origin";
const STATUS: &str = "a status is a text of 200 to 599";
const VIEWER_STATUS: &str = "viewer-response keeps the status";
const VIEWER_BODY: &str = "viewer-response has no body";
const EMPTY: &str = "a 204 at viewer-request has no body";
const SIZE: &str = "a response has at most 40 KB at the viewer, 1 MB at the origin";

/// Characters that path and query have less of together.
const MAX_URI: usize = 8192;

impl CloudFrontAnswer {
    /// Whether CloudFront takes this answer to an event.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn check(&self, edge: &CloudFrontEdge) -> Result<(), Error> {
        let trigger = edge.trigger();
        match self {
            Self::Request(_) if !trigger.is_request() => Err(invalid(
                KIND,
                format!("a {trigger} is answered by a request"),
            )),
            Self::Request(request) => check_request(trigger, &edge.request, request),
            Self::Response(response) => check_response(trigger, edge.response.as_ref(), response),
        }
    }
}

pub(super) fn no_response() -> Error {
    let message = "a request event has no response to modify";
    Error::new(ErrorKind::Invalid, message).with("rule", KIND)
}

pub(super) fn invalid(rule: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message).with("rule", rule)
}

fn at_most(rule: &'static str, count: usize, most: usize) -> Result<(), Error> {
    if count <= most {
        return Ok(());
    }
    let message = format!("{count} bytes are more than {most}");
    Err(Error::new(ErrorKind::Limit, message).with("rule", rule))
}

fn check_request(
    trigger: Trigger,
    came: &CloudFrontRequest,
    request: &CloudFrontRequest,
) -> Result<(), Error> {
    for (name, before, after) in [
        ("clientIp", &came.client_ip, &request.client_ip),
        ("method", &came.method, &request.method),
    ] {
        if before != after {
            let message = format!("`{name}` is `{after}`, not `{before}`");
            return Err(invalid(READ_ONLY, message));
        }
    }
    let (uri, query) = (&request.uri, &request.querystring);
    if !uri.starts_with('/') {
        return Err(invalid(URI, format!("it is `{uri}`")));
    }
    let length = uri.chars().count() + query.chars().count();
    if length >= MAX_URI {
        let message = format!("uri and query have {length} characters");
        return Err(Error::new(ErrorKind::Limit, message).with("rule", URI));
    }
    if query.starts_with('?') || query.contains(|c: char| c == ' ' || c == '#' || c.is_control()) {
        return Err(invalid(QUERY, format!("it is `{query}`")));
    }
    headers::check(trigger, Some(&came.headers), &request.headers)?;
    if let Some(body) = &request.body {
        check_body(trigger, came.body.as_ref(), body)?;
    }
    match &request.origin {
        origin if *origin == came.origin => Ok(()),
        origin => origin::check(trigger, origin.as_ref(), &request.headers),
    }
}

fn check_body(
    trigger: Trigger,
    came: Option<&CloudFrontBody>,
    body: &CloudFrontBody,
) -> Result<(), Error> {
    if came.is_none() {
        return Err(invalid(BODY, "the event has no body"));
    }
    match &body.action {
        CloudFrontBodyAction::ReadOnly => return Ok(()),
        CloudFrontBodyAction::Replace => {}
        CloudFrontBodyAction::Other(other) => {
            return Err(invalid(BODY, format!("`{other}` is no action")));
        }
    }
    body.bytes().map_err(encoding)?;
    let most = match body.encoding {
        CloudFrontEncoding::Binary => trigger.max_base64(),
        _ => trigger.max_body(),
    };
    at_most(REPLACED, body.data.len(), most)
}

fn check_response(
    trigger: Trigger,
    came: Option<&CloudFrontResponse>,
    response: &CloudFrontResponse,
) -> Result<(), Error> {
    let status = &response.status;
    let same = came.is_some_and(|came| came.status == *status);
    if trigger == Trigger::ViewerResponse && !same {
        return Err(invalid(VIEWER_STATUS, format!("it is `{status}`")));
    }
    let digits = status.len() == 3 && status.bytes().all(|b| b.is_ascii_digit());
    let known = digits && ("200"..="599").contains(&status.as_str());
    if !same && !known {
        return Err(invalid(STATUS, format!("it is `{status}`")));
    }
    let body = response.body.as_deref();
    match trigger {
        Trigger::ViewerResponse if body.is_some() => {
            return Err(invalid(VIEWER_BODY, "the answer has one"));
        }
        Trigger::ViewerRequest if status == "204" && body.is_some_and(|b| !b.is_empty()) => {
            return Err(invalid(EMPTY, "the answer has one"));
        }
        _ => {}
    }
    bytes(body.unwrap_or_default(), response.body_encoding.as_ref()).map_err(encoding)?;
    let mut size = body.map_or(0, str::len);
    // Where a function makes the response, no header of it is there before.
    let came = came.and_then(|came| came.headers.as_ref());
    let none = Map::new();
    let headers = response.headers.as_ref().unwrap_or(&none);
    headers::check(trigger, came, headers)?;
    headers::check_country(trigger, came, headers)?;
    size += headers::bytes(headers);
    // A response that the origin made is not measured.
    if trigger.is_request() || body.is_some() {
        at_most(SIZE, size, trigger.max_body())?;
    }
    Ok(())
}

fn encoding(error: Error) -> Error {
    error.with("rule", ENCODING)
}

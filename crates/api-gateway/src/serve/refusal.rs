//! Responses API Gateway gives by itself.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use super::api::Api;
use super::incoming::{Incoming, short_id};
use super::url;

/// A response to a request that reaches no function.
pub(super) fn of_api(
    api: &Api,
    incoming: &Incoming<'_>,
    code: u16,
    message: &str,
) -> Response<Bytes> {
    let (request_id, trace_header) = (&incoming.arrival.request_id, &incoming.trace_header);
    if api.url {
        return url::with_ids(url::too_large(), request_id, trace_header);
    }
    response(api.rest, code, message, request_id, trace_header)
}

pub(super) fn response(
    rest: bool,
    code: u16,
    message: &str,
    request_id: &str,
    trace_header: &str,
) -> Response<Bytes> {
    // REST APIs set a space where an integration failed, and none elsewhere.
    let space = if rest && code >= 500 { " " } else { "" };
    let mut response = Response::new(format!("{{\"message\":{space}\"{message}\"}}").into());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let kind = match (code, message) {
        (401, _) => "UnauthorizedException",
        (403, "Forbidden") => "ForbiddenException",
        (403, _) => "MissingAuthenticationTokenException",
        (413, _) => "RequestTooLargeException",
        (400 | 414 | 426 | 431, _) => "BadRequestException",
        _ => "InternalServerErrorException",
    };
    if rest {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
    }
    with_ids(response, rest, request_id, trace_header)
}

/// Adds the headers by which a request can be found again.
pub(super) fn with_ids(
    mut response: Response<Bytes>,
    rest: bool,
    request_id: &str,
    trace_header: &str,
) -> Response<Bytes> {
    let short = short_id(request_id);
    let ids: &[(&'static str, &str)] = match rest {
        true => &[
            ("x-amzn-requestid", request_id),
            ("x-amz-apigw-id", &short),
            ("x-amzn-trace-id", trace_header),
        ],
        false => &[("apigw-requestid", &short)],
    };
    for (name, value) in ids {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}

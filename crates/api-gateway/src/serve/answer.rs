//! Answers of functions, as API Gateway reads them. `None` is an answer it cannot read.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use lambda_with::Base64;
use serde_json::{Map, Value};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The server that sends the response decides these.
const OF_THE_SERVER: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// The members an answer to a REST API may have.
const REST_MEMBERS: [&str; 5] = [
    "body",
    "headers",
    "isBase64Encoded",
    "multiValueHeaders",
    "statusCode",
];

/// Payload format 2.0: what has no `statusCode` is the body of a 200.
pub(super) fn v2(payload: &Bytes) -> Option<Response<Bytes>> {
    whole(payload, TEXT)
}

/// The same from a function's URL, where a body is JSON unless the function says otherwise.
pub(super) fn url(payload: &Bytes) -> Option<Response<Bytes>> {
    whole(payload, JSON)
}

/// Status, headers and cookies of a streamed answer.
pub(super) fn head(answer: &Map<String, Value>) -> Option<Response<()>> {
    let code = match answer.get("statusCode") {
        None | Some(Value::Null) => StatusCode::OK,
        code => status(code)?,
    };
    let mut headers = HeaderMap::new();
    single(answer, &mut headers)?;
    lists(answer, &mut headers)?;
    cookies(answer, &mut headers)?;
    for name in OF_THE_SERVER {
        headers.remove(name);
    }
    let mut response = Response::new(());
    *response.status_mut() = code;
    *response.headers_mut() = headers;
    Some(response)
}

fn whole(payload: &Bytes, default_type: HeaderValue) -> Option<Response<Bytes>> {
    let answer = match serde_json::from_slice(payload) {
        Ok(Value::Object(answer)) if answer.contains_key("statusCode") => answer,
        Ok(Value::String(text)) => {
            return made(StatusCode::OK, HeaderMap::new(), JSON, text.into());
        }
        _ => return made(StatusCode::OK, HeaderMap::new(), JSON, payload.clone()),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in object(answer.get("headers"))?.into_iter().flatten() {
        headers.insert(header_name(name)?, header_value(value)?);
    }
    cookies(&answer, &mut headers)?;
    made(
        status(answer.get("statusCode"))?,
        headers,
        default_type,
        body(&answer, true)?,
    )
}

/// Payload format 1.0 of an HTTP API: single values before lists.
pub(super) fn v1(payload: &Bytes) -> Option<Response<Bytes>> {
    let answer: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let mut headers = HeaderMap::new();
    single(&answer, &mut headers)?;
    lists(&answer, &mut headers)?;
    made(
        status(answer.get("statusCode"))?,
        headers,
        TEXT,
        body(&answer, true)?,
    )
}

/// A REST API: no unknown members, a status of 200 unless given, lists before single values, base64
/// decoded only for a client that accepts bytes.
pub(super) fn rest(payload: &Bytes, takes_bytes: bool) -> Option<Response<Bytes>> {
    let answer: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    if answer.is_empty()
        || answer
            .keys()
            .any(|name| !REST_MEMBERS.contains(&name.as_str()))
    {
        return None;
    }
    let mut headers = HeaderMap::new();
    lists(&answer, &mut headers)?;
    single(&answer, &mut headers)?;
    let code = match answer.get("statusCode") {
        None | Some(Value::Null) => StatusCode::OK,
        code => status(code)?,
    };
    made(code, headers, JSON, body(&answer, takes_bytes)?)
}

fn made(
    code: StatusCode,
    mut headers: HeaderMap,
    default_type: HeaderValue,
    body: Bytes,
) -> Option<Response<Bytes>> {
    for name in OF_THE_SERVER {
        headers.remove(name);
    }
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, default_type);
    }
    let bodiless = matches!(code, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut response = Response::new(if bodiless { Bytes::new() } else { body });
    *response.status_mut() = code;
    *response.headers_mut() = headers;
    Some(response)
}

pub(super) fn status(code: Option<&Value>) -> Option<StatusCode> {
    let code = match code? {
        Value::Number(code) => code.as_u64()?,
        Value::String(code) => code.parse().ok()?,
        _ => return None,
    };
    let code = u16::try_from(code)
        .ok()
        .filter(|code| (200..=599).contains(code))?;
    StatusCode::from_u16(code).ok()
}

fn single(answer: &Map<String, Value>, headers: &mut HeaderMap) -> Option<()> {
    for (name, value) in object(answer.get("headers"))?.into_iter().flatten() {
        add(headers, name, value)?;
    }
    Some(())
}

fn lists(answer: &Map<String, Value>, headers: &mut HeaderMap) -> Option<()> {
    for (name, values) in object(answer.get("multiValueHeaders"))?
        .into_iter()
        .flatten()
    {
        values
            .as_array()?
            .iter()
            .try_for_each(|value| add(headers, name, value))?;
    }
    Some(())
}

fn cookies(answer: &Map<String, Value>, headers: &mut HeaderMap) -> Option<()> {
    for cookie in list(answer.get("cookies"))? {
        headers.append(SET_COOKIE, header_value(cookie)?);
    }
    Some(())
}

/// Adds a value, once.
fn add(headers: &mut HeaderMap, name: &str, value: &Value) -> Option<()> {
    let (name, value) = (header_name(name)?, header_value(value)?);
    if !headers.get_all(&name).iter().any(|other| *other == value) {
        headers.append(name, value);
    }
    Some(())
}

fn header_name(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => HeaderValue::from_str(text).ok(),
        Value::Number(_) | Value::Bool(_) => HeaderValue::from_str(&value.to_string()).ok(),
        _ => None,
    }
}

fn body(answer: &Map<String, Value>, decoded: bool) -> Option<Bytes> {
    let base64 = match answer.get("isBase64Encoded") {
        None | Some(Value::Null) => false,
        Some(flag) => flag.as_bool()?,
    };
    match answer.get("body") {
        None | Some(Value::Null) => Some(Bytes::new()),
        Some(Value::String(body)) if base64 && decoded => {
            Base64::from(body.as_str()).decode().ok().map(Bytes::from)
        }
        Some(Value::String(body)) => Some(body.clone().into()),
        Some(_) => None,
    }
}

/// An object, or nothing; anything else cannot be read.
fn object(value: Option<&Value>) -> Option<Option<&Map<String, Value>>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_object().map(Some),
    }
}

fn list(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None | Some(Value::Null) => Some(&[]),
        Some(value) => value.as_array().map(Vec::as_slice),
    }
}

//! Answers of functions, as a load balancer reads them, and responses it gives by itself.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SERVER, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use lambda_with::Base64;
use serde_json::{Map, Value};

/// As many bytes an answer has at most.
const MAX_ANSWER: usize = 1024 * 1024;

/// As many bytes the headers of an answer have at most.
const MAX_HEADERS: usize = 32 * 1024;

/// The response of an answer; `None` for one that cannot be read.
pub(super) fn answer(payload: &Bytes, multi_value: bool) -> Option<Response<Bytes>> {
    if payload.len() > MAX_ANSWER {
        return None;
    }
    let answer: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let code = u16::try_from(answer.get("statusCode")?.as_u64()?).ok()?;
    let code = Some(code).filter(|code| (200..=599).contains(code))?;
    let mut headers = headers(&answer, multi_value)?;
    if headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum::<usize>()
        > MAX_HEADERS
    {
        return None;
    }
    // The server that sends the response decides these.
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    let body = body(&answer)?;
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/octet-stream"));
    headers.insert(SERVER, HeaderValue::from_static("awselb/2.0"));
    let bodiless = matches!(code, 204 | 304);
    let mut response = Response::new(if bodiless { Bytes::new() } else { body });
    *response.status_mut() = StatusCode::from_u16(code).ok()?;
    *response.headers_mut() = headers;
    Some(response)
}

/// A response of the load balancer's own.
pub(super) fn refusal(code: u16) -> Response<Bytes> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    let title = format!("{code} {}", status.canonical_reason().unwrap_or_default());
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let mut response = Response::new(page.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(SERVER, HeaderValue::from_static("awselb/2.0"));
    response
}

/// The headers of the member that mirrors the request's; the other is not looked at.
fn headers(answer: &Map<String, Value>, multi_value: bool) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let member = if multi_value {
        "multiValueHeaders"
    } else {
        "headers"
    };
    let named = match answer.get(member) {
        None | Some(Value::Null) => return Some(headers),
        Some(named) => named.as_object()?,
    };
    for (name, value) in named {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if multi_value {
            for value in value.as_array()? {
                headers.append(name.clone(), header_value(value)?);
            }
        } else {
            headers.insert(name, header_value(value)?);
        }
    }
    Some(headers)
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => HeaderValue::from_str(text).ok(),
        Value::Number(_) | Value::Bool(_) => HeaderValue::from_str(&value.to_string()).ok(),
        _ => None,
    }
}

fn body(answer: &Map<String, Value>) -> Option<Bytes> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => "",
        Some(body) => body.as_str()?,
    };
    match answer.get("isBase64Encoded") {
        None | Some(Value::Null | Value::Bool(false)) => Some(text.to_owned().into()),
        Some(Value::Bool(true)) => Base64::from(text).decode().ok().map(Bytes::from),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let check = |json: &str, multi_value: bool, expected: Option<(u16, &str, &str)>| {
            let response = answer(&Bytes::copy_from_slice(json.as_bytes()), multi_value);
            let found = response.as_ref().map(|response| {
                let cookies = response.headers().get_all("set-cookie").iter();
                let cookies: Vec<&str> = cookies.map(|cookie| cookie.to_str().unwrap()).collect();
                (
                    response.status().as_u16(),
                    cookies.join(" "),
                    response.body().clone(),
                )
            });
            let expected = expected.map(|(code, cookies, body)| {
                (
                    code,
                    cookies.to_owned(),
                    Bytes::copy_from_slice(body.as_bytes()),
                )
            });
            assert_eq!(found, expected, "{json}");
        };
        check(r#"{"statusCode":200}"#, false, Some((200, "", "")));
        check(
            r#"{"statusCode":201,"headers":{"set-cookie":"a=1"},"body":"hi"}"#,
            false,
            Some((201, "a=1", "hi")),
        );
        check(
            r#"{"statusCode":201,"headers":{"set-cookie":"a=1"},"body":"hi"}"#,
            true,
            Some((201, "", "hi")),
        );
        let multi = r#"{"statusCode":200,"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]}}"#;
        check(multi, true, Some((200, "a=1 b=2", "")));
        check(multi, false, Some((200, "", "")));
        check(
            r#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#,
            false,
            Some((200, "", "hi")),
        );
        check(
            r#"{"statusCode":204,"body":"x"}"#,
            false,
            Some((204, "", "")),
        );
        for broken in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"body":"hi"}"#,
            r#"{"statusCode":"200"}"#,
            r#"{"statusCode":20}"#,
            r#"{"statusCode":200,"body":{"id":7}}"#,
            r#"{"statusCode":200,"body":7}"#,
            r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"isBase64Encoded":"true"}"#,
            r#"{"statusCode":200,"headers":{"a b":"1"}}"#,
            r#"{"statusCode":200,"headers":{"x":["1"]}}"#,
            r#"{"statusCode":200,"headers":[]}"#,
        ] {
            check(broken, false, None);
        }
        let large = "x".repeat(33 * 1024);
        check(
            &format!(r#"{{"statusCode":200,"headers":{{"x":"{large}"}}}}"#),
            false,
            None,
        );
        let large = "x".repeat(1024 * 1024);
        check(
            &format!(r#"{{"statusCode":200,"body":"{large}"}}"#),
            false,
            None,
        );
    }

    #[test]
    fn what_is_set_and_what_is_taken_away() {
        let payload =
            br#"{"statusCode":200,"headers":{"Content-Length":"7","connection":"close","x":1}}"#;
        let response = answer(&Bytes::from_static(payload), false).unwrap();
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/octet-stream");
        assert_eq!(headers["x"], "1");
        assert!(!headers.contains_key("content-length") && !headers.contains_key("connection"));
    }
}

//! The load balancer's rules, each named in the error of what breaks it.

use lambda_with::{Base64, Error, ErrorKind};
use serde::Serialize;

/// As many bytes an answer has at most.
pub(super) const MAX_ANSWER: usize = 1024 * 1024;

/// As many bytes the headers of an answer have at most.
const MAX_HEADERS: usize = 32 * 1024;

pub(super) fn invalid(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).with("rule", rule)
}

/// The status of a final answer.
pub(super) fn status(status: i64) -> Result<i64, Error> {
    match status {
        200..=599 => Ok(status),
        _ => Err(invalid(
            "the status of an answer is 200 to 599",
            format!("{status} is not the status of an answer"),
        )),
    }
}

pub(super) fn bodiless(status: i64, empty: bool) -> Result<(), Error> {
    if empty || !matches!(status, 204 | 304) {
        return Ok(());
    }
    Err(invalid(
        "204 and 304 have no body",
        format!("an answer with the status {status} cannot have a body"),
    ))
}

pub(super) fn header_name(name: &str) -> Result<(), Error> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.is_empty() && name.bytes().all(token) {
        return Ok(());
    }
    Err(invalid(
        "a header name is made of letters, digits and !#$%&'*+-.^_`|~",
        format!("`{}` is not the name of a header", name.escape_debug()),
    ))
}

pub(super) fn header_value(name: &str, value: &str) -> Result<(), Error> {
    if value
        .bytes()
        .all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
    {
        return Ok(());
    }
    Err(invalid(
        "a header value is made of visible ASCII characters, spaces and tabs",
        format!(
            "the header `{name}` cannot have the value `{}`",
            value.escape_debug()
        ),
    ))
}

pub(super) fn cookie(cookie: &str) -> Result<(), Error> {
    header_value("set-cookie", cookie)?;
    match cookie.split_once('=') {
        Some((name, _)) if header_name(name).is_ok() => Ok(()),
        _ => Err(invalid(
            "a cookie is NAME=VALUE, followed by attributes",
            format!("`{cookie}` is not a cookie"),
        )),
    }
}

pub(super) fn base64(body: &str) -> Result<Vec<u8>, Error> {
    Base64::from(body).decode().map_err(|error| {
        invalid(
            "a body marked as base64 is base64",
            "the body is not base64".into(),
        )
        .caused_by(error)
    })
}

pub(super) fn json<T: Serialize + ?Sized>(value: &T, what: &str) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(
            ErrorKind::Invalid,
            format!("{what} cannot be written as JSON"),
        )
        .caused_by(error)
    })
}

pub(super) fn within_headers(bytes: usize) -> Result<(), Error> {
    if bytes <= MAX_HEADERS {
        return Ok(());
    }
    Err(limit(
        "the headers of an answer have at most 32 KB",
        format!("the headers have {bytes} bytes, more than {MAX_HEADERS}"),
    ))
}

/// Refuses an answer that is too large as JSON.
pub(super) fn within(bytes: usize) -> Result<(), Error> {
    if bytes <= MAX_ANSWER {
        return Ok(());
    }
    Err(limit(
        "an answer has at most 1 MB as JSON, base64 included",
        format!("the answer has {bytes} bytes, more than {MAX_ANSWER}"),
    ))
}

fn limit(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Limit, message).with("rule", rule)
}

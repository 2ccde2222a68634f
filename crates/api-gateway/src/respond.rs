//! Safe ways to make answers.

mod authorizer;
mod proxy;
mod web_socket;

use lambda_with::{Error, ErrorKind};

pub use self::authorizer::Unauthorized;

/// As many bytes an answer has at most: Lambda's 6 MB and a little room for what surrounds it.
pub(crate) const MAX_ANSWER: usize = 6_291_556;

fn limit(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Limit, message).with("rule", rule)
}

fn invalid(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).with("rule", rule)
}

/// The status of a final answer.
fn status(status: u16) -> Result<i64, Error> {
    match status {
        200..=599 => Ok(status.into()),
        _ => Err(invalid(
            "the status of an answer is 200 to 599",
            format!("{status} is not the status of an answer"),
        )),
    }
}

fn header_name(name: &str) -> Result<(), Error> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.is_empty() && name.bytes().all(token) {
        return Ok(());
    }
    Err(invalid(
        "a header name is made of letters, digits and !#$%&'*+-.^_`|~",
        format!("`{}` is not the name of a header", name.escape_debug()),
    ))
}

fn header_value(name: &str, value: &str) -> Result<(), Error> {
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

/// How long `text` is as a JSON string.
fn json_length(text: &str) -> usize {
    let escape = |byte: &u8| {
        let short = matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c);
        u8::from(short) + 5 * u8::from(*byte < 0x20 && !short)
    };
    // Sums of a few bytes fit a byte, and many of those are added by one instruction.
    let escapes = |part: &[u8]| usize::from(part.iter().map(escape).sum::<u8>());
    text.len() + text.as_bytes().chunks(32).map(escapes).sum::<usize>()
}

/// Refuses what Lambda would refuse.
fn within_answer(bytes: usize) -> Result<(), Error> {
    if bytes <= MAX_ANSWER {
        return Ok(());
    }
    Err(limit(
        "an answer has at most 6 MB as JSON, base64 included",
        format!("the answer has {bytes} bytes, more than {MAX_ANSWER}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_as_json() {
        let all: String = (0..0x100_u32).filter_map(char::from_u32).collect();
        for text in ["", "plain", "\"quoted\"\n", "snow ☃", &all] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(json_length(text) + 2, json.len(), "{text:?}");
        }
    }
}

//! What API Gateway reads off a request.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use lambda_with::{Base64, Timestamp, form};

use super::Arrival;
use super::api::Api;

/// Headers that are about the connection, which a function never sees.
const OF_THE_CONNECTION: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request, and what API Gateway adds to it.
pub(super) struct Incoming<'a> {
    pub(super) request: &'a Request<Bytes>,
    pub(super) arrival: &'a Arrival,
    pub(super) trace_header: String,
    api: &'a Api,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(request: &'a Request<Bytes>, arrival: &'a Arrival, api: &'a Api) -> Self {
        let sent = request.headers().get("x-amzn-trace-id").map(text);
        let trace_header = sent.unwrap_or_else(|| trace(arrival));
        Self {
            request,
            arrival,
            trace_header,
            api,
        }
    }

    /// The bytes of the request line and all headers.
    pub(super) fn head_bytes(&self) -> usize {
        let line = self.request.method().as_str().len() + self.request.uri().to_string().len() + 12;
        let headers = self.request.headers().iter();
        line + headers
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum::<usize>()
    }

    /// The path as it came.
    pub(super) fn path(&self) -> &'a str {
        match self.request.uri().path() {
            "" => "/",
            path => path,
        }
    }

    /// What follows the stage, if the path is one of the stage's.
    pub(super) fn path_in_stage(&self) -> Option<&'a str> {
        if self.api.stage == "$default" {
            return Some(self.path());
        }
        let path = self
            .path()
            .trim_start_matches('/')
            .strip_prefix(self.api.stage.as_str())?;
        match path {
            "" => Some("/"),
            // One slash is enough for everybody.
            _ if path.starts_with('/') => {
                Some(&path[path.len() - path.trim_start_matches('/').len() - 1..])
            }
            _ => None,
        }
    }

    /// The query string as it came.
    pub(super) fn raw_query(&self) -> &'a str {
        self.request.uri().query().unwrap_or_default()
    }

    /// Query parameters, decoded, in the order they came; each name once with all its values.
    pub(super) fn query(&self) -> Vec<(String, Vec<String>)> {
        let mut all: Vec<(String, Vec<String>)> = Vec::new();
        for pair in self.raw_query().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |text: &str| String::from_utf8_lossy(&form::decode(text)).into_owned();
            let (name, value) = (decoded(name), decoded(value));
            match all.iter_mut().find(|(other, _)| *other == name) {
                Some((_, values)) => values.push(value),
                None => all.push((name, vec![value])),
            }
        }
        all
    }

    /// The values of one header, joined.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<String> = self
            .request
            .headers()
            .get_all(name)
            .iter()
            .map(text)
            .collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// The request's headers with those API Gateway adds, in alphabetical order; names in lower
    /// case.
    pub(super) fn headers(&self) -> Vec<(String, Vec<String>)> {
        let sent: &HeaderMap<HeaderValue> = self.request.headers();
        let mut all: Vec<(String, Vec<String>)> = sent
            .keys()
            .filter(|name| !OF_THE_CONNECTION.contains(&name.as_str()))
            .map(|name| {
                (
                    name.to_string(),
                    sent.get_all(name).iter().map(text).collect(),
                )
            })
            .collect();
        let mut set = |name: &str, value: String| {
            all.retain(|(other, _)| other != name);
            all.push((name.to_owned(), vec![value]));
        };
        let peer = self.arrival.peer.to_string();
        let forwarded = match self.header("x-forwarded-for") {
            Some(before) => format!("{before}, {peer}"),
            None => peer,
        };
        set("x-forwarded-for", forwarded);
        set("x-forwarded-port", self.arrival.port.to_string());
        set("x-forwarded-proto", self.arrival.scheme.to_owned());
        set("x-amzn-trace-id", self.trace_header.clone());
        if !sent.contains_key(header::HOST) {
            set("host", self.domain_name());
        }
        if self.api.rest {
            all.retain(|(name, _)| name != "content-length");
        } else if !sent.contains_key(header::CONTENT_LENGTH) {
            set("content-length", self.request.body().len().to_string());
        }
        all.sort();
        all
    }

    /// The request's cookies, one by one.
    pub(super) fn cookies(&self) -> Vec<String> {
        let headers = self
            .request
            .headers()
            .get_all(header::COOKIE)
            .iter()
            .map(text);
        let all: Vec<String> = headers.collect();
        let cookies = all.iter().flat_map(|header| header.split(';'));
        cookies
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The host name the client asked for, or the one AWS gives the API where the request was sent
    /// to an address or to `localhost`.
    pub(super) fn domain_name(&self) -> String {
        let host = self
            .header("host")
            .or_else(|| self.request.uri().host().map(str::to_owned));
        let name = host
            .as_deref()
            .and_then(|host| host.split(':').next())
            .unwrap_or_default();
        let named = name.contains('.') && name.contains(|c: char| c.is_ascii_alphabetic());
        if named {
            name.to_ascii_lowercase()
        } else {
            self.api.domain_name()
        }
    }

    /// The body as the event carries it, and whether it is base64. `None` without one.
    pub(super) fn body(&self) -> Option<(String, bool)> {
        let body = self.request.body();
        if body.is_empty() {
            return None;
        }
        let kind = self.header("content-type").unwrap_or_default();
        let binary = match self.api.rest {
            true => is_one_of(&self.api.binary_media_types, &kind),
            false => !is_text(&kind),
        };
        Some(match binary {
            true => (Base64::encode(body).as_str().to_owned(), true),
            false => (String::from_utf8_lossy(body).into_owned(), false),
        })
    }

    /// The protocol, such as `HTTP/1.1`.
    pub(super) fn protocol(&self) -> String {
        format!("{:?}", self.request.version())
    }
}

/// Whether a content type is one of a REST API's binary media types.
pub(super) fn is_one_of(binary: &[String], kind: &str) -> bool {
    let kind = essence(kind);
    let (family, _) = kind.split_once('/').unwrap_or((&kind, ""));
    binary.iter().any(|other| {
        let other = other.to_ascii_lowercase();
        other == "*/*" || other == kind || other.strip_suffix("/*").is_some_and(|f| f == family)
    }) && !kind.is_empty()
}

/// Whether an HTTP API hands a body of this content type over as text: all others, and a body
/// without one, become base64.
fn is_text(kind: &str) -> bool {
    let kind = essence(kind);
    kind.starts_with("text/")
        || [
            "application/javascript",
            "application/json",
            "application/xml",
        ]
        .contains(&&*kind)
}

/// A content type without its parameters.
fn essence(kind: &str) -> String {
    kind.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// A header's value; bytes that are no UTF-8 are replaced.
fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// `text` with `%XX` decoded; what is no UTF-8 then is replaced.
pub(super) fn percent_decoded(text: &str) -> String {
    String::from_utf8_lossy(&form::percent_decode(text)).into_owned()
}

/// `01/Jan/2026:09:30:00 +0000`.
pub(super) fn log_time(time: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    // 2026-01-01T09:30:00.123Z
    let time = time.to_rfc3339_millis();
    let part = |from: usize, to: usize| time.get(from..to).unwrap_or_default();
    let month = part(5, 7)
        .parse::<usize>()
        .ok()
        .and_then(|month| MONTHS.get(month.checked_sub(1)?));
    let month = month.copied().unwrap_or_default();
    format!(
        "{}/{month}/{}:{} +0000",
        part(8, 10),
        part(0, 4),
        part(11, 19)
    )
}

/// The sixteen characters by which HTTP APIs name a request.
pub(super) fn short_id(request_id: &str) -> String {
    let sum = format!(
        "{}{}",
        lambda_with::name::checksum_of(&[request_id]),
        lambda_with::name::checksum_of(&["", request_id])
    );
    let mut bytes = sum.into_bytes();
    bytes.truncate(11);
    Base64::encode(bytes).as_str().replace(['+', '/'], "-")
}

/// An X-Ray header that starts a trace: the second, and 24 digits made from the request's id.
pub(super) fn trace(arrival: &Arrival) -> String {
    let part = |salt: &str| lambda_with::name::checksum_of(&[salt, &arrival.request_id]);
    let seconds = arrival.now.seconds();
    format!(
        "Root=1-{seconds:08x}-{}{}{}",
        part("a"),
        part("b"),
        part("c")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (millis, text) in [
            (0, "01/Jan/1970:00:00:00 +0000"),
            (1_767_259_800_123, "01/Jan/2026:09:30:00 +0000"),
            (1_709_251_199_999, "29/Feb/2024:23:59:59 +0000"),
        ] {
            assert_eq!(log_time(Timestamp::from_unix_millis(millis)), text);
        }
    }

    #[test]
    fn content_types() {
        for (kind, text) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("text/csv", true),
            ("application/xml", true),
            ("application/javascript", true),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
            ("application/problem+json", false),
            ("image/png", false),
            ("", false),
        ] {
            assert_eq!(is_text(kind), text, "{kind}");
        }
        let binary = ["image/*".to_owned(), "application/pdf".to_owned()];
        for (kind, expected) in [
            ("image/png", true),
            ("IMAGE/PNG; q=1", true),
            ("application/pdf", true),
            ("application/json", false),
            ("imagex/png", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(is_one_of(&binary, kind), expected, "{kind}");
        }
        assert!(is_one_of(&["*/*".to_owned()], "text/plain"));
    }

    #[test]
    fn ids_are_short_and_differ() {
        let (one, other) = (short_id("one"), short_id("other"));
        assert_eq!((one.len(), one.ends_with('=')), (16, true));
        assert_ne!(one, other);
    }
}

//! What a load balancer reads off a request.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use lambda_with::{Base64, Headers, JsonText, Map, MultiHeaders, Nullable, Text};

use super::Arrival;
use crate::{AlbContext, AlbRequest, AlbRequestContext};

/// As many bytes the request line has at most, and each header.
const MAX_LINE: usize = 16 * 1024;

/// As many bytes all headers have at most.
const MAX_HEAD: usize = 64 * 1024;

/// Headers about the connection that a function never sees.
const OF_THE_CONNECTION: [&str; 4] = ["te", "trailer", "transfer-encoding", "upgrade"];

/// A request, and what a load balancer adds to it.
pub(super) struct Incoming<'a> {
    request: &'a Request<Bytes>,
    arrival: &'a Arrival,
    pub(super) trace_header: String,
}

/// Names with their values, in the order of the names or of their first appearance.
type Values = Vec<(String, Vec<String>)>;

impl<'a> Incoming<'a> {
    pub(super) fn new(request: &'a Request<Bytes>, arrival: &'a Arrival) -> Self {
        let part = |salt: &str| lambda_with::name::checksum_of(&[salt, &arrival.request_id]);
        let seconds = arrival.now.seconds();
        let own = format!("=1-{seconds:08x}-{}{}{}", part("a"), part("b"), part("c"));
        let sent = request.headers().get("x-amzn-trace-id").and_then(text);
        let trace_header = match sent {
            Some(sent) if sent.contains("Root=") => format!("Self{own};{sent}"),
            Some(sent) => format!("Root{own};{sent}"),
            None => format!("Root{own}"),
        };
        Self {
            request,
            arrival,
            trace_header,
        }
    }

    /// Whether the request line, a header or all headers together are over their limit.
    pub(super) fn is_too_large(&self) -> bool {
        let line = self.request.method().as_str().len() + self.request.uri().to_string().len() + 11;
        let headers = self.request.headers().iter();
        let lengths: Vec<usize> = headers
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .collect();
        line > MAX_LINE
            || lengths.iter().any(|length| *length > MAX_LINE)
            || lengths.iter().sum::<usize>() > MAX_HEAD
    }

    pub(super) fn is_web_socket(&self) -> bool {
        let upgrade = self.request.headers().get(header::UPGRADE).and_then(text);
        upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
    }

    /// The host the client asked for, with its port.
    pub(super) fn host(&self) -> String {
        let sent = self.request.headers().get(header::HOST).and_then(text);
        sent.or_else(|| Some(self.request.uri().authority()?.to_string()))
            .unwrap_or_default()
    }

    /// The path as it came.
    pub(super) fn path(&self) -> &'a str {
        match self.request.uri().path() {
            "" => "/",
            path => path,
        }
    }

    /// The event; `None` when a header or a text is no UTF-8.
    pub(super) fn event(&self, group: &str, multi_value: bool) -> Option<Bytes> {
        let (headers, query) = (self.headers()?, self.query());
        let base64 = self.is_base64(&headers);
        let body = match base64 {
            true => Base64::encode(self.request.body()).as_str().to_owned(),
            false => std::str::from_utf8(self.request.body()).ok()?.to_owned(),
        };
        let mut event = AlbRequest {
            request_context: AlbRequestContext {
                elb: AlbContext {
                    target_group_arn: group.into(),
                },
            },
            http_method: self.request.method().as_str().into(),
            path: self.path().into(),
            body: Nullable::Value(JsonText::from(body)),
            is_base64_encoded: Some(base64),
            ..AlbRequest::default()
        };
        if multi_value {
            event.multi_value_headers = all(headers).collect::<MultiHeaders>().into();
            event.multi_value_query_string_parameters = all(query).collect::<Map<_>>().into();
        } else {
            event.headers = last(headers).collect::<Headers>().into();
            event.query_string_parameters = last(query).collect::<Map<_>>().into();
        }
        serde_json::to_vec(&event).ok().map(Bytes::from)
    }

    /// Query parameters as they came, each name once with all its values.
    fn query(&self) -> Values {
        let mut values = Values::new();
        let query = self.request.uri().query().unwrap_or_default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match values.iter_mut().find(|(other, _)| other == name) {
                Some((_, values)) => values.push(value.to_owned()),
                None => values.push((name.to_owned(), vec![value.to_owned()])),
            }
        }
        values
    }

    /// The request's headers with those a load balancer adds, in alphabetical order.
    fn headers(&self) -> Option<Values> {
        let sent = self.request.headers();
        let mut values = Values::new();
        for name in sent
            .keys()
            .filter(|name| !OF_THE_CONNECTION.contains(&name.as_str()))
        {
            let of_name = sent.get_all(name).iter().map(text).collect::<Option<_>>()?;
            values.push((name.to_string(), of_name));
        }
        let mut set = |name: &str, value: String| {
            values.retain(|(other, _)| other != name);
            values.push((name.to_owned(), vec![value]));
        };
        let peer = self.arrival.peer.to_string();
        let before = sent.get_all("x-forwarded-for").iter().map(text);
        let mut forwarded = before.collect::<Option<Vec<_>>>()?;
        forwarded.push(peer);
        set("x-forwarded-for", forwarded.join(", "));
        set("x-forwarded-port", self.arrival.port.to_string());
        set("x-forwarded-proto", self.arrival.scheme.to_owned());
        set("x-amzn-trace-id", self.trace_header.clone());
        set("host", self.host());
        values.sort();
        Some(values)
    }

    /// Whether the body is handed over as base64: compressed ones, and all that is not text. Without
    /// a body there is nothing to encode.
    fn is_base64(&self, headers: &Values) -> bool {
        let header = |name: &str| {
            headers
                .iter()
                .find(|(other, _)| other == name)
                .and_then(|(_, values)| values.last())
        };
        !self.request.body().is_empty()
            && (header("content-encoding").is_some()
                || !header("content-type").is_some_and(|kind| is_text(kind)))
    }
}

fn all(values: Values) -> impl Iterator<Item = (String, Vec<Text>)> {
    let texts = |values: Vec<String>| values.into_iter().map(Text::from).collect();
    values
        .into_iter()
        .map(move |(name, values)| (name, texts(values)))
}

fn last(values: Values) -> impl Iterator<Item = (String, Text)> {
    values
        .into_iter()
        .filter_map(|(name, mut values)| Some((name, Text::from(values.pop()?))))
}

fn text(value: &HeaderValue) -> Option<String> {
    std::str::from_utf8(value.as_bytes())
        .ok()
        .map(str::to_owned)
}

/// Whether a body of this content type is handed over as text.
fn is_text(kind: &str) -> bool {
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let others = [
        "application/javascript",
        "application/json",
        "application/xml",
    ];
    kind.starts_with("text/") || others.contains(&kind.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}

//! Answers: what can be built, and a case for every rule of CloudFront.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Error;
use lambda_with_cloudfront::{
    CloudFrontAnswer, CloudFrontEdge, CloudFrontEvent, CloudFrontRequest, CloudFrontResponse,
    SERVICE,
};
use lambda_with_testing::read;
use serde_json::{Value, json};

const KIND: &str = "a response event is answered by a response";
const READ_ONLY_MEMBER: &str = "clientIp and method are not changed";
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
const NAME: &str = "a header's name is in lower case, and its key is the same name";
const DISALLOWED: &str = "a header of CloudFront's own is not added or changed";
const READ_ONLY: &str = "a read-only header is not added, changed or removed";
const COUNTRY: &str = "viewer-response does not add CloudFront-Viewer-Country";
const WHERE: &str = "only origin-request changes the origin";
const ONE: &str = "an origin is either custom or s3";
const DOMAIN: &str = "a domain has at most 253 characters; that of a bucket 128, in lower case";
const PATH: &str = "an origin's path is empty, or begins with a slash and does not end with one";
const PORT: &str = "a port is 80, 443 or 1,024 to 65,535";
const PROTOCOL: &str = "a protocol is http or https, over TLSv1.2, TLSv1.1, TLSv1 or SSLv3";
const TIME: &str = "time-outs are 1 to 120 seconds, and the whole takes no less than a read";
const SIGNED: &str = "a bucket is read with `none`, or `origin-access-identity` and its region";
const CUSTOM: &str = "a custom header is not a header of the request";

fn event(sample: &str) -> CloudFrontEvent {
    read(&SERVICE, sample)
}

fn edge(sample: &str) -> CloudFrontEdge {
    event(sample).edge().unwrap().clone()
}

/// Sees that the answer is refused by this rule, or taken where it is empty.
fn refused(answer: Result<CloudFrontAnswer, Error>, rule: &str, case: &str) {
    match answer {
        Ok(_) => assert_eq!(rule, "", "{case}"),
        Err(error) => assert_eq!(error.context("rule"), Some(rule), "{case}: {error}"),
    }
}

/// Sets a member of a JSON document by its pointer; null takes it away.
fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    let parent = parent.as_object_mut().unwrap();
    match value {
        Value::Null => drop(parent.remove(name)),
        value => drop(parent.insert(name.into(), value)),
    }
}

/// The request of a sample handed back with one member changed.
fn request(sample: &str, pointer: &str, value: Value) -> Result<CloudFrontAnswer, Error> {
    edge(sample).forward(|request| {
        let mut document = serde_json::to_value(&*request).unwrap();
        set(&mut document, pointer, value);
        *request = serde_json::from_value(document).unwrap();
    })
}

#[test]
fn what_is_not_changed_goes_on() {
    for sample in SERVICE.samples.iter().filter(|s| s.of == "CloudFrontEvent") {
        let edge = edge(sample.id);
        let same = match edge.trigger().is_request() {
            true => {
                edge.forward(|_| ()).unwrap() == CloudFrontAnswer::Request(edge.request.clone())
            }
            false => {
                let came = edge.response.clone().unwrap();
                edge.modify(|_| ()).unwrap() == CloudFrontAnswer::Response(came)
            }
        };
        assert!(same, "{}", sample.id);
    }
    for (sample, id) in [
        ("forward", "viewer-request"),
        ("forward-body", "viewer-request-body"),
        ("forward-elsewhere", "origin-request"),
    ] {
        let answer: CloudFrontRequest = read(&SERVICE, sample);
        let mut edge = edge(id);
        edge.request.method = answer.method.clone();
        edge.request.headers = answer.headers.clone();
        CloudFrontAnswer::Request(answer).check(&edge).unwrap();
    }
    for sample in SERVICE
        .samples
        .iter()
        .filter(|s| s.of == "CloudFrontResponse")
    {
        let response: CloudFrontResponse = serde_json::from_str(sample.json).unwrap();
        edge("viewer-request").respond(response).unwrap();
    }
}

#[test]
fn rules_of_requests() {
    let viewer = "viewer-request";
    let origin = "origin-request";
    let header = |name: &str, key: &str| {
        (
            format!("/headers/{name}"),
            json!([{ "key": key, "value": "x" }]),
        )
    };
    for (sample, name, key, rule) in [
        (viewer, "x-harbor", "X-Harbor", ""),
        (viewer, "X-Harbor", "X-Harbor", NAME),
        (viewer, "x-harbor", "X-Port", NAME),
        (viewer, "x harbor", "x harbor", NAME),
        (viewer, "connection", "Connection", DISALLOWED),
        (viewer, "x-edge-anything", "X-Edge-Anything", DISALLOWED),
        (viewer, "x-amz-cf-id", "X-Amz-Cf-Id", DISALLOWED),
        (viewer, "x-real-ip", "X-Real-IP", DISALLOWED),
        (viewer, "host", "Host", READ_ONLY),
        (viewer, "via", "Via", READ_ONLY),
        (viewer, "cdn-loop", "CDN-Loop", READ_ONLY),
        (viewer, "content-length", "Content-Length", READ_ONLY),
        (viewer, "accept-encoding", "Accept-Encoding", ""),
        (origin, "host", "Host", ""),
        (origin, "via", "Via", READ_ONLY),
        (origin, "accept-encoding", "Accept-Encoding", READ_ONLY),
        (origin, "if-none-match", "If-None-Match", READ_ONLY),
    ] {
        let (pointer, value) = header(name, key);
        refused(request(sample, &pointer, value), rule, name);
    }
    let removed = |sample: &str, name: &str| edge(sample).forward(|r| r.remove_header(name));
    refused(removed(viewer, "Host"), READ_ONLY, "removed");
    refused(removed(origin, "Via"), READ_ONLY, "removed");
    refused(removed(origin, "User-Agent"), "", "removed");
    let text = |data: String| json!({ "action": "replace", "encoding": "text", "data": data });
    let base64 = |data: String| json!({ "action": "replace", "encoding": "base64", "data": data });
    for (sample, pointer, value, rule) in [
        (viewer, "/clientIp", json!("192.0.2.1"), READ_ONLY_MEMBER),
        (viewer, "/method", json!("POST"), READ_ONLY_MEMBER),
        (viewer, "/uri", json!("fr"), URI),
        (
            viewer,
            "/uri",
            json!("/".repeat(8191 - "lang=fr".len())),
            "",
        ),
        (
            viewer,
            "/uri",
            json!("/".repeat(8192 - "lang=fr".len())),
            URI,
        ),
        (viewer, "/querystring", json!("a=b%20c&d"), ""),
        (viewer, "/querystring", json!("?a=b"), QUERY),
        (viewer, "/querystring", json!("a=b c"), QUERY),
        (viewer, "/querystring", json!("a#b"), QUERY),
        (viewer, "/querystring", json!("a\nb"), QUERY),
        (viewer, "/body", text("x".into()), BODY),
        ("viewer-request-body", "/body/action", json!("append"), BODY),
        (
            "viewer-request-body",
            "/body",
            json!({ "action": "replace", "encoding": "hex", "data": "" }),
            ENCODING,
        ),
        (
            "viewer-request-body",
            "/body",
            base64("%%".into()),
            ENCODING,
        ),
        ("viewer-request-body", "/body", text("x".repeat(40_960)), ""),
        (
            "viewer-request-body",
            "/body",
            text("x".repeat(40_961)),
            REPLACED,
        ),
        (
            "viewer-request-body",
            "/body",
            base64("AAAA".repeat(13_619)),
            "",
        ),
        (
            "viewer-request-body",
            "/body",
            base64("AAAA".repeat(13_620)),
            REPLACED,
        ),
        (
            "origin-request-body",
            "/body",
            text("x".repeat(1_048_576)),
            "",
        ),
        (
            "origin-request-body",
            "/body",
            text("x".repeat(1_048_577)),
            REPLACED,
        ),
        (viewer, "/origin", json!({}), WHERE),
        (origin, "/origin", Value::Null, ONE),
        (origin, "/origin", json!({}), ONE),
        (
            origin,
            "/origin/s3",
            json!({ "customHeaders": {}, "domainName": "b.s3.amazonaws.com", "path": "" }),
            ONE,
        ),
        (
            origin,
            "/origin/custom/domainName",
            json!("https://a"),
            DOMAIN,
        ),
        (
            origin,
            "/origin/custom/domainName",
            json!("a".repeat(254)),
            DOMAIN,
        ),
        (origin, "/origin/custom/path", json!("/v2"), ""),
        (origin, "/origin/custom/path", json!("v2"), PATH),
        (origin, "/origin/custom/path", json!("/v2/"), PATH),
        (origin, "/origin/custom/port", json!(8080), ""),
        (origin, "/origin/custom/port", json!(81), PORT),
        (origin, "/origin/custom/protocol", json!("ftp"), PROTOCOL),
        (
            origin,
            "/origin/custom/sslProtocols",
            json!(["TLSv2"]),
            PROTOCOL,
        ),
        (origin, "/origin/custom/readTimeout", json!(0), TIME),
        (origin, "/origin/custom/keepaliveTimeout", json!(121), TIME),
        (
            origin,
            "/origin/custom/responseCompletionTimeout",
            json!(29),
            TIME,
        ),
        (
            origin,
            "/origin/custom/responseCompletionTimeout",
            json!(0),
            "",
        ),
        (
            origin,
            "/origin/custom/customHeaders/user-agent",
            json!([{ "value": "x" }]),
            CUSTOM,
        ),
        (
            "origin-request-s3",
            "/origin/s3/region",
            Value::Null,
            SIGNED,
        ),
        (
            "origin-request-s3",
            "/origin/s3/authMethod",
            json!("origin-access-control"),
            SIGNED,
        ),
        (
            "origin-request-s3",
            "/origin/s3/domainName",
            json!("Harbor.s3.amazonaws.com"),
            DOMAIN,
        ),
    ] {
        refused(
            request(sample, pointer, value),
            rule,
            &format!("{sample} {pointer}"),
        );
    }
}

#[test]
fn rules_of_responses_that_a_function_makes() {
    let new = CloudFrontResponse::new;
    let text = |length: usize| new(200).with_text("x".repeat(length));
    let mut number = new(200);
    number.status = "ok".into();
    let mut base64 = text(3);
    base64.body_encoding = new(200).with_bytes(b"").body_encoding;
    for (sample, response, rule) in [
        ("viewer-request", new(200), ""),
        ("viewer-request", new(599), ""),
        ("viewer-request", new(199), STATUS),
        ("viewer-request", new(600), STATUS),
        ("viewer-request", number, STATUS),
        ("viewer-request", new(204).with_text("x"), EMPTY),
        ("origin-request", new(204).with_text("x"), ""),
        ("viewer-request", base64, ENCODING),
        ("viewer-request", text(40_960), ""),
        ("viewer-request", text(40_961), SIZE),
        ("viewer-request", text(40_960).with_header("A", "b"), SIZE),
        ("origin-request", text(1_048_576), ""),
        ("origin-request", text(1_048_577), SIZE),
        (
            "viewer-request",
            new(200).with_header("Via", "x"),
            READ_ONLY,
        ),
        (
            "origin-request",
            new(200).with_header("Transfer-Encoding", "chunked"),
            READ_ONLY,
        ),
        (
            "origin-request",
            new(200).with_header("Content-Length", "0"),
            READ_ONLY,
        ),
        (
            "viewer-request",
            new(200).with_header("X-Cache", "x"),
            DISALLOWED,
        ),
        ("viewer-request", new(200).with_header("Warning", "x"), ""),
    ] {
        let case = format!("{sample} {:?}", response.headers);
        refused(edge(sample).respond(response), rule, &case);
    }
}

#[test]
fn rules_of_responses_that_go_out() {
    let answer = |sample: &str, edit: fn(&mut CloudFrontResponse)| edge(sample).modify(edit);
    for (sample, edit, rule) in [
        (
            "origin-response",
            (|r| r.status = "503".into()) as fn(&mut CloudFrontResponse),
            "",
        ),
        ("origin-response", |r| r.status = "100".into(), STATUS),
        (
            "origin-response-missing",
            |r| *r = CloudFrontResponse::new(200).with_text("x"),
            READ_ONLY,
        ),
        (
            "origin-response-missing",
            |r| {
                r.status = "200".into();
                r.body = Some("x".into());
                r.set_header("Content-Type", "text/plain");
            },
            "",
        ),
        (
            "origin-response",
            |r| r.body = Some("x".repeat(1_048_577).into()),
            SIZE,
        ),
        ("origin-response", |r| r.set_header("Via", "x"), READ_ONLY),
        (
            "origin-response",
            |r| r.set_header("Content-Length", "7"),
            "",
        ),
        (
            "origin-response",
            |r| r.set_header("Upgrade", "x"),
            DISALLOWED,
        ),
        (
            "origin-response-missing",
            |r| r.set_header("Transfer-Encoding", "x"),
            READ_ONLY,
        ),
        (
            "origin-response-missing",
            |r| r.remove_header("Transfer-Encoding"),
            READ_ONLY,
        ),
        ("origin-response", |r| r.remove_header("Date"), ""),
        (
            "viewer-response",
            |r| r.headers = lambda_with::Nullable::Missing,
            READ_ONLY,
        ),
        (
            "viewer-response",
            |r| r.status = "404".into(),
            VIEWER_STATUS,
        ),
        (
            "viewer-response",
            |r| r.body = Some("x".into()),
            VIEWER_BODY,
        ),
        (
            "viewer-response",
            |r| r.set_header("Content-Encoding", "br"),
            READ_ONLY,
        ),
        (
            "viewer-response",
            |r| r.set_header("Warning", "x"),
            READ_ONLY,
        ),
        (
            "viewer-response",
            |r| r.set_header("X-Cache", "x"),
            DISALLOWED,
        ),
        (
            "viewer-response",
            |r| r.set_header("CloudFront-Viewer-Country", "x"),
            COUNTRY,
        ),
        (
            "origin-response",
            |r| r.set_header("CloudFront-Viewer-Country", "x"),
            "",
        ),
        ("viewer-request", |_| (), KIND),
    ] {
        refused(answer(sample, edit), rule, sample);
    }
    refused(edge("viewer-response").forward(|_| ()), KIND, "forward");
}

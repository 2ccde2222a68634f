//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_cloudfront::{
    CloudFrontAnswer, CloudFrontEvent, CloudFrontRequest, CloudFrontResponse, SERVICE,
};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

fn json(id: &str) -> &'static str {
    SERVICE.sample(id).unwrap().json
}

/// A sample with one member, named by a JSON pointer below `cf`, set or (with `None`) taken away.
fn edit_cf(sample: &str, pointer: &str, value: Option<Value>) -> String {
    edit(&SERVICE, sample, &format!("/Records/0/cf{pointer}"), value)
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<CloudFrontEvent>(),
            Root::of::<CloudFrontRequest>(),
            Root::of::<CloudFrontResponse>(),
        ],
    );
}

#[test]
fn an_answer_is_a_request_or_a_response() {
    for sample in SERVICE.samples {
        let answer = match sample.of {
            "CloudFrontRequest" => CloudFrontAnswer::Request(exact(sample.json)),
            "CloudFrontResponse" => CloudFrontAnswer::Response(exact(sample.json)),
            _ => continue,
        };
        assert_eq!(
            exact::<CloudFrontAnswer>(sample.json),
            answer,
            "{}",
            sample.id
        );
    }
}

#[test]
fn members_that_sources_leave_out_or_name_anew() {
    for (sample, pointer, value) in [
        ("viewer-request", "/config/distributionDomainName", None),
        ("viewer-request", "/config/eventType", None),
        (
            "viewer-request",
            "/config/eventType",
            Some(json!("edge-request")),
        ),
        ("viewer-request", "/config/requestId", None),
        (
            "viewer-request",
            "/request/headers/x-y",
            Some(json!([{ "value": "no key" }])),
        ),
        ("viewer-request", "/request/headers", Some(json!({}))),
        ("viewer-request-body", "/request/body/inputTruncated", None),
        (
            "viewer-request-body",
            "/request/body/action",
            Some(json!("keep")),
        ),
        (
            "origin-request",
            "/request/origin/custom/responseCompletionTimeout",
            None,
        ),
        (
            "origin-request",
            "/request/origin/custom/keepaliveTimeout",
            None,
        ),
        ("origin-request-s3", "/request/origin/s3/region", None),
        ("origin-request-s3", "/request/origin/s3/readTimeout", None),
        ("origin-response", "/response/statusDescription", None),
        // Members nobody has described yet.
        (
            "viewer-request",
            "/request/tls",
            Some(json!({ "version": "1.3" })),
        ),
        (
            "origin-request",
            "/request/origin/vpc",
            Some(json!({ "id": null })),
        ),
        (
            "origin-request",
            "/request/origin/custom/connectionTimeout",
            Some(json!(10)),
        ),
        (
            "origin-request-s3",
            "/request/origin/s3/connectionAttempts",
            Some(json!(3)),
        ),
        ("origin-response", "/response/trailers", Some(json!([]))),
    ] {
        exact::<CloudFrontEvent>(&edit_cf(sample, pointer, value));
    }
}

#[test]
fn headers_and_bodies() {
    let event: CloudFrontEvent = exact(json("viewer-request-cookies"));
    let request = &event.edge().unwrap().request;
    assert_eq!(request.header("Host"), Some("harbor.example.com"));
    let cookies: Vec<&str> = request.header_values("COOKIE").collect();
    assert_eq!(cookies, ["seat=4", "deck=sun"]);

    let event: CloudFrontEvent = exact(json("viewer-request-body"));
    let body = event.edge().unwrap().request.body.as_ref().unwrap();
    assert_eq!(body.bytes().unwrap(), br#"{"port": "Skerry"}"#);

    let response: CloudFrontResponse = exact(json("with-cookies"));
    assert_eq!(response.header_values("set-cookie").count(), 2);
    let built = CloudFrontResponse::redirect("/fr/harbor");
    assert_eq!(
        (built.status.as_str(), built.header("Location")),
        ("302", Some("/fr/harbor"))
    );
    let image = CloudFrontResponse::new(200).with_bytes(b"\x00\xff");
    assert_eq!(image.body.as_deref(), Some("AP8="));
}

#[test]
fn an_event_has_one_record() {
    for records in [json!([]), json!([{ "cf": {} }, {}])] {
        let count = records.as_array().unwrap().len();
        let mut event: CloudFrontEvent = exact(json("viewer-request"));
        event.records = event.records.iter().cycle().take(count).cloned().collect();
        assert!(event.edge().unwrap_err().message().contains("one record"));
    }
}

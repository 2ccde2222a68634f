//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use lambda_with::{Payload, decode};
use lambda_with_cloudfront::{
    CloudFrontAnswer, CloudFrontEvent, CloudFrontRequest, CloudFrontResponse, SERVICE,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads `json` in both ways, and sees that both write the same document back.
fn exact<T: Debug + DeserializeOwned + PartialEq + Serialize>(json: &str) -> T {
    let plain: T = serde_json::from_str(json).unwrap();
    let shared: T = decode(json.as_bytes().to_vec()).unwrap();
    assert_eq!(plain, shared);
    let document: Value = serde_json::from_str(json).unwrap();
    for event in [&plain, &shared] {
        assert_eq!(serde_json::to_value(event).unwrap(), document);
    }
    plain
}

fn json(id: &str) -> &'static str {
    SERVICE.sample(id).unwrap().json
}

/// A sample with one member, named by a JSON pointer below `cf`, set or (with `None`) taken away.
fn edit(sample: &str, pointer: &str, value: Option<Value>) -> String {
    let mut document: Value = serde_json::from_str(json(sample)).unwrap();
    let pointer = format!("/Records/0/cf{pointer}");
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    let parent = parent.as_object_mut().unwrap();
    match value {
        Some(value) => drop(parent.insert(name.into(), value)),
        None => assert!(parent.remove(name).is_some(), "{pointer} is not there"),
    }
    document.to_string()
}

#[test]
fn samples_are_exact_and_recognised() {
    for sample in SERVICE.samples {
        let payload = Payload::from(sample.json);
        let recognised = match sample.of {
            "CloudFrontEvent" => {
                exact::<CloudFrontEvent>(sample.json);
                payload.is::<CloudFrontEvent>() && !payload.is::<CloudFrontResponse>()
            }
            "CloudFrontRequest" => {
                let request = exact::<CloudFrontRequest>(sample.json);
                assert_eq!(
                    exact::<CloudFrontAnswer>(sample.json),
                    CloudFrontAnswer::Request(request)
                );
                payload.is::<CloudFrontRequest>() && !payload.is::<CloudFrontEvent>()
            }
            "CloudFrontResponse" => {
                let response = exact::<CloudFrontResponse>(sample.json);
                assert_eq!(
                    exact::<CloudFrontAnswer>(sample.json),
                    CloudFrontAnswer::Response(response)
                );
                payload.is::<CloudFrontResponse>() && !payload.is::<CloudFrontRequest>()
            }
            other => panic!("{other}"),
        };
        assert!(recognised, "{}", sample.id);
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
        exact::<CloudFrontEvent>(&edit(sample, pointer, value));
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

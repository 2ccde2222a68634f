//! Every sample is read and written back exactly, and so is what other libraries lose.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use lambda_with::{Payload, decode};
use lambda_with_alb::{AlbRequest, AlbResponse, SERVICE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads `json` in both ways, and sees that both write the same document back.
fn exact<T: DeserializeOwned + Serialize>(json: &str) -> T {
    let plain: T = serde_json::from_str(json).unwrap();
    let shared: T = decode(Bytes::copy_from_slice(json.as_bytes())).unwrap();
    let document: Value = serde_json::from_str(json).unwrap();
    for value in [&plain, &shared] {
        assert_eq!(serde_json::to_value(value).unwrap(), document);
    }
    shared
}

/// A sample with one member of the top level set or (with `None`) taken away.
fn edit(sample: &str, member: &str, value: Option<Value>) -> String {
    let mut document: Value = serde_json::from_str(SERVICE.sample(sample).unwrap().json).unwrap();
    let members = document.as_object_mut().unwrap();
    match value {
        Some(value) => drop(members.insert(member.into(), value)),
        None => assert!(members.remove(member).is_some(), "{member} is not there"),
    }
    document.to_string()
}

#[test]
fn samples_are_exact_and_recognised() {
    for sample in SERVICE.samples {
        let payload = Payload::from(Bytes::from_static(sample.json.as_bytes()));
        let request = sample.of == "AlbRequest";
        match request {
            true => drop(exact::<AlbRequest>(sample.json)),
            false => drop(exact::<AlbResponse>(sample.json)),
        }
        assert_eq!(payload.is::<AlbRequest>(), request, "{}", sample.id);
        assert_eq!(payload.is::<AlbResponse>(), !request, "{}", sample.id);
    }
}

#[test]
fn the_pair_that_is_missing_stays_missing() {
    for (sample, pair) in [
        (
            "get",
            ["multiValueHeaders", "multiValueQueryStringParameters"],
        ),
        ("multi-value", ["headers", "queryStringParameters"]),
    ] {
        let request: AlbRequest = exact(SERVICE.sample(sample).unwrap().json);
        let written = serde_json::to_value(&request).unwrap();
        assert!(
            pair.iter().all(|member| written.get(member).is_none()),
            "{sample}"
        );
        let answer = serde_json::to_value(AlbResponse::text(&request, 200, "hi").unwrap()).unwrap();
        assert!(answer.get(pair[0]).is_none(), "{sample}: {answer}");
    }
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    for (sample, member, value) in [
        ("get", "body", Some(Value::Null)),
        ("get", "body", None),
        ("get", "isBase64Encoded", None),
        ("get", "headers", None),
        ("get", "headers", Some(Value::Null)),
        ("get", "queryStringParameters", Some(Value::Null)),
        ("get", "queryStringParameters", None),
        ("get", "multiValueHeaders", Some(Value::Null)),
        (
            "multi-value",
            "multiValueQueryStringParameters",
            Some(json!({})),
        ),
        (
            "get",
            "headers",
            Some(json!({ "Host": "a", "x-n\u{f6}": "w\u{f6}rd" })),
        ),
    ] {
        exact::<AlbRequest>(&edit(sample, member, value));
    }
    for (member, value) in [
        ("body", None),
        ("body", Some(Value::Null)),
        ("headers", None),
        ("isBase64Encoded", None),
        ("statusDescription", Some(Value::Null)),
        ("headers", Some(json!({ "x-total": 3, "x-cached": true }))),
        (
            "multiValueHeaders",
            Some(json!({ "Set-cookie": ["a=1", "b=2"], "x": [1, false] })),
        ),
    ] {
        exact::<AlbResponse>(&edit("response", member, value));
    }
}

#[test]
fn a_health_check_has_next_to_no_headers() {
    for sample in ["health-check", "multi-value-health-check"] {
        let request: AlbRequest = exact(SERVICE.sample(sample).unwrap().json);
        assert!(request.is_health_check());
        assert_eq!(
            (request.header("host"), request.client_address()),
            (None, None)
        );
        AlbResponse::text(&request, 200, "well")
            .unwrap()
            .check(&request)
            .unwrap();
    }
}

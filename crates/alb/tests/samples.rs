//! Every sample is read and written back exactly, and so is what other libraries lose.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_alb::{AlbRequest, AlbResponse, SERVICE};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[Root::of::<AlbRequest>(), Root::of::<AlbResponse>()],
    );
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
        exact::<AlbRequest>(&edit(&SERVICE, sample, &format!("/{member}"), value));
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
        exact::<AlbResponse>(&edit(&SERVICE, "response", &format!("/{member}"), value));
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

//! Samples are read and written back exactly, and so is what newer or older senders write.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_testing::{Root, edit, exact, samples};
use lambda_with_x_ray::{Cause, IndependentSubsegment, SERVICE, Segment};
use serde_json::json;

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[Root::of::<IndependentSubsegment>(), Root::of::<Segment>()],
    );
}

#[test]
fn members_of_others_are_kept() {
    for (sample, pointer, value) in [
        ("lambda", "/aws/tracing", json!({ "sdk": "x" })),
        ("lambda", "/subsegments", json!([])),
        ("lambda", "/cause", json!("1122334455667788")),
        ("lambda", "/http/response/content_length", json!("86")),
        (
            "lambda-function",
            "/annotations",
            json!({ "aws.responseLatency": 1.25 }),
        ),
        ("lambda-function", "/inferred", json!(false)),
        ("service", "/http/request/traced", json!(true)),
        ("service", "/new", json!([1])),
    ] {
        exact::<Segment>(&edit(&SERVICE, sample, pointer, Some(value)));
    }
    for (sample, pointer, value) in [
        ("http-call", "/traced", json!(true)),
        ("sql-query", "/sql/rows", json!(3)),
        ("fault", "/cause/exceptions/0/stack/0/column", json!(9)),
        ("aws-call", "/namespace", json!("new")),
    ] {
        exact::<IndependentSubsegment>(&edit(&SERVICE, sample, pointer, Some(value)));
    }
}

#[test]
fn times_keep_their_digits() {
    for time in [
        "1.478293361271E9",
        "1484789387.126",
        "1461096053.37518",
        "1772447730",
        "1772447730.123456789",
    ] {
        let json = format!(
            r#"{{"name":"a","id":"70de5b6f19ff9a0a","trace_id":"t","start_time":{time},"end_time":{time}}}"#
        );
        let segment = exact::<Segment>(&json);
        assert_eq!(segment.start_time.to_string(), time);
        assert!(segment.start_time.timestamp().is_ok());
    }
}

#[test]
fn a_cause_is_an_id_or_all_about_it() {
    let cause =
        |sample: &str| exact::<IndependentSubsegment>(SERVICE.sample(sample).unwrap().json).cause;
    let Some(Cause::Details(details)) = cause("fault") else {
        panic!()
    };
    let exceptions = details.exceptions.unwrap();
    assert_eq!(exceptions[0].cause, exceptions[1].id);
    let code: IndependentSubsegment = exact(SERVICE.sample("code").unwrap().json);
    let parts = code.subsegments.unwrap();
    assert_eq!(
        parts[0].cause,
        Some(Cause::Exception("1122334455667788".into()))
    );
}

//! Answers, and a case for every rule they keep.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_cloudformation::{CustomResourceEvent, CustomResourceResponse, Provided, SERVICE};
use lambda_with_testing::{edit, sample};
use serde_json::{Value, json};

const SIZE: &str = "an answer has at most 4,096 bytes as JSON";
const ID: &str = "a physical resource id has 1 to 1,024 bytes";
const REASON: &str = "a failure has a reason";

fn event(id: &str) -> CustomResourceEvent {
    serde_json::from_value(sample(&SERVICE, id)).unwrap()
}

fn check(answer: &CustomResourceResponse, id: &str) {
    let written: Value = serde_json::from_str(&answer.to_json()).unwrap();
    assert_eq!(written, sample(&SERVICE, id));
}

#[test]
fn answers_are_those_of_the_samples() {
    let made = Provided::new("berths-north")
        .data("First", "N1")
        .data("Last", "N24")
        .data("Count", 24)
        .data("Heated", true)
        .data("Numbers", ["N1", "N24"]);
    check(&event("create").success(&made).unwrap(), "success-data");
    check(
        &event("delete").success(&Provided::default()).unwrap(),
        "success",
    );
    let reason = "the quay `north` has room for 20 berths";
    check(&event("create").failure(reason), "failed");
}

#[test]
fn ids() {
    let id = |event: &str, provided: Provided| {
        let answer = self::event(event).success(&provided).unwrap();
        answer.physical_resource_id.to_string()
    };
    for (event, given, expected) in [
        ("create", None, "harbor-Berths-9589625e"),
        ("create", Some("berths-north"), "berths-north"),
        ("update", None, "berths-north"),
        ("update", Some("berths-south"), "berths-south"),
        ("delete", None, "berths-north"),
    ] {
        let provided = given.map_or_else(Provided::default, Provided::new);
        assert_eq!(id(event, provided), expected, "{event} {given:?}");
    }
    for (event, expected) in [
        ("create", "Berths-CREATE_FAILED"),
        ("update", "berths-north"),
        ("delete", "berths-north"),
    ] {
        assert_eq!(
            self::event(event).failure("no").physical_resource_id,
            expected
        );
    }
    let half = event("create").failure_of("berths-north", "no");
    assert_eq!(half.physical_resource_id, "berths-north");
    for id in [String::new(), "i".repeat(1025)] {
        let answer = event("create").failure_of(&id, "no");
        assert_eq!(answer.physical_resource_id, "Berths-CREATE_FAILED");
    }
}

#[test]
fn a_long_reason_is_cut_to_the_byte() {
    for letter in ["x", "é", "\"", "a\n", "\u{1}", "🚢", "\u{7f}"] {
        let answer = event("create").failure(&letter.repeat(5000));
        let bytes = answer.to_json().len();
        assert!((4091..=4096).contains(&bytes), "{letter:?}: {bytes}");
        answer.check().unwrap();
    }
    let answer = event("create").failure(" ");
    assert_eq!(answer.reason.as_deref(), Some("no reason was given"));
}

#[test]
fn what_cloudformation_would_refuse() {
    let rule = |result: Result<(), lambda_with::Error>| {
        let error = result.err();
        error.map_or(String::new(), |error| {
            error.context("rule").unwrap().to_owned()
        })
    };
    let event = event("create");
    let large = Provided::new("i").data("Password", "x".repeat(4000));
    let error = event.success(&large).unwrap_err();
    assert!(!error.to_string().contains("xxx"), "{error}");
    for (provided, expected) in [
        (Provided::new("i".repeat(1024)), ""),
        (Provided::new("i".repeat(1025)), ID),
        (Provided::new(""), ID),
        (large, SIZE),
    ] {
        assert_eq!(rule(event.success(&provided).map(drop)), expected);
    }
    for (pointer, value, expected) in [
        ("/Reason", Some(json!("no")), ""),
        ("/Reason", Some(json!("")), REASON),
        ("/Reason", None, REASON),
        ("/Reason", Some(json!("é".repeat(2000))), SIZE),
        ("/PhysicalResourceId", Some(json!("")), ID),
    ] {
        let answer: CustomResourceResponse =
            serde_json::from_str(&edit(&SERVICE, "failed", pointer, value)).unwrap();
        assert_eq!(rule(answer.check()), expected, "{pointer}");
    }
}

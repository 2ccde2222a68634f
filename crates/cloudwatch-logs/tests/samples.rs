//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_cloudwatch_logs::{CloudWatchLogsEvent, LogsMessage, LogsMessageType, SERVICE};
use lambda_with_testing::{Root, edit, exact, exact_value, sample, samples};
use serde_json::{Value, json};

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[Root::of::<CloudWatchLogsEvent>(), Root::of::<LogsMessage>()],
    );
}

#[test]
fn events_hold_the_messages() {
    for (outer, inner) in [
        ("subscription", "message"),
        ("subscription-account", "message-account"),
        ("subscription-control", "message-control"),
    ] {
        let event: CloudWatchLogsEvent = exact(SERVICE.sample(outer).unwrap().json);
        let message = event.awslogs.decode().unwrap();
        assert_eq!(
            serde_json::to_value(&message).unwrap(),
            sample(&SERVICE, inner)
        );
        assert_eq!(message.is_data(), inner != "message-control");
    }
}

#[test]
fn members_that_sources_write_differently() {
    for (pointer, value) in [
        ("/policyLevel", Some(json!("ACCOUNT_LEVEL_POLICY"))),
        ("/policyLevel", Some(json!("LOG_GROUP_LEVEL_POLICY"))),
        ("/messageType", Some(json!("SOMETHING_NEW"))),
        ("/subscriptionFilters", Some(json!([]))),
        ("/logEvents", Some(json!([]))),
        ("/logEvents/0/id", Some(json!(""))),
        ("/logEvents/0/message", Some(json!(""))),
        ("/logEvents/0/extractedFields", Some(json!({}))),
        (
            "/logEvents/0/extractedFields",
            Some(json!({"level": "error", "$2": null})),
        ),
        ("/logEvents/0/timestamp", Some(json!(1_757_000_000_001_i64))),
    ] {
        exact::<LogsMessage>(&edit(&SERVICE, "message", pointer, value));
    }
    let null = edit(&SERVICE, "message", "/policyLevel", Some(Value::Null));
    let message: LogsMessage = lambda_with::decode(null).unwrap();
    assert_eq!(message.policy_level, None);
}

#[test]
fn a_message_is_text_or_json() {
    let message: LogsMessage = exact_value(&sample(&SERVICE, "message"));
    assert_eq!(message.message_type, LogsMessageType::Data);
    let [json, _, text] = message.log_events.as_slice() else {
        panic!("{message:?}")
    };
    assert_eq!(json.message.decode::<Value>().unwrap()["ferry"], "Seagull");
    assert_eq!(text.message, "ramp 3 is stuck: \"jammed\"\n");
    assert!(text.message.decode::<Value>().is_err());
    let time = json.timestamp.timestamp().unwrap().to_rfc3339_millis();
    assert_eq!(time, "2026-03-02T10:15:30.120Z");
}

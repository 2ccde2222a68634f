//! Every sample is read and written back exactly, and the members told apart that sources spell
//! differently.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Nullable, decode};
use lambda_with_sqs::{SERVICE, SqsBatchResponse, SqsEvent};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

#[test]
fn samples_are_exact() {
    assert_eq!(SERVICE.samples.len(), 12);
    samples(
        &SERVICE,
        &[Root::of::<SqsEvent>(), Root::of::<SqsBatchResponse>()],
    );
}

#[test]
fn sources_disagree() {
    let with = |member: &str, value: Value| -> SqsEvent {
        let pointer = format!("/Records/0/{member}");
        exact(&edit(&SERVICE, "standard", &pointer, Some(value)))
    };
    // Recordings without attributes show the digest as null or not at all.
    let event = with("md5OfMessageAttributes", Value::Null);
    assert_eq!(event.records[0].md5_of_message_attributes, Nullable::Null);
    assert_eq!(
        event.records[1].md5_of_message_attributes,
        Nullable::Missing
    );
    // System attributes to come, and lists that hold something.
    with("attributes/Tenant", json!("blue"));
    with(
        "messageAttributes/a",
        json!({
            "binaryValue": "MTEwMA==",
            "stringListValues": ["abc", "123"],
            "binaryListValues": ["MA==", "MQ=="],
            "dataType": "Binary",
        }),
    );
    // Sequence numbers exceed 64 bits.
    with("attributes/SequenceNumber", json!("99999999999999999999"));
}

#[test]
fn one_bad_body_costs_one_record() {
    let event: SqsEvent = decode(SERVICE.sample("text").unwrap().json).unwrap();
    let body = &event.records[0].body;
    assert!(body.decode::<Value>().is_err());
    assert!(body.as_text().unwrap().starts_with("Grüße"));
}

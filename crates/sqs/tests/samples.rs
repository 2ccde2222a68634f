//! Every sample is read and written back exactly, and the members told apart that sources spell
//! differently.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Nullable, decode};
use lambda_with_sqs::{SERVICE, SqsBatchResponse, SqsEvent};
use serde_json::{Value, json};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Through plain serde and through the shared buffer.
fn check(of: &str, text: &str) {
    let bytes = || text.as_bytes().to_vec();
    let written = match of {
        "SqsEvent" => [
            serde_json::to_value(serde_json::from_str::<SqsEvent>(text).unwrap()),
            serde_json::to_value(decode::<SqsEvent>(bytes()).unwrap()),
        ],
        "SqsBatchResponse" => [
            serde_json::to_value(serde_json::from_str::<SqsBatchResponse>(text).unwrap()),
            serde_json::to_value(decode::<SqsBatchResponse>(bytes()).unwrap()),
        ],
        other => panic!("no root type {other}"),
    };
    for written in written {
        assert_eq!(written.unwrap(), parse(text));
    }
}

#[test]
fn samples_are_exact() {
    assert_eq!(SERVICE.samples.len(), 12);
    for sample in SERVICE.samples {
        check(sample.of, sample.json);
    }
}

#[test]
fn sources_disagree() {
    let sample = parse(SERVICE.sample("standard").unwrap().json);
    let with = |edit: fn(&mut Value)| {
        let mut event = sample.clone();
        edit(&mut event["Records"][0]);
        event.to_string()
    };
    // Recordings without attributes show the digest as null or not at all.
    let null = with(|message| message["md5OfMessageAttributes"] = Value::Null);
    check("SqsEvent", &null);
    let event: SqsEvent = decode(null).unwrap();
    assert_eq!(event.records[0].md5_of_message_attributes, Nullable::Null);
    assert_eq!(
        event.records[1].md5_of_message_attributes,
        Nullable::Missing
    );
    // System attributes to come, and lists that hold something.
    check(
        "SqsEvent",
        &with(|message| message["attributes"]["Tenant"] = json!("blue")),
    );
    check(
        "SqsEvent",
        &with(|message| {
            message["messageAttributes"]["a"] = json!({
                "binaryValue": "MTEwMA==",
                "stringListValues": ["abc", "123"],
                "binaryListValues": ["MA==", "MQ=="],
                "dataType": "Binary",
            });
        }),
    );
    // Sequence numbers exceed 64 bits.
    check(
        "SqsEvent",
        &with(|message| {
            message["attributes"]["SequenceNumber"] = json!("99999999999999999999");
        }),
    );
}

#[test]
fn one_bad_body_costs_one_record() {
    let event: SqsEvent = decode(SERVICE.sample("text").unwrap().json).unwrap();
    let body = &event.records[0].body;
    assert!(body.decode::<Value>().is_err());
    assert!(body.as_text().unwrap().starts_with("Grüße"));
}

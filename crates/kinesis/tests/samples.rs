//! Every sample is read and written back exactly, and so are the forms sources disagree about.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{ErrorKind, decode};
use lambda_with_kinesis::{
    KinesisBatchResponse, KinesisEncryptionType, KinesisEvent, KinesisFailureCondition,
    KinesisFailureRecord, KinesisWindowEvent, KinesisWindowResponse, SERVICE,
};
use lambda_with_testing::{edit, exact, read, sample};
use serde_json::{Value, json};

#[test]
fn samples_are_exact() {
    assert_eq!(SERVICE.samples.len(), 21);
    for sample in SERVICE.samples {
        match sample.of {
            "KinesisEvent" => drop(exact::<KinesisEvent>(sample.json)),
            "KinesisWindowEvent" => drop(exact::<KinesisWindowEvent>(sample.json)),
            "KinesisFailureRecord" => drop(exact::<KinesisFailureRecord>(sample.json)),
            "KinesisBatchResponse" => drop(exact::<KinesisBatchResponse>(sample.json)),
            "KinesisWindowResponse" => drop(exact::<KinesisWindowResponse>(sample.json)),
            other => panic!("no root type {other}"),
        }
    }
}

fn event(id: &str) -> KinesisEvent {
    read(&SERVICE, id)
}

/// Through a float, `.98` has become `.098` elsewhere, and milliseconds have been lost.
#[test]
fn times_keep_their_digits() {
    let pointer = "/Records/0/kinesis/approximateArrivalTimestamp";
    for (digits, millis) in [
        ("1772447730.98", 1_772_447_730_980),
        ("1772447730.098", 1_772_447_730_098),
        ("1607497475.000", 1_607_497_475_000),
        ("1772447745", 1_772_447_745_000),
        ("1772447730.001", 1_772_447_730_001),
    ] {
        let text = edit(&SERVICE, "records", pointer, Some(json!("@")));
        let text = text.replace("\"@\"", digits);
        let event: KinesisEvent = decode(text).unwrap();
        let arrived = &event.records[0].kinesis.approximate_arrival_timestamp;
        assert_eq!(
            arrived.timestamp().unwrap().unix_millis(),
            millis,
            "{digits}"
        );
        assert!(
            serde_json::to_string(&event)
                .unwrap()
                .contains(&format!(":{digits}"))
        );
    }
}

#[test]
fn members_that_are_not_always_there() {
    let kinesis = |name: &str| format!("/Records/0/kinesis/{name}");
    exact::<KinesisEvent>(&edit(&SERVICE, "records", &kinesis("partitionKey"), None));
    // A consumer's records name the consumer.
    let consumer =
        "arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry/consumer/alerts:1772440000";
    let pointer = "/Records/0/eventSourceARN";
    exact::<KinesisEvent>(&edit(&SERVICE, "records", pointer, Some(json!(consumer))));
    let unknown = edit(
        &SERVICE,
        "encrypted",
        &kinesis("encryptionType"),
        Some(json!("NEXT")),
    );
    let event: KinesisEvent = exact(&unknown);
    let found = event.records[0].kinesis.encryption_type.clone().unwrap();
    assert_eq!(found, KinesisEncryptionType::Other("NEXT".into()));
    // Longer than any integer.
    let long = "9".repeat(56);
    exact::<KinesisEvent>(&edit(
        &SERVICE,
        "records",
        &kinesis("sequenceNumber"),
        Some(json!(long)),
    ));
}

#[test]
fn states_are_of_any_type() {
    for state in [
        json!({ "1": 282, "2": 715 }),
        json!({ "a": "b" }),
        json!({ "a": { "n": [1.5] } }),
    ] {
        let text = edit(&SERVICE, "window", "/state", Some(state.clone()));
        let event: KinesisWindowEvent = exact(&text);
        assert_eq!(event.state::<Value>().unwrap(), state);
    }
    let first: KinesisWindowEvent = read(&SERVICE, "window-first");
    assert_eq!(first.state::<u64>().unwrap(), 0);
    assert!(first.records.len() == 1 && !first.is_final_invoke_for_window);
    let last: KinesisWindowEvent = read(&SERVICE, "window-final");
    assert!(last.records.is_empty() && last.is_final_invoke_for_window);
    assert!(last.state::<u64>().is_err());
}

#[test]
fn one_bad_record_costs_one_record() {
    let event = event("text");
    let error = event.records[1].decode::<Value>().unwrap_err();
    let number = event.records[1].kinesis.sequence_number.as_str();
    assert_eq!(error.context("record"), Some(number));
    assert_eq!(event.records[1].bytes().unwrap(), [0, 159, 146, 150, 255]);
    assert!(
        str::from_utf8(&event.records[0].bytes().unwrap())
            .unwrap()
            .contains("öffnet")
    );
    let broken = edit(
        &SERVICE,
        "records",
        "/Records/0/kinesis/data",
        Some(json!("%")),
    );
    let event: KinesisEvent = exact(&broken);
    assert_eq!(
        event.records[0].bytes().unwrap_err().kind(),
        ErrorKind::Invalid
    );
    assert!(event.records[1].decode::<Value>().is_ok());
}

#[test]
fn what_other_services_put_in() {
    let change: Value = event("dynamodb").records[0].decode().unwrap();
    assert_eq!(change["recordFormat"], "application/json");
    let placed: Value = event("eventbridge").records[0].decode().unwrap();
    assert_eq!(placed["detail-type"], "Order Placed");
    let logs = event("cloudwatch-logs").records[0].bytes().unwrap();
    assert_eq!(logs[..2], [0x1f, 0x8b]);
}

#[test]
fn failure_records() {
    let failed = |id: &str| -> KinesisFailureRecord { read(&SERVICE, id) };
    let age = failed("failed-age");
    assert_eq!(
        age.request_context.condition,
        KinesisFailureCondition::RecordAgeExceeded
    );
    assert!(age.response_context.as_ref().is_none());
    assert_eq!(age.event().unwrap_err().kind(), ErrorKind::NotFound);
    let partial = failed("failed-partial");
    assert!(
        partial
            .response_context
            .as_ref()
            .unwrap()
            .function_error
            .is_none()
    );
    assert_eq!(failed("failed-s3").event().unwrap(), event("records"));
    // Some emulators write the event itself, not a string of it.
    let object = sample(&SERVICE, "records");
    let text = edit(&SERVICE, "failed-s3", "/payload", Some(object));
    assert_eq!(
        exact::<KinesisFailureRecord>(&text).event().unwrap(),
        event("records")
    );
    let null = edit(
        &SERVICE,
        "failed-age",
        "/responseContext",
        Some(Value::Null),
    );
    exact::<KinesisFailureRecord>(&null);
}

#[test]
fn answers_are_checked_against_the_batch() {
    let event = event("records");
    let numbers: Vec<&str> = event
        .records
        .iter()
        .map(|r| r.kinesis.sequence_number.as_str())
        .collect();
    for (ids, refusal) in [
        (vec![], None),
        (vec![numbers[1]], None),
        (vec![numbers[0], ""], Some("batchItemFailures[1]")),
        (vec!["1"], Some("`1` is no record")),
    ] {
        let answer = KinesisBatchResponse::of_failed(ids.iter().copied());
        let error = answer.check(&event).err().map(|error| error.to_string());
        assert_eq!(error.is_some(), refusal.is_some(), "{ids:?}");
        assert!(error.is_none_or(|error| error.contains(refusal.unwrap())));
    }
    let state = KinesisWindowResponse::new(&json!({ "a": 1 }))
        .unwrap()
        .failed([numbers[2]]);
    let written =
        json!({ "state": { "a": 1 }, "batchItemFailures": [{ "itemIdentifier": numbers[2] }] });
    assert_eq!(serde_json::to_value(state).unwrap(), written);
    for (state, kind) in [
        (json!([1]), ErrorKind::Invalid),
        (json!({ "a": "x".repeat(1024 * 1024) }), ErrorKind::Limit),
    ] {
        assert_eq!(KinesisWindowResponse::new(&state).unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn a_batch_is_answered_with_the_place_where_it_came_to_a_halt() {
    use lambda_with::batch::Batch;
    let event = event("records");
    for (failing, expected) in [(None, None), (Some(1), Some(1)), (Some(0), Some(0))] {
        let report = Batch::default()
            .run(&event.records, async |record| {
                let failing: Option<usize> = failing;
                let bad = failing.map(|index| &event.records[index].kinesis.sequence_number);
                if bad == Some(&record.kinesis.sequence_number) {
                    return Err("bad");
                }
                Ok(())
            })
            .await;
        let answer: KinesisBatchResponse = report.response();
        answer.check(&event).unwrap();
        assert_eq!(report.progress().is_err(), expected == Some(0));
        let expected =
            expected.map(|index: usize| event.records[index].kinesis.sequence_number.clone());
        assert_eq!(answer, KinesisBatchResponse::of_failed(expected));
    }
}

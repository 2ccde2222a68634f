//! Every sample is read and written back exactly, and records are those of Apache Kafka.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Payload;
use lambda_with_kafka::KafkaEvent;
use lambda_with_msk::{
    Batch, KafkaBatchResponse, KafkaFailure, KafkaRecord, MskEvent, OnFailure, SERVICE,
};
use lambda_with_testing::{edit, exact};
use serde_json::json;

#[test]
fn samples_are_exact() {
    assert_eq!(SERVICE.samples.len(), 7);
    for sample in SERVICE.samples {
        match sample.of {
            "MskEvent" => drop(exact::<MskEvent>(sample.json)),
            "KafkaFailure" => drop(exact::<KafkaFailure>(sample.json)),
            "KafkaBatchResponse" => drop(exact::<KafkaBatchResponse>(sample.json)),
            other => panic!("no root type {other}"),
        }
    }
    // Events of 2020 had no brokers, and some tools write null.
    exact::<MskEvent>(&edit(&SERVICE, "standard", "/bootstrapServers", None));
    exact::<MskEvent>(&edit(
        &SERVICE,
        "standard",
        "/bootstrapServers",
        Some(json!(null)),
    ));
}

#[test]
fn the_two_kafkas_are_told_apart() {
    let ours = Payload::new(SERVICE.sample("standard").unwrap().json);
    assert!(ours.is::<MskEvent>() && !ours.is::<KafkaEvent>());
    let sample = lambda_with_kafka::SERVICE.sample("standard").unwrap();
    let theirs = Payload::new(sample.json);
    assert!(theirs.is::<KafkaEvent>() && !theirs.is::<MskEvent>());
}

#[tokio::test]
async fn one_handler_serves_both() {
    let handle = async |record: &KafkaRecord| match record.offset {
        1042 => Err("no such order"),
        _ => Ok(()),
    };
    let batch = Batch {
        on_failure: OnFailure::Alone,
        ..Batch::default()
    };
    let event: MskEvent = exact(SERVICE.sample("standard").unwrap().json);
    let report = batch.run(&event.records, handle).await;
    let sample = lambda_with_kafka::SERVICE.sample("standard").unwrap();
    let event: KafkaEvent = exact(sample.json);
    assert_eq!(
        report.response(),
        batch.run(&event.records, handle).await.response()
    );
    let text = serde_json::to_string(&report.response()).unwrap();
    assert_eq!(
        text,
        r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":1042}}]}"#
    );
}

//! Every sample is read and written back exactly, and records are those of Apache Kafka.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Payload;
use lambda_with::batch::{Batch, OnFailure};
use lambda_with_kafka::KafkaEvent;
use lambda_with_msk::{KafkaBatchResponse, KafkaFailure, KafkaRecord, MskEvent, SERVICE};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::json;

#[test]
fn samples_are_exact() {
    assert_eq!(SERVICE.samples.len(), 7);
    samples(
        &SERVICE,
        &[
            Root::of::<MskEvent>(),
            Root::of::<KafkaFailure>(),
            Root::of::<KafkaBatchResponse>(),
        ],
    );
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
        on_failure: Some(OnFailure::Alone),
        ..Batch::default()
    };
    let event: MskEvent = exact(SERVICE.sample("standard").unwrap().json);
    let report = batch.run(event.records.values().flatten(), handle).await;
    let answer: KafkaBatchResponse = report.response();
    let sample = lambda_with_kafka::SERVICE.sample("standard").unwrap();
    let event: KafkaEvent = exact(sample.json);
    let other = batch.run(event.records.values().flatten(), handle).await;
    assert_eq!(answer, other.response());
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(
        text,
        r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":1042}}]}"#
    );
}

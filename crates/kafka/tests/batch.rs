//! Batches of Kafka: what stays in order, what a failure stops, and how it is answered.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::time::Duration;

use lambda_with::batch::{Batch, OnFailure, Order, Report};
use lambda_with::{Base64, Map, Nullable};
use lambda_with_kafka::{KafkaBatchResponse, KafkaRecord};
use tokio::time::sleep;

/// One record per word, `PARTITION` `KEY`: `0a 0b 1a`; `-` is no key. Offsets count per partition.
fn batch(words: &str) -> Map<Vec<KafkaRecord>> {
    let mut records: Map<Vec<KafkaRecord>> = Map::new();
    for word in words.split_whitespace() {
        let partition = format!("orders-{}", &word[..1]);
        if !records.contains(&partition) {
            records.insert(partition.as_str(), Vec::new());
        }
        let those = records.get_mut(&partition).unwrap();
        let key = match &word[1..] {
            "-" => Nullable::Null,
            key => Nullable::Value(Base64::encode(key)),
        };
        those.push(KafkaRecord {
            topic: "orders".into(),
            partition: word[..1].parse().unwrap(),
            offset: those.len().try_into().unwrap(),
            key,
            ..KafkaRecord::default()
        });
    }
    records
}

fn place(record: &KafkaRecord) -> String {
    format!("{}.{}", record.partition, record.offset)
}

async fn fail(places: &str, record: &KafkaRecord) -> Result<(), String> {
    tokio::task::yield_now().await;
    match places.split(' ').any(|known| known == place(record)) {
        true => Err(format!("no {}", place(record))),
        false => Ok(()),
    }
}

fn places(report: &Report<'_, KafkaRecord, String>) -> String {
    let failures = report.failures.iter();
    let places: Vec<String> = failures.map(|failure| place(failure.record)).collect();
    places.join(" ")
}

#[tokio::test]
async fn what_a_failure_stops() {
    let stop = Batch::default();
    let alone = Batch {
        on_failure: Some(OnFailure::Alone),
        ..stop
    };
    let by_key = Batch {
        order: Order::Key,
        ..stop
    };
    let none = Batch {
        order: Order::None,
        ..stop
    };
    for (batch_, failing, expected) in [
        (stop, "", ""),
        (stop, "0.1", "0.1 0.2 0.3"),
        (stop, "0.1 1.0", "0.1 0.2 0.3 1.0 1.1"),
        (alone, "0.1", "0.1"),
        (alone, "0.0 0.3 1.1", "0.0 0.3 1.1"),
        (by_key, "0.0", "0.0 0.2"),
        (by_key, "0.1", "0.1"),
        (none, "0.0", "0.0"),
    ] {
        let records = batch("0a 0b 0a 0- 1a 1-");
        let all = records.values().flatten();
        let report = batch_.run(all, |record| fail(failing, record)).await;
        assert_eq!(places(&report), expected, "{batch_:?} {failing}");
        let answer: KafkaBatchResponse = report.response();
        answer.check(&records).unwrap();
        assert_eq!(answer.batch_item_failures.len(), report.failures.len());
    }
}

#[tokio::test]
async fn lanes_run_side_by_side_and_are_bounded() {
    for (order, parallel, words, most) in [
        (Order::Source, 10, "0a 0b 1a 1b 2a", 3),
        (Order::Source, 2, "0a 0b 1a 1b 2a", 2),
        (Order::Source, 0, "0a 1a", 1),
        (Order::Key, 10, "0a 0b 0a 1a 0-", 4),
        (Order::None, 10, "0a 0a 0a 0a", 4),
    ] {
        let (now, top) = (Cell::new(0), Cell::new(0));
        let records = batch(words);
        let runner = Batch {
            order,
            parallel,
            ..Batch::default()
        };
        let report = runner
            .run(records.values().flatten(), async |_| {
                now.set(now.get() + 1);
                top.set(top.get().max(now.get()));
                tokio::task::yield_now().await;
                now.set(now.get() - 1);
                Ok::<(), String>(())
            })
            .await;
        assert_eq!((top.get(), report.failures.len()), (most, 0), "{words}");
    }
}

#[tokio::test]
async fn a_batch_without_progress_is_an_error() {
    let records = batch("0a 1a");
    for (failing, whole) in [("0.0 1.0", true), ("1.0", false), ("", false)] {
        let all = records.values().flatten();
        let report = Batch::default();
        let report = report.run(all, |record| fail(failing, record)).await;
        assert_eq!(report.comes_again(), whole, "{failing}");
        assert_eq!(report.progress().is_err(), whole, "{failing}");
        if whole {
            let text = report.failures[0].to_string();
            assert_eq!(text, "record orders-0 0: no 0.0");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_comes_before_the_deadline() {
    let records = batch("0a 0b 1a 1b 2a");
    let begun = tokio::time::Instant::now();
    let left = || Duration::from_secs(10).saturating_sub(begun.elapsed());
    let handle = async |record: &KafkaRecord| {
        let seconds = if record.partition == 1 { 60 } else { 4 };
        sleep(Duration::from_secs(seconds)).await;
        Ok::<(), String>(())
    };
    let all = records.values().flatten();
    let report = Batch::default().run_within(all, left, sleep, handle).await;
    assert_eq!(begun.elapsed(), Duration::from_millis(9800));
    assert_eq!(places(&report), "1.0 1.1");
    let words: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        words[0],
        "record orders-1 0: still running when the time was up"
    );
}

#[test]
fn answers_that_fail_the_batch() {
    let records = batch("0a 1a");
    let mut answer = KafkaBatchResponse::of_failed(records.values().flatten());
    answer.check(&records).unwrap();
    answer.batch_item_failures[1].item_identifier.offset = 7;
    let error = answer.check(&records).unwrap_err();
    assert_eq!(
        error.context("path"),
        Some("batchItemFailures[1].itemIdentifier")
    );
    answer.batch_item_failures.truncate(1);
    answer.batch_item_failures[0].item_identifier.partition = "orders".into();
    assert!(answer.check(&records).is_err());
}

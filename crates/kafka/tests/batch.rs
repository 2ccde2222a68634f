//! The batch runner: order, parallelism, failures, panics and deadlines.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use lambda_with::{Base64, Map, Nullable};
use lambda_with_kafka::{Batch, KafkaBatchResponse, KafkaRecord, OnFailure, Order, Report};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use tokio::time::{Instant, sleep};

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

fn places(report: &Report<String>) -> String {
    let place = |it: &lambda_with_kafka::Failure<String>| {
        let partition = it
            .identifier
            .partition
            .trim_start_matches("orders-")
            .to_owned();
        format!("{partition}.{}", it.identifier.offset)
    };
    report
        .failures
        .iter()
        .map(place)
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn what_a_failure_stops() {
    let stop = Batch::default();
    let alone = Batch {
        on_failure: OnFailure::Alone,
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
        let report = batch_.run(&records, |record| fail(failing, record)).await;
        assert_eq!(places(&report), expected, "{batch_:?} {failing}");
        report.response().check(&records).unwrap();
    }
}

#[tokio::test]
async fn lanes_run_side_by_side_and_are_bounded() {
    for (order, parallel, words, most) in [
        (Order::Partition, 10, "0a 0b 1a 1b 2a", 3),
        (Order::Partition, 2, "0a 0b 1a 1b 2a", 2),
        (Order::Partition, 0, "0a 1a", 1),
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
            .run(&records, async |_| {
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
async fn a_panic_costs_its_record() {
    let records = batch("0a 1a 2a");
    let report = Batch::default()
        .run(&records, async |record| {
            assert_ne!(record.partition, 1, "partition one");
            Ok::<(), String>(())
        })
        .await;
    assert_eq!(places(&report), "1.0");
    assert!(
        report.failures[0]
            .to_string()
            .contains("the handler panicked")
    );
    assert!(!report.all_failed());
}

#[tokio::test(start_paused = true)]
async fn the_answer_comes_before_the_deadline() {
    let records = batch("0a 0b 1a 1b 2a");
    let begun = Instant::now();
    let report = Batch::default()
        .run_within(&records, Duration::from_secs(10), sleep, async |record| {
            let seconds = if record.partition == 1 { 60 } else { 4 };
            sleep(Duration::from_secs(seconds)).await;
            Ok::<(), String>(())
        })
        .await;
    assert_eq!(begun.elapsed(), Duration::from_millis(9800));
    assert_eq!(places(&report), "1.0 1.1");
    let words: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        words[0],
        "record orders-1 0: still running when the time was up"
    );
    // With a second left nothing begins.
    let report = Batch::default()
        .run_within(&records, Duration::from_millis(900), sleep, async |_| {
            Ok::<(), String>(())
        })
        .await;
    assert!(report.all_failed());
    assert!(report.failures[0].to_string().contains("too little time"));
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

proptest! {
    /// Whatever fails, each lane's done records are a beginning of it, and all others are reported.
    #[test]
    fn a_lane_keeps_its_order(
        words in vec((0..3_u8, 0..3_u8), 0..20),
        failing in vec(any::<bool>(), 20),
        parallel in 1..5_usize,
    ) {
        let text: Vec<String> = words
            .iter()
            .map(|(partition, key)| format!("{partition}{}", ["a", "b", "c"][usize::from(*key)]))
            .collect();
        let records = batch(&text.join(" "));
        let done = RefCell::new(Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let runner = Batch { parallel, ..Batch::default() };
        let report = runtime.block_on(runner.run(&records, async |record| {
            tokio::task::yield_now().await;
            let index = usize::try_from(record.offset).unwrap() * 3;
            if failing[(index + usize::try_from(record.partition).unwrap()) % 20] {
                return Err(String::new());
            }
            done.borrow_mut().push((record.partition, record.offset));
            Ok(())
        }));
        let mut last: HashMap<i64, i64> = HashMap::new();
        for (partition, offset) in done.borrow().iter() {
            let before = last.insert(*partition, *offset);
            prop_assert_eq!(before.unwrap_or(-1) + 1, *offset);
        }
        prop_assert_eq!(report.failures.len() + done.borrow().len(), words.len());
    }
}

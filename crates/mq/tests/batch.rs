//! Batches of brokers: one failure brings all of a batch again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::time::Duration;

use lambda_with::batch::{Batch, BatchRecord, OnFailure};
use lambda_with::{ErrorKind, Map, Nullable};
use lambda_with_mq::{ActiveMqMessage, RabbitMqMessage, RabbitMqProperties};
use tokio::time::{Instant, sleep};

/// One message per word; what has a letter before its number is of this message group.
fn active(words: &str) -> Vec<ActiveMqMessage> {
    let message = |word: &str| {
        let group = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let mut properties = Map::new();
        if !group.is_empty() {
            properties.insert("JMSXGroupID", Some(group.into()));
        }
        ActiveMqMessage {
            message_id: word.into(),
            properties: Nullable::Value(properties),
            ..ActiveMqMessage::default()
        }
    };
    words.split_whitespace().map(message).collect()
}

fn rabbit(words: &str) -> Vec<RabbitMqMessage> {
    let message = |word: &str| RabbitMqMessage {
        basic_properties: RabbitMqProperties {
            message_id: Nullable::Value(word.into()),
            ..RabbitMqProperties::default()
        },
        ..RabbitMqMessage::default()
    };
    words.split_whitespace().map(message).collect()
}

/// Runs messages that take as many seconds as their numbers say, within ten; tells what began.
async fn check<T: BatchRecord>(batch: Batch, messages: &[T], failing: &str, expected: &str) {
    let begun = RefCell::new(Vec::new());
    let start = Instant::now();
    let left = || Duration::from_secs(10).saturating_sub(start.elapsed());
    let handle = async |message: &T| {
        let id = message.id();
        begun.borrow_mut().push(id.to_string());
        let seconds = id.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        sleep(Duration::from_secs(seconds.parse().unwrap())).await;
        match failing.split(' ').any(|bad| bad == id) {
            true => Err("bad"),
            false => Ok(()),
        }
    };
    let report = batch.run_within(messages, left, sleep, handle).await;
    let told = match report.progress() {
        Ok(_) => format!("{}: done", begun.borrow().join(" ")),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            format!("{}: {}", begun.borrow().join(" "), error.message())
        }
    };
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn one_failure_brings_all_again() {
    let usual = Batch::default();
    let two = Batch {
        parallel: 2,
        ..usual
    };
    check(usual, &active(""), "", ": done").await;
    check(usual, &active("1 2 3"), "", "1 2 3: done").await;
    check(usual, &active("a1 a2 b1 3"), "", "a1 b1 3 a2: done").await;
    check(two, &rabbit("1 2 3"), "", "1 2 3: done").await;
    // What had begun ends, and nothing more begins.
    let one = "the batch comes again, 2 of 4 records are not done: record 1: bad";
    check(
        two,
        &rabbit("1 2 3 4"),
        "1",
        &format!("1 2: {}", one.replace("2 of", "3 of")),
    )
    .await;
    check(usual, &rabbit("1 2 3 4"), "1 2", &format!("1 2 3 4: {one}")).await;
    let late = "the batch comes again, 1 of 2 records are not done: record 60: \
                still running when the time was up";
    check(usual, &rabbit("1 60"), "", &format!("1 60: {late}")).await;
    let alone = Batch {
        parallel: 1,
        on_failure: Some(OnFailure::Alone),
        ..usual
    };
    let one = "the batch comes again, 1 of 3 records are not done: record a1: bad";
    check(alone, &active("a1 a2 3"), "a1", &format!("a1 a2 3: {one}")).await;
}

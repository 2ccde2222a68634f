//! Batches of a queue: what stays in order, what a failure stops, and how it is answered.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::time::Duration;

use lambda_with::batch::{Batch, OnFailure, Report};
use lambda_with_sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use tokio::time::{Instant, sleep};

/// One message per word, `GROUP` and a number: `a1 a2 b1`.
fn batch(queue: &str, words: &str) -> SqsEvent {
    let message = |word: &str| {
        let mut message = SqsMessage {
            message_id: word.into(),
            event_source_arn: format!("arn:aws:sqs:eu-west-1:123456789012:{queue}").into(),
            ..SqsMessage::default()
        };
        message.attributes.message_group_id = Some(word[..1].into());
        message
    };
    SqsEvent {
        records: words.split_whitespace().map(message).collect(),
    }
}

async fn fail(words: &str, message: &SqsMessage) -> Result<(), String> {
    tokio::task::yield_now().await;
    match message.message_id.as_str() {
        id if words.split_whitespace().any(|word| word == id) => Err(format!("no {id}")),
        _ => Ok(()),
    }
}

fn ids(report: &Report<'_, SqsMessage, String>) -> String {
    let failures = report.failures.iter();
    let ids: Vec<&str> = failures.map(|it| it.record.message_id.as_str()).collect();
    ids.join(" ")
}

#[tokio::test]
async fn what_a_failure_stops() {
    let stop = Batch::default();
    let skip = Batch {
        on_failure: Some(OnFailure::StopLane),
        ..stop
    };
    let one = |batch| Batch {
        parallel: 1,
        ..batch
    };
    for (options, queue, messages, failing, reported) in [
        (stop, "q", "a1 a2 b1 a3", "", ""),
        (stop, "q", "", "", ""),
        // A standard queue has no order to keep, groups or not.
        (stop, "q", "a1 a2 b1 a3", "a1", "a1"),
        (one(stop), "q", "a1 a2 b1 a3", "a1 b1", "a1 b1"),
        (stop, "q.fifo", "a1 a2 b1 a3", "", ""),
        // The other group's first message had begun already, and ends as it ends.
        (stop, "q.fifo", "a1 a2 b1 b2", "a1", "a1 a2 b2"),
        (one(stop), "q.fifo", "a1 a2 b1 b2", "a1", "a1 a2 b1 b2"),
        (one(stop), "q.fifo", "a1 b1 a2 b2", "b1", "b1 a2 b2"),
        (one(stop), "q.fifo", "a1 a2 b1", "b1", "b1"),
        (skip, "q.fifo", "a1 a2 b1 b2 a3 c1", "a2", "a2 a3"),
        (
            one(skip),
            "q.fifo",
            "a1 a2 b1 b2 a3 c1",
            "a1 b2",
            "a1 a2 b2 a3",
        ),
        (skip, "q.fifo", "a1 a2", "a1", "a1 a2"),
    ] {
        let event = batch(queue, messages);
        let report = options
            .run(&event.records, async |message| fail(failing, message).await)
            .await;
        assert_eq!(
            ids(&report),
            reported,
            "{queue} {messages}: {failing} failed"
        );
        let response: SqsBatchResponse = report.response();
        assert_eq!(
            response,
            SqsBatchResponse::of_failed(reported.split_whitespace())
        );
        response.check(&event).unwrap();
        let all = !messages.is_empty() && messages == reported;
        assert_eq!(report.comes_again(), all, "{messages}: {failing}");
        assert_eq!(report.progress().is_err(), all, "{messages}: {failing}");
    }
}

#[tokio::test]
async fn a_group_is_never_at_work_twice_and_keeps_its_order() {
    let event = batch("q.fifo", "a1 b1 a2 a3 b2 c1 b3");
    let begun = RefCell::new(Vec::new());
    let busy = RefCell::new(Vec::new());
    let report = Batch::default()
        .run(&event.records, async |message: &SqsMessage| {
            let group = message.message_id[..1].to_owned();
            assert!(!busy.borrow().contains(&group), "{group} twice");
            begun.borrow_mut().push(message.message_id.to_string());
            busy.borrow_mut().push(group.clone());
            sleep(Duration::from_millis(1)).await;
            busy.borrow_mut().retain(|other| *other != group);
            Ok::<_, String>(())
        })
        .await;
    assert!(report.failures.is_empty(), "{report:?}");
    for group in ["a", "b", "c"] {
        let of_group: Vec<_> = begun
            .borrow()
            .iter()
            .filter(|id| id.starts_with(group))
            .cloned()
            .collect();
        assert!(of_group.is_sorted(), "{of_group:?}");
    }
    assert_eq!(begun.borrow()[..3], ["a1", "b1", "c1"]);
}

#[tokio::test(start_paused = true)]
async fn the_answer_goes_out_before_the_deadline() {
    let options = Batch {
        parallel: 2,
        ..Batch::default()
    };
    // Each message takes as many seconds as its number says.
    let work = async |message: &SqsMessage| {
        let seconds: u64 = message.message_id[1..].parse().unwrap();
        sleep(Duration::from_secs(seconds)).await;
        Ok::<_, String>(())
    };
    for (remaining, queue, messages, millis, report) in [
        (9_000, "q", "a1 b2 c1", 2_000, ""),
        // Begun with time left, still running when the margin for the answer begins.
        (3_000, "q", "a1 b9 c1", 2_800, "b9 TimedOut"),
        // With less than the margin left, nothing begins any more.
        (2_500, "q", "a2 b2 c1", 2_000, "c1 Late"),
        (900, "q", "a0 b0", 0, "a0 Late, b0 Late"),
        (0, "q", "a0 b0", 0, "a0 Late, b0 Late"),
        (
            3_000,
            "q.fifo",
            "a1 a9 a3 b1",
            2_800,
            "a9 TimedOut, a3 Stopped",
        ),
    ] {
        let event = batch(queue, messages);
        let start = Instant::now();
        let left = || Duration::from_millis(remaining).saturating_sub(start.elapsed());
        let actual = options.run_within(&event.records, left, sleep, work).await;
        let failures: Vec<_> = actual
            .failures
            .iter()
            .map(|f| format!("{} {:?}", f.record.message_id, f.cause))
            .collect();
        assert_eq!(
            failures.join(", "),
            report,
            "{messages} within {remaining} ms"
        );
        assert_eq!(
            start.elapsed().as_millis(),
            millis,
            "{messages} within {remaining} ms"
        );
    }
}

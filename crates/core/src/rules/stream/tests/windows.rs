//! Tumbling windows.

use expect_test::{Expect, expect};

use super::*;

/// Records of these ids and arrivals, in windows of a minute.
fn windowed(change: impl FnOnce(&mut Settings), all: &[(&str, i64)]) -> Consumer {
    let mut settings = kinesis();
    settings.tumbling_window = Some(Duration::from_secs(60));
    settings.parallelization_factor = 4;
    change(&mut settings);
    let all = all.iter().map(|(id, arrived)| record(id, id, *arrived));
    open(settings, all.collect())
}

/// Answers with the number of records seen in the window so far.
fn counting(event: &Value) -> Option<Outcome> {
    let seen = event["state"]["seen"].as_u64().unwrap_or_default();
    let more = u64::try_from(event["Records"].as_array().unwrap().len()).unwrap();
    Some(success(
        &serde_json::json!({"state": {"seen": seen + more}}).to_string(),
    ))
}

fn check(
    consumer: &mut Consumer,
    answer: impl FnMut(&Value) -> Option<Outcome>,
    expected: &Expect,
) {
    expected.assert_eq(&play(consumer, 3600, answer));
}

#[test]
fn state_is_handed_on_until_the_window_ends() {
    // The start is 30 seconds into a minute.
    let all = [
        ("1", 0),
        ("2", 1),
        ("3", 29),
        ("4", 30),
        ("5", 29),
        ("6", 95),
    ];
    let mut consumer = windowed(|settings| settings.limits.size = 2, &all);
    check(
        &mut consumer,
        counting,
        &expect![[r#"
        0 invoke 1 2 in 35:00–36:00 {}: 2 done, 0 not
        0 invoke 3 in 35:00–36:00 {"seen":2}: 1 done, 0 not
        0 invoke in 35:00–36:00 {"seen":3} isFinalInvokeForWindow: 0 done, 0 not
        0 invoke 4 5 in 36:00–37:00 {}: 2 done, 0 not
        0 invoke in 36:00–37:00 {"seen":2} isFinalInvokeForWindow: 0 done, 0 not
        0 invoke 6 in 37:00–38:00 {}: 1 done, 0 not
        270 invoke in 37:00–38:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
        shardId-000000000000: After("6")
    "#]],
    );
}

#[test]
fn the_event_is_that_of_the_guide() {
    let mut consumer = windowed(|_| {}, &[("1", 0)]);
    let now = Duration::from_secs(START);
    let Some(Action::Invoke(batch)) = consumer.next(now) else {
        panic!("a batch is due")
    };
    expect![[r#"{"Records":["1"],"window":{"start":"2026-03-02T10:35:00Z","end":"2026-03-02T10:36:00Z"},"state":{},"shardId":"shardId-000000000000","eventSourceARN":"arn:aws:kinesis:eu-west-1:123456789012:stream/clicks","isFinalInvokeForWindow":false,"isWindowTerminatedEarly":false}"#]].assert_eq(std::str::from_utf8(&batch.event).unwrap());
}

#[test]
fn an_answer_without_state_is_a_failure() {
    for answer in [
        "null",
        "{}",
        "[]",
        "",
        r#"{"state":null}"#,
        r#"{"state":[1]}"#,
        "{",
    ] {
        let change = |settings: &mut Settings| settings.maximum_retry_attempts = Some(0);
        let mut consumer = windowed(change, &[("1", 0)]);
        let trace = play(&mut consumer, 60, |_| Some(success(answer)));
        assert!(
            trace.contains("RetryAttemptsExhausted after 1: [1]"),
            "{answer}: {trace}"
        );
    }
}

#[test]
fn failures_keep_the_state_and_hold_the_window() {
    let mut calls = 0;
    let mut consumer = windowed(|_| {}, &[("1", 0), ("2", 40)]);
    check(
        &mut consumer,
        |event| {
            calls += 1;
            match calls {
                2..=4 => Some(error()),
                _ => counting(event),
            }
        },
        &expect![[r#"
            0 invoke 1 in 35:00–36:00 {}: 1 done, 0 not
            0 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            0.25 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            0.75 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            1.75 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            1.75 invoke 2 in 36:00–37:00 {}: 1 done, 0 not
            210 invoke in 36:00–37:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            shardId-000000000000: After("2")
        "#]],
    );
}

#[test]
fn partial_answers_hand_on_the_state_of_what_is_done() {
    let mut consumer = windowed(
        |settings| settings.report_batch_item_failures = true,
        &[("1", 0), ("2", 0), ("3", 0)],
    );
    let mut calls = 0;
    check(
        &mut consumer,
        |event| {
            calls += 1;
            match calls {
                1 => Some(success(
                    r#"{"state":{"seen":1},"batchItemFailures":[{"itemIdentifier":"2"}]}"#,
                )),
                2 => Some(success(
                    r#"{"state":{"seen":9},"batchItemFailures":[{"itemIdentifier":"2"}]}"#,
                )),
                _ => counting(event),
            }
        },
        &expect![[r#"
            0 invoke 1 2 3 in 35:00–36:00 {}: 1 done, 2 not
            0 invoke 2 3 in 35:00–36:00 {"seen":1}: 0 done, 2 not
            0.25 invoke 2 3 in 35:00–36:00 {"seen":1}: 2 done, 0 not
            150 invoke in 35:00–36:00 {"seen":3} isFinalInvokeForWindow: 0 done, 0 not
            shardId-000000000000: After("3")
        "#]],
    );
}

#[test]
fn a_last_invocation_that_fails_too_often_is_given_up() {
    let mut consumer = windowed(
        |settings| settings.maximum_retry_attempts = Some(1),
        &[("1", 0), ("2", 40)],
    );
    check(
        &mut consumer,
        |event| match event["isFinalInvokeForWindow"] == true {
            true => Some(error()),
            false => counting(event),
        },
        &expect![[r#"
            0 invoke 1 in 35:00–36:00 {}: 1 done, 0 not
            0 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            0.25 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            0.25 RetryAttemptsExhausted after 2: []
            0.25 invoke 2 in 36:00–37:00 {}: 1 done, 0 not
            210 invoke in 36:00–37:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            210.25 invoke in 36:00–37:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            210.25 RetryAttemptsExhausted after 2: []
            shardId-000000000000: After("2")
        "#]],
    );
    let mut consumer = windowed(
        |settings| settings.maximum_record_age = Some(Duration::from_secs(300)),
        &[("1", 0)],
    );
    let trace = play(&mut consumer, 3600, |event| {
        match event["isFinalInvokeForWindow"] == true {
            true => Some(error()),
            false => counting(event),
        }
    });
    assert!(trace.contains("300 RecordAgeExceeded"), "{trace}");
}

#[test]
fn a_window_ends_however_old_its_records_are_by_then() {
    let mut consumer = windowed(
        |settings| settings.maximum_record_age = Some(Duration::from_secs(60)),
        &[("1", 0)],
    );
    check(
        &mut consumer,
        counting,
        &expect![[r#"
            0 invoke 1 in 35:00–36:00 {}: 1 done, 0 not
            150 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            shardId-000000000000: After("1")
        "#]],
    );
    let mut consumer = windowed(
        |settings| settings.maximum_record_age = Some(Duration::from_secs(60)),
        &[("1", 0)],
    );
    check(
        &mut consumer,
        |event| match event["isFinalInvokeForWindow"] == true {
            true => Some(error()),
            false => counting(event),
        },
        &expect![[r#"
            0 invoke 1 in 35:00–36:00 {}: 1 done, 0 not
            150 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
            150 RecordAgeExceeded after 1: []
            shardId-000000000000: After("1")
        "#]],
    );
}

#[test]
fn too_much_state_ends_the_window_early() {
    let large = format!(r#"{{"state":{{"x":"{}"}}}}"#, "x".repeat(1024 * 1024));
    let mut consumer = windowed(|settings| settings.limits.size = 1, &[("1", 0), ("2", 1)]);
    let mut calls = 0;
    let trace = play(&mut consumer, 3600, |event| {
        calls += 1;
        match calls {
            1 => Some(success(&large)),
            _ => counting(event),
        }
    });
    let trace = trace.replace(&"x".repeat(1024 * 1024), "…");
    expect![[r#"
        0 invoke 1 in 35:00–36:00 {}: 1 done, 0 not
        0 invoke in 35:00–36:00 {"x":"…"} isFinalInvokeForWindow isWindowTerminatedEarly: 0 done, 0 not
        0 invoke 2 in 35:00–36:00 {}: 1 done, 0 not
        150 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
        shardId-000000000000: After("2")
    "#]].assert_eq(&trace);
}

#[test]
fn a_shard_that_ends_ends_its_window() {
    let mut consumer = windowed(|_| {}, &[("1", 0)]);
    let end = Slice {
        records: Vec::new(),
        next: Position::After("1".into()),
        ended: true,
    };
    consumer.offer(SHARD, end, Duration::from_secs(START));
    check(
        &mut consumer,
        counting,
        &expect![[r#"
        0 invoke 1 in 35:00–36:00 {}: 1 done, 0 not
        0 invoke in 35:00–36:00 {"seen":1} isFinalInvokeForWindow: 0 done, 0 not
        shardId-000000000000: After("1"), finished
    "#]],
    );
}

#[test]
fn a_window_goes_on_after_a_restart() {
    let mut consumer = windowed(|settings| settings.limits.size = 1, &[("1", 0), ("2", 1)]);
    let now = Duration::from_secs(START);
    let Some(Action::Invoke(batch)) = consumer.next(now) else {
        panic!("a batch is due")
    };
    consumer.finish(
        batch.id,
        "r",
        Some(&success(r#"{"state":{"seen":7}}"#)),
        now,
    );
    let kept = consumer.bookmark(SHARD).unwrap().to_json();

    let bookmark = Bookmark::from_json(&kept).unwrap();
    assert_eq!(bookmark.position, Position::After("1".into()));
    let mut consumer = Consumer::new(consumer.settings.clone());
    consumer.open(SHARD, bookmark);
    consumer.offer(SHARD, slice(vec![record("2", "2", 1)]), now);
    check(
        &mut consumer,
        counting,
        &expect![[r#"
        0 invoke 2 in 35:00–36:00 {"seen":7}: 1 done, 0 not
        150 invoke in 35:00–36:00 {"seen":8} isFinalInvokeForWindow: 0 done, 0 not
        shardId-000000000000: After("2")
    "#]],
    );
}

mod any {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Whatever fails and whenever the engine is restarted, each window ends with the count of
        /// exactly its records, and no window begins before the one before it has ended.
        #[test]
        fn history(size in 1usize..5, pauses in prop::collection::vec(0i64..50, 1..30),
                   picks in prop::collection::vec(0u8..6, 0..80)) {
            let mut settings = kinesis();
            settings.limits.size = size;
            settings.tumbling_window = Some(Duration::from_secs(60));
            settings.report_batch_item_failures = true;
            let mut arrived = 0;
            let all: Vec<Record> = pauses.iter().enumerate().map(|(index, pause)| {
                arrived += pause;
                record(&format!("{index:03}"), "key", arrived)
            }).collect();
            let window = |record: &Record| record.arrived.unwrap().seconds().div_euclid(60) * 60;
            let mut expected: BTreeMap<i64, u64> = BTreeMap::new();
            for record in &all {
                *expected.entry(window(record)).or_default() += 1;
            }
            let mut consumer = Consumer::new(settings.clone());
            consumer.open(SHARD, Bookmark::at(Position::TrimHorizon));
            let mut now = Duration::from_secs(START + 2000);
            consumer.offer(SHARD, slice(all.clone()), now);
            let mut ended: BTreeMap<i64, u64> = BTreeMap::new();
            let mut picks = picks.into_iter();
            loop {
                let Some(action) = consumer.next(now) else {
                    match consumer.deadline() {
                        Some(due) => now = due,
                        None => break,
                    }
                    continue;
                };
                let Action::Invoke(batch) = action else { panic!("nothing is given up") };
                let event: Value = serde_json::from_slice(&batch.event).unwrap();
                let start: Timestamp = event["window"]["start"].as_str().unwrap().parse().unwrap();
                prop_assert!(ended.keys().all(|other| *other < start.seconds()));
                let seen = event["state"]["seen"].as_u64().unwrap_or_default();
                let ids = ids(&batch.event);
                let last = event["isFinalInvokeForWindow"] == true;
                prop_assert_eq!(last, ids.is_empty());
                let answer = |records: usize, failed: &str| {
                    let seen = seen + u64::try_from(records).unwrap();
                    success(&format!(r#"{{"state":{{"seen":{seen}}},"batchItemFailures":[{failed}]}}"#))
                };
                let outcome = match picks.next().unwrap_or_default() {
                    1 => Some(error()),
                    2 => None,
                    3 => Some(success("{}")),
                    4 if !ids.is_empty() => {
                        // Counts what comes before the record it reports.
                        let failed = ids.len() / 2;
                        let item = format!(r#"{{"itemIdentifier":"{}"}}"#, ids[failed]);
                        Some(answer(failed, &item))
                    }
                    5 => {
                        // The engine ends before it hears of the answer.
                        let kept = consumer.bookmark(SHARD).unwrap().to_json();
                        let bookmark = Bookmark::from_json(&kept).unwrap();
                        let next = match &bookmark.position {
                            Position::After(id) => id.parse::<usize>().unwrap() + 1,
                            _ => 0,
                        };
                        consumer = Consumer::new(settings.clone());
                        consumer.open(SHARD, bookmark);
                        if next < all.len() {
                            consumer.offer(SHARD, slice(all[next..].to_vec()), now);
                        }
                        continue;
                    }
                    _ => {
                        if last {
                            ended.insert(start.seconds(), seen);
                        }
                        Some(answer(ids.len(), ""))
                    }
                };
                consumer.finish(batch.id, "r", outcome.as_ref(), now);
            }
            prop_assert_eq!(ended, expected);
        }
    }
}

//! Batches, attempts, ages, splits.

use expect_test::{Expect, expect};

use super::*;

/// Plays these records; the answer is by the ids of a batch.
fn check(
    change: impl FnOnce(&mut Settings),
    records: Vec<Record>,
    mut answer: impl FnMut(&[String]) -> Option<Outcome>,
    expected: &Expect,
) {
    let mut settings = kinesis();
    settings.limits.size = 3;
    change(&mut settings);
    let mut consumer = open(settings, records);
    let trace = play(&mut consumer, 3600, |event| {
        answer(&ids(event.to_string().as_bytes()))
    });
    expected.assert_eq(&trace);
}

fn fine(_: &[String]) -> Option<Outcome> {
    Some(success("null"))
}

fn boom(_: &[String]) -> Option<Outcome> {
    Some(error())
}

/// Fails every batch that holds this record.
fn poison(id: &'static str) -> impl FnMut(&[String]) -> Option<Outcome> {
    move |ids| {
        Some(match ids.iter().any(|other| other == id) {
            true => error(),
            false => success("null"),
        })
    }
}

/// Reports this record in every batch that holds it.
fn reported(id: &'static str) -> impl FnMut(&[String]) -> Option<Outcome> {
    move |ids| {
        Some(match ids.iter().any(|other| other == id) {
            true => reports(&[id]),
            false => success("{}"),
        })
    }
}

#[test]
fn batches_are_full_or_due() {
    check(
        |_| {},
        records(&["1", "2", "3", "4"]),
        fine,
        &expect![[r#"
            0 invoke 1 2 3: 3 done, 0 not
            0 invoke 4: 1 done, 0 not
            shardId-000000000000: After("4")
        "#]],
    );
    check(
        |settings| settings.limits.window = Duration::from_secs(5),
        records(&["1", "2", "3", "4"]),
        fine,
        &expect![[r#"
            0 invoke 1 2 3: 3 done, 0 not
            5 invoke 4: 1 done, 0 not
            shardId-000000000000: After("4")
        "#]],
    );
    // The next window begins when the last invocation has returned.
    let mut calls = 0;
    check(
        |settings| settings.limits.window = Duration::from_secs(5),
        records(&["1", "2", "3", "4"]),
        |_| {
            calls += 1;
            Some(if calls == 1 { error() } else { success("null") })
        },
        &expect![[r#"
            0 invoke 1 2 3: 0 done, 3 not
            0.25 invoke 1 2 3: 3 done, 0 not
            5.25 invoke 4: 1 done, 0 not
            shardId-000000000000: After("4")
        "#]],
    );
    // Room for two records of three bytes, a comma and the braces.
    check(
        |settings| settings.limits.payload = r#"{"Records":["1","2"]}"#.len(),
        records(&["1", "2", "3", "a long one", "5"]),
        fine,
        &expect![[r#"
            0 invoke 1 2: 2 done, 0 not
            0 invoke 3: 1 done, 0 not
            0 MaximumPayloadSizeExceeded after 0: [a long one]
            0 invoke 5: 1 done, 0 not
            shardId-000000000000: After("5")
        "#]],
    );
}

#[test]
fn attempts_are_counted_as_recorded() {
    check(
        |settings| settings.maximum_retry_attempts = Some(1),
        records(&["1"]),
        boom,
        &expect![[r#"
            0 invoke 1: 0 done, 1 not
            0.25 invoke 1: 0 done, 1 not
            0.25 RetryAttemptsExhausted after 2: [1]
            shardId-000000000000: After("1")
        "#]],
    );
    // Six records whose last is always reported: once in its batch, then four times alone.
    check(
        |settings| {
            settings.maximum_retry_attempts = Some(3);
            settings.report_batch_item_failures = true;
        },
        records(&["1", "2", "3", "4", "5", "6"]),
        reported("6"),
        &expect![[r#"
            0 invoke 1 2 3: 3 done, 0 not
            0 invoke 4 5 6: 2 done, 1 not
            0 invoke 6: 0 done, 1 not
            0.25 invoke 6: 0 done, 1 not
            0.75 invoke 6: 0 done, 1 not
            1.75 invoke 6: 0 done, 1 not
            1.75 RetryAttemptsExhausted after 4: [6]
            shardId-000000000000: After("6")
        "#]],
    );
    // A report of the first record takes an attempt of the whole batch.
    check(
        |settings| {
            settings.maximum_retry_attempts = Some(1);
            settings.report_batch_item_failures = true;
            settings.bisect_batch_on_function_error = true;
        },
        records(&["1", "2"]),
        reported("1"),
        &expect![[r#"
            0 invoke 1 2: 0 done, 2 not
            0.25 invoke 1 2: 0 done, 2 not
            0.25 RetryAttemptsExhausted after 2: [1 2]
            shardId-000000000000: After("2")
        "#]],
    );
    // A report within the batch splits there, and nowhere else.
    check(
        |settings| {
            settings.limits.size = 5;
            settings.maximum_retry_attempts = Some(0);
            settings.report_batch_item_failures = true;
            settings.bisect_batch_on_function_error = true;
        },
        records(&["1", "2", "3", "4", "5"]),
        reported("2"),
        &expect![[r#"
            0 invoke 1 2 3 4 5: 1 done, 4 not
            0 invoke 2 3 4 5: 0 done, 4 not
            0 RetryAttemptsExhausted after 1: [2 3 4 5]
            shardId-000000000000: After("5")
        "#]],
    );
    // Without the setting, reports mean nothing.
    check(
        |_| {},
        records(&["1", "2"]),
        reported("1"),
        &expect![[r#"
            0 invoke 1 2: 2 done, 0 not
            shardId-000000000000: After("2")
        "#]],
    );
}

#[test]
fn whole_failures_and_successes_are_as_recorded() {
    for answer in [
        r#"{"batchItemFailures":[{"itemIdentifier":"123"}]}"#,
        r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
        r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
        r#"{"batchItemFailures":[{"foo":"2"}]}"#,
        r#"{"batchItemFailures":[{"foo":null}]}"#,
    ] {
        // Batches of one record with two retries, and of three with three.
        for (ids, retries) in [(&["1"][..], 2), (&["1", "2", "3"], 3)] {
            let mut settings = kinesis();
            settings.report_batch_item_failures = true;
            settings.maximum_retry_attempts = Some(retries);
            let mut consumer = open(settings, records(ids));
            let trace = play(&mut consumer, 3600, |_| Some(success(answer)));
            let (batch, runs) = (ids.join(" "), retries + 1);
            let failed = format!("invoke {batch}: 0 done, {} not", ids.len());
            assert_eq!(
                trace.matches(&failed).count(),
                runs as usize,
                "{answer}: {trace}"
            );
            let end = format!("RetryAttemptsExhausted after {runs}: [{batch}]");
            assert!(trace.contains(&end), "{answer}: {trace}");
        }
    }
    for answer in [
        "[]",
        "{}",
        "null",
        "\"\"",
        "",
        r#"{"batchItemFailures":[]}"#,
        r#"{"batchItemFailures":null}"#,
    ] {
        let mut settings = kinesis();
        settings.report_batch_item_failures = true;
        let mut consumer = open(settings, records(&["1", "2"]));
        let trace = play(&mut consumer, 3600, |_| Some(success(answer)));
        assert!(
            trace.starts_with("0 invoke 1 2: 2 done, 0 not\n"),
            "{answer}: {trace}"
        );
    }
}

#[test]
fn splits_find_the_bad_record_and_cost_no_attempt() {
    check(
        |settings| {
            settings.limits.size = 5;
            settings.maximum_retry_attempts = Some(1);
            settings.bisect_batch_on_function_error = true;
        },
        records(&["1", "2", "3", "4", "5", "6"]),
        poison("4"),
        &expect![[r#"
            0 invoke 1 2 3 4 5: 0 done, 5 not
            0 invoke 1 2: 2 done, 0 not
            0 invoke 3 4 5: 0 done, 3 not
            0 invoke 3: 1 done, 0 not
            0 invoke 4 5: 0 done, 2 not
            0 invoke 4: 0 done, 1 not
            0.25 invoke 4: 0 done, 1 not
            0.25 RetryAttemptsExhausted after 2: [4]
            0.25 invoke 5: 1 done, 0 not
            0.25 invoke 6: 1 done, 0 not
            shardId-000000000000: After("6")
        "#]],
    );
}

#[test]
fn records_are_given_up_when_they_are_too_old() {
    // Eight attempts within a minute.
    check(
        |settings| settings.maximum_record_age = Some(Duration::from_secs(60)),
        records(&["1"]),
        boom,
        &expect![[r#"
            0 invoke 1: 0 done, 1 not
            0.25 invoke 1: 0 done, 1 not
            0.75 invoke 1: 0 done, 1 not
            1.75 invoke 1: 0 done, 1 not
            3.75 invoke 1: 0 done, 1 not
            7.75 invoke 1: 0 done, 1 not
            15.75 invoke 1: 0 done, 1 not
            31.75 invoke 1: 0 done, 1 not
            60 RecordAgeExceeded after 8: [1]
            shardId-000000000000: After("1")
        "#]],
    );
    // One too old, five fresh.
    let mixed = [
        ("1", -60),
        ("2", -1),
        ("3", 0),
        ("4", 0),
        ("5", 0),
        ("6", 0),
    ];
    check(
        |settings| {
            settings.limits.size = 100;
            settings.maximum_record_age = Some(Duration::from_secs(60));
            settings.maximum_retry_attempts = Some(0);
        },
        mixed.map(|(id, arrived)| record(id, "k", arrived)).into(),
        fine,
        &expect![[r#"
            0 RecordAgeExceeded after 0: [1]
            0 invoke 2 3 4 5 6: 5 done, 0 not
            shardId-000000000000: After("6")
        "#]],
    );
    // Those that are too old together are reported together.
    check(
        |settings| settings.maximum_record_age = Some(Duration::from_secs(60)),
        [("1", -62), ("2", -61), ("3", 0)]
            .map(|(id, arrived)| record(id, "k", arrived))
            .into(),
        fine,
        &expect![[r#"
            0 RecordAgeExceeded after 0: [1 2]
            0 invoke 3: 1 done, 0 not
            shardId-000000000000: After("3")
        "#]],
    );
    // The older of two expires between attempts.
    check(
        |settings| {
            settings.maximum_record_age = Some(Duration::from_secs(60));
            settings.maximum_retry_attempts = Some(8);
        },
        vec![record("1", "k", -58), record("2", "k", 0)],
        boom,
        &expect![[r#"
            0 invoke 1 2: 0 done, 2 not
            0.25 invoke 1 2: 0 done, 2 not
            0.75 invoke 1 2: 0 done, 2 not
            1.75 invoke 1 2: 0 done, 2 not
            2 RecordAgeExceeded after 4: [1]
            3.75 invoke 2: 0 done, 1 not
            7.75 invoke 2: 0 done, 1 not
            15.75 invoke 2: 0 done, 1 not
            31.75 invoke 2: 0 done, 1 not
            60 RecordAgeExceeded after 8: [2]
            shardId-000000000000: After("2")
        "#]],
    );
}

#[test]
fn throttles_take_no_attempt() {
    let mut calls = 0;
    check(
        |settings| settings.maximum_retry_attempts = Some(1),
        records(&["1"]),
        |_| {
            calls += 1;
            (calls % 4 == 0).then(error)
        },
        &expect![[r#"
            0 invoke 1: 0 done, 1 not
            0.25 invoke 1: 0 done, 1 not
            0.75 invoke 1: 0 done, 1 not
            1.75 invoke 1: 0 done, 1 not
            2 invoke 1: 0 done, 1 not
            2.25 invoke 1: 0 done, 1 not
            2.75 invoke 1: 0 done, 1 not
            3.75 invoke 1: 0 done, 1 not
            3.75 RetryAttemptsExhausted after 2: [1]
            shardId-000000000000: After("1")
        "#]],
    );
}

#[test]
fn what_the_filters_keep_out_moves_the_checkpoint() {
    let mut settings = kinesis();
    settings.filters = FilterCriteria::parse([r#"{"partitionKey":["yes"]}"#]).unwrap();
    let mut consumer = Consumer::new(settings);
    consumer.open(SHARD, Bookmark::at(Position::Latest));
    let read = |id: &str, key: &str| Record {
        json: format!(r#"{{"kinesis":{{"partitionKey":"{key}"}}}}"#).into(),
        ..record(id, key, 0)
    };
    let now = Duration::from_secs(START);
    let position = |consumer: &Consumer| consumer.bookmark(SHARD).unwrap().position;
    let offer = |consumer: &mut Consumer, all: &[(&str, &str)]| {
        let all = all.iter().map(|(id, key)| read(id, key)).collect();
        consumer.offer(SHARD, slice(all), now)
    };
    assert_eq!(offer(&mut consumer, &[("1", "no"), ("2", "no")]), 2);
    assert_eq!(position(&consumer), Position::After("2".into()));
    assert!(consumer.next(now).is_none());
    assert_eq!(
        offer(&mut consumer, &[("3", "no"), ("4", "yes"), ("5", "no")]),
        2
    );
    assert_eq!(position(&consumer), Position::After("3".into()));
    let Some(Action::Invoke(batch)) = consumer.next(now) else {
        panic!("a batch is due")
    };
    assert_eq!(batch.records, 1);
    consumer.finish(batch.id, "r", Some(&success("null")), now);
    assert_eq!(position(&consumer), Position::After("5".into()));
}

#[test]
fn lanes_run_side_by_side_and_the_checkpoint_waits_for_the_oldest() {
    let mut settings = kinesis();
    settings.parallelization_factor = 2;
    let keys = ["a", "b", "a", "b", "a"];
    let all = keys.iter().enumerate();
    let all = all.map(|(index, key)| record(&index.to_string(), key, 0));
    let mut consumer = open(settings, all.collect());
    let now = Duration::from_secs(START);
    let mut batches = Vec::new();
    while let Some(Action::Invoke(batch)) = consumer.next(now) {
        batches.push(batch);
    }
    let found: Vec<String> = batches
        .iter()
        .map(|batch| ids(&batch.event).join(" "))
        .collect();
    assert_eq!(found, ["0 2 4", "1 3"]);
    let mut finish = |index: usize| {
        consumer.finish(batches[index].id, "r", Some(&success("null")), now);
        consumer.bookmark(SHARD).unwrap().position
    };
    assert_eq!(finish(1), Position::TrimHorizon);
    assert_eq!(finish(0), Position::After("4".into()));
}

#[test]
fn a_closed_shard_is_finished_when_its_records_are() {
    let mut consumer = Consumer::new(kinesis());
    consumer.open(SHARD, Bookmark::at(Position::TrimHorizon));
    let end = Slice {
        ended: true,
        ..slice(records(&["1"]))
    };
    let now = Duration::from_secs(START);
    consumer.offer(SHARD, end, now);
    assert_eq!(consumer.position(SHARD), None);
    assert!(!consumer.bookmark(SHARD).unwrap().finished);
    let trace = play(&mut consumer, 1, |_| Some(success("null")));
    expect![[r#"
        0 invoke 1: 1 done, 0 not
        shardId-000000000000: After("1"), finished
    "#]]
    .assert_eq(&trace);
}

//! Kafka: batches of several partitions.

use expect_test::expect;

use super::*;

fn settings() -> Settings {
    let cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4";
    let mut settings = Settings::new(Origin::Msk {
        cluster: cluster.parse().unwrap(),
        bootstrap_servers: "b-1.example.com:9098,b-2.example.com:9098".into(),
    });
    settings.report_batch_item_failures = true;
    settings
}

/// Two partitions of three records: `a0 a1 a2` and `b0 b1 b2`, with the same offsets.
fn consumer(settings: Settings) -> Consumer {
    let mut consumer = Consumer::new(settings);
    for (shard, name) in [("orders-0", "a"), ("orders-1", "b")] {
        consumer.open(shard, Bookmark::at(Position::TrimHorizon));
        let records = (0..3).map(|offset: u32| Record {
            json: format!(r#""{name}{offset}""#).into(),
            ..record(&offset.to_string(), "key", 0)
        });
        consumer.offer(shard, slice(records.collect()), Duration::from_secs(START));
    }
    consumer
}

fn failed(partition: &str, offset: &str) -> String {
    format!(
        r#"{{"batchItemFailures":[{{"itemIdentifier":{{"partition":"{partition}","offset":{offset}}}}}]}}"#
    )
}

#[test]
fn events_hold_partitions() {
    let now = Duration::from_secs(START + 1);
    let Some(Action::Invoke(batch)) = consumer(settings()).next(now) else {
        panic!("a batch is due")
    };
    expect![[r#"{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:eu-west-1:123456789012:cluster/orders/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4","bootstrapServers":"b-1.example.com:9098,b-2.example.com:9098","records":{"orders-0":["a0","a1","a2"],"orders-1":["b0","b1","b2"]}}"#]].assert_eq(std::str::from_utf8(&batch.event).unwrap());
    let mut own = settings();
    own.origin = Origin::Kafka {
        bootstrap_servers: "broker1.example.net:9092".into(),
    };
    own.limits.size = 4;
    let Some(Action::Invoke(batch)) = consumer(own).next(now) else {
        panic!("a batch is due")
    };
    expect![[r#"{"eventSource":"SelfManagedKafka","bootstrapServers":"broker1.example.net:9092","records":{"orders-0":["a0","a1","a2"],"orders-1":["b0"]}}"#]].assert_eq(std::str::from_utf8(&batch.event).unwrap());
}

#[test]
fn no_event_is_larger_than_allowed() {
    let now = Duration::from_secs(START + 1);
    let mut settings = settings();
    let mut all = consumer(settings.clone());
    let Some(Action::Invoke(whole)) = all.next(now) else {
        panic!("a batch is due")
    };
    for (less, expected) in [(0, 6), (1, 5)] {
        settings.limits.payload = whole.event.len() - less;
        let Some(Action::Invoke(batch)) = consumer(settings.clone()).next(now) else {
            panic!("a batch is due")
        };
        assert_eq!(batch.records, expected);
        assert!(batch.event.len() <= settings.limits.payload);
    }
}

#[test]
fn each_partition_goes_on_from_its_own_failure() {
    let mut calls = 0;
    let trace = play(&mut consumer(settings()), 60, |_| {
        calls += 1;
        Some(match calls {
            1 => success(&failed("orders-1", "1")),
            2 => success(&failed("orders-1", "\"2\"")),
            _ => success("{}"),
        })
    });
    expect![[r#"
        0.5 invoke a0 a1 a2 b0 b1 b2: 4 done, 2 not
        0.5 invoke b1 b2: 1 done, 1 not
        0.5 invoke b2: 1 done, 0 not
        orders-0: After("2")
        orders-1: After("2")
    "#]]
    .assert_eq(&trace);
}

#[test]
fn what_is_no_place_in_the_batch_fails_it() {
    for answer in [
        failed("orders-1", "3"),
        failed("orders-2", "1"),
        failed("orders-1", "-1"),
        failed("orders-1", "null"),
        failed("orders-1", "{}"),
        r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#.into(),
        r#"{"batchItemFailures":[{"itemIdentifier":["orders-1",1]}]}"#.into(),
        r#"{"batchItemFailures":[{"itemIdentifier":{"topic":"orders","partition":1,"offset":1}}]}"#
            .into(),
    ] {
        let mut settings = settings();
        settings.maximum_retry_attempts = Some(0);
        let trace = play(&mut consumer(settings), 60, |_| Some(success(&answer)));
        assert!(
            trace.contains("RetryAttemptsExhausted after 1: [a0 a1 a2 b0 b1 b2]"),
            "{answer}: {trace}"
        );
    }
}

#[test]
fn retries_have_an_end_where_there_is_a_destination() {
    let mut settings = settings();
    assert_eq!(settings.retries(), None);
    settings.on_failure = Some("kafka://orders-failed".parse().unwrap());
    assert_eq!(settings.retries(), Some(10));
    let trace = play(&mut consumer(settings.clone()), 3600, |_| Some(error()));
    assert!(
        trace.contains("RetryAttemptsExhausted after 11:"),
        "{trace}"
    );
    settings.maximum_retry_attempts = Some(11);
    assert_eq!(settings.retries(), Some(11));
    settings.origin = kinesis().origin;
    settings.maximum_retry_attempts = None;
    assert_eq!(settings.retries(), None);
}

#[test]
fn destinations_are_read_and_written() {
    for text in ["kafka://orders-failed", "arn:aws:s3:::orders-failed"] {
        assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
    }
    for text in ["kafka://", "orders", ""] {
        assert!(text.parse::<Destination>().is_err(), "{text}");
    }
}

mod any {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The partition and offset of every record of an event.
    fn places(event: &[u8]) -> Vec<(String, u64)> {
        let event: Value = serde_json::from_slice(event).unwrap();
        let shards = event["records"].as_object().unwrap();
        let place = |(shard, records): (&String, &Value)| -> Vec<(String, u64)> {
            let offsets = records.as_array().unwrap().iter();
            offsets
                .map(|offset| (shard.clone(), offset.as_u64().unwrap()))
                .collect()
        };
        shards.iter().flat_map(place).collect()
    }

    /// What happens next to the batch that is invoked.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Succeed,
        Fail,
        Refuse,
        /// Reports the record of this place.
        Report(usize),
        /// The engine ends before it hears of the answer, and is started again.
        Restart,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => Just(Step::Succeed),
            3 => Just(Step::Fail),
            1 => Just(Step::Refuse),
            3 => (0usize..100).prop_map(Step::Report),
            1 => Just(Step::Restart),
        ];
        prop::collection::vec(step, 0..60)
    }

    /// A consumer that has read all of its partitions from where it was.
    fn reading(settings: &Settings, lengths: &[u64], from: &[Bookmark], now: Duration) -> Consumer {
        let mut consumer = Consumer::new(settings.clone());
        for (index, (length, bookmark)) in lengths.iter().zip(from).enumerate() {
            let shard = format!("orders-{index}");
            consumer.open(&shard, bookmark.clone());
            // Two seconds between records.
            let records = (committed(bookmark)..*length).map(|offset| Record {
                json: offset.to_string().into(),
                ..record(
                    &offset.to_string(),
                    "key",
                    2 * i64::try_from(offset).unwrap(),
                )
            });
            let records: Vec<Record> = records.collect();
            if !records.is_empty() {
                consumer.offer(&shard, slice(records), now);
            }
        }
        consumer
    }

    fn committed(bookmark: &Bookmark) -> u64 {
        match &bookmark.position {
            Position::After(id) => id.parse::<u64>().map_or(0, |offset| offset + 1),
            _ => 0,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        /// Whatever is reported and whenever the engine is restarted, every partition goes on in
        /// order from its lowest failure, one batch at a time, nothing is committed before it is done
        /// with, nothing is lost, and attempts and ages have their ends.
        #[test]
        fn answers(size in 1usize..8, bisect: bool, retries in prop::option::of(0u32..3),
                   age in prop::option::of(1u64..60),
                   lengths in prop::collection::vec(0u64..8, 1..4), steps in steps()) {
            let mut settings = settings();
            settings.limits.size = size;
            settings.bisect_batch_on_function_error = bisect;
            settings.maximum_retry_attempts = retries;
            settings.maximum_record_age = age.map(Duration::from_secs);
            let mut now = Duration::from_secs(START + 20);
            let start = vec![Bookmark::at(Position::TrimHorizon); lengths.len()];
            let mut consumer = reading(&settings, &lengths, &start, now);
            let mut done: BTreeMap<String, u64> = BTreeMap::new();
            let mut runs: BTreeMap<Vec<(String, u64)>, u32> = BTreeMap::new();
            let mut steps = steps.into_iter();
            loop {
                let action = consumer.next(now);
                if action.is_some() {
                    prop_assert!(consumer.next(now).is_none(), "one batch at a time");
                    prop_assert_eq!(consumer.in_flight(), 1);
                }
                let age_of = |offset: u64| now - Duration::from_secs(START + 2 * offset);
                match action {
                    None => match consumer.deadline() {
                        Some(due) => now = due,
                        None => break,
                    },
                    Some(Action::Report(failure)) => {
                        let places = places(&failure.event);
                        if failure.condition == Condition::RetryAttemptsExhausted {
                            prop_assert_eq!(Some(failure.attempts), retries.map(|most| most + 1));
                        } else {
                            let old = |(_, offset): &(String, u64)| Some(age_of(*offset)) >= settings.maximum_record_age;
                            prop_assert!(age.is_some() && places.iter().all(old));
                        }
                        for (shard, offset) in places {
                            let next = done.entry(shard).or_default();
                            prop_assert_eq!(*next, offset);
                            *next += 1;
                        }
                        consumer.reported(failure.id);
                    }
                    Some(Action::Invoke(batch)) => {
                        let places = places(&batch.event);
                        prop_assert!(places.len() <= size);
                        let mut expected = done.clone();
                        for (shard, offset) in &places {
                            let next = expected.entry(shard.clone()).or_default();
                            prop_assert_eq!(*next, *offset, "each partition in order");
                            *next += 1;
                            prop_assert!(settings.maximum_record_age.is_none_or(|age| age_of(*offset) < age));
                        }
                        let step = steps.next().unwrap_or(Step::Succeed);
                        let mut ran = || {
                            let runs = runs.entry(places.clone()).or_default();
                            *runs += 1;
                            retries.is_none_or(|retries| *runs <= retries + 1)
                        };
                        let outcome = match step {
                            Step::Succeed => Some(success("null")),
                            Step::Fail => Some(error()),
                            Step::Refuse => None,
                            Step::Report(pick) => {
                                let (shard, offset) = &places[pick % places.len()];
                                expected.insert(shard.clone(), *offset);
                                Some(success(&failed(shard, &offset.to_string())))
                            }
                            Step::Restart => {
                                let kept: Vec<Bookmark> = consumer.bookmarks().map(|(_, bookmark)| bookmark).collect();
                                consumer = reading(&settings, &lengths, &kept, now);
                                runs.clear();
                                continue;
                            }
                        };
                        prop_assert!(outcome.is_none() || ran(), "attempts have an end");
                        consumer.finish(batch.id, "r", outcome.as_ref(), now);
                        if matches!(step, Step::Succeed | Step::Report(_)) {
                            done = expected;
                        }
                    }
                }
                for index in 0..lengths.len() {
                    let shard = format!("orders-{index}");
                    let committed = committed(&consumer.bookmark(&shard).unwrap());
                    prop_assert_eq!(committed, done.get(&shard).copied().unwrap_or_default());
                }
            }
            prop_assert_eq!(done.values().sum::<u64>(), lengths.iter().sum::<u64>());
        }
    }
}

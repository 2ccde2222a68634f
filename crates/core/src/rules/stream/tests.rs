mod failures;
mod kafka;
mod lineage;
mod properties;
mod retries;
mod windows;

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::rules::mapping::{Mapping, SourceKind, StartingPosition};
use crate::{Outcome, Record, Slice, Timestamp};

/// When every trace begins.
const START: u64 = 1_772_447_730;

const SHARD: &str = "shardId-000000000000";

fn kinesis() -> Settings {
    let stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks";
    Settings::new(Origin::Kinesis {
        stream: stream.parse().unwrap(),
    })
}

/// A record that stands in events as its own id, and arrived so many seconds after the start.
fn record(id: &str, key: &str, arrived: i64) -> Record {
    let start = i64::try_from(START).unwrap();
    Record {
        id: id.into(),
        group: Some(key.into()),
        receipt: String::new(),
        json: format!(r#""{id}""#).into(),
        arrived: Some(Timestamp::from_unix_seconds(start + arrived)),
    }
}

fn records(ids: &[&str]) -> Vec<Record> {
    ids.iter().map(|id| record(id, "k", 0)).collect()
}

fn slice(records: Vec<Record>) -> Slice {
    let last = records.last().map_or("none", |record| &record.id);
    Slice {
        next: Position::After(last.into()),
        records,
        ended: false,
    }
}

fn success(payload: &str) -> Outcome {
    Outcome::Success {
        payload: payload.to_owned().into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

fn error() -> Outcome {
    Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: r#"{"errorMessage":"boom"}"#.into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

fn reports(ids: &[&str]) -> Outcome {
    let item = |id: &&str| serde_json::json!({"itemIdentifier": id});
    let items: Vec<Value> = ids.iter().map(item).collect();
    success(&serde_json::json!({ "batchItemFailures": items }).to_string())
}

/// The records of an event.
fn ids(event: &[u8]) -> Vec<String> {
    let event: Value = serde_json::from_slice(event).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match event.get("records") {
        Some(Value::Object(shards)) => shards
            .values()
            .flat_map(|records| records.as_array().unwrap())
            .map(text)
            .collect(),
        _ => event["Records"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect(),
    }
}

/// Runs a consumer on its own: every invocation is answered at once, and time passes when there is
/// nothing to do. Returns what happened, a line each.
fn play(
    consumer: &mut Consumer,
    until: u64,
    mut answer: impl FnMut(&Value) -> Option<Outcome>,
) -> String {
    let mut trace = String::new();
    let mut now = Duration::from_secs(START);
    for _ in 0..1000 {
        let at = now.saturating_sub(Duration::from_secs(START)).as_secs_f64();
        match consumer.next(now) {
            Some(Action::Invoke(batch)) => {
                let event: Value = serde_json::from_slice(&batch.event).unwrap();
                let mut what = ids(&batch.event).join(" ");
                if let Some(window) = event.get("window") {
                    let time = |name: &str| window[name].as_str().unwrap()[14..19].to_owned();
                    write!(
                        what,
                        " in {}–{} {}",
                        time("start"),
                        time("end"),
                        event["state"]
                    )
                    .unwrap();
                    for flag in ["isFinalInvokeForWindow", "isWindowTerminatedEarly"] {
                        if event[flag] == true {
                            write!(what, " {flag}").unwrap();
                        }
                    }
                }
                let outcome = answer(&event);
                let settled = consumer.finish(batch.id, "r-1", outcome.as_ref(), now);
                writeln!(
                    trace,
                    "{at} invoke {}: {} done, {} not",
                    what.trim(),
                    settled.succeeded,
                    settled.failed
                )
                .unwrap();
            }
            Some(Action::Report(failure)) => {
                writeln!(
                    trace,
                    "{at} {} after {}: [{}]",
                    failure.condition,
                    failure.attempts,
                    ids(&failure.event).join(" ")
                )
                .unwrap();
                consumer.reported(failure.id);
            }
            None => match consumer.deadline() {
                Some(due) if due <= Duration::from_secs(START + until) => {
                    assert!(due > now, "what is due is to be done");
                    now = due;
                }
                _ => break,
            },
        }
    }
    for shard in consumer.shards.keys() {
        let bookmark = consumer.bookmark(shard).unwrap();
        assert_eq!(Bookmark::from_json(&bookmark.to_json()).unwrap(), bookmark);
        let state = if bookmark.finished { ", finished" } else { "" };
        writeln!(trace, "{shard}: {:?}{state}", bookmark.position).unwrap();
    }
    trace
}

fn open(settings: Settings, records: Vec<Record>) -> Consumer {
    let mut consumer = Consumer::new(settings);
    consumer.open(SHARD, Bookmark::at(Position::TrimHorizon));
    consumer.offer(SHARD, slice(records), Duration::from_secs(START));
    consumer
}

#[test]
fn settings_are_those_of_the_mapping() {
    let mut mapping = Mapping {
        source: Some(
            "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
                .parse()
                .unwrap(),
        ),
        ..Mapping::default()
    };
    assert_eq!(
        Settings::of(&mapping, SourceKind::Kinesis).unwrap(),
        kinesis()
    );
    mapping.batch_size = Some(7);
    mapping.batching_window = Some(5);
    mapping.starting_position = Some(StartingPosition::Latest);
    mapping.parallelization_factor = Some(4);
    mapping.maximum_record_age = Some(60);
    mapping.maximum_retry_attempts = Some(0);
    mapping.bisect_batch_on_function_error = Some(true);
    mapping.tumbling_window = Some(30);
    mapping.report_batch_item_failures = Some(true);
    mapping.on_failure = Some("kafka://failed".into());
    mapping.bootstrap_servers = vec!["a:9092".into(), "b:9092".into()];
    let settings = Settings::of(&mapping, SourceKind::Kafka).unwrap();
    let origin = Origin::Kafka {
        bootstrap_servers: "a:9092,b:9092".into(),
    };
    let seconds = Duration::from_secs;
    let limits = Limits {
        size: 7,
        window: seconds(5),
        ..kinesis().limits
    };
    let expected = Settings {
        limits,
        starting_position: Position::Latest,
        parallelization_factor: 4,
        maximum_record_age: Some(seconds(60)),
        maximum_retry_attempts: Some(0),
        bisect_batch_on_function_error: true,
        tumbling_window: Some(seconds(30)),
        report_batch_item_failures: true,
        on_failure: Some(Destination::Topic("failed".into())),
        ..Settings::new(origin)
    };
    assert_eq!(settings, expected);
    mapping.maximum_record_age = Some(-1);
    mapping.maximum_retry_attempts = Some(-1);
    mapping.tumbling_window = Some(0);
    mapping.on_failure = Some(String::new());
    let unlimited = Settings::of(&mapping, SourceKind::DynamoDb).unwrap();
    assert_eq!(
        (unlimited.maximum_record_age, unlimited.retries()),
        (None, None)
    );
    assert_eq!(
        (unlimited.tumbling_window, unlimited.on_failure),
        (None, None)
    );

    mapping.starting_position = Some(StartingPosition::AtTimestamp);
    assert!(
        Settings::of(&mapping, SourceKind::Kinesis).is_err(),
        "no time"
    );
    mapping.starting_position = None;
    assert!(Settings::of(&mapping, SourceKind::SqsStandard).is_err());
    mapping.source = None;
    assert!(Settings::of(&mapping, SourceKind::Kinesis).is_err());
}

//! What the source asks of the endpoint, and what it makes of answers that are rare.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{Builder, retry::RetryConfig};
use lambda_with::{ErrorKind, Position, Stream, Timestamp};
use lambda_with_kinesis::poll::KinesisStream;
use lambda_with_testing::fake::{self, Log};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry";
const NONE: Duration = Duration::ZERO;

/// A source whose calls are answered one after the other.
fn source(answers: Vec<(&'static str, u16, Value)>) -> (KinesisStream, Log) {
    let answers = Mutex::new(answers.into_iter());
    let (session, log) = fake::session(move |_, path, _| {
        let (call, status, answer) = answers.lock().unwrap().next().unwrap();
        assert_eq!(path, format!("/{call}"));
        (status, answer.to_string())
    });
    let config = Builder::from(session.config()).retry_config(RetryConfig::disabled());
    let client = Client::from_conf(config.build());
    (
        KinesisStream::new(client, ARN.parse().unwrap(), "arn:role"),
        log,
    )
}

fn bodies(log: &Log) -> Vec<Value> {
    let bodies = fake::of(log, "POST").into_iter();
    bodies
        .map(|(_, body)| serde_json::from_str(&body).unwrap())
        .collect()
}

fn error(code: &str) -> Value {
    json!({ "__type": code, "message": "no" })
}

fn iterator(token: &str) -> (&'static str, u16, Value) {
    ("GetShardIterator", 200, json!({ "ShardIterator": token }))
}

fn records(next: Option<&str>, behind: u32, numbers: &[&str]) -> (&'static str, u16, Value) {
    let record = |number: &&str| {
        json!({
            "SequenceNumber": number, "Data": "YQ==", "PartitionKey": "k",
            "ApproximateArrivalTimestamp": 1_772_447_730.98, "EncryptionType": "KMS",
        })
    };
    let records: Vec<Value> = numbers.iter().map(record).collect();
    (
        "GetRecords",
        200,
        json!({ "Records": records, "NextShardIterator": next, "MillisBehindLatest": behind }),
    )
}

#[tokio::test]
async fn shards_come_in_pages() {
    let range = json!({ "StartingHashKey": "0", "EndingHashKey": "1" });
    let numbers = json!({ "StartingSequenceNumber": "1" });
    let shard = |id: &str, parents: [Option<&str>; 2]| {
        json!({
            "ShardId": id, "HashKeyRange": range, "SequenceNumberRange": numbers,
            "ParentShardId": parents[0], "AdjacentParentShardId": parents[1],
        })
    };
    let (source, log) = source(vec![
        (
            "ListShards",
            200,
            json!({ "Shards": [shard("a", [None, None])], "NextToken": "n1" }),
        ),
        (
            "ListShards",
            200,
            json!({ "Shards": [shard("b", [Some("a"), Some("c")])] }),
        ),
    ]);
    let shards = source.shards().await.unwrap();
    assert_eq!(shards[0].parents, [""; 0]);
    assert_eq!(shards[1].parents, ["a", "c"]);
    let asked = bodies(&log);
    assert_eq!(
        asked[0],
        json!({ "StreamName": "telemetry", "StreamARN": ARN })
    );
    assert_eq!(asked[1], json!({ "NextToken": "n1" }));
}

#[tokio::test]
async fn positions_as_they_are_asked_for() {
    let time = Timestamp::from_unix_millis(1_772_447_730_123);
    for (from, expected) in [
        (
            Position::TrimHorizon,
            json!({ "ShardIteratorType": "TRIM_HORIZON" }),
        ),
        (Position::Latest, json!({ "ShardIteratorType": "LATEST" })),
        (
            Position::At(time),
            json!({ "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1_772_447_730.123 }),
        ),
        (
            Position::After("17".into()),
            json!({ "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "17" }),
        ),
    ] {
        let (source, log) = source(vec![iterator("i1"), records(Some("i2"), 0, &["18"])]);
        let slice = source.read("s", &from, 50_000, NONE).await.unwrap();
        assert_eq!(slice.next, Position::After("18".into()));
        let text = str::from_utf8(&slice.records[0].json).unwrap();
        assert!(
            text.contains(r#""approximateArrivalTimestamp":1772447730.980,"encryptionType":"KMS""#),
            "{text}"
        );
        let mut asked = bodies(&log);
        let mut expected = expected;
        for (name, value) in [
            ("StreamName", "telemetry"),
            ("StreamARN", ARN),
            ("ShardId", "s"),
        ] {
            expected[name] = value.into();
        }
        assert_eq!(asked.remove(0), expected);
        assert_eq!(
            asked[0],
            json!({ "ShardIterator": "i1", "StreamARN": ARN, "Limit": 10_000 })
        );
    }
}

#[tokio::test]
async fn an_iterator_is_used_on_and_replaced_when_it_expired() {
    let (source, log) = source(vec![
        iterator("i1"),
        records(Some("i2"), 0, &["17"]),
        records(Some("i3"), 0, &["18"]),
        ("GetRecords", 400, error("ExpiredIteratorException")),
        iterator("i4"),
        records(None, 0, &["19"]),
    ]);
    let mut from = Position::TrimHorizon;
    for ended in [false, false, true] {
        let slice = source.read("s", &from, 10, NONE).await.unwrap();
        assert_eq!((slice.records.len(), slice.ended), (1, ended));
        from = slice.next;
    }
    let asked = bodies(&log);
    let tokens: Vec<_> = asked
        .iter()
        .filter_map(|body| body["ShardIterator"].as_str())
        .collect();
    assert_eq!(tokens, ["i1", "i2", "i3", "i4"]);
    assert_eq!(asked[4]["StartingSequenceNumber"], "18");
}

/// Empty answers are normal while a shard catches up; the place is kept.
#[tokio::test(start_paused = true)]
async fn empty_answers_are_read_on() {
    let (source, _) = source(vec![
        iterator("i1"),
        records(Some("i2"), 9000, &[]),
        records(Some("i3"), 500, &[]),
        records(Some("i4"), 0, &["17"]),
    ]);
    let wait = Duration::from_secs(5);
    let slice = source
        .read("s", &Position::TrimHorizon, 10, wait)
        .await
        .unwrap();
    assert_eq!(slice.next, Position::After("17".into()));
}

#[tokio::test]
async fn errors_say_what_to_do() {
    for (code, status, kind) in [
        (
            "ProvisionedThroughputExceededException",
            400,
            ErrorKind::Unavailable,
        ),
        ("LimitExceededException", 400, ErrorKind::Unavailable),
        ("KMSThrottlingException", 400, ErrorKind::Unavailable),
        ("InternalFailureException", 500, ErrorKind::Unavailable),
        ("ResourceNotFoundException", 400, ErrorKind::NotFound),
        ("AccessDeniedException", 400, ErrorKind::Denied),
        ("KMSDisabledException", 400, ErrorKind::Denied),
        ("InvalidArgumentException", 400, ErrorKind::Invalid),
    ] {
        let (source, _) = source(vec![iterator("i1"), ("GetRecords", status, error(code))]);
        let error = source
            .read("s", &Position::Latest, 10, NONE)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(
            error
                .to_string()
                .contains("GetRecords on stream telemetry failed"),
            "{error}"
        );
        assert_eq!(error.context("code"), Some(code));
    }
}

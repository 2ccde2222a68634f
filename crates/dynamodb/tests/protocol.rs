//! What the source asks of the endpoint, and what it makes of answers that are rare.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::config::{Builder, retry::RetryConfig};
use lambda_with::{ErrorKind, Position, Stream, Timestamp, decode};
use lambda_with_dynamodb::DynamoDbRecord;
use lambda_with_dynamodb::poll::DynamoDbStream;
use lambda_with_testing::fake::{self, Log};
use serde_json::{Value, json};

const ARN: &str =
    "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123";
const NONE: Duration = Duration::ZERO;

/// A source whose calls are answered one after the other.
fn source(answers: Vec<(&'static str, u16, Value)>) -> (DynamoDbStream, Log) {
    let answers = Mutex::new(answers.into_iter());
    let (session, log) = fake::session(move |_, path, _| {
        let (call, status, answer) = answers.lock().unwrap().next().unwrap();
        assert_eq!(path, format!("/{call}"));
        (status, answer.to_string())
    });
    let config = Builder::from(session.config()).retry_config(RetryConfig::disabled());
    let client = Client::from_conf(config.build());
    (DynamoDbStream::new(client, ARN.parse().unwrap()), log)
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

fn records(next: Option<&str>, numbers: &[&str]) -> (&'static str, u16, Value) {
    let record = |number: &&str| {
        json!({
            "eventID": "e", "eventName": "REMOVE", "awsRegion": "eu-west-1", "eventSource": "aws:dynamodb",
            "userIdentity": { "Type": "Service", "PrincipalId": "dynamodb.amazonaws.com" },
            "dynamodb": {
                "ApproximateCreationDateTime": 1_772_447_730, "Keys": { "id": { "S": "a" } },
                "SequenceNumber": number, "SizeBytes": 7, "StreamViewType": "KEYS_ONLY",
            },
        })
    };
    let records: Vec<Value> = numbers.iter().map(record).collect();
    (
        "GetRecords",
        200,
        json!({ "Records": records, "NextShardIterator": next }),
    )
}

#[tokio::test]
async fn shards_come_in_pages() {
    let page = |shards: Value, last: Option<&str>| json!({ "StreamDescription": { "Shards": shards, "LastEvaluatedShardId": last } });
    let (source, log) = source(vec![
        (
            "DescribeStream",
            200,
            page(json!([{ "ShardId": "a" }]), Some("a")),
        ),
        (
            "DescribeStream",
            200,
            page(json!([{ "ShardId": "b", "ParentShardId": "a" }]), None),
        ),
    ]);
    let shards = source.shards().await.unwrap();
    assert_eq!(
        (shards[0].parents.len(), shards[1].parents[0].as_str()),
        (0, "a")
    );
    let asked = bodies(&log);
    assert_eq!(asked[0], json!({ "StreamArn": ARN }));
    assert_eq!(
        asked[1],
        json!({ "StreamArn": ARN, "ExclusiveStartShardId": "a" })
    );
}

#[tokio::test]
async fn positions_as_they_are_asked_for() {
    let time = Timestamp::from_unix_seconds(1_772_447_730);
    for (from, expected) in [
        (
            Position::TrimHorizon,
            json!({ "ShardIteratorType": "TRIM_HORIZON" }),
        ),
        (Position::Latest, json!({ "ShardIteratorType": "LATEST" })),
        (
            Position::At(time),
            json!({ "ShardIteratorType": "TRIM_HORIZON" }),
        ),
        (
            Position::After("17".into()),
            json!({ "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": "17" }),
        ),
    ] {
        let (source, log) = source(vec![iterator("i1"), records(Some("i2"), &["18"])]);
        let slice = source.read("s", &from, 50_000, NONE).await.unwrap();
        assert_eq!(slice.next, Position::After("18".into()));
        let mut asked = bodies(&log);
        let mut expected = expected;
        (expected["StreamArn"], expected["ShardId"]) = (ARN.into(), "s".into());
        assert_eq!(asked.remove(0), expected);
        assert_eq!(asked[0], json!({ "ShardIterator": "i1", "Limit": 1000 }));
    }
}

#[tokio::test]
async fn a_deletion_by_time_to_live_is_what_lambda_sends() {
    let (source, _) = source(vec![iterator("i1"), records(None, &["18"])]);
    let slice = source
        .read("s", &Position::TrimHorizon, 9, NONE)
        .await
        .unwrap();
    let text = str::from_utf8(&slice.records[0].json).unwrap();
    let record: DynamoDbRecord = decode(text.to_owned()).unwrap();
    assert!(record.is_expired() && slice.ended);
    assert!(
        text.contains(r#""ApproximateCreationDateTime":1772447730.0,"Keys""#),
        "{text}"
    );
    assert!(
        text.contains(
            r#""userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}"#
        ),
        "{text}"
    );
}

/// A call gives out 1,000 records at most, and a batch may have ten times that.
#[tokio::test]
async fn many_records_take_several_calls() {
    let number = |from: usize| {
        (from..from + 1000)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
    };
    let (first, second) = (number(1000), number(2000));
    let page = |numbers: &[String], next| {
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        records(next, &numbers)
    };
    let (source, log) = source(vec![
        iterator("i1"),
        page(&first, Some("i2")),
        page(&second, Some("i3")),
        page(&first[..400], Some("i4")),
    ]);
    let slice = source
        .read("s", &Position::TrimHorizon, 2500, NONE)
        .await
        .unwrap();
    assert_eq!(slice.records.len(), 2400);
    let limits: Vec<_> = bodies(&log)
        .iter()
        .filter_map(|body| body["Limit"].as_u64())
        .collect();
    assert_eq!(limits, [1000, 1000, 500]);
}

#[tokio::test]
async fn iterators_that_expired_and_records_that_are_gone() {
    let gone = ("GetShardIterator", 400, error("TrimmedDataAccessException"));
    let (source, log) = source(vec![
        iterator("i1"),
        records(Some("i2"), &["17"]),
        ("GetRecords", 400, error("ExpiredIteratorException")),
        gone,
        iterator("i3"),
        records(Some("i4"), &["90"]),
    ]);
    let from = source
        .read("s", &Position::TrimHorizon, 10, NONE)
        .await
        .unwrap()
        .next;
    let slice = source.read("s", &from, 10, NONE).await.unwrap();
    assert_eq!(slice.next, Position::After("90".into()));
    let asked = bodies(&log);
    let kinds: Vec<_> = asked
        .iter()
        .filter_map(|body| body["ShardIteratorType"].as_str())
        .collect();
    assert_eq!(
        kinds,
        ["TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON"]
    );
}

#[tokio::test]
async fn errors_say_what_to_do() {
    for (code, status, kind) in [
        ("LimitExceededException", 400, ErrorKind::Unavailable),
        ("InternalServerError", 500, ErrorKind::Unavailable),
        ("ResourceNotFoundException", 400, ErrorKind::NotFound),
        ("AccessDeniedException", 400, ErrorKind::Denied),
        ("ValidationException", 400, ErrorKind::Invalid),
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
                .contains("GetRecords on the stream of table orders failed"),
            "{error}"
        );
        assert_eq!(error.context("code"), Some(code));
    }
}

//! The source against a real DynamoDB Streams endpoint (moto server).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod table;

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodbstreams::Client;
use lambda_with::{Arn, ErrorKind, Position, Record, Stream, Timestamp, decode};
use lambda_with_dynamodb::poll::DynamoDbStream;
use lambda_with_dynamodb::{DynamoDbEvent, DynamoDbEventName, Image};
use lambda_with_testing::{moto, unique};
use serde_json::{Value, json};

const NONE: Duration = Duration::ZERO;

struct Setup {
    tables: aws_sdk_dynamodb::Client,
    name: String,
    arn: Arn,
    source: DynamoDbStream,
}

async fn setup() -> Setup {
    let session = moto::session();
    let name = unique("orders");
    let arn: Arn = table::create(&session, &name).await.parse().unwrap();
    let source = DynamoDbStream::new(Client::new(session.config()), arn.clone());
    let tables = aws_sdk_dynamodb::Client::new(session.config());
    Setup {
        tables,
        name,
        arn,
        source,
    }
}

impl Setup {
    async fn put(&self, id: &str, more: &[(&str, AttributeValue)]) {
        let mut request = self.tables.put_item().table_name(&self.name);
        request = request.item("id", AttributeValue::S(id.into()));
        for (name, value) in more {
            request = request.item(*name, value.clone());
        }
        request.send().await.unwrap();
    }

    async fn shard(&self) -> String {
        self.source.shards().await.unwrap()[0].id.clone()
    }
}

fn event(records: &[Record]) -> DynamoDbEvent {
    let records: Vec<_> = records
        .iter()
        .map(|r| str::from_utf8(&r.json).unwrap())
        .collect();
    decode(format!("{{\"Records\":[{}]}}", records.join(","))).unwrap()
}

fn ids(records: &[Record]) -> String {
    let ids = event(records).records.into_iter().map(|record| {
        let key: Value = record.dynamodb.keys.decode().unwrap();
        key["id"].as_str().unwrap().to_owned()
    });
    ids.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_record_is_what_lambda_sends() {
    let setup = setup().await;
    let text = |text: &str| AttributeValue::S(text.into());
    let all = [
        ("n", AttributeValue::N("12345678901234567890.5".into())),
        ("b", AttributeValue::B(Blob::new([0, 255]))),
        ("ss", AttributeValue::Ss(vec!["a".into(), "b".into()])),
        ("ns", AttributeValue::Ns(vec!["1".into(), "-2.5".into()])),
        ("bs", AttributeValue::Bs(vec![Blob::new([1])])),
        ("m", AttributeValue::M([("k".to_owned(), text("v"))].into())),
        (
            "l",
            AttributeValue::L(vec![text("x"), AttributeValue::Null(true)]),
        ),
        ("t", AttributeValue::Bool(true)),
    ];
    setup.put("A-1", &[]).await;
    setup.put("A-1", &all).await;
    let request = setup.tables.delete_item().table_name(&setup.name);
    request.key("id", text("A-1")).send().await.unwrap();

    let slice = setup
        .source
        .read(&setup.shard().await, &Position::TrimHorizon, 9, NONE)
        .await
        .unwrap();
    let names: Vec<_> = event(&slice.records)
        .records
        .into_iter()
        .map(|record| record.event_name)
        .collect();
    use DynamoDbEventName::{Insert, Modify, Remove};
    assert_eq!(names, [Insert, Modify, Remove]);
    let record = &slice.records[1];
    let document: Value = serde_json::from_slice(&record.json).unwrap();
    let image = json!({
        "id": { "S": "A-1" }, "n": { "N": "12345678901234567890.5" }, "b": { "B": "AP8=" },
        "ss": { "SS": ["a", "b"] }, "ns": { "NS": ["1", "-2.5"] }, "bs": { "BS": ["AQ=="] },
        "m": { "M": { "k": { "S": "v" } } }, "l": { "L": [{ "S": "x" }, { "NULL": true }] },
        "t": { "BOOL": true },
    });
    let change = &document["dynamodb"];
    let mut expected = json!({
        "eventID": document["eventID"], "eventName": "MODIFY", "eventVersion": document["eventVersion"],
        "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1", "eventSourceARN": setup.arn.as_str(),
        "dynamodb": {
            "Keys": { "id": { "S": "A-1" } }, "NewImage": image, "OldImage": { "id": { "S": "A-1" } },
            "SequenceNumber": record.id, "SizeBytes": change["SizeBytes"],
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    });
    let arrived = record.arrived.unwrap();
    expected["dynamodb"]["ApproximateCreationDateTime"] =
        change["ApproximateCreationDateTime"].clone();
    assert_eq!(document, expected);
    assert!((arrived.seconds() - Timestamp::now().seconds()).abs() < 60);
    assert!(change["ApproximateCreationDateTime"].is_f64());
    let typed = &event(&slice.records).records;
    assert_eq!(
        typed[2]
            .dynamodb
            .new_image
            .decode::<Option<Value>>()
            .unwrap(),
        None
    );
    let map = typed[1].dynamodb.new_image.attribute("m").unwrap().unwrap();
    assert_eq!(map.decode::<Value>().unwrap(), json!({ "k": "v" }));
    let same = slice
        .records
        .iter()
        .all(|other| other.group == record.group);
    assert!(
        same && record
            .group
            .as_deref()
            .is_some_and(|group| group.contains("A-1"))
    );
}

#[tokio::test]
async fn positions() {
    let setup = setup().await;
    let shard = setup.shard().await;
    setup.put("a", &[]).await;
    let latest = setup
        .source
        .read(&shard, &Position::Latest, 9, NONE)
        .await
        .unwrap();
    assert!(latest.records.is_empty() && !latest.ended);
    let Position::At(time) = latest.next else {
        panic!("{latest:?}");
    };
    setup.put("b", &[]).await;
    setup.put("c", &[]).await;
    let read =
        async |from: &Position, max| setup.source.read(&shard, from, max, NONE).await.unwrap();
    assert_eq!(ids(&read(&latest.next, 9).await.records), "b c");
    let one = read(&Position::TrimHorizon, 1).await;
    assert_eq!(
        (ids(&one.records).as_str(), &one.next),
        ("a", &Position::After(one.records[0].id.clone()))
    );
    let two = read(&one.next, 9).await;
    assert_eq!(ids(&two.records), "b c");
    assert!(read(&two.next, 9).await.records.is_empty());
    // By another process, from a time on: what is older is passed over.
    let other = DynamoDbStream::new(Client::new(moto::session().config()), setup.arn.clone());
    let all = Position::At(Timestamp::from_unix_seconds(time.seconds() - 600));
    assert_eq!(
        ids(&other.read(&shard, &all, 9, NONE).await.unwrap().records),
        "a b c"
    );
    let none = Position::At(Timestamp::from_unix_seconds(time.seconds() + 600));
    let passed = other.read(&shard, &none, 9, NONE).await.unwrap();
    assert_eq!((passed.records.len(), &passed.next), (0, &two.next));
}

#[tokio::test]
async fn a_read_waits_for_the_first_record() {
    let setup = setup().await;
    let shard = setup.shard().await;
    let begun = Instant::now();
    let put = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        setup.put("late", &[]).await;
    };
    let read = setup
        .source
        .read(&shard, &Position::Latest, 9, Duration::from_secs(300));
    let (slice, ()) = tokio::join!(read, put);
    assert_eq!(ids(&slice.unwrap().records), "late");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn what_is_not_there() {
    let setup = setup().await;
    let arn = setup.arn.as_str().replace(&setup.name, "none");
    let source = DynamoDbStream::new(Client::new(moto::session().config()), arn.parse().unwrap());
    let error = source.shards().await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unavailable),
        "{error}"
    );
}

//! The source against a real Kinesis endpoint (moto server).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use lambda_with::{Arn, ErrorKind, Position, Record, Slice, Stream, Timestamp, decode};
use lambda_with_kinesis::poll::KinesisStream;
use lambda_with_kinesis::{KinesisEvent, KinesisRecord};
use lambda_with_testing::{ACCOUNT, moto, unique};
use serde_json::{Value, json};

const NONE: Duration = Duration::ZERO;
const ROLE: &str = "arn:aws:iam::123456789012:role/telemetry";

struct Setup {
    client: Client,
    name: String,
    arn: Arn,
    source: KinesisStream,
}

async fn setup(shards: i32) -> Setup {
    let client = Client::new(moto::session().config());
    let name = unique("telemetry");
    let request = client
        .create_stream()
        .stream_name(&name)
        .shard_count(shards);
    request.send().await.unwrap();
    let arn: Arn = format!("arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/{name}")
        .parse()
        .unwrap();
    let source = KinesisStream::new(client.clone(), arn.clone(), ROLE);
    Setup {
        client,
        name,
        arn,
        source,
    }
}

impl Setup {
    async fn put(&self, key: &str, data: &str) {
        let request = self.client.put_record().stream_name(&self.name);
        let request = request.partition_key(key).data(Blob::new(data));
        request.send().await.unwrap();
    }

    async fn read(&self, shard: &str, from: &Position) -> Slice {
        self.source.read(shard, from, 100, NONE).await.unwrap()
    }
}

fn event(records: &[Record]) -> KinesisEvent {
    let records: Vec<_> = records
        .iter()
        .map(|r| str::from_utf8(&r.json).unwrap())
        .collect();
    decode(format!("{{\"Records\":[{}]}}", records.join(","))).unwrap()
}

fn data(records: &[Record]) -> String {
    let text = |record: &KinesisRecord| String::from_utf8(record.bytes().unwrap()).unwrap();
    event(records)
        .records
        .iter()
        .map(text)
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn a_record_is_what_lambda_sends() {
    let setup = setup(1).await;
    let before = Timestamp::now();
    setup.put("c-17", r#"{"celsius":21.4}"#).await;
    let shards = setup.source.shards().await.unwrap();
    assert_eq!(shards.len(), 1);
    let slice = setup.read(&shards[0].id, &Position::TrimHorizon).await;
    let record = &slice.records[0];
    let arrived = record.arrived.unwrap();
    assert!((arrived.seconds() - before.seconds()).abs() < 60);
    assert_eq!(
        (record.group.as_deref(), &record.id),
        (Some("c-17"), &record.receipt)
    );
    let time = format!("{}.{:03}", arrived.seconds(), arrived.nanos() / 1_000_000);
    let text = str::from_utf8(&record.json).unwrap();
    assert!(
        text.contains(&format!(":{time}}},\"eventSource\"")),
        "{text}"
    );
    let expected = json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "c-17",
            "sequenceNumber": record.id,
            "data": "eyJjZWxzaXVzIjoyMS40fQ==",
            "approximateArrivalTimestamp": time.parse::<f64>().unwrap(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": format!("{}:{}", shards[0].id, record.id),
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE,
        "awsRegion": "eu-west-1",
        "eventSourceARN": setup.arn.as_str(),
    });
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
    assert_eq!(
        event(&slice.records).records[0].shard_id(),
        Some(shards[0].id.as_str())
    );
}

#[tokio::test]
async fn every_position_can_be_read_again() {
    let setup = setup(1).await;
    let shard = setup.source.shards().await.unwrap()[0].id.clone();
    let latest = setup.read(&shard, &Position::Latest).await;
    assert!(latest.records.is_empty() && !latest.ended);
    // A place of its own, that another process can begin at.
    assert!(matches!(latest.next, Position::At(_)), "{latest:?}");
    for word in ["a", "b", "c"] {
        setup.put("k", word).await;
    }
    let all = setup.read(&shard, &latest.next).await;
    assert_eq!(data(&all.records), "a b c");
    assert_eq!(all.next, Position::After(all.records[2].id.clone()));
    assert_eq!(
        data(&setup.read(&shard, &Position::TrimHorizon).await.records),
        "a b c"
    );
    let after = Position::After(all.records[0].id.clone());
    for _ in 0..2 {
        assert_eq!(data(&setup.read(&shard, &after).await.records), "b c");
    }
    let one = setup
        .source
        .read(&shard, &Position::TrimHorizon, 1, NONE)
        .await
        .unwrap();
    assert_eq!(data(&one.records), "a");
    let two = setup.source.read(&shard, &one.next, 1, NONE).await.unwrap();
    assert_eq!(data(&two.records), "b");
    // Nothing new: the same place again.
    let end = setup.read(&shard, &all.next).await;
    assert_eq!((end.records.len(), &end.next), (0, &all.next));
    let begin = Position::At(Timestamp::from_unix_seconds(0));
    assert_eq!(data(&setup.read(&shard, &begin).await.records), "a b c");
    // Another source knows nothing of the iterators of this one.
    let other = KinesisStream::new(setup.client.clone(), setup.arn.clone(), ROLE);
    assert_eq!(
        data(&other.read(&shard, &after, 9, NONE).await.unwrap().records),
        "b c"
    );
}

#[tokio::test]
async fn a_read_waits_for_the_first_record() {
    let setup = setup(1).await;
    let shard = setup.source.shards().await.unwrap()[0].id.clone();
    let wait = Duration::from_secs(300);
    let begun = Instant::now();
    let put = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        setup.put("k", "late").await;
    };
    let read = setup.source.read(&shard, &Position::Latest, 9, wait);
    let (slice, ()) = tokio::join!(read, put);
    assert_eq!(data(&slice.unwrap().records), "late");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn a_split_and_a_merge_name_parents() {
    let setup = setup(1).await;
    setup.put("a", "before").await;
    let old = setup.source.shards().await.unwrap()[0].id.clone();
    let half = (u128::MAX / 2).to_string();
    let request = setup
        .client
        .split_shard()
        .stream_name(&setup.name)
        .shard_to_split(&old);
    request.new_starting_hash_key(half).send().await.unwrap();
    for word in ["x", "y", "z", "w", "v"] {
        setup.put(word, word).await;
    }
    let shards = setup.source.shards().await.unwrap();
    let children: Vec<_> = shards
        .iter()
        .filter(|shard| shard.parents == [old.clone()])
        .collect();
    assert_eq!((shards.len(), children.len()), (3, 2), "{shards:?}");

    // The server does not say that a closed shard has come to its end, as Kinesis does.
    let slice = setup.read(&old, &Position::TrimHorizon).await;
    assert!(data(&slice.records).contains("before"), "{slice:?}");

    let pair: Vec<String> = children.iter().map(|shard| shard.id.clone()).collect();
    let request = setup.client.merge_shards().stream_name(&setup.name);
    request
        .shard_to_merge(&pair[0])
        .adjacent_shard_to_merge(&pair[1])
        .send()
        .await
        .unwrap();
    let shards = setup.source.shards().await.unwrap();
    let merged = shards
        .iter()
        .find(|shard| shard.parents.len() == 2)
        .unwrap();
    let mut parents = merged.parents.clone();
    parents.sort();
    assert_eq!(parents, pair);
}

#[tokio::test]
async fn records_of_all_shards_are_read_in_the_order_of_their_keys() {
    let setup = setup(3).await;
    for number in 0..30 {
        setup
            .put(&format!("k{}", number % 5), &number.to_string())
            .await;
    }
    let mut by_key: HashMap<String, Vec<u32>> = HashMap::new();
    for shard in setup.source.shards().await.unwrap() {
        let mut from = Position::TrimHorizon;
        loop {
            let slice = setup.source.read(&shard.id, &from, 4, NONE).await.unwrap();
            for record in &slice.records {
                let number = data(std::slice::from_ref(record)).parse().unwrap();
                by_key
                    .entry(record.group.clone().unwrap())
                    .or_default()
                    .push(number);
            }
            if slice.records.is_empty() {
                break;
            }
            from = slice.next;
        }
    }
    assert_eq!(by_key.len(), 5);
    for (key, numbers) in by_key {
        assert!(
            numbers.len() == 6 && numbers.is_sorted(),
            "{key}: {numbers:?}"
        );
    }
}

#[tokio::test]
async fn a_consumer_is_read_like_its_stream() {
    let setup = setup(1).await;
    setup.put("k", "a").await;
    let consumer = format!("{}/consumer/alerts:1772440000", setup.arn);
    let source = KinesisStream::new(setup.client.clone(), consumer.parse().unwrap(), ROLE);
    let shard = source.shards().await.unwrap()[0].id.clone();
    let slice = source
        .read(&shard, &Position::TrimHorizon, 9, NONE)
        .await
        .unwrap();
    assert_eq!(event(&slice.records).records[0].event_source_arn, *consumer);
}

#[tokio::test]
async fn what_is_not_there() {
    let setup = setup(1).await;
    let arn = format!(
        "arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/{}",
        unique("none")
    );
    let source = KinesisStream::new(setup.client.clone(), arn.parse().unwrap(), ROLE);
    let error = source.shards().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let read = setup
        .source
        .read("shardId-000000000099", &Position::TrimHorizon, 1, NONE);
    let error = read.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

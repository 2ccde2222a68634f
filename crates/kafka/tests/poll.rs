//! A topic of an in-process Kafka cluster, read as Lambda reads it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use lambda_with::{ErrorKind, Position, Slice, Stream, Timestamp};
use lambda_with_kafka::KafkaRecord;
use lambda_with_kafka::poll::KafkaStream;
use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use serde_json::{Value, json};

const WAIT: Duration = Duration::from_secs(20);
const NONE: Duration = Duration::from_millis(300);
const SENT: i64 = 1_772_447_730_123;

/// A cluster with the topic `orders` of two partitions.
struct Cluster {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

impl Cluster {
    fn new() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("orders", 2, 1).unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers());
        let producer = config.create().unwrap();
        Self { cluster, producer }
    }

    fn send(&self, partition: i32, key: Option<&str>, value: Option<&[u8]>, headers: OwnedHeaders) {
        let mut record = BaseRecord::<str, [u8]>::to("orders")
            .partition(partition)
            .timestamp(SENT)
            .headers(headers);
        record.key = key;
        record.payload = value;
        self.producer
            .send(record)
            .map_err(|(error, _)| error)
            .unwrap();
        self.producer.flush(WAIT).unwrap();
    }

    fn numbers(&self, partition: i32, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.send(
                partition,
                None,
                Some(number.to_string().as_bytes()),
                OwnedHeaders::new(),
            );
        }
    }

    async fn stream(&self, group: &str) -> KafkaStream {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.cluster.bootstrap_servers());
        KafkaStream::connect(config, "orders", group).await.unwrap()
    }
}

fn values(slice: &Slice) -> String {
    let value = |json: &[u8]| {
        let record: KafkaRecord = serde_json::from_slice(json).unwrap();
        String::from_utf8(record.value_bytes().unwrap().unwrap()).unwrap()
    };
    let values: Vec<String> = slice.records.iter().map(|r| value(&r.json)).collect();
    values.join(" ")
}

#[tokio::test]
async fn a_record_is_what_lambda_sends() {
    let cluster = Cluster::new();
    let headers = OwnedHeaders::new()
        .insert(Header {
            key: "trace",
            value: Some(&b"\x00\xff\x80\x7f"[..]),
        })
        .insert(Header {
            key: "trace",
            value: Some("é".as_bytes()),
        })
        .insert(Header {
            key: "none",
            value: None::<&[u8]>,
        });
    cluster.send(1, Some("berth-7"), Some(br#"{"total":1290}"#), headers);
    cluster.send(1, Some("berth-7"), None, OwnedHeaders::new());
    cluster.send(1, None, Some(&[0, 255]), OwnedHeaders::new());
    let stream = cluster.stream("exact").await;
    let mut records = Vec::new();
    let mut from = Position::TrimHorizon;
    while records.len() < 3 {
        let slice = stream.read("orders-1", &from, 10, WAIT).await.unwrap();
        assert!(!slice.records.is_empty() && !slice.ended);
        records.extend(slice.records);
        from = slice.next;
    }
    assert_eq!(from, Position::After("2".into()));
    let found: Vec<Value> = records
        .iter()
        .map(|record| serde_json::from_slice(&record.json).unwrap())
        .collect();
    let expected = |offset: u32, key: Value, value: Value, headers: Value| {
        json!({
            "topic": "orders", "partition": 1, "offset": offset, "timestamp": SENT,
            "timestampType": "CREATE_TIME", "key": key, "value": value, "headers": headers,
        })
    };
    let key = json!("YmVydGgtNw==");
    let headers =
        json!([{ "trace": [0, -1, -128, 127] }, { "trace": [-61, -87] }, { "none": null }]);
    assert_eq!(
        found,
        [
            expected(0, key.clone(), json!("eyJ0b3RhbCI6MTI5MH0="), headers),
            expected(1, key, Value::Null, json!([])),
            expected(2, Value::Null, json!("AP8="), json!([])),
        ]
    );
    let text = r#"{"topic":"orders","partition":1,"offset":1,"timestamp":1772447730123,"timestampType":"CREATE_TIME","key":"YmVydGgtNw==","value":null,"headers":[]}"#;
    assert_eq!(records[1].json, text, "members stand in Lambda's order");
    assert_eq!(records[1].id, "1");
    assert_eq!(records[1].group.as_deref(), Some("orders-1"));
    assert_eq!(records[1].arrived, Some(Timestamp::from_unix_millis(SENT)));
}

#[tokio::test]
async fn any_position_can_be_read_again() {
    let cluster = Cluster::new();
    cluster.numbers(0, 0..6);
    cluster.numbers(1, 10..12);
    let stream = cluster.stream("again").await;
    let shards = stream.shards().await.unwrap();
    let ids: Vec<&str> = shards.iter().map(|shard| shard.id.as_str()).collect();
    assert_eq!(ids, ["orders-0", "orders-1"]);
    let after = |id: &str| Position::After(id.into());
    for (shard, from, max, expected, next) in [
        ("orders-0", Position::TrimHorizon, 4, "0 1 2 3", "3"),
        ("orders-0", after("3"), 4, "4 5", "5"),
        ("orders-0", after("1"), 2, "2 3", "3"),
        ("orders-0", after("3"), 1, "4", "4"),
        ("orders-1", Position::TrimHorizon, 9, "10 11", "1"),
        ("orders-0", Position::TrimHorizon, 1, "0", "0"),
    ] {
        let (mut read, mut from) = (Vec::<String>::new(), from);
        let all = expected.split(' ').count();
        let mut count = 0;
        // What the client has fetched comes at once, the rest with the next read.
        while count < all {
            let slice = stream.read(shard, &from, max - count, WAIT).await.unwrap();
            assert!(!slice.records.is_empty(), "{shard} {from:?}");
            count += slice.records.len();
            read.push(values(&slice));
            from = slice.next;
        }
        assert_eq!(read.join(" "), expected, "{shard}");
        assert_eq!(from, after(next));
    }
    let error = stream
        .read("orders-9", &after("1"), 1, NONE)
        .await
        .unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Invalid, "{error}");
    let error = stream
        .read("bills-0", &after("1"), 1, NONE)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let error = stream
        .read("orders-0", &after("one"), 1, NONE)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

#[tokio::test]
async fn latest_waits_for_what_comes() {
    let cluster = Cluster::new();
    cluster.numbers(0, 0..3);
    let stream = cluster.stream("latest").await;
    let begun = Instant::now();
    let slice = stream
        .read("orders-0", &Position::Latest, 10, NONE)
        .await
        .unwrap();
    assert_eq!(
        (slice.records.len(), &slice.next),
        (0, &Position::After("2".into()))
    );
    assert!(begun.elapsed() >= NONE);
    cluster.numbers(0, 3..4);
    let slice = stream
        .read("orders-0", &slice.next, 10, WAIT)
        .await
        .unwrap();
    assert_eq!(values(&slice), "3");
    // A partition without records.
    let slice = stream
        .read("orders-1", &Position::TrimHorizon, 10, NONE)
        .await
        .unwrap();
    assert_eq!(slice.next, Position::After("-1".into()));
    cluster.numbers(1, 7..8);
    let slice = stream
        .read("orders-1", &slice.next, 10, WAIT)
        .await
        .unwrap();
    assert_eq!(values(&slice), "7");
}

#[tokio::test]
async fn a_checkpoint_is_where_the_group_goes_on() {
    let cluster = Cluster::new();
    cluster.numbers(0, 0..4);
    let first = cluster.stream("group").await;
    first.checkpoint("orders-0", "1").await.unwrap();
    // The one that is there already keeps to what was true when it was made.
    let slice = first
        .read("orders-0", &Position::TrimHorizon, 1, WAIT)
        .await
        .unwrap();
    assert_eq!(values(&slice), "0");
    drop(first);
    for (group, expected) in [("group", "2"), ("other", "0")] {
        let stream = cluster.stream(group).await;
        for from in [Position::TrimHorizon, Position::TrimHorizon] {
            let slice = stream.read("orders-0", &from, 1, WAIT).await.unwrap();
            assert_eq!(values(&slice), expected, "{group}");
        }
    }
}

#[tokio::test]
async fn errors_name_the_topic() {
    let cluster = Cluster::new();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.cluster.bootstrap_servers());
    cluster
        .cluster
        .topic_error(
            "lost",
            rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        )
        .unwrap();
    let error = KafkaStream::connect(config.clone(), "lost", "group")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("lost"), "{error}");
    config.set("security.protocol", "carrier-pigeon");
    let error = KafkaStream::connect(config, "orders", "group")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

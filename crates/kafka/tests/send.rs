//! Failed records sent to a topic of an in-process Kafka cluster.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lambda_with::rules::destination::{Kind, Message};
use lambda_with::rules::stream::Destination;
use lambda_with::{ErrorKind, Position, Stream};
use lambda_with_kafka::KafkaRecord;
use lambda_with_kafka::poll::KafkaStream;
use lambda_with_kafka::send::KafkaProducer;
use rdkafka::config::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

fn record(key: Option<&'static str>, body: &str) -> Message {
    Message {
        kind: Kind::OnFailure,
        function: "arn:aws:lambda:eu-west-1:123456789012:function:orders"
            .parse()
            .unwrap(),
        to: Destination::Topic("failed".into()),
        key: key.map(Into::into),
        body: body.to_owned().into(),
        attributes: Vec::new(),
        trace_header: None,
    }
}

#[tokio::test]
async fn a_record_keeps_its_key_and_goes_where_javas_client_sends_it() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("failed", 8, 1).unwrap();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers());
    let producer = KafkaProducer::new(config.clone()).unwrap();
    // murmur2 of these keys, as Kafka's own tests of it have them, made positive and modulo 8.
    let keys = [
        ("21", -973_932_308_i32),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        (
            "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
            -58_897_971,
        ),
        ("abc", 479_470_107),
    ];
    for (key, _) in keys {
        producer
            .to_topic("failed", &record(Some(key), key))
            .await
            .unwrap();
    }
    producer
        .to_topic("failed", &record(None, "none"))
        .await
        .unwrap();

    let stream = KafkaStream::connect(config, "failed", "reader")
        .await
        .unwrap();
    let mut found = BTreeMap::new();
    let mut positions = [const { Position::TrimHorizon }; 8];
    let deadline = Instant::now() + Duration::from_secs(60);
    while found.len() < 7 && Instant::now() < deadline {
        for (partition, position) in positions.iter_mut().enumerate() {
            let shard = format!("failed-{partition}");
            let wait = Duration::from_millis(100);
            let slice = stream.read(&shard, position, 10, wait).await.unwrap();
            *position = slice.next;
            for record in slice.records {
                let record: KafkaRecord = serde_json::from_slice(&record.json).unwrap();
                let text = |bytes: Option<Vec<u8>>| bytes.map(|b| String::from_utf8(b).unwrap());
                let value = text(record.value_bytes().unwrap()).unwrap();
                found.insert(value, (partition, text(record.key_bytes().unwrap())));
            }
        }
    }
    for (key, hash) in keys {
        let partition = usize::try_from((hash & i32::MAX) % 8).unwrap();
        let expected = (partition, Some(key.to_owned()));
        assert_eq!(found[key], expected, "{key}");
    }
    assert_eq!(found["none"].1, None, "{found:?}");
}

#[tokio::test]
async fn what_a_broker_refuses_is_told() {
    for (code, expected) in [
        (
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            ErrorKind::Denied,
        ),
        (
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
            ErrorKind::Limit,
        ),
    ] {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("failed", 1, 1).unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers());
        let producer = KafkaProducer::new(config).unwrap();
        cluster.request_errors(RDKafkaApiKey::Produce, &[code]);
        let error = producer.to_topic("failed", &record(None, "x")).await;
        assert_eq!(error.unwrap_err().kind(), expected);
    }
    let mut wrong = ClientConfig::new();
    wrong.set("no.such.setting", "1");
    let error = KafkaProducer::new(wrong).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

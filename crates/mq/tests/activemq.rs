//! A queue of a real ActiveMQ broker, read as Lambda reads it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broker;

use std::time::Duration;

use broker::stomp::send;
use broker::{bodies, receive};
use lambda_with::{ErrorKind, Source, Timestamp};
use lambda_with_mq::poll::ActiveMqSource;
use serde_json::{Value, json};

const NONE: Duration = Duration::from_millis(300);

async fn source(queue: &str, prefetch: u16) -> ActiveMqSource {
    let address = format!("127.0.0.1:{}", broker::activemq());
    let source = ActiveMqSource::connect(address, "harbor", "s3cret", queue, prefetch).await;
    source.unwrap()
}

#[tokio::test]
async fn a_record_is_what_lambda_sends() {
    let headers = "persistent:true\npriority:9\nexpires:4102444800000\ncorrelation-id:lift-77\n\
                   reply-to:/queue/replies\ntype:position\nshift:night\nmulti\\cpart:a\\nb\n";
    let bytes = "content-length:3\n";
    let before = Timestamp::now().unix_millis();
    send(&[
        ("exact", headers, "{\"crane\":\"C-12 é\"}".as_bytes()),
        ("exact", bytes, &[0, 255, 1]),
    ])
    .await;
    let source = source("exact", 10).await;
    let records = receive(&source, 2).await;
    let after = Timestamp::now().unix_millis();
    let mut found: Vec<Value> = records
        .iter()
        .map(|record| serde_json::from_slice(&record.json).unwrap())
        .collect();
    for (found, record) in found.iter_mut().zip(&records) {
        assert_eq!(found["messageID"], record.id.as_str());
        assert!(record.id.starts_with("ID:"), "{}", record.id);
        for member in ["timestamp", "brokerInTime", "brokerOutTime"] {
            let time = found[member].as_i64().unwrap();
            assert!((before..=after).contains(&time), "{member} {time}");
            found[member] = json!("a time");
        }
        found["messageID"] = json!("an id");
    }
    let expected = json!({
        "messageID": "an id", "messageType": "jms/text-message", "timestamp": "a time",
        "deliveryMode": 2, "correlationId": "lift-77", "replyTo": "/queue/replies",
        "destination": { "physicalName": "exact" }, "redelivered": false, "type": "position",
        "expiration": 4_102_444_800_000_i64, "priority": 9, "data": "eyJjcmFuZSI6IkMtMTIgw6kifQ==",
        "brokerInTime": "a time", "brokerOutTime": "a time",
        "properties": { "multi:part": "a\nb", "shift": "night" },
    });
    assert_eq!(found[0], expected);
    let members = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(members(&found[1]), members(&expected));
    for (member, value) in [
        ("messageType", json!("jms/bytes-message")),
        ("deliveryMode", json!(1)),
        ("correlationId", Value::Null),
        ("replyTo", Value::Null),
        ("type", Value::Null),
        ("expiration", json!(0)),
        ("priority", json!(4)),
        ("data", json!("AP8B")),
        ("properties", json!({})),
    ] {
        assert_eq!(found[1][member], value, "{member}");
    }
}

#[tokio::test]
async fn what_is_released_comes_again_when_the_rest_is_done_with() {
    let bodies_of = ["1", "2", "3", "4"].map(|body| ("again", "", body.as_bytes()));
    send(&bodies_of).await;
    let source = source("again", 10).await;
    let records = receive(&source, 3).await;
    assert_eq!(bodies(&records), "1 2 3");
    source.release(&records[..1]).await.unwrap();
    source.acknowledge(&records[1..2]).await.unwrap();
    // 3 is still in flight.
    assert!(source.receive(10, NONE).await.unwrap().is_empty());
    source.acknowledge(&records[2..]).await.unwrap();
    let again = receive(&source, 2).await;
    let text = bodies(&again);
    assert!(text.contains("1*") && text.contains('4'), "{text}");
    let error = source.acknowledge(&records[..1]).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unavailable,
        "it came by another connection"
    );
    source.acknowledge(&again).await.unwrap();
    assert!(source.receive(10, NONE).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_more_than_the_prefetch_are_in_flight() {
    send(&["a", "b", "c"].map(|body| ("few", "", body.as_bytes()))).await;
    let source = source("few", 2).await;
    let records = receive(&source, 2).await;
    assert_eq!(bodies(&records), "a b");
    assert!(source.receive(10, NONE).await.unwrap().is_empty());
    source.acknowledge(&records).await.unwrap();
    assert_eq!(bodies(&receive(&source, 1).await), "c");
}

#[tokio::test]
async fn a_message_given_up_ends_in_the_dead_letter_queue() {
    send(&[("poison", "persistent:true\n", b"bad")]).await;
    let tried = source("poison", 1).await;
    let dead = source("ActiveMQ.DLQ", 1).await;
    let mut attempts = 0;
    while attempts < 10 {
        let records = tried.receive(1, NONE).await.unwrap();
        if records.is_empty() {
            break;
        }
        attempts += 1;
        tried.release(&records).await.unwrap();
    }
    assert_eq!(attempts, 7, "one delivery and 6 redeliveries");
    assert_eq!(
        bodies(&receive(&dead, 1).await).trim_end_matches('*'),
        "bad"
    );
}

#[tokio::test]
async fn errors_name_the_queue() {
    let address = format!("127.0.0.1:{}", broker::activemq());
    let error = ActiveMqSource::connect(&address, "harbor", "wrong", "q", 1)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.context("queue")),
        (ErrorKind::Denied, Some("q")),
        "{error}"
    );
    let error = ActiveMqSource::connect("127.0.0.1:1", "a", "b", "q", 1)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

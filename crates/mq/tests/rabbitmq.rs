//! A queue of a real RabbitMQ broker, read as Lambda reads it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broker;

use std::time::{Duration, Instant};

use broker::amqp::{declare, open, send};
use broker::{WAIT, bodies, receive};
use lambda_with::{ErrorKind, Record, Source, Timestamp};
use lambda_with_mq::poll::RabbitMqSource;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::{Value, json};

const NONE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_what_lambda_sends() {
    let (_connection, channel, uri) = open().await;
    declare(&channel, "exact").await;
    let mut table = FieldTable::default();
    table.insert("count".into(), AMQPValue::LongLongInt(3));
    let mut headers = FieldTable::default();
    for (name, value) in [
        ("attempt", AMQPValue::LongInt(10)),
        (
            "deaths",
            AMQPValue::FieldArray(vec![AMQPValue::FieldTable(table)].into()),
        ),
        ("none", AMQPValue::Void),
        ("ratio", AMQPValue::Double(0.5)),
        ("text", AMQPValue::LongString("é1".into())),
        ("urgent", AMQPValue::Boolean(true)),
    ] {
        headers.insert(name.into(), value);
    }
    let all = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_content_encoding("utf-8".into())
        .with_headers(headers)
        .with_delivery_mode(2)
        .with_priority(5)
        .with_correlation_id("req-78".into())
        .with_reply_to("answers".into())
        .with_expiration("60000".into())
        .with_message_id("m-1".into())
        .with_timestamp(1_772_447_730)
        .with_type("ticket.sold".into())
        .with_user_id("guest".into())
        .with_app_id("ferry-desk".into());
    send(&channel, "exact", br#"{"pier":2}"#, all).await;
    send(&channel, "exact", &[0, 255], BasicProperties::default()).await;
    let source = RabbitMqSource::connect(uri, "exact", 10).await.unwrap();
    let records = receive(&source, 2).await;
    let found: Vec<Value> = records
        .iter()
        .map(|record| serde_json::from_slice(&record.json).unwrap())
        .collect();
    assert_eq!(
        found[0],
        json!({
            "basicProperties": {
                "contentType": "application/json", "contentEncoding": "utf-8",
                "headers": {
                    "attempt": 10, "deaths": [{ "count": 3 }], "none": null, "ratio": 0.5,
                    "text": { "bytes": [-61, -87, 49] }, "urgent": true,
                },
                "deliveryMode": 2, "priority": 5, "correlationId": "req-78",
                "replyTo": "answers", "expiration": "60000", "messageId": "m-1",
                "timestamp": "Mar 2, 2026, 10:35:30 AM", "type": "ticket.sold",
                "userId": "guest", "appId": "ferry-desk", "clusterId": null, "bodySize": 10,
            },
            "redelivered": false,
            "data": "eyJwaWVyIjoyfQ==",
        })
    );
    let text = r#"{"basicProperties":{"contentType":null,"contentEncoding":null,"headers":null,"deliveryMode":null,"priority":null,"correlationId":null,"replyTo":null,"expiration":null,"messageId":null,"timestamp":null,"type":null,"userId":null,"appId":null,"clusterId":null,"bodySize":2},"redelivered":false,"data":"AP8="}"#;
    assert_eq!(records[1].json, text, "members stand in Lambda's order");
    let sent = Timestamp::from_unix_seconds(1_772_447_730);
    assert_eq!((records[0].arrived, records[1].arrived), (Some(sent), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_comes_again_and_what_is_acknowledged_does_not() {
    let (_connection, channel, uri) = open().await;
    declare(&channel, "again").await;
    for body in ["1", "2", "3", "4", "5"] {
        send(
            &channel,
            "again",
            body.as_bytes(),
            BasicProperties::default(),
        )
        .await;
    }
    let source = RabbitMqSource::connect(uri.clone(), "again", 10)
        .await
        .unwrap();
    let records = receive(&source, 4).await;
    assert_eq!(bodies(&records), "1 2 3 4");
    source.acknowledge(&records[1..2]).await.unwrap();
    source
        .release(&[records[0].clone(), records[2].clone()])
        .await
        .unwrap();
    let mut again = bodies(&receive(&source, 3).await)
        .split(' ')
        .map(str::to_owned)
        .collect::<Vec<_>>();
    again.sort();
    assert_eq!(again, ["1*", "3*", "5"]);
    assert!(
        source.receive(10, NONE).await.unwrap().is_empty(),
        "4 is in flight"
    );
    // The next connection gets all that was not acknowledged.
    drop(source);
    let next = RabbitMqSource::connect(uri, "again", 10).await.unwrap();
    let records = receive(&next, 4).await;
    assert_eq!(bodies(&records), "1* 3* 4* 5*");
    next.acknowledge(&records).await.unwrap();
    assert!(next.receive(10, NONE).await.unwrap().is_empty());
    let stale = Record {
        receipt: "0/1".into(),
        ..records[0].clone()
    };
    let error = next.acknowledge(&[stale]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_the_prefetch_are_in_flight() {
    let (_connection, channel, uri) = open().await;
    declare(&channel, "few").await;
    let source = RabbitMqSource::connect(uri, "few", 2).await.unwrap();
    let begun = Instant::now();
    let (records, ()) = tokio::join!(source.receive(10, WAIT), async {
        tokio::time::sleep(NONE).await;
        for body in ["a", "b", "c"] {
            send(&channel, "few", body.as_bytes(), BasicProperties::default()).await;
        }
    });
    let mut records = records.unwrap();
    assert!(begun.elapsed() < WAIT && !records.is_empty());
    if records.len() < 2 {
        records.extend(receive(&source, 1).await);
    }
    assert!(source.receive(10, NONE).await.unwrap().is_empty());
    source.acknowledge(&records).await.unwrap();
    assert_eq!(bodies(&receive(&source, 1).await), "c");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_the_queue() {
    let (_connection, _channel, uri) = open().await;
    let error = RabbitMqSource::connect(&uri, "nowhere", 1)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.context("queue")),
        (ErrorKind::NotFound, Some("nowhere"))
    );
    let stranger = uri.replace("guest:guest", "guest:wrong");
    let error = RabbitMqSource::connect(stranger, "q", 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    let error = RabbitMqSource::connect("amqp://127.0.0.1:1/%2f", "q", 1)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

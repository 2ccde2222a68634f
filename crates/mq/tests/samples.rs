//! Every sample is read and written back exactly, and what sources spell differently is told apart.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Nullable, Timestamp};
use lambda_with_mq::{ActiveMqEvent, ActiveMqMessageType, RabbitMqEvent, SERVICE};
use lambda_with_testing::{Root, edit, exact, sample, samples};
use serde_json::{Value, json};

#[test]
fn samples_are_exact_and_told_apart() {
    assert_eq!(SERVICE.samples.len(), 6);
    samples(
        &SERVICE,
        &[Root::of::<ActiveMqEvent>(), Root::of::<RabbitMqEvent>()],
    );
}

/// The guide and AWS's libraries do not agree; each is read, and written back as it came.
#[test]
fn sources_disagree_on_activemq() {
    let with = |changes: &[(&str, Option<Value>)]| -> ActiveMqEvent {
        let mut document = sample(&SERVICE, "activemq-text");
        let message = document["messages"][0].as_object_mut().unwrap();
        for (member, value) in changes {
            match value {
                Some(value) => drop(message.insert((*member).to_owned(), value.clone())),
                None => drop(message.remove(*member)),
            }
        }
        exact(&document.to_string())
    };
    for (changes, correlation) in [
        (
            vec![
                ("correlationId", None),
                ("correlationID", Some(json!("go"))),
            ],
            Some("go"),
        ),
        (vec![("correlationId", Some(json!("guide")))], Some("guide")),
        (vec![("correlationId", Some(Value::Null))], None),
        (vec![("correlationId", None)], None),
    ] {
        let event = with(&changes);
        assert_eq!(event.messages[0].correlation(), correlation, "{changes:?}");
    }
    for (destination, queue) in [
        (json!({ "physicalName": "a" }), Some("a")),
        (json!({ "physicalname": "b" }), Some("b")),
        (json!({ "physicalName": null }), None),
        (Value::Null, None),
    ] {
        let event = with(&[("destination", Some(destination))]);
        assert_eq!(event.messages[0].queue(), queue);
    }
    for (expiration, millis) in [
        (json!("60000"), 60000),
        (json!(60000), 60000),
        (json!(0), 0),
    ] {
        let event = with(&[("expiration", Some(expiration))]);
        let found = event.messages[0].expiration.as_ref().unwrap();
        assert_eq!(found.value(), Some(millis));
    }
    for properties in [
        Some(Value::Null),
        None,
        Some(json!({ "a": null })),
        Some(json!({})),
    ] {
        let event = with(&[("properties", properties)]);
        assert_eq!(event.messages[0].property("a"), None);
    }
    // A fixture has the word null, and empty texts, where others have null.
    let event = with(&[("replyTo", Some(json!("null"))), ("type", Some(json!("")))]);
    assert_eq!(event.messages[0].reply_to.as_deref(), Some("null"));
    let event = with(&[("messageType", Some(json!("jms/map-message")))]);
    let other = ActiveMqMessageType::Other("jms/map-message".into());
    assert_eq!(event.messages[0].message_type, other);
}

#[test]
fn bodies_and_properties_of_activemq() {
    let event: ActiveMqEvent = exact(SERVICE.sample("activemq-text").unwrap().json);
    let message = &event.messages[0];
    assert_eq!(message.decode::<Value>().unwrap()["crane"], "C-12");
    assert_eq!(message.property("shift"), Some("night"));
    assert_eq!(
        message.timestamp.timestamp().unwrap(),
        Timestamp::from_unix_millis(1_772_447_730_124)
    );
    let event: ActiveMqEvent = exact(SERVICE.sample("activemq-bytes").unwrap().json);
    assert_eq!(event.messages[0].bytes().unwrap().len(), 8);
    assert!(event.messages[0].decode::<Value>().is_err());
    let pointer = "/messages/0/data";
    let event: ActiveMqEvent = exact(&edit(
        &SERVICE,
        "activemq-text",
        pointer,
        Some(json!("no base64")),
    ));
    assert!(event.messages[0].bytes().is_err());
    assert!(
        event.messages[1].bytes().is_ok(),
        "one bad body costs one message"
    );
}

#[test]
fn sources_disagree_on_rabbitmq() {
    let with = |member: &str, value: Option<Value>| -> RabbitMqEvent {
        let pointer = format!("/rmqMessagesByQueue/tickets::~1/0/basicProperties/{member}");
        let mut document = sample(&SERVICE, "rabbitmq-standard");
        let properties =
            document["rmqMessagesByQueue"]["tickets::/"][0]["basicProperties"].as_object_mut();
        match value {
            Some(value) => drop(properties.unwrap().insert(member.to_owned(), value)),
            None => assert!(properties.unwrap().remove(member).is_some(), "{pointer}"),
        }
        exact(&document.to_string())
    };
    for member in [
        "priority",
        "headers",
        "timestamp",
        "deliveryMode",
        "bodySize",
        "expiration",
    ] {
        with(member, Some(Value::Null));
        with(member, None);
    }
    for (value, text) in [
        (json!({ "bytes": [118, 49] }), Some("v1")),
        (json!({ "bytes": [-61, -87] }), Some("é")),
        (json!({ "bytes": [195, 169] }), Some("é")),
        (json!({ "bytes": [-1] }), None),
        (json!({ "bytes": [300] }), None),
        (json!(10), None),
        (json!("plain"), None),
        (Value::Null, None),
    ] {
        let event = with("headers", Some(json!({ "trace": value })));
        let message = &event.rmq_messages_by_queue.get("tickets::/").unwrap()[0];
        assert_eq!(
            message.basic_properties.header_text("trace").as_deref(),
            text,
            "{value}"
        );
    }
}

#[test]
fn headers_times_and_bodies_of_rabbitmq() {
    let event: RabbitMqEvent = exact(SERVICE.sample("rabbitmq-headers").unwrap().json);
    let message = &event.rmq_messages_by_queue.get("tickets::harbor").unwrap()[0];
    let properties = &message.basic_properties;
    assert_eq!(properties.header_text("grüße").as_deref(), Some("Fähre"));
    let headers = properties.headers.as_ref().unwrap();
    assert_eq!(headers.get("ratio").unwrap().decode::<f64>().unwrap(), 0.5);
    assert_eq!(
        headers.get("x-death").unwrap().value().unwrap()[0]["count"],
        3
    );
    assert_eq!(
        properties.sent().unwrap(),
        Some(Timestamp::from_unix_seconds(2021))
    );
    assert_eq!(message.redelivered, Nullable::Value(true));
    let event: RabbitMqEvent = exact(SERVICE.sample("rabbitmq-standard").unwrap().json);
    let messages = event.rmq_messages_by_queue.get("tickets::/").unwrap();
    assert_eq!(messages[0].decode::<Value>().unwrap()["ticket"], "F-881");
    assert_eq!(messages[1].basic_properties.sent().unwrap(), None);
}

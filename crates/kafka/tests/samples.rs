//! Every sample is read and written back exactly, and what sources spell differently is told apart.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{ErrorKind, Nullable};
use lambda_with_kafka::{
    KafkaBatchResponse, KafkaEvent, KafkaFailure, KafkaFailureCondition, KafkaTimestampType,
    SERVICE,
};
use lambda_with_testing::{Root, edit, exact, read, samples};
use serde_json::{Value, json};

#[test]
fn samples_are_exact() {
    assert_eq!(SERVICE.samples.len(), 11);
    samples(
        &SERVICE,
        &[
            Root::of::<KafkaEvent>(),
            Root::of::<KafkaFailure>(),
            Root::of::<KafkaBatchResponse>(),
        ],
    );
}

#[test]
fn sources_disagree() {
    let with = |pointer: &str, value: Option<Value>| -> KafkaEvent {
        let pointer = format!("/records/orders-1/0{pointer}");
        exact(&edit(&SERVICE, "headers", &pointer, value))
    };
    // Bytes of headers are signed; a tool may send them unsigned, and a header without a value.
    for (headers, bytes) in [
        (json!([{ "trace": [-56] }]), Some(vec![200])),
        (json!([{ "trace": [200] }]), Some(vec![200])),
        (json!([{ "trace": [1] }, { "trace": [2] }]), Some(vec![2])),
        (json!([{ "trace": [1] }, { "trace": null }]), None),
        (json!([{ "trace": [] }]), Some(Vec::new())),
        (json!([]), None),
        (json!(null), None),
    ] {
        let event = with("/headers", Some(headers.clone()));
        let record = &event.records.get("orders-1").unwrap()[0];
        assert_eq!(record.header("trace").unwrap(), bytes, "{headers}");
    }
    let event = with("/headers", Some(json!([{ "trace": [300] }, { "ok": [1] }])));
    let record = &event.records.get("orders-1").unwrap()[0];
    assert_eq!(
        record.header("trace").unwrap_err().kind(),
        ErrorKind::Decode
    );
    assert_eq!(
        record.header("ok").unwrap(),
        Some(vec![1]),
        "a bad header costs itself alone"
    );
    // A record without a key has none, or null.
    for (member, missing) in [
        ("/key", None),
        ("/key", Some(Value::Null)),
        ("/headers", None),
        ("/value", None),
    ] {
        let event = with(member, missing.clone());
        let record = &event.records.get("orders-1").unwrap()[0];
        let key_is_null = member == "/key" && missing.is_some();
        assert_eq!(record.key == Nullable::Null, key_is_null);
        assert_eq!(record.is_tombstone(), member == "/value");
    }
    let event = with("/timestampType", Some(json!("NO_TIMESTAMP_TYPE")));
    let record = &event.records.get("orders-1").unwrap()[0];
    assert_eq!(
        record.timestamp_type,
        KafkaTimestampType::Other("NO_TIMESTAMP_TYPE".into())
    );
    // Schema ids of Confluent's registry are numbers.
    let pointer = "/records/weather-0/0/valueSchemaMetadata";
    for metadata in [
        json!({ "schemaId": 17 }),
        json!({ "dataFormat": null, "schemaId": "17" }),
        Value::Null,
    ] {
        exact::<KafkaEvent>(&edit(&SERVICE, "schema-registry", pointer, Some(metadata)));
    }
    exact::<KafkaEvent>(&edit(&SERVICE, "standard", "/bootstrapServers", None));
}

#[test]
fn one_bad_value_costs_one_record() {
    let pointer = "/records/orders-0/0/value";
    let text = edit(&SERVICE, "standard", pointer, Some(json!("not base64")));
    let event: KafkaEvent = exact(&text);
    let records = event.records.get("orders-0").unwrap();
    assert!(records[0].value_bytes().is_err());
    let order: Value = records[1].decode().unwrap().unwrap();
    assert_eq!(order["order"], "A-1042");
    assert_eq!(records[1].key_bytes().unwrap().unwrap(), b"berth-3");
    let decoded: KafkaEvent = read(&SERVICE, "schema-registry");
    let weather = &decoded.records.get("weather-0").unwrap()[0];
    assert!(weather.decode_key::<Value>().unwrap().is_some());
    let tombstones: KafkaEvent = exact(SERVICE.sample("tombstone").unwrap().json);
    let tombstone = &tombstones.records.get("berths-1").unwrap()[0];
    assert_eq!(tombstone.decode::<Value>().unwrap(), None);
    assert_eq!(
        tombstones.records.get("berths-1").unwrap()[1]
            .key_bytes()
            .unwrap(),
        None
    );
}

#[test]
fn a_failure_gives_the_event_back_where_it_holds_one() {
    for (sample, records) in [
        ("failure", None),
        ("failure-s3", Some(2)),
        ("failure-topic", Some(1)),
    ] {
        let failure: KafkaFailure = exact(SERVICE.sample(sample).unwrap().json);
        let event: Option<KafkaEvent> = failure.event().unwrap();
        let count = event.map(|event| event.records.values().map(Vec::len).sum::<usize>());
        assert_eq!(count, records, "{sample}");
    }
    let partial: KafkaFailure = exact(SERVICE.sample("failure-partial").unwrap().json);
    let response = partial.response_context.as_ref().unwrap();
    assert_eq!(response.function_error, Nullable::Null);
    // Those of Amazon MSK name the cluster; conditions to come are kept.
    let cluster = json!("arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/1-4");
    exact::<KafkaFailure>(&edit(
        &SERVICE,
        "failure",
        "/KafkaBatchInfo/eventSourceArn",
        Some(cluster),
    ));
    for condition in ["SCHEMA_NOT_FOUND", "DESERIALIZATION_ERROR", "SomethingNew"] {
        let pointer = "/requestContext/condition";
        let failure: KafkaFailure =
            exact(&edit(&SERVICE, "failure", pointer, Some(json!(condition))));
        let known = !matches!(
            failure.request_context.condition,
            KafkaFailureCondition::Other(_)
        );
        assert_eq!(known, condition != "SomethingNew");
    }
    let text = edit(&SERVICE, "failure-s3", "/payload", Some(json!("{")));
    assert!(exact::<KafkaFailure>(&text).event::<KafkaEvent>().is_err());
    // Without an invocation there is no answer; for an age exceeded the member is left out.
    exact::<KafkaFailure>(&edit(&SERVICE, "failure", "/responseContext", None));
    let failure: KafkaFailure = exact(&edit(
        &SERVICE,
        "failure",
        "/responseContext",
        Some(Value::Null),
    ));
    assert!(failure.response_context.as_ref().is_none());
    // A topic is told by another word than all other destinations.
    let words = ["failure", "failure-topic"].map(|id| {
        let failure: KafkaFailure = read(&SERVICE, id);
        failure.request_context.condition.to_string()
    });
    assert_eq!(words, ["RetryAttemptsExhausted", "RetriesExhausted"]);
}

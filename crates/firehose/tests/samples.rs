//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Payload, decode};
use lambda_with_firehose::{
    FirehoseEvent, FirehoseOperation, FirehoseResponse, FirehoseResult, SERVICE,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads `json` in both ways, and sees that both write the same document back.
fn exact<T: DeserializeOwned + PartialEq + Serialize + std::fmt::Debug>(json: &str) -> T {
    let plain: T = serde_json::from_str(json).unwrap();
    let shared: T = decode(json.as_bytes().to_vec()).unwrap();
    assert_eq!(plain, shared);
    let document: Value = serde_json::from_str(json).unwrap();
    for value in [&plain, &shared] {
        assert_eq!(serde_json::to_value(value).unwrap(), document);
    }
    plain
}

fn sample<T: DeserializeOwned>(id: &str) -> T {
    serde_json::from_str(SERVICE.sample(id).unwrap().json).unwrap()
}

/// A sample with one member set or, with `None`, taken away.
fn edit(id: &str, pointer: &str, value: Option<Value>) -> String {
    let mut document: Value = sample(id);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    let parent = parent.as_object_mut().unwrap();
    match value {
        Some(value) => drop(parent.insert(name.into(), value)),
        None => assert!(parent.remove(name).is_some(), "{pointer} is not there"),
    }
    document.to_string()
}

#[test]
fn samples_are_exact_and_recognised() {
    assert_eq!(SERVICE.samples.len(), 11);
    for sample in SERVICE.samples {
        let payload = Payload::from(sample.json);
        let event = sample.of == "FirehoseEvent";
        assert_eq!(payload.is::<FirehoseEvent>(), event, "{}", sample.id);
        assert_eq!(payload.is::<FirehoseResponse>(), !event, "{}", sample.id);
        if event {
            exact::<FirehoseEvent>(sample.json);
        } else {
            exact::<FirehoseResponse>(sample.json);
        }
    }
}

#[test]
fn members_that_sources_write_differently() {
    let metadata = "/records/0/kinesisRecordMetadata";
    for (id, pointer, value) in [
        (
            "kinesis",
            format!("{metadata}/subsequenceNumber"),
            Some(json!("")),
        ),
        (
            "kinesis",
            format!("{metadata}/subsequenceNumber"),
            Some(json!("7")),
        ),
        (
            "kinesis",
            format!("{metadata}/subsequenceNumber"),
            Some(json!(123_456)),
        ),
        ("kinesis", format!("{metadata}/subsequenceNumber"), None),
        ("kinesis", format!("{metadata}/partitionKey"), None),
        (
            "kinesis",
            format!("{metadata}/approximateArrivalTimestamp"),
            Some(json!("2012-04-23T18:25:43.511Z")),
        ),
        ("direct-put", metadata.into(), Some(Value::Null)),
        (
            "direct-put",
            "/records/0/approximateArrivalTimestamp".into(),
            Some(json!("1772447730123")),
        ),
        (
            "msk",
            "/records/0/mskRecordMetadata/offset".into(),
            Some(json!(42)),
        ),
        (
            "msk",
            "/records/0/kafkaRecordValue".into(),
            Some(Value::Null),
        ),
    ] {
        exact::<FirehoseEvent>(&edit(id, &pointer, value));
    }
}

#[test]
fn times_are_whole_numbers() {
    let event: FirehoseEvent = exact(&edit(
        "direct-put",
        "/records/0/approximateArrivalTimestamp",
        Some(json!(1_757_000_000_000_i64)),
    ));
    let time = event.records[0].approximate_arrival_timestamp.timestamp();
    assert_eq!(time.unwrap().unix_millis(), 1_757_000_000_000);
    let fraction = edit(
        "direct-put",
        "/records/0/approximateArrivalTimestamp",
        Some(json!(1_757_000_000_000.5)),
    );
    let event: FirehoseEvent = serde_json::from_str(&fraction).unwrap();
    let time = event.records[0].approximate_arrival_timestamp.timestamp();
    assert_eq!(time.unwrap().nanos(), 500_000);
}

#[test]
fn answers_without_data_or_metadata() {
    let answer: FirehoseResponse =
        exact(r#"{"records": [{"recordId": "1", "result": "Dropped"}]}"#);
    assert_eq!(answer.records[0].result, FirehoseResult::Dropped);
    let other: FirehoseResponse =
        exact(r#"{"records": [{"recordId": "1", "result": "TRANSFORMED_STATE_OK", "data": ""}]}"#);
    assert_eq!(
        other.records[0].result,
        FirehoseResult::Other("TRANSFORMED_STATE_OK".into())
    );
}

#[test]
fn tables_are_kept() {
    let answer: FirehoseResponse = sample("iceberg");
    let metadata = answer.records[0].metadata.as_ref().unwrap();
    let table = metadata.otf_metadata.as_ref().unwrap();
    assert_eq!(table.operation, Some(FirehoseOperation::Update));
    exact::<FirehoseResponse>(&edit(
        "iceberg",
        "/records/0/metadata/otfMetadata",
        Some(json!({"destinationDatabaseName": "", "destinationTableName": "", "operation": ""})),
    ));
}

#[test]
fn records_of_every_source_have_their_bytes() {
    for (id, first) in [
        ("direct-put", &b"{\"page\":\"/tides\",\"ms\":41}"[..]),
        ("kinesis-aggregated", b"{\"buoy\":\"b-0\",\"celsius\":8.5}"),
        ("msk", b"{\"order\":1}"),
    ] {
        let event: FirehoseEvent = sample(id);
        assert_eq!(event.records[0].bytes().unwrap(), first, "{id}");
    }
    let logs: FirehoseEvent = sample("cloudwatch-logs");
    assert!(logs.records[1].bytes().unwrap().starts_with(&[0x1f, 0x8b]));
    let sns: FirehoseEvent = sample("sns");
    let message: Value = sns.records[0].decode().unwrap();
    assert_eq!(message["Type"], "Notification");

    let mut event: FirehoseEvent = sample("direct-put");
    let record = &mut event.records[0];
    let id = record.record_id.to_string();
    for data in [Some("!"), None] {
        record.data = data.map(Into::into).into();
        let error = record.bytes().unwrap_err().to_string();
        assert!(error.contains(&id), "{error}");
    }
}

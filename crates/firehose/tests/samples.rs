//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_firehose::{
    FirehoseEvent, FirehoseOperation, FirehoseResponse, FirehoseResult, SERVICE,
};
use lambda_with_testing::{Root, edit, exact, read, samples};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn sample<T: DeserializeOwned>(id: &str) -> T {
    read(&SERVICE, id)
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[Root::of::<FirehoseEvent>(), Root::of::<FirehoseResponse>()],
    );
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
        exact::<FirehoseEvent>(&edit(&SERVICE, id, &pointer, value));
    }
}

#[test]
fn times_are_whole_numbers() {
    let event: FirehoseEvent = exact(&edit(
        &SERVICE,
        "direct-put",
        "/records/0/approximateArrivalTimestamp",
        Some(json!(1_757_000_000_000_i64)),
    ));
    let time = event.records[0].approximate_arrival_timestamp.timestamp();
    assert_eq!(time.unwrap().unix_millis(), 1_757_000_000_000);
    let fraction = edit(
        &SERVICE,
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
        &SERVICE,
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

//! The answer to a batch: what the builder makes, and a case for every rule it keeps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Error, ErrorKind};
use lambda_with_firehose::{
    Answers, FirehoseEvent, FirehoseOperation, FirehoseResponse, FirehoseResult, Output, SERVICE,
    Transformed,
};
use lambda_with_testing::read;
use serde_json::{Value, json};

fn event(id: &str) -> FirehoseEvent {
    read(&SERVICE, id)
}

fn rule(error: &Error) -> &str {
    error.context("rule").unwrap()
}

#[test]
fn every_record_is_answered_in_the_member_its_source_wants() {
    for (id, member) in [
        ("direct-put", "data"),
        ("kinesis", "data"),
        ("msk", "kafkaRecordValue"),
    ] {
        let event = event(id);
        let done = event.transform(|record| Ok::<_, ()>(Output::unchanged(record)));
        assert!(done.failures.is_empty());
        let response = done.into_response().unwrap();
        response.check(&event).unwrap();
        let written = serde_json::to_value(&response).unwrap();
        for (answer, record) in written["records"]
            .as_array()
            .unwrap()
            .iter()
            .zip(&event.records)
        {
            let content = record.content().unwrap().as_str();
            let expected = json!({"recordId": record.record_id, "result": "Ok", member: content});
            assert_eq!(answer, &expected, "{id}");
        }
    }
}

#[test]
fn one_bad_record_fails_alone() {
    let event = event("direct-put");
    let done = event.transform(|record| {
        let view: Value = record.decode()?;
        match view["page"] == "/tides" {
            true => Ok(Transformed::Dropped),
            false => Output::json(&view).map(Transformed::Ok),
        }
    });
    let [(record, error)] = done.failures.as_slice() else {
        panic!("{done:?}")
    };
    assert_eq!(record.record_id, event.records[2].record_id);
    assert_eq!(error.kind(), ErrorKind::Decode);
    let records = done.into_response().unwrap().records;
    let results: Vec<_> = records
        .iter()
        .map(|record| record.result.as_str())
        .collect();
    assert_eq!(results, ["Dropped", "Ok", "ProcessingFailed"]);
    let line = records[1].data.as_ref().unwrap().decode().unwrap();
    assert!(line.ends_with(b"}\n"));
}

#[test]
fn lines_end_once() {
    for (output, bytes) in [
        (Output::line("a"), &b"a\n"[..]),
        (Output::line("a\n"), b"a\n"),
        (Output::line(""), b"\n"),
        (Output::new("a"), b"a"),
    ] {
        let event = event("sns");
        let done = event.transform(|_| Ok::<_, ()>(output.clone()));
        let response = done.into_response().unwrap();
        assert_eq!(
            response.records[0].data.as_ref().unwrap().decode().unwrap(),
            bytes
        );
    }
}

#[test]
fn partition_keys_and_tables_are_written_as_the_samples_are() {
    let row = || Output::json(&json!({"page": "tides"}));
    let partitioned = row()
        .and_then(|row| row.partition_key("page", "reefs"))
        .and_then(|row| row.partition_key("page", "tides"))
        .and_then(|row| row.partition_key("day", "2026-03-02"));
    let table =
        Output::new(r#"{"id":7,"pier":2}"#).table("harbor", "arrivals", FirehoseOperation::Update);
    for (output, id) in [(partitioned, "partitioned"), (table, "iceberg")] {
        let mut event = event("direct-put");
        event.records.truncate(1);
        let output = output.unwrap();
        let done = event.transform(|_| Ok::<_, ()>(output.clone()));
        let mut response = done.into_response().unwrap();
        let sample: FirehoseResponse = read(&SERVICE, id);
        response.records[0].record_id = sample.records[0].record_id.clone();
        assert_eq!(response, sample, "{id}");
    }
}

#[test]
fn what_cannot_be_built() {
    let event = event("direct-put");
    let first = event.records[0].record_id.as_str();
    let twice = || {
        let mut answers = Answers::new(&event);
        answers.add(first, Transformed::Dropped)?;
        answers.add(first, Transformed::Dropped)
    };
    let row = || Output::new("row");
    let once = "every record of the batch is answered exactly once";
    let keys = "names and values of partition keys are not empty";
    let table = "a table has a database, a name, and insert, update or delete as operation";
    for (result, expected) in [
        (Answers::new(&event).add("7", Transformed::Dropped), once),
        (twice(), once),
        (Answers::new(&event).finish().map(drop), once),
        (row().partition_key("", "v").map(drop), keys),
        (row().partition_key("k", "").map(drop), keys),
        (
            row().table("", "t", FirehoseOperation::Insert).map(drop),
            table,
        ),
        (
            row().table("d", "", FirehoseOperation::Insert).map(drop),
            table,
        ),
        (
            row()
                .table("d", "t", FirehoseOperation::Other("upsert".into()))
                .map(drop),
            table,
        ),
    ] {
        assert_eq!(rule(&result.unwrap_err()), expected);
    }
}

#[test]
fn an_answer_has_at_most_6_mb() {
    let event = event("direct-put");
    let large = |bytes: usize| vec![b'x'; bytes];
    let done = event.transform(|_| Ok::<_, ()>(Output::new(large(1_500_000))));
    assert!(done.into_response().is_ok());

    let done = event.transform(|_| Ok::<_, ()>(Output::new(large(2_000_000))));
    let mut answers = done.answers;
    let error = answers.clone().finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(
        rule(&error),
        "an answer has at most 6 MB as JSON, base64 included"
    );

    let taken = answers.take_excess();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].0.record_id, event.records[2].record_id);
    assert_eq!(taken[0].1, Output::new(large(2_000_000)));
    let response = answers.finish().unwrap();
    assert_eq!(response.records[2].result, FirehoseResult::Dropped);
    assert!(Answers::new(&event).take_excess().is_empty());
}

#[test]
fn answers_by_hand_are_checked() {
    let ok = |id: &str| json!({"recordId": id, "result": "Ok", "data": "YQ=="});
    let kafka = |id: &str| json!({"recordId": id, "result": "Ok", "kafkaRecordValue": "YQ=="});
    let with = |name: &str, value: Value| {
        let mut answer = ok("a");
        answer[name] = value;
        json!([answer])
    };
    let once = "every record of the batch is answered exactly once";
    let data = "a record that is Ok has its bytes in data";
    let msk = "a record from Amazon MSK that is Ok has its bytes in kafkaRecordValue";
    let keys = "names and values of partition keys are not empty";
    let table = "a table has a database, a name, and insert, update or delete as operation";
    for (source, records, expected) in [
        ("direct-put", json!([ok("a")]), ""),
        (
            "direct-put",
            json!([{"recordId": "a", "result": "Dropped"}]),
            "",
        ),
        (
            "direct-put",
            json!([{"recordId": "a", "result": "ProcessingFailed", "data": "YQ=="}]),
            "",
        ),
        ("direct-put", json!([]), once),
        ("direct-put", json!([ok("a"), ok("a")]), once),
        ("direct-put", json!([ok("a"), ok("b")]), once),
        (
            "direct-put",
            with("result", json!("OK")),
            "the result is Ok, Dropped or ProcessingFailed",
        ),
        (
            "direct-put",
            json!([{"recordId": "a", "result": "Ok"}]),
            data,
        ),
        ("direct-put", json!([kafka("a")]), data),
        (
            "direct-put",
            with("data", json!("not base64")),
            "bytes are base64",
        ),
        (
            "direct-put",
            with("metadata", json!({"partitionKeys": {"page": ""}})),
            keys,
        ),
        (
            "direct-put",
            with("metadata", json!({"partitionKeys": {"": "tides"}})),
            keys,
        ),
        (
            "direct-put",
            with("metadata", json!({"otfMetadata": {}})),
            table,
        ),
        (
            "direct-put",
            with("data", json!("YWFh".repeat(1_600_000))),
            "an answer has at most 6 MB as JSON, base64 included",
        ),
        ("msk", json!([kafka("a")]), ""),
        ("msk", json!([ok("a")]), msk),
        ("msk", json!([{"recordId": "a", "result": "Ok"}]), msk),
    ] {
        let mut event = event(source);
        event.records.truncate(1);
        event.records[0].record_id = "a".into();
        let response: FirehoseResponse =
            serde_json::from_value(json!({ "records": records })).unwrap();
        let found = response.check(&event).err();
        let found = found.as_ref().map_or("", rule);
        assert_eq!(found, expected, "{source}");
    }
}

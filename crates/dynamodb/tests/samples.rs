//! Every sample is read and written back exactly, and so are the forms sources disagree about.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::batch::{Batch, BatchRecord, Order};
use lambda_with::{ErrorKind, decode};
use lambda_with_dynamodb::{
    AttributeValue, DynamoDbBatchResponse, DynamoDbEvent, DynamoDbEventName, DynamoDbFailureRecord,
    DynamoDbKinesisRecord, DynamoDbWindowEvent, DynamoDbWindowResponse, Image, SERVICE,
};
use lambda_with_testing::{edit, exact, read, sample};
use serde_json::{Value, json};

#[test]
fn samples_are_exact() {
    assert_eq!(SERVICE.samples.len(), 23);
    for sample in SERVICE.samples {
        match sample.of {
            "DynamoDbEvent" => drop(exact::<DynamoDbEvent>(sample.json)),
            "DynamoDbWindowEvent" => drop(exact::<DynamoDbWindowEvent>(sample.json)),
            "DynamoDbKinesisRecord" => drop(exact::<DynamoDbKinesisRecord>(sample.json)),
            "DynamoDbFailureRecord" => drop(exact::<DynamoDbFailureRecord>(sample.json)),
            "DynamoDbBatchResponse" => drop(exact::<DynamoDbBatchResponse>(sample.json)),
            "DynamoDbWindowResponse" => drop(exact::<DynamoDbWindowResponse>(sample.json)),
            other => panic!("no root type {other}"),
        }
    }
}

fn event(id: &str) -> DynamoDbEvent {
    read(&SERVICE, id)
}

/// Whole, with a fraction, and even as text: AWS's own pages show all of them.
#[test]
fn times_keep_their_digits() {
    let pointer = "/Records/0/dynamodb/ApproximateCreationDateTime";
    for digits in [
        "1772447730",
        "1772447730.0",
        "1772447730.5",
        "\"1678831218.0\"",
    ] {
        let text = edit(&SERVICE, "modify", pointer, Some(json!("@")));
        let text = text.replace("\"@\"", digits);
        let event: DynamoDbEvent = decode(text).unwrap();
        assert!(
            serde_json::to_string(&event)
                .unwrap()
                .contains(&format!(":{digits},"))
        );
        let time = event.records[0]
            .dynamodb
            .approximate_creation_date_time
            .as_ref()
            .unwrap();
        assert!(
            time.timestamp().unwrap().seconds() > 1_600_000_000,
            "{digits}"
        );
    }
}

#[test]
fn members_that_are_not_always_there() {
    for pointer in [
        "SizeBytes",
        "StreamViewType",
        "ApproximateCreationDateTime",
        "NewImage",
    ] {
        exact::<DynamoDbEvent>(&edit(
            &SERVICE,
            "modify",
            &format!("/Records/0/dynamodb/{pointer}"),
            None,
        ));
    }
    // The guide's samples have an older version than the service.
    for version in ["1.0", "1.1", "2"] {
        let pointer = "/Records/0/eventVersion";
        exact::<DynamoDbEvent>(&edit(&SERVICE, "modify", pointer, Some(json!(version))));
    }
    let other: DynamoDbEvent = exact(&edit(
        &SERVICE,
        "modify",
        "/Records/0/eventName",
        Some(json!("NEXT")),
    ));
    assert_eq!(
        other.records[0].event_name,
        DynamoDbEventName::Other("NEXT".into())
    );
    let unknown = json!({ "X": [1] });
    let strange: DynamoDbEvent = exact(&edit(
        &SERVICE,
        "modify",
        "/Records/0/dynamodb/NewImage/x",
        Some(unknown),
    ));
    let image = &strange.records[0].dynamodb.new_image;
    assert_eq!(image.attribute("x").unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(
        image.attribute("status").unwrap(),
        Some(AttributeValue::S("PAID".into()))
    );
}

#[test]
fn deletions_by_time_to_live() {
    for (id, expired) in [
        ("expired", true),
        ("remove", false),
        ("identity-null", false),
    ] {
        assert_eq!(event(id).records[0].is_expired(), expired, "{id}");
    }
    assert_eq!(event("expired").records[0].table(), Some("carts"));
}

#[test]
fn states_are_of_any_type() {
    for state in [
        json!({ "1": "state1" }),
        json!({ "1": 282 }),
        json!({ "a": { "n": [1.5] } }),
    ] {
        let text = edit(&SERVICE, "window", "/state", Some(state.clone()));
        assert_eq!(
            exact::<DynamoDbWindowEvent>(&text)
                .state::<Value>()
                .unwrap(),
            state
        );
    }
    let first: DynamoDbWindowEvent = read(&SERVICE, "window-first");
    assert_eq!(first.state::<u64>().unwrap(), 0);
}

#[test]
fn an_item_is_one_however_its_key_is_written() {
    let keys = |text: &str| {
        let mut event = event("modify");
        event.records[0].dynamodb.keys = serde_json::from_str(text).unwrap();
        event.records[0].order(Order::Source).unwrap().into_owned()
    };
    let one = keys(r#"{"a":{"S":"x"},"b":{"N":"1"}}"#);
    assert_eq!(one, keys(r#"{"b":{"N":"1"},"a":{"S":"x"}}"#));
    assert_ne!(one, keys(r#"{"a":{"S":"x"},"b":{"N":"2"}}"#));
    assert_ne!(one, keys(r#"{"a":{"S":"x"}}"#));
}

#[test]
fn failure_records() {
    let failed = |id: &str| -> DynamoDbFailureRecord { read(&SERVICE, id) };
    assert!(failed("failed-age").response_context.as_ref().is_none());
    assert_eq!(
        failed("failed-age").event().unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert!(
        failed("failed-partial")
            .response_context
            .as_ref()
            .unwrap()
            .function_error
            .is_none()
    );
    assert_eq!(failed("failed-s3").event().unwrap(), event("insert"));
    let object = sample(&SERVICE, "insert");
    let text = edit(&SERVICE, "failed-s3", "/payload", Some(object));
    assert_eq!(
        exact::<DynamoDbFailureRecord>(&text).event().unwrap(),
        event("insert")
    );
}

#[tokio::test]
async fn answers() {
    let event = event("insert");
    let numbers: Vec<&str> = event
        .records
        .iter()
        .map(|record| &*record.dynamodb.sequence_number)
        .collect();
    for (ids, refusal) in [
        (vec![], None),
        (vec![numbers[1]], None),
        (vec![numbers[0], ""], Some("batchItemFailures[1]")),
        (vec!["1"], Some("`1` is no record")),
    ] {
        let answer = DynamoDbBatchResponse::of_failed(ids.iter().copied());
        let error = answer.check(&event).err().map(|error| error.to_string());
        assert_eq!(error.is_some(), refusal.is_some(), "{ids:?}");
        assert!(error.is_none_or(|error| error.contains(refusal.unwrap())));
    }
    let report = Batch::default()
        .run(&event.records, async |record| {
            match record.id() == numbers[1] {
                true => Err("bad"),
                false => Ok(()),
            }
        })
        .await;
    assert_eq!(
        report.response::<DynamoDbBatchResponse>(),
        DynamoDbBatchResponse::of_failed([numbers[1]])
    );
    assert!(!report.comes_again());
}

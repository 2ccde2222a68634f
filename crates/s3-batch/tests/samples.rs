//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Nullable, Payload, decode};
use lambda_with_s3_batch::{S3BatchEvent, S3BatchResponse, S3BatchResultCode, SERVICE};
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

/// A sample with one member set or, with `None`, taken away.
fn edit(id: &str, pointer: &str, value: Option<Value>) -> String {
    let mut document: Value = serde_json::from_str(SERVICE.sample(id).unwrap().json).unwrap();
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
    assert_eq!(SERVICE.samples.len(), 9);
    for sample in SERVICE.samples {
        let payload = Payload::from(sample.json);
        let event = sample.of == "S3BatchEvent";
        assert_eq!(payload.is::<S3BatchEvent>(), event, "{}", sample.id);
        assert_eq!(payload.is::<S3BatchResponse>(), !event, "{}", sample.id);
        if event {
            let event = exact::<S3BatchEvent>(sample.json);
            assert!(event.tasks.iter().all(|task| task.bucket().is_ok()));
        } else {
            exact::<S3BatchResponse>(sample.json);
        }
    }
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    for (id, pointer, value) in [
        ("schema-1", "/tasks/0/s3VersionId", Some(json!("1"))),
        ("schema-1", "/tasks/0/s3VersionId", None),
        ("schema-1", "/tasks/0/s3Bucket", Some(Value::Null)),
        ("schema-2", "/tasks/0/s3BucketArn", Some(Value::Null)),
        ("schema-2", "/job/userArguments", None),
        ("schema-2", "/job/userArguments", Some(json!({}))),
        ("schema-2", "/invocationSchemaVersion", Some(json!("3.0"))),
    ] {
        exact::<S3BatchEvent>(&edit(id, pointer, value));
    }
    for value in [Some(json!("")), Some(Value::Null), None] {
        exact::<S3BatchResponse>(&edit("succeeded", "/results/0/resultString", value));
    }
    let event: S3BatchEvent = exact(SERVICE.sample("schema-1").unwrap().json);
    assert_eq!(event.tasks[0].s3_version_id, Nullable::Null);
}

#[test]
fn schema_2_is_kept() {
    let event: S3BatchEvent = exact(SERVICE.sample("schema-2-user-arguments").unwrap().json);
    assert_eq!(event.job.argument("width"), Some("640"));
    assert_eq!(event.job.argument("height"), None);
    assert_eq!(event.tasks[1].bucket().unwrap(), "harbor-photos");
    let old: S3BatchEvent = exact(SERVICE.sample("schema-1").unwrap().json);
    assert_eq!(old.job.argument("width"), None);
}

#[test]
fn keys_of_the_samples() {
    for (id, key) in [
        ("schema-1", "photos/beach day.jpg"),
        ("schema-1-versioned", "photos/café am Hafen.jpg"),
        (
            "schema-1-json-key",
            r#"{"from":"photos/beach day.jpg","to":"archive/"}"#,
        ),
    ] {
        let event: S3BatchEvent = exact(SERVICE.sample(id).unwrap().json);
        assert_eq!(event.tasks[0].decoded_key().unwrap(), key);
    }
    let event: S3BatchEvent = exact(SERVICE.sample("schema-1").unwrap().json);
    let error = event.tasks[0].key_as_json::<Value>().unwrap_err();
    assert_eq!(error.context("task"), Some("dGFzay0wMDAx"));
}

#[test]
fn result_codes_are_open() {
    let code = json!("Postponed");
    let answer: S3BatchResponse = exact(&edit("succeeded", "/results/0/resultCode", Some(code)));
    let code = &answer.results[0].result_code;
    assert_eq!(*code, S3BatchResultCode::Other("Postponed".into()));
}

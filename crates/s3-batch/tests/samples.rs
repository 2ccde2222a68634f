//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Nullable;
use lambda_with_s3_batch::{S3BatchEvent, S3BatchResponse, S3BatchResultCode, SERVICE};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[Root::of::<S3BatchEvent>(), Root::of::<S3BatchResponse>()],
    );
}

#[test]
fn tasks_name_their_bucket() {
    for sample in SERVICE
        .samples
        .iter()
        .filter(|sample| sample.of == "S3BatchEvent")
    {
        let event: S3BatchEvent = exact(sample.json);
        assert!(
            event.tasks.iter().all(|task| task.bucket().is_ok()),
            "{}",
            sample.id
        );
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
        exact::<S3BatchEvent>(&edit(&SERVICE, id, pointer, value));
    }
    for value in [Some(json!("")), Some(Value::Null), None] {
        exact::<S3BatchResponse>(&edit(
            &SERVICE,
            "succeeded",
            "/results/0/resultString",
            value,
        ));
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
    let answer: S3BatchResponse = exact(&edit(
        &SERVICE,
        "succeeded",
        "/results/0/resultCode",
        Some(code),
    ));
    let code = &answer.results[0].result_code;
    assert_eq!(*code, S3BatchResultCode::Other("Postponed".into()));
}

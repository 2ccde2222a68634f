//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_codecommit::{CodeCommitEvent, CodeCommitEventName, CodeCommitRecord, SERVICE};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

fn record(sample: &str) -> CodeCommitRecord {
    let mut event: CodeCommitEvent = exact(SERVICE.sample(sample).unwrap().json);
    event.records.remove(0)
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(&SERVICE, &[Root::of::<CodeCommitEvent>()]);
}

#[test]
fn records_name_their_repository() {
    for sample in SERVICE.samples {
        assert_eq!(record(sample.id).repository(), "ferry-timetable");
        assert_eq!(record(sample.id).is_test(), sample.id == "test");
    }
}

#[test]
fn members_that_sources_write_differently() {
    let reference = |name: &str| format!("/Records/0/codecommit/references/0/{name}");
    for (pointer, value) in [
        (reference("commit"), None),
        (
            reference("commit"),
            Some(json!("5e493c6f3067653f3d04eca608b4901eb227078")),
        ),
        (reference("created"), Some(json!(false))),
        (reference("deleted"), Some(json!(true))),
        ("/Records/0/codecommit/references".into(), Some(json!([]))),
        ("/Records/0/customData".into(), None),
        ("/Records/0/customData".into(), Some(json!(""))),
        ("/Records/0/eventName".into(), Some(json!("SomethingNew"))),
        ("/Records/0/eventPartNumber".into(), None),
        ("/Records/0/eventTotalParts".into(), None),
        ("/Records/0/eventTriggerConfigId".into(), None),
        (
            "/Records/0/eventTime".into(),
            Some(json!("2016-01-01T23:59:59.000+0000")),
        ),
        (
            "/Records/0/eventTime".into(),
            Some(json!("2016-01-01T23:59:59.000Z")),
        ),
    ] {
        exact::<CodeCommitEvent>(&edit(&SERVICE, "push", &pointer, value));
    }
    let null = edit(&SERVICE, "push", "/Records/0/customData", Some(Value::Null));
    let event: CodeCommitEvent = lambda_with::decode(null).unwrap();
    assert_eq!(event.records[0].custom_data, None);
}

#[test]
fn times_have_an_offset_without_a_colon() {
    let time = &record("push").event_time;
    assert_eq!(time.as_str(), "2026-03-02T10:15:30.120+0000");
    let instant = time.timestamp().unwrap().to_rfc3339_millis();
    assert_eq!(instant, "2026-03-02T10:15:30.120Z");
}

#[test]
fn references() {
    for (sample, branch, tag, created, deleted) in [
        ("push", Some("main"), None, false, false),
        ("branch-created", Some("feature/tides"), None, true, false),
        ("branch-deleted", Some("feature/tides"), None, false, true),
        ("tag-created", None, Some("v1.4.0"), true, false),
    ] {
        let reference = record(sample).codecommit.references.remove(0);
        assert_eq!(
            (reference.branch(), reference.tag()),
            (branch, tag),
            "{sample}"
        );
        assert_eq!(
            (reference.is_created(), reference.is_deleted()),
            (created, deleted),
            "{sample}"
        );
        assert!(
            reference.commit.is_some(),
            "a deleted branch has its last commit"
        );
    }
    let other = edit(
        &SERVICE,
        "push",
        "/Records/0/eventName",
        Some(json!("SomethingNew")),
    );
    let event: CodeCommitEvent = lambda_with::decode(other).unwrap();
    assert_eq!(
        event.records[0].event_name,
        CodeCommitEventName::Other("SomethingNew".into())
    );
}

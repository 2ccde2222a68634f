//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use lambda_with::JsonText;
use lambda_with_cloudformation::{
    CustomResourceEvent, CustomResourceRequestType, CustomResourceResponse, SERVICE,
};
use lambda_with_testing::{Root, edit, exact, sample, samples};
use serde::Deserialize;
use serde_json::{Value, json};

fn event(id: &str) -> CustomResourceEvent {
    exact(&sample(&SERVICE, id).to_string())
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<CustomResourceEvent>(),
            Root::of::<CustomResourceResponse>(),
        ],
    );
}

#[test]
fn samples_of_answers_pass() {
    for sample in SERVICE
        .samples
        .iter()
        .filter(|sample| sample.of == "CustomResourceResponse")
    {
        exact::<CustomResourceResponse>(sample.json)
            .check()
            .unwrap();
    }
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    for (id, pointer, value) in [
        ("create", "/ServiceToken", None),
        ("create", "/ServiceToken", Some(Value::Null)),
        ("create", "/PhysicalResourceId", Some(Value::Null)),
        ("create", "/ResourceProperties", None),
        ("create", "/ResourceProperties", Some(Value::Null)),
        ("create", "/ResourceProperties/Count", Some(json!(24))),
        (
            "create",
            "/ResourceProperties/ServiceTimeout",
            Some(json!(120)),
        ),
        ("delete", "/PhysicalResourceId", None),
        ("update", "/OldResourceProperties", None),
        ("update", "/OldResourceProperties", Some(json!({}))),
        ("update", "/RequestType", Some(json!("Import"))),
    ] {
        exact::<CustomResourceEvent>(&edit(&SERVICE, id, pointer, value));
    }
    // A library of another language always writes the reason, and has all data as strings.
    for (id, pointer, value) in [
        ("success", "/Reason", Some(Value::Null)),
        ("success", "/NoEcho", Some(json!(false))),
        ("success", "/Data", Some(json!({}))),
        ("success-data", "/Data/Count", Some(json!({"North": 24}))),
        ("failed", "/Status", Some(json!("CANCELLED"))),
    ] {
        exact::<CustomResourceResponse>(&edit(&SERVICE, id, pointer, value));
    }
    let event: CustomResourceEvent = exact(&edit(
        &SERVICE,
        "update",
        "/RequestType",
        Some(json!("Import")),
    ));
    assert_eq!(
        event.request_type,
        CustomResourceRequestType::Other("Import".into())
    );
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", event("create"));
    assert!(
        shown.contains("[redacted]") && !shown.contains("X-Amz-Signature"),
        "{shown}"
    );
    let answer: CustomResourceResponse = exact(&sample(&SERVICE, "success-no-echo").to_string());
    let shown = format!("{answer:?}");
    assert!(
        shown.contains("[redacted]") && !shown.contains("7351"),
        "{shown}"
    );
}

#[test]
fn properties_are_read_as_what_they_are() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Berths {
        quay: String,
        count: u32,
        heated: bool,
    }
    let update = event("update");
    let (new, old): (Berths, Berths) = (
        update.properties().unwrap(),
        update.old_properties().unwrap(),
    );
    assert_eq!(
        (new.quay.as_str(), new.count, new.heated, old.count),
        ("north", 30, true, 24)
    );
    let error = event("delete-never-created")
        .properties::<Berths>()
        .unwrap_err();
    assert!(
        error
            .message()
            .contains("`Count`: invalid type: string \"many\""),
        "{error}"
    );
    assert_eq!(error.context("resource"), Some("Berths"));
    assert!(event("create").old_properties::<Berths>().is_err());

    let tariff: Value = event("create-nested").properties().unwrap();
    assert_eq!(tariff["Classes"][1]["PerDay"], "38");
    assert_eq!(tariff.get("ServiceToken"), None);
}

#[test]
fn times_and_ids() {
    for (json, seconds) in [
        (sample(&SERVICE, "create").to_string(), 120),
        (
            edit(
                &SERVICE,
                "create",
                "/ResourceProperties/ServiceTimeout",
                Some(json!(60)),
            ),
            60,
        ),
        (
            edit(
                &SERVICE,
                "create",
                "/ResourceProperties/ServiceTimeout",
                Some(json!("soon")),
            ),
            3600,
        ),
        (edit(&SERVICE, "create", "/ResourceProperties", None), 3600),
    ] {
        let event: CustomResourceEvent = exact(&json);
        assert_eq!(event.service_timeout(), Duration::from_secs(seconds));
    }
    assert_eq!(event("create").default_id(), event("update").default_id());
    assert_ne!(
        event("create").default_id(),
        event("create-nested").default_id()
    );
    for (id, never) in [
        ("create", false),
        ("delete", false),
        ("delete-never-created", true),
    ] {
        assert_eq!(event(id).is_never_created(), never, "{id}");
    }
    let without: CustomResourceEvent =
        exact(&edit(&SERVICE, "delete", "/PhysicalResourceId", None));
    assert!(without.is_never_created());
}

#[test]
fn a_request_inside_a_notification() {
    let request = sample(&SERVICE, "create").to_string();
    let message: JsonText = serde_json::from_value(json!(request)).unwrap();
    assert_eq!(
        message.decode::<CustomResourceEvent>().unwrap(),
        event("create")
    );
}

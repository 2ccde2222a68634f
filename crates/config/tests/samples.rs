//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use lambda_with_config::{
    Compliance, ConfigEvent, ConfigurationItem, ConfigurationItemChange, ConfigurationItemStatus,
    EvaluationMode, InvokingEvent, OversizedItemChange, SERVICE, ScheduledNotification,
    SnapshotDelivered,
};
use lambda_with_testing::{Root, edit, exact, exact_value, sample, samples};
use serde_json::{Value, json};

fn event(id: &str) -> ConfigEvent {
    exact(SERVICE.sample(id).unwrap().json)
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<ConfigEvent>(),
            Root::of::<ConfigurationItemChange>(),
            Root::of::<OversizedItemChange>(),
            Root::of::<ScheduledNotification>(),
            Root::of::<SnapshotDelivered>(),
        ],
    );
}

#[test]
fn what_a_rule_is_evaluated_for() {
    for (id, kind, applicable) in [
        ("change", "Change", true),
        ("deleted", "Change", false),
        ("left-scope", "Change", false),
        ("oversized", "Oversized", true),
        ("scheduled", "Scheduled", true),
        ("snapshot", "Snapshot", true),
    ] {
        let event = event(id);
        let invoking = event.invoking_event().unwrap();
        let found = format!("{invoking:?}");
        assert!(found.starts_with(kind), "{id}: {found}");
        assert_eq!(event.is_applicable(&invoking), applicable, "{id}");
        let verdict = event
            .evaluation(&invoking, Compliance::NotApplicable)
            .unwrap();
        let on = (verdict.resource_type.as_str(), verdict.resource_id.as_str());
        let expected = match kind {
            "Change" | "Oversized" => ("AWS::EC2::Volume", "vol-0a1b2c3d4e5f60718"),
            _ => ("AWS::::Account", "123456789012"),
        };
        assert_eq!(on, expected);
        let time = verdict.ordering_timestamp.to_rfc3339_millis();
        let expected = match kind {
            "Change" | "Oversized" => "2026-03-02T10:15:30.120Z",
            _ => "2026-03-02T10:15:31.004Z",
        };
        assert_eq!(time, expected, "{id}");
    }
}

#[test]
fn something_newer_is_no_error() {
    let newer = r#"{"messageType":"SomethingNew","member":[1.50]}"#;
    let json = edit(&SERVICE, "change", "/invokingEvent", Some(json!(newer)));
    let event: ConfigEvent = exact(&json);
    let InvokingEvent::Other {
        message_type, json, ..
    } = event.invoking_event().unwrap()
    else {
        panic!("{event:?}")
    };
    assert_eq!(
        (message_type.as_str(), json.as_str()),
        ("SomethingNew", newer)
    );
    for (text, why) in [
        ("", "ends"),
        ("{}", "missing field"),
        ("{\"messageType\":7}", "invalid type"),
    ] {
        let json = edit(&SERVICE, "change", "/invokingEvent", Some(json!(text)));
        let event: ConfigEvent = exact(&json);
        let error = event.invoking_event().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(error.context("member"), Some("invokingEvent"));
    }
}

#[test]
fn members_that_sources_write_differently() {
    for (pointer, value) in [
        ("/eventLeftScope", None),
        ("/eventLeftScope", Some(json!(true))),
        ("/executionRoleArn", None),
        ("/ruleParameters", None),
        ("/ruleParameters", Some(json!(""))),
        ("/evaluationMode", None),
        ("/evaluationMode", Some(json!("PROACTIVE"))),
        ("/evaluationMode", Some(json!("SOMETHING_NEW"))),
        ("/resultToken", Some(json!("TESTMODE"))),
    ] {
        exact::<ConfigEvent>(&edit(&SERVICE, "change", pointer, value));
    }
    assert_eq!(
        event("change").evaluation_mode,
        Some(EvaluationMode::Detective)
    );
    let item = |name: &str| format!("/configurationItem/{name}");
    for (pointer, value) in [
        (item("configurationStateId"), Some(json!("1772446530120"))),
        (item("configurationStateId"), None),
        (item("configuration"), None),
        (item("tags"), Some(Value::Null)),
        (item("supplementaryConfiguration"), Some(Value::Null)),
        (item("relatedEvents"), None),
        (item("resourceName"), None),
        (item("resourceName"), Some(json!("north"))),
        (item("resourceCreationTime"), None),
        (item("configurationItemStatus"), Some(json!("SomethingNew"))),
        ("/configurationItemDiff".into(), None),
        ("/configurationItemDiff/changedProperties".into(), None),
        (
            "/configurationItemDiff/changeType".into(),
            Some(json!("NONE")),
        ),
        ("/notificationCreationTime".into(), None),
        ("/recordVersion".into(), None),
    ] {
        exact::<ConfigurationItemChange>(&edit(&SERVICE, "item-changed", &pointer, value));
    }
}

/// The members that the guide's own sample leaves out, left out.
#[test]
fn a_short_item() {
    let item: ConfigurationItem = exact_value(&json!({
        "configurationItemCaptureTime": "2026-02-17T01:36:34.043Z",
        "awsAccountId": "123456789012",
        "configurationItemStatus": "OK",
        "resourceId": "i-0f1e2d3c",
        "ARN": "arn:aws:ec2:eu-west-1:123456789012:instance/i-0f1e2d3c",
        "awsRegion": "eu-west-1",
        "availabilityZone": "eu-west-1a",
        "resourceType": "AWS::EC2::Instance",
        "tags": { "team": "harbor" },
        "relationships": [{ "resourceId": "eipalloc-0a", "resourceType": "AWS::EC2::EIP", "name": "Is attached to ElasticIp" }],
        "configuration": { "instanceType": "t3.micro", "price": 1.50 },
    }));
    assert_eq!(item.configuration_item_status, ConfigurationItemStatus::Ok);
    assert_eq!(
        item.setting("instanceType").unwrap(),
        Some(json!("t3.micro"))
    );
    assert_eq!(item.setting("other").unwrap(), None);
    assert_eq!(
        (item.tag("team"), item.tag("other")),
        (Some("harbor"), None)
    );
    let deleted: ConfigurationItemChange = exact_value(&sample(&SERVICE, "item-deleted"));
    assert_eq!(deleted.configuration_item.setting("size").unwrap(), None);
}

#[test]
fn parameters_and_tokens() {
    let parameters: HashMap<String, String> = event("change").parameters().unwrap();
    assert_eq!(parameters["minimumSize"], "40");
    let none: HashMap<String, String> = event("snapshot").parameters().unwrap();
    assert!(none.is_empty());
    let bad = edit(&SERVICE, "change", "/ruleParameters", Some(json!("7")));
    let bad: ConfigEvent = exact(&bad);
    let error = bad.parameters::<HashMap<String, String>>().unwrap_err();
    assert_eq!(error.context("member"), Some("ruleParameters"));

    let test = edit(&SERVICE, "change", "/resultToken", Some(json!("TESTMODE")));
    assert!(exact::<ConfigEvent>(&test).is_test() && !event("change").is_test());
    let shown = format!("{:?}", event("change"));
    assert!(
        !shown.contains("eyJlbmNyeXB0") && shown.contains("[redacted]"),
        "{shown}"
    );
}

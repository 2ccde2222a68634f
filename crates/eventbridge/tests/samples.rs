//! Every sample is read and written back exactly, and the points on which public sources disagree are
//! read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{ErrorKind, Json, Payload, Raw, decode};
use lambda_with_eventbridge::{CloudTrailRecord, Detail, EventBridgeEvent, SERVICE};
use lambda_with_testing::{Root, edit, exact, exact_value, read, sample, samples};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn event(id: &str) -> EventBridgeEvent {
    exact_value(&sample(&SERVICE, id))
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(&SERVICE, &[Root::of::<EventBridgeEvent>()]);
}

#[test]
fn events_have_a_time() {
    for sample in SERVICE.samples {
        assert!(event(sample.id).time.timestamp().is_ok(), "{}", sample.id);
    }
}

#[test]
fn members_that_some_take_for_always_there() {
    for (pointer, value) in [
        ("/resources", None),
        ("/version", None),
        ("/replay-name", Some(json!("again"))),
        ("/detail", Some(json!(null))),
        ("/detail", Some(json!([1, 2.50]))),
        ("/resources", Some(json!([]))),
    ] {
        exact::<EventBridgeEvent>(&edit(&SERVICE, "custom", pointer, value));
    }
    for pointer in ["/id", "/source", "/detail-type", "/detail"] {
        let json = edit(&SERVICE, "custom", pointer, None);
        let payload = Payload::from(json.clone());
        assert!(!payload.is::<EventBridgeEvent>(), "{pointer}");
        let error = decode::<EventBridgeEvent>(json).unwrap_err();
        assert!(error.to_string().contains(&pointer[1..]), "{error}");
    }
}

#[test]
fn replays_say_which() {
    assert_eq!(
        event("replayed").replay_name.as_deref(),
        Some("orders-after-outage")
    );
    assert_eq!(event("custom").replay_name, None);
}

#[test]
fn both_kinds_of_schedule() {
    for (id, of) in [
        ("scheduled", "rule/nightly-report"),
        ("scheduler", "schedule/harbor/tide-table"),
    ] {
        let event = event(id);
        assert!(event.is_scheduled());
        assert!(event.resources()[0].ends_with(of));
        // An object of a rule, the text of one of EventBridge Scheduler.
        let detail: Value = event.decode_detail().unwrap();
        assert_eq!(detail, json!({}));
    }
    assert_eq!(event("scheduler").detail.as_str(), r#""{}""#);
    assert!(!event("custom").is_scheduled());
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct OrderPlaced {
    order: String,
    customer: String,
}

impl Detail for OrderPlaced {
    const SOURCE: &'static str = "shop.orders";
    const DETAIL_TYPE: &'static str = "Order Placed";
}

#[test]
fn details_are_typed_by_source_and_detail_type() {
    let custom = event("custom");
    assert!(custom.is::<OrderPlaced>() && !custom.is::<CloudTrailRecord>());
    assert_eq!(custom.detail_as::<OrderPlaced>().unwrap().customer, "ana");
    let typed: EventBridgeEvent<OrderPlaced> = custom.clone().typed().unwrap();
    let decoded: EventBridgeEvent<OrderPlaced> = read(&SERVICE, "custom");
    assert_eq!(typed, decoded);
    assert_eq!(typed.with_detail(custom.detail.clone()), custom);

    let error = event("health").detail_as::<OrderPlaced>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        error.message(),
        "the event is `AWS Health Event` of `aws.health`, not `Order Placed` of `shop.orders`"
    );
    let wrong = edit(&SERVICE, "custom", "/detail/order", Some(json!(7)));
    let error = decode::<EventBridgeEvent>(wrong)
        .unwrap()
        .detail_as::<OrderPlaced>()
        .unwrap_err();
    assert_eq!(error.context("path"), Some("order"));
}

#[test]
fn an_event_of_ones_own() {
    let placed = OrderPlaced {
        order: "o-1".into(),
        customer: "ana".into(),
    };
    let event = EventBridgeEvent::of(&placed).unwrap();
    assert_eq!(event.detail_as::<OrderPlaced>().unwrap(), placed);
    assert_eq!(event.source, "shop.orders");
}

#[test]
fn the_raw_event_stays_at_hand() {
    let json = SERVICE.sample("s3-object-created").unwrap().json;
    let raw: Raw<EventBridgeEvent> = decode(json).unwrap();
    assert_eq!(raw.bytes(), json.trim());
    let tag = raw.detail.value().unwrap();
    assert_eq!(
        tag.pointer("/bucket/aws-generated-tags/aws:createdBy"),
        Some(&json!("harbor"))
    );
}

#[test]
fn an_input_replaces_the_whole_event() {
    let input = r#"{"report":"daily","due":"2026-03-02T06:30:00Z"}"#;
    assert!(!Payload::from(input).is::<EventBridgeEvent>());
    let read: Json = decode(input).unwrap();
    assert_eq!(read.as_str(), input);
}

#[test]
fn records_of_cloudtrail() {
    for id in ["api-call", "service-event"] {
        let event = event(id);
        let detail: Value = event.decode_detail().unwrap();
        let record: CloudTrailRecord = exact_value(&detail);
        assert_eq!(record, event.detail_as().unwrap());
    }
    assert!(!event("health").is::<CloudTrailRecord>());
    let call: CloudTrailRecord = event("api-call").detail_as().unwrap();
    assert!(call.response_elements.is_null() && call.error_code.is_some());
    assert!(call.other.is_empty(), "{:?}", call.other);
    // What libraries take for always there, and what is null at times.
    let detail = sample(&SERVICE, "api-call")["detail"].clone();
    for (member, value) in [
        ("userAgent", None),
        ("requestID", None),
        ("errorCode", None),
        ("userIdentity", Some(json!(null))),
        (
            "userIdentity",
            Some(json!({"type": "AWSService", "invokedBy": "s3.amazonaws.com", "inScopeOf": {}})),
        ),
        ("requestParameters", Some(json!(null))),
        (
            "resources",
            Some(json!([{"ARN": "arn:aws:s3:::harbor-uploads", "accountId": "123456789012"}])),
        ),
        ("additionalEventData", Some(json!({"x-amz-id-2": "a"}))),
        ("apiVersion", Some(json!("2016-11-15"))),
    ] {
        let mut detail = detail.clone();
        let members = detail.as_object_mut().unwrap();
        match value {
            Some(value) => members.insert(member.into(), value),
            None => members.remove(member),
        };
        exact_value::<CloudTrailRecord>(&detail);
    }
}

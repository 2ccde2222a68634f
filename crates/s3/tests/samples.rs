//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Nullable;
use lambda_with_s3::{
    S3, S3AccessTier, S3Event, S3EventHold, S3Notification, S3Record, S3RetentionMode, S3TestEvent,
    SERVICE,
};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

/// The sample `put` with one member, named by a JSON pointer, set or (with `None`) taken away.
fn put(pointer: &str, value: Option<Value>) -> String {
    edit(&SERVICE, "put", pointer, value)
}

fn record(sample: &str) -> S3Record {
    let mut event: S3Event = exact(SERVICE.sample(sample).unwrap().json);
    event.records.remove(0)
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[Root::of::<S3Event>(), Root::of::<S3TestEvent>()],
    );
}

#[test]
fn a_notification_is_an_event_or_a_test() {
    for sample in SERVICE.samples {
        let notification = match sample.of {
            "S3Event" => S3Notification::Event(exact(sample.json)),
            _ => S3Notification::Test(exact(sample.json)),
        };
        assert_eq!(
            exact::<S3Notification>(sample.json),
            notification,
            "{}",
            sample.id
        );
    }
}

#[test]
fn every_event_a_notification_can_name_has_a_sample() {
    let events: Vec<S3Record> = SERVICE
        .samples
        .iter()
        .filter(|sample| sample.of == "S3Event")
        .map(|sample| record(sample.id))
        .collect();
    for name in S3::EVENTS {
        assert!(events.iter().any(|record| record.is(name)), "{name}");
    }
    for record in events {
        let named = format!("s3:{}", record.event());
        assert!(S3::EVENTS.contains(&named.as_str()), "{named}");
    }
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    for (pointer, value) in [
        ("/Records/0/responseElements", None),
        ("/Records/0/s3/configurationId", None),
        ("/Records/0/s3/bucket/ownerIdentity", None),
        ("/Records/0/s3/object/size", None),
        ("/Records/0/s3/object/eTag", None),
        ("/Records/0/s3/object/sequencer", None),
        ("/Records/0/s3/object/versionId", Some(Value::Null)),
        (
            "/Records/0/requestParameters/sourceIPAddress",
            Some(json!("s3.amazonaws.com")),
        ),
        ("/Records/0/eventName", Some(json!("s3:ObjectCreated:Put"))),
        ("/Records/0/eventName", Some(json!("ObjectCreated:Somehow"))),
        (
            "/Records/0/s3/object/urlDecodedKey",
            Some(json!("images/lighthouse.jpg")),
        ),
    ] {
        exact::<S3Event>(&put(pointer, value));
    }
    for pointer in [
        "/Records/0/s3/object/eTag",
        "/Records/0/glacierEventData",
        "/Records/0/responseElements",
    ] {
        let event: S3Event = serde_json::from_str(&put(pointer, Some(Value::Null))).unwrap();
        let without: Value = serde_json::from_str(&match pointer {
            "/Records/0/glacierEventData" => SERVICE.sample("put").unwrap().json.to_owned(),
            _ => put(pointer, None),
        })
        .unwrap();
        assert_eq!(serde_json::to_value(event).unwrap(), without, "{pointer}");
    }
    let event: S3Event = exact(&put("/Records/0/s3/object/versionId", Some(Value::Null)));
    assert_eq!(event.records[0].s3.object.version_id, Nullable::Null);
}

#[test]
fn restores_in_either_place() {
    for sample in ["restore-completed", "restore-completed-flat"] {
        let record = record(sample);
        let restored = record.restored().unwrap();
        assert_eq!(
            restored.lifecycle_restore_storage_class.as_deref(),
            Some("GLACIER")
        );
        let expiry = restored.lifecycle_restoration_expiry_time.as_ref().unwrap();
        assert_eq!(
            expiry.timestamp().unwrap().to_rfc3339_millis(),
            "2026-03-16T00:00:00.000Z"
        );
    }
    assert_eq!(record("put").restored(), None);
}

#[test]
fn annotations_in_either_place() {
    let nested = json!([{ "name": "caption", "size": 7, "eTag": "0f" }]);
    let in_s3 = put("/Records/0/s3/objectAnnotation", Some(nested));
    for record in [
        record("annotation-put"),
        record("annotation-put-nested"),
        exact::<S3Event>(&in_s3).records.remove(0),
    ] {
        let [annotation] = record.annotations() else {
            panic!("{record:?}")
        };
        assert_eq!(annotation.name, "caption");
        assert!(annotation.size.is_some() && annotation.e_tag.is_some());
    }
    let deleted = record("annotation-delete");
    assert_eq!(
        (
            deleted.annotations()[0].size,
            &deleted.annotations()[0].e_tag
        ),
        (None, &None)
    );
    assert!(record("put").annotations().is_empty());
}

#[test]
fn enums_are_open() {
    let tiering = "/Records/0/intelligentTieringEventData/destinationAccessTier";
    let data = record("intelligent-tiering")
        .intelligent_tiering_event_data
        .unwrap();
    assert_eq!(
        data.destination_access_tier,
        Some(S3AccessTier::ArchiveAccess)
    );
    let event: S3Event = exact(&edit(
        &SERVICE,
        "intelligent-tiering",
        tiering,
        Some(json!("FROZEN_ACCESS")),
    ));
    let data = event.records[0]
        .intelligent_tiering_event_data
        .clone()
        .unwrap();
    assert_eq!(
        data.destination_access_tier,
        Some(S3AccessTier::Other("FROZEN_ACCESS".into()))
    );
}

#[test]
fn retention() {
    let data = record("retention-put").object_retention_event_data.unwrap();
    assert_eq!(data.mode, Some(S3RetentionMode::Compliance));
    assert_eq!(data.event_hold, Some(S3EventHold::On));
    assert_eq!(data.event_hold_duration.unwrap().get("years"), Some(&7));
}

#[test]
fn the_key_of_the_encoded_sample() {
    let record = record("put-encoded-key");
    assert_eq!(
        record.s3.object.decoded_key().unwrap(),
        "images/café am Hafen (1)+.png"
    );
}

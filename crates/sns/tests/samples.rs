//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Nullable;
use lambda_with_sns::{
    AlarmMessage, AlarmState, Digest, SERVICE, SnsAttributeType, SnsConfirmation, SnsEnvelope,
    SnsEvent, SnsMessage,
};
use lambda_with_testing::{Root, edit, exact, exact_value, sample, samples};
use serde_json::{Value, json};

fn message(id: &str) -> SnsMessage {
    let event: SnsEvent = exact_value(&sample(&SERVICE, id));
    let [record] = event.records.as_slice() else {
        panic!("{event:?}");
    };
    record.sns.clone()
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<SnsEvent>(),
            Root::of::<SnsEnvelope>(),
            Root::of::<SnsConfirmation>(),
            Root::of::<AlarmMessage>(),
        ],
    );
}

#[test]
fn members_that_sources_leave_out_or_write_otherwise() {
    for (member, value) in [
        ("Signature", None),
        ("SignatureVersion", None),
        ("SigningCertUrl", None),
        ("UnsubscribeUrl", None),
        ("MessageAttributes", None),
        ("MessageAttributes", Some(Value::Null)),
        ("Subject", None),
        (
            "SigningCertURL",
            Some(json!("https://sns.eu-west-1.amazonaws.com/a.pem")),
        ),
        (
            "UnsubscribeURL",
            Some(json!("https://sns.eu-west-1.amazonaws.com/?a&amp;b")),
        ),
        ("Signature", Some(json!("EXAMPLE"))),
        ("Type", Some(json!("Newer"))),
    ] {
        let pointer = format!("/Records/0/Sns/{member}");
        exact::<SnsEvent>(&edit(&SERVICE, "notification", &pointer, value));
    }
    // A `String` that is no valid base64 though it is called `Binary`, as guides print it.
    let odd = json!({ "seal": { "Type": "Binary", "Value": "TestBinary" }, "x": { "Type": "Number.int", "Value": "1" } });
    let pointer = "/Records/0/Sns/MessageAttributes";
    let event: SnsEvent = exact(&edit(&SERVICE, "notification", pointer, Some(odd)));
    let message = &event.records[0].sns;
    assert!(message.attribute("seal").unwrap().bytes().is_err());
    assert_eq!(
        message.attribute("x").unwrap().r#type,
        SnsAttributeType::Other("Number.int".into())
    );
}

#[test]
fn addresses_in_either_spelling() {
    for id in ["notification", "url-in-capitals"] {
        let message = message(id);
        assert!(
            message.signing_cert_url().unwrap().ends_with(".pem"),
            "{id}"
        );
        assert!(
            message.unsubscribe_url().unwrap().contains("Unsubscribe"),
            "{id}"
        );
    }
    assert_eq!(message("unsigned").signing_cert_url(), None);
}

#[test]
fn attributes_of_functions_and_of_envelopes() {
    let message = message("attributes");
    let envelope: SnsEnvelope = exact_value(&sample(&SERVICE, "envelope-attributes"));
    for (name, types) in [
        ("kind", [SnsAttributeType::Text, SnsAttributeType::Text]),
        ("tonnes", [SnsAttributeType::Text, SnsAttributeType::Number]),
        ("berths", [SnsAttributeType::Text, SnsAttributeType::List]),
        ("seal", [SnsAttributeType::Binary, SnsAttributeType::Binary]),
    ] {
        let found = [message.attribute(name), envelope.attribute(name)];
        assert_eq!(
            found.map(|attribute| attribute.unwrap().r#type.clone()),
            types,
            "{name}"
        );
    }
    for attribute in [message.attribute("tonnes"), envelope.attribute("tonnes")] {
        let tonnes: f64 = attribute.unwrap().parse().unwrap();
        assert!((tonnes - 41.5).abs() < f64::EPSILON);
    }
    assert_eq!(
        message.attribute("seal").unwrap().bytes().unwrap(),
        [0, 1, 2, 3]
    );
    let berths = envelope.attribute("berths").unwrap().list().unwrap();
    let berths: Vec<&str> = berths.iter().map(lambda_with::Json::as_str).collect();
    assert_eq!(berths, ["\"7\"", "8", "true", "null"]);
    assert!(message.attribute("kind").unwrap().list().is_err());
    assert!(message.attribute("kind").unwrap().bytes().is_err());
    let error = message
        .attribute("kind")
        .unwrap()
        .parse::<f64>()
        .unwrap_err();
    assert!(error.to_string().contains("`placed` is no f64"), "{error}");
}

#[test]
fn what_is_inside_is_read_by_its_type() {
    let event: SnsEvent = exact_value(&sample(&SERVICE, "alarm"));
    let alarm = event.messages::<AlarmMessage>().next().unwrap().unwrap();
    assert_eq!(
        (alarm.region_code(), alarm.is_composite()),
        ("eu-west-1", false)
    );
    assert_eq!(alarm.new_state_value, AlarmState::Alarm);
    assert_eq!(
        alarm
            .state_change_time
            .timestamp()
            .unwrap()
            .to_rfc3339_millis(),
        "2026-03-02T10:15:29.876Z"
    );

    let inner: Value = message("s3-put").message.decode().unwrap();
    assert_eq!(inner["Records"][0]["eventSource"], "aws:s3");
    let error = event.messages::<SnsEvent>().next().unwrap().unwrap_err();
    assert_eq!(
        error.context("message id"),
        Some(&*event.records[0].sns.message_id)
    );

    let composite: SnsEnvelope = exact_value(&sample(&SERVICE, "envelope-alarm"));
    let alarm: AlarmMessage = composite.message.decode().unwrap();
    assert!(alarm.is_composite() && alarm.trigger.is_none());
    let children = alarm.triggering_children.unwrap();
    assert!(children[0].arn.ends_with(":alarm:harbor-gate-errors"));
}

#[test]
fn alarms() {
    let alarm = |id: &str| -> AlarmMessage { exact_value(&sample(&SERVICE, id)) };
    let metrics = alarm("alarm-message-metrics");
    assert_eq!(metrics.alarm_description, Nullable::Null);
    let trigger = metrics.trigger.unwrap();
    assert_eq!(trigger.missing_data(), Some("notBreaching"));
    assert_eq!(trigger.threshold_value(), Some(1.0));
    assert_eq!(trigger.metrics.unwrap().len(), 3);
    let single = alarm("alarm-message").trigger.unwrap();
    assert_eq!(
        (single.missing_data(), &single.unit),
        (Some("missing"), &Nullable::Null)
    );
    let anomaly = alarm("alarm-message-anomaly").trigger.unwrap();
    assert_eq!(anomaly.threshold_value(), None);
    for threshold in [json!(0.0), json!(80), json!(1e10), json!("80")] {
        let pointer = "/Trigger/Threshold";
        exact::<AlarmMessage>(&edit(&SERVICE, "alarm-message", pointer, Some(threshold)));
    }
    for (pointer, value) in [
        ("/AlarmDescription", None),
        ("/OKActions", None),
        ("/AlarmConfigurationUpdatedTimestamp", None),
        ("/NewStateValue", Some(json!("SLEEPING"))),
    ] {
        exact::<AlarmMessage>(&edit(&SERVICE, "alarm-message", pointer, value));
    }
}

#[test]
fn texts_to_sign() {
    let envelope: SnsEnvelope = exact_value(&sample(&SERVICE, "envelope"));
    let signed = envelope.signed().unwrap();
    expect_test::expect![[r#"
        Message
        The ferry to the islands leaves at noon.
        MessageId
        9a3d5c11-77f0-5e3a-8c41-f1f0a7d2be64
        Subject
        Ferry
        Timestamp
        2026-03-02T10:15:30.120Z
        TopicArn
        arn:aws:sns:eu-west-1:123456789012:harbor-news
        Type
        Notification
    "#]]
    .assert_eq(&signed.text);
    assert_eq!(signed.digest, Digest::Sha1);
    assert_eq!(
        signed.signature,
        b"Sealed by the harbor office, for show only."
    );

    // Without a subject its lines are left out; what was escaped stands plainly.
    let signed = message("attributes");
    let signed = signed.signed().unwrap();
    assert_eq!(signed.digest, Digest::Sha256);
    assert!(
        signed
            .text
            .starts_with("Message\n{\"order\":\"H-2041\",\"berth\":7}\nMessageId\n")
    );
    assert!(!signed.text.contains("Subject") && signed.text.ends_with("Type\nNotification\n"));

    let confirmation: SnsConfirmation = exact_value(&sample(&SERVICE, "subscription-confirmation"));
    let names: Vec<String> = confirmation
        .signed()
        .unwrap()
        .text
        .lines()
        .map(str::to_owned)
        .collect();
    // The message has two lines.
    let names: Vec<&str> = [0, 3, 5, 7, 9, 11, 13]
        .map(|line| names[line].as_str())
        .into();
    assert_eq!(
        names,
        [
            "Message",
            "MessageId",
            "SubscribeURL",
            "Timestamp",
            "Token",
            "TopicArn",
            "Type"
        ]
    );
    assert!(!format!("{confirmation:?}").contains("made-up-token"));

    for (id, member, value, reason) in [
        ("envelope-fifo", "Subject", json!("a"), "not signed"),
        (
            "envelope",
            "SignatureVersion",
            json!("3"),
            "`3` is no known signature version",
        ),
        (
            "envelope",
            "SigningCertURL",
            json!("https://example.com/a.pem"),
            "no address of Amazon SNS",
        ),
        ("envelope", "Signature", json!("*"), "base64"),
    ] {
        let json = edit(&SERVICE, id, &format!("/{member}"), Some(value));
        let envelope: SnsEnvelope = serde_json::from_str(&json).unwrap();
        let error = envelope.signed().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

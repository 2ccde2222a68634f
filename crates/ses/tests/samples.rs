//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Nullable;
use lambda_with_ses::{
    Disposition, SERVICE, SesActionType, SesDisposition, SesDmarcPolicy, SesEvent, SesFeedback,
    SesMessage, SesNotification, SesReceived, SesSendingEvent, SesSendingType, SesVerdictStatus,
};
use lambda_with_testing::{Root, edit, exact, exact_value, sample, samples};
use serde_json::{Value, json};

fn received(id: &str) -> SesMessage {
    let event: SesEvent = exact_value(&sample(&SERVICE, id));
    event.records[0].ses.clone()
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<SesEvent>(),
            Root::of::<SesReceived>(),
            Root::of::<SesFeedback>(),
            Root::of::<SesSendingEvent>(),
            Root::of::<SesDisposition>(),
        ],
    );
}

#[test]
fn notifications_of_every_kind() {
    for sample in SERVICE.samples {
        let notification = match sample.of {
            "SesReceived" | "SesFeedback" | "SesSendingEvent" => {
                exact::<SesNotification>(sample.json)
            }
            _ => continue,
        };
        let kind = match notification {
            SesNotification::Received(_) => "SesReceived",
            SesNotification::Feedback(_) => "SesFeedback",
            SesNotification::Sending(_) => "SesSendingEvent",
        };
        assert_eq!(kind, sample.of, "{}", sample.id);
    }
    // What is published when a topic is set up has no mail.
    let test = r#"{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have …"}"#;
    assert!(serde_json::from_str::<SesNotification>(test).is_err());
}

#[test]
fn members_that_sources_leave_out_or_write_otherwise() {
    let ses = "/Records/0/ses";
    for (pointer, value) in [
        ("receipt/dmarcVerdict", None),
        ("receipt/processingTimeMillis", Some(json!("412"))),
        ("receipt/processingTimeMillis", Some(json!(0))),
        ("receipt/dmarcPolicy", Some(json!("REJECT"))),
        ("receipt/spamVerdict/status", Some(json!("NEWER"))),
        ("receipt/action/type", Some(json!("Connect"))),
        ("mail/commonHeaders/from", None),
        ("mail/commonHeaders/to", None),
        ("mail/commonHeaders", Some(json!({}))),
        ("mail/source", None),
        ("mail/timestamp", Some(json!("2026-03-02T10:15:26 +0000"))),
    ] {
        let pointer = format!("{ses}/{pointer}");
        exact::<SesEvent>(&edit(&SERVICE, "received", &pointer, value));
    }
}

#[test]
fn headers_and_verdicts() {
    let full = received("received-synchronous");
    let common = &full.mail.common_headers;
    assert_eq!(common.cc.as_ref().unwrap().len(), 2);
    assert!(common.bcc.is_some() && common.sender.is_some() && common.reply_to.is_some());
    assert_eq!(full.mail.headers_truncated, Some(true));
    let hidden = received("received-bcc").mail.common_headers;
    assert!(hidden.to.is_none() && hidden.from.is_none());

    let mail = received("received").mail;
    assert_eq!(mail.header("SUBJECT"), Some("Berth for tonight"));
    assert_eq!(
        (mail.header("X-None"), mail.headers_of("received").count()),
        (None, 1)
    );
    assert!(mail.object_key("in/").starts_with("in/q1w2"));

    let receipt = received("received-suspicious").receipt;
    assert_eq!(receipt.failed(), ["spam", "spf", "dmarc"]);
    assert_eq!(receipt.policy(), Some(SesDmarcPolicy::Reject));
    assert!(received("received").receipt.failed().is_empty());
    let disabled = received("received-synchronous")
        .receipt
        .virus_verdict
        .unwrap();
    assert_eq!(disabled.status, SesVerdictStatus::Disabled);
    let receipt = received("received-without-dmarc").receipt;
    assert_eq!((receipt.verdicts().count(), receipt.policy()), (4, None));
    let shouted = edit(
        &SERVICE,
        "received",
        "/Records/0/ses/receipt/dmarcPolicy",
        Some(json!("QUARANTINE")),
    );
    let event: SesEvent = exact(&shouted);
    assert_eq!(
        event.records[0].ses.receipt.policy(),
        Some(SesDmarcPolicy::Quarantine)
    );
}

#[test]
fn the_mail_in_a_notification() {
    let notification = |id: &str| -> SesReceived { exact_value(&sample(&SERVICE, id)) };
    let plain = notification("notification-sns");
    let encoded = notification("notification-sns-base64");
    assert_eq!(plain.raw().unwrap(), encoded.raw().unwrap());
    assert!(plain.raw().unwrap().unwrap().ends_with(b"tonight?\r\n"));
    let stored = notification("notification-s3");
    assert_eq!(
        (stored.raw().unwrap(), &stored.receipt.action.r#type),
        (None, &SesActionType::S3)
    );
    let broken = edit(
        &SERVICE,
        "notification-sns-base64",
        "/content",
        Some(json!("*")),
    );
    assert!(
        serde_json::from_str::<SesReceived>(&broken)
            .unwrap()
            .raw()
            .is_err()
    );
}

#[test]
fn mail_that_was_sent() {
    let event = |id: &str| -> SesSendingEvent { exact_value(&sample(&SERVICE, id)) };
    let complaint = event("sending-complaint").complaint.unwrap();
    assert_eq!(complaint.complaint_sub_type, Nullable::Null);
    assert_eq!(
        event("sending-rendering-failure").event_type,
        SesSendingType::RenderingFailure
    );
    let feedback: SesFeedback = exact_value(&sample(&SERVICE, "feedback-bounce"));
    let dead: Vec<&str> = feedback.bounce.as_ref().unwrap().dead_addresses().collect();
    assert_eq!(dead, ["mate@example.com"]);
    assert_eq!(
        event("sending-bounce")
            .bounce
            .unwrap()
            .dead_addresses()
            .count(),
        0
    );
    for (id, pointer, value) in [
        (
            "sending-complaint",
            "/complaint/complaintSubType",
            Some(json!("OnAccountSuppressionList")),
        ),
        ("sending-complaint", "/complaint/complaintSubType", None),
        ("sending-bounce", "/bounce/reportingMTA", None),
        ("sending-click", "/click/linkTags", Some(Value::Null)),
        ("sending-send", "/eventType", Some(json!("Newer"))),
        ("sending-send", "/mail/sourceArn", None),
    ] {
        exact::<SesSendingEvent>(&edit(&SERVICE, id, pointer, value));
    }
}

#[test]
fn answers_are_spelled_as_amazon_ses_reads_them() {
    for (answer, text) in [
        (SesDisposition::go_on(), "CONTINUE"),
        (SesDisposition::stop_rule(), "STOP_RULE"),
        (SesDisposition::stop_rule_set(), "STOP_RULE_SET"),
        (Disposition::StopRule.into(), "STOP_RULE"),
    ] {
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            json!({ "disposition": text })
        );
    }
}

//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Nullable;
use lambda_with_connect::{
    ConnectChannel, ConnectEndpointType, ConnectEvent, ConnectInitiationMethod, SERVICE,
};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

fn sample(id: &str) -> ConnectEvent {
    exact(SERVICE.sample(id).unwrap().json)
}

/// A sample with one member of the contact set or, with `None`, taken away.
fn contact(id: &str, name: &str, value: Option<Value>) -> ConnectEvent {
    exact(&edit(
        &SERVICE,
        id,
        &format!("/Details/ContactData/{name}"),
        value,
    ))
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(&SERVICE, &[Root::of::<ConnectEvent>()]);
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    for name in [
        "CustomerEndpoint",
        "CustomerId",
        "Description",
        "LanguageCode",
        "MediaStreams",
        "PreviousContactId",
        "Queue",
        "References",
        "RelatedContactId",
        "SegmentAttributes",
        "SystemEndpoint",
        "Tags",
    ] {
        contact("voice", name, None);
        contact("voice", name, Some(Value::Null));
    }
    for (name, value) in [
        ("Attributes", json!({ "tier": null })),
        ("Queue", json!({ "ARN": "", "Name": "Ferries" })),
        (
            "Queue",
            json!({ "ARN": null, "Name": null, "OutboundCallerId": null }),
        ),
        ("CustomerEndpoint", json!({ "Address": null, "Type": null })),
        ("Channel", json!("Voice")),
        (
            "InitiationMethod",
            json!("INBOUND | OUTBOUND | TRANSFER | CALLBACK"),
        ),
        ("MediaStreams", json!({ "Customer": null })),
        (
            "References",
            json!({ "page": { "Type": "url", "Value": "https://example.com" } }),
        ),
        ("SegmentAttributes", json!({ "x": { "ValueInteger": 7 } })),
        ("Name", json!("ContactFlowEvent")),
        // Members nobody has described yet.
        ("Campaign", json!({ "CampaignId": "7" })),
        (
            "AdditionalEmailRecipients",
            json!({ "CcList": [], "ToList": [] }),
        ),
    ] {
        contact("voice", name, Some(value));
    }
}

#[test]
fn names_of_the_event_vary() {
    let json = SERVICE.sample("voice").unwrap().json;
    let event: ConnectEvent = exact(&json.replace("ContactFlowEvent", "ContactFlowExecution"));
    assert_eq!(event.name, "ContactFlowExecution");
}

#[test]
fn contacts_without_endpoints() {
    for id in ["chat", "task", "webrtc"] {
        let contact = sample(id).details.contact_data;
        assert_eq!(contact.customer_endpoint, Nullable::Null, "{id}");
        assert_eq!(contact.queue, Nullable::Null, "{id}");
    }
    let contact = sample("task").details.contact_data;
    assert_eq!(contact.channel, ConnectChannel::Task);
    assert_eq!(contact.initiation_method, ConnectInitiationMethod::Api);
    let ticket = contact.references.get("ticket").unwrap();
    assert_eq!(
        ticket.value.as_deref(),
        Some("https://tickets.example.com/214")
    );
}

#[test]
fn what_others_lose_is_kept() {
    let contact = sample("voice").details.contact_data;
    let queue = contact.queue.as_ref().unwrap();
    let shown = queue.outbound_caller_id.as_ref().unwrap();
    assert_eq!(shown.address.as_deref(), Some("+442071234567"));
    assert_eq!(
        shown.kind,
        Nullable::Value(ConnectEndpointType::TelephoneNumber)
    );
    assert_eq!(contact.language_code.as_deref(), Some("en-GB"));

    let contact = sample("voice-streaming").details.contact_data;
    let streams = contact.media_streams.as_ref().unwrap();
    let audio = streams.customer.as_ref().unwrap().audio.as_ref().unwrap();
    let began = audio.start_timestamp.as_ref().unwrap().timestamp().unwrap();
    assert_eq!(began.to_rfc3339_millis(), "2026-03-02T10:35:30.123Z");
}

#[test]
fn parameters_and_attributes() {
    let event = sample("json-parameters");
    for (name, expected) in [
        ("seats", Some("2")),
        ("sailings", Some(r#"["AL-214","AL-215"]"#)),
        ("note", None),
        ("other", None),
    ] {
        let found = event.parameter(name).map(|text| {
            let json: Result<Value, _> = serde_json::from_str(&text);
            json.map_or(text.into_owned(), |json| json.to_string())
        });
        assert_eq!(found.as_deref(), expected, "{name}");
    }
    let sailings: Vec<String> = event.decode_parameter("sailings").unwrap();
    assert_eq!(sailings, ["AL-214", "AL-215"]);
    for name in ["other", "sailings"] {
        let error = event.decode_parameter::<u32>(name).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
    assert_eq!(sample("voice").parameter("lookup").unwrap(), "balance");

    let event = sample("voice-transfer");
    for (name, expected) in [("tier", Some("gold")), ("sailing", None), ("other", None)] {
        assert_eq!(event.attribute(name), expected, "{name}");
    }
}

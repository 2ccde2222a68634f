//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use lambda_with::Nullable;
use lambda_with_alexa::{
    LegacySmartHomeRequest, ProgressiveResponse, SERVICE, SkillRequest, SkillRequestType,
    SkillResponse, SmartHomeRequest, SmartHomeResponse,
};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

fn request(id: &str) -> SkillRequest {
    exact(SERVICE.sample(id).unwrap().json)
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<SkillRequest>(),
            Root::of::<SmartHomeRequest>(),
            Root::of::<LegacySmartHomeRequest>(),
            Root::of::<SkillResponse>(),
            Root::of::<ProgressiveResponse>(),
            Root::of::<SmartHomeResponse>(),
        ],
    );
}

#[test]
fn every_kind_of_request_has_a_sample() {
    let mut kinds = BTreeSet::new();
    for sample in SERVICE.samples.iter().filter(|s| s.of == "SkillRequest") {
        let kind = request(sample.id).request.kind;
        let known = !matches!(kind, SkillRequestType::Other(_));
        assert!(known, "{}: {kind:?}", sample.id);
        kinds.insert(kind.as_str().to_owned());
    }
    assert_eq!(kinds.len(), 50, "{kinds:?}");
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    for (id, pointer) in [
        // The models say that these two are always there.
        ("intent", "/request/dialogState"),
        (
            "intent-dialog",
            "/request/intent/slots/size/resolutions/resolutionsPerAuthority",
        ),
        ("intent", "/session"),
        ("intent", "/session/attributes"),
        ("intent", "/request/locale"),
        ("intent", "/request/intent/slots"),
        ("intent", "/request/intent/confirmationStatus"),
        ("intent", "/request/intent/slots/size/value"),
        ("intent", "/request/intent/slots/size/confirmationStatus"),
        ("intent-dialog", "/request/intent/slots/size/source"),
        ("intent-dialog", "/request/intent/slots/size/slotValue"),
        ("intent", "/context/System/device"),
        ("intent", "/context/System/device/supportedInterfaces"),
        ("intent", "/context/System/apiAccessToken"),
        ("launch-screen", "/context/Viewport"),
        ("launch-screen", "/context/Viewports"),
        ("launch-screen", "/session/user/permissions/scopes"),
        ("playback-started", "/context/AudioPlayer/token"),
        ("playback-started", "/request/offsetInMilliseconds"),
        ("connections-response", "/request/payload"),
        ("session-resumed", "/request/cause/result"),
        ("skill-enabled", "/request/eventCreationTime"),
    ] {
        exact::<SkillRequest>(&edit(&SERVICE, id, pointer, None));
        exact::<SkillRequest>(&edit(&SERVICE, id, pointer, Some(Value::Null)));
    }
    for pointer in [
        "/directive/endpoint",
        "/directive/endpoint/scope",
        "/directive/endpoint/cookie",
        "/directive/header/correlationToken",
    ] {
        exact::<SmartHomeRequest>(&edit(&SERVICE, "turn-on", pointer, None));
        exact::<SmartHomeRequest>(&edit(&SERVICE, "turn-on", pointer, Some(Value::Null)));
    }
}

#[test]
fn values_nobody_has_described_yet() {
    for (id, pointer, value) in [
        ("intent", "/request/type", json!("Alexa.Tea.Poured")),
        ("intent", "/request/tea", json!({ "poured": 2 })),
        ("intent", "/request/dialogState", json!("WAITING")),
        ("intent", "/context/Alexa.Tea", json!({ "kettle": null })),
        ("intent", "/context/Extensions", json!({ "available": {} })),
        ("intent", "/context/System/device/room", json!("kitchen")),
        (
            "intent",
            "/request/intent/slots/size/slotValue",
            json!({ "type": "Range", "from": 1 }),
        ),
        (
            "session-ended-error",
            "/request/error/type",
            json!("TEA_TOO_HOT"),
        ),
        ("session-ended-error", "/request/error/code", json!(7)),
    ] {
        exact::<SkillRequest>(&edit(&SERVICE, id, pointer, Some(value)));
    }
}

#[test]
fn resolutions_without_a_match_have_no_values() {
    let request = request("intent-dialog");
    let tea = request.slot("tea").unwrap();
    let found = &tea.resolutions.as_ref().unwrap();
    let found = &found.resolutions_per_authority.as_ref().unwrap()[0];
    assert_eq!(found.values, Nullable::Missing);
    assert_eq!(tea.resolved(), None);
    let size = request.slot("size").unwrap();
    assert_eq!(size.resolved().unwrap().id.as_deref(), Some("L"));
}

#[test]
fn requests_without_a_session() {
    for id in [
        "playback-started",
        "command-next",
        "skill-enabled",
        "message-received",
    ] {
        let request = request(id);
        assert_eq!(request.session, Nullable::Missing, "{id}");
        assert_eq!(request.attribute::<u32>("step").unwrap(), None);
    }
}

#[test]
fn times_as_text_and_as_numbers() {
    for id in ["skill-disabled", "skill-disabled-millis"] {
        let request = request(id).request;
        let time = request.event_creation_time.as_ref().unwrap();
        let time = time.timestamp().unwrap();
        assert_eq!(time.to_rfc3339_millis(), "2026-01-01T09:30:00.000Z", "{id}");
    }
    let sent = request("skill-disabled-millis").request.timestamp;
    assert_eq!(sent.timestamp().unwrap().unix_millis(), 1_767_259_801_250);
}

#[test]
fn names_with_dots_are_kept() {
    let screen = request("launch-screen");
    assert!(screen.supports("Alexa.Presentation.APL"));
    assert!(!screen.supports("Geolocation"));
    assert!(screen.context.other.contains("Alexa.Presentation.APL"));
}

#[test]
fn what_was_said() {
    let several = request("intent-several-values");
    let extras = several.slot("extras").unwrap();
    assert_eq!(extras.values().collect::<Vec<_>>(), ["lemon", "honey"]);
    let one = request("intent");
    let size = one.slot("size").unwrap();
    assert_eq!(size.values().collect::<Vec<_>>(), ["large"]);
    assert!(one.intent("OrderTeaIntent").is_some());
    assert!(one.intent("AMAZON.StopIntent").is_none());
    let dialog = request("intent-dialog");
    assert_eq!(dialog.attribute::<u32>("step").unwrap(), Some(2));
    assert!(dialog.attribute::<u32>("history").is_err());
}

#[test]
fn directives_of_smart_home() {
    let directive = |id: &str| exact::<SmartHomeRequest>(SERVICE.sample(id).unwrap().json);
    for id in ["discover", "accept-grant", "report-state", "turn-off"] {
        assert_eq!(directive(id).token(), Some("example-access-token"), "{id}");
    }
    let request = directive("adjust-brightness");
    assert!(request.is("Alexa.BrightnessController", "AdjustBrightness"));
    assert_eq!(request.value::<i32>("brightnessDelta").unwrap(), -25);
    for name in ["brightness", "brightnessDelta"] {
        let error = request.value::<u8>(name).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn secrets_are_not_printed() {
    for sample in SERVICE.samples {
        let text = match sample.of {
            "SkillRequest" => format!("{:?}", exact::<SkillRequest>(sample.json)),
            "SmartHomeRequest" => format!("{:?}", exact::<SmartHomeRequest>(sample.json)),
            "SmartHomeResponse" => format!("{:?}", exact::<SmartHomeResponse>(sample.json)),
            "LegacySmartHomeRequest" => {
                format!("{:?}", exact::<LegacySmartHomeRequest>(sample.json))
            }
            _ => continue,
        };
        for secret in [
            "example-access-token",
            "example-api-token",
            "example-authorization-code",
            "example-consent-token",
            "example-linked-account-token",
            "example-person-token",
        ] {
            assert!(!text.contains(secret), "{}: {secret} in {text}", sample.id);
        }
    }
}

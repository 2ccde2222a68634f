//! Every sample is read and written back exactly, in each of the forms.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_iot_events::{
    DetectorEvent, IotEventsEvent, LabelledEvent, SERVICE, TriggerType, WrappedEvent,
};
use lambda_with_testing::{Root, edit, exact, sample, samples};
use serde_json::{Value, json};

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<WrappedEvent>(),
            Root::of::<LabelledEvent>(),
            Root::of::<DetectorEvent>(),
        ],
    );
}

#[test]
fn an_event_has_one_of_three_forms() {
    for sample in SERVICE.samples {
        let form = match exact(sample.json) {
            IotEventsEvent::Wrapped(_) => "WrappedEvent",
            IotEventsEvent::Labelled(_) => "LabelledEvent",
            IotEventsEvent::Bare(_) => "DetectorEvent",
        };
        assert_eq!(form, sample.of, "{}", sample.id);
    }
}

#[test]
fn the_three_forms_hold_one_event() {
    let bare: DetectorEvent = serde_json::from_value(sample(&SERVICE, "bare")).unwrap();
    for form in [
        json!({ "event": bare }),
        json!({ "event: ": bare }),
        json!(bare),
    ] {
        let event: IotEventsEvent = exact(&form.to_string());
        assert_eq!(event.detector_event(), &bare);
    }
}

#[test]
fn members_that_may_be_missing_or_null() {
    let at = |rest: &str| format!("/event/payload/{rest}");
    for (pointer, value) in [
        (at("detector/keyValue"), None),
        (at("detector/keyValue"), Some(Value::Null)),
        (at("eventTriggerDetails/messageId"), None),
        (at("eventTriggerDetails/triggerType"), Some(json!("Alarm"))),
        (at("state/variables"), None),
        (
            at("state/variables/list"),
            Some(json!([1.50, { "a": null }])),
        ),
        (at("state/timers"), Some(Value::Null)),
    ] {
        exact::<IotEventsEvent>(&edit(&SERVICE, "message", &pointer, value));
    }
    let timer: WrappedEvent = serde_json::from_value(sample(&SERVICE, "timer")).unwrap();
    let details = timer.event.payload.event_trigger_details;
    assert_eq!(details.trigger_type, TriggerType::Timer);
    assert_eq!(
        details.timer_name.as_ref().map(|name| &**name),
        Some("idle")
    );
}

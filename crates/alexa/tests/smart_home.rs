//! Answers of smart home skills: what can be built, and a case for every rule.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Error, decode};
use lambda_with_alexa::{
    SERVICE, SmartHomeErrorType, SmartHomeProperty, SmartHomeRequest, SmartHomeResponse,
};
use lambda_with_testing::read;
use serde_json::{Value, json};

const ID: &str = "0c6f1d9a-5a0e-4f63-8d0a-aaaabbbbcccc";

fn directive(id: &str) -> SmartHomeRequest {
    read(&SERVICE, id)
}

fn document(id: &str) -> Value {
    read(&SERVICE, id)
}

fn rule(error: &Error) -> &str {
    error.context("rule").unwrap()
}

/// The directive that the sample of an answer answers.
fn asked(answer: &str) -> SmartHomeRequest {
    directive(match answer {
        "discover-response" => "discover",
        "accept-grant-response" | "accept-grant-error" => "accept-grant",
        "mode-response" => "set-mode",
        "state-report" => "report-state",
        "temperature-error" => "set-target-temperature",
        _ => "turn-on",
    })
}

#[test]
fn samples_of_answers_pass() {
    for sample in SERVICE
        .samples
        .iter()
        .filter(|s| s.of == "SmartHomeResponse")
    {
        let answer: SmartHomeResponse = decode(sample.json).unwrap();
        answer.check(&asked(sample.id)).unwrap();
    }
}

#[test]
fn every_rule_has_an_answer_that_breaks_it() {
    let version = "an answer has payload version 3";
    let message = "an answer has a message id of its own";
    let token = "an answer brings the correlation token back";
    let name = "an answer is one of those to its directive";
    let endpoint = "an answer is about the device that was asked for";
    let state = "a state report has the properties of the device";
    let property = "a property is told once, with its name and time";
    let error = "an error has a type of its directive and a message";
    let discovery = "a discovery names at most 300 devices, each once";
    let device = "a device has an id of 1 to 256 characters, names and 1 to 100 capabilities";
    let theirs = directive("turn-on").directive.header.message_id;
    let control = "control-response";
    let found = "discover-response";
    let lamp = document(found)["event"]["payload"]["endpoints"][0].clone();
    let lamps = |count: usize| {
        let lamp = |n| {
            let mut lamp = lamp.clone();
            lamp["endpointId"] = json!(format!("lamp-{n}"));
            lamp
        };
        Value::Array((0..count).map(lamp).collect())
    };
    let capabilities = vec![lamp["capabilities"][0].clone(); 101];
    for (id, pointer, value, expected) in [
        (control, "/event/header/payloadVersion", json!("2"), version),
        (control, "/event/header/messageId", json!(""), message),
        (control, "/event/header/messageId", json!(theirs), message),
        (
            control,
            "/event/header/correlationToken",
            json!("other"),
            token,
        ),
        (
            control,
            "/event/header/correlationToken",
            Value::Null,
            token,
        ),
        (control, "/event/header/name", json!("StateReport"), name),
        (
            control,
            "/event/header/namespace",
            json!("Alexa.Discovery"),
            name,
        ),
        (found, "/event/header/name", json!("Response"), name),
        (
            "accept-grant-response",
            "/event/header/namespace",
            json!("Alexa"),
            name,
        ),
        (
            "state-report",
            "/event/header/name",
            json!("Response"),
            name,
        ),
        (
            control,
            "/event/endpoint/endpointId",
            json!("lamp-02"),
            endpoint,
        ),
        (control, "/event/endpoint", Value::Null, endpoint),
        (
            "error-response",
            "/event/endpoint/endpointId",
            json!("lamp-02"),
            endpoint,
        ),
        ("state-report", "/context", json!({}), state),
        ("state-report", "/context/properties", json!([]), state),
        (control, "/context/properties/0/name", json!(""), property),
        (
            control,
            "/context/properties/0/timeOfSample",
            json!("today"),
            property,
        ),
        (
            control,
            "/context/properties/1",
            document(control)["context"]["properties"][0].clone(),
            property,
        ),
        (
            "error-response",
            "/event/payload",
            json!({ "message": "a" }),
            error,
        ),
        ("error-response", "/event/payload/message", json!(""), error),
        (
            "error-response",
            "/event/payload/type",
            json!("ACCEPT_GRANT_FAILED"),
            error,
        ),
        (
            "accept-grant-error",
            "/event/payload/type",
            json!("INTERNAL_ERROR"),
            error,
        ),
        (found, "/event/payload", json!({}), discovery),
        (found, "/event/payload/endpoints", lamps(301), discovery),
        (found, "/event/payload/endpoints/1", lamp.clone(), discovery),
        (
            found,
            "/event/payload/endpoints/0/endpointId",
            json!(""),
            device,
        ),
        (
            found,
            "/event/payload/endpoints/0/endpointId",
            json!("l".repeat(257)),
            device,
        ),
        (
            found,
            "/event/payload/endpoints/0/friendlyName",
            json!(""),
            device,
        ),
        (
            found,
            "/event/payload/endpoints/0/capabilities",
            json!([]),
            device,
        ),
        (
            found,
            "/event/payload/endpoints/0/capabilities",
            json!(capabilities),
            device,
        ),
    ] {
        let mut answer = document(id);
        *answer.pointer_mut(pointer).unwrap() = value;
        let answer: SmartHomeResponse = decode(answer.to_string()).unwrap();
        let broken = answer.check(&asked(id)).expect_err(pointer);
        assert_eq!(rule(&broken), expected, "{id} {pointer}: {broken}");
    }
    let mut most = document(found);
    most["event"]["payload"]["endpoints"] = lamps(300);
    let most: SmartHomeResponse = decode(most.to_string()).unwrap();
    most.check(&asked(found)).unwrap();
}

#[test]
fn answers_echo_what_was_asked() {
    let time = "2026-01-01T09:30:01Z";
    let mode = SmartHomeProperty::new("Alexa.ModeController", "mode", &"WashCycle.Delicate", time);
    let answer = directive("set-mode")
        .answer(ID)
        .property(mode.unwrap().instance("Washer.Mode").uncertainty(500))
        .finish()
        .unwrap();
    let mut expected = document("mode-response");
    expected["event"]["header"]["messageId"] = json!(ID);
    assert_eq!(serde_json::to_value(&answer).unwrap(), expected);

    let error = directive("report-state").answer(ID).finish().unwrap_err();
    assert_eq!(
        rule(&error),
        "a state report has the properties of the device"
    );
    let health = json!({ "value": "OK" });
    let health = SmartHomeProperty::new("Alexa.EndpointHealth", "connectivity", &health, time);
    let asked = directive("report-state");
    let report = asked.answer(ID).property(health.unwrap());
    assert_eq!(report.finish().unwrap().event.header.name, "StateReport");
}

#[test]
fn answers_of_other_kinds() {
    let discover = directive("discover");
    assert!(discover.discovered(ID, []).is_ok());
    let found: SmartHomeResponse = read(&SERVICE, "discover-response");
    let devices = found.event.payload.endpoints.unwrap();
    assert!(discover.discovered(ID, devices.clone()).is_ok());
    assert!(directive("accept-grant").granted(ID).is_ok());
    let deferred = directive("lock").defer(ID, Some(15)).unwrap();
    assert_eq!(
        deferred.event.payload.estimated_deferral_in_seconds,
        Some(15)
    );
    let failed = SmartHomeErrorType::AcceptGrantFailed;
    let answer = directive("accept-grant")
        .fail(ID, failed.clone(), "used up")
        .unwrap();
    assert_eq!(answer.event.header.namespace, "Alexa.Authorization");

    let name = "an answer is one of those to its directive";
    let lock = directive("lock");
    for (error, expected) in [
        (lock.granted(ID).unwrap_err(), name),
        (lock.discovered(ID, devices).unwrap_err(), name),
        (discover.defer(ID, None).unwrap_err(), name),
        (discover.answer(ID).finish().unwrap_err(), name),
        (
            lock.fail(ID, failed, "used up").unwrap_err(),
            "an error has a type of its directive and a message",
        ),
    ] {
        assert_eq!(rule(&error), expected, "{error}");
    }
}

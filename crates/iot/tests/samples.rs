//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_iot::{
    AuthorizerRequest, AuthorizerResponse, ButtonEvent, DisconnectReason, LifecycleEvent,
    LifecycleEventType, OneClickEvent, ProvisioningRequest, ProvisioningResponse, RuleError,
    SERVICE,
};
use lambda_with_testing::{Root, edit, exact, exact_value, sample, samples};
use serde_json::{Value, json};

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<LifecycleEvent>(),
            Root::of::<RuleError>(),
            Root::of::<AuthorizerRequest>(),
            Root::of::<ProvisioningRequest>(),
            Root::of::<OneClickEvent>(),
            Root::of::<ButtonEvent>(),
            Root::of::<AuthorizerResponse>(),
            Root::of::<ProvisioningResponse>(),
        ],
    );
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    // Go and @types have members always that the guide leaves out where they do not matter.
    for (id, pointer, value) in [
        ("authorizer-mqtt", "/token", Some(Value::Null)),
        ("authorizer-mqtt", "/protocolData/mqtt/clientId", None),
        ("authorizer-mqtt", "/protocolData/mqtt/password", None),
        (
            "authorizer-mqtt",
            "/protocolData/mqtt/password",
            Some(json!("")),
        ),
        // The page on certificates shows a password that is not base64.
        (
            "authorizer-mqtt",
            "/protocolData/mqtt/password",
            Some(json!("plain pass!")),
        ),
        (
            "authorizer-mqtt",
            "/protocolData/mqtt/username",
            Some(Value::Null),
        ),
        ("authorizer-mqtt", "/protocolData/http", Some(Value::Null)),
        ("authorizer-mqtt", "/protocolData/tls", None),
        ("authorizer-mqtt", "/connectionMetadata/id", None),
        ("authorizer-mqtt", "/protocols/0", Some(json!("quic"))),
        (
            "authorizer-http",
            "/protocolData/http/headers",
            Some(Value::Null),
        ),
        ("authorizer-http", "/protocolData/http/queryString", None),
    ] {
        exact::<AuthorizerRequest>(&edit(&SERVICE, id, pointer, value));
    }
    for (pointer, value) in [
        ("/cloudwatchTraceId", None),
        ("/clientId", Some(Value::Null)),
        ("/failures/0/failedResource", None),
        ("/failures/0/errorMessage", Some(Value::Null)),
        ("/failures", Some(json!([]))),
    ] {
        exact::<RuleError>(&edit(&SERVICE, "rule-error", pointer, value));
    }
    for (pointer, value) in [
        ("/versionNumber", None),
        ("/ipAddress", None),
        ("/eventType", Some(json!("reconnected"))),
        ("/disconnectReason", Some(json!("POWER_CUT"))),
    ] {
        exact::<LifecycleEvent>(&edit(&SERVICE, "connected", pointer, value));
    }
    exact::<ProvisioningRequest>(&edit(
        &SERVICE,
        "provisioning",
        "/parameters",
        Some(json!({})),
    ));
    exact::<ProvisioningResponse>(r#"{"allowProvisioning":true,"parameterOverrides":null}"#);
}

#[test]
fn policies_may_be_text() {
    let policy = sample(&SERVICE, "authorizer-allow")["policyDocuments"][0].to_string();
    let answer = edit(
        &SERVICE,
        "authorizer-allow",
        "/policyDocuments/0",
        Some(json!(policy)),
    );
    exact::<AuthorizerResponse>(&answer).check().unwrap();
}

#[test]
fn what_happened() {
    let event: LifecycleEvent = exact_value(&sample(&SERVICE, "disconnected"));
    assert_eq!(event.event_type, LifecycleEventType::Disconnected);
    let reason = Some(DisconnectReason::MqttKeepAliveTimeout);
    assert_eq!(event.disconnect_reason, reason);
    assert_eq!(
        event.timestamp.timestamp().unwrap().to_rfc3339_millis(),
        "2026-09-18T10:05:11.037Z"
    );
}

#[test]
fn secrets_stay_out_of_logs() {
    for id in ["authorizer-mqtt", "authorizer-http"] {
        let document = sample(&SERVICE, id);
        let mut request: AuthorizerRequest = exact_value(&document);
        request.protocol_data.http = Default::default();
        let shown = format!("{request:?}");
        let secrets = [
            &document["token"],
            &document["protocolData"]["mqtt"]["password"],
        ];
        for secret in secrets.into_iter().filter_map(Value::as_str) {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn helpers() {
    let request: AuthorizerRequest = exact_value(&sample(&SERVICE, "authorizer-certificate"));
    assert_eq!(request.password().unwrap(), None);
    assert_eq!(
        (request.user_name(), request.client_id()),
        (None, Some("crane-7"))
    );
    assert!(request.certificate_id().is_some_and(|id| id.len() == 64));
    let broken = edit(
        &SERVICE,
        "authorizer-mqtt",
        "/protocolData/mqtt/password",
        Some(json!("?")),
    );
    assert!(exact::<AuthorizerRequest>(&broken).password().is_err());

    let error: RuleError = exact_value(&sample(&SERVICE, "rule-error"));
    assert_eq!(error.payload().unwrap(), br#"{"tonnes":"18.4","berth":3}"#);

    let request: ProvisioningRequest = exact_value(&sample(&SERVICE, "provisioning"));
    assert_eq!(request.template(), "harbor-cranes");
    assert_eq!(request.parameter("Berth"), Some("3"));
    assert_eq!(request.parameter("berth"), None);
}

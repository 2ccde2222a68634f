//! What CloudFront does around a function: what it shows, and what becomes of the answer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Outcome;
use lambda_with_cloudfront::{
    CloudFrontBody, CloudFrontEdge, CloudFrontEvent, CloudFrontResponse, SERVICE, Settled, Trigger,
};
use lambda_with_testing::read;
use serde_json::{Value, json};

fn event(sample: &str) -> CloudFrontEvent {
    read(&SERVICE, sample)
}

fn edge(sample: &str) -> CloudFrontEdge {
    event(sample).edge().unwrap().clone()
}

fn success(payload: &Value) -> Outcome {
    Outcome::Success {
        payload: payload.to_string().into(),
        executed_version: "7".into(),
        log_tail: None,
    }
}

#[test]
fn what_becomes_of_an_answer() {
    let event = event("viewer-request");
    let mut changed = serde_json::to_value(&event.edge().unwrap().request).unwrap();
    changed["uri"] = json!("/fr");
    match event.settle(&success(&changed)) {
        Settled::Forward(request) => assert_eq!(request.uri, "/fr"),
        other => panic!("{other:?}"),
    }
    match event.settle(&success(&json!({ "status": "302" }))) {
        Settled::Respond(response) => assert_eq!(response.status, "302"),
        other => panic!("{other:?}"),
    }
    let failed = Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: "{}".into(),
        executed_version: "7".into(),
        log_tail: None,
    };
    for (outcome, expected) in [
        (failed, 503),
        (success(&Value::Null), 502),
        (success(&json!({ "status": 302 })), 502),
        (
            success(&json!({ "status": "200", "headers": { "a": "b" } })),
            502,
        ),
        (
            success(&json!({ "status": "200", "headers": { "via": [{ "value": "b" }] } })),
            502,
        ),
    ] {
        match event.settle(&outcome) {
            Settled::Refused { status, .. } => assert_eq!(status, expected, "{outcome:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_request_on_its_whole_way() {
    let request = edge("viewer-request-body").request;
    let origin = edge("origin-request").request.origin;
    let mut event = CloudFrontEvent::new(Trigger::ViewerRequest, "E2HARBOREXAMPL", "r-1", request);
    assert!(
        event
            .edge()
            .unwrap()
            .forward(|request| request.set_body("port=Holm"))
            .is_ok()
    );
    event.records[0].cf.request.origin = origin;
    let event = event.later(Trigger::OriginRequest, None);
    let edge = event.edge().unwrap();
    assert!(edge.request.origin.is_some() && edge.request.body.is_some());

    let page = CloudFrontResponse::new(200).with_text("x");
    let event = event.later(Trigger::OriginResponse, Some(&page));
    let edge = event.edge().unwrap();
    assert!(edge.request.origin.is_some() && edge.request.body.is_none());
    assert_eq!(edge.response.as_ref().unwrap().body, None);

    let event = event.later(Trigger::ViewerResponse, Some(&page));
    let edge = event.edge().unwrap();
    assert_eq!(
        (edge.trigger(), &edge.request.origin),
        (Trigger::ViewerResponse, &None)
    );
}

#[test]
fn long_bodies_are_cut() {
    for (trigger, length, truncated, shown) in [
        (Trigger::ViewerRequest, 40_960, false, 40_960),
        (Trigger::ViewerRequest, 40_961, true, 40_960),
        (Trigger::OriginRequest, 40_961, false, 40_961),
        (Trigger::OriginRequest, 1_048_577, true, 1_048_576),
    ] {
        let body = CloudFrontBody::shown(trigger, &vec![0; length]);
        assert_eq!(body.input_truncated, Some(truncated));
        assert_eq!(body.bytes().unwrap().len(), shown);
    }
}

//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_secrets_manager::{RotationEvent, RotationStep, SERVICE};
use lambda_with_testing::{Root, exact, samples};
use serde_json::{Value, json};

fn with_step(step: &str) -> RotationEvent {
    let sample = SERVICE.sample("create-secret").unwrap().json;
    let mut document: Value = serde_json::from_str(sample).unwrap();
    document["Step"] = json!(step);
    exact(&document.to_string())
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(&SERVICE, &[Root::of::<RotationEvent>()]);
}

#[test]
fn events_pass_the_check() {
    for sample in SERVICE.samples {
        exact::<RotationEvent>(sample.json).check().unwrap();
    }
}

#[test]
fn steps_in_either_spelling() {
    for (wire, other, step) in [
        ("createSecret", "create_secret", RotationStep::CreateSecret),
        ("setSecret", "set_secret", RotationStep::SetSecret),
        ("testSecret", "test_secret", RotationStep::TestSecret),
        ("finishSecret", "finish_secret", RotationStep::FinishSecret),
    ] {
        assert_eq!(with_step(wire).step, step);
        assert_eq!(with_step(wire).step.normalized(), Some(step.clone()));
        assert_eq!(with_step(other).step.as_str(), other);
        assert_eq!(with_step(other).step.normalized(), Some(step.clone()));
        assert_eq!(serde_json::to_value(step).unwrap(), wire);
    }
    assert_eq!(with_step("request.type").step.normalized(), None);
}

#[test]
fn the_token_is_kept_and_never_shown() {
    let event: RotationEvent = exact(SERVICE.sample("create-secret").unwrap().json);
    let token = "3b9a7c1e-5f44-4a8e-8d2d-0c8f6a1e9b77";
    assert_eq!(event.rotation_token.as_ref().unwrap().as_str(), token);
    assert!(!format!("{event:?} {event:#?}").contains(token));
    let event: RotationEvent = exact(SERVICE.sample("create-secret-without-token").unwrap().json);
    assert_eq!(event.rotation_token, None);
}

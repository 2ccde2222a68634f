//! The answer to an invocation: what the builder makes, and a case for every rule it keeps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Error;
use lambda_with_s3_batch::{
    Answers, S3BatchEvent, S3BatchResponse, S3BatchResultCode, SERVICE, TaskOutcome,
};
use lambda_with_testing::read;
use serde_json::{Value, json};

const ONCE: &str = "every task has one result, unless treatMissingKeysAs is set";
const CODE: &str = "a result is Succeeded, TemporaryFailure or PermanentFailure";
const SIZE: &str = "an answer has at most 6 MB as JSON";

fn event(id: &str) -> S3BatchEvent {
    read(&SERVICE, id)
}

fn sample(id: &str) -> S3BatchResponse {
    read(&SERVICE, id)
}

fn rule(error: &Error) -> &str {
    error.context("rule").unwrap()
}

#[test]
fn answers_are_those_of_the_samples() {
    let one = event("schema-1")
        .answer(|_| TaskOutcome::Succeeded("640x480".into()))
        .unwrap();
    assert_eq!(one, sample("succeeded"));
    one.check(&event("schema-1")).unwrap();

    let event = event("schema-2-user-arguments");
    let mut answers = Answers::new(&event);
    // In any order.
    let failed = TaskOutcome::PermanentFailure("not an image".into());
    answers.add("dGFzay0wMDA3", failed).unwrap();
    let done = TaskOutcome::Succeeded("".into());
    answers.add("dGFzay0wMDA2", done).unwrap();
    let two = answers.finish().unwrap();
    assert_eq!(two, sample("failed"));
    two.check(&event).unwrap();
}

#[test]
fn the_rest_can_be_left_to_be_tried_again() {
    let event = event("schema-2-user-arguments");
    let mut answers = Answers::new(&event);
    let again = TaskOutcome::TemporaryFailure("busy".into());
    answers.add("dGFzay0wMDA2", again).unwrap();
    let temporary = S3BatchResultCode::TemporaryFailure;
    answers.treat_missing_as(temporary.clone()).unwrap();
    let response = answers.finish().unwrap();
    assert_eq!(response.treat_missing_keys_as, Some(temporary.clone()));
    assert_eq!(response.results.len(), 1);
    assert_eq!(response.results[0].result_code, temporary);
    response.check(&event).unwrap();
}

#[test]
fn what_cannot_be_built() {
    let event = event("schema-2-user-arguments");
    let done = || TaskOutcome::Succeeded("".into());
    let mut twice = Answers::new(&event);
    twice.add("dGFzay0wMDA2", done()).unwrap();
    let large = || TaskOutcome::Succeeded("x".repeat(4_000_000).into());
    for (result, expected) in [
        (Answers::new(&event).add("7", done()), ONCE),
        (twice.add("dGFzay0wMDA2", done()), ONCE),
        (twice.finish().map(drop), ONCE),
        (
            Answers::new(&event).treat_missing_as("Ignored".into()),
            CODE,
        ),
        (event.answer(|_| large()).map(drop), SIZE),
    ] {
        assert_eq!(rule(&result.unwrap_err()), expected);
    }
}

#[test]
fn answers_by_hand_are_checked() {
    let with = |pointer: &str, value: Value| {
        let mut answer = serde_json::to_value(sample("succeeded")).unwrap();
        match pointer.rsplit_once('/').unwrap() {
            ("", name) => answer[name] = value,
            (parent, name) => answer.pointer_mut(parent).unwrap()[name] = value,
        }
        answer
    };
    let result = sample("succeeded").results.remove(0);
    let twice = [result.clone(), result];
    for (answer, expected) in [
        (with("/results/0/resultString", json!("other")), ""),
        (
            with("/invocationSchemaVersion", json!("2.0")),
            "the answer repeats the event's invocationSchemaVersion",
        ),
        (
            with("/invocationId", json!("other")),
            "the answer repeats the event's invocationId",
        ),
        (with("/results", json!([])), ONCE),
        (with("/results", json!(twice)), ONCE),
        (with("/results/0/taskId", json!("other")), ONCE),
        (with("/results/0/resultCode", json!("succeeded")), CODE),
        (with("/treatMissingKeysAs", json!("Ok")), CODE),
        (
            with("/results/0/resultString", json!("x".repeat(6_300_000))),
            SIZE,
        ),
    ] {
        let answer: S3BatchResponse = serde_json::from_value(answer).unwrap();
        let found = answer.check(&event("schema-1")).err();
        assert_eq!(found.as_ref().map_or("", rule), expected);
    }
}

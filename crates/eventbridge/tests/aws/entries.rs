//! Answers of 200 that say no.

use lambda_with::policy::Policy;
use lambda_with::{ErrorKind, Integration, Permission, Statement};
use lambda_with_eventbridge::Rule;
use lambda_with_testing::{fake, function};
use serde_json::{Value, json};

use super::wiring;

const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:audit";
const PATTERN: &str = r#"{"source":["shop.orders"]}"#;

/// The answer of GetPolicy where the rule may invoke already.
fn allowing(rule: &Rule) -> String {
    let function = function("orders");
    let statements: Vec<Statement> = rule
        .permissions(&function)
        .into_iter()
        .map(|permission| match permission {
            Permission::ResourceBased(statement) => statement,
            other => panic!("{other:?}"),
        })
        .collect();
    let policy = Policy::of_function(&function.arn, &statements).to_json();
    json!({ "Policy": policy, "RevisionId": "1" }).to_string()
}

/// Answers as EventBridge does where a rule stands, and takes a target with an answer of 200 that
/// says it failed.
fn refusing(body: &str) -> (u16, String) {
    let body: Value = serde_json::from_str(body).unwrap();
    let answer = if body.get("Targets").is_some() {
        json!({ "FailedEntryCount": 1, "FailedEntries": [{
            "TargetId": body["Targets"][0]["Id"], "ErrorCode": "LimitExceededException",
            "ErrorMessage": "The requested resource exceeds the maximum number allowed." }] })
    } else if body.get("ResourceARN").is_some() {
        json!({ "Tags": [{ "Key": "lambda-with", "Value": "made" }] })
    } else if body.get("Rule").is_some() {
        json!({ "Targets": [{ "Id": "old", "Arn": QUEUE, "Future": {"a": 1.0} }] })
    } else {
        json!({ "Name": "orders", "Arn": "arn:aws:events:eu-west-1:123456789012:rule/orders",
            "EventPattern": "{\"source\":[\"shop.stock\"]}", "State": "DISABLED",
            "RoleArn": "arn:aws:iam::123456789012:role/audit", "CreatedBy": "123456789012",
            "EventBusName": "default", "Future": [1.0] })
    };
    (200, answer.to_string())
}

#[tokio::test]
async fn an_entry_that_failed_is_an_error_though_the_call_is_not() {
    let rule = Rule::matching("orders", PATTERN);
    let policy = allowing(&rule);
    let (session, log) = fake::session(move |_, path, body| {
        if path.ends_with("/policy") {
            (200, policy.clone())
        } else if path.starts_with("/2015-03-31/") {
            (200, "{}".into())
        } else {
            refusing(body)
        }
    });
    let all = wiring(&session, &function("orders"), std::slice::from_ref(&rule));
    let error = all.connect(|_| ()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.context("code")),
        (ErrorKind::Limit, Some("LimitExceededException")),
        "{error}"
    );
    let id = rule.resources(&function("orders"))[0].properties["Targets"][0]["Id"].clone();
    assert!(
        error
            .message()
            .contains(&format!("target {}", id.as_str().unwrap())),
        "{error}"
    );
    // The rule went through, with all that stood and is not ours to say.
    assert!(
        error.context("standing").unwrap().contains("rule orders"),
        "{error}"
    );
    let sent: Vec<Value> = fake::of(&log, "POST")
        .iter()
        .filter_map(|(_, body)| serde_json::from_str(body).ok())
        .collect();
    let put = sent
        .iter()
        .find(|body| body.get("EventPattern").is_some())
        .unwrap();
    assert_eq!(
        put,
        &json!({ "Name": "orders", "EventPattern": PATTERN, "State": "DISABLED",
            "RoleArn": "arn:aws:iam::123456789012:role/audit", "EventBusName": "default", "Future": [1.0] })
    );
}

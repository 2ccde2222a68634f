//! The exact requests that connect, change and disconnect a topic of Amazon MSK: no emulator takes such mappings.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use lambda_with_aws::{Session, Wiring};
use lambda_with_msk::Msk;
use lambda_with_testing::{fake, function};
use serde_json::{Value, json};

/// Lambda's API with one mapping at most, and IAM's with one policy of the function's role.
fn lambda() -> (Session, fake::Log) {
    let mapping: Mutex<Option<Value>> = Mutex::default();
    let policy: Mutex<Option<String>> = Mutex::default();
    fake::session(move |method, path, body| {
        if body.starts_with("Action=") {
            return iam(body, &mut policy.lock().unwrap());
        }
        let mut mapping = mapping.lock().unwrap();
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let (status, answer) = match (method, path) {
            ("GET", path) if path.contains("/configuration") => (
                200,
                json!({ "Role": "arn:aws:iam::123456789012:role/orders" }),
            ),
            ("GET", path) if path.contains("/policy") => (
                404,
                json!({ "__type": "ResourceNotFoundException", "Message": "none" }),
            ),
            ("POST", "/2015-03-31/event-source-mappings") => {
                let mut made = asked;
                made["UUID"] = json!("6f1d2c3b-0a49-4f58-8e67-95a4b3c2d1e0");
                made["FunctionArn"] = made["FunctionName"].take();
                let paused = made["Enabled"] == json!(false);
                made["State"] = json!(if paused { "Disabled" } else { "Enabled" });
                (202, mapping.insert(made).clone())
            }
            ("PUT", _) => {
                let standing = mapping.as_mut().unwrap();
                for (name, value) in asked.as_object().unwrap() {
                    standing[name] = value.clone();
                }
                let paused = standing["Enabled"] == json!(false);
                standing["State"] = json!(if paused { "Disabled" } else { "Enabled" });
                (202, standing.clone())
            }
            ("DELETE", _) => (202, mapping.take().unwrap()),
            ("GET", path) if path.contains("event-source-mappings/") => match &*mapping {
                Some(mapping) => (200, mapping.clone()),
                None => (
                    404,
                    json!({ "__type": "ResourceNotFoundException", "Message": "gone" }),
                ),
            },
            _ => (
                200,
                json!({ "EventSourceMappings": mapping.iter().collect::<Vec<_>>() }),
            ),
        };
        (status, answer.to_string())
    })
}

fn iam(body: &str, policy: &mut Option<String>) -> (u16, String) {
    const OF: &str = "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"";
    let member = |name: &str| {
        let mut members = body.split('&').filter_map(|member| member.split_once('='));
        members
            .find(|(known, _)| *known == name)
            .unwrap()
            .1
            .to_owned()
    };
    let action = member("Action");
    let missing = policy.is_none();
    match action.as_str() {
        "PutRolePolicy" => *policy = Some(member("PolicyDocument")),
        "DeleteRolePolicy" => *policy = None,
        _ => {}
    }
    if missing && action == "GetRolePolicy" {
        let error = "<Error><Code>NoSuchEntity</Code><Message>none</Message></Error>";
        return (404, format!("<ErrorResponse {OF}>{error}</ErrorResponse>"));
    }
    let result = match (&policy, action.as_str()) {
        (Some(document), "GetRolePolicy") => format!(
            "<RoleName>orders</RoleName><PolicyName>{}</PolicyName><PolicyDocument>{document}</PolicyDocument>",
            member("PolicyName")
        ),
        (Some(_), "ListRolePolicies") => {
            "<IsTruncated>false</IsTruncated><PolicyNames><member>lambda-with-orders</member></PolicyNames>".into()
        }
        _ => String::new(),
    };
    let answer = format!("<{action}Result>{result}</{action}Result>");
    (
        200,
        format!("<{action}Response {OF}>{answer}</{action}Response>"),
    )
}

fn bodies(log: &fake::Log, method: &str) -> Vec<Value> {
    let sent = fake::of(log, method).into_iter();
    let sent = sent.filter(|(_, body)| !body.starts_with("Action="));
    sent.map(|(_, body)| serde_json::from_str(&body).unwrap())
        .collect()
}

#[tokio::test]
async fn a_topic_is_connected_changed_and_disconnected() {
    let (session, log) = lambda();
    let wiring = |connection: &Msk| {
        let mut wiring = Wiring::new(&session, function("orders")).unwrap();
        wiring.add(connection).unwrap();
        wiring
    };
    let first: Msk = toml::from_str(r#"
        cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4"
        topic = "orders"
        consumer_group = "orders-function"
        batch_size = 500
        batching_window = 5
        report_batch_item_failures = true
        maximum_retry_attempts = 3
        maximum_record_age = 3600
        bisect_batch_on_function_error = true
        on_failure = "kafka://orders-failed"
        provisioned_pollers = {}
    "#).unwrap();
    wiring(&first).connect(|_| ()).await.unwrap();
    assert_eq!(
        bodies(&log, "POST"),
        [json!({
            "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
            "EventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4",
            "Topics": ["orders"],
            "BatchSize": 500,
            "MaximumBatchingWindowInSeconds": 5,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "MaximumRetryAttempts": 3,
            "MaximumRecordAgeInSeconds": 3600,
            "BisectBatchOnFunctionError": true,
            "DestinationConfig": { "OnFailure": { "Destination": "kafka://orders-failed" } },
            "StartingPosition": "TRIM_HORIZON",
            "AmazonManagedKafkaEventSourceConfig": { "ConsumerGroupId": "orders-function" },
            "ProvisionedPollerConfig": { "MinimumPollers": 1 },
        })]
    );
    assert!(wiring(&first).connect(|_| ()).await.unwrap().is_empty());
    let status = wiring(&first).status().await.unwrap();
    assert!(status.is_clean(), "{status:?}");
    let second = Msk {
        batch_size: Some(50),
        enabled: false,
        ..first.clone()
    };
    assert!(!wiring(&second).status().await.unwrap().is_clean());
    wiring(&second).connect(|_| ()).await.unwrap();
    assert_eq!(
        bodies(&log, "PUT"),
        [json!({ "BatchSize": 50, "Enabled": false })]
    );
    assert!(wiring(&second).connect(|_| ()).await.unwrap().is_empty());
    wiring(&second).disconnect(|_| ()).await.unwrap();
    let deleted = fake::of(&log, "DELETE");
    assert_eq!(deleted.len(), 1);
    assert!(
        deleted[0]
            .0
            .ends_with("/6f1d2c3b-0a49-4f58-8e67-95a4b3c2d1e0")
    );
    assert_eq!(bodies(&log, "POST").len(), 1, "made once");
}

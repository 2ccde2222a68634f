//! A rotation set up and taken down: the exact requests, for the emulator runs the function.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::Duration;

use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_secrets_manager::SecretsManager;
use lambda_with_testing::{cycle, fake, function};
use serde_json::{Value, json};

const SECRET: &str =
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor/ferries-db-AbC1d2";
const OTHER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:other";
const EARLY: &str = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy \
     grants access to the principal secretsmanager.amazonaws.com.";

/// A secret on an endpoint that turns the first request to rotate it away.
fn secret(found: Value) -> (Session, fake::Log) {
    let lambda = fake::Lambda::new(function("rotate").arn.as_str());
    let state = Mutex::new((found, 0));
    fake::session(move |method, path, body| {
        if let Some(answer) = lambda.answer(method, path, body) {
            return answer;
        }
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let (state, refused) = &mut *state.lock().unwrap();
        match path {
            "/RotateSecret" if *refused == 0 => {
                *refused += 1;
                let error = json!({ "__type": "AccessDeniedException", "Message": EARLY });
                return (400, error.to_string());
            }
            "/RotateSecret" => {
                state["RotationEnabled"] = json!(true);
                state["RotationLambdaARN"] = asked["RotationLambdaARN"].clone();
                state["RotationRules"] = asked["RotationRules"].clone();
            }
            "/CancelRotateSecret" => state["RotationEnabled"] = json!(false),
            "/DescribeSecret" => {}
            _ => return (400, json!({ "__type": "UnknownOperation" }).to_string()),
        }
        (200, state.to_string())
    })
}

fn wiring(session: &Session, rotation: &SecretsManager) -> Wiring {
    let mut wiring = Wiring::new(session, function("rotate")).unwrap();
    wiring.options.wait = Duration::from_secs(3);
    wiring.wire(rotation).unwrap();
    wiring
}

fn weekly(schedule: &str) -> SecretsManager {
    SecretsManager {
        schedule: Some(schedule.into()),
        duration: Some(2),
        random_password: false,
        ..SecretsManager::new(SECRET.parse().unwrap())
    }
}

/// What happens to the rotation; the fake function has no role that could be granted anything.
fn actions(plan: &Plan) -> Vec<Action> {
    let changes = plan.changes.iter();
    let rotation = changes.filter(|change| change.what.starts_with("rotation"));
    rotation.map(|change| change.action).collect()
}

/// The requests that write, without the token that is new each time.
fn written(log: &fake::Log) -> Vec<(String, Value)> {
    let writes = fake::of(log, "POST").into_iter();
    writes
        .filter(|(path, _)| path.contains("Rotate"))
        .map(|(path, body)| {
            let mut body: Value = serde_json::from_str(&body).unwrap();
            body.as_object_mut().unwrap().remove("ClientRequestToken");
            (path, body)
        })
        .collect()
}

#[tokio::test]
async fn connect_status_connect_change_disconnect() {
    let (session, log) = secret(json!({ "ARN": SECRET, "Name": "harbor/ferries-db" }));
    let first = wiring(&session, &weekly("cron(0 3 ? * SUN *)"));
    assert_eq!(actions(&first.diff().await.unwrap()), [Action::Create]);
    assert_eq!(written(&log), []);
    first.connect(|_| ()).await.unwrap();
    let rotate = |schedule: &str, now: bool| {
        let body = json!({
            "SecretId": SECRET,
            "RotationLambdaARN": function("rotate").arn,
            "RotationRules": { "ScheduleExpression": schedule, "Duration": "2h" },
            "RotateImmediately": now,
        });
        ("/RotateSecret".to_owned(), body)
    };
    // Turned away once, because the permission was not seen yet.
    let begun = rotate("cron(0 3 ? * SUN *)", true);
    assert_eq!(written(&log), [begun.clone(), begun.clone()]);
    assert_eq!(actions(&first.diff().await.unwrap()), [Action::Keep]);
    assert_eq!(
        actions(&first.connect(|_| ()).await.unwrap()),
        [Action::Keep]
    );
    assert_eq!(written(&log).len(), 2);

    let second = wiring(&session, &weekly("rate(10 days)"));
    assert_eq!(
        actions(&second.connect(|_| ()).await.unwrap()),
        [Action::Update]
    );
    // Another schedule is no reason to rotate.
    assert_eq!(written(&log)[2], rotate("rate(10 days)", false));

    assert_eq!(
        actions(&second.disconnect(|_| ()).await.unwrap()),
        [Action::Remove]
    );
    let cancel = (
        "/CancelRotateSecret".to_owned(),
        json!({ "SecretId": SECRET }),
    );
    assert_eq!(written(&log)[3], cancel);
    assert_eq!(actions(&second.disconnect(|_| ()).await.unwrap()), []);
    assert_eq!(written(&log).len(), 4);
}

#[tokio::test]
async fn a_rotation_by_another_function_is_left_alone() {
    let (session, log) = secret(json!({
        "ARN": SECRET,
        "RotationEnabled": true,
        "RotationLambdaARN": OTHER,
        "RotationRules": { "AutomaticallyAfterDays": 30 },
    }));
    let ours = wiring(&session, &weekly("rate(10 days)"));
    let refusal = ours.connect(|_| ()).await.unwrap_err().to_string();
    assert!(refusal.contains(OTHER), "{refusal}");
    assert_eq!(actions(&ours.disconnect(|_| ()).await.unwrap()), []);
    assert_eq!(written(&log), []);
}

#[tokio::test]
async fn a_secret_that_is_not_there() {
    let (session, _) = fake::session(|method, path, body| {
        let lambda = fake::Lambda::new(function("rotate").arn.as_str());
        let missing = json!({
            "__type": "ResourceNotFoundException",
            "Message": "Secrets Manager can't find the specified secret.",
        });
        let answered = lambda.answer(method, path, body);
        answered.unwrap_or((400, missing.to_string()))
    });
    let ours = wiring(&session, &weekly("rate(10 days)"));
    let error = ours.connect(|_| ()).await.unwrap_err().to_string();
    assert!(error.contains("can't find the specified secret"), "{error}");
    assert_eq!(actions(&ours.disconnect(|_| ()).await.unwrap()), []);
}

#[tokio::test]
async fn from_first_to_last() {
    let (session, _) = secret(json!({ "ARN": SECRET, "Name": "harbor/ferries-db" }));
    let client = aws_sdk_secretsmanager::Client::new(session.config());
    let connect = |session: &Session| wiring(session, &weekly("rate(10 days)"));
    cycle(&session, &[&connect], async || {
        let described = client.describe_secret().secret_id(SECRET).send().await;
        let described = described.unwrap();
        let by = described.rotation_enabled.unwrap_or_default();
        [by.then_some(described.rotation_lambda_arn).flatten()]
            .into_iter()
            .flatten()
            .collect()
    })
    .await;
}

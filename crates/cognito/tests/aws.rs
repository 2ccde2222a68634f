//! Triggers of pools that exist, beside those of others: against a moto server, and Cognito Sync, which
//! it does not serve, by the exact requests.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::types::{
    LambdaConfigType, PasswordPolicyType, UserPoolMfaType, UserPoolPolicyType,
};
use lambda_with::Function;
use lambda_with_aws::{Action, Exchange, Plan, Session, Wire, Wiring};
use lambda_with_cognito::{IdentityPool, Trigger, UserPool};
use lambda_with_testing::{cycle, fake, function, leaves, moto, unique};
use serde_json::{Value, json};

const THEIRS: &str = "arn:aws:lambda:eu-west-1:123456789012:function:theirs";

/// A pool with settings and a trigger of somebody else.
async fn pool(client: &Client) -> String {
    let password = PasswordPolicyType::builder()
        .minimum_length(14)
        .temporary_password_validity_days(3)
        .build();
    let triggers = LambdaConfigType::builder().custom_message(THEIRS).build();
    let request = client
        .create_user_pool()
        .pool_name(unique("users"))
        .policies(
            UserPoolPolicyType::builder()
                .password_policy(password)
                .build(),
        )
        .mfa_configuration(UserPoolMfaType::Optional)
        .lambda_config(triggers)
        .user_pool_tags("team", "harbour");
    let answer = request.send().await.unwrap();
    answer.user_pool.unwrap().id.unwrap()
}

/// What stands, but for the time of the last change, and for the days a password lasts where they
/// stand a second time: Amazon Cognito repeats them there by itself, and the server does not.
async fn described(client: &Client, pool: &str) -> Value {
    let exchange = Exchange::new();
    let request = client.describe_user_pool().user_pool_id(pool);
    let request = request.customize().interceptor(exchange.clone());
    request.send().await.unwrap();
    let mut document: Value = serde_json::from_slice(&exchange.answer()).unwrap();
    let pool = document["UserPool"].as_object_mut().unwrap();
    pool.remove("LastModifiedDate");
    let admin = pool["AdminCreateUserConfig"].as_object_mut().unwrap();
    admin.remove("UnusedAccountValidityDays");
    document["UserPool"].take()
}

fn wiring(session: &Session, function: &Function, connection: &impl Wire) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.wait = Duration::from_secs(3);
    wiring.wire(connection).unwrap();
    wiring
}

fn of_the_pool(plan: &Plan) -> Vec<Action> {
    let changes = plan.changes.iter();
    let changes = changes.filter(|change| change.what.contains(" of user pool "));
    changes.map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_status_connect_change_disconnect() {
    let session = moto::session();
    let client = Client::new(session.config());
    let function = moto::function(&session, "sign-up").await;
    let id = pool(&client).await;
    let before = described(&client, &id).await;
    let users = |triggers: &[Trigger]| UserPool {
        user_pool_id: Some(id.clone()),
        triggers: triggers.to_vec(),
        ..UserPool::default()
    };

    let one = users(&[Trigger::PreSignUp, Trigger::PreTokenGenerationV2]);
    let first = wiring(&session, &function, &one);
    assert_eq!(of_the_pool(&first.diff().await.unwrap()), [Action::Create]);
    assert_eq!(described(&client, &id).await, before);
    first.connect(|_| ()).await.unwrap();
    let status = first.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    assert!(first.connect(|_| ()).await.unwrap().is_empty());
    let mut during = described(&client, &id).await;
    let triggers = during["LambdaConfig"].take();
    assert_eq!(triggers["CustomMessage"], THEIRS);
    assert_eq!(triggers["PreSignUp"], json!(function.arn));
    assert_eq!(
        triggers["PreTokenGenerationConfig"],
        json!({ "LambdaArn": function.arn, "LambdaVersion": "V2_0" })
    );
    // Everything else of the pool is as it was.
    let mut rest = before.clone();
    rest["LambdaConfig"].take();
    assert_eq!(during, rest);

    let two = users(&[Trigger::PreSignUp, Trigger::PreTokenGenerationV3]);
    let second = wiring(&session, &function, &two);
    assert_eq!(
        of_the_pool(&second.connect(|_| ()).await.unwrap()),
        [Action::Update]
    );

    let plan = second.disconnect(|_| ()).await.unwrap();
    assert_eq!(of_the_pool(&plan), [Action::Remove]);
    assert_eq!(described(&client, &id).await, before);
    assert!(second.disconnect(|_| ()).await.unwrap().is_empty());

    let taken = wiring(&session, &function, &users(&[Trigger::CustomMessage]));
    let refusal = taken.connect(|_| ()).await.unwrap_err().to_string();
    assert!(refusal.contains(THEIRS), "{refusal}");
    assert!(taken.disconnect(|_| ()).await.unwrap().is_empty());
    assert_eq!(described(&client, &id).await, before);
}

#[tokio::test]
async fn pools_that_are_not_there_and_pools_without_an_id() {
    let session = moto::session();
    let function = moto::function(&session, "sign-up").await;
    let nowhere = UserPool {
        user_pool_id: Some("eu-west-1_Nowhere00".into()),
        triggers: vec![Trigger::PreSignUp],
        ..UserPool::default()
    };
    let error = wiring(&session, &function, &nowhere)
        .connect(|_| ())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("eu-west-1_Nowhere00"), "{error}");
    assert!(
        wiring(&session, &function, &nowhere)
            .disconnect(|_| ())
            .await
            .is_ok()
    );
    let mut wiring = Wiring::new(&session, function).unwrap();
    let error = wiring.wire(&UserPool::default()).unwrap_err();
    assert!(error.to_string().contains("user_pool_id"), "{error}");
    let error = wiring.wire(&IdentityPool::default()).unwrap_err();
    assert!(error.to_string().contains("identity_pool_id"), "{error}");
}

#[tokio::test]
async fn the_sync_trigger_of_an_identity_pool() {
    let settings = function("settings");
    let lambda = fake::Lambda::new(settings.arn.as_str());
    let state = Mutex::new(json!({}));
    let (session, log) = fake::session(move |method, path, body| {
        if let Some(answer) = lambda.answer(method, path, body) {
            return answer;
        }
        let mut events = state.lock().unwrap();
        if method == "POST" {
            let asked: Value = serde_json::from_str(body).unwrap();
            for (event, function) in asked["Events"].as_object().unwrap() {
                events[event] = function.clone();
            }
        }
        (200, json!({ "Events": *events }).to_string())
    });
    let id = "eu-west-1:3e1f7a90-51c2-4b7e-8d0a-6f2b9c4d1e58";
    let pool = IdentityPool {
        identity_pool_id: Some(id.into()),
        ..IdentityPool::default()
    };
    let ours = wiring(&session, &settings, &pool);
    ours.connect(|_| ()).await.unwrap();
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    ours.disconnect(|_| ()).await.unwrap();
    assert!(ours.disconnect(|_| ()).await.unwrap().is_empty());
    let path = format!("/identitypools/{}/events", id.replace(':', "%3A"));
    let written: Vec<(String, Value)> = fake::of(&log, "POST")
        .into_iter()
        .filter(|(path, _)| path.ends_with("/events"))
        .map(|(path, body)| (path, serde_json::from_str(&body).unwrap()))
        .collect();
    let set = |function: &str| {
        (
            path.clone(),
            json!({ "Events": { "SyncTrigger": function } }),
        )
    };
    assert_eq!(written, [set(settings.arn.as_str()), set("")]);
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let client = Client::new(session.config());
    let id = pool(&client).await;
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let connect = |function: &Function, trigger| {
        let pool = UserPool {
            user_pool_id: Some(id.clone()),
            triggers: vec![trigger],
            ..UserPool::default()
        };
        let function = function.clone();
        move |session: &Session| wiring(session, &function, &pool)
    };
    let one = connect(&one, Trigger::PreSignUp);
    let other = connect(&other, Trigger::PreTokenGenerationV2);
    cycle(&session, &[&one, &other], async || {
        leaves(&described(&client, &id).await)
    })
    .await;
}

//! A function's place on an instance's list: the exact requests.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::Duration;

use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_connect::Connect;
use lambda_with_testing::{cycle, fake, function};
use serde_json::{Value, json};

const INSTANCE: &str =
    "arn:aws:connect:eu-west-1:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f";
const LIST: &str = "/instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f/lambda-functions";
const PLACE: &str = "/instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f/lambda-function";
const OTHER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:other";

/// An instance that lists one function for each page.
fn instance() -> (Session, fake::Log) {
    let lambda = fake::Lambda::new(function("balance").arn.as_str());
    let listed = Mutex::new(vec![OTHER.to_owned(), format!("{OTHER}:live")]);
    fake::session(move |method, path, body| {
        if let Some(answer) = lambda.answer(method, path, body) {
            return answer;
        }
        let mut listed = listed.lock().unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match (method, path) {
            ("GET", LIST) => {
                let page = query.split_once("nextToken=").map_or("0", |(_, page)| page);
                let page: usize = page.split('&').next().unwrap().parse().unwrap();
                let mut answer = json!({ "LambdaFunctions": listed.iter().skip(page).take(1).collect::<Vec<_>>() });
                if page + 1 < listed.len() {
                    answer["NextToken"] = json!((page + 1).to_string());
                }
                (200, answer.to_string())
            }
            ("PUT", PLACE) => {
                let asked: Value = serde_json::from_str(body).unwrap();
                listed.push(asked["FunctionArn"].as_str().unwrap().to_owned());
                (200, "{}".into())
            }
            ("DELETE", PLACE) => {
                let asked = query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("functionArn="));
                let gone = asked.unwrap().replace("%3A", ":");
                listed.retain(|arn| *arn != gone);
                (200, "{}".into())
            }
            _ => (404, r#"{"Message":"no such page"}"#.into()),
        }
    })
}

fn wiring(session: &Session, instance: &str) -> Wiring {
    let mut wiring = Wiring::new(session, function("balance")).unwrap();
    wiring.options.wait = Duration::from_secs(3);
    wiring
        .wire(&Connect::new(instance.parse().unwrap()))
        .unwrap();
    wiring
}

fn of_the_list(plan: &Plan) -> Vec<Action> {
    let changes = plan.changes.iter();
    let changes = changes.filter(|change| change.what.starts_with("place on the list"));
    changes.map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_connect_disconnect() {
    let (session, log) = instance();
    let wiring = wiring(&session, INSTANCE);
    let arn = function("balance").arn;
    assert_eq!(of_the_list(&wiring.diff().await.unwrap()), [Action::Create]);
    wiring.connect(|_| ()).await.unwrap();
    let again = wiring.connect(|_| ()).await.unwrap();
    assert!(!again.changes.iter().any(lambda_with_aws::Change::is_change));
    let [(path, body)] = &fake::of(&log, "PUT")[..] else {
        panic!("one request")
    };
    // The SDK adds a token of its own.
    let mut body: Value = serde_json::from_str(body).unwrap();
    body.as_object_mut().unwrap().remove("ClientToken");
    assert_eq!((&**path, body), (PLACE, json!({ "FunctionArn": arn })));

    let plan = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(of_the_list(&plan), [Action::Remove]);
    let plan = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(of_the_list(&plan), []);
    let deleted = fake::of(&log, "DELETE");
    let mut deleted = deleted.iter().filter(|(path, _)| path.starts_with(PLACE));
    let (path, _) = deleted.next().unwrap();
    let asked = format!("{PLACE}?functionArn={}", arn.as_str().replace(':', "%3A"));
    assert!(path.starts_with(&asked), "{path}");
    assert_eq!(deleted.next(), None);
}

#[tokio::test]
async fn an_instance_that_is_not_there() {
    let (session, _) = fake::session(|method, path, body| {
        let lambda = fake::Lambda::new(function("balance").arn.as_str());
        let missing = r#"{"__type":"ResourceNotFoundException","Message":"no such instance"}"#;
        let answered = lambda.answer(method, path, body);
        answered.unwrap_or_else(|| (404, missing.into()))
    });
    let wiring = wiring(&session, INSTANCE);
    let error = wiring.connect(|_| ()).await.unwrap_err().to_string();
    assert!(error.contains("no such instance"), "{error}");
    let plan = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(of_the_list(&plan), []);
}

#[tokio::test]
async fn an_instance_elsewhere_gets_the_permission_alone() {
    let (session, log) = instance();
    let wiring = wiring(&session, &INSTANCE.replace("eu-west-1", "us-east-1"));
    let plan = wiring.connect(|_| ()).await.unwrap();
    let what: Vec<Action> = plan.changes.iter().map(|change| change.action).collect();
    assert_eq!(what, [Action::Create]);
    assert_eq!(fake::of(&log, "PUT"), []);
}

#[tokio::test]
async fn from_first_to_last() {
    let (session, _) = instance();
    let instance = aws_sdk_connect::Client::new(session.config());
    cycle(
        &session,
        &[&|session| wiring(session, INSTANCE)],
        async || {
            let id = INSTANCE.rsplit_once('/').unwrap().1;
            let request = instance.list_lambda_functions().instance_id(id);
            let pages = request.into_paginator().items().send();
            pages.try_collect().await.unwrap()
        },
    )
    .await;
}

//! Wiring: rules on a moto server, authorizers and hooks by the exact requests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "aws/answers.rs"]
mod answers;
#[path = "aws/exact.rs"]
mod exact;

use std::time::Duration;

use lambda_with::{ErrorKind, Function};
use lambda_with_aws::{Action, Plan, Session, Wire, Wiring};
use lambda_with_iot::{On, Rule};
use lambda_with_testing::{cycle, fake, moto, unique};
use serde_json::{Value, json};

pub(crate) const SQL: &str = "SELECT *, topic(2) AS crane FROM 'harbor/+/load'";

pub(crate) fn wiring<W: Wire>(session: &Session, function: &Function, all: &[W]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::ZERO;
    wiring.options.wait = Duration::from_secs(5);
    for connection in all {
        wiring.wire(connection).unwrap();
    }
    wiring
}

pub(crate) fn changes(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

fn name() -> String {
    unique("load").replace('-', "_")
}

/// A client of moto's own, for what others do.
fn iot(session: &Session) -> aws_sdk_iot::Client {
    aws_sdk_iot::Client::new(session.config())
}

async fn standing(session: &Session, name: &str) -> Option<aws_sdk_iot::types::TopicRule> {
    let found = iot(session).get_topic_rule().rule_name(name).send().await;
    found.ok().and_then(|found| found.rule)
}

/// A rule of somebody else with a queue and an error action.
async fn foreign(session: &Session, name: &str, sql: &str) {
    use aws_sdk_iot::types::{Action, RepublishAction, SqsAction, TopicRulePayload};
    let role = "arn:aws:iam::123456789012:role/iot";
    let queue = SqsAction::builder().queue_url("https://q").role_arn(role);
    let again = RepublishAction::builder().topic("failed").role_arn(role);
    let payload = TopicRulePayload::builder()
        .sql(sql)
        .aws_iot_sql_version("2016-03-23")
        .description("somebody's")
        .rule_disabled(false)
        .actions(Action::builder().sqs(queue.build().unwrap()).build())
        .error_action(Action::builder().republish(again.build().unwrap()).build());
    let request = iot(session).create_topic_rule().rule_name(name);
    let request = request.topic_rule_payload(payload.build().unwrap());
    request.send().await.unwrap();
}

#[tokio::test]
async fn connect_status_connect_disconnect_status() {
    let session = moto::session();
    let function = moto::function(&session, "loads").await;
    let name = name();
    let wiring = wiring(&session, &function, &[Rule::new(&name, SQL)]);
    let diff = wiring.diff().await.unwrap();
    assert_eq!(changes(&diff), [Action::Create; 3], "{diff}");
    assert!(standing(&session, &name).await.is_none());
    wiring.connect(|_| ()).await.unwrap();
    let status = wiring.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    let rule = standing(&session, &name).await.unwrap();
    assert_eq!((rule.sql(), rule.actions().len()), (Some(SQL), 1));
    let arn = rule.actions()[0].lambda().unwrap().function_arn();
    assert_eq!(arn, function.arn.as_str());
    let again = wiring.connect(|_| ()).await.unwrap();
    assert!(again.to_string().contains("no changes"), "{again}");
    let gone = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(changes(&gone), [Action::Remove; 3], "{gone}");
    assert!(standing(&session, &name).await.is_none());
    let status = wiring.status().await.unwrap();
    assert_eq!(
        status.to_string().matches("  missing ").count(),
        3,
        "{status}"
    );
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_rule_of_somebody_else() {
    let session = moto::session();
    let (one, other) = (
        moto::function(&session, "one").await,
        moto::function(&session, "other").await,
    );
    let name = name();
    foreign(&session, &name, SQL).await;
    let before = standing(&session, &name).await.unwrap();

    let joins = Rule {
        sql: None,
        ..Rule::new(&name, "")
    };
    let ones = wiring(&session, &one, &[joins]);
    ones.connect(|_| ()).await.unwrap();
    let others = wiring(&session, &other, &[Rule::new(&name, SQL)]);
    others.connect(|_| ()).await.unwrap();
    let both = standing(&session, &name).await.unwrap();
    assert_eq!(both.actions().len(), 3);
    assert_eq!(both.actions()[0], before.actions()[0]);
    assert_eq!(both.error_action(), before.error_action());
    assert_eq!(both.description(), Some("somebody's"));

    let changed = Rule::new(&name, "SELECT * FROM 'harbor/+/weight'");
    let changed = wiring(&session, &other, &[changed]);
    let diff = changed.diff().await.unwrap();
    assert!(
        diff.to_string().contains("other actions of the rule: 2"),
        "{diff}"
    );
    changed.connect(|_| ()).await.unwrap();
    assert!(changed.status().await.unwrap().is_clean());
    assert!(ones.status().await.unwrap().is_clean());

    changed.disconnect(|_| ()).await.unwrap();
    let left = standing(&session, &name).await.unwrap();
    assert_eq!(left.actions().len(), 2, "the rule stays: others use it");
    ones.disconnect(|_| ()).await.unwrap();
    let left = standing(&session, &name).await.unwrap();
    assert_eq!(left.actions(), before.actions());
    assert_eq!(left.error_action(), before.error_action());
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_the_write() {
    let session = moto::session();
    let function = moto::function(&session, "loads").await;
    let name = name();
    foreign(&session, &name, "SELECT * FROM 'pier'").await;
    let joins = |on: On, name: &str| Rule {
        sql: None,
        on,
        ..Rule::new(name, "")
    };
    for (rule, expected) in [
        (Rule::new(&name, SQL), "somebody else's"),
        (joins(On::Error, &name), "has an error action already"),
        (joins(On::Message, "nowhere"), "does not exist"),
    ] {
        let wiring = wiring(&session, &function, &[rule]);
        assert_eq!(wiring.diff().await.unwrap().refusals.len(), 1);
        let error = wiring.connect(|_| ()).await.unwrap_err();
        assert!(error.message().contains(expected), "{error}");
        assert_eq!(error.context("standing"), Some("nothing was written"));
        assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
    }
    let left = standing(&session, &name).await.unwrap();
    assert_eq!(left.actions().len(), 1);
}

#[tokio::test]
async fn messages_and_failures_of_one_rule() {
    let session = moto::session();
    let function = moto::function(&session, "loads").await;
    let name = name();
    let both = [On::Message, On::Error].map(|on| Rule {
        on,
        ..Rule::new(&name, SQL)
    });
    let wiring = wiring(&session, &function, &both);
    wiring.connect(|_| ()).await.unwrap();
    assert!(wiring.status().await.unwrap().is_clean());
    let rule = standing(&session, &name).await.unwrap();
    assert!(
        rule.error_action()
            .is_some_and(|action| action.lambda().is_some())
    );
    wiring.disconnect(|_| ()).await.unwrap();
    assert!(standing(&session, &name).await.is_none());
}

#[tokio::test]
async fn other_versions_of_the_function() {
    let session = moto::session();
    let function = moto::function(&session, "loads").await;
    let name = name();
    let rule = Rule::new(&name, SQL);
    let wiring = wiring(&session, &function, std::slice::from_ref(&rule));
    wiring.connect(|_| ()).await.unwrap();
    // Somebody adds an alias of the same function.
    use aws_sdk_iot::types::{Action as Standing, LambdaAction, TopicRulePayload};
    let alias = format!("{}:live", function.arn);
    let actions = [function.arn.as_str(), &alias].map(|arn| {
        let lambda = LambdaAction::builder().function_arn(arn).build().unwrap();
        Standing::builder().lambda(lambda).build()
    });
    let payload = TopicRulePayload::builder()
        .sql(SQL)
        .aws_iot_sql_version("2016-03-23")
        .rule_disabled(false)
        .set_actions(Some(actions.into()));
    let request = iot(&session).replace_topic_rule().rule_name(&name);
    let request = request.topic_rule_payload(payload.build().unwrap());
    request.send().await.unwrap();

    let diff = wiring.diff().await.unwrap();
    assert_eq!(diff.orphans.len(), 1, "{diff}");
    assert!(diff.orphans[0].what.contains(":live"), "{diff}");
    wiring.connect(|_| ()).await.unwrap();
    assert_eq!(standing(&session, &name).await.unwrap().actions().len(), 2);
    let mut pruning = self::wiring(&session, &function, &[rule]);
    pruning.options.prune = true;
    pruning.connect(|_| ()).await.unwrap();
    assert_eq!(standing(&session, &name).await.unwrap().actions().len(), 1);
}

#[tokio::test]
async fn a_rule_of_another_account_is_left_to_its_owner() {
    let rule = Rule {
        account: Some("210987654321".into()),
        ..Rule::new("crane_load", SQL)
    };
    let (session, log) = fake::session(|_, _, _| (500, String::new()));
    let parts = rule.parts(&session, &lambda_with_testing::function("loads"));
    assert!(parts.unwrap().is_empty() && log.lock().unwrap().is_empty());
}

/// The JSON of a body.
pub(crate) fn tree(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| json!(body))
}

pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, lambda_with::Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    let theirs = name();
    foreign(&session, &theirs, SQL).await;
    let joins = Rule {
        sql: None,
        ..Rule::new(&theirs, "")
    };
    for rule in [joins, Rule::new(name(), SQL)] {
        let connect = |function: &Function| {
            let (function, rule) = (function.clone(), rule.clone());
            move |session: &Session| wiring(session, &function, std::slice::from_ref(&rule))
        };
        cycle(&session, &[&connect(&one), &connect(&other)], async || {
            let Some(rule) = standing(&session, &rule.rule).await else {
                return Vec::new();
            };
            let actions = rule.actions().iter().map(|action| format!("{action:?}"));
            let head = format!(
                "{:?} {:?} {:?}",
                rule.sql, rule.description, rule.error_action
            );
            [head].into_iter().chain(actions).collect()
        })
        .await;
    }
}

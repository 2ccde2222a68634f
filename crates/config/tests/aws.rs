//! Rules beside those of others, against a moto server; the exact request against an endpoint of our
//! own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_config::Client;
use aws_sdk_config::types::{ConfigRule, EventSource, MessageType, Owner, Source, SourceDetail};
use lambda_with::{ErrorKind, Function};
use lambda_with_aws::{Action, Exchange, Plan, Session, Wiring};
use lambda_with_config::{Config, ConfigTrigger};
use lambda_with_testing::{cycle, fake, function, moto, unique};
use serde_json::{Value, json};

/// The rules of these names as they stand.
async fn standing(session: &Session, names: &[&str]) -> Vec<Value> {
    let exchange = Exchange::new();
    let request = Client::new(session.config()).describe_config_rules();
    request
        .customize()
        .interceptor(exchange.clone())
        .send()
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&exchange.answer()).unwrap();
    let rules = answer["ConfigRules"].as_array().unwrap().clone();
    let named = |rule: &Value| names.contains(&rule["ConfigRuleName"].as_str().unwrap());
    rules.into_iter().filter(named).collect()
}

/// A rule made by somebody else.
async fn foreign(session: &Session, name: &str, function: &Function) {
    let detail = SourceDetail::builder()
        .event_source(EventSource::AwsConfig)
        .message_type(MessageType::ScheduledNotification);
    let source = Source::builder()
        .owner(Owner::CustomLambda)
        .source_identifier(function.arn.as_str())
        .source_details(detail.build());
    let rule = ConfigRule::builder()
        .config_rule_name(name)
        .source(source.build().unwrap());
    let request = Client::new(session.config()).put_config_rule();
    request.config_rule(rule.build()).send().await.unwrap();
}

fn volumes(name: &str) -> Config {
    Config {
        resource_types: vec!["AWS::EC2::Volume".into(), "AWS::EC2::Instance".into()],
        triggers: vec![ConfigTrigger::Changes, ConfigTrigger::Schedule],
        frequency: Some("Six_Hours".into()),
        description: Some("volumes are encrypted".into()),
        parameters: json!({ "minimumSize": "40" }).as_object().unwrap().clone(),
        ..Config::new(name)
    }
}

fn wiring(session: &Session, function: &Function, connection: &Config) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.wait = Duration::from_secs(2);
    wiring.wire(connection).unwrap();
    wiring
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_status_connect_disconnect_status() {
    let session = moto::session();
    let (ours, other) = (
        moto::function(&session, "volumes").await,
        moto::function(&session, "other").await,
    );
    let (name, hand) = (unique("volumes"), unique("by-hand"));
    let names = [name.as_str(), hand.as_str()];
    foreign(&session, &hand, &other).await;
    let before = standing(&session, &names).await;
    assert_eq!(before.len(), 1);

    let wide = wiring(&session, &ours, &volumes(&name));
    let diff = wide.diff().await.unwrap();
    assert!(
        actions(&diff)
            .iter()
            .all(|action| *action == Action::Create),
        "{diff}"
    );
    assert_eq!(standing(&session, &names).await, before);
    wide.connect(|_| ()).await.unwrap();
    let status = wide.status().await.unwrap();
    assert!(status.is_clean(), "{status}");
    let after = standing(&session, &names).await;
    assert!(after.contains(&before[0]) && after.len() == 2, "{after:?}");
    let again = wide.connect(|_| ()).await.unwrap();
    assert!(again.to_string().contains("no changes"), "{again}");

    let narrow = Config {
        parameters: serde_json::Map::new(),
        ..volumes(&name)
    };
    let narrow = wiring(&session, &ours, &narrow);
    let changed = narrow.connect(|_| ()).await.unwrap();
    let updates = actions(&changed)
        .into_iter()
        .filter(|action| *action == Action::Update);
    assert_eq!(updates.count(), 1, "{changed}");
    assert!(narrow.status().await.unwrap().is_clean());

    narrow.disconnect(|_| ()).await.unwrap();
    assert_eq!(standing(&session, &names).await, before);
    assert!(!narrow.status().await.unwrap().is_clean());
    assert!(narrow.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_foreign_rule_of_the_name_stays() {
    let session = moto::session();
    let (ours, other) = (
        moto::function(&session, "volumes").await,
        moto::function(&session, "other").await,
    );
    let hand = unique("by-hand");
    foreign(&session, &hand, &other).await;
    let before = standing(&session, &[&hand]).await;
    let wiring = wiring(&session, &ours, &volumes(&hand));
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert!(error.message().contains("somebody else's"), "{error}");
    assert_eq!(error.context("standing"), Some("nothing was written"));
    wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(standing(&session, &[&hand]).await, before);
}

/// An endpoint with one function and at most one rule. `put` says how the nth PutConfigRule fails.
fn endpoint(
    put: impl Fn(usize) -> Option<&'static str> + Send + Sync + 'static,
) -> (Session, fake::Log) {
    let (stored, puts) = (Mutex::new(None::<Value>), Mutex::new(0));
    let lambda = fake::Lambda::new(function("volumes").arn.as_str());
    fake::session(move |method, path, body| {
        lambda.answer(method, path, body).unwrap_or_else(|| {
            let request: Value = serde_json::from_str(body).unwrap();
            let mut stored = stored.lock().unwrap();
            let failed = |code| (400, json!({ "__type": code, "message": "no" }).to_string());
            if let Some(rule) = request.get("ConfigRule") {
                let mut puts = puts.lock().unwrap();
                *puts += 1;
                if let Some(code) = put(*puts - 1) {
                    return failed(code);
                }
                // What AWS Config adds of its own.
                let mut rule = rule.clone();
                rule["ConfigRuleId"] = "config-rule-q7w2e9".into();
                rule["ConfigRuleState"] = "ACTIVE".into();
                rule["EvaluationModes"] = json!([{ "Mode": "DETECTIVE" }]);
                rule["Source"]["SourceDetails"]
                    .as_array_mut()
                    .unwrap()
                    .reverse();
                *stored = Some(rule);
                return (200, String::new());
            }
            match (request.get("ConfigRuleName"), &mut *stored) {
                (Some(_), Some(rule)) => {
                    rule["ConfigRuleState"] = "DELETING".into();
                    (200, String::new())
                }
                (None, Some(rule)) => (200, json!({ "ConfigRules": [rule] }).to_string()),
                _ => failed("NoSuchConfigRuleException"),
            }
        })
    })
}

#[tokio::test]
async fn the_rule_as_it_is_sent() {
    let (session, log) = endpoint(|nth| match nth {
        0 => Some("InsufficientPermissionsException"),
        1 => Some("ResourceInUseException"),
        _ => None,
    });
    let wiring = wiring(
        &session,
        &function("volumes"),
        &volumes("volumes-encrypted"),
    );
    wiring.connect(|_| ()).await.unwrap();
    assert!(wiring.connect(|_| ()).await.unwrap().is_empty());
    let bodies = fake::of(&log, "POST").into_iter().map(|(_, body)| body);
    let puts: Vec<Value> = bodies
        .filter_map(|body| serde_json::from_str::<Value>(&body).ok())
        .filter(|body| body.get("ConfigRule").is_some())
        .collect();
    let detail = |kind: &str| json!({ "EventSource": "aws.config", "MessageType": kind });
    let mut scheduled = detail("ScheduledNotification");
    scheduled["MaximumExecutionFrequency"] = "Six_Hours".into();
    let expected = json!({ "ConfigRule": {
        "ConfigRuleName": "volumes-encrypted",
        "Description": "volumes are encrypted",
        "InputParameters": "{\"minimumSize\":\"40\"}",
        "Scope": { "ComplianceResourceTypes": ["AWS::EC2::Volume", "AWS::EC2::Instance"] },
        "Source": {
            "Owner": "CUSTOM_LAMBDA",
            "SourceIdentifier": function("volumes").arn.as_str(),
            "SourceDetails": [
                detail("ConfigurationItemChangeNotification"),
                detail("OversizedConfigurationItemChangeNotification"),
                scheduled,
            ],
        },
    }});
    assert_eq!(puts, vec![expected; 3]);
    wiring.disconnect(|_| ()).await.unwrap();
    assert!(
        wiring.disconnect(|_| ()).await.unwrap().is_empty(),
        "a rule being deleted is gone"
    );
    let other_account = Config {
        account: Some("210987654321".into()),
        ..Config::new("x")
    };
    let mut only_permission = Wiring::new(&session, function("volumes")).unwrap();
    only_permission.wire(&other_account).unwrap();
    assert_eq!(
        actions(&only_permission.diff().await.unwrap()),
        [Action::Create]
    );
}

#[tokio::test]
async fn what_goes_wrong_is_one_clear_error() {
    for (code, kind, fix) in [
        (
            "NoAvailableConfigurationRecorderException",
            ErrorKind::Invalid,
            Some("turn AWS Config on in this account and Region"),
        ),
        (
            "MaxNumberOfConfigRulesExceededException",
            ErrorKind::Invalid,
            None,
        ),
        (
            "AccessDeniedException",
            ErrorKind::Denied,
            Some("allow the call to whoever runs this, or use other credentials"),
        ),
    ] {
        let (session, _) = endpoint(move |_| Some(code));
        let wiring = wiring(
            &session,
            &function("volumes"),
            &volumes("volumes-encrypted"),
        );
        let error = wiring.connect(|_| ()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.context("code")),
            (kind, Some(code)),
            "{error}"
        );
        assert_eq!(error.context("fix"), fix);
        assert!(
            error
                .context("standing")
                .unwrap()
                .starts_with("created statement"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn from_first_to_last() {
    let session = moto::session();
    let names = [unique("volumes"), unique("disks"), unique("by-hand")];
    let names = names.each_ref().map(String::as_str);
    let one = moto::function(&session, "one").await;
    let other = moto::function(&session, "other").await;
    foreign(&session, names[2], &other).await;
    let connect = |function: &Function, name: &str| {
        let (function, connection) = (function.clone(), volumes(name));
        move |session: &Session| wiring(session, &function, &connection)
    };
    let (one, other) = (connect(&one, names[0]), connect(&other, names[1]));
    cycle(&session, &[&one, &other], async || {
        standing(&session, &names).await
    })
    .await;
}

//! The function of an alias that exists: what is written, and what stays.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_lex::Lex;
use lambda_with_testing::{cycle, fake, function, leaves};
use serde_json::{Value, json};

const BOT: &str = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01";
const OTHER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:other";
const PATH: &str = "/bots/FERRYBOT01/botaliases/LIVEALIAS1";

/// An alias with a language, settings and members of others.
fn alias() -> Value {
    json!({
        "botAliasId": "LIVEALIAS1",
        "botAliasName": "live",
        "botAliasStatus": "Available",
        "botId": "FERRYBOT01",
        "botVersion": "4",
        "description": "what passengers talk to",
        "creationDateTime": 1_760_000_000.125,
        "lastUpdatedDateTime": 1_760_000_100.5,
        "botAliasLocaleSettings": {
            "en_GB": { "enabled": true, "newer": { "than": "this crate" } },
            "de_DE": {
                "enabled": false,
                "codeHookSpecification": { "lambdaCodeHook": {
                    "codeHookInterfaceVersion": "1.0", "lambdaARN": OTHER,
                } },
            },
        },
        "conversationLogSettings": { "textLogSettings": [{ "enabled": true, "destination": {
            "cloudWatch": { "cloudWatchLogGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:talk", "logPrefix": "" },
        } }] },
        "sentimentAnalysisSettings": { "detectSentiment": true },
        "newerSettings": [1, 2.5],
    })
}

fn endpoint() -> (Session, fake::Log, Arc<Mutex<Value>>) {
    let lambda = fake::Lambda::new(function("ferry").arn.as_str());
    let standing = Arc::new(Mutex::new(alias()));
    let state = Arc::clone(&standing);
    let busy = Mutex::new(true);
    let (session, log) = fake::session(move |method, path, body| {
        if let Some(answer) = lambda.answer(method, path, body) {
            return answer;
        }
        if path.trim_end_matches('/') != PATH {
            return (
                404,
                json!({ "__type": "ResourceNotFoundException", "message": "no such alias" })
                    .to_string(),
            );
        }
        let mut state = state.lock().unwrap();
        if method == "PUT" {
            if std::mem::take(&mut *busy.lock().unwrap()) {
                let error = json!({ "__type": "ConflictException", "message": "being updated" });
                return (409, error.to_string());
            }
            // What is not written is reset.
            let mut next: Value = serde_json::from_str(body).unwrap();
            for fixed in [
                "botAliasId",
                "botAliasStatus",
                "botId",
                "creationDateTime",
                "lastUpdatedDateTime",
            ] {
                assert!(next.get(fixed).is_none(), "{fixed}");
                next[fixed] = state[fixed].clone();
            }
            *state = next;
        }
        (200, state.to_string())
    });
    (session, log, standing)
}

fn wiring(session: &Session, locales: &[&str]) -> Wiring {
    let mut wiring = Wiring::new(session, function("ferry")).unwrap();
    wiring.options.wait = Duration::from_secs(3);
    wiring.wire(&live(locales)).unwrap();
    wiring
}

fn live(locales: &[&str]) -> Lex {
    Lex {
        alias: Some("LIVEALIAS1".into()),
        ..Lex::new(BOT.parse().unwrap(), locales.iter().copied())
    }
}

fn of_the_alias(plan: &Plan) -> Vec<Action> {
    let changes = plan.changes.iter();
    let changes = changes.filter(|change| change.what.contains(" of alias "));
    changes.map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_status_connect_disconnect() {
    let (session, log, standing) = endpoint();
    let ours = wiring(&session, &["en_GB", "en_US"]);
    assert_eq!(of_the_alias(&ours.diff().await.unwrap()), [Action::Create]);
    assert_eq!(fake::of(&log, "PUT"), []);
    ours.connect(|_| ()).await.unwrap();
    assert!(ours.connect(|_| ()).await.unwrap().is_empty());
    // Turned away once, because the alias was being changed.
    assert_eq!(fake::of(&log, "PUT").len(), 2);
    let hook = json!({ "lambdaCodeHook": {
        "codeHookInterfaceVersion": "1.0", "lambdaARN": function("ferry").arn,
    } });
    let mut expected = alias();
    expected["botAliasLocaleSettings"]["en_GB"]["codeHookSpecification"] = hook.clone();
    expected["botAliasLocaleSettings"]["en_US"] =
        json!({ "enabled": true, "codeHookSpecification": hook });
    assert_eq!(*standing.lock().unwrap(), expected);

    ours.disconnect(|_| ()).await.unwrap();
    let mut left = alias();
    // The language was turned on for us; whether it is talked stays the owner's matter.
    left["botAliasLocaleSettings"]["en_US"] = json!({ "enabled": true });
    assert_eq!(*standing.lock().unwrap(), left);
    assert_eq!(of_the_alias(&ours.disconnect(|_| ()).await.unwrap()), []);
}

#[tokio::test]
async fn a_language_of_another_function_is_left_alone() {
    let (session, log, standing) = endpoint();
    let ours = wiring(&session, &["de_DE"]);
    let refusal = ours.connect(|_| ()).await.unwrap_err().to_string();
    assert!(refusal.contains(OTHER), "{refusal}");
    assert_eq!(of_the_alias(&ours.disconnect(|_| ()).await.unwrap()), []);
    assert_eq!(
        (fake::of(&log, "PUT").len(), &*standing.lock().unwrap()),
        (0, &alias())
    );
}

#[tokio::test]
async fn an_alias_that_is_not_there_or_not_named() {
    let (session, _, _) = endpoint();
    let mut wiring = Wiring::new(&session, function("ferry")).unwrap();
    let nowhere = Lex {
        alias: Some("NOWHERE001".into()),
        ..Lex::new(BOT.parse().unwrap(), ["en_GB"])
    };
    wiring.wire(&nowhere).unwrap();
    let error = wiring.connect(|_| ()).await.unwrap_err().to_string();
    assert!(error.contains("no such alias"), "{error}");
    assert!(wiring.disconnect(|_| ()).await.is_ok());
    let unnamed = Lex::new(BOT.parse().unwrap(), ["en_GB"]);
    let error = wiring.wire(&unnamed).unwrap_err();
    assert!(error.context("fix").unwrap().contains("alias"), "{error}");
}

#[tokio::test]
async fn from_first_to_last() {
    let (session, _, standing) = endpoint();
    let connect = |name: &'static str, locale: &'static str| {
        move |session: &Session| {
            let mut wiring = Wiring::new(session, function(name)).unwrap();
            wiring.wire(&live(&[locale])).unwrap();
            wiring
        }
    };
    let (one, other) = (connect("ferry", "en_GB"), connect("bridge", "fr_FR"));
    cycle(&session, &[&one, &other], async || {
        // A language that is new stays, without a function.
        let mut standing = standing.lock().unwrap().clone();
        let locales = standing["botAliasLocaleSettings"].as_object_mut().unwrap();
        locales.retain(|_, settings| *settings != json!({ "enabled": true }));
        leaves(&standing)
    })
    .await;
}

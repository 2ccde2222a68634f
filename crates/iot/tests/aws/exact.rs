//! What is sent, to the letter.

use lambda_with::ErrorKind;
use lambda_with_aws::Action;
use lambda_with_iot::{Authorizer, On, Provisioning, Rule};
use lambda_with_testing::{cycle, fake, function, leaves};
use serde_json::{Value, json};

use crate::answers::{Store, session};
use crate::{SQL, changes, kind, tree, wiring};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:loads";
const OTHER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:other";
const FOREIGN: &str = r#"{"sql":"SELECT 'é' FROM 'a'","newer":{"n": 1.50},"ruleDisabled":false,"actions":[{"newest":{"z": 1,"a":[ ]}},{"sqs":{"queueUrl":"https:\/\/q"}}]}"#;

/// Requests of a method to AWS IoT.
fn sent(log: &fake::Log, method: &str, start: &str) -> Vec<String> {
    let all = fake::of(log, method).into_iter();
    all.filter(|(path, _)| path.starts_with(start))
        .map(|(_, body)| body)
        .collect()
}

#[tokio::test]
async fn a_new_rule() {
    let (session, log, store) = session(Store::default());
    let queue = json!({ "sqs": { "queueUrl": "https://q", "roleArn": "arn:r" } });
    let rule = Rule {
        description: Some("Loads".into()),
        error_action: Some(queue.clone()),
        ..Rule::new("crane_load", SQL)
    };
    let wiring = wiring(&session, &function("loads"), &[rule]);
    wiring.connect(|_| ()).await.unwrap();
    let [body] = sent(&log, "POST", "/rules/crane_load").try_into().unwrap();
    let expected = json!({
        "sql": SQL,
        "awsIotSqlVersion": "2016-03-23",
        "description": "Loads",
        "ruleDisabled": false,
        "errorAction": queue,
        "actions": [{ "lambda": { "functionArn": ARN } }],
    });
    assert_eq!(tree(&body), expected);
    assert!(wiring.status().await.unwrap().is_clean());
    wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(sent(&log, "DELETE", "/rules/crane_load").len(), 1);
    assert_eq!(store.lock().unwrap().rule, None);
}

#[tokio::test]
async fn foreign_members_go_back_letter_for_letter() {
    let (session, log, store) = session(Store {
        rule: Some(FOREIGN.into()),
        ..Store::default()
    });
    let rule = Rule {
        sql: None,
        ..Rule::new("crane_load", "")
    };
    let wiring = wiring(&session, &function("loads"), &[rule]);
    wiring.connect(|_| ()).await.unwrap();
    let [body] = sent(&log, "PATCH", "/rules/crane_load").try_into().unwrap();
    let ours = format!(r#",{{"lambda":{{"functionArn":"{ARN}"}}}}]}}"#);
    let before = FOREIGN.strip_suffix("]}").unwrap();
    assert_eq!(body, format!("{before}{ours}"));
    assert!(wiring.status().await.unwrap().is_clean());
    wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(store.lock().unwrap().rule.as_deref(), Some(FOREIGN));
}

#[tokio::test]
async fn a_lost_race_is_run_again_and_the_rival_stays() {
    let rival = FOREIGN.replace("SELECT", "SELECT rival,");
    let (session, log, store) = session(Store {
        rule: Some(FOREIGN.into()),
        rival: Some(rival.clone()),
        ..Store::default()
    });
    let rule = Rule {
        sql: None,
        ..Rule::new("crane_load", "")
    };
    let wiring = wiring(&session, &function("loads"), &[rule]);
    wiring.connect(|_| ()).await.unwrap();
    assert_eq!(sent(&log, "PATCH", "/rules").len(), 2);
    let stands = store.lock().unwrap().rule.clone().unwrap();
    assert!(stands.contains("rival") && stands.contains(ARN), "{stands}");
    assert!(wiring.status().await.unwrap().is_clean());
}

#[tokio::test]
async fn denied_is_not_missing() {
    for rule in [None, Some(FOREIGN.to_owned())] {
        let is_missing = rule.is_none();
        let (session, _, _) = session(Store {
            rule,
            denied: "GET /rules/crane_load",
            ..Store::default()
        });
        let rule = Rule::new("crane_load", SQL);
        let wiring = wiring(&session, &function("loads"), &[rule]);
        match is_missing {
            true => assert_eq!(changes(&wiring.diff().await.unwrap()), [Action::Create; 3]),
            false => assert_eq!(kind(wiring.diff().await), ErrorKind::Denied),
        }
    }
}

#[tokio::test]
async fn ten_actions_are_the_most() {
    let actions = [r#"{"sqs":{}}"#; 10].join(",");
    let (session, _, _) = session(Store {
        rule: Some(format!(r#"{{"sql":"x","actions":[{actions}]}}"#)),
        ..Store::default()
    });
    let rule = Rule {
        sql: None,
        ..Rule::new("crane_load", "")
    };
    let failures = Rule {
        on: On::Error,
        ..rule.clone()
    };
    let full = wiring(&session, &function("loads"), &[rule]);
    let error = full.connect(|_| ()).await.unwrap_err();
    assert!(error.message().contains("11 actions"), "{error}");
    let free = wiring(&session, &function("loads"), &[failures]);
    free.connect(|_| ()).await.unwrap();
}

fn harbor() -> Authorizer {
    Authorizer {
        token_key_name: Some("token".into()),
        token_signing_public_keys: [("a".to_owned(), "PEM".to_owned())].into(),
        ..Authorizer::new("harbor")
    }
}

#[tokio::test]
async fn an_authorizer() {
    let (session, log, store) = session(Store::default());
    let wired = wiring(&session, &function("loads"), &[harbor()]);
    wired.connect(|_| ()).await.unwrap();
    let [body] = sent(&log, "POST", "/authorizer/harbor").try_into().unwrap();
    let expected = json!({
        "authorizerFunctionArn": ARN,
        "tokenKeyName": "token",
        "tokenSigningPublicKeys": { "a": "PEM" },
        "status": "ACTIVE",
        "signingDisabled": false,
        "enableCachingForHttp": false,
    });
    assert_eq!(tree(&body), expected);
    assert!(wired.status().await.unwrap().is_clean());
    let again = wired.connect(|_| ()).await.unwrap();
    assert!(again.to_string().contains("no changes"), "{again}");

    let caching = Authorizer {
        cache_for_http: true,
        disabled: true,
        ..harbor()
    };
    let caching = wiring(&session, &function("loads"), &[caching]);
    caching.connect(|_| ()).await.unwrap();
    let [body] = sent(&log, "PUT", "/authorizer/harbor").try_into().unwrap();
    let expected = json!({ "enableCachingForHttp": true, "status": "INACTIVE" });
    assert_eq!(tree(&body), expected, "only what differs is sent");

    wired.connect(|_| ()).await.unwrap();
    let gone = wired.disconnect(|_| ()).await.unwrap();
    assert_eq!(changes(&gone), [Action::Remove; 2], "{gone}");
    let off = sent(&log, "PUT", "/authorizer/harbor").pop().unwrap();
    assert_eq!(tree(&off), json!({ "status": "INACTIVE" }));
    assert_eq!(sent(&log, "DELETE", "/authorizer/harbor").len(), 1);
    assert_eq!(store.lock().unwrap().authorizer, None);
    assert!(wired.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn authorizers_that_are_left_alone() {
    for (member, value, expected) in [
        ("authorizerFunctionArn", json!(OTHER), "somebody else's"),
        ("signingDisabled", json!(true), "cannot be changed"),
    ] {
        let (session, log, store) = session(Store::default());
        let wired = wiring(&session, &function("loads"), &[harbor()]);
        wired.connect(|_| ()).await.unwrap();
        store.lock().unwrap().authorizer.as_mut().unwrap()[member] = value;
        let error = wired.connect(|_| ()).await.unwrap_err();
        assert!(error.message().contains(expected), "{error}");
        assert!(sent(&log, "PUT", "/authorizer").is_empty());
        if member == "authorizerFunctionArn" {
            wired.disconnect(|_| ()).await.unwrap();
            assert!(store.lock().unwrap().authorizer.is_some());
        }
    }
}

#[tokio::test]
async fn an_authorizer_in_use_is_switched_off_and_said_so() {
    let (session, _, store) = session(Store::default());
    let wired = wiring(&session, &function("loads"), &[harbor()]);
    wired.connect(|_| ()).await.unwrap();
    store.lock().unwrap().attached = true;
    let error = wired.disconnect(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert!(
        error
            .context("fix")
            .is_some_and(|fix| fix.contains("default"))
    );
    let standing = error.context("standing");
    assert_eq!(
        standing,
        Some("removed authorizer harbor (written, not confirmed)")
    );
    store.lock().unwrap().attached = false;
    wired.disconnect(|_| ()).await.unwrap();
    assert_eq!(store.lock().unwrap().authorizer, None);
}

#[tokio::test]
async fn a_hook() {
    let template = json!({ "templateName": "cranes", "templateBody": "{}", "enabled": true });
    let (session, log, store) = session(Store {
        template: Some(template),
        ..Store::default()
    });
    let wired = wiring(&session, &function("loads"), &[Provisioning::new("cranes")]);
    wired.connect(|_| ()).await.unwrap();
    let hook = json!({ "payloadVersion": "2020-04-01", "targetArn": ARN });
    let [body] = sent(&log, "PATCH", "/provisioning-templates/cranes")
        .try_into()
        .unwrap();
    assert_eq!(tree(&body), json!({ "preProvisioningHook": hook }));
    assert!(wired.status().await.unwrap().is_clean());
    let again = wired.connect(|_| ()).await.unwrap();
    assert!(again.to_string().contains("no changes"), "{again}");
    wired.disconnect(|_| ()).await.unwrap();
    let body = sent(&log, "PATCH", "/provisioning-templates/cranes")
        .pop()
        .unwrap();
    assert_eq!(tree(&body), json!({ "removePreProvisioningHook": true }));
    assert!(wired.disconnect(|_| ()).await.unwrap().is_empty());

    let theirs = json!({ "targetArn": OTHER });
    store.lock().unwrap().template.as_mut().unwrap()["preProvisioningHook"] = theirs.clone();
    let error = wired.connect(|_| ()).await.unwrap_err();
    assert!(error.message().contains("somebody else's"), "{error}");
    wired.disconnect(|_| ()).await.unwrap();
    let stands: Value = store.lock().unwrap().template.clone().unwrap();
    assert_eq!(stands["preProvisioningHook"], theirs);
}

#[tokio::test]
async fn a_missing_template() {
    let (session, _, _) = session(Store::default());
    let wired = wiring(&session, &function("loads"), &[Provisioning::new("cranes")]);
    let error = wired.connect(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error
            .context("fix")
            .is_some_and(|fix| fix.contains("create it first"))
    );
    assert!(wired.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn authorizers_and_hooks_from_first_to_last() {
    let template = json!({ "templateName": "cranes", "templateBody": "{}", "enabled": true });
    let (session, _, store) = session(Store {
        template: Some(template),
        ..Store::default()
    });
    let authorizer = |session: &_| wiring(session, &function("loads"), &[harbor()]);
    cycle(&session, &[&authorizer], async || {
        store
            .lock()
            .unwrap()
            .authorizer
            .clone()
            .into_iter()
            .collect()
    })
    .await;
    let hook = |session: &_| wiring(session, &function("loads"), &[Provisioning::new("cranes")]);
    cycle(&session, &[&hook], async || {
        let mut all = leaves(store.lock().unwrap().template.as_ref().unwrap());
        all.retain(|leaf| leaf != "/preProvisioningHook = null");
        all
    })
    .await;
}

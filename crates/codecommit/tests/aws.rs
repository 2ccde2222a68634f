//! Triggers beside those of others, letter for letter, against an endpoint of our own: no emulator
//! keeps triggers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_with::{ErrorKind, Function};
use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_codecommit::CodeCommit;
use lambda_with_testing::{cycle, fake, function};
use serde_json::Value;

const REPOSITORY: &str = "arn:aws:codecommit:eu-west-1:123456789012:ferry-timetable";

/// Triggers of others, with a member newer than the SDK, in an order and with spaces of their own.
const FOREIGN: &str = concat!(
    r#"{"events":["all"],"name":"by hand", "destinationArn":"arn:aws:sns:eu-west-1:123456789012:pushes","#,
    r#""branches":[],"customData":"caf\u00e9","newer":{"member": 1.50}},"#,
    r#"{"name":"other","destinationArn":"arn:aws:lambda:eu-west-1:123456789012:function:other","branches":["main"],"events":["deleteReference"]}"#,
);

type Stored = Arc<Mutex<String>>;

/// An endpoint with one function and one repository. `put` is called at each write, with how many
/// there were before, and says what is kept of it, or the status.
fn endpoint(
    triggers: &str,
    put: impl Fn(usize, String) -> Result<String, (u16, &'static str)> + Send + Sync + 'static,
) -> (Session, fake::Log, Stored) {
    let stored = Arc::new(Mutex::new(triggers.to_owned()));
    let (keep, writes) = (Arc::clone(&stored), Mutex::new(0));
    let lambda = fake::Lambda::new(function("lint").arn.as_str());
    let (session, log) = fake::session(move |method, path, body| {
        lambda.answer(method, path, body).unwrap_or_else(|| {
            let start = r#"{"repositoryName":"ferry-timetable","triggers":["#;
            let Some(triggers) = body.strip_prefix(start).and_then(|b| b.strip_suffix("]}")) else {
                assert_eq!(body, r#"{"repositoryName":"ferry-timetable"}"#);
                let triggers = keep.lock().unwrap();
                return (
                    200,
                    format!(r#"{{"configurationId":"c1","triggers":[{triggers}]}}"#),
                );
            };
            let mut writes = writes.lock().unwrap();
            *writes += 1;
            match put(*writes - 1, triggers.to_owned()) {
                Ok(kept) => {
                    *keep.lock().unwrap() = kept;
                    (200, r#"{"configurationId":"c2"}"#.into())
                }
                Err((status, code)) => (status, format!(r#"{{"__type":"{code}","message":"no"}}"#)),
            }
        })
    });
    (session, log, stored)
}

fn wiring(session: &Session, function: &Function, connections: &[CodeCommit]) -> Wiring {
    let mut wiring = Wiring::new(session, function.clone()).unwrap();
    wiring.options.settle = Duration::from_millis(10);
    wiring.options.wait = Duration::from_secs(1);
    for connection in connections {
        wiring.wire(connection).unwrap();
    }
    wiring
}

fn pushes(branches: &[&str]) -> CodeCommit {
    CodeCommit {
        branches: branches.iter().map(ToString::to_string).collect(),
        ..CodeCommit::new(REPOSITORY.parse().unwrap())
    }
}

fn actions(plan: &Plan) -> Vec<Action> {
    plan.changes.iter().map(|change| change.action).collect()
}

/// The bodies of all writes.
fn writes(log: &fake::Log) -> Vec<String> {
    let bodies = fake::of(log, "POST").into_iter().map(|(_, body)| body);
    bodies
        .filter(|body| body.contains(r#""triggers""#))
        .collect()
}

#[tokio::test]
async fn connect_status_connect_disconnect_status() {
    let (session, log, stored) = endpoint(FOREIGN, |_, triggers| Ok(triggers));
    let connections = [pushes(&["main"]), pushes(&["dev"])];
    let wiring = wiring(&session, &function("lint"), &connections);
    let diff = wiring.diff().await.unwrap();
    assert_eq!(actions(&diff), [Action::Create; 4], "{diff}");
    assert!(writes(&log).is_empty());
    wiring.connect(|_| ()).await.unwrap();
    assert!(wiring.status().await.unwrap().is_clean());
    let sent = writes(&log);
    let start = format!(r#"{{"repositoryName":"ferry-timetable","triggers":[{FOREIGN},"#);
    assert_eq!(sent.len(), 1);
    let ours: Value =
        serde_json::from_str(&format!("[{}", &sent[0][start.len()..sent[0].len() - 1])).unwrap();
    assert!(sent[0].starts_with(&start), "{}", sent[0]);
    for (trigger, branch) in ours.as_array().unwrap().iter().zip(["main", "dev"]) {
        let name = trigger["name"].as_str().unwrap();
        assert!(name.starts_with("lint-") && name.len() == 13, "{name}");
        let expected = serde_json::json!({
            "name": name,
            "destinationArn": function("lint").arn.as_str(),
            "branches": [branch],
            "events": ["all"],
        });
        assert_eq!(*trigger, expected);
    }
    let again = wiring.connect(|_| ()).await.unwrap();
    assert!(again.to_string().contains("no changes"), "{again}");
    assert_eq!(writes(&log).len(), 1);

    let removed = wiring.disconnect(|_| ()).await.unwrap();
    assert_eq!(actions(&removed), [Action::Remove; 4]);
    assert_eq!(*stored.lock().unwrap(), FOREIGN);
    assert!(!wiring.status().await.unwrap().is_clean());
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_lost_race_is_run_again_and_the_rival_stays() {
    let rival = r#"{"name":"rival","destinationArn":"arn:aws:sns:eu-west-1:123456789012:r","branches":[],"events":["all"]}"#;
    let (session, log, stored) = endpoint(FOREIGN, move |nth, triggers| {
        Ok(if nth == 0 {
            format!("{FOREIGN},{rival}")
        } else {
            triggers
        })
    });
    let wiring = wiring(&session, &function("lint"), &[pushes(&[])]);
    wiring.connect(|_| ()).await.unwrap();
    assert_eq!(writes(&log).len(), 2);
    let stands = stored.lock().unwrap().clone();
    assert!(
        stands.starts_with(&format!("{FOREIGN},{rival},")),
        "{stands}"
    );
    assert!(wiring.status().await.unwrap().is_clean());
}

#[tokio::test]
async fn a_changed_trigger_keeps_its_name_and_place() {
    let (session, _, stored) = endpoint("", |_, triggers| Ok(triggers));
    let named = |branches: &[&str], data: Option<&str>| CodeCommit {
        trigger_name: Some("on-push".into()),
        custom_data: data.map(str::to_owned),
        ..pushes(branches)
    };
    let first = [named(&["main"], None), pushes(&["dev"])];
    wiring(&session, &function("lint"), &first)
        .connect(|_| ())
        .await
        .unwrap();
    let second = [named(&["main", "next"], Some("x")), pushes(&["dev"])];
    let changed = wiring(&session, &function("lint"), &second);
    let report = changed.connect(|_| ()).await.unwrap().to_string();
    assert!(
        report.contains(r#"branches: ["main"] → ["main","next"]"#),
        "{report}"
    );
    assert!(report.contains(r#"customData: "x""#), "{report}");
    let stands = stored.lock().unwrap().clone();
    assert!(stands.find("on-push") < stands.find("dev"), "{stands}");
    assert!(changed.status().await.unwrap().is_clean());
}

#[tokio::test]
async fn what_would_be_refused_is_refused_before_the_write() {
    let ten: Vec<String> = (0..10)
        .map(|n| {
            format!(r#"{{"name":"t{n}","destinationArn":"arn:aws:sns:eu-west-1:123456789012:p"}}"#)
        })
        .collect();
    let taken = CodeCommit {
        trigger_name: Some("other".into()),
        ..pushes(&[])
    };
    for (standing, connection, why) in [
        (
            FOREIGN.to_owned(),
            taken,
            "somebody else's: it goes to arn:aws:lambda",
        ),
        (ten.join(","), pushes(&[]), "11 triggers, more than the 10"),
    ] {
        let (session, log, _) = endpoint(&standing, |_, triggers| Ok(triggers));
        let wiring = wiring(&session, &function("lint"), &[connection]);
        let error = wiring.connect(|_| ()).await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(error.context("standing"), Some("nothing was written"));
        assert!(
            fake::of(&log, "POST")
                .iter()
                .all(|(path, _)| path == "/GetRepositoryTriggers")
        );
        assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn leftovers_are_named_and_pruned() {
    let (session, _, stored) = endpoint(FOREIGN, |_, triggers| Ok(triggers));
    wiring(&session, &function("lint"), &[pushes(&["main"])])
        .connect(|_| ())
        .await
        .unwrap();
    let mut moved = wiring(&session, &function("lint"), &[pushes(&["dev"])]);
    let diff = moved.diff().await.unwrap();
    let orphan = diff
        .orphans
        .iter()
        .find(|orphan| orphan.what.contains("trigger"));
    assert_eq!(orphan.unwrap().fix, "connect with --prune");
    moved.options.prune = true;
    moved.connect(|_| ()).await.unwrap();
    let stands = stored.lock().unwrap().clone();
    assert!(
        stands.starts_with(FOREIGN) && !stands[FOREIGN.len()..].contains("main"),
        "{stands}"
    );
    assert!(moved.status().await.unwrap().is_clean());
}

#[tokio::test]
async fn what_goes_wrong_is_one_clear_error() {
    for (status, code, kind) in [
        (400, "AccessDeniedException", ErrorKind::Denied),
        (
            400,
            "MaximumRepositoryTriggersExceededException",
            ErrorKind::Invalid,
        ),
    ] {
        let (session, _, _) = endpoint(FOREIGN, move |_, _| Err((status, code)));
        let wiring = wiring(&session, &function("lint"), &[pushes(&[])]);
        let error = wiring.connect(|_| ()).await.unwrap_err();
        assert_eq!((error.kind(), error.context("code")), (kind, Some(code)));
        assert!(
            error
                .context("standing")
                .unwrap()
                .starts_with("created statement"),
            "{error}"
        );
    }
    let lambda = fake::Lambda::new(function("lint").arn.as_str());
    let missing = r#"{"__type":"RepositoryDoesNotExistException","message":"ferry-timetable does not exist"}"#;
    let (session, _) = fake::session(move |method, path, body| {
        let answered = lambda.answer(method, path, body);
        answered.unwrap_or((400, missing.into()))
    });
    let wiring = wiring(&session, &function("lint"), &[pushes(&[])]);
    let error = wiring.connect(|_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert_eq!(
        error.context("fix"),
        Some("create it first, or correct its name")
    );
    assert!(wiring.disconnect(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn from_first_to_last() {
    let (session, _, stored) = endpoint(FOREIGN, |_, triggers| Ok(triggers));
    let connect = |name: &'static str| {
        move |session: &Session| wiring(session, &function(name), &[pushes(&["main"])])
    };
    cycle(
        &session,
        &[&connect("lint"), &connect("test")],
        async || {
            let all = format!("[{}]", stored.lock().unwrap());
            let all: Vec<&serde_json::value::RawValue> = serde_json::from_str(&all).unwrap();
            all.iter().map(|trigger| trigger.get().to_owned()).collect()
        },
    )
    .await;
}

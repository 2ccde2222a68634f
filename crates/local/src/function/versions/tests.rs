//! Aliases within the test: choices that follow from a seed, and events in virtual time.

use std::time::Duration;

use bytes::Bytes;
use lambda_with::policy::Policy;
use lambda_with::rules::retry::{self, Condition};
use lambda_with::rules::routing::Routing;
use lambda_with::{
    Caller, Delivery, ErrorKind, Function, FunctionError, Invocation, InvocationType, Invoke,
    Outcome, Principal, Statement,
};
use serde_json::{Value, json};

use super::Alias;
use crate::chance::Chance;
use crate::handle::FunctionHandle;
use crate::history::What;
use crate::options::{Asynchronous, Context, FunctionOptions, Options, Run};
use crate::{Handle, Local};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

fn function(arn: &str) -> Function {
    Function::new(arn.parse().unwrap()).unwrap()
}

/// Says which version it is and how it was invoked, or fails with that; a number is slept away first.
fn orders() -> Run {
    Run::handler(|event: Bytes, context: Context| async move {
        let event: Value = serde_json::from_slice(&event).unwrap();
        if let Some(seconds) = event.as_u64() {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        let says = json!([context.function_version, context.invoked_function_arn]);
        match event == "fail" {
            false => Ok(says.to_string().into()),
            true => Err(FunctionError {
                error_type: Some("Boom".into()),
                error_message: says.to_string(),
            }),
        }
    })
}

/// An engine with two versions of a function.
async fn start(options: FunctionOptions) -> (Local, FunctionHandle) {
    let mut all = Options::in_memory();
    all.seed = Some(7);
    all.functions.push(options);
    let local = Local::start(all).await.unwrap();
    let function = local.handle().function("orders").unwrap();
    for number in [1, 2] {
        let versions = &function.function.versions;
        versions
            .update(|settings| settings.description = format!("of {number}"))
            .unwrap();
        assert_eq!(versions.publish(None).unwrap(), number);
        assert_eq!(
            versions.publish(None).unwrap(),
            number,
            "nothing has changed"
        );
    }
    (local, function)
}

fn point(function: &FunctionHandle, alias: &str, version: &str, weights: &[(&str, f64)]) {
    let weights = weights
        .iter()
        .map(|(name, weight)| ((*name).to_owned(), *weight));
    let alias = (
        alias.to_owned(),
        Alias::new(String::new(), Routing::new(version, weights).unwrap()),
    );
    let mut state = function.function.versions.lock();
    state.aliases.extend([alias]);
}

fn of(handle: &Handle, name: &str) -> FunctionHandle {
    handle.function(&format!("orders:{name}")).unwrap()
}

fn event(payload: &'static str) -> Invocation {
    Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new(payload)
    }
}

/// The versions that ran, and the records that were sent.
fn ran(handle: &Handle) -> (Vec<String>, Vec<Value>) {
    let (mut versions, mut records) = (Vec::new(), Vec::new());
    for happening in handle.history() {
        match happening.what {
            What::Ran {
                outcome:
                    Outcome::Success {
                        executed_version, ..
                    }
                    | Outcome::FunctionError {
                        executed_version, ..
                    },
                ..
            } => versions.push(executed_version),
            What::Sent { body, .. } => records.push(serde_json::from_slice(&body).unwrap()),
            _ => {}
        }
    }
    (versions, records)
}

#[tokio::test]
async fn an_alias_splits_as_the_seed_says() {
    let (local, function) = start(FunctionOptions::new(function(ARN), orders())).await;
    point(&function, "live", "1", &[("2", 0.25)]);
    let live = of(&local.handle(), "live");
    let chance = Chance::new(Some(7));
    let mut others = 0;
    for _ in 0..200 {
        let expected = if chance.draw() < 0.25 { "2" } else { "1" };
        others += usize::from(expected == "2");
        let outcome = live.invoke(Invocation::new("{}")).await.unwrap();
        let Outcome::Success {
            payload,
            executed_version,
            ..
        } = outcome
        else {
            panic!("{outcome:?}")
        };
        assert_eq!(executed_version, expected);
        let says: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(says, json!([expected, format!("{ARN}:live")]));
    }
    assert!((30..70).contains(&others), "{others} of 200");
}

#[tokio::test(start_paused = true)]
async fn each_attempt_at_an_event_goes_where_the_alias_leads_by_then() {
    let (local, function) = start(FunctionOptions::new(function(ARN), orders())).await;
    let handle = local.handle();
    point(&function, "live", "1", &[]);
    let live = of(&handle, "live");
    live.invoke(event("\"fail\"")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    point(&function, "live", "2", &[]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    function.function.versions.lock().aliases.remove("live");
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(ran(&handle).0, ["1", "2"], "the third waits for the alias");
    point(&function, "live", "$LATEST", &[]);
    handle.settled().await;
    let (versions, records) = ran(&handle);
    assert_eq!(versions, ["1", "2", "$LATEST"]);
    assert_eq!(
        records[0]["requestContext"]["functionArn"],
        format!("{ARN}:live")
    );
    assert_eq!(records[0]["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(records[0]["responseContext"]["executedVersion"], "$LATEST");
}

#[tokio::test(start_paused = true)]
async fn each_qualifier_has_its_own_settings_for_events_and_one_queue_for_dead_letters() {
    let none = retry::Config::new(0, Duration::from_secs(3600)).unwrap();
    let mut options = FunctionOptions::new(function(ARN), orders());
    options.asynchronous = Asynchronous {
        retry: none,
        dead_letter: Some("arn:aws:sqs:eu-west-1:123456789012:dead".parse().unwrap()),
        ..Asynchronous::default()
    };
    let (local, function) = start(options).await;
    let handle = local.handle();
    for alias in ["live", "once"] {
        point(&function, alias, "1", &[]);
    }
    let once = Asynchronous {
        retry: none,
        ..Asynchronous::default()
    };
    let settings = &function.function.asynchronous;
    let key = Some("once".to_owned());
    settings.write().unwrap().insert(key, once);
    let mut before = 0;
    for (qualifier, attempts) in [("$LATEST", 1), ("live", 3), ("1", 3), ("once", 1)] {
        of(&handle, qualifier)
            .invoke(event("\"fail\""))
            .await
            .unwrap();
        handle.settled().await;
        let (versions, records) = ran(&handle);
        assert_eq!(versions.len() - before, attempts, "{qualifier}");
        assert_eq!(records.last(), Some(&json!("fail")), "{qualifier}");
        before = versions.len();
    }
    let ends = handle.history();
    let ends = ends
        .iter()
        .filter(|happening| matches!(happening.what, What::Finished(Condition::RetriesExhausted)));
    assert_eq!(ends.count(), 4);
}

#[tokio::test]
async fn what_is_let_in_through_an_alias_is_let_in_there_alone() {
    let statement = Statement::new("s3", Principal::Service("s3.amazonaws.com".into()));
    let (local, function) = start(FunctionOptions::new(function(ARN), orders())).await;
    for alias in ["live", "other"] {
        point(&function, alias, "1", &[]);
    }
    let arn = format!("{ARN}:live").parse().unwrap();
    let policy = Policy::of_function(&arn, &[statement]);
    let policies = &function.function.policies;
    let key = Some("live".to_owned());
    policies.write().unwrap().insert(key, policy);
    for (name, allowed) in [
        ("orders:live", true),
        ("orders:other", false),
        ("orders:1", false),
        ("orders", false),
    ] {
        let delivery = Delivery {
            principal: "s3.amazonaws.com".into(),
            ..Delivery::default()
        };
        let invocation = Invocation {
            caller: Caller::Service(delivery),
            ..Invocation::new("{}")
        };
        let function = local.handle().function(name).unwrap();
        let result = function.invoke(invocation).await;
        match result {
            Ok(_) => assert!(allowed, "{name}"),
            Err(error) => assert!(!allowed && error.kind() == ErrorKind::Denied, "{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_versions_share_the_reserved_concurrency() {
    let mut definition = function(ARN);
    definition.reserved_concurrency = Some(1);
    let (local, _) = start(FunctionOptions::new(definition, orders())).await;
    let handle = local.handle();
    let first = tokio::spawn({
        let first = of(&handle, "1");
        async move { first.invoke(Invocation::new("1")).await }
    });
    tokio::task::yield_now().await;
    let refused = of(&handle, "2").invoke(Invocation::new("{}")).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Throttled);
    assert!(first.await.unwrap().is_ok());
    assert!(of(&handle, "2").invoke(Invocation::new("{}")).await.is_ok());
}

#[tokio::test]
async fn an_alias_of_the_definition_is_there_and_has_its_settings() {
    let none = retry::Config::new(0, Duration::from_secs(3600)).unwrap();
    let mut options = FunctionOptions::new(function(&format!("{ARN}:live")), orders());
    options.asynchronous.retry = none;
    let (local, function) = start(options).await;
    let live = of(&local.handle(), "live")
        .invoke(Invocation::new("{}"))
        .await;
    let Ok(Outcome::Success {
        executed_version, ..
    }) = live
    else {
        panic!("{live:?}")
    };
    assert_eq!(executed_version, "$LATEST");
    let retry = |qualifier| function.function.asynchronous(qualifier).retry;
    assert_eq!(retry(Some("live")), none);
    assert_eq!(retry(None), retry::Config::default());

    let (local, _) = start_declared("7").await;
    let seven = of(&local.handle(), "7").invoke(Invocation::new("{}")).await;
    assert!(
        seven.is_ok(),
        "a version of the definition runs as it is here"
    );
    let versions = &local
        .handle()
        .function("orders")
        .unwrap()
        .function
        .versions
        .publish(None);
    assert_eq!(*versions.as_ref().unwrap(), 8);
}

async fn start_declared(qualifier: &str) -> (Local, Handle) {
    let mut all = Options::in_memory();
    let arn = format!("{ARN}:{qualifier}");
    all.functions
        .push(FunctionOptions::new(function(&arn), orders()));
    let local = Local::start(all).await.unwrap();
    let handle = local.handle();
    (local, handle)
}

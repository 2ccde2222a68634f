//! What all functions of an account share.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lambda_with::rules::retry::Condition;
use lambda_with::{Error, Function, FunctionError, Invocation, InvocationType, Invoke};
use lambda_with_local::{FunctionOptions, Local, Options, Run, What};

fn function(name: &str) -> Function {
    let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
    let mut function = Function::new(arn.parse().unwrap()).unwrap();
    function.timeout = 900;
    function
}

#[tokio::test(start_paused = true)]
async fn functions_share_the_concurrency_of_their_account() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, highest) = (running, most.clone());
    let run = Run::handler(move |_, _| {
        let (now, highest) = (now.clone(), highest.clone());
        async move {
            highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(60)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, FunctionError>("null".into())
        }
    });
    let mut options = Options::in_memory();
    options.account_concurrency = Some(300);
    let mut blue = function("blue");
    blue.reserved_concurrency = Some(150);
    for definition in [blue, function("orange"), function("orders")] {
        let options = &mut options;
        options
            .functions
            .push(FunctionOptions::new(definition, run.clone()));
    }
    let local = Local::start(options).await.unwrap();
    let handle = local.handle();
    let call = |name: &str, kind| {
        let function = handle.function(name).unwrap();
        let asked = Invocation {
            invocation_type: kind,
            ..Invocation::new("{}")
        };
        tokio::spawn(async move { function.invoke(asked).await })
    };
    let (waits, event) = (InvocationType::RequestResponse, InvocationType::Event);
    let calls: Vec<_> = (0..200).map(|_| call("orange", waits)).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(most.load(Ordering::SeqCst), 150);
    call("orders", event).await.unwrap().unwrap();
    let reason =
        |refused: Result<_, Error>| refused.unwrap_err().context("reason").unwrap().to_owned();
    assert_eq!(
        reason(call("orders", waits).await.unwrap()),
        "ConcurrentInvocationLimitExceeded"
    );
    let others: Vec<_> = (0..160).map(|_| call("blue", waits)).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(most.load(Ordering::SeqCst), 300);
    let mut throttled = [0, 0];
    for (index, calls) in [calls, others].into_iter().enumerate() {
        for call in calls {
            throttled[index] += usize::from(call.await.unwrap().is_err());
        }
    }
    assert_eq!(throttled, [50, 10]);
    // The event has waited for its turn.
    handle.settled().await;
    assert!(
        handle
            .history()
            .iter()
            .any(|happening| happening.what == What::Finished(Condition::Success))
    );
}

#[tokio::test(start_paused = true)]
async fn synchronous_requests_are_ten_a_second_for_each_unit_of_concurrency() {
    let mut options = Options::in_memory();
    options.account_concurrency = Some(200);
    let mut few = function("few");
    few.reserved_concurrency = Some(3);
    for definition in [few, function("orders")] {
        let run = Run::handler(|_, _| async { Ok::<_, FunctionError>("null".into()) });
        options
            .functions
            .push(FunctionOptions::new(definition, run));
    }
    let local = Local::start(options).await.unwrap();
    let burst = async |name: &str| {
        let function = local.handle().function(name).unwrap();
        for count in 0.. {
            if let Err(error) = function.invoke(Invocation::new("{}")).await {
                return (count, error.context("reason").unwrap().to_owned());
            }
        }
        unreachable!()
    };
    let reserved = "ReservedFunctionInvocationRateLimitExceeded".to_owned();
    let usual = "FunctionInvocationRateLimitExceeded".to_owned();
    assert_eq!(burst("few").await, (30, reserved.clone()));
    assert_eq!(burst("orders").await, (1970, usual.clone()));
    let orders = local.handle().function("orders").unwrap();
    let event = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new("{}")
    };
    orders.invoke(event).await.unwrap();
    local.handle().settled().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(burst("few").await, (15, reserved));
    assert_eq!(burst("orders").await, (985, usual));
}

//! How many invocations run at once, how fast that grows, and where loops end.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::mapping::{self, SourceKind};
use lambda_with::rules::recursion::RecursiveLoop;
use lambda_with::rules::retry::{Condition, Config};
use lambda_with::rules::scaling::Scaling;
use lambda_with::{
    Caller, Delivery, Error, ErrorKind, Function, FunctionError, Invocation, InvocationType,
    Invoke, Record, Statement,
};
use lambda_with_local::{
    Asynchronous, Context, FunctionOptions, Handle, Local, Mapping, Options, Run, ScriptedSource,
    What,
};
use serde_json::json;

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

/// The engine, for functions that call it.
type Engine = Arc<Mutex<Option<Handle>>>;

fn function(name: &str) -> Function {
    let mut function = Function::new(ARN.replace("orders", name).parse().unwrap()).unwrap();
    function.timeout = 900;
    function
}

async fn start(engine: &Engine, functions: impl IntoIterator<Item = FunctionOptions>) -> Local {
    let mut options = Options::in_memory();
    options.functions.extend(functions);
    let local = Local::start(options).await.unwrap();
    *engine.lock().unwrap() = Some(local.handle());
    local
}

/// A function that takes so long, and the most of it that ran at once.
fn slow(seconds: u64) -> (Run, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, highest) = (running.clone(), most.clone());
    let run = Run::handler(move |_, _| {
        let (now, highest) = (now.clone(), highest.clone());
        async move {
            highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, FunctionError>("null".into())
        }
    });
    (run, running, most)
}

fn message(id: usize, header: Option<&str>) -> Record {
    let mut message = json!({"messageId": id.to_string(), "attributes": {}, "body": "{}"});
    if let Some(header) = header {
        message["attributes"]["AWSTraceHeader"] = header.into();
    }
    ScriptedSource::record(&id.to_string(), None, message.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_queue_starts_with_five_batches_and_gets_300_more_a_minute() {
    for (maximum, environments, at_once) in [
        // After 0, 1, 10 and 60 seconds.
        (None, 1000, [5, 9, 54, 304]),
        (None, 16, [5, 9, 16, 16]),
        (Some(50), 1000, [5, 9, 50, 50]),
        (Some(2), 1000, [2, 2, 2, 2]),
    ] {
        let (run, running, _) = slow(700);
        let mut options = FunctionOptions::new(function("orders"), run);
        options.max_environments = environments;
        let local = start(&Engine::default(), [options]).await;
        let queue = ScriptedSource::new(Duration::from_secs(3600));
        queue.put((0..500).map(|id| message(id, None)));
        let mut mapping = Mapping::default();
        mapping.limits.size = 1;
        if let Some(maximum) = maximum {
            mapping.scaling = Scaling::standard(Some(maximum));
        }
        let orders = local.handle().function("orders").unwrap();
        orders.poll(queue, mapping);
        let mut found = Vec::new();
        for seconds in [0, 1, 9, 50] {
            tokio::time::sleep(Duration::from_millis(1000 * seconds + 10)).await;
            found.push(running.load(Ordering::SeqCst));
        }
        let near = |(found, expected): (&usize, &usize)| found.abs_diff(*expected) <= 2;
        assert!(
            found.iter().zip(&at_once).all(near),
            "{maximum:?} {environments}: {found:?}"
        );
        assert!(found[3] <= maximum.unwrap_or(1250).min(environments));
    }
}

#[tokio::test(start_paused = true)]
async fn provisioned_pollers_run_ten_batches_each_and_get_1000_more_a_minute() {
    let asked = |minimum, maximum| mapping::ProvisionedPollers {
        minimum,
        maximum,
        group: None,
    };
    for (pollers, at_once) in [
        // After 0, 6 and 60 seconds.
        (asked(Some(3), Some(40)), [30, 130, 400]),
        (asked(None, None), [20, 120, 500]),
    ] {
        let (run, running, _) = slow(700);
        let mut options = FunctionOptions::new(function("orders"), run);
        options.max_environments = 500;
        let local = start(&Engine::default(), [options]).await;
        let queue = ScriptedSource::new(Duration::from_secs(3600));
        queue.put((0..700).map(|id| message(id, None)));
        let asked = mapping::Mapping {
            provisioned_pollers: Some(pollers),
            batch_size: Some(1),
            ..mapping::Mapping::default()
        };
        let mapping = Mapping::of(&asked, SourceKind::SqsStandard).unwrap();
        local
            .handle()
            .function("orders")
            .unwrap()
            .poll(queue, mapping);
        let mut found = Vec::new();
        for seconds in [0, 6, 54] {
            tokio::time::sleep(Duration::from_millis(1000 * seconds + 10)).await;
            found.push(running.load(Ordering::SeqCst));
        }
        let near = |(found, expected): (&usize, &usize)| found.abs_diff(*expected) <= 2;
        assert!(found.iter().zip(&at_once).all(near), "{found:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_slow_a_queue_down_unless_they_are_reported() {
    let mut runs = Vec::new();
    for reports in [true, false] {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let run = Run::handler(move |event: Bytes, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
            let id = event["Records"][0]["messageId"].clone();
            async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let items = json!({"batchItemFailures": [{"itemIdentifier": id}]});
                match reports {
                    true => Ok(items.to_string().into()),
                    false => Err(FunctionError::default()),
                }
            }
        });
        let options = FunctionOptions::new(function("orders"), run);
        let local = start(&Engine::default(), [options]).await;
        let queue = ScriptedSource::new(Duration::from_secs(3600));
        queue.put((0..1000).map(|id| message(id, None)));
        let mut mapping = Mapping::default();
        mapping.limits.size = 1;
        mapping.report_batch_item_failures = reports;
        local
            .handle()
            .function("orders")
            .unwrap()
            .poll(queue, mapping);
        tokio::time::sleep(Duration::from_secs(30)).await;
        runs.push(count.load(Ordering::SeqCst));
    }
    assert!(runs[0] > 400 && runs[1] < 40, "{runs:?}");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_event_waits_until_it_can_run() {
    let mut definition = function("orders");
    definition.reserved_concurrency = Some(1);
    let (run, _, _) = slow(100);
    let local = start(&Engine::default(), [FunctionOptions::new(definition, run)]).await;
    let orders = local.handle().function("orders").unwrap();
    let first = tokio::spawn({
        let orders = orders.clone();
        async move { orders.invoke(Invocation::new("1")).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let throttled = orders.invoke(Invocation::new("2")).await.unwrap_err();
    assert_eq!(throttled.kind(), ErrorKind::Throttled);
    assert_eq!(
        throttled.context("reason"),
        Some("ReservedFunctionConcurrentInvocationLimitExceeded")
    );
    let event = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new("3")
    };
    orders.invoke(event).await.unwrap();
    local.handle().settled().await;
    assert!(first.await.unwrap().is_ok());
    let refused =
        |happening: &&lambda_with_local::Happening| matches!(happening.what, What::Refused(_));
    let history = local.handle().history();
    assert!(history.iter().filter(refused).count() > 3, "{history:#?}");
    assert!(
        history
            .iter()
            .any(|happening| happening.what == What::Finished(Condition::Success))
    );
}

#[tokio::test(start_paused = true)]
async fn environments_grow_by_a_thousand_in_ten_seconds() {
    let (run, _, most) = slow(60);
    let mut definition = function("orders");
    definition.reserved_concurrency = Some(3000);
    let local = start(&Engine::default(), [FunctionOptions::new(definition, run)]).await;
    let orders = local.handle().function("orders").unwrap();
    let burst = async |count: usize| {
        let calls = (0..count).map(|_| {
            let orders = orders.clone();
            tokio::spawn(async move { orders.invoke(Invocation::new("{}")).await })
        });
        let calls: Vec<_> = calls.collect();
        tokio::time::sleep(Duration::from_secs(5)).await;
        calls
    };
    let first = burst(1500).await;
    assert_eq!(most.load(Ordering::SeqCst), 1000);
    burst(1500).await;
    assert_eq!(
        most.load(Ordering::SeqCst),
        1500,
        "500 more after 5 seconds"
    );
    let mut throttled = 0;
    for call in first {
        if let Err(error) = call.await.unwrap() {
            assert_eq!(error.kind(), ErrorKind::Throttled, "{error}");
            throttled += 1;
        }
    }
    assert_eq!(throttled, 500);
    tokio::time::sleep(Duration::from_secs(100)).await;
    // Those that are there take what comes.
    burst(1500).await;
    assert_eq!(most.load(Ordering::SeqCst), 1500);
}

/// A function that calls `next` with the trace header it was given, as SDKs do, and counts its runs.
fn calling(
    engine: &Engine,
    next: &'static str,
    kind: InvocationType,
) -> (Run, Arc<AtomicUsize>, Arc<Mutex<Option<Error>>>) {
    let (runs, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None)));
    let (count, note, engine) = (runs.clone(), Arc::clone(&refused), engine.clone());
    let run = Run::handler(move |_, context: Context| {
        let runs = count.fetch_add(1, Ordering::SeqCst) + 1;
        let (engine, note) = (engine.lock().unwrap().clone().unwrap(), note.clone());
        async move {
            let asked = Invocation {
                invocation_type: kind,
                trace_header: Some(context.trace_header),
                ..Invocation::new("{}")
            };
            if runs < 60
                && let Err(error) = engine.function(next).unwrap().invoke(asked).await
            {
                *note.lock().unwrap() = Some(error);
            }
            Ok::<_, FunctionError>("null".into())
        }
    });
    (run, runs, refused)
}

#[tokio::test(start_paused = true)]
async fn functions_that_call_each_other_are_stopped_after_sixteen_rounds() {
    for kind in [InvocationType::RequestResponse, InvocationType::Event] {
        let engine = Engine::default();
        let (orders, runs, refused) = calling(&engine, "bill", kind);
        let (bill, others, also) = calling(&engine, "orders", kind);
        let mut orders = FunctionOptions::new(function("orders"), orders);
        orders.asynchronous = Asynchronous {
            dead_letter: Some("arn:aws:sqs:eu-west-1:123456789012:dead".parse().unwrap()),
            ..Asynchronous::default()
        };
        let bill = FunctionOptions::new(function("bill"), bill);
        let local = start(&engine, [orders, bill]).await;
        let handle = local.handle();
        let first = Invocation {
            invocation_type: kind,
            ..Invocation::new("{}")
        };
        handle
            .function("orders")
            .unwrap()
            .invoke(first)
            .await
            .unwrap();
        handle.settled().await;
        let runs = [&runs, &others].map(|runs| runs.load(Ordering::SeqCst));
        assert_eq!(runs, [16, 16], "{kind}");
        assert_eq!(
            refused.lock().unwrap().take().map(|error| error.kind()),
            None
        );
        let history = handle.history();
        if kind == InvocationType::RequestResponse {
            let error = also.lock().unwrap().take().unwrap();
            assert!(error.message().contains("recursive loop"), "{error}");
        } else {
            let dead = |happening: &lambda_with_local::Happening| {
                happening.what == What::Finished(Condition::RetriesExhausted)
            };
            assert_eq!(
                history.iter().filter(|happening| dead(happening)).count(),
                1
            );
            let sent = |what: &What| matches!(what, What::Sent { to: Some(to), .. } if to.service() == "sqs");
            assert!(history.iter().any(|happening| sent(&happening.what)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_through_a_destination_is_stopped() {
    let asynchronous = Asynchronous {
        retry: Config::new(0, Duration::from_secs(60)).unwrap(),
        on_success: Some(ARN.replace("orders", "again").parse().unwrap()),
        ..Asynchronous::default()
    };
    let runs = Arc::new(AtomicUsize::new(0));
    // Succeeds, and would so for ever but for this test's end.
    let run = || {
        let runs = runs.clone();
        Run::handler(move |_, _| {
            let ends = runs.fetch_add(1, Ordering::SeqCst) > 60;
            async move {
                if ends {
                    Err(FunctionError::default())
                } else {
                    Ok("null".into())
                }
            }
        })
    };
    let mut orders = FunctionOptions::new(function("orders"), run());
    orders.asynchronous = asynchronous.clone();
    let mut again = FunctionOptions::new(function("again"), run());
    again.asynchronous = Asynchronous {
        on_success: Some(ARN.parse().unwrap()),
        ..asynchronous
    };
    let local = start(&Engine::default(), [orders, again]).await;
    let event = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new("{}")
    };
    let handle = local.handle();
    handle
        .function("orders")
        .unwrap()
        .invoke(event)
        .await
        .unwrap();
    handle.settled().await;
    let ran =
        |happening: &&lambda_with_local::Happening| matches!(happening.what, What::Ran { .. });
    assert_eq!(handle.history().iter().filter(ran).count(), 32);
}

#[tokio::test(start_paused = true)]
async fn a_loop_may_be_wanted_and_other_services_are_no_part_of_one() {
    let engine = Engine::default();
    let (orders, runs, _) = calling(&engine, "orders", InvocationType::RequestResponse);
    let mut orders = FunctionOptions::new(function("orders"), orders);
    orders.recursive_loop = RecursiveLoop::Allow;
    let local = start(&engine, [orders]).await;
    let handle = local.handle();
    handle
        .function("orders")
        .unwrap()
        .invoke(Invocation::new("{}"))
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 60);
    local.shutdown().await;

    // The same header, handed on by one service or another.
    let headers: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = headers.clone();
    let run = Run::handler(move |_, context: Context| {
        seen.lock().unwrap().push(context.trace_header);
        async { Ok::<_, FunctionError>("null".into()) }
    });
    let mut orders = FunctionOptions::new(function("orders"), run);
    orders.policy = [
        "s3.amazonaws.com",
        "sns.amazonaws.com",
        "events.amazonaws.com",
    ]
    .map(|principal| Statement::service(principal.replace('.', "-"), principal))
    .into();
    let local = start(&engine, [orders]).await;
    let orders = local.handle().function("orders").unwrap();
    for (principal, stopped) in [
        ("s3.amazonaws.com", true),
        ("sns.amazonaws.com", true),
        ("events.amazonaws.com", false),
    ] {
        let mut header = None;
        let refused = async |header: &mut Option<String>| {
            let delivery = Delivery {
                principal: principal.into(),
                source_arn: None,
                source_account: None,
                event_source_token: None,
            };
            let asked = Invocation {
                caller: Caller::Service(delivery),
                trace_header: header.clone(),
                ..Invocation::new("{}")
            };
            let result = orders.invoke(asked).await;
            *header = headers.lock().unwrap().last().cloned();
            result.is_err()
        };
        for round in 1..=16 {
            assert!(!refused(&mut header).await, "{principal} round {round}");
        }
        assert_eq!(refused(&mut header).await, stopped, "{principal}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_through_a_queue_ends_in_its_dead_letter_queue() {
    let queue = ScriptedSource::with_dead_letters(Duration::from_secs(30), 3);
    let (out, runs) = (queue.clone(), Arc::new(AtomicUsize::new(0)));
    let count = runs.clone();
    // Sends what it received on, with the header SDKs send along and the queue keeps.
    let run = Run::handler(move |_, context: Context| {
        let id = count.fetch_add(1, Ordering::SeqCst) + 1;
        if id < 60 {
            out.put([message(id, Some(&context.trace_header))]);
        }
        async { Ok::<_, FunctionError>("null".into()) }
    });
    let options = FunctionOptions::new(function("orders"), run);
    let local = start(&Engine::default(), [options]).await;
    let orders = local.handle().function("orders").unwrap();
    queue.put([message(0, None)]);
    orders.poll(queue.clone(), Mapping::default());
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(runs.load(Ordering::SeqCst), 16);
    assert_eq!((queue.acknowledged().len(), queue.len()), (16, 0));
    assert_eq!(queue.dead_letters(), ["16"], "refused three times");
}

//! Engines that share one queue of asynchronous events, in virtual time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::retry::Condition;
use lambda_with::{
    Error, ErrorKind, EventQueue, Function, FunctionError, Invocation, InvocationType, Invoke,
    Record, Source,
};
use lambda_with_local::{
    Asynchronous, FunctionOptions, Local, Options, Run, ScriptedSource, SharedQueue, What,
};
use tokio::time::{Instant, sleep};

const VISIBILITY: Duration = Duration::from_secs(30);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn function(name: &str, run: Run) -> FunctionOptions {
    let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
    let mut function = Function::new(arn.parse().unwrap()).unwrap();
    function.timeout = 900;
    FunctionOptions::new(function, run)
}

async fn start(queue: &SharedQueue, functions: impl IntoIterator<Item = FunctionOptions>) -> Local {
    let mut options = Options::in_memory();
    options.queue = Some(queue.clone());
    options.functions.extend(functions);
    Local::start(options).await.unwrap()
}

async fn accept(engine: &Local, function: &str, payload: &str) -> Result<(), Error> {
    let function = engine.handle().function(function)?;
    let invocation = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new(payload.to_owned())
    };
    function.invoke(invocation).await.map(|_| ())
}

/// Each run of each event, in seconds from the beginning.
#[derive(Clone)]
struct Ran {
    begun: Instant,
    seen: Arc<Mutex<BTreeMap<String, Vec<One>>>>,
}

/// When, and under which request id.
type One = (u64, String);

impl Ran {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            seen: Arc::default(),
        }
    }

    /// A function that notes each run, takes so long, and fails the first `fails` in all.
    fn run(&self, takes: Duration, fails: usize) -> Run {
        let (ran, failed) = (self.clone(), Arc::new(AtomicUsize::new(0)));
        Run::handler(move |event: Bytes, context| {
            let at = ran.begun.elapsed().as_secs();
            let event_text = String::from_utf8(event.to_vec()).unwrap();
            let mut seen = ran.seen.lock().unwrap();
            seen.entry(event_text)
                .or_default()
                .push((at, context.request_id));
            let fails = failed.fetch_add(1, Ordering::SeqCst) < fails;
            async move {
                sleep(takes).await;
                match fails {
                    true => Err(FunctionError {
                        error_type: Some("Boom".into()),
                        error_message: "boom".into(),
                    }),
                    false => Ok(event),
                }
            }
        })
    }

    fn times(&self, event: &str) -> Vec<u64> {
        let seen = self.seen.lock().unwrap();
        let runs = seen.get(event).into_iter().flatten();
        runs.map(|(at, _)| *at).collect()
    }
}

/// A queue some of whose calls fail.
#[derive(Clone)]
struct Flaky {
    queue: ScriptedSource,
    sends: Arc<AtomicUsize>,
    deletes: Arc<AtomicUsize>,
}

fn fails(left: &AtomicUsize) -> Result<(), Error> {
    let less = |left: usize| left.checked_sub(1);
    match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
        Ok(_) => Err(Error::new(ErrorKind::Throttled, "too many calls")),
        Err(_) => Ok(()),
    }
}

impl Source for Flaky {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        self.queue.receive(max, wait).await
    }

    async fn acknowledge(&self, records: &[Record]) -> Result<(), Error> {
        fails(&self.deletes)?;
        self.queue.acknowledge(records).await
    }
}

impl EventQueue for Flaky {
    fn visibility(&self) -> Duration {
        EventQueue::visibility(&self.queue)
    }

    fn max_size(&self) -> usize {
        self.queue.max_size()
    }

    async fn send(&self, event: Bytes, delay: Duration) -> Result<(), Error> {
        fails(&self.sends)?;
        self.queue.send(event, delay).await
    }

    async fn hide(&self, records: &[Record], time: Duration) -> Result<(), Error> {
        self.queue.hide(records, time).await
    }
}

#[tokio::test(start_paused = true)]
async fn each_event_runs_once_on_whichever_engine() {
    let queue = ScriptedSource::new(VISIBILITY);
    let shared = SharedQueue::new(queue.clone());
    let (ran, other) = (Ran::new(), Ran::new());
    let first = start(&shared, [function("orders", ran.run(seconds(7), 0))]).await;
    let second = start(&shared, [function("orders", other.run(seconds(7), 0))]).await;
    for number in 0..200 {
        accept(&first, "orders", &number.to_string()).await.unwrap();
    }
    sleep(seconds(120)).await;
    let (ran, other) = (ran.seen.lock().unwrap(), other.seen.lock().unwrap());
    assert!(
        ran.len() > 50 && other.len() > 50,
        "{} {}",
        ran.len(),
        other.len()
    );
    for number in 0..200 {
        let number = number.to_string();
        let runs = ran
            .get(&number)
            .into_iter()
            .chain(other.get(&number))
            .flatten();
        assert_eq!(runs.count(), 1, "{number}");
    }
    assert!(queue.is_empty());
    assert_eq!(
        (first.handle().waiting(), second.handle().waiting()),
        (0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn retries_keep_lambdas_times_and_the_request_id() {
    let queue = ScriptedSource::new(VISIBILITY);
    let shared = SharedQueue::new(queue.clone());
    for takes in [0, 800] {
        let (ran, told) = (Ran::new(), Ran::new());
        let functions = || {
            let mut orders = function("orders", ran.run(seconds(takes), 9));
            let told = function("told", told.run(seconds(0), 0));
            orders.asynchronous = Asynchronous {
                on_failure: Some(told.function.arn.clone()),
                ..Asynchronous::default()
            };
            [orders, told]
        };
        let engines = [
            start(&shared, functions()).await,
            start(&shared, functions()).await,
        ];
        accept(&engines[0], "orders", "[1]").await.unwrap();
        sleep(seconds(3600)).await;
        assert_eq!(ran.times("[1]"), [0, 60 + takes, 180 + 2 * takes]);
        let ids: Vec<String> = ran.seen.lock().unwrap()["[1]"]
            .iter()
            .map(|(_, id)| id.clone())
            .collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let records: Vec<String> = told.seen.lock().unwrap().keys().cloned().collect();
        assert_eq!(records.len(), 1, "{records:?}");
        let record: serde_json::Value = serde_json::from_str(&records[0]).unwrap();
        assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
        assert_eq!(record["requestContext"]["requestId"], ids[0]);
        let ends = engines.iter().flat_map(|engine| engine.handle().history());
        let ends: Vec<_> = ends
            .filter(|it| it.function == "orders")
            .filter_map(|it| match it.what {
                What::Finished(condition) => Some(condition),
                _ => None,
            })
            .collect();
        assert_eq!(ends, [Condition::RetriesExhausted]);
        assert!(queue.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_engine_leaves_runs_elsewhere() {
    for (killed, expected) in [(true, 30..=60), (false, 15..=16)] {
        let queue = ScriptedSource::new(VISIBILITY);
        let shared = SharedQueue::new(queue.clone());
        let (ran, other) = (Ran::new(), Ran::new());
        let first = start(&shared, [function("orders", ran.run(seconds(600), 0))]).await;
        accept(&first, "orders", "[1]").await.unwrap();
        sleep(seconds(10)).await;
        match killed {
            true => drop(first),
            false => first.shutdown().await,
        }
        let second = start(&shared, [function("orders", other.run(seconds(600), 0))]).await;
        sleep(seconds(1200)).await;
        assert_eq!(ran.times("[1]"), [0]);
        let times = other.times("[1]");
        assert_eq!(times.len(), 1, "{times:?}");
        assert!(expected.contains(&times[0]), "{times:?}");
        assert!(queue.is_empty());
        drop(second);
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_unknown_functions_are_left_to_others() {
    let queue = ScriptedSource::new(VISIBILITY);
    let shared = SharedQueue::new(queue.clone());
    let ran = Ran::new();
    let quick = || Ran::new().run(seconds(0), 0);
    let without = start(&shared, [function("orders", quick())]).await;
    let with = start(&shared, [function("berths", ran.run(seconds(0), 0))]).await;
    for number in 0..20 {
        accept(&with, "berths", &number.to_string()).await.unwrap();
    }
    // Whichever receives them first, now and then.
    sleep(seconds(12)).await;
    without.shutdown().await;
    sleep(seconds(6)).await;
    for number in 0..20 {
        assert_eq!(ran.times(&number.to_string()).len(), 1, "{number}");
    }
    assert!(queue.is_empty());
    drop(with);

    let queue = ScriptedSource::with_dead_letters(VISIBILITY, 4);
    let shared = SharedQueue::new(queue.clone());
    let without = start(&shared, [function("orders", quick())]).await;
    queue.put([ScriptedSource::record("odd", None, "no event")]);
    let event = r#"{"function":"berths","request_id":"r","state":{"accepted_at":{"secs":4102444800,"nanos":0},"attempts":0,"throttles":0}}"#;
    let event = Bytes::from(format!("{event}\n[1]"));
    queue.send(event.clone(), Duration::ZERO).await.unwrap();
    sleep(seconds(300)).await;
    let dead = queue.dead_letters();
    assert_eq!(dead, ["sent-1", "odd"], "the queue's own policy ends it");
    drop(without);

    let with = start(&shared, [function("berths", ran.run(seconds(0), 0))]).await;
    queue.send(event, Duration::ZERO).await.unwrap();
    sleep(seconds(1)).await;
    assert_eq!(ran.times("[1]").len(), 1);
    drop(with);
}

#[tokio::test(start_paused = true)]
async fn what_the_queue_does_not_take_is_not_accepted() {
    let queue = Flaky {
        queue: ScriptedSource::new(VISIBILITY),
        sends: Arc::new(AtomicUsize::new(1)),
        deletes: Arc::default(),
    };
    let ran = Ran::new();
    let engine = start(
        &SharedQueue::new(queue.clone()),
        [function("orders", ran.run(seconds(0), 0))],
    )
    .await;
    let error = accept(&engine, "orders", "[1]").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let large = format!("\"{}\"", "x".repeat(1024 * 1024 - 2));
    let error = accept(&engine, "orders", &large).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    let limit = error.message().rsplit_once("(limit ").unwrap().1;
    let limit: usize = limit.trim_end_matches(" bytes)").parse().unwrap();
    let fits = format!("\"{}\"", "x".repeat(limit - 2));
    accept(&engine, "orders", &fits).await.unwrap();
    sleep(seconds(300)).await;
    assert_eq!((ran.times("[1]"), ran.times(&fits).len()), (vec![], 1));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_fails_for_a_while_loses_nothing() {
    let queue = Flaky {
        queue: ScriptedSource::new(VISIBILITY),
        sends: Arc::default(),
        deletes: Arc::default(),
    };
    let ran = Ran::new();
    let engine = start(
        &SharedQueue::new(queue.clone()),
        [function("orders", ran.run(seconds(1), 1))],
    )
    .await;
    accept(&engine, "orders", "[1]").await.unwrap();
    // The follow-up cannot be sent, however often: the event itself comes again.
    queue.sends.store(3, Ordering::SeqCst);
    queue.queue.fail(Error::new(ErrorKind::Unavailable, "away"));
    sleep(seconds(300)).await;
    assert_eq!(ran.times("[1]").len(), 2);
    assert!(queue.queue.is_empty());

    accept(&engine, "orders", "[2]").await.unwrap();
    queue.deletes.store(3, Ordering::SeqCst);
    sleep(seconds(300)).await;
    assert_eq!(
        ran.times("[2]").len(),
        2,
        "it was not deleted the first time"
    );
    assert!(queue.queue.is_empty());
    assert_eq!(engine.handle().waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_busy_keeps_no_other_from_running() {
    let queue = ScriptedSource::with_dead_letters(VISIBILITY, 2);
    let shared = SharedQueue::new(queue.clone());
    let (slow, quick) = (Ran::new(), Ran::new());
    let mut busy = function("slow", slow.run(seconds(60), 0));
    busy.max_environments = 1;
    let functions = [busy, function("quick", quick.run(seconds(0), 0))];
    let engine = start(&shared, functions).await;
    for number in 0..100 {
        accept(&engine, "slow", &number.to_string()).await.unwrap();
    }
    accept(&engine, "quick", "[1]").await.unwrap();
    sleep(seconds(5)).await;
    assert_eq!(quick.times("[1]"), [0]);
    let held = engine.handle().waiting();
    assert!(held <= 11, "{held} are kept from other engines");
    sleep(seconds(7200)).await;
    let runs = slow.seen.lock().unwrap();
    assert_eq!(runs.len(), 100);
    assert!(runs.values().all(|runs| runs.len() == 1));
    assert_eq!(queue.dead_letters(), [""; 0]);
}

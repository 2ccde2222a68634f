//! Records on their way to destinations: sent, tried again, given up, and kept across restarts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::{ARN, eventually, function};
use lambda_with::rules::destination::{Kind, Message};
use lambda_with::rules::retry::Config;
use lambda_with::rules::stream::{Origin, Settings};
use lambda_with::{Error, ErrorKind, Function, FunctionError, Invocation, InvocationType, Invoke};
use lambda_with_local::{
    Asynchronous, Context, FunctionOptions, Local, Options, Run, ScriptedStream, What,
};
use serde_json::{Value, json};
use tokio::time::Instant;

const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:failed";
const DEAD: &str = "arn:aws:sns:eu-west-1:123456789012:dead";

/// What a destination was sent, and when.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<(Instant, Message)>>>);

impl Sent {
    /// Sends through `answer`, which is told how many came before.
    fn options<F>(&self, answer: impl Fn(usize) -> F + Send + Sync + 'static) -> Options
    where
        F: Future<Output = Result<(), ErrorKind>> + Send + 'static,
    {
        let sent = self.clone();
        Options {
            destinations: Some(Arc::new(move |message| {
                let mut all = sent.0.lock().unwrap();
                all.push((Instant::now(), message));
                let answered = answer(all.len() - 1);
                Box::pin(async move { answered.await.map_err(|kind| Error::new(kind, "shut")) })
            })),
            ..Options::in_memory()
        }
    }

    fn all(&self) -> Vec<Message> {
        let all = self.0.lock().unwrap();
        all.iter().map(|(_, message)| message.clone()).collect()
    }

    /// Each message once, by destination.
    fn different(&self) -> Vec<Message> {
        let mut all = self.all();
        all.sort_by_key(|message| message.to.to_string());
        all.dedup();
        all
    }

    /// The seconds since the first.
    fn seconds(&self) -> Vec<u64> {
        let all = self.0.lock().unwrap();
        let since = |at: Instant| at.duration_since(all[0].0).as_millis().div_ceil(1000);
        let seconds = all.iter().map(|(at, _)| since(*at));
        seconds.map(|since| u64::try_from(since).unwrap()).collect()
    }
}

/// A function that fails unless its event is `1`, and counts its runs.
fn echo(asynchronous: Asynchronous) -> (FunctionOptions, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = runs.clone();
    let run = Run::handler(move |event: Bytes, _: Context| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            match &event[..] {
                b"1" => Ok(event),
                _ => Err(FunctionError {
                    error_type: Some("Boom".into()),
                    error_message: "boom".into(),
                }),
            }
        }
    });
    let options = FunctionOptions {
        asynchronous,
        ..FunctionOptions::new(function(), run)
    };
    (options, runs)
}

fn at_once(on_failure: &str) -> Asynchronous {
    Asynchronous {
        retry: Config::new(0, Duration::from_secs(21_600)).unwrap(),
        on_failure: Some(on_failure.parse().unwrap()),
        ..Asynchronous::default()
    }
}

async fn invoke(local: &Local, payload: &'static str) {
    let invocation = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new(payload)
    };
    let echo = local.handle().function("echo").unwrap();
    echo.invoke(invocation).await.unwrap();
}

fn lines(dir: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(dir.join("deliveries.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_destination_receives_its_own() {
    let sent = Sent::default();
    let mut options = sent.options(|_| async { Ok(()) });
    let asynchronous = Asynchronous {
        on_success: Some(
            "arn:aws:events:eu-west-1:123456789012:event-bus/b"
                .parse()
                .unwrap(),
        ),
        dead_letter: Some(DEAD.parse().unwrap()),
        ..at_once(QUEUE)
    };
    options.functions.push(echo(asynchronous).0);
    let local = Local::start(options).await.unwrap();
    invoke(&local, "1").await;
    local.handle().settled().await;
    invoke(&local, r#"{"no": 2 }"#).await;
    local.handle().settled().await;
    let all = sent.all();
    let kinds: Vec<(Kind, String)> = all.iter().map(|m| (m.kind, m.to.to_string())).collect();
    let bus = "arn:aws:events:eu-west-1:123456789012:event-bus/b";
    assert_eq!(
        kinds,
        [
            (Kind::OnSuccess, bus.to_owned()),
            (Kind::OnFailure, QUEUE.to_owned()),
            (Kind::DeadLetter, DEAD.to_owned()),
        ]
    );
    assert_eq!(all[0].resources()[1], format!("{ARN}:$LATEST"));
    let record: Value = serde_json::from_slice(&all[1].body).unwrap();
    assert_eq!(record["responsePayload"]["errorMessage"], "boom");
    assert_eq!(all[2].body, r#"{"no": 2 }"#, "byte for byte");
    let attributes: Vec<_> = all[2]
        .attributes
        .iter()
        .map(|a| (&*a.name, &*a.value))
        .collect();
    let id = record["requestContext"]["requestId"].as_str().unwrap();
    assert_eq!(
        attributes,
        [
            ("RequestID", id),
            ("ErrorCode", "200"),
            ("ErrorMessage", "boom")
        ]
    );
    let header = all[1].trace_header.as_deref().unwrap();
    assert!(
        header.contains("Root=1-") && header.contains("Lineage="),
        "{header}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_for_an_hour_and_what_may_not_is_given_up() {
    async fn check(
        kind: ErrorKind,
        fails: usize,
        tries: &[u64],
        because: Option<&str>,
    ) -> Vec<u64> {
        let sent = Sent::default();
        let mut options = sent.options(move |before| async move {
            match before < fails {
                true => Err(kind),
                false => Ok(()),
            }
        });
        let (function, runs) = echo(at_once(QUEUE));
        options.functions.push(function);
        let local = Local::start(options).await.unwrap();
        invoke(&local, "2").await;
        local.handle().settled().await;
        let seconds = sent.seconds();
        assert_eq!(seconds[..tries.len()], *tries, "{kind:?}");
        assert_eq!(
            runs.load(Ordering::SeqCst),
            1,
            "the function is not asked again"
        );
        let end = local.handle().history().pop().unwrap().what;
        match because {
            None => assert!(matches!(end, What::Sent { .. }), "{end:?}"),
            Some(why) => assert!(
                matches!(&end, What::Undelivered { because, .. } if because.contains(why)),
                "{end:?}"
            ),
        }
        seconds
    }
    let passing = [
        ErrorKind::Unavailable,
        ErrorKind::Throttled,
        ErrorKind::Conflict,
    ];
    for kind in passing {
        let tries = check(kind, 4, &[0, 1, 3, 7, 15], None).await;
        assert_eq!(tries.len(), 5);
    }
    let refused = [
        ErrorKind::NotFound,
        ErrorKind::Denied,
        ErrorKind::Invalid,
        ErrorKind::Limit,
    ];
    for kind in refused {
        let tries = check(kind, 1, &[0], Some("shut")).await;
        assert_eq!(tries.len(), 1);
    }
    let begun = &[0, 1, 3, 7, 15, 31, 63, 123];
    let tries = check(ErrorKind::Unavailable, usize::MAX, begun, Some("shut")).await;
    assert!((3540..=3600).contains(tries.last().unwrap()), "{tries:?}");
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_hangs_or_panics_holds_up_nobody() {
    let sent = Sent::default();
    let mut options = sent.options(|before| async move {
        match before {
            0 => panic!("as it should"),
            1..40 => std::future::pending().await,
            _ => Ok(()),
        }
    });
    let (function, runs) = echo(at_once(QUEUE));
    options.functions.push(function);
    let local = Local::start(options).await.unwrap();
    for _ in 0..100 {
        invoke(&local, "2").await;
    }
    while runs.load(Ordering::SeqCst) < 100 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(
        sent.all().len() <= 33,
        "32 at once, and the one that panicked"
    );
    local.handle().settled().await;
    let history = local.handle().history();
    let arrived = history
        .iter()
        .filter(|h| matches!(h.what, What::Sent { .. }));
    assert_eq!(arrived.count(), 100);
    assert!(sent.seconds().contains(&30), "no answer for 30 seconds");
}

#[tokio::test(start_paused = true)]
async fn a_shard_goes_on_while_its_destination_is_away() {
    let sent = Sent::default();
    let mut options = sent.options(|before| async move {
        match before < 6 {
            true => Err(ErrorKind::Unavailable),
            false => Ok(()),
        }
    });
    options.functions.push(echo(Asynchronous::default()).0);
    let local = Local::start(options).await.unwrap();
    let stream = ScriptedStream::new(["orders-0"]);
    let record = |id: &str| {
        let json = json!({"offset": id, "key": "YmVydGgtNw=="}).to_string();
        ScriptedStream::record(id, "orders-0", json)
    };
    let ids = ["0", "1", "2", "3"];
    stream.put("orders-0", ids.map(record));
    let mut settings = Settings::new(Origin::Kafka {
        bootstrap_servers: "b-1.example.com:9092".into(),
    });
    settings.limits.size = 2;
    settings.maximum_retry_attempts = Some(0);
    settings.on_failure = Some("kafka://failed".parse().unwrap());
    let echo = local.handle().function("echo").unwrap();
    let poller = echo.stream("m", stream.clone(), settings);
    let begun = Instant::now();
    while stream.checkpoints().get("orders-0").map(String::as_str) != Some("3") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(poller.polled().given_up, 4);
    local.handle().settled().await;
    let mut values = Vec::new();
    for message in sent.all() {
        assert_eq!(message.key.as_deref(), Some(&b"berth-7"[..]));
        assert_eq!(message.to.to_string(), "kafka://failed");
        let value: Value = serde_json::from_slice(&message.body).unwrap();
        let offset = &value["KafkaBatchInfo"]["recordInfo"]["offset"];
        values.push(offset.as_str().unwrap().to_owned());
    }
    values.sort_unstable();
    values.dedup();
    assert_eq!(
        (values, sent.all().len()),
        (ids.map(str::to_owned).into(), 10)
    );
}

#[tokio::test]
async fn a_restart_sends_what_was_not_sent_and_the_file_has_what_was_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (function, runs) = echo(Asynchronous {
        dead_letter: Some(DEAD.parse().unwrap()),
        ..at_once(QUEUE)
    });
    let start = async |options: Options| {
        let options = Options {
            data_dir: Some(dir.path().to_owned()),
            functions: vec![function.clone()],
            ..options
        };
        Local::start(options).await.unwrap()
    };
    let first = Sent::default();
    let local = start(first.options(|_| async { Err(ErrorKind::Unavailable) })).await;
    invoke(&local, "2").await;
    eventually("both were tried", 60, || first.different().len() == 2).await;
    eventually("the event is done with", 60, || {
        local.handle().waiting() == 2
    })
    .await;
    local.shutdown().await;
    assert!(lines(dir.path()).is_empty(), "nothing is given up");

    let second = Sent::default();
    let local = start(second.options(|before| async move {
        match before {
            0 => Err(ErrorKind::NotFound),
            _ => Ok(()),
        }
    }))
    .await;
    assert_eq!(local.handle().waiting(), 2);
    tokio::time::timeout(Duration::from_secs(30), local.handle().settled())
        .await
        .unwrap();
    local.shutdown().await;
    let (before, after) = (first.different(), second.different());
    assert_eq!(before, after, "the very same messages");
    assert_eq!(
        runs.load(Ordering::SeqCst),
        1,
        "the function is not asked again"
    );
    let kept = lines(dir.path());
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0]["error"], "shut");
    assert_eq!(kept[0]["function"], "echo");
    let refused = second.all()[0].clone();
    assert_eq!(kept[0]["destination"], refused.to.to_string());
    let body: Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(kept[0]["body"], body);

    // Without anybody to send them, what is on disk ends in the file.
    let third = Sent::default();
    let local = start(third.options(|_| async { Err(ErrorKind::Throttled) })).await;
    invoke(&local, "3").await;
    eventually("both were tried", 60, || third.different().len() == 2).await;
    eventually("the event is done with", 60, || {
        local.handle().waiting() == 2
    })
    .await;
    local.shutdown().await;
    let local = start(Options::default()).await;
    tokio::time::timeout(Duration::from_secs(30), local.handle().settled())
        .await
        .unwrap();
    local.shutdown().await;
    assert_eq!(lines(dir.path()).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn functions_of_the_engine_are_not_sent_to() {
    let sent = Sent::default();
    let mut options = sent.options(|_| async { Ok(()) });
    let here = "arn:aws:lambda:eu-west-1:123456789012:function:records";
    let records = Function::new(here.parse().unwrap()).unwrap();
    let run = Run::handler(|event: Bytes, _: Context| async move { Ok::<_, FunctionError>(event) });
    options.functions.push(FunctionOptions::new(records, run));
    options.functions.push(echo(at_once(here)).0);
    let local = Local::start(options).await.unwrap();
    invoke(&local, "2").await;
    local.handle().settled().await;
    assert!(sent.all().is_empty());
    let history = local.handle().history();
    let ran = history
        .iter()
        .any(|h| h.function == "records" && matches!(h.what, What::Ran { .. }));
    assert!(ran, "{history:?}");
}

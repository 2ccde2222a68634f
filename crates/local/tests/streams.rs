//! Streams read by the engine: shards, restarts, failures, time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::example;
use lambda_with::rules::stream::{Condition, Origin, Settings};
use lambda_with::{
    Error, ErrorKind, Function, FunctionError, Position, Record, Shard, Slice, Stream, Timestamp,
};
use lambda_with_local::{
    FunctionOptions, Handle, Local, Options, Polled, Poller, Run, ScriptedStream, What,
};
use serde_json::Value;

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:clicks";

/// What a function does with the ids of a batch.
type Answer = dyn Fn(&[String]) -> Result<&'static str, &'static str> + Send + Sync;

/// A function that takes note of the records of every batch it succeeds with.
struct Noting {
    seen: Arc<Mutex<Vec<String>>>,
    options: FunctionOptions,
}

impl Noting {
    fn new(
        answer: impl Fn(&[String]) -> Result<&'static str, &'static str> + Send + Sync + 'static,
    ) -> Self {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (notes, answer): (_, Arc<Answer>) = (seen.clone(), Arc::new(answer));
        let run = Run::handler(move |event: Bytes, _| {
            let event: Value = serde_json::from_slice(&event).unwrap();
            let ids = event["Records"].as_array().unwrap().iter();
            let ids: Vec<String> = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
            let answer = answer(&ids);
            if answer.is_ok() {
                notes.lock().unwrap().extend(ids);
            }
            async move {
                answer.map(Bytes::from).map_err(|message| FunctionError {
                    error_type: Some("Boom".into()),
                    error_message: message.into(),
                })
            }
        });
        Self {
            seen,
            options: FunctionOptions::new(Function::new(ARN.parse().unwrap()).unwrap(), run),
        }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    async fn start(&self, mut options: Options) -> Local {
        options.functions.push(self.options.clone());
        Local::start(options).await.unwrap()
    }
}

fn settings() -> Settings {
    let stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks";
    Settings::new(Origin::Kinesis {
        stream: stream.parse().unwrap(),
    })
}

fn records(ids: std::ops::Range<u32>) -> Vec<Record> {
    let record = |id: u32| {
        ScriptedStream::record(
            &id.to_string(),
            &format!("key {}", id % 3),
            format!(r#""{id}""#),
        )
    };
    ids.map(record).collect()
}

fn read(handle: &Handle, stream: &ScriptedStream, settings: Settings) -> Poller {
    let clicks = handle.function("clicks").unwrap();
    clicks.stream("clicks", stream.clone(), settings)
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn numbers(seen: &[String]) -> Vec<u32> {
    seen.iter().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn children_wait_for_their_parents_and_shards_run_side_by_side() {
    // Neither parent gets on before the first half minute is over.
    let begun = tokio::time::Instant::now();
    let noting = Noting::new(move |ids| match ids[0].as_str() {
        "0" | "10" if begun.elapsed() < Duration::from_secs(30) => Err("not yet"),
        _ => Ok("null"),
    });
    let local = noting.start(Options::in_memory()).await;
    let stream = ScriptedStream::new(["a", "b"]);
    stream.put("a", records(0..3));
    stream.put("b", records(10..13));
    let poller = read(&local.handle(), &stream, settings());
    seconds(10).await;
    stream.split("a", ["a1", "a2"]);
    stream.merge(["a2", "b"], "c");
    stream.put("a1", records(20..23));
    stream.put("c", records(30..33));
    seconds(15).await;
    assert!(noting.seen().is_empty(), "{:?}", noting.seen());
    seconds(600).await;
    let seen = numbers(&noting.seen());
    let place = |id: u32| seen.iter().position(|other| *other == id).unwrap();
    assert_eq!(seen.len(), 12, "{seen:?}");
    assert!(place(2) < place(20), "{seen:?}");
    assert!(place(2) < place(30) && place(12) < place(30), "{seen:?}");
    let expected = [("a", "2"), ("a1", "22"), ("b", "12"), ("c", "32")];
    let expected = expected.map(|(shard, id)| (shard.to_owned(), id.to_owned()));
    assert_eq!(stream.checkpoints(), expected.into());
    assert_eq!(poller.polled().succeeded, 12);
}

#[tokio::test(start_paused = true)]
async fn six_hours_of_retries_take_no_time() {
    let real = std::time::Instant::now();
    let noting = Noting::new(|_| Err("never"));
    let local = noting.start(Options::in_memory()).await;
    let stream = ScriptedStream::new(["a"]);
    let mut all = records(0..2);
    all[0].arrived = Some(Timestamp::now());
    stream.put("a", all);
    let mut settings = settings();
    settings.limits.size = 1;
    settings.maximum_record_age = Some(Duration::from_secs(6 * 3600));
    settings.on_failure = Some("arn:aws:s3:::clicks-failed".parse().unwrap());
    read(&local.handle(), &stream, settings);
    seconds(13 * 3600).await;
    assert!(
        real.elapsed() < Duration::from_secs(600),
        "{:?}",
        real.elapsed()
    );

    let history = local.handle().history();
    let given_up = history
        .iter()
        .filter_map(|happening| match &happening.what {
            What::GivenUp {
                condition,
                attempts,
                spans,
            } => Some((*condition, *attempts, spans[0].first.clone())),
            _ => None,
        });
    // Eight attempts in the first half minute, and one each minute from then on.
    let age = Condition::RecordAgeExceeded;
    let given_up: Vec<_> = given_up.collect();
    assert_eq!(given_up[0], (age, 367, "0".to_owned()));
    // The second was read at the start as well, and has waited as long.
    assert_eq!(given_up[1], (age, 0, "1".to_owned()));
    let sent = history.iter().find_map(|happening| match &happening.what {
        What::Sent { to: Some(to), body } => Some((to.as_str().to_owned(), body.clone())),
        _ => None,
    });
    let (to, body) = sent.unwrap();
    assert_eq!(to, "arn:aws:s3:::clicks-failed");
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["payload"], r#"{"Records":["0"]}"#);
    assert_eq!(body["requestContext"]["functionArn"], ARN);
}

#[tokio::test(start_paused = true)]
async fn sources_that_fail_are_asked_again() {
    let noting = Noting::new(|_| Ok("null"));
    let local = noting.start(Options::in_memory()).await;
    let stream = ScriptedStream::new(["a"]);
    stream.put("a", records(0..5));
    for _ in 0..4 {
        stream.fail(Error::new(ErrorKind::Unavailable, "the stream is away"));
    }
    let poller = read(&local.handle(), &stream, settings());
    seconds(1).await;
    assert!(poller.polled().error.unwrap().contains("away"));
    seconds(60).await;
    let Polled {
        succeeded, error, ..
    } = poller.polled();
    assert_eq!((succeeded, error), (5, None));

    // What is trimmed before it was read is gone; the rest is read. A shard that is gone ends.
    stream.fail(Error::new(ErrorKind::Unavailable, "the stream is away"));
    stream.put("a", records(5..9));
    stream.trim("a", 7);
    seconds(60).await;
    assert_eq!(numbers(&noting.seen()), [0, 1, 2, 3, 4, 7, 8]);
    stream.remove("a");
    stream.open("b", ["a"]);
    stream.put("b", records(9..10));
    seconds(120).await;
    assert_eq!(numbers(&noting.seen()), [0, 1, 2, 3, 4, 7, 8, 9]);
}

#[tokio::test(start_paused = true)]
async fn reading_begins_where_it_is_told() {
    for (position, expected) in [
        (Position::TrimHorizon, vec![0, 1, 2, 3, 4]),
        (Position::Latest, vec![3, 4]),
        (
            Position::At(Timestamp::from_unix_seconds(100)),
            vec![1, 2, 3, 4],
        ),
    ] {
        let noting = Noting::new(|_| Ok("null"));
        let local = noting.start(Options::in_memory()).await;
        let stream = ScriptedStream::new(["a"]);
        let mut old = records(0..3);
        for (record, arrived) in old.iter_mut().zip([99, 100, 101]) {
            record.arrived = Some(Timestamp::from_unix_seconds(arrived));
        }
        stream.put("a", old);
        let mut settings = settings();
        settings.starting_position = position.clone();
        read(&local.handle(), &stream, settings);
        seconds(5).await;
        stream.put("a", records(3..4));
        seconds(5).await;
        // A child of a shard that was there is read whole.
        stream.split("a", ["b"]);
        stream.put("b", records(4..5));
        seconds(30).await;
        assert_eq!(numbers(&noting.seen()), expected, "{position:?}");
    }
}

/// A shard that never has anything, and how often it was read.
#[derive(Clone, Debug, Default)]
struct Empty(Arc<AtomicUsize>);

impl Stream for Empty {
    async fn shards(&self) -> Result<Vec<Shard>, Error> {
        Ok(vec![Shard {
            id: "a".into(),
            parents: Vec::new(),
        }])
    }

    async fn read(&self, _: &str, _: &Position, _: usize, _: Duration) -> Result<Slice, Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Slice {
            records: Vec::new(),
            next: Position::TrimHorizon,
            ended: false,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_shard_is_read_at_lambdas_pace() {
    let table =
        "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123";
    let dynamodb = Origin::DynamoDb {
        stream: table.parse().unwrap(),
    };
    for (origin, reads) in [(settings().origin, 10), (dynamodb, 40)] {
        let noting = Noting::new(|_| Ok("null"));
        let local = noting.start(Options::in_memory()).await;
        let clicks = local.handle().function("clicks").unwrap();
        let empty = Empty::default();
        let poller = clicks.stream("clicks", empty.clone(), Settings::new(origin));
        tokio::time::sleep(Duration::from_millis(9_900)).await;
        assert_eq!(empty.0.load(Ordering::SeqCst), reads);
        poller.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let noting = Noting::new(|_| Ok("null"));
    let stream = ScriptedStream::new(["a"]);
    let mut settings = settings();
    settings.starting_position = Position::Latest;
    for round in 0..3 {
        let local = noting.start(Options::new(dir.path())).await;
        let poller = read(&local.handle(), &stream, settings.clone());
        if round == 0 {
            // What is latest is settled by the first read.
            seconds(1).await;
            assert!(noting.seen().is_empty());
        }
        stream.put("a", records(10 * round..10 * round + 5));
        let until = 5 * (round + 1);
        while poller.polled().error.is_none() && noting.seen().len() < until as usize {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        poller.stop().await;
        // What comes while nobody reads waits.
        stream.put("a", records(10 * round + 5..10 * round + 6));
        local.shutdown().await;
        if round < 2 {
            assert_eq!(noting.seen().len(), until as usize + round as usize);
        }
    }
    let seen = numbers(&noting.seen());
    assert!(
        seen.is_sorted() && seen[..6] == [0, 1, 2, 3, 4, 5],
        "{seen:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn windows_hand_their_state_on_through_the_engine() {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let notes = seen.clone();
    let run = Run::handler(move |event: Bytes, _| {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let count = event["Records"].as_array().unwrap().len() as u64;
        let count = count + event["state"]["count"].as_u64().unwrap_or_default();
        notes.lock().unwrap().push(event);
        async move { Ok(format!(r#"{{"state":{{"count":{count}}}}}"#).into()) }
    });
    let mut options = Options::in_memory();
    let function = Function::new(ARN.parse().unwrap()).unwrap();
    options.functions.push(FunctionOptions::new(function, run));
    let local = Local::start(options).await.unwrap();
    let stream = ScriptedStream::new(["a"]);
    let mut settings = settings();
    settings.limits.size = 2;
    settings.tumbling_window = Some(Duration::from_secs(300));
    let mut all = records(0..5);
    let now = Timestamp::now().seconds();
    let start = now.div_euclid(300) * 300;
    for (record, arrived) in all.iter_mut().zip([0, 1, 2, 300, 301]) {
        record.arrived = Some(Timestamp::from_unix_seconds(start + arrived));
    }
    stream.put("a", all);
    read(&local.handle(), &stream, settings);
    seconds(1200).await;
    let seen = seen.lock().unwrap().clone();
    let line = |event: &Value| {
        let last = event["isFinalInvokeForWindow"].as_bool().unwrap();
        (
            event["Records"].as_array().unwrap().len(),
            event["state"]["count"].as_u64(),
            last,
        )
    };
    assert_eq!(
        seen.iter().map(line).collect::<Vec<_>>(),
        [
            (2, None, false),
            (1, Some(2), false),
            (0, Some(3), true),
            (2, None, false),
            (0, Some(2), true),
        ]
    );
}

#[test]
fn failures_become_lines_with_their_key() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let noting = Noting::new(|_| Err("never"));
        let local = noting.start(Options::new(dir.path())).await;
        let stream = ScriptedStream::new(["a"]);
        stream.put("a", records(0..1));
        let mut settings = settings();
        settings.maximum_retry_attempts = Some(0);
        settings.on_failure = Some("arn:aws:s3:::clicks-failed".parse().unwrap());
        let poller = read(&local.handle(), &stream, settings);
        while poller.polled().given_up == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        local.shutdown().await;
    });
    let line = std::fs::read_to_string(dir.path().join("deliveries.jsonl")).unwrap();
    let line: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert_eq!(line["kind"], "on-failure");
    assert_eq!(line["destination"], "arn:aws:s3:::clicks-failed");
    let key = line["key"].as_str().unwrap();
    assert!(key.starts_with("aws/lambda/clicks/a/20"), "{key}");
    let function_error = &line["body"]["responseContext"]["functionError"];
    assert_eq!(function_error, "Unhandled");
}

#[test]
fn kill_nine_loses_no_record_and_keeps_the_order() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ran");
    let start = |most: &str| {
        Command::new(example("stream"))
            .arg(dir.path().join("data"))
            .arg(&file)
            .arg(most)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let ran = || -> Vec<u32> {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        text.lines().map(|line| line.parse().unwrap()).collect()
    };
    let mut kills = 0;
    let last = loop {
        let before = ran().len();
        // The first ones cannot get to the end before they are killed.
        let most = if kills < 3 {
            20 * kills + 30
        } else {
            usize::MAX
        };
        let mut engine = start(&most.to_string());
        // Killed in the middle of things, later each time.
        let ended = loop {
            if let Some(status) = engine.try_wait().unwrap() {
                break Some(status);
            }
            if kills < 8 && ran().len() > before + 20 * (kills + 1) {
                engine.kill().unwrap();
                engine.wait().unwrap();
                kills += 1;
                break None;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if let Some(status) = ended {
            assert!(status.success());
            break before;
        }
    };
    let all = ran();
    let mut first = Vec::new();
    for id in &all {
        if !first.contains(id) {
            first.push(*id);
        }
    }
    let mut sorted = first.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..200).collect::<Vec<_>>(), "nothing is lost");
    for key in 0..7 {
        for shard in [0..100, 100..150, 150..200] {
            let of = |id: &&u32| *id % 7 == key && shard.contains(*id);
            assert!(first.iter().filter(of).is_sorted(), "{first:?}");
        }
    }
    let child = first.iter().position(|id| *id >= 100).unwrap();
    assert_eq!(child, 100, "children wait for their parent");
    assert!(
        kills >= 3 && all.len() - last < 200,
        "a restart goes on where it was"
    );
}

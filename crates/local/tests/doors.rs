//! Front doors and pollers, with doors and sources of the test's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::batch::Limits;
use lambda_with::rules::filter::FilterCriteria;
use lambda_with::{
    Error, ErrorKind, Function, FunctionError, Invocation, Invoke, Outcome, Record, Source,
};
use lambda_with_local::{
    Context, FunctionOptions, Handle, Local, Mapping, Options, Peer, Run, What,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

async fn start(run: Run) -> Local {
    let mut options = Options::in_memory();
    options.functions.push(FunctionOptions::new(
        Function::new(ARN.parse().unwrap()).unwrap(),
        run,
    ));
    Local::start(options).await.unwrap()
}

fn echo() -> Run {
    Run::handler(|event: Bytes, _: Context| async move { Ok::<_, FunctionError>(event) })
}

#[tokio::test]
async fn a_front_door_takes_whole_bodies_of_at_most_ten_megabytes() {
    let local = start(echo()).await;
    let orders = local.handle().function("orders").unwrap();
    let door = move |request: http::Request<Bytes>, peer: Peer| {
        let orders = orders.clone();
        async move {
            assert!(peer.remote.ip().is_loopback() && peer.local.port() > 0);
            let length = request.body().len().to_string();
            let outcome = orders.invoke(Invocation::new(length)).await.unwrap();
            http::Response::new(outcome.payload().unwrap().clone())
        }
    };
    let address = local.handle().serve(0, door).await.unwrap();
    let max = 10 * 1024 * 1024;
    for (length, chunked, expected) in [
        (0, false, "\r\n\r\n0"),
        (5, false, "\r\n\r\n5"),
        (max, false, "\r\n\r\n10485760"),
        (max, true, "\r\n\r\n10485760"),
        (max + 1, false, "HTTP/1.1 413 "),
        (max + 1, true, "HTTP/1.1 413 "),
    ] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let framing = if chunked {
            format!("transfer-encoding: chunked\r\n\r\n{length:x}\r\n")
        } else {
            format!("content-length: {length}\r\n\r\n")
        };
        let mut request =
            format!("POST /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{framing}").into_bytes();
        request.resize(request.len() + length, b'x');
        if chunked {
            request.extend_from_slice(b"\r\n0\r\n\r\n");
        }
        stream.write_all(&request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(expected), "{length} {chunked}: {answer}");
    }
    let taken = local
        .handle()
        .serve(address.port(), |_: http::Request<Bytes>, _: Peer| async {
            http::Response::new(Bytes::new())
        })
        .await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Unavailable);
    local.shutdown().await;
}

#[tokio::test]
async fn a_client_that_hangs_up_is_answered_and_a_page_of_a_website_is_refused() {
    let mut options = Options::in_memory();
    options.invoke_port = Some(0);
    let slow = Run::handler(|event: Bytes, _: Context| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok::<_, FunctionError>(event)
    });
    let orders = Function::new(ARN.parse().unwrap()).unwrap();
    options.functions.push(FunctionOptions::new(orders, slow));
    let local = Local::start(options).await.unwrap();
    let address = local.handle().invoke_address().unwrap();
    for (headers, expected) in [
        ("host: 127.0.0.1:9000", "HTTP/1.1 200 "),
        (
            "host: localhost\r\norigin: http://localhost:3000",
            "HTTP/1.1 200 ",
        ),
        ("host: example.com", "HTTP/1.1 403 "),
        (
            "host: localhost\r\norigin: https://example.com",
            "HTTP/1.1 403 ",
        ),
    ] {
        let request = format!(
            "POST /2015-03-31/functions/orders/invocations HTTP/1.1\r\n{headers}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(expected), "{headers}: {answer}");
    }
    local.shutdown().await;
}

/// A queue in memory that gives out what was not acknowledged again after 30 seconds, and nothing of
/// a group while something of it is out.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    visible: VecDeque<Record>,
    hidden: Vec<(tokio::time::Instant, Record)>,
    acknowledged: Vec<String>,
    broken: usize,
}

impl Queue {
    fn put(&self, id: &str, group: Option<&str>, json: &str) {
        self.0.lock().unwrap().visible.push_back(Record {
            id: id.to_owned(),
            group: group.map(str::to_owned),
            receipt: String::new(),
            json: Bytes::copy_from_slice(json.as_bytes()),
            arrived: None,
        });
    }

    fn acknowledged(&self) -> Vec<String> {
        let mut ids = self.0.lock().unwrap().acknowledged.clone();
        ids.sort();
        ids
    }
}

impl Source for Queue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        let until = tokio::time::Instant::now() + wait;
        loop {
            {
                let mut state = self.0.lock().unwrap();
                if state.broken > 0 {
                    state.broken -= 1;
                    return Err(Error::new(ErrorKind::Unavailable, "the queue is broken"));
                }
                let now = tokio::time::Instant::now();
                let (back, hidden) = state
                    .hidden
                    .drain(..)
                    .partition::<Vec<_>, _>(|(due, _)| *due <= now);
                state.hidden = hidden;
                for (_, record) in back.into_iter().rev() {
                    state.visible.push_front(record);
                }
                let locked: Vec<_> = state
                    .hidden
                    .iter()
                    .filter_map(|(_, record)| record.group.clone())
                    .collect();
                let is_locked = |record: &Record| {
                    record
                        .group
                        .as_ref()
                        .is_some_and(|group| locked.contains(group))
                };
                let (given, kept) =
                    state.visible.drain(..).enumerate().partition::<Vec<_>, _>(
                        |(index, record)| *index < max && !is_locked(record),
                    );
                state.visible = kept.into_iter().map(|(_, record)| record).collect();
                let given: Vec<Record> = given.into_iter().map(|(_, record)| record).collect();
                let due = now + Duration::from_secs(30);
                state
                    .hidden
                    .extend(given.iter().map(|record| (due, record.clone())));
                if !given.is_empty() || now >= until {
                    return Ok(given);
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn acknowledge(&self, records: &[Record]) -> Result<(), Error> {
        let mut state = self.0.lock().unwrap();
        state
            .acknowledged
            .extend(records.iter().map(|record| record.id.clone()));
        state
            .hidden
            .retain(|(_, hidden)| !records.iter().any(|record| record.id == hidden.id));
        Ok(())
    }
}

/// The records of each batch that ran, in order.
fn batches(handle: &Handle) -> Vec<Vec<String>> {
    let batch = |payload: &Bytes| {
        let event: serde_json::Value = serde_json::from_slice(payload).unwrap();
        let records = event["Records"].as_array().unwrap();
        records
            .iter()
            .map(|record| record["messageId"].as_str().unwrap().to_owned())
            .collect()
    };
    let ran = handle.history().into_iter();
    ran.filter_map(|happening| match happening.what {
        What::Ran { payload, .. } => Some(batch(&payload)),
        _ => None,
    })
    .collect()
}

fn record(id: &str, body: &str) -> String {
    format!(r#"{{"messageId":"{id}","body":"{body}"}}"#)
}

/// Fails the messages whose body is `bad`, the first two times.
fn partial() -> Run {
    let tries = Arc::new(Mutex::new(std::collections::HashMap::<String, usize>::new()));
    Run::handler(move |event: Bytes, _: Context| {
        let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
        let mut failures = Vec::new();
        for record in event["Records"].as_array().unwrap() {
            let id = record["messageId"].as_str().unwrap().to_owned();
            let mut tries = tries.lock().unwrap();
            let count = tries.entry(id.clone()).or_default();
            *count += 1;
            if record["body"] == "bad" && *count < 3 {
                failures.push(serde_json::json!({"itemIdentifier": id}));
            }
        }
        let answer = serde_json::json!({"batchItemFailures": failures}).to_string();
        async move { Ok::<Bytes, FunctionError>(answer.into()) }
    })
}

#[tokio::test(start_paused = true)]
async fn a_poller_delivers_batches_and_acknowledges_what_succeeded() {
    let local = start(partial()).await;
    let orders = local.handle().function("orders").unwrap();
    let queue = Queue::default();
    queue.0.lock().unwrap().broken = 2;
    for number in 0..25 {
        let body = if number == 7 { "bad" } else { "good" };
        queue.put(
            &format!("m{number:02}"),
            None,
            &record(&format!("m{number:02}"), body),
        );
    }
    let mapping = Mapping {
        report_batch_item_failures: true,
        ..Mapping::default()
    };
    let poller = orders.poll(queue.clone(), mapping);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(queue.acknowledged().len(), 24, "all but one");
    assert!(
        poller.polled().failed == 1 && poller.polled().error.is_none(),
        "{:?}",
        poller.polled()
    );
    tokio::time::sleep(Duration::from_secs(80)).await;
    assert_eq!(queue.acknowledged().len(), 25);
    let polled = poller.polled();
    assert_eq!(
        (polled.received, polled.succeeded, polled.failed),
        (27, 25, 2)
    );
    let batches = batches(&local.handle());
    assert!(batches.iter().all(|batch| batch.len() <= 10));
    assert_eq!(
        batches.iter().filter(|batch| *batch == &["m07"]).count(),
        2,
        "alone, twice: {batches:?}"
    );
    poller.stop().await;
    local.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn groups_keep_their_order_and_a_failure_holds_the_rest_back() {
    let local = start(partial()).await;
    let orders = local.handle().function("orders").unwrap();
    let queue = Queue::default();
    for number in 0..6 {
        let body = if number == 1 { "bad" } else { "good" };
        queue.put(
            &format!("a{number}"),
            Some("a"),
            &record(&format!("a{number}"), body),
        );
        queue.put(
            &format!("b{number}"),
            Some("b"),
            &record(&format!("b{number}"), "good"),
        );
    }
    let limits = Limits {
        size: 1,
        ..Limits::default()
    };
    let mapping = Mapping {
        limits,
        report_batch_item_failures: true,
        ..Mapping::default()
    };
    let poller = orders.poll(queue.clone(), mapping);
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(queue.acknowledged().len(), 12, "{:?}", poller.polled());
    let of = |group: char| -> Vec<String> {
        batches(&local.handle())
            .concat()
            .into_iter()
            .filter(|id| id.starts_with(group))
            .collect()
    };
    assert_eq!(of('a'), ["a0", "a1", "a1", "a1", "a2", "a3", "a4", "a5"]);
    assert_eq!(of('b'), ["b0", "b1", "b2", "b3", "b4", "b5"]);
    poller.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_filters_keep_out_is_acknowledged_and_a_function_that_fails_is_asked_again() {
    let calls = Arc::new(Mutex::new(0));
    let run = Run::handler(move |event: Bytes, _: Context| {
        *calls.lock().unwrap() += 1;
        let fails = *calls.lock().unwrap() == 1;
        async move {
            if fails {
                Err(FunctionError::default())
            } else {
                Ok(event)
            }
        }
    });
    let local = start(run).await;
    let orders = local.handle().function("orders").unwrap();
    let queue = Queue::default();
    queue.put(
        "in",
        None,
        r#"{"messageId":"in","body":"{\"kind\":\"order\"}"}"#,
    );
    queue.put(
        "out",
        None,
        r#"{"messageId":"out","body":"{\"kind\":\"other\"}"}"#,
    );
    let filters = FilterCriteria::parse([r#"{"body":{"kind":["order"]}}"#]).unwrap();
    let poller = orders.poll(
        queue.clone(),
        Mapping {
            filters,
            ..Mapping::default()
        },
    );
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(queue.acknowledged(), ["out"]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(queue.acknowledged(), ["in", "out"]);
    assert_eq!(batches(&local.handle()), [["in"], ["in"]]);
    let first = local
        .handle()
        .history()
        .into_iter()
        .find_map(|happening| match happening.what {
            What::Ran { outcome, .. } => Some(outcome),
            _ => None,
        });
    assert!(matches!(first, Some(Outcome::FunctionError { .. })));
    poller.stop().await;
}

//! From real brokers to a function in the engine: what failed comes again after a pause, and what is
//! too large for any event is gone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broker;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use broker::{amqp, stomp};
use lambda_with::rules::mapping::SourceKind;
use lambda_with::{Function, FunctionError, Source};
use lambda_with_local::{FunctionOptions, Local, Mapping, Options, Run};
use lambda_with_mq::poll::{ActiveMqSource, RabbitMqSource};
use lambda_with_mq::{ActiveMq, ActiveMqEvent, RabbitMq, RabbitMqEvent};
use lapin::BasicProperties;
use serde::de::DeserializeOwned;

const BROKER: &str = "arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d1a5c";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd";

/// When the function ran, and with how many messages.
type Runs = Arc<Mutex<Vec<(Instant, usize)>>>;

/// An engine whose function `work` fails twice, then no more.
async fn engine<E: DeserializeOwned + 'static>(count: fn(E) -> usize) -> (Local, Runs) {
    let runs = Runs::default();
    let seen = Arc::clone(&runs);
    let run = Run::handler(move |event, _| {
        let event: E = lambda_with::decode(event).unwrap();
        let mut seen = seen.lock().unwrap();
        seen.push((Instant::now(), count(event)));
        let failed = seen.len() <= 2;
        async move {
            match failed {
                true => Err(FunctionError {
                    error_type: None,
                    error_message: "not yet".into(),
                }),
                false => Ok("null".into()),
            }
        }
    });
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:work";
    let mut options = Options::in_memory();
    let function = Function::new(arn.parse().unwrap()).unwrap();
    options.functions.push(FunctionOptions::new(function, run));
    (Local::start(options).await.unwrap(), runs)
}

/// Polls until all is done with, and sees how.
async fn check<S: Source + 'static>(source: S, mapping: Mapping, local: &Local, runs: &Runs) {
    let work = local.handle().function("work").unwrap();
    let poller = work.poll(source, mapping);
    let begun = Instant::now();
    while poller.polled().succeeded < 1 {
        assert!(begun.elapsed() < Duration::from_secs(300), "{poller:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let polled = poller.polled();
    assert_eq!((polled.given_up, polled.batches), (1, 3), "{polled:?}");
    poller.stop().await;
    let runs = runs.lock().unwrap();
    let counts: Vec<usize> = runs.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [1, 1, 1], "the large message is in no event");
    for (pair, pause) in runs.windows(2).zip([1, 2]) {
        let waited = pair[1].0 - pair[0].0;
        let pause = Duration::from_secs(pause);
        assert!(waited > pause && waited < pause * 60, "{waited:?}");
    }
}

/// Base64 makes 6.7 MB of it.
fn large() -> Vec<u8> {
    vec![b'x'; 5 * 1024 * 1024]
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq() {
    let (_connection, channel, uri) = amqp::open().await;
    amqp::declare(&channel, "work").await;
    for body in [large(), b"small".to_vec()] {
        amqp::send(&channel, "work", &body, BasicProperties::default()).await;
    }
    let queue = RabbitMq::new(BROKER.parse().unwrap(), "work", SECRET.parse().unwrap());
    let mapping = Mapping::of(&queue.mapping(), SourceKind::RabbitMq).unwrap();
    let count = |event: RabbitMqEvent| event.rmq_messages_by_queue.get("work::/").unwrap().len();
    let (local, runs) = engine(count).await;
    let source = RabbitMqSource::connect(&uri, "work", 100).await.unwrap();
    check(source, mapping, &local, &runs).await;
    let rest = RabbitMqSource::connect(uri, "work", 100).await.unwrap();
    let left = rest.receive(10, Duration::from_secs(1)).await.unwrap();
    assert!(left.is_empty(), "the queue is empty");
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn activemq() {
    let address = format!("127.0.0.1:{}", broker::activemq());
    stomp::send(&[
        ("work", "persistent:true\n", &large()),
        ("work", "persistent:true\n", b"small"),
    ])
    .await;
    let queue = ActiveMq::new(BROKER.parse().unwrap(), "work", SECRET.parse().unwrap());
    let mapping = Mapping::of(&queue.mapping(), SourceKind::ActiveMq).unwrap();
    let (local, runs) = engine(|event: ActiveMqEvent| event.messages.len()).await;
    let open = || ActiveMqSource::connect(address.as_str(), "harbor", "s3cret", "work", 500);
    check(open().await.unwrap(), mapping, &local, &runs).await;
    let rest = open().await.unwrap();
    let left = rest.receive(10, Duration::from_secs(1)).await.unwrap();
    assert!(left.is_empty(), "the queue is empty");
    local.shutdown().await;
}

//! The same failures against every kind of polled source, and what becomes of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use expect_test::{Expect, expect};
use lambda_with::rules::mapping::{self, SourceKind};
use lambda_with::rules::scaling::Scaling;
use lambda_with::rules::stream::{Origin, Settings};
use lambda_with::{Function, FunctionError, Record, Timestamp};
use lambda_with_local::{
    FunctionOptions, Happening, Local, Mapping, Options, Run, ScriptedSource, ScriptedStream, What,
};
use serde_json::{Value, json};

const STREAM: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders";
const TABLE: &str =
    "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123";
const CLUSTER: &str =
    "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4";
const BROKER: &str = "arn:aws:mq:eu-west-1:123456789012:broker:jobs:b-5e1d1a5c";

/// The records of every source: number and key.
const RECORDS: [(u32, &str); 6] = [
    (1, "red"),
    (2, "blue"),
    (3, "red"),
    (4, "blue"),
    (5, "red"),
    (6, "blue"),
];

/// A source, as its records and answers name things.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Sqs,
    Fifo,
    Kinesis,
    DynamoDb,
    Msk,
    Kafka,
    ActiveMq,
    RabbitMq,
}

impl Kind {
    /// A record of this source, as it stands in the event.
    fn record(self, number: u32, key: &str) -> Value {
        match self {
            Self::Sqs => json!({"messageId": number.to_string(), "body": key}),
            Self::Fifo => json!({
                "messageId": number.to_string(),
                "attributes": {"MessageGroupId": key},
                "body": key,
            }),
            Self::Kinesis => json!({
                "kinesis": {"sequenceNumber": number.to_string(), "partitionKey": key},
                "eventSource": "aws:kinesis",
            }),
            Self::DynamoDb => json!({
                "eventName": "INSERT",
                "dynamodb": {"SequenceNumber": number.to_string(), "Keys": {"id": {"S": key}}},
            }),
            Self::Msk | Self::Kafka => {
                json!({"topic": "orders", "partition": 0, "offset": number, "key": null})
            }
            Self::ActiveMq => {
                json!({"messageID": number.to_string(), "messageType": "jms/text-message"})
            }
            Self::RabbitMq => json!({"basicProperties": {"messageId": number.to_string()}}),
        }
    }

    /// The numbers of an event's records.
    fn numbers(self, event: &Value) -> Vec<u32> {
        let records = match self {
            Self::Msk | Self::Kafka => event["records"]["orders-0"].as_array(),
            Self::ActiveMq => event["messages"].as_array(),
            Self::RabbitMq => event["rmqMessagesByQueue"]["orders::/"].as_array(),
            _ => event["Records"].as_array(),
        };
        let number = |record: &Value| {
            let id = match self {
                Self::Sqs | Self::Fifo => &record["messageId"],
                Self::Kinesis => &record["kinesis"]["sequenceNumber"],
                Self::DynamoDb => &record["dynamodb"]["SequenceNumber"],
                Self::Msk | Self::Kafka => &record["offset"],
                Self::ActiveMq => &record["messageID"],
                Self::RabbitMq => &record["basicProperties"]["messageId"],
            };
            id.as_u64().map_or_else(
                || id.as_str().unwrap().parse().unwrap(),
                |id| u32::try_from(id).unwrap(),
            )
        };
        records.unwrap().iter().map(number).collect()
    }

    /// What a partial answer names a record by.
    fn identifier(self, number: u32) -> Value {
        match self {
            Self::Msk | Self::Kafka => json!({"partition": "orders-0", "offset": number}),
            _ => json!(number.to_string()),
        }
    }
}

/// What the function does, by how often it has run with the first record of a batch.
///
/// The first run with record 1 throws, the first with record 3 is reported as failed, and record 6
/// is reported whenever it comes. A FIFO queue's function stops at what failed in a group.
fn answer(kind: Kind, numbers: &[u32], runs: &HashMap<u32, u32>) -> Result<Value, FunctionError> {
    if numbers.contains(&1) && runs[&1] == 1 {
        return Err(FunctionError {
            error_type: Some("Boom".into()),
            error_message: "the first run".into(),
        });
    }
    let bad = |number: &u32| *number == 6 || *number == 3 && runs[number] < 3;
    let keys: HashMap<u32, &str> = RECORDS.into();
    let failed = numbers.iter().enumerate().filter(|(index, number)| {
        let before = numbers[..*index].iter();
        let stopped = before
            .filter(|other| bad(other))
            .any(|other| keys[other] == keys[*number]);
        bad(number) || kind == Kind::Fifo && stopped
    });
    let items: Vec<Value> = failed
        .map(|(_, number)| json!({"itemIdentifier": kind.identifier(*number)}))
        .collect();
    Ok(json!({ "batchItemFailures": items }))
}

/// A function that answers as [`answer`] says.
fn function(kind: Kind) -> FunctionOptions {
    let runs: Arc<Mutex<HashMap<u32, u32>>> = Arc::default();
    let run = Run::handler(move |event: Bytes, _| {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let numbers = kind.numbers(&event);
        let mut runs = runs.lock().unwrap();
        for number in &numbers {
            *runs.entry(*number).or_default() += 1;
        }
        let answer = answer(kind, &numbers, &runs);
        async move { answer.map(|answer| answer.to_string().into()) }
    });
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    FunctionOptions::new(Function::new(arn.parse().unwrap()).unwrap(), run)
}

fn records(kind: Kind) -> Vec<Record> {
    let record = |(number, key): (u32, &str)| Record {
        id: number.to_string(),
        group: (!matches!(kind, Kind::Sqs | Kind::ActiveMq | Kind::RabbitMq))
            .then(|| key.to_owned()),
        receipt: String::new(),
        json: kind.record(number, key).to_string().into(),
        arrived: Some(Timestamp::now()),
    };
    RECORDS.into_iter().map(record).collect()
}

/// Runs the script, and says what happened: seconds, records, what came of it.
async fn play(kind: Kind) -> String {
    let mut options = Options::in_memory();
    options.functions.push(function(kind));
    let local = Local::start(options).await.unwrap();
    let orders = local.handle().function("orders").unwrap();
    let mut end = String::new();
    match kind {
        Kind::Sqs | Kind::Fifo | Kind::ActiveMq | Kind::RabbitMq => {
            let source = match kind {
                Kind::ActiveMq => SourceKind::ActiveMq,
                Kind::RabbitMq => SourceKind::RabbitMq,
                Kind::Fifo => SourceKind::SqsFifo,
                _ => SourceKind::SqsStandard,
            };
            let queue = match source.is_mq() {
                true => ScriptedSource::broker(),
                false => ScriptedSource::with_dead_letters(Duration::from_secs(30), 4),
            };
            queue.put(records(kind));
            let definition = mapping::Mapping {
                source: Some(BROKER.parse().unwrap()),
                batch_size: Some(4),
                queue: Some("orders".into()),
                report_batch_item_failures: Some(!source.is_mq()),
                ..mapping::Mapping::default()
            };
            let mapping = Mapping {
                scaling: Scaling::standard(Some(1)),
                ..Mapping::of(&definition, source).unwrap()
            };
            let poller = orders.poll(queue.clone(), mapping);
            tokio::time::sleep(Duration::from_secs(600)).await;
            writeln!(end, "acknowledged {:?}", queue.acknowledged()).unwrap();
            writeln!(end, "dead letters {:?}", queue.dead_letters()).unwrap();
            assert!(queue.is_empty(), "nothing is lost or left");
            poller.stop().await;
        }
        Kind::Kinesis | Kind::DynamoDb | Kind::Msk | Kind::Kafka => {
            let stream = ScriptedStream::new(["orders-0"]);
            stream.put("orders-0", records(kind));
            let mut settings = Settings::new(match kind {
                Kind::Kinesis => Origin::Kinesis {
                    stream: STREAM.parse().unwrap(),
                },
                Kind::DynamoDb => Origin::DynamoDb {
                    stream: TABLE.parse().unwrap(),
                },
                Kind::Msk => Origin::Msk {
                    cluster: CLUSTER.parse().unwrap(),
                    bootstrap_servers: "b-1.example.com:9098".into(),
                },
                _ => Origin::Kafka {
                    bootstrap_servers: "broker.example.net:9092".into(),
                },
            });
            settings.limits.size = 4;
            settings.report_batch_item_failures = true;
            settings.maximum_retry_attempts = Some(2);
            let queue = "arn:aws:sqs:eu-west-1:123456789012:orders-failed";
            settings.on_failure = Some(queue.parse().unwrap());
            let poller = orders.stream("orders", stream.clone(), settings);
            tokio::time::sleep(Duration::from_secs(600)).await;
            writeln!(end, "checkpoint {}", stream.checkpoints()["orders-0"]).unwrap();
            let polled = poller.polled();
            assert_eq!((polled.succeeded, polled.given_up), (5, 1), "{polled:?}");
            poller.stop().await;
        }
    }
    let trace = trace(kind, &local.handle().history());
    local.shutdown().await;
    trace + &end
}

fn trace(kind: Kind, history: &[Happening]) -> String {
    let begun = history[0].at.unix_millis();
    let mut trace = String::new();
    for happening in history {
        #[expect(clippy::cast_precision_loss, reason = "a test lasts minutes")]
        let at = (happening.at.unix_millis() - begun) as f64 / 1000.0;
        match &happening.what {
            What::Ran { payload, outcome } => {
                let numbers = kind.numbers(&serde_json::from_slice(payload).unwrap());
                let failed = match serde_json::from_slice::<Value>(outcome.payload().unwrap()) {
                    Ok(answer) if !outcome.is_function_error() => {
                        answer["batchItemFailures"].to_string()
                    }
                    _ => "error".into(),
                };
                writeln!(trace, "{at} {numbers:?} {failed}").unwrap();
            }
            What::Sent { body, .. } => {
                let record: Value = serde_json::from_slice(body).unwrap();
                let context = &record["requestContext"];
                writeln!(
                    trace,
                    "{at} sent {} {}",
                    context["condition"], context["approximateInvokeCount"]
                )
                .unwrap();
            }
            _ => {}
        }
    }
    trace
        .replace(r#"{"itemIdentifier":"#, "")
        .replace("\"}", "\"")
        .replace("}}", "}")
}

async fn check(kind: Kind, expected: &Expect) {
    expected.assert_eq(&play(kind).await);
}

#[tokio::test(start_paused = true)]
async fn the_same_failures_everywhere() {
    check(
        Kind::Sqs,
        &expect![[r#"
            0 [1, 2, 3, 4] error
            0 [5, 6] ["6"]
            30 [1, 2, 3, 4] ["3"]
            30 [6] ["6"]
            60 [3, 6] ["6"]
            90 [6] ["6"]
            acknowledged ["5", "1", "2", "4", "3"]
            dead letters ["6"]
        "#]],
    )
    .await;
    check(
        Kind::Fifo,
        &expect![[r#"
            0 [1, 2, 3, 4] error
            30 [1, 2, 3, 4] ["3"]
            30 [6] ["6"]
            60 [3, 5, 6] ["6"]
            90 [6] ["6"]
            120 [6] ["6"]
            acknowledged ["1", "2", "4", "3", "5"]
            dead letters ["6"]
        "#]],
    )
    .await;
    check(
        Kind::Kinesis,
        &expect![[r#"
        0 [1, 2, 3, 4] error
        0.25 [1, 2, 3, 4] ["3"]
        0.25 [3, 4] []
        0.25 [5, 6] ["6"]
        0.25 [6] ["6"]
        0.5 [6] ["6"]
        1 [6] ["6"]
        1 sent "RetryAttemptsExhausted" 3
        checkpoint 6
    "#]],
    )
    .await;
    check(
        Kind::DynamoDb,
        &expect![[r#"
        0 [1, 2, 3, 4] error
        0.25 [1, 2, 3, 4] ["3"]
        0.25 [3, 4] []
        0.25 [5, 6] ["6"]
        0.25 [6] ["6"]
        0.5 [6] ["6"]
        1 [6] ["6"]
        1 sent "RetryAttemptsExhausted" 3
        checkpoint 6
    "#]],
    )
    .await;
    for kind in [Kind::Msk, Kind::Kafka] {
        check(
            kind,
            &expect![[r#"
        0 [1, 2, 3, 4] error
        0.25 [1, 2, 3, 4] [{"offset":3,"partition":"orders-0"}]
        0.25 [3, 4] []
        0.75 [5, 6] [{"offset":6,"partition":"orders-0"}]
        0.75 [6] [{"offset":6,"partition":"orders-0"}]
        1 [6] [{"offset":6,"partition":"orders-0"}]
        1.5 [6] [{"offset":6,"partition":"orders-0"}]
        1.5 sent "RetryAttemptsExhausted" 3
        checkpoint 6
    "#]],
        )
        .await;
    }
    for kind in [Kind::ActiveMq, Kind::RabbitMq] {
        check(
            kind,
            &expect![[r#"
            0 [1, 2, 3, 4] error
            0.5 [5, 6] ["6"]
            1 [1, 2, 3, 4] ["3"]
            acknowledged ["5", "6", "1", "2", "3", "4"]
            dead letters []
        "#]],
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_function_loses_nothing() {
    let mut options = Options::in_memory();
    let mut throttled = function(Kind::Sqs);
    throttled.function.reserved_concurrency = Some(0);
    options.functions.push(throttled);
    let local = Local::start(options).await.unwrap();
    let orders = local.handle().function("orders").unwrap();
    let queue = ScriptedSource::new(Duration::from_secs(30));
    queue.put(records(Kind::Sqs));
    orders.poll(queue.clone(), Mapping::default());
    let stream = ScriptedStream::new(["orders-0"]);
    stream.put("orders-0", records(Kind::Kinesis));
    let mut settings = Settings::new(Origin::Kinesis {
        stream: STREAM.parse().unwrap(),
    });
    settings.maximum_retry_attempts = Some(0);
    let poller = orders.stream("orders", stream.clone(), settings);
    tokio::time::sleep(Duration::from_secs(3600)).await;

    let history = local.handle().history();
    let refused = |happening: &&Happening| matches!(happening.what, What::Refused(_));
    assert!(history.iter().filter(refused).count() > 100);
    assert!(
        !history
            .iter()
            .any(|happening| matches!(happening.what, What::Ran { .. }))
    );
    assert_eq!(queue.len(), 6);
    assert_eq!(
        (poller.polled().succeeded, poller.polled().given_up),
        (0, 0)
    );
    assert!(stream.checkpoints().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_throttled_batch_is_offered_until_its_messages_come_again() {
    let mut options = Options::in_memory();
    let mut throttled = function(Kind::Sqs);
    throttled.function.reserved_concurrency = Some(0);
    options.functions.push(throttled);
    let local = Local::start(options).await.unwrap();
    let orders = local.handle().function("orders").unwrap();
    let queue = ScriptedSource::new(Duration::from_secs(30));
    queue.put(records(Kind::Sqs));
    orders.poll(queue, Mapping::default());
    tokio::time::sleep(Duration::from_secs(50)).await;
    let history = local.handle().history();
    let begun = history[0].at.unix_millis();
    let refused = |happening: &&Happening| matches!(happening.what, What::Refused(_));
    let seconds: Vec<i64> = history
        .iter()
        .filter(refused)
        .map(|happening| (happening.at.unix_millis() - begun) / 1000)
        .collect();
    assert_eq!(seconds, [0, 1, 3, 7, 15, 30, 31, 33, 37, 45]);
}

/// A broker gives out again at once what it got back, and keeps what nobody acknowledges.
#[tokio::test(start_paused = true)]
async fn a_broker_gets_back_what_failed_after_a_pause_and_loses_what_is_too_large() {
    let mut options = Options::in_memory();
    let run = Run::handler(|_: Bytes, _| async {
        Err::<Bytes, _>(FunctionError {
            error_type: None,
            error_message: "no".into(),
        })
    });
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    let orders = Function::new(arn.parse().unwrap()).unwrap();
    options.functions.push(FunctionOptions::new(orders, run));
    let local = Local::start(options).await.unwrap();
    let orders = local.handle().function("orders").unwrap();
    let queue = ScriptedSource::broker();
    let large = format!(r#"{{"data":"{}"}}"#, "x".repeat(6 * 1024 * 1024));
    queue.put([
        ScriptedSource::record("large", None, large),
        ScriptedSource::record("bad", None, "{}"),
    ]);
    let definition = mapping::Mapping {
        source: Some(BROKER.parse().unwrap()),
        queue: Some("orders".into()),
        ..mapping::Mapping::default()
    };
    let mapping = Mapping::of(&definition, SourceKind::RabbitMq).unwrap();
    let poller = orders.poll(queue.clone(), mapping);
    tokio::time::sleep(Duration::from_secs(100)).await;
    let history = local.handle().history();
    let ran = |happening: &&Happening| matches!(happening.what, What::Ran { .. });
    let times: Vec<_> = history.iter().filter(ran).map(|it| it.at).collect();
    let pauses: Vec<i64> = times
        .windows(2)
        .map(|pair| pair[1].unix_millis() - pair[0].unix_millis())
        .collect();
    // Each with the half second a batch gathers.
    assert_eq!(pauses, [1500, 2500, 4500, 8500, 16_500, 30_500, 30_500]);
    assert_eq!(queue.acknowledged(), ["large"]);
    assert_eq!(poller.polled().given_up, 1);
    poller.stop().await;
    assert_eq!(queue.len(), 1);
}

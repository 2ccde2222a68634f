//! From a real SQS endpoint (moto server) to a function: batches, partial failures, filters.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use bytes::Bytes;
use common::{eventually, function, python};
use lambda_with::FunctionError;
use lambda_with::rules::filter::FilterCriteria;
use lambda_with_local::{Context, FunctionOptions, Local, Mapping, Options, Run};
use lambda_with_sqs::poll::SqsSource;
use lambda_with_testing::moto_endpoint;
use serde_json::{Value, json};

fn client() -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .endpoint_url(moto_endpoint())
        .region(Region::new("eu-west-1"))
        .build();
    Client::from_conf(config)
}

async fn boto3(what: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/queues.py");
    let output = tokio::process::Command::new(python("python"))
        .arg(script)
        .args([moto_endpoint(), what])
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_arrive_in_batches_and_only_failed_ones_come_back() {
    boto3("send").await;

    // Fails 7 once and 13 always.
    let deliveries = Arc::new(Mutex::new(BTreeMap::<u64, Vec<String>>::new()));
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let (seen, batches) = (deliveries.clone(), sizes.clone());
    let run = Run::handler(move |event: Bytes, _: Context| {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let records = event["Records"].as_array().unwrap();
        batches.lock().unwrap().push(records.len());
        let mut failures = Vec::new();
        for record in records {
            assert_eq!(
                record["eventSourceARN"],
                "arn:aws:sqs:eu-west-1:123456789012:orders"
            );
            let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
            let number = body["number"].as_u64().unwrap();
            let mut seen = seen.lock().unwrap();
            let counts = seen.entry(number).or_default();
            counts.push(
                record["attributes"]["ApproximateReceiveCount"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
            if number == 13 || number == 7 && counts.len() == 1 {
                failures.push(json!({"itemIdentifier": record["messageId"]}));
            }
        }
        let answer = Bytes::from(json!({"batchItemFailures": failures}).to_string());
        async move { Ok::<_, FunctionError>(answer) }
    });
    let mut options = Options::in_memory();
    options
        .functions
        .push(FunctionOptions::new(function(), run));
    let local = Local::start(options).await.unwrap();
    let queue = "arn:aws:sqs:eu-west-1:123456789012:orders".parse().unwrap();
    let source = SqsSource::find(client(), queue).await.unwrap();
    let mapping = Mapping {
        filters: FilterCriteria::parse([r#"{"body":{"kind":["order"]}}"#]).unwrap(),
        report_batch_item_failures: true,
        ..Mapping::default()
    };
    let poller = local
        .handle()
        .function("echo")
        .unwrap()
        .poll(source, mapping);
    eventually("13 has failed three times", 60, || {
        deliveries
            .lock()
            .unwrap()
            .get(&13)
            .is_some_and(|counts| counts.len() == 3)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let dead = boto3("drained").await;
    let polled = poller.polled();
    poller.stop().await;
    local.shutdown().await;

    let deliveries = deliveries.lock().unwrap();
    let expected: BTreeMap<u64, Vec<String>> = (0..50)
        .filter(|number| number % 5 != 0)
        .map(|number| {
            let last = match number {
                7 => 2,
                13 => 3,
                _ => 1,
            };
            (number, (1..=last).map(|count| count.to_string()).collect())
        })
        .collect();
    assert_eq!(*deliveries, expected);
    assert_eq!(
        (polled.filtered, polled.succeeded, polled.failed),
        (10, 39, 4),
        "{polled:?}"
    );
    let sizes = sizes.lock().unwrap();
    assert!(
        sizes.iter().all(|size| (1..=10).contains(size)) && sizes.len() < 20,
        "{sizes:?}"
    );
    assert_eq!(dead.trim(), "[13]");
}

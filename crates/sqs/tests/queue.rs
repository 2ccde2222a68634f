//! A queue of asynchronous events at a real SQS endpoint (moto server).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use lambda_with::{ErrorKind, EventQueue, Record, Source};
use lambda_with_sqs::queue::SqsQueue;
use lambda_with_testing::{moto, unique};
use tokio::task::JoinSet;

const NOW: Duration = Duration::ZERO;

async fn made(name: &str, attributes: &[(&str, &str)]) -> (Client, String) {
    let client = Client::new(moto::session().config());
    let mut request = client.create_queue().queue_name(name);
    for (name, value) in attributes {
        request = request.attributes(QueueAttributeName::from(*name), *value);
    }
    let url = request.send().await.unwrap().queue_url.unwrap();
    (client, url)
}

async fn open(attributes: &[(&str, &str)]) -> SqsQueue {
    let (client, url) = made(&unique("events"), attributes).await;
    SqsQueue::open(client, &url).await.unwrap()
}

/// What is received until nothing comes any more.
async fn all(queue: &SqsQueue) -> Vec<Record> {
    let mut all = Vec::new();
    loop {
        let some = queue.receive(10, NOW).await.unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

#[tokio::test]
async fn events_come_as_they_were_sent_and_once_deleted_no_more() {
    let queue = Arc::new(open(&[("MaximumMessageSize", "1048576")]).await);
    let odd = [
        "a\u{fffe}\u{ffff}",
        "Fähre \u{7f}\u{1f6a2}\r\n\t",
        &"x".repeat(1 << 20),
    ];
    let numbers = (0..40).map(|number| format!("{{\"id\":{number}}}\n"));
    let mut sent: Vec<String> = odd
        .iter()
        .map(|it| (*it).to_owned())
        .chain(numbers)
        .collect();
    let mut sending = JoinSet::new();
    for event in sent.clone() {
        let queue = Arc::clone(&queue);
        sending.spawn(async move { queue.send(event.into(), NOW).await.unwrap() });
    }
    sending.join_all().await;
    let records = all(&queue).await;
    let texts = records.iter().map(|record| record.json.to_vec());
    let mut texts: Vec<String> = texts.map(|it| String::from_utf8(it).unwrap()).collect();
    texts.sort_unstable();
    sent.sort_unstable();
    assert!(texts == sent, "{} of {}", texts.len(), sent.len());
    for record in &records {
        queue
            .acknowledge(std::slice::from_ref(record))
            .await
            .unwrap();
        assert!(record.arrived.is_some());
    }
    queue.hide(&records, NOW).await.unwrap();
    assert_eq!(all(&queue).await, [], "what is deleted is not given out");
}

#[tokio::test]
async fn what_is_hidden_comes_when_it_is_shown() {
    let queue = open(&[]).await;
    assert_eq!(queue.visibility(), Duration::from_secs(30));
    for id in 0..12 {
        queue.send(format!("{id}").into(), NOW).await.unwrap();
    }
    let delayed = Duration::from_millis(899_001);
    queue.send("delayed".into(), delayed).await.unwrap();
    let first = all(&queue).await;
    assert_eq!(first.len(), 12, "one is delayed");
    queue.hide(&first, NOW).await.unwrap();
    assert_eq!(all(&queue).await.len(), 12);
}

#[tokio::test]
async fn a_queue_that_would_lose_events_is_refused() {
    let check = async |name: &str, attributes: &[(&str, &str)], kind, says: &str| {
        let (client, url) = made(&unique(name), attributes).await;
        let error = SqsQueue::open(client, &url).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    };
    let invalid = ErrorKind::Invalid;
    check(
        "short",
        &[("VisibilityTimeout", "2")],
        invalid,
        "for 2 s only",
    )
    .await;
    let retention = [("MessageRetentionPeriod", "21599")];
    check("brief", &retention, invalid, "keeps messages for 21599 s").await;

    let client = Client::new(moto::session().config());
    let open = |client: &Client, url: &str| {
        let (client, url) = (client.clone(), url.to_owned());
        async move { SqsQueue::open(client, &url).await.unwrap_err() }
    };
    let base = "http://127.0.0.1:1/123456789012";
    let error = open(&client, &format!("{base}/events.fifo")).await;
    assert!(error.to_string().contains("is a FIFO queue"), "{error}");
    let error = open(&client, &format!("{base}/{}", unique("missing"))).await;
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let nobody = moto::session().config().to_builder();
    let nobody = Client::new(&nobody.endpoint_url("http://127.0.0.1:1").build());
    let error = open(&nobody, &format!("{base}/events")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn an_event_that_is_too_large_is_told() {
    let queue = open(&[("MaximumMessageSize", "1024")]).await;
    queue.send("x".repeat(1024).into(), NOW).await.unwrap();
    let large = ["x".repeat(1025), "\u{fffe}".repeat(256)];
    for event in large {
        let error = queue.send(event.into(), NOW).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }
}

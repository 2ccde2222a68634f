//! The source against a real SQS endpoint (moto server).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    QueueAttributeName,
};
use lambda_with::{Arn, ErrorKind, Record, Source, decode};
use lambda_with_sqs::poll::SqsSource;
use lambda_with_sqs::{SqsEvent, SqsMessage};
use lambda_with_testing::{moto, moto_endpoint};
use serde_json::{Value, json};

const NONE: Duration = Duration::ZERO;
/// As long as a queue is ever asked to wait.
const LONG: Duration = Duration::from_secs(20);

async fn queue(name: &str, attributes: &[(QueueAttributeName, &str)]) -> (Client, Arn, SqsSource) {
    let client = Client::new(moto::session().config());
    let mut request = client.create_queue().queue_name(name);
    for (key, value) in attributes {
        request = request.attributes(key.clone(), *value);
    }
    let created = request.send().await.unwrap();
    // A server that is used again holds what an earlier run left behind.
    client
        .purge_queue()
        .set_queue_url(created.queue_url)
        .send()
        .await
        .unwrap();
    let arn: Arn = format!("arn:aws:sqs:eu-west-1:123456789012:{name}")
        .parse()
        .unwrap();
    let source = SqsSource::find(client.clone(), arn.clone()).await.unwrap();
    (client, arn, source)
}

async fn url(client: &Client, name: &str) -> String {
    let answer = client
        .get_queue_url()
        .queue_name(name)
        .send()
        .await
        .unwrap();
    answer.queue_url.unwrap()
}

async fn send(client: &Client, name: &str, body: &str, group: Option<&str>) {
    client
        .send_message()
        .queue_url(url(client, name).await)
        .message_body(body)
        .set_message_group_id(group.map(Into::into))
        .set_message_deduplication_id(group.map(|_| body.into()))
        .send()
        .await
        .unwrap();
}

/// Visible and invisible messages.
async fn count(client: &Client, name: &str) -> (String, String) {
    let answer = client
        .get_queue_attributes()
        .queue_url(url(client, name).await)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap();
    let attributes = answer.attributes.unwrap();
    let number = |name| attributes.get(&name).cloned().unwrap_or_default();
    (
        number(QueueAttributeName::ApproximateNumberOfMessages),
        number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
    )
}

fn event_json(records: &[Record]) -> String {
    let records: Vec<_> = records
        .iter()
        .map(|r| str::from_utf8(&r.json).unwrap())
        .collect();
    format!("{{\"Records\":[{}]}}", records.join(","))
}

fn messages(records: &[Record]) -> Vec<SqsMessage> {
    decode::<SqsEvent>(event_json(records)).unwrap().records
}

fn bodies(records: &[Record]) -> String {
    let bodies: Vec<_> = messages(records)
        .iter()
        .map(|m| m.body.as_text().unwrap().into_owned())
        .collect();
    bodies.join(" ")
}

#[tokio::test]
async fn a_record_is_what_lambda_sends() {
    let (client, arn, source) = queue("exact", &[]).await;
    let attribute = |kind: &str| MessageAttributeValue::builder().data_type(kind);
    let trace = "Root=1-69a563b2-7c1d2e3f4a5b6c7d8e9f0a1b;Sampled=1";
    client
        .send_message()
        .queue_url(url(&client, "exact").await)
        .message_body("{\"title\":\"Grüße\"}")
        .message_attributes(
            "Title",
            attribute("String")
                .string_value("The Whistler")
                .build()
                .unwrap(),
        )
        .message_attributes(
            "Author",
            attribute("String")
                .string_value("John Grisham")
                .build()
                .unwrap(),
        )
        .message_attributes(
            "WeeksOn",
            attribute("Number").string_value("6").build().unwrap(),
        )
        .message_system_attributes(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            MessageSystemAttributeValue::builder()
                .data_type("String")
                .string_value(trace)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    let records = source.receive(10, NONE).await.unwrap();
    assert_eq!(records.len(), 1);
    let text = str::from_utf8(&records[0].json).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    let string = |value: &str| json!({"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"});
    let expected = json!({
        "messageId": records[0].id,
        "receiptHandle": records[0].receipt,
        "body": "{\"title\":\"Grüße\"}",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "AWSTraceHeader": trace,
            "SentTimestamp": value["attributes"]["SentTimestamp"],
            "SenderId": value["attributes"]["SenderId"],
            "ApproximateFirstReceiveTimestamp": value["attributes"]["ApproximateFirstReceiveTimestamp"],
        },
        "messageAttributes": {
            "Author": string("John Grisham"),
            "Title": string("The Whistler"),
            "WeeksOn": {"stringValue": "6", "stringListValues": [], "binaryListValues": [], "dataType": "Number"},
        },
        "md5OfMessageAttributes": "d25a6aea97eb8f585bfa92d314504a92",
        "md5OfBody": value["md5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "eu-west-1",
    });
    assert_eq!(value, expected);
    // The members stand in Lambda's order, and the typed event writes the same text.
    let event = event_json(&records);
    let typed = serde_json::to_string(&decode::<SqsEvent>(event.clone()).unwrap()).unwrap();
    assert_eq!(typed, event);
}

#[tokio::test]
async fn binary_attributes_and_none_at_all() {
    let (client, _, source) = queue("binary", &[]).await;
    let bytes = [0_u8, 255, 128, 10];
    let binary = MessageAttributeValue::builder()
        .data_type("Binary.raw")
        .binary_value(bytes[..].into());
    client
        .send_message()
        .queue_url(url(&client, "binary").await)
        .message_body("with")
        .message_attributes("raw", binary.build().unwrap())
        .send()
        .await
        .unwrap();
    send(&client, "binary", "without", None).await;
    let mut messages = messages(&source.receive(10, NONE).await.unwrap());
    messages.sort_by_key(|message| message.body.as_text().unwrap().into_owned());
    let attribute = messages[0].message_attributes.get("raw").unwrap();
    assert_eq!(
        attribute.binary_value.as_ref().unwrap().decode().unwrap(),
        bytes
    );
    assert_eq!(
        (
            attribute.data_type.as_str(),
            attribute.string_value.as_ref()
        ),
        ("Binary.raw", None)
    );
    assert!(messages[1].message_attributes.is_empty());
    assert!(messages[1].md5_of_message_attributes.is_missing());
}

#[tokio::test]
async fn large_batches_are_merged_and_deleted() {
    let (client, _, source) = queue("large", &[]).await;
    for number in 0..25 {
        send(&client, "large", &format!("{number}"), None).await;
    }
    let records = source.receive(23, NONE).await.unwrap();
    assert_eq!(records.len(), 23);
    let rest = source.receive(1000, NONE).await.unwrap();
    assert_eq!(rest.len(), 2);
    source.acknowledge(&records).await.unwrap();
    assert_eq!(count(&client, "large").await, ("0".into(), "2".into()));
    source.acknowledge(&rest).await.unwrap();
    assert_eq!(count(&client, "large").await, ("0".into(), "0".into()));
    source.acknowledge(&[]).await.unwrap();
    assert!(source.receive(0, NONE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_message_that_failed_comes_again_and_ends_in_the_dead_letter_queue() {
    let (client, dead_arn, dead) = queue("dead", &[]).await;
    let redrive = json!({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "2"}).to_string();
    let (_, _, source) = queue(
        "tried",
        &[
            (QueueAttributeName::VisibilityTimeout, "1"),
            (QueueAttributeName::RedrivePolicy, &redrive),
        ],
    )
    .await;
    send(&client, "tried", "poison", None).await;
    let mut ids = Vec::new();
    for expected in ["1", "2"] {
        let records = source.receive(10, LONG).await.unwrap();
        let message = &messages(&records)[0];
        assert_eq!(
            message.attributes.approximate_receive_count.to_string(),
            expected
        );
        ids.push(records[0].id.clone());
    }
    assert!(
        source
            .receive(10, Duration::from_secs(2))
            .await
            .unwrap()
            .is_empty()
    );
    let records = dead.receive(10, LONG).await.unwrap();
    ids.push(records[0].id.clone());
    assert_eq!(bodies(&records), "poison");
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let message = &messages(&records)[0];
    assert_eq!(message.event_source_arn.as_str(), dead_arn.as_str());

    let timeout = (QueueAttributeName::VisibilityTimeout, "3600");
    let (_, _, source) = queue("held", &[timeout]).await;
    send(&client, "held", "once", None).await;
    assert_eq!(bodies(&source.receive(10, NONE).await.unwrap()), "once");
    let again = source.receive(10, NONE).await.unwrap();
    assert!(again.is_empty(), "invisible");
}

#[tokio::test]
async fn a_fifo_group_is_locked_while_its_message_is_in_flight() {
    let (client, _, source) = queue("line.fifo", &[(QueueAttributeName::FifoQueue, "true")]).await;
    for (body, group) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
        send(&client, "line.fifo", body, Some(group)).await;
    }
    let first = source.receive(1, NONE).await.unwrap();
    assert_eq!(
        (bodies(&first), first[0].group.as_deref()),
        ("a1".into(), Some("a"))
    );
    let others = source.receive(10, NONE).await.unwrap();
    assert_eq!(
        (bodies(&others), others[0].group.as_deref()),
        ("b1".into(), Some("b"))
    );
    let message = &messages(&first)[0];
    assert!(message.attributes.sequence_number.is_some());
    assert_eq!(
        message.attributes.message_deduplication_id.as_deref(),
        Some("a1")
    );
    source.acknowledge(&first).await.unwrap();
    assert_eq!(bodies(&source.receive(10, NONE).await.unwrap()), "a2 a3");
}

#[tokio::test]
async fn a_long_poll_waits_while_others_are_deleted() {
    let (client, _, source) = queue("slow", &[]).await;
    send(&client, "slow", "early", None).await;
    let early = source.receive(10, NONE).await.unwrap();
    let start = Instant::now();
    let (late, deleted, ()) = tokio::join!(
        source.receive(10, LONG),
        source.acknowledge(&early),
        async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            send(&client, "slow", "late", None).await;
        }
    );
    deleted.unwrap();
    assert_eq!(bodies(&late.unwrap()), "late");
    let waited = start.elapsed();
    assert!((500..20_000).contains(&waited.as_millis()), "{waited:?}");
    // Fractions of a second are rounded up, for a wait of none returns at once.
    let start = Instant::now();
    assert!(
        source
            .receive(10, Duration::from_millis(300))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn errors_name_the_queue() {
    let client = Client::new(moto::session().config());
    let arn: Arn = "arn:aws:sqs:eu-west-1:123456789012:nowhere"
        .parse()
        .unwrap();
    let error = SqsSource::find(client.clone(), arn.clone())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("nowhere"), "{error}");
    let lost = format!("{}/123456789012/nowhere", moto_endpoint());
    let source = SqsSource::new(client, arn.clone(), lost);
    let error = source.receive(1, NONE).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.context("queue")),
        (ErrorKind::NotFound, Some(arn.as_str()))
    );
}

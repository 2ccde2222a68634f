//! Records published to a topic of a moto server, and read from a queue that is subscribed to it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use aws_sdk_sns::Client;
use lambda_with::rules::destination::{DeadLetter, Message};
use lambda_with::{Arn, ErrorKind, Outcome};
use lambda_with_aws::Session;
use lambda_with_sns::send::to_topic;
use lambda_with_testing::{fake, moto, unique};

fn letter(to: &Arn) -> Message {
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    let failed = Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: r#"{"errorMessage":"no berth left"}"#.into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    };
    let letter = DeadLetter::new("2f6a7d0c", r#"{"berth":7}"#.into(), Some(&failed));
    Message {
        trace_header: Some("Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Sampled=1".into()),
        ..letter.message(&function.parse().unwrap(), to)
    }
}

async fn topic(session: &Session) -> Arn {
    let request = Client::new(session.config()).create_topic();
    let made = request.name(unique("dead")).send().await.unwrap();
    made.topic_arn.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_topic_takes_what_is_there_and_tells_what_is_not() {
    let session = moto::session();
    let topic = topic(&session).await;
    to_topic(&session, &topic, &letter(&topic)).await.unwrap();
    let missing: Arn = format!("{topic}-missing").parse().unwrap();
    let error = to_topic(&session, &missing, &letter(&missing)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn a_dead_letter_has_attributes_and_goes_on_with_the_trace() {
    let (session, log) = fake::session_in("eu-west-1", |asked| {
        let trace = asked.header("x-amzn-trace-id").unwrap_or_default();
        assert!(trace.starts_with("Root=1-69a56802-"), "{trace}");
        let answer = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
                      <PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
        (200, Vec::new(), answer.to_owned())
    });
    let topic = "arn:aws:sns:eu-west-1:123456789012:dead".parse().unwrap();
    to_topic(&session, &topic, &letter(&topic)).await.unwrap();
    let log = log.lock().unwrap();
    let asked: BTreeMap<&str, &str> = log[0]
        .2
        .split('&')
        .filter_map(|p| p.split_once('='))
        .collect();
    let member = |name: &str| asked.get(name).copied().unwrap_or_default();
    assert_eq!(member("Message"), "%7B%22berth%22%3A7%7D");
    let mut attributes: Vec<String> = (1..=4)
        .map(|n| format!("MessageAttributes.entry.{n}."))
        .map(|entry| {
            let of = |what: &str| member(&format!("{entry}{what}"));
            let (name, kind) = (of("Name"), of("Value.DataType"));
            format!("{name} {kind} {}", of("Value.StringValue"))
        })
        .collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        [
            "  ",
            "ErrorCode Number 200",
            "ErrorMessage String no%20berth%20left",
            "RequestID String 2f6a7d0c",
        ]
    );
}

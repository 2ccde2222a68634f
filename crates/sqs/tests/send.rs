//! Records sent to a real SQS endpoint (moto server).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message as Received, MessageSystemAttributeName};
use lambda_with::rules::destination::{DeadLetter, Message};
use lambda_with::{Arn, ErrorKind, Outcome};
use lambda_with_sqs::send::to_queue;
use lambda_with_testing::{moto, unique};

const EVENT: &str = "{\"berth\": 7,  \"name\":\"Fähre\"}\n";

fn queue(name: &str) -> Arn {
    let arn = format!("arn:aws:sqs:eu-west-1:123456789012:{name}");
    arn.parse().unwrap()
}

fn letter(to: &Arn) -> Message {
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    let failed = Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: r#"{"errorMessage":"no berth left","errorType":"Full"}"#.into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    };
    let letter = DeadLetter::new("2f6a7d0c", EVENT.into(), Some(&failed));
    Message {
        trace_header: Some("Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Sampled=1".into()),
        ..letter.message(&function.parse().unwrap(), to)
    }
}

async fn received(client: &Client, url: &str) -> Received {
    let request = client
        .receive_message()
        .queue_url(url)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All);
    let messages = request.send().await.unwrap().messages.unwrap_or_default();
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_dead_letter_keeps_its_event_and_its_attributes() {
    let client = Client::new(moto::session().config());
    let name = unique("dead");
    let made = client.create_queue().queue_name(&name).send().await;
    let url = made.unwrap().queue_url.unwrap();
    let to = queue(&name);
    to_queue(&client, &to, &letter(&to)).await.unwrap();
    let message = received(&client, &url).await;
    assert_eq!(message.body(), Some(EVENT));
    let attributes = message.message_attributes.unwrap();
    let mut attributes: Vec<String> = attributes
        .iter()
        .map(|(name, value)| {
            let text = value.string_value().unwrap();
            format!("{name} {} {text}", value.data_type())
        })
        .collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        [
            "ErrorCode Number 200",
            "ErrorMessage String no berth left",
            "RequestID String 2f6a7d0c"
        ]
    );
    let header = &message.attributes.unwrap()[&MessageSystemAttributeName::AwsTraceHeader];
    assert!(header.starts_with("Root=1-69a56802-"), "{header}");
}

#[tokio::test]
async fn what_a_queue_does_not_take_is_told() {
    let client = Client::new(moto::session().config());
    let missing = queue(&unique("missing"));
    let error = to_queue(&client, &missing, &letter(&missing)).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);

    let name = format!("{}.fifo", unique("dead"));
    let request = client.create_queue().queue_name(&name);
    let fifo = aws_sdk_sqs::types::QueueAttributeName::FifoQueue;
    request.attributes(fifo, "true").send().await.unwrap();
    let fifo = queue(&name);
    let error = to_queue(&client, &fifo, &letter(&fifo)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");

    let config = moto::session().config().to_builder();
    let nobody = config.endpoint_url("http://127.0.0.1:1").build();
    let error = to_queue(&Client::new(&nobody), &fifo, &letter(&fifo)).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unavailable);
}

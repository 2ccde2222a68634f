//! What the source asks of the endpoint, and what it makes of the answers no well-behaved server
//! gives.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use lambda_with::{ErrorKind, Record, Source};
use lambda_with_sqs::poll::SqsSource;
use serde_json::{Value, json};

const NONE: Duration = Duration::ZERO;

/// An endpoint that gives these answers one after the other and keeps what it was asked.
struct Endpoint {
    address: String,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Endpoint {
    fn new(answers: Vec<(u16, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for (status, answer) in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut target, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let Some((name, value)) = line.trim().split_once(':') else {
                        if line.trim().is_empty() {
                            break;
                        }
                        continue;
                    };
                    match name.to_ascii_lowercase().as_str() {
                        "x-amz-target" => target = value.trim().replace("AmazonSQS.", ""),
                        "content-length" => length = value.trim().parse().unwrap(),
                        _ => {}
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                seen.lock()
                    .unwrap()
                    .push((target, serde_json::from_slice(&body).unwrap()));
                let answer = answer.to_string();
                write!(
                    stream,
                    "HTTP/1.1 {status} Answer\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                    answer.len()
                )
                .unwrap();
            }
        });
        Self { address, requests }
    }

    fn source(&self, queue: &str) -> SqsSource {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(&self.address)
            .region(Region::new("eu-west-1"))
            .retry_config(RetryConfig::disabled())
            .build();
        let arn = format!("arn:aws:sqs:eu-west-1:123456789012:{queue}")
            .parse()
            .unwrap();
        SqsSource::new(
            Client::from_conf(config),
            arn,
            format!("https://queue/{queue}"),
        )
    }

    fn requests(&self) -> Vec<(String, Value)> {
        self.requests.lock().unwrap().clone()
    }
}

fn message(id: &str) -> Value {
    json!({"MessageId": id, "ReceiptHandle": format!("r-{id}"), "Body": id, "MD5OfBody": "d"})
}

fn records(ids: &[&str]) -> Vec<Record> {
    let record = |id: &&str| Record {
        id: (*id).into(),
        group: None,
        receipt: format!("r-{id}"),
        json: "{}".into(),
        arrived: None,
    };
    ids.iter().map(record).collect()
}

#[tokio::test]
async fn a_receive_asks_for_everything() {
    let endpoint = Endpoint::new(vec![
        (200, json!({"Messages": [message("1"), message("2")]})),
        (200, json!({"Messages": [message("3")]})),
        (200, json!({})),
    ]);
    let received = endpoint
        .source("q")
        .receive(11, Duration::from_secs(60))
        .await
        .unwrap();
    let ids: Vec<_> = received.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    let ask = |max: u32, seconds: u32| {
        let body = json!({
            "QueueUrl": "https://queue/q",
            "MaxNumberOfMessages": max,
            "WaitTimeSeconds": seconds,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        ("ReceiveMessage".to_owned(), body)
    };
    assert_eq!(endpoint.requests(), [ask(10, 20), ask(9, 0), ask(8, 0)]);
}

#[tokio::test]
async fn a_record_says_what_the_endpoint_said_in_lambdas_order() {
    let attributes = json!({
        "ApproximateFirstReceiveTimestamp": "2",
        "ApproximateReceiveCount": "6",
        "AWSTraceHeader": "Root=1",
        "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:123456789012:orders",
        "MessageDeduplicationId": "d",
        "MessageGroupId": "g",
        "SenderId": "s",
        "SentTimestamp": "1",
        "SequenceNumber": "18899999999999990784",
        "ZoneNewToUs": "z",
    });
    for (queue, group) in [("q", None), ("q.fifo", Some("g"))] {
        let mut message = message("1");
        message["Attributes"] = attributes.clone();
        // A digest of no attributes, which some endpoints send.
        message["MD5OfMessageAttributes"] = json!("d41d8cd98f00b204e9800998ecf8427e");
        let endpoint = Endpoint::new(vec![(200, json!({"Messages": [message]}))]);
        let received = endpoint.source(queue).receive(1, NONE).await.unwrap();
        // A standard queue keeps no order, groups or not.
        assert_eq!(received[0].group.as_deref(), group);
        let expected = concat!(
            r#"{"messageId":"1","receiptHandle":"r-1","body":"1","attributes":{"#,
            r#""ApproximateReceiveCount":"6","AWSTraceHeader":"Root=1","SentTimestamp":"1","#,
            r#""SequenceNumber":"18899999999999990784","MessageGroupId":"g","SenderId":"s","#,
            r#""MessageDeduplicationId":"d","ApproximateFirstReceiveTimestamp":"2","#,
            r#""DeadLetterQueueSourceArn":"arn:aws:sqs:eu-west-1:123456789012:orders","#,
            r#""ZoneNewToUs":"z"},"messageAttributes":{},"md5OfBody":"d","#,
            r#""eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:123456789012:QUEUE","#,
            r#""awsRegion":"eu-west-1"}"#,
        );
        assert_eq!(
            str::from_utf8(&received[0].json).unwrap(),
            expected.replace("QUEUE", queue)
        );
    }
}

#[tokio::test]
async fn a_receive_from_a_fifo_queue_that_got_no_answer_is_repeated_under_its_id() {
    let endpoint = Endpoint::new(vec![
        (500, json!({"__type": "InternalError", "message": "no"})),
        (200, json!({"Messages": [message("1")]})),
        (200, json!({"Messages": [message("2")]})),
    ]);
    let source = endpoint.source("q.fifo");
    let error = source.receive(1, NONE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    for _ in 0..2 {
        assert_eq!(source.receive(1, NONE).await.unwrap().len(), 1);
    }
    let ids: Vec<_> = endpoint
        .requests()
        .iter()
        .map(|(_, body)| body["ReceiveRequestAttemptId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

#[tokio::test]
async fn what_was_received_before_an_error_is_handed_on() {
    let endpoint = Endpoint::new(vec![
        (200, json!({"Messages": [message("1")]})),
        (
            403,
            json!({"__type": "AccessDenied", "message": "no longer"}),
        ),
        (
            403,
            json!({"__type": "AccessDenied", "message": "no longer"}),
        ),
    ]);
    let source = endpoint.source("q");
    assert_eq!(source.receive(20, NONE).await.unwrap().len(), 1);
    let error = source.receive(20, NONE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(
        error
            .to_string()
            .contains("ReceiveMessage on queue q failed"),
        "{error}"
    );
}

#[tokio::test]
async fn no_more_is_gathered_than_an_event_holds() {
    let large = json!({"MessageId": "1", "ReceiptHandle": "r", "Body": "x".repeat(1024 * 1024)});
    let endpoint = Endpoint::new(vec![
        (200, json!({"Messages": vec![large; 7]})),
        (200, json!({})),
    ]);
    let received = endpoint.source("q").receive(1000, NONE).await.unwrap();
    assert_eq!((received.len(), endpoint.requests().len()), (7, 1));
}

#[tokio::test]
async fn errors_have_kinds() {
    for (status, code, kind) in [
        (
            400,
            "com.amazonaws.sqs#QueueDoesNotExist",
            ErrorKind::NotFound,
        ),
        (
            400,
            "AWS.SimpleQueueService.NonExistentQueue",
            ErrorKind::NotFound,
        ),
        (403, "AccessDeniedException", ErrorKind::Denied),
        (403, "com.amazonaws.sqs#InvalidSecurity", ErrorKind::Denied),
        (403, "InvalidClientTokenId", ErrorKind::Denied),
        (403, "KMS.AccessDeniedException", ErrorKind::Denied),
        (400, "RequestThrottled", ErrorKind::Throttled),
        (403, "com.amazonaws.sqs#OverLimit", ErrorKind::Throttled),
        (400, "InvalidAddress", ErrorKind::Invalid),
        (503, "ServiceUnavailable", ErrorKind::Unavailable),
    ] {
        let answer = json!({"__type": code, "message": "told by the endpoint"});
        let endpoint = Endpoint::new(vec![(status, answer)]);
        let error = endpoint.source("q").receive(1, NONE).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{code}: {error}");
        assert!(
            error
                .context("because")
                .unwrap()
                .contains("told by the endpoint"),
            "{error}"
        );
    }
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = Endpoint {
        address: format!("http://{free}"),
        requests: Arc::default(),
    };
    let error = nobody.source("q").receive(1, NONE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let because = error.context("because").unwrap();
    assert!(
        because.contains("tcp connect error") && !because.contains('{'),
        "{because}"
    );
}

#[tokio::test]
async fn deletes_that_failed_are_tried_again_or_told() {
    let failed = |id: &str, fault: bool| {
        let code = if fault {
            "ReceiptHandleIsInvalid"
        } else {
            "InternalError"
        };
        json!({"Id": id, "SenderFault": fault, "Code": code, "Message": "it failed"})
    };
    for (answers, asked, kind) in [
        (vec![json!([])], vec!["r-a r-b r-c"], None),
        (
            vec![json!([failed("1", false)]), json!([])],
            vec!["r-a r-b r-c", "r-b"],
            None,
        ),
        (
            vec![
                json!([failed("0", false), failed("2", false)]),
                json!([failed("1", false)]),
            ],
            vec!["r-a r-b r-c", "r-a r-c"],
            Some((ErrorKind::Unavailable, "c")),
        ),
        (
            vec![json!([failed("1", true)])],
            vec!["r-a r-b r-c"],
            Some((ErrorKind::Invalid, "b")),
        ),
    ] {
        let answer = |failed| (200, json!({"Successful": [], "Failed": failed}));
        let endpoint = Endpoint::new(answers.into_iter().map(answer).collect());
        let result = endpoint
            .source("q")
            .acknowledge(&records(&["a", "b", "c"]))
            .await;
        let told = result
            .err()
            .map(|error| (error.kind(), error.context("first").unwrap().to_owned()));
        assert_eq!(told, kind.map(|(kind, first)| (kind, first.to_owned())));
        let handles = |(target, body): (String, Value)| {
            assert_eq!(
                (target.as_str(), &body["QueueUrl"]),
                ("DeleteMessageBatch", &json!("https://queue/q"))
            );
            let entries = body["Entries"].as_array().unwrap();
            let handles: Vec<_> = entries
                .iter()
                .map(|e| e["ReceiptHandle"].as_str().unwrap())
                .collect();
            handles.join(" ")
        };
        let requests: Vec<_> = endpoint.requests().into_iter().map(handles).collect();
        assert_eq!(requests, asked);
    }
}

#[tokio::test]
async fn a_delete_that_failed_as_a_whole_does_not_keep_the_others() {
    let endpoint = Endpoint::new(vec![
        (503, json!({"__type": "ServiceUnavailable"})),
        (200, json!({"Successful": [], "Failed": []})),
    ]);
    let names: Vec<String> = (0..12).map(|number| number.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let error = endpoint
        .source("q")
        .acknowledge(&records(&names))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let sizes: Vec<_> = endpoint
        .requests()
        .iter()
        .map(|(_, body)| body["Entries"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [10, 2]);
}

#[tokio::test]
async fn a_message_without_its_names_is_refused() {
    for (part, what) in [
        ("MessageId", "without an id"),
        ("ReceiptHandle", "without a receipt"),
    ] {
        let mut broken = message("1");
        broken.as_object_mut().unwrap().remove(part);
        let endpoint = Endpoint::new(vec![(200, json!({"Messages": [broken]}))]);
        let error = endpoint.source("q").receive(1, NONE).await.unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

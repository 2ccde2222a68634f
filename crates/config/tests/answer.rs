//! Rules run against a server of the test's own, which records what they answer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_sdk_config::Client;
use aws_sdk_config::config::retry::RetryConfig;
use aws_sdk_config::config::{BehaviorVersion, Builder, Credentials, Region};
use lambda_with::BoxError;
use lambda_with::{Error, ErrorKind, Timestamp};
use lambda_with_config::{
    Compliance, ConfigEvent, ConfigurationItem, Evaluation, InvokingEvent, Rule, SERVICE, answer,
};
use lambda_with_testing::clock::{frozen, passing};
use lambda_with_testing::{edit, read};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// What the server got: operation and body.
type Log = Arc<Mutex<Vec<(String, Value)>>>;

/// A server whose nth request, counted from 0, is answered with a status and a body; where the status
/// is 0 it is never answered, while the time of a frozen clock goes by.
async fn server(
    reply: impl Fn(usize, &Value) -> (u16, Value) + Send + Sync + 'static,
) -> (Client, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (log, reply) = (Log::default(), Arc::new(reply));
    let keep = Arc::clone(&log);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (log, reply) = (Arc::clone(&keep), Arc::clone(&reply));
            tokio::spawn(async move { serve(stream, &log, &*reply).await });
        }
    });
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .region(Region::new("eu-west-1"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint);
    (Client::from_conf(config.build()), log)
}

async fn serve(
    mut stream: TcpStream,
    log: &Log,
    reply: &(dyn Fn(usize, &Value) -> (u16, Value) + Send + Sync),
) {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let whole = head.and_then(|head| {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let value = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim().to_owned())
            };
            let length: usize = value("content-length:")?.parse().ok()?;
            let target = value("x-amz-target:")?;
            let body = bytes.get(head + 4..head + 4 + length)?;
            Some((
                target,
                serde_json::from_slice::<Value>(body).unwrap(),
                head + 4 + length,
            ))
        });
        let Some((target, body, end)) = whole else {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            }
            continue;
        };
        bytes.drain(..end);
        let (status, answered) = {
            let mut log = log.lock().unwrap();
            let answered = reply(log.len(), &body);
            log.push((target.rsplit('.').next().unwrap().to_owned(), body));
            answered
        };
        if status == 0 {
            passing::<()>().await;
        }
        let answered = answered.to_string();
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n",
            answered.len()
        );
        if stream
            .write_all((head + &answered).as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}

/// A server that takes everything.
async fn willing() -> (Client, Log) {
    server(|_, _| (200, json!({ "FailedEvaluations": [] }))).await
}

fn event(id: &str) -> ConfigEvent {
    read(&SERVICE, id)
}

/// Time enough for what is to be done at once, on whatever machine.
const MINUTE: Duration = Duration::from_secs(60);

fn within(time: Duration) -> SystemTime {
    SystemTime::now() + time
}

fn said(error: &Error) -> &str {
    error.message()
}

/// Says what it is told to, or fails as it is told to.
enum Told {
    Judge(Compliance),
    Many(usize),
    Nothing,
    Fail,
    Panic,
    Hang,
    FailLoudly,
}

impl Rule for Told {
    async fn evaluate(
        &self,
        event: &ConfigEvent,
        invoking: &InvokingEvent,
    ) -> Result<Vec<Evaluation>, BoxError> {
        match self {
            Self::Judge(compliance) => Ok(vec![
                event
                    .evaluation(invoking, *compliance)?
                    .annotated("as told"),
            ]),
            Self::Many(count) => {
                let time: Timestamp = "2026-03-02T10:15:30.120Z".parse()?;
                let one = |n| {
                    Evaluation::new(
                        "AWS::EC2::Volume",
                        format!("vol-{n}"),
                        Compliance::Compliant,
                        time,
                    )
                };
                Ok((0..*count).map(one).collect())
            }
            Self::Nothing => Ok(Vec::new()),
            Self::Fail | Self::FailLoudly => Err("the volume's key is not to be read".into()),
            Self::Panic => panic!("no such key"),
            Self::Hang => passing().await,
        }
    }

    fn on_failure(
        &self,
        event: &ConfigEvent,
        invoking: &InvokingEvent,
        error: &(dyn std::error::Error + 'static),
    ) -> Vec<Evaluation> {
        match self {
            Self::FailLoudly => {
                let verdict = event.evaluation(invoking, Compliance::NonCompliant);
                verdict
                    .into_iter()
                    .map(|verdict| verdict.annotated(error.to_string()))
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

#[tokio::test]
async fn a_verdict_is_put_once() {
    let (client, log) = willing().await;
    let rule = Told::Judge(Compliance::NonCompliant);
    let event = event("change");
    let put = answer(&event, &rule, &client, within(MINUTE));
    assert_eq!(put.await.unwrap().len(), 1);
    let expected = json!({
        "ResultToken": "eyJlbmNyeXB0ZWREYXRhIjpbMTIsLTQ0LDEyMSw3LDk5XX0=",
        "TestMode": false,
        "Evaluations": [{
            "ComplianceResourceType": "AWS::EC2::Volume",
            "ComplianceResourceId": "vol-0a1b2c3d4e5f60718",
            "ComplianceType": "NON_COMPLIANT",
            "Annotation": "as told",
            "OrderingTimestamp": 1_772_446_530.12,
        }],
    });
    let log = log.lock().unwrap();
    assert_eq!(*log, [("putevaluations".to_owned(), expected)]);
}

#[tokio::test]
async fn what_is_gone_or_empty_is_not_applicable() {
    for (id, rule, on) in [
        ("deleted", Told::Panic, "vol-0a1b2c3d4e5f60718"),
        ("left-scope", Told::Fail, "vol-0a1b2c3d4e5f60718"),
        ("oversized", Told::Nothing, "vol-0a1b2c3d4e5f60718"),
        ("scheduled", Told::Nothing, "123456789012"),
    ] {
        let (client, log) = willing().await;
        answer(&event(id), &rule, &client, within(MINUTE))
            .await
            .unwrap();
        let log = log.lock().unwrap();
        assert_eq!(log.len(), 1, "{id}");
        let verdict = &log[0].1["Evaluations"][0];
        assert_eq!(verdict["ComplianceType"], "NOT_APPLICABLE", "{id}");
        assert_eq!(verdict["ComplianceResourceId"], on, "{id}");
    }
}

#[tokio::test]
async fn a_rule_that_fails_judges_nothing_and_fails_in_time() {
    for (rule, why) in [
        (Told::Fail, "key is not to be read"),
        (Told::Panic, "panicked: no such key"),
        (Told::Hang, "not done before its time"),
    ] {
        let _frozen = frozen();
        let (client, log) = willing().await;
        let start = Instant::now();
        let error = answer(&event("change"), &rule, &client, within(MINUTE))
            .await
            .unwrap_err();
        assert!(start.elapsed() < MINUTE, "{:?}", start.elapsed());
        assert!(
            said(&error).contains(why) && said(&error).contains("volumes-encrypted"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("eyJlbmNyeXB0"), "{error:?}");
        assert!(log.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_failure_can_be_a_verdict() {
    let (client, log) = willing().await;
    let event = event("change");
    let put = answer(&event, &Told::FailLoudly, &client, within(MINUTE));
    assert!(said(&put.await.unwrap_err()).contains("key is not to be read"));
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 1);
    let verdict = &log[0].1["Evaluations"][0];
    assert_eq!(verdict["ComplianceType"], "NON_COMPLIANT");
    assert_eq!(verdict["Annotation"], "the volume's key is not to be read");
}

#[tokio::test]
async fn batches_of_a_hundred() {
    let (client, log) = willing().await;
    let event = event("scheduled");
    let put = answer(&event, &Told::Many(250), &client, within(MINUTE));
    assert_eq!(put.await.unwrap().len(), 250);
    let log = log.lock().unwrap();
    let counts: Vec<usize> = log
        .iter()
        .map(|(_, body)| body["Evaluations"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [100, 100, 50]);
    let ids: std::collections::BTreeSet<&str> = log
        .iter()
        .flat_map(|(_, body)| body["Evaluations"].as_array().unwrap())
        .map(|verdict| verdict["ComplianceResourceId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 250);
}

#[tokio::test]
async fn what_was_not_taken_is_put_again() {
    let (client, log) = server(|nth, body| match nth {
        0 => (
            500,
            json!({ "__type": "InternalFailure", "message": "later" }),
        ),
        1 => (
            400,
            json!({ "__type": "ThrottlingException", "message": "Rate exceeded" }),
        ),
        2 => (
            200,
            json!({ "FailedEvaluations": [body["Evaluations"][1]] }),
        ),
        _ => (200, json!({})),
    })
    .await;
    let event = event("scheduled");
    let put = answer(&event, &Told::Many(3), &client, within(MINUTE));
    put.await.unwrap();
    let log = log.lock().unwrap();
    let counts: Vec<usize> = log
        .iter()
        .map(|(_, body)| body["Evaluations"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [3, 3, 3, 1]);
    assert_eq!(log[3].1["Evaluations"][0]["ComplianceResourceId"], "vol-1");
}

#[tokio::test]
async fn what_cannot_go_through_is_one_clear_error() {
    let token = json!({ "__type": "InvalidResultTokenException", "message": "bad token" });
    let (client, log) = server(move |_, _| (400, token.clone())).await;
    let rule = Told::Judge(Compliance::Compliant);
    let error = answer(&event("change"), &rule, &client, within(MINUTE))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.context("code")),
        (ErrorKind::Invalid, Some("InvalidResultTokenException"))
    );
    assert_eq!(error.context("taken"), Some("0 of 1"));
    assert_eq!(log.lock().unwrap().len(), 1, "not tried again");

    let (client, _) = server(|_, _| (0, Value::Null)).await;
    let _frozen = frozen();
    let start = Instant::now();
    let error = answer(&event("change"), &rule, &client, within(MINUTE))
        .await
        .unwrap_err();
    assert!(
        start.elapsed() < MINUTE && error.kind() == ErrorKind::Unavailable,
        "{error}"
    );
    assert!(!format!("{error:?}").contains("eyJlbmNyeXB0"), "{error:?}");

    let (client, log) = willing().await;
    let long = Told::Many(1);
    let mut broken = event("change");
    broken.invoking_event = "{}".into();
    assert!(
        answer(&broken, &long, &client, within(MINUTE))
            .await
            .is_err()
    );
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_test_keeps_nothing() {
    let (client, log) = willing().await;
    let test = edit(&SERVICE, "change", "/resultToken", Some(json!("TESTMODE")));
    let test: ConfigEvent = serde_json::from_str(&test).unwrap();
    let rule = Told::Judge(Compliance::Compliant);
    answer(&test, &rule, &client, within(MINUTE)).await.unwrap();
    assert_eq!(log.lock().unwrap()[0].1["TestMode"], true);
}

#[test]
fn annotations_and_limits() {
    let time: Timestamp = "2026-03-02T10:15:30.120Z".parse().unwrap();
    let verdict = Evaluation::new("AWS::EC2::Volume", "v", Compliance::Compliant, time);
    for (text, length) in [
        ("", None),
        ("é", Some(1)),
        (&*"é".repeat(256), Some(256)),
        (&*"é".repeat(999), Some(256)),
    ] {
        let verdict = verdict.clone().annotated(text);
        verdict.check().unwrap();
        assert_eq!(verdict.annotation.map(|text| text.chars().count()), length);
    }
    for (kind, id, name) in [
        ("", "v", "Type"),
        ("t", "", "Id"),
        ("t", &*"x".repeat(769), "Id"),
    ] {
        let error = Evaluation::new(kind, id, Compliance::Compliant, time)
            .check()
            .unwrap_err();
        assert!(
            error.kind() == ErrorKind::Limit && said(&error).contains(name),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_oversized_item_is_fetched_in_the_form_of_events() {
    let history = json!({ "configurationItems": [{
        "version": "1.3",
        "accountId": "123456789012",
        "configurationItemCaptureTime": 1_772_446_530.12,
        "configurationItemStatus": "OK",
        "configurationStateId": "1772446530120",
        "configurationItemMD5Hash": "",
        "arn": "arn:aws:ec2:eu-west-1:123456789012:volume/vol-0a1b2c3d4e5f60718",
        "resourceType": "AWS::EC2::Volume",
        "resourceId": "vol-0a1b2c3d4e5f60718",
        "awsRegion": "eu-west-1",
        "availabilityZone": "eu-west-1b",
        "resourceCreationTime": 1_772_179_200.0,
        "tags": { "team": "harbor" },
        "relatedEvents": [],
        "relationships": [{
            "resourceType": "AWS::EC2::Instance",
            "resourceId": "i-0f1e2d3c4b5a69788",
            "relationshipName": "Is attached to Instance",
        }],
        "configuration": "{\"encrypted\":false,\"size\":120}",
        "supplementaryConfiguration": { "AutoEnableIO": "{\"value\":false}", "Text": "plain" },
    }]});
    let (client, log) = server(move |nth, _| match nth {
        0 => (200, history.clone()),
        _ => (200, json!({ "configurationItems": [] })),
    })
    .await;
    let InvokingEvent::Oversized(change) = event("oversized").invoking_event().unwrap() else {
        panic!("not oversized")
    };
    let summary = &change.configuration_item_summary;
    let item = ConfigurationItem::fetch(&client, summary).await.unwrap();
    assert_eq!(
        log.lock().unwrap()[0].1,
        json!({
            "resourceType": "AWS::EC2::Volume",
            "resourceId": "vol-0a1b2c3d4e5f60718",
            "laterTime": 1_772_446_530.12,
            "limit": 1,
        })
    );
    assert_eq!(
        serde_json::to_value(&item).unwrap(),
        json!({
            "relatedEvents": [],
            "relationships": [{
                "resourceId": "i-0f1e2d3c4b5a69788",
                "resourceType": "AWS::EC2::Instance",
                "name": "Is attached to Instance",
            }],
            "configuration": { "encrypted": false, "size": 120 },
            "supplementaryConfiguration": { "AutoEnableIO": { "value": false }, "Text": "plain" },
            "tags": { "team": "harbor" },
            "configurationItemVersion": "1.3",
            "configurationItemCaptureTime": "2026-03-02T10:15:30.120Z",
            "configurationStateId": 1_772_446_530_120_i64,
            "awsAccountId": "123456789012",
            "configurationItemStatus": "OK",
            "resourceType": "AWS::EC2::Volume",
            "resourceId": "vol-0a1b2c3d4e5f60718",
            "resourceName": null,
            "ARN": "arn:aws:ec2:eu-west-1:123456789012:volume/vol-0a1b2c3d4e5f60718",
            "awsRegion": "eu-west-1",
            "availabilityZone": "eu-west-1b",
            "configurationStateMd5Hash": "",
            "resourceCreationTime": "2026-02-27T08:00:00.000Z",
        })
    );
    let error = ConfigurationItem::fetch(&client, summary)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

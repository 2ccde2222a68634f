//! The transformation of a stream that exists: what is written, and what stays.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_with_aws::{Action, Plan, Session, Wiring};
use lambda_with_firehose::Firehose;
use lambda_with_testing::{cycle, fake, function};
use serde_json::{Value, json};

const STREAM: &str = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks";
const ROLE: &str = "arn:aws:iam::123456789012:role/delivery";
const OTHER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:other:$LATEST";

/// The processors of a stream somebody else made.
fn theirs() -> Value {
    json!([
        { "Type": "Decompression", "Parameters": [{ "ParameterName": "CompressionFormat", "ParameterValue": "GZIP" }] },
        { "Type": "NewerThanThisCrate", "Parameters": [], "Extra": 1.5 },
    ])
}

/// A stream to Splunk, whose first change is refused as if somebody had changed it in between.
fn endpoint(processors: Value) -> (Session, fake::Log, Arc<Mutex<Value>>) {
    let lambda = fake::Lambda::new(function("clean").arn.as_str());
    let standing = Arc::new(Mutex::new(processors));
    let state = Arc::clone(&standing);
    let version = Mutex::new(1);
    let iam = fake::Iam::default();
    let (session, log) = fake::session(move |method, path, body| {
        if let Some(answer) = lambda.answer(method, path, body) {
            return answer;
        }
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let mut version = version.lock().unwrap();
        let mut processors = state.lock().unwrap();
        match path {
            "/DescribeDeliveryStream" => {
                let settings = json!({
                    "HECEndpoint": "https://splunk.example.com",
                    "ProcessingConfiguration": { "Enabled": true, "Processors": *processors },
                });
                let answer = json!({ "DeliveryStreamDescription": {
                    "DeliveryStreamName": "clicks",
                    "VersionId": version.to_string(),
                    "Destinations": [{
                        "DestinationId": "destinationId-000000000001",
                        "S3DestinationDescription": { "BucketARN": "arn:aws:s3:::backup" },
                        "SplunkDestinationDescription": settings,
                    }],
                } });
                (200, answer.to_string())
            }
            "/UpdateDestination" if *version == 1 => {
                *version = 2;
                let error =
                    json!({ "__type": "ConcurrentModificationException", "message": "version" });
                (400, error.to_string())
            }
            "/UpdateDestination" => {
                assert_eq!(asked["CurrentDeliveryStreamVersionId"], version.to_string());
                assert_eq!(asked["DestinationId"], "destinationId-000000000001");
                *version += 1;
                let processing = &asked["SplunkDestinationUpdate"]["ProcessingConfiguration"];
                *processors = processing["Processors"].clone();
                (200, "{}".into())
            }
            _ if body.starts_with("Action=GetRole&") => {
                let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22firehose.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
                let role = format!(
                    "<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>delivery</RoleName><RoleId>A</RoleId>\
                     <Arn>{ROLE}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
                     <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>"
                );
                (200, role)
            }
            _ => iam.answer(body).unwrap_or((404, String::new())),
        }
    });
    (session, log, standing)
}

fn wiring(session: &Session, connection: &Firehose) -> Wiring {
    let mut wiring = Wiring::new(session, function("clean")).unwrap();
    wiring.options.wait = Duration::from_secs(3);
    wiring.wire(connection).unwrap();
    wiring
}

fn clicks() -> Firehose {
    Firehose {
        role: Some(ROLE.parse().unwrap()),
        buffer_size: Some(0.5),
        ..Firehose::new(STREAM.parse().unwrap())
    }
}

fn of_the_stream(plan: &Plan) -> Vec<Action> {
    let changes = plan.changes.iter();
    let changes = changes.filter(|change| change.what.starts_with("transformation"));
    changes.map(|change| change.action).collect()
}

#[tokio::test]
async fn connect_connect_change_disconnect() {
    let (session, log, standing) = endpoint(theirs());
    let first = wiring(&session, &clicks());
    assert_eq!(
        of_the_stream(&first.diff().await.unwrap()),
        [Action::Create]
    );
    assert_eq!(*standing.lock().unwrap(), theirs());
    first.connect(|_| ()).await.unwrap();
    let parameter =
        |name: &str, value: &str| json!({ "ParameterName": name, "ParameterValue": value });
    let arn = format!("{}:$LATEST", function("clean").arn);
    let ours = |retries: &str| {
        let parameters = [
            parameter("LambdaArn", &arn),
            parameter("NumberOfRetries", retries),
            parameter("BufferSizeInMBs", "0.5"),
        ];
        json!({ "Type": "Lambda", "Parameters": parameters })
    };
    let mut expected = theirs();
    expected.as_array_mut().unwrap().push(ours("3"));
    assert_eq!(*standing.lock().unwrap(), expected);
    let plan = first.connect(|_| ()).await.unwrap();
    assert_eq!(of_the_stream(&plan), [Action::Keep]);

    let changed = Firehose {
        retries: 5,
        ..clicks()
    };
    let second = wiring(&session, &changed);
    assert_eq!(
        of_the_stream(&second.connect(|_| ()).await.unwrap()),
        [Action::Update]
    );
    assert_eq!(standing.lock().unwrap()[2], ours("5"));

    assert_eq!(
        of_the_stream(&second.disconnect(|_| ()).await.unwrap()),
        [Action::Remove]
    );
    assert_eq!(*standing.lock().unwrap(), theirs());
    assert_eq!(of_the_stream(&second.disconnect(|_| ()).await.unwrap()), []);
    let writes = fake::of(&log, "POST").into_iter();
    assert_eq!(
        writes
            .filter(|(path, _)| path == "/UpdateDestination")
            .count(),
        4
    );
}

#[tokio::test]
async fn a_transformation_by_another_function_is_left_alone() {
    let other = json!([{ "Type": "Lambda", "Parameters": [{ "ParameterName": "LambdaArn", "ParameterValue": OTHER }] }]);
    let (session, _, standing) = endpoint(other.clone());
    let ours = wiring(&session, &clicks());
    let refusal = ours.connect(|_| ()).await.unwrap_err().to_string();
    assert!(refusal.contains(OTHER), "{refusal}");
    assert_eq!(of_the_stream(&ours.disconnect(|_| ()).await.unwrap()), []);
    assert_eq!(*standing.lock().unwrap(), other);
}

#[tokio::test]
async fn without_a_role_nothing_is_set_up() {
    let (session, _, _) = endpoint(theirs());
    let mut wiring = Wiring::new(&session, function("clean")).unwrap();
    let error = wiring
        .wire(&Firehose::new(STREAM.parse().unwrap()))
        .unwrap_err();
    assert!(error.context("fix").unwrap().contains("role"), "{error}");
}

#[tokio::test]
async fn from_first_to_last() {
    let (session, _, standing) = endpoint(theirs());
    let connect = |session: &Session| wiring(session, &clicks());
    cycle(&session, &[&connect], async || {
        standing.lock().unwrap().as_array().unwrap().clone()
    })
    .await;
}

//! The ways of reading an event.
//!
//! `today` is what `lambda_runtime` does with the types of `aws_lambda_events`. `plain` is ours in
//! its place. `decode` is `lambda_with::decode`, and `lazy` the same without looking into bodies.
//! All but `lazy` end with everything read that the types of `aws_lambda_events` hold readily:
//! bodies unescaped, times parsed. `owned` is `serde_json::from_slice` alone, as tests use it.

use std::hint::black_box;

use aws_lambda_events::{
    alb, apigw, cloudwatch_logs, cognito, dynamodb, eventbridge, firehose, kafka, kinesis, s3, sns,
    sqs,
};
use bytes::Bytes;
use lambda_with::{Base64, Json, Map};
use lambda_with_alb::AlbRequest;
use lambda_with_api_gateway::{HttpApiRequest, RestApiRequest};
use lambda_with_cloudwatch_logs::CloudWatchLogsEvent;
use lambda_with_cognito::PreSignUpEvent;
use lambda_with_dynamodb::{AttributeValue, DynamoDbEvent};
use lambda_with_eventbridge::EventBridgeEvent;
use lambda_with_firehose::FirehoseEvent;
use lambda_with_kafka::KafkaEvent;
use lambda_with_kinesis::KinesisEvent;
use lambda_with_s3::S3Event;
use lambda_with_sns::SnsEvent;
use lambda_with_sqs::SqsEvent;
use serde::de::DeserializeOwned;

/// A name, and a function that reads an event once and drops it.
pub(crate) type Variant = (&'static str, fn(&Bytes));

macro_rules! variants {
    ($today:ty, $ours:ty) => {
        &[
            ("today", |json| drop(black_box(today::<$today>(json)))),
            ("plain", |json| black_box(today::<$ours>(json)).read()),
            ("owned", |json| black_box(owned::<$ours>(json)).read()),
            ("decode", |json| black_box(decode::<$ours>(json)).read()),
            ("lazy", |json| black_box(decode::<$ours>(json)).look()),
        ]
    };
}

pub(crate) const S3: &[Variant] = variants!(s3::S3Event, S3Event);
pub(crate) const SQS: &[Variant] = variants!(sqs::SqsEvent, SqsEvent);
pub(crate) const HTTP_API: &[Variant] = variants!(apigw::ApiGatewayV2httpRequest, HttpApiRequest);
pub(crate) const REST_API: &[Variant] = variants!(apigw::ApiGatewayProxyRequest, RestApiRequest);
pub(crate) const KINESIS: &[Variant] = variants!(kinesis::KinesisEvent, KinesisEvent);
pub(crate) const DYNAMODB: &[Variant] = variants!(dynamodb::Event, DynamoDbEvent);
pub(crate) const KAFKA: &[Variant] = variants!(kafka::KafkaEvent, KafkaEvent);
pub(crate) const FIREHOSE: &[Variant] = variants!(firehose::KinesisFirehoseEvent, FirehoseEvent);
pub(crate) const LOGS: &[Variant] = variants!(cloudwatch_logs::LogsEvent, CloudWatchLogsEvent);
pub(crate) const SNS: &[Variant] = variants!(sns::SnsEvent, SnsEvent);
pub(crate) const EVENTBRIDGE: &[Variant] = variants!(
    eventbridge::EventBridgeEvent<serde_json::Value>,
    EventBridgeEvent
);
pub(crate) const PRE_SIGN_UP: &[Variant] =
    variants!(cognito::CognitoEventUserPoolsPreSignup, PreSignUpEvent);
pub(crate) const ALB: &[Variant] = variants!(alb::AlbTargetGroupRequest, AlbRequest);

/// Looks at what was left for later.
pub(crate) trait Read {
    /// At all of it.
    fn read(&self);

    /// Only at what every function has to look at.
    fn look(&self) {}
}

impl Read for S3Event {
    fn read(&self) {
        for record in &self.records {
            let _ = black_box(record.event_time.timestamp());
        }
    }
}

impl Read for SqsEvent {
    fn read(&self) {
        for record in &self.records {
            let _ = black_box(record.body.as_text());
        }
    }
}

impl Read for HttpApiRequest {
    fn read(&self) {
        let _ = black_box(self.request_context.time_epoch.timestamp());
        if let Some(body) = self.body.as_ref() {
            let _ = black_box(body.as_text());
        }
    }
}

impl Read for RestApiRequest {
    fn read(&self) {
        if let Some(time) = self.request_context.request_time_epoch.as_ref() {
            let _ = black_box(time.timestamp());
        }
        if let Some(body) = self.body.as_ref() {
            let _ = black_box(body.as_text());
        }
    }
}

impl Read for KinesisEvent {
    fn read(&self) {
        for record in &self.records {
            let _ = black_box(record.kinesis.approximate_arrival_timestamp.timestamp());
            bytes(&record.kinesis.data);
        }
    }
}

impl Read for DynamoDbEvent {
    fn read(&self) {
        for change in self.records.iter().map(|record| &record.dynamodb) {
            if let Some(time) = &change.approximate_creation_date_time {
                let _ = black_box(time.timestamp());
            }
            attributes(&change.keys);
            change.new_image.iter().for_each(attributes);
            change.old_image.iter().for_each(attributes);
        }
    }
}

impl Read for KafkaEvent {
    fn read(&self) {
        for record in self.records.values().flatten() {
            let _ = black_box(record.timestamp.timestamp());
        }
    }
}

impl Read for FirehoseEvent {
    fn read(&self) {
        for record in &self.records {
            let _ = black_box(record.approximate_arrival_timestamp.timestamp());
            record.data.as_ref().into_iter().for_each(bytes);
        }
    }
}

impl Read for CloudWatchLogsEvent {
    fn read(&self) {
        for line in checked(self.awslogs.decode()).log_events {
            let _ = black_box(line.timestamp.timestamp());
            let _ = black_box(line.message.as_text());
        }
    }

    fn look(&self) {
        black_box(checked(self.awslogs.decode()));
    }
}

impl Read for SnsEvent {
    fn read(&self) {
        for message in self.records.iter().map(|record| &record.sns) {
            let _ = black_box(message.timestamp.timestamp());
            let _ = black_box(message.message.as_text());
        }
    }
}

impl Read for EventBridgeEvent {
    fn read(&self) {
        let _ = black_box(self.time.timestamp());
        let _ = black_box(checked(self.detail.value()));
    }
}

impl Read for PreSignUpEvent {
    fn read(&self) {}
}

impl Read for AlbRequest {
    fn read(&self) {
        if let Some(body) = self.body.as_ref() {
            let _ = black_box(body.as_text());
        }
    }
}

fn bytes(data: &Base64) {
    let _ = black_box(checked(data.decode()));
}

fn attributes(image: &Map<Json>) {
    for value in image.values() {
        let _ = black_box(checked(value.decode::<AttributeValue>()));
    }
}

fn today<T: DeserializeOwned>(json: &Bytes) -> T {
    checked(serde_path_to_error::deserialize(
        &mut serde_json::Deserializer::from_slice(json),
    ))
}

fn owned<T: DeserializeOwned>(json: &Bytes) -> T {
    checked(serde_json::from_slice(json))
}

fn decode<T: DeserializeOwned>(json: &Bytes) -> T {
    checked(lambda_with::decode(json.clone()))
}

/// A payload that does not fit would be measured wrongly.
fn checked<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the payload does not fit: {error}"),
    }
}

//! The ways of reading an event.
//!
//! `today` is what `lambda_runtime` does with the types of `aws_lambda_events`. `plain` is ours in
//! its place. `decode` is `lambda_with::decode`, and `lazy` the same without looking into bodies.
//! All but `lazy` end with everything read that the types of `aws_lambda_events` hold readily:
//! bodies unescaped, times parsed. `owned` is `serde_json::from_slice` alone, as tests use it.

use std::hint::black_box;

use aws_lambda_events::{apigw, s3, sqs};
use bytes::Bytes;
use lambda_with_api_gateway::{HttpApiRequest, RestApiRequest};
use lambda_with_s3::S3Event;
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
            ("lazy", |json| drop(black_box(decode::<$ours>(json)))),
        ]
    };
}

pub(crate) const S3: &[Variant] = variants!(s3::S3Event, S3Event);
pub(crate) const SQS: &[Variant] = variants!(sqs::SqsEvent, SqsEvent);
pub(crate) const HTTP_API: &[Variant] = variants!(apigw::ApiGatewayV2httpRequest, HttpApiRequest);
pub(crate) const REST_API: &[Variant] = variants!(apigw::ApiGatewayProxyRequest, RestApiRequest);

/// Looks at all that was left for later.
pub(crate) trait Read {
    fn read(&self);
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

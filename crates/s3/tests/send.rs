//! Records written to a bucket of a moto server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use lambda_with::rules::destination::{Kind, Message};
use lambda_with::rules::stream::Destination;
use lambda_with::{Arn, ErrorKind};
use lambda_with_s3::send::to_bucket;
use lambda_with_testing::{moto, unique};

const KEY: &str = "aws/lambda/async/orders/2026/03/02/2026-03-02T10.36.01-c0ffee";

fn record(to: &Arn) -> Message {
    Message {
        kind: Kind::OnFailure,
        function: "arn:aws:lambda:eu-west-1:123456789012:function:orders"
            .parse()
            .unwrap(),
        to: Destination::Arn(to.clone()),
        key: Some(KEY.into()),
        body: "{\"berth\": 7}".into(),
        attributes: Vec::new(),
        trace_header: None,
    }
}

#[tokio::test]
async fn a_record_is_an_object_under_its_key() {
    let session = moto::session();
    let config = aws_sdk_s3::config::Builder::from(session.config()).force_path_style(true);
    let client = Client::from_conf(config.build());
    let name = unique("failed");
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let request = client.create_bucket().bucket(&name);
    let request = request.create_bucket_configuration(place);
    request.send().await.unwrap();
    let bucket: Arn = format!("arn:aws:s3:::{name}").parse().unwrap();
    to_bucket(&session, &bucket, &record(&bucket))
        .await
        .unwrap();
    let object = client
        .get_object()
        .bucket(&name)
        .key(KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(object.content_type(), Some("application/json"));
    let body = object.body.collect().await.unwrap().into_bytes();
    assert_eq!(body, "{\"berth\": 7}");

    let missing: Arn = format!("arn:aws:s3:::{name}-missing").parse().unwrap();
    let error = to_bucket(&session, &missing, &record(&missing)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

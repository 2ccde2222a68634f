//! The exact requests that connect, change and disconnect a topic of Amazon MSK: no emulator takes such mappings.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_msk::Msk;
use lambda_with_testing::fake;
use serde_json::json;

#[tokio::test]
async fn a_topic_is_connected_changed_and_disconnected() {
    let first: Msk = toml::from_str(r#"
        cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4"
        topic = "orders"
        consumer_group = "orders-function"
        batch_size = 500
        batching_window = 5
        report_batch_item_failures = true
        maximum_retry_attempts = 3
        maximum_record_age = 3600
        bisect_batch_on_function_error = true
        on_failure = "kafka://orders-failed"
        provisioned_pollers = {}
    "#).unwrap();
    let made = json!({
        "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "EventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4",
        "Topics": ["orders"],
        "BatchSize": 500,
        "MaximumBatchingWindowInSeconds": 5,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRetryAttempts": 3,
        "MaximumRecordAgeInSeconds": 3600,
        "BisectBatchOnFunctionError": true,
        "DestinationConfig": { "OnFailure": { "Destination": "kafka://orders-failed" } },
        "StartingPosition": "TRIM_HORIZON",
        "AmazonManagedKafkaEventSourceConfig": { "ConsumerGroupId": "orders-function" },
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
    });
    let second = Msk {
        batch_size: Some(50),
        enabled: false,
        ..first.clone()
    };
    fake::mapping(
        &first,
        made,
        &second,
        json!({ "BatchSize": 50, "Enabled": false }),
    )
    .await;
}

//! The exact requests that connect, change and disconnect a queue of a broker: no emulator takes such mappings.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_mq::{ActiveMq, RabbitMq};
use lambda_with_testing::fake;
use serde_json::json;

#[tokio::test]
async fn a_queue_of_activemq() {
    let first: ActiveMq = toml::from_str(r#"
        broker = "arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d1a5c-2c5a-4f0f-9d0b-6f5a3f1c2d11"
        queue = "cranes"
        secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd"
        batch_size = 10
        filters = ['{"data":{"crane":["C-12"]}}']
        filter_key = "arn:aws:kms:eu-west-1:123456789012:key/1a"
    "#).unwrap();
    let made = json!({
        "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "EventSourceArn": "arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d1a5c-2c5a-4f0f-9d0b-6f5a3f1c2d11",
        "Queues": ["cranes"],
        "BatchSize": 10,
        "FilterCriteria": { "Filters": [{ "Pattern": "{\"data\":{\"crane\":[\"C-12\"]}}" }] },
        "KMSKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1a",
        "SourceAccessConfigurations": [
            { "Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd" },
        ],
    });
    let second = ActiveMq {
        batch_size: None,
        enabled: false,
        ..first.clone()
    };
    fake::mapping(
        &first,
        made,
        &second,
        json!({ "BatchSize": 100, "Enabled": false }),
    )
    .await;
}

#[tokio::test]
async fn a_queue_of_rabbitmq() {
    let first: RabbitMq = toml::from_str(r#"
        broker = "arn:aws:mq:eu-west-1:123456789012:broker:ferry:b-77aa10c4-51f4-4f0e-8c1d-0b9de6f20003"
        queue = "tickets"
        secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ferry-Ef34Gh"
        virtual_host = "harbor"
        batching_window = 3
        enabled = false
    "#).unwrap();
    let made = json!({
        "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "EventSourceArn": "arn:aws:mq:eu-west-1:123456789012:broker:ferry:b-77aa10c4-51f4-4f0e-8c1d-0b9de6f20003",
        "Queues": ["tickets"],
        "MaximumBatchingWindowInSeconds": 3,
        "Enabled": false,
        "SourceAccessConfigurations": [
            { "Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ferry-Ef34Gh" },
            { "Type": "VIRTUAL_HOST", "URI": "harbor" },
        ],
    });
    let second = RabbitMq {
        batch_size: Some(7),
        ..first.clone()
    };
    fake::mapping(&first, made, &second, json!({ "BatchSize": 7 })).await;
}

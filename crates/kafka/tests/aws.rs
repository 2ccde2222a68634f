//! The exact requests that connect, change and disconnect a topic of a self-managed cluster: no emulator takes such mappings.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_kafka::Kafka;
use lambda_with_testing::fake;
use serde_json::json;

#[tokio::test]
async fn a_topic_is_connected_changed_and_disconnected() {
    let first: Kafka = toml::from_str(r#"
        bootstrap_servers = ["kafka-1.harbor.example.com:9096"]
        topic = "orders"
        starting_position = "AT_TIMESTAMP"
        starting_position_timestamp = "2026-03-02T10:35:30Z"
        consumer_group = "orders-function"
        batch_size = 500
        batching_window = 5
        report_batch_item_failures = true
        maximum_retry_attempts = 3
        maximum_record_age = 3600
        bisect_batch_on_function_error = true
        on_failure = "kafka://orders-failed"
        filters = ['{"value":{"total":[{"numeric":[">",100]}]}}']
        provisioned_pollers = { minimum = 1, maximum = 5, group = "harbor" }
        metrics = ["EventCount", "KafkaMetrics"]
        log_level = "WARN"
        access = [
            { Type = "SASL_SCRAM_512_AUTH", URI = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-Ab12Cd" },
            { Type = "VPC_SUBNET", URI = "subnet:subnet-0a1b2c3d4e5f60718" },
            { Type = "VPC_SECURITY_GROUP", URI = "security_group:sg-0a1b2c3d4e5f60718" },
        ]
        tags = { team = "harbor" }

        [schema_registry]
        uri = "arn:aws:glue:eu-west-1:123456789012:registry/harbor"
        format = "JSON"
        validate = ["VALUE"]
    "#).unwrap();
    let made = json!({
        "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "SelfManagedEventSource": {
            "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["kafka-1.harbor.example.com:9096"] },
        },
        "Topics": ["orders"],
        "BatchSize": 500,
        "MaximumBatchingWindowInSeconds": 5,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRetryAttempts": 3,
        "MaximumRecordAgeInSeconds": 3600,
        "BisectBatchOnFunctionError": true,
        "DestinationConfig": { "OnFailure": { "Destination": "kafka://orders-failed" } },
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": 1772447730,
        "SelfManagedKafkaEventSourceConfig": {
            "ConsumerGroupId": "orders-function",
            "SchemaRegistryConfig": {
                "SchemaRegistryURI": "arn:aws:glue:eu-west-1:123456789012:registry/harbor",
                "EventRecordFormat": "JSON",
                "SchemaValidationConfigs": [{ "Attribute": "VALUE" }],
            },
        },
        "FilterCriteria": {
            "Filters": [{ "Pattern": "{\"value\":{\"total\":[{\"numeric\":[\">\",100]}]}}" }],
        },
        "ProvisionedPollerConfig": {
            "MinimumPollers": 1, "MaximumPollers": 5, "PollerGroupName": "harbor",
        },
        "MetricsConfig": { "Metrics": ["EventCount", "KafkaMetrics"] },
        "LoggingConfig": { "SystemLogLevel": "WARN" },
        "SourceAccessConfigurations": [
            { "Type": "SASL_SCRAM_512_AUTH", "URI": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-Ab12Cd" },
            { "Type": "VPC_SUBNET", "URI": "subnet:subnet-0a1b2c3d4e5f60718" },
            { "Type": "VPC_SECURITY_GROUP", "URI": "security_group:sg-0a1b2c3d4e5f60718" },
        ],
        "Tags": { "team": "harbor" },
    });
    let second = Kafka {
        batch_size: Some(50),
        enabled: false,
        ..first.clone()
    };
    fake::mapping(
        &first,
        made.clone(),
        &second,
        json!({ "BatchSize": 50, "Enabled": false }),
    )
    .await;
    // What a definition no longer has is taken away, and what is left out of an update would stay.
    let bare = Kafka {
        access: Vec::new(),
        log_level: None,
        schema_registry: None,
        tags: [("team", "pier"), ("tier", "1")]
            .map(|(key, value)| (key.into(), value.into()))
            .into(),
        ..first.clone()
    };
    fake::mapping(
        &first,
        made,
        &bare,
        json!({
            "LoggingConfig": {},
            "SelfManagedKafkaEventSourceConfig": {
                "ConsumerGroupId": "orders-function",
                "SchemaRegistryConfig": {},
            },
            "SourceAccessConfigurations": [],
            "Tags": { "team": "pier", "tier": "1" },
        }),
    )
    .await;
}

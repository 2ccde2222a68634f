//! The connection: what it grants, its name, and its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::Integration;
use lambda_with_kafka::{Kafka, KafkaEvent};
use lambda_with_testing::{delivered, exact_value, function};

fn granted(connection: &impl Integration) -> String {
    lambda_with_testing::granted(connection, &function("orders"))
}

const FULL: &str = r#"
    bootstrap_servers = ["kafka-2.harbor.example.com:9096", "kafka-1.harbor.example.com:9096"]
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
    on_failure = "arn:aws:s3:::orders-failed"
    on_failure_key = "arn:aws:kms:eu-west-1:123456789012:key/2b"
    filters = ['{"value":{"total":[100]}}']
    filter_key = "arn:aws:kms:eu-west-1:123456789012:key/1a"
    provisioned_pollers = { minimum = 2, maximum = 5, group = "harbor" }
    metrics = ["EventCount"]
    log_level = "DEBUG"
    enabled = false
    tags = { team = "harbor" }
    secret_keys = ["arn:aws:kms:eu-west-1:123456789012:key/3c"]
    consumption_mode = "Stream"
    access = [
        { Type = "SASL_SCRAM_512_AUTH", URI = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-Ab12Cd" },
        { Type = "SERVER_ROOT_CA_CERTIFICATE", URI = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ca-Ef34Gh" },
        { Type = "VPC_SUBNET", URI = "subnet:subnet-0a1b2c3d4e5f60718" },
        { Type = "VPC_SECURITY_GROUP", URI = "security_group:sg-0a1b2c3d4e5f60718" },
    ]

    [schema_registry]
    uri = "arn:aws:glue:eu-west-1:123456789012:registry/harbor"
    format = "SOURCE"
    validate = ["KEY", "VALUE"]
"#;

#[test]
fn the_execution_role_gets_what_the_settings_need() {
    let full: Kafka = toml::from_str(FULL).unwrap();
    expect![[r#"
        logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders:* arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders
        ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs on *
        secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-Ab12Cd arn:aws:secretsmanager:eu-west-1:123456789012:secret:ca-Ef34Gh
        kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/3c
        glue:GetRegistry on arn:aws:glue:eu-west-1:123456789012:registry/harbor
        glue:GetSchemaVersion on *
        s3:PutObject s3:ListBucket on arn:aws:s3:::orders-failed arn:aws:s3:::orders-failed/* when StringEquals s3:ResourceAccount 123456789012
        kms:GenerateDataKey on arn:aws:kms:eu-west-1:123456789012:key/2b
    "#]].assert_eq(&granted(&full));
    let plain = Kafka::new(["kafka-1.harbor.example.com:9092"], "orders");
    expect![[r#"
        logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders:* arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders
    "#]].assert_eq(&granted(&plain));
    for (to, action) in [
        (
            "arn:aws:sqs:eu-west-1:123456789012:failed",
            "sqs:SendMessage",
        ),
        ("arn:aws:sns:eu-west-1:123456789012:failed", "sns:Publish"),
    ] {
        let key = full.on_failure_key.clone();
        let sends = Kafka {
            on_failure: Some(to.into()),
            on_failure_key: key,
            ..plain.clone()
        };
        let granted = granted(&sends);
        assert!(
            granted.contains(&format!("{action} on {to}\n")),
            "{granted}"
        );
        assert!(
            granted.contains("kms:Decrypt kms:GenerateDataKey on "),
            "{granted}"
        );
    }
    // A registry of Confluent has secrets of its own.
    let confluent = FULL.replace(
        "arn:aws:glue:eu-west-1:123456789012:registry/harbor",
        "https://registry.example.com",
    ) + "access = [{ Type = 'BASIC_AUTH', URI = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-Ij56Kl' }]";
    let granted = granted(&toml::from_str::<Kafka>(&confluent).unwrap());
    assert!(
        granted.contains("secret:registry-Ij56Kl") && !granted.contains("glue:"),
        "{granted}"
    );
}

#[test]
fn names() {
    let name = |servers: &[&str], topic: &str| Kafka::new(servers.iter().copied(), topic).name();
    let one = name(&["a:9092", "b:9092"], "orders.placed");
    assert_eq!(
        one,
        name(&["b:9092", "a:9092"], "orders.placed"),
        "the order does not matter"
    );
    assert_eq!(&one[..20], "kafka-orders-placed-");
    assert_ne!(one, name(&["a:9092"], "orders.placed"));
    assert_ne!(one, name(&["a:9092", "b:9092"], "orders-placed"));
    assert!(name(&["a:9092"], &"t".repeat(249)).len() <= 80);
}

#[test]
fn a_definition_is_read_and_written_back() {
    let kafka: Kafka = toml::from_str(FULL).unwrap();
    let written = toml::to_string(&kafka).unwrap();
    assert_eq!(toml::from_str::<Kafka>(&written).unwrap(), kafka);
    let plain: Kafka = toml::from_str("bootstrap_servers = ['a:9092']\ntopic = 't'").unwrap();
    assert_eq!(plain, Kafka::new(["a:9092"], "t"));
    for (toml, reason) in [
        ("topic = 't'", "missing field `bootstrap_servers`"),
        ("bootstrap_servers = ['a:9092']", "missing field `topic`"),
        (
            "bootstrap_servers = ['a:9092']\ntopic = 't'\nstarting_position = 'OLDEST'",
            "unknown variant",
        ),
        (
            "bootstrap_servers = ['a:9092']\ntopic = 't'\nbatchsize = 1",
            "unknown field",
        ),
    ] {
        let error = toml::from_str::<Kafka>(toml).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn an_example_is_of_this_topic() {
    let servers = [
        "kafka-1.harbor.example.com:9096",
        "kafka-2.harbor.example.com:9096",
    ];
    let harbour = Kafka::new(servers, "harbour.tides");
    let event = delivered(harbour.example(&function("orders")));
    let event: KafkaEvent = exact_value(&event);
    for (place, records) in event.records.iter() {
        for record in records {
            assert_eq!(record.topic, "harbour.tides");
            assert_eq!(record.topic_partition(), *place);
        }
    }
    assert!(!event.records.is_empty());
    let servers = event.bootstrap_servers.as_deref();
    assert_eq!(servers, Some(harbour.bootstrap_servers.join(",").as_str()));
}

//! The connection: what it grants, its name, and its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::Integration;
use lambda_with_msk::{Msk, MskEvent};
use lambda_with_testing::{delivered, exact_value, function};

fn granted(connection: &impl Integration) -> String {
    lambda_with_testing::granted(connection, &function("orders"))
}

fn connection(settings: &str) -> Msk {
    let mut table: toml::Table = settings.parse().unwrap();
    let cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4";
    table.entry("cluster").or_insert(cluster.into());
    table.entry("topic").or_insert("orders".into());
    table.try_into().unwrap()
}

#[test]
fn the_execution_role_gets_what_the_settings_need() {
    // By IAM; a group that is not named may be any.
    expect![[r#"
        kafka:DescribeClusterV2 on arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4
        kafka:GetBootstrapBrokers on *
        ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs on *
        logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders:* arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders
        kafka-cluster:Connect on arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4
        kafka-cluster:DescribeTopic kafka-cluster:ReadData on arn:aws:kafka:eu-west-1:123456789012:topic/harbor/3f0b1d5e-4/orders
        kafka-cluster:AlterGroup kafka-cluster:DescribeGroup on arn:aws:kafka:eu-west-1:123456789012:group/harbor/3f0b1d5e-4/g
    "#]].assert_eq(&granted(&connection("consumer_group = 'g'")));
    assert!(granted(&connection("")).contains("group/harbor/3f0b1d5e-4/*\n"));
    // Without signing in.
    expect![[r#"
        kafka:DescribeClusterV2 on arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4
        kafka:GetBootstrapBrokers on *
        ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs on *
        logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders:* arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders
    "#]].assert_eq(&granted(&connection("unauthenticated = true")));
    // With a secret, and a topic for what is given up.
    let scram = "access = [{ Type = 'SASL_SCRAM_512_AUTH', URI = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_o-Ab12Cd' }]
        secret_keys = ['arn:aws:kms:eu-west-1:123456789012:key/3c']
        on_failure = 'kafka://failed'
        provisioned_pollers = {}";
    expect![[r#"
        kafka:DescribeClusterV2 on arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4
        kafka:GetBootstrapBrokers on *
        ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs on *
        logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders:* arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders
        kafka:ListScramSecrets on arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4
        secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_o-Ab12Cd
        kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/3c
        kafka-cluster:Connect kafka-cluster:DescribeCluster kafka-cluster:DescribeTopic kafka-cluster:ReadData kafka-cluster:WriteData on arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4 arn:aws:kafka:eu-west-1:123456789012:topic/harbor/3f0b1d5e-4/failed
        kafka:DescribeCluster kafka:Produce on arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4
    "#]].assert_eq(&granted(&connection(scram)));
    // A cluster of another account, whose id behind the connection is not known.
    let vpc = "cluster = 'arn:aws:kafka:eu-west-1:123456789012:vpc-connection/210987654321/harbor/51ab-7'";
    expect![[r#"
        kafka:DescribeVpcConnection kafka:DescribeClusterV2 on arn:aws:kafka:eu-west-1:123456789012:vpc-connection/210987654321/harbor/51ab-7 arn:aws:kafka:eu-west-1:210987654321:cluster/harbor/*
        kafka:GetBootstrapBrokers on *
        ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs on *
        logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders:* arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders
        kafka-cluster:Connect on arn:aws:kafka:eu-west-1:210987654321:cluster/harbor/*
        kafka-cluster:DescribeTopic kafka-cluster:ReadData on arn:aws:kafka:eu-west-1:210987654321:topic/harbor/*/orders
        kafka-cluster:AlterGroup kafka-cluster:DescribeGroup on arn:aws:kafka:eu-west-1:210987654321:group/harbor/*/*
    "#]].assert_eq(&granted(&connection(vpc)));
}

#[test]
fn names() {
    let name = |settings: &str| connection(settings).name();
    assert_eq!(&name("")[..18], "msk-harbor-orders-");
    let others = [
        "topic = 'orders.placed'",
        "topic = 'orders-placed'",
        "cluster = 'arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/4a1c2e6f-4'",
    ];
    let mut names: Vec<String> = others.iter().map(|other| name(other)).collect();
    names.push(name(""));
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4);
    assert!(name(&format!("topic = '{}'", "t".repeat(249))).len() <= 80);
}

#[test]
fn a_definition_is_read_and_written_back() {
    let full = connection(
        "unauthenticated = true\nstarting_position = 'LATEST'\nbatch_size = 7\nenabled = false\nprovisioned_pollers = { maximum = 3 }\nmetrics = ['KafkaMetrics']",
    );
    let written = toml::to_string(&full).unwrap();
    assert_eq!(toml::from_str::<Msk>(&written).unwrap(), full);
    let plain = connection("");
    assert_eq!(plain, Msk::new(plain.cluster.clone(), "orders"));
    for (toml, reason) in [
        ("topic = 't'", "missing field `cluster`"),
        ("topic = 't'\ncluster = 'harbor'", "is not an ARN"),
        (
            "topic = 't'\ncluster = 'arn:aws:kafka:eu-west-1:123456789012:cluster/a/b'\niam = true",
            "unknown field",
        ),
    ] {
        let error = toml::from_str::<Msk>(toml).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn an_example_is_of_this_topic() {
    let harbour = connection("topic = 'harbour.tides'");
    let event = delivered(harbour.example(&function("orders")));
    let event: MskEvent = exact_value(&event);
    for (place, records) in event.records.iter() {
        for record in records {
            assert_eq!(record.topic, "harbour.tides");
            assert_eq!(record.topic_partition(), *place);
        }
    }
    assert!(!event.records.is_empty());
    assert_eq!(event.event_source_arn, harbour.cluster.as_str());
}

//! The connection: what it grants, its name, and its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::Integration;
use lambda_with_mq::{ActiveMq, ActiveMqEvent, RabbitMq, RabbitMqEvent};
use lambda_with_testing::{delivered, exact_value, function};

fn granted(connection: &impl Integration) -> String {
    lambda_with_testing::granted(connection, &function("orders"))
}

const PLAIN: &str = r#"
    broker = "arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d1a5c"
    queue = "cranes"
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd"
"#;

const FULL: &str = r#"
    batch_size = 10
    batching_window = 5
    filters = ['{"data":{"crane":["C-12"]}}']
    filter_key = "arn:aws:kms:eu-west-1:123456789012:key/1a"
    enabled = false
    tags = { team = "harbor" }
    secret_key = "arn:aws:kms:eu-west-1:123456789012:key/3c"
"#;

#[test]
fn the_execution_role_reads_this_broker_alone() {
    let active: ActiveMq = toml::from_str(&[PLAIN, FULL].concat()).unwrap();
    expect![[r#"
        mq:DescribeBroker on arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d1a5c
        secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd
        kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/3c
        ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs on *
        logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders:* arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders
    "#]].assert_eq(&granted(&active));
    let rabbit: RabbitMq = toml::from_str(&[PLAIN, FULL].concat()).unwrap();
    assert_eq!(granted(&rabbit), granted(&active));
    let plain: RabbitMq = toml::from_str(PLAIN).unwrap();
    assert!(!granted(&plain).contains("kms:"));
}

#[test]
fn names() {
    let rabbit =
        |changes: &str| -> RabbitMq { toml::from_str(&[PLAIN, changes].concat()).unwrap() };
    let plain = rabbit("");
    assert_eq!(&plain.name()[..17], "mq-harbor-cranes-");
    assert_eq!(
        plain.name(),
        rabbit("virtual_host = '/'").name(),
        "what it is unless set"
    );
    assert_ne!(plain.name(), rabbit("virtual_host = 'harbor'").name());
    let long = RabbitMq {
        queue: "q".repeat(1000),
        ..plain
    };
    assert!(long.name().len() <= 80);
}

#[test]
fn a_definition_is_read_and_written_back() {
    let active: ActiveMq = toml::from_str(&[PLAIN, FULL].concat()).unwrap();
    let written = toml::to_string(&active).unwrap();
    assert_eq!(toml::from_str::<ActiveMq>(&written).unwrap(), active);
    let rabbit: RabbitMq = toml::from_str(&[PLAIN, FULL, "virtual_host = 'a'"].concat()).unwrap();
    let written = toml::to_string(&rabbit).unwrap();
    assert_eq!(toml::from_str::<RabbitMq>(&written).unwrap(), rabbit);
    let plain: ActiveMq = toml::from_str(PLAIN).unwrap();
    let made = ActiveMq::new(plain.broker.clone(), "cranes", plain.secret.clone());
    assert_eq!(plain, made);
    for (toml, reason) in [
        ("queue = 'q'".to_owned(), "missing field `broker`"),
        (PLAIN.replace("secret =", "password ="), "unknown field"),
        (
            [PLAIN, "virtual_host = '/'"].concat(),
            "unknown field `virtual_host`",
        ),
    ] {
        let error = toml::from_str::<ActiveMq>(&toml).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn an_example_is_of_this_queue() {
    let active: ActiveMq = toml::from_str(PLAIN).unwrap();
    let event = delivered(active.example(&function("orders")));
    let event: ActiveMqEvent = exact_value(&event);
    assert_eq!(event.event_source_arn, active.broker.as_str());
    for message in &event.messages {
        assert_eq!(message.queue(), Some("cranes"));
    }
    let rabbit: RabbitMq = toml::from_str(&[PLAIN, "virtual_host = 'harbor'"].concat()).unwrap();
    let event = delivered(rabbit.example(&function("orders")));
    let event: RabbitMqEvent = exact_value(&event);
    assert_eq!(event.event_source_arn, rabbit.broker.as_str());
    let queues: Vec<_> = event.rmq_messages_by_queue.keys().collect();
    assert_eq!(queues, ["cranes::harbor"]);
}

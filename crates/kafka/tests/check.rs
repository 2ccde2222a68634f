//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_kafka::Kafka;
use lambda_with_testing::{clashes, lints};

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-Ab12Cd";
const GOOD: &str = r#"
bootstrap_servers = ["kafka-1.harbor.example.com:9096"]
topic = "orders"

[[access]]
Type = "SASL_SCRAM_512_AUTH"
URI = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-Ab12Cd"
"#;

#[test]
fn every_lint_has_a_definition_it_finds() {
    let subnet = "{ Type = 'VPC_SUBNET', URI = 'subnet:subnet-0a1b' }";
    let group = "{ Type = 'VPC_SECURITY_GROUP', URI = 'security_group:sg-0a1b' }";
    let plain = format!("{{ Type = 'BASIC_AUTH', URI = '{SECRET}' }}");
    let scram = format!("{{ Type = 'SASL_SCRAM_512_AUTH', URI = '{SECRET}' }}");
    let abroad = plain.replace("eu-west-1", "us-east-1");
    let long = "t".repeat(249);
    let cases = [
        (String::new(), ""),
        ("function_timeout = 841".into(), "LW0023! timeout"),
        (format!("access = [{plain}, {subnet}, {group}]"), ""),
        (format!("access = [{plain}, {subnet}]"), "LW2501! access"),
        (format!("access = [{group}]"), "LW2501! access"),
        ("access = []".into(), "LW0022 access"),
        (
            "bootstrap_servers = ['kafka-1']".into(),
            "LW0011! bootstrap_servers",
        ),
        (format!("topic = '{long}'"), ""),
        (format!("topic = '{long}t'"), "LW0011! topic"),
        ("topic = '.hidden'".into(), "LW2502! topic"),
        ("topic = 'two words'".into(), "LW2502! topic"),
        (
            "on_failure = 'kafka://failed'\nprovisioned_pollers = {}".into(),
            "",
        ),
        (
            "on_failure = 'kafka://orders'\nprovisioned_pollers = {}".into(),
            "LW2503! on_failure",
        ),
        (format!("access = [{abroad}]"), "LW2505! access"),
        (format!("access = [{plain}, {scram}]"), "LW2506 access"),
        (
            "report_batch_item_failures = true\nprovisioned_pollers = { maximum = 5 }".into(),
            "",
        ),
        (
            "report_batch_item_failures = true".into(),
            "LW0021 report_batch_item_failures",
        ),
        ("log_level = 'WARN'".into(), "LW0021! log_level"),
        (
            "consumption_mode = 'Queue'\nstarting_position = 'LATEST'".into(),
            "LW0020! starting_position",
        ),
        ("filters = ['{\"key\":[\"a\"]}']".into(), "LW0016 filters"),
        (
            "starting_position = 'AT_TIMESTAMP'".into(),
            "LW0014! starting_position_timestamp",
        ),
    ];
    lints::<Kafka>(GOOD, &cases);
}

#[test]
fn two_connections() {
    let group = "consumer_group = 'a'";
    let both = "topic = 'berths'\nconsumer_group = 'a'";
    let [clash, twice] = ["LW2504! consumer_group", "LW0029! bootstrap_servers"];
    let cases = [
        (group, group, clash, twice),
        (group, "consumer_group = 'b'", "", twice),
        (group, "topic = 'berths'", "", ""),
        (group, both, clash, ""),
        ("", "", "", twice),
    ];
    clashes::<Kafka>(GOOD, &cases);
}

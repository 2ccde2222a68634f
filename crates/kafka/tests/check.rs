//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Integration, Severity};
use lambda_with_kafka::Kafka;
use lambda_with_testing::function;

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-Ab12Cd";

/// A connection by the settings that differ from a good one.
fn connection(settings: &str) -> Kafka {
    let mut table: toml::Table = settings.parse().unwrap();
    let servers = toml::Value::from(vec!["kafka-1.harbor.example.com:9096"]);
    table.entry("bootstrap_servers").or_insert(servers);
    table.entry("topic").or_insert("orders".into());
    if !table.contains_key("access") {
        let access = format!("access = [{{ Type = 'SASL_SCRAM_512_AUTH', URI = '{SECRET}' }}]");
        table.extend(access.parse::<toml::Table>().unwrap());
    }
    table.try_into().unwrap()
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let mark = if finding.severity == Severity::Error {
            "!"
        } else {
            ""
        };
        format!("{}{mark} {}", finding.code, finding.field)
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_lint_has_a_definition_it_finds() {
    let subnet = "{ Type = 'VPC_SUBNET', URI = 'subnet:subnet-0a1b' }";
    let group = "{ Type = 'VPC_SECURITY_GROUP', URI = 'security_group:sg-0a1b' }";
    let plain = format!("{{ Type = 'BASIC_AUTH', URI = '{SECRET}' }}");
    let scram = format!("{{ Type = 'SASL_SCRAM_512_AUTH', URI = '{SECRET}' }}");
    let abroad = plain.replace("eu-west-1", "us-east-1");
    let long = "t".repeat(249);
    for (settings, expected) in [
        (String::new(), ""),
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
    ] {
        let findings = connection(&settings).check(&function("orders"));
        assert_eq!(found(&findings), expected, "{settings}");
        for finding in findings {
            assert!(
                !finding.fix.is_empty() && !finding.what.ends_with('.'),
                "{finding}"
            );
        }
    }
    let mut slow = function("orders");
    slow.timeout = 841;
    assert_eq!(found(&connection("").check(&slow)), "LW0023! timeout");
}

#[test]
fn two_connections() {
    let one = connection("consumer_group = 'a'");
    for (settings, anywhere, within) in [
        (
            "consumer_group = 'a'",
            "LW2504! consumer_group",
            "LW0029! bootstrap_servers",
        ),
        ("consumer_group = 'b'", "", "LW0029! bootstrap_servers"),
        ("topic = 'berths'", "", ""),
        (
            "topic = 'berths'\nconsumer_group = 'a'",
            "LW2504! consumer_group",
            "",
        ),
    ] {
        let other = connection(settings);
        assert_eq!(found(&one.conflicts(&other)), anywhere, "{settings}");
        assert_eq!(found(&one.conflicts_within(&other)), within, "{settings}");
    }
    let unnamed = connection("");
    assert_eq!(found(&unnamed.conflicts(&unnamed)), "");
}

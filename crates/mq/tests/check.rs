//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Integration, Severity};
use lambda_with_mq::{ActiveMq, RabbitMq};
use lambda_with_testing::function;
use serde::de::DeserializeOwned;

/// A connection by the settings that differ from a good one.
fn connection<T: DeserializeOwned>(settings: &str) -> T {
    let mut table: toml::Table = settings.parse().unwrap();
    for (name, value) in [
        (
            "broker",
            "arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d",
        ),
        ("queue", "cranes"),
        (
            "secret",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd",
        ),
    ] {
        table.entry(name).or_insert(value.into());
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
    for (settings, active, rabbit) in [
        ("", "", ""),
        ("batch_size = 10000\nbatching_window = 300", "", ""),
        (
            "batch_size = 10001",
            "LW0011! batch_size",
            "LW0011! batch_size",
        ),
        (
            "secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:harbor-Ab12Cd'",
            "LW2701! secret",
            "LW2701! secret",
        ),
        (
            "secret = 'arn:aws:ssm:eu-west-1:123456789012:parameter/harbor'",
            "LW0022! secret",
            "LW0022! secret",
        ),
        ("queue = 'topic://tides'", "LW2703! queue", ""),
        (
            "broker = 'arn:aws:mq:eu-west-1:210987654321:broker:harbor:b-5e1d'",
            "LW0026! broker",
            "LW0026! broker",
        ),
        (
            "broker = 'arn:aws:mq:eu-west-1:123456789012:broker:harbor'",
            "LW0024! broker",
            "LW0024! broker",
        ),
        (
            "filters = ['{\"messageID\":[\"a\"]}']",
            "LW0016 filters",
            "LW0016 filters",
        ),
    ] {
        let active_mq: ActiveMq = connection(settings);
        let rabbit_mq: RabbitMq = connection(settings);
        let orders = function("orders");
        for (findings, expected) in [
            (active_mq.check(&orders), active),
            (rabbit_mq.check(&orders), rabbit),
        ] {
            assert_eq!(found(&findings), expected, "{settings}");
            for finding in findings {
                assert!(
                    !finding.fix.is_empty() && !finding.what.ends_with('.'),
                    "{finding}"
                );
            }
        }
    }
    let rabbit: RabbitMq = connection("virtual_host = ''");
    assert_eq!(
        found(&rabbit.check(&function("orders"))),
        "LW0022! virtual_host"
    );
}

#[test]
fn two_connections_of_one_queue() {
    let one: RabbitMq = connection("");
    for (settings, anywhere, within) in [
        ("batch_size = 5", "LW2702 queue", "LW0029! broker"),
        ("virtual_host = 'harbor'", "", "LW0029! broker"),
        ("queue = 'ferries'", "", ""),
    ] {
        let other: RabbitMq = connection(settings);
        assert_eq!(found(&one.conflicts(&other)), anywhere, "{settings}");
        assert_eq!(found(&one.conflicts_within(&other)), within, "{settings}");
    }
    let one: ActiveMq = connection("");
    assert_eq!(found(&one.conflicts(&one)), "LW2702 queue");
}

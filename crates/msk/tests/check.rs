//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Integration, Severity};
use lambda_with_msk::Msk;
use lambda_with_testing::function;

/// A connection by the settings that differ from a good one.
fn connection(settings: &str) -> Msk {
    let mut table: toml::Table = settings.parse().unwrap();
    let cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4";
    table.entry("cluster").or_insert(cluster.into());
    table.entry("topic").or_insert("orders".into());
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
    let secret = |kind: &str, region: &str, name: &str| {
        format!(
            "{{ Type = '{kind}', URI = 'arn:aws:secretsmanager:{region}:123456789012:secret:{name}' }}"
        )
    };
    let scram = secret(
        "SASL_SCRAM_512_AUTH",
        "eu-west-1",
        "AmazonMSK_orders-Ab12Cd",
    );
    let tls = secret("CLIENT_CERTIFICATE_TLS_AUTH", "eu-west-1", "tls-Ab12Cd");
    let other = secret("SASL_SCRAM_512_AUTH", "eu-west-1", "orders-Ab12Cd");
    let abroad = secret(
        "SASL_SCRAM_512_AUTH",
        "us-east-1",
        "AmazonMSK_orders-Ab12Cd",
    );
    let old = secret(
        "SASL_SCRAM_256_AUTH",
        "eu-west-1",
        "AmazonMSK_orders-Ab12Cd",
    );
    let vpc = "cluster = 'arn:aws:kafka:eu-west-1:123456789012:vpc-connection/210987654321/harbor/3f0b-4'";
    for (settings, expected) in [
        (String::new(), ""),
        (vpc.into(), ""),
        (format!("{vpc}\naccess = [{other}]"), ""),
        ("topic = 'a b'".into(), "LW2801! topic"),
        (
            "on_failure = 'kafka://orders'\nprovisioned_pollers = {}".into(),
            "LW2802! on_failure",
        ),
        (format!("access = [{scram}]"), ""),
        (format!("access = [{abroad}]"), "LW2804! access"),
        (
            format!("access = [{scram}]\nunauthenticated = true"),
            "LW2805 unauthenticated",
        ),
        ("unauthenticated = true".into(), ""),
        (format!("access = [{other}]"), "LW2806 access"),
        (format!("access = [{scram}, {tls}]"), "LW2807 access"),
        (format!("access = [{old}]"), "LW0022! access"),
        (
            "cluster = 'arn:aws:kafka:eu-west-1:210987654321:cluster/harbor/3f0b-4'".into(),
            "LW0026! cluster",
        ),
        (
            "cluster = 'arn:aws:kafka:us-east-1:123456789012:cluster/harbor/3f0b-4'".into(),
            "LW0025! cluster",
        ),
        (
            "cluster = 'arn:aws:sqs:eu-west-1:123456789012:orders'".into(),
            "LW0024! cluster",
        ),
        (
            "maximum_retry_attempts = 3".into(),
            "LW0021 maximum_retry_attempts",
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
}

#[test]
fn two_connections() {
    let one = connection("consumer_group = 'a'");
    for (settings, anywhere, within) in [
        (
            "consumer_group = 'a'",
            "LW2803! consumer_group",
            "LW0029! cluster",
        ),
        ("consumer_group = 'b'", "", "LW0029! cluster"),
        (
            "topic = 'berths'\nconsumer_group = 'a'",
            "LW2803! consumer_group",
            "",
        ),
        ("topic = 'berths'", "", ""),
    ] {
        let other = connection(settings);
        assert_eq!(found(&one.conflicts(&other)), anywhere, "{settings}");
        assert_eq!(found(&one.conflicts_within(&other)), within, "{settings}");
    }
}

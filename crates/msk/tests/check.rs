//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_msk::Msk;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = r#"
cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4"
topic = "orders"
"#;

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
    let cases = [
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
    ];
    lints::<Msk>(GOOD, &cases);
}

#[test]
fn two_connections() {
    let group = "consumer_group = 'a'";
    let both = "topic = 'berths'\nconsumer_group = 'a'";
    let [clash, twice] = ["LW2803! consumer_group", "LW0029! cluster"];
    let cases = [
        (group, group, clash, twice),
        (group, "consumer_group = 'b'", "", twice),
        (group, both, clash, ""),
        (group, "topic = 'berths'", "", ""),
    ];
    clashes::<Msk>(GOOD, &cases);
}

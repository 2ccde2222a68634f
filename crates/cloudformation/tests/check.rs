//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_cloudformation::CloudFormation;

/// A connection by the settings that differ from a good one, and its function by those that begin
/// with `function_`.
fn connection(settings: &str) -> (CloudFormation, Function) {
    let mut table: toml::Table = settings.parse().unwrap();
    let mut function = lambda_with_testing::function("berths");
    let mut setting = |name: &str| table.remove(&format!("function_{name}"));
    function.timeout = setting("timeout").map_or(60, |value| value.try_into().unwrap());
    function.reserved_concurrency = setting("reserved").map(|value| value.try_into().unwrap());
    function.subnets = setting("subnets").map_or_else(Vec::new, |value| value.try_into().unwrap());
    table.entry("resource").or_insert("Berths".into());
    table.entry("service_timeout").or_insert(120.into());
    if table["service_timeout"].as_integer() == Some(-1) {
        table.remove("service_timeout");
    }
    (table.try_into().unwrap(), function)
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        assert!(!finding.why.is_empty() && !finding.fix.is_empty());
        assert!(finding.page.starts_with("https://"));
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
    let long = format!("resource = '{}'", "B".repeat(256));
    for (settings, expected) in [
        ("", ""),
        ("resource = 'Berths-2'", "LW1401! resource"),
        ("resource = ''", "LW1401! resource"),
        (&long, "LW1401! resource"),
        ("service_timeout = -1", "LW1402 service_timeout"),
        ("service_timeout = 0", "LW1403! service_timeout"),
        ("service_timeout = 3600", ""),
        ("service_timeout = 3601", "LW1403! service_timeout"),
        ("service_timeout = 60", ""),
        ("service_timeout = 59", "LW1404 service_timeout"),
        ("account = '210987654321'", ""),
        ("account = '2109-8765-4321'", "LW1405! account"),
        ("role = 'arn:aws:iam::123456789012:role/stacks'", ""),
        ("role = 'arn:aws:iam::123456789012:role/*'", "LW1406! role"),
        (
            "role = 'arn:aws:iam::123456789012:user/ana'",
            "LW1406! role",
        ),
        ("properties = { Quay = 'north', Depths = [3, 4] }", ""),
        (
            "properties = { ServiceToken = 'arn' }",
            "LW1407! properties",
        ),
        ("properties = { ServiceTimeout = 5 }", "LW1407! properties"),
        ("function_timeout = 3", "LW1408 timeout"),
        ("function_timeout = 4", ""),
        ("function_subnets = ['subnet-0a1b2c3d']", "LW1409 subnets"),
        ("function_reserved = 0", "LW1410! reserved_concurrency"),
        ("function_reserved = 1", ""),
    ] {
        let (custom, function) = connection(settings);
        assert_eq!(found(&custom.check(&function)), expected, "{settings}");
    }
}

#[test]
fn a_template_has_one_resource_of_a_name() {
    let (one, _) = connection("service_timeout = 60");
    for (other, expected) in [
        ("service_timeout = 90", "LW1411! resource"),
        ("resource = 'Tariff'", ""),
        ("account = '210987654321'", ""),
    ] {
        let (other, _) = connection(other);
        assert_eq!(found(&one.conflicts(&other)), expected);
    }
}

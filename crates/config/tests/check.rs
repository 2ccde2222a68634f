//! What is wrong with a rule: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Integration, Severity};
use lambda_with_config::Config;
use lambda_with_testing::function;

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

fn rule(settings: &str) -> Config {
    let mut table: toml::Table = settings.parse().unwrap();
    table.entry("rule").or_insert("volumes-encrypted".into());
    let any = !table.contains_key("any");
    table.remove("any");
    if any {
        let types = toml::Value::try_from(["AWS::EC2::Volume"]).unwrap();
        table.entry("resource_types").or_insert(types);
    }
    table.try_into().unwrap()
}

#[test]
fn every_lint_has_a_rule_it_finds() {
    let types: Vec<String> = (0..101).map(|n| format!("'AWS::Harbor::T{n}'")).collect();
    let long = "x".repeat(1020);
    for (settings, expected) in [
        (String::new(), ""),
        ("rule = ''".into(), "LW1801! rule"),
        ("rule = '  '".into(), "LW1801! rule"),
        (format!("rule = '{}'", "x".repeat(129)), "LW1801! rule"),
        ("rule = 'volumes are encrypted'".into(), ""),
        ("account = '1234'".into(), "LW1802! account"),
        ("account = '210987654321'".into(), "LW1803 account"),
        ("account = '123456789012'".into(), ""),
        ("triggers = []".into(), "LW1804! triggers"),
        ("triggers = ['schedule']".into(), ""),
        (
            "triggers = ['schedule']\nfrequency = 'Six_Hours'".into(),
            "",
        ),
        (
            "triggers = ['snapshots']\nfrequency = 'Six_Hours'".into(),
            "",
        ),
        (
            "triggers = ['schedule']\nfrequency = 'Daily'".into(),
            "LW1805! frequency",
        ),
        ("frequency = 'Six_Hours'".into(), "LW1805! frequency"),
        (
            format!("resource_types = [{}]", types.join(",")),
            "LW1806! resource_types",
        ),
        (
            "any = 1\nresource_id = 'vol-1'".into(),
            "LW1806! resource_id",
        ),
        ("resource_id = 'vol-1'".into(), ""),
        ("tag_value = 'harbor'".into(), "LW1806! tag_value"),
        ("any = 1".into(), "LW1807 resource_types"),
        ("any = 1\ntag_key = 'team'".into(), ""),
        ("any = 1\ntriggers = ['schedule']".into(), ""),
        (
            format!("parameters = {{ a = '{long}' }}"),
            "LW1808! parameters",
        ),
        (format!("parameters = {{ a = '{}' }}", &long[..1016]), ""),
        ("snapshot_bucket = 'harbor-config'".into(), ""),
        (
            "snapshot_bucket = 'harbor-*'".into(),
            "LW1809! snapshot_bucket",
        ),
    ] {
        let findings = rule(&settings).check(&function("volumes"));
        assert_eq!(found(&findings), expected, "{settings}");
    }
    for (other, expected) in [
        ("", "LW1810 rule"),
        ("rule = 'other'", ""),
        ("account = '210987654321'", ""),
    ] {
        assert_eq!(found(&rule("").conflicts(&rule(other))), expected);
        assert_eq!(found(&rule(other).conflicts(&rule(""))), expected);
    }
}

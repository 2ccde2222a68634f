//! What is wrong with a subscription: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Integration, Severity};
use lambda_with_cloudwatch_logs::{AccountPolicy, SubscriptionFilter};
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

fn filter(settings: &str) -> SubscriptionFilter {
    let mut table: toml::Table = settings.parse().unwrap();
    table.entry("log_group").or_insert("/harbor/ferries".into());
    table.try_into().unwrap()
}

#[test]
fn every_lint_has_a_filter_it_finds() {
    let group = |name: &str| format!("log_group = '{name}'");
    let pattern = |text: &str| format!("pattern = '{text}'");
    for (settings, expected) in [
        (String::new(), ""),
        (group("/aws/lambda/orders#2"), ""),
        (group(""), "LW1501! log_group"),
        (group("/harbor/*"), "LW1501! log_group"),
        (group(&"x".repeat(513)), "LW1501! log_group"),
        (
            group("arn:aws:logs:eu-west-1:123456789012:log-group:/harbor:*"),
            "LW1501! log_group",
        ),
        (pattern(&"x".repeat(1024)), ""),
        (pattern(&"x".repeat(1025)), "LW1502! pattern"),
        (pattern("%a% %b%"), ""),
        (pattern("%a% %b% %c%"), "LW1503! pattern"),
        (pattern("\"%a% %b%\" %c%"), ""),
        (
            pattern("{ $.a = %x% && $.b = %y% && $.c = %z% }"),
            "LW1503! pattern",
        ),
        (group("/aws/lambda/orders"), "LW1504! log_group"),
        ("filter_name = 'a:b'".into(), "LW1505! filter_name"),
        ("filter_name = ''".into(), "LW1505! filter_name"),
        ("filter_name = 'errors to orders'".into(), ""),
        ("system_fields = ['@aws.account']".into(), ""),
        (
            "system_fields = ['@message']".into(),
            "LW1506! system_fields",
        ),
        (
            format!("field_selection = '{}'", "x".repeat(2001)),
            "LW1507! field_selection",
        ),
    ] {
        let findings = filter(&settings).check(&function("orders"));
        assert_eq!(found(&findings), expected, "{settings}");
    }
    let arn = group("arn:aws:logs:eu-west-1:123456789012:log-group:/harbor:*");
    assert_eq!(
        filter(&arn).check(&function("orders"))[0].fix,
        "write `/harbor`"
    );
}

#[test]
fn two_filters() {
    for (one, other, conflict, within) in [
        ("", "log_group = 'other'", "", ""),
        ("", "", "", "LW1509 pattern"),
        ("pattern = 'a'", "", "", "LW1509 pattern"),
        ("pattern = 'a'", "pattern = 'b'", "", ""),
        (
            "filter_name = 'x'\npattern = 'a'",
            "filter_name = 'x'\npattern = 'b'",
            "LW1508! filter_name",
            "",
        ),
        (
            "filter_name = 'x'",
            "filter_name = 'x'\nlog_group = 'other'",
            "",
            "",
        ),
    ] {
        let (one, other) = (filter(one), filter(other));
        for (one, other) in [(&one, &other), (&other, &one)] {
            assert_eq!(found(&one.conflicts(other)), conflict, "{one:?} {other:?}");
            assert_eq!(
                found(&one.conflicts_within(other)),
                within,
                "{one:?} {other:?}"
            );
        }
    }
}

#[test]
fn every_lint_has_a_policy_it_finds() {
    for (settings, expected) in [
        ("pattern = 'ERROR'", ""),
        ("exclude = ['/harbor/audit']", ""),
        ("", "LW1510 pattern"),
        ("exclude = ['/harbor/*']", "LW1501! exclude"),
        ("pattern = '%a% %b% %c%'", "LW1503! pattern"),
        ("pattern = 'a'\npolicy_name = ''", "LW1505! policy_name"),
    ] {
        let policy: AccountPolicy = toml::from_str(settings).unwrap();
        assert_eq!(
            found(&policy.check(&function("orders"))),
            expected,
            "{settings}"
        );
        assert_eq!(found(&policy.conflicts(&policy)), "LW1511 policy_name");
    }
}

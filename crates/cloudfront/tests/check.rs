//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_cloudfront::CloudFront;

const GOOD: &str = r#"
    distribution = "E2HARBOREXAMPL"
    event = "viewer-request"
    runtime = "nodejs24.x"
"#;

/// A good connection with some settings changed; `none` takes one away.
fn connection(settings: &str) -> CloudFront {
    let mut table: toml::Table = GOOD.parse().unwrap();
    for (name, value) in settings.parse::<toml::Table>().unwrap() {
        match value.as_str() {
            Some("none") => drop(table.remove(&name)),
            _ => drop(table.insert(name, value)),
        }
    }
    table.try_into().unwrap()
}

fn function(place: &str) -> Function {
    let (region, version) = place.split_once(' ').unwrap();
    let arn = format!("arn:aws:lambda:{region}:123456789012:function:greeter{version}");
    Function::new(arn.parse().unwrap()).unwrap()
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        assert!(!finding.why.is_empty() && !finding.fix.is_empty());
        assert!(finding.page.starts_with("https://"));
        let error = finding.severity == Severity::Error;
        let mark = if error { "!" } else { "" };
        format!("{}{mark} {}", finding.code, finding.field)
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_lint_of_a_behaviour_has_a_definition_it_finds() {
    let pattern = |pattern: &str| format!("path_pattern = '{pattern}'");
    let origin = |origin: &str| format!("distribution = 'harbor'\norigin = '{origin}'");
    for (settings, expected) in [
        (String::new(), ""),
        ("distribution = 'harbor'".into(), "LW1201! distribution"),
        (
            "distribution = 'e2harborexampl'".into(),
            "LW1201! distribution",
        ),
        (
            "distribution = '*'\norigin = 'a.example.com'".into(),
            "LW1201! distribution",
        ),
        ("include_body = true".into(), ""),
        ("include_body = true\nevent = 'origin-request'".into(), ""),
        (
            "include_body = true\nevent = 'origin-response'".into(),
            "LW1207! include_body",
        ),
        (
            "include_body = true\nevent = 'viewer-response'".into(),
            "LW1207! include_body",
        ),
        (pattern("/bookings/*"), ""),
        (pattern("*.jpg"), ""),
        (pattern("*"), "LW1208! path_pattern"),
        (pattern(""), "LW1208! path_pattern"),
        (pattern("/a b"), "LW1208! path_pattern"),
        (pattern(&"a".repeat(255)), ""),
        (pattern(&"a".repeat(256)), "LW1208! path_pattern"),
        (origin("origin.harbor.example.com"), ""),
        (origin("https://harbor.example.com"), "LW1209! origin"),
        (origin("harbor"), "LW1209! origin"),
        ("runtime = 'none'".into(), "LW1210 runtime"),
        ("runtime = 'python3.14'".into(), ""),
        ("runtime = 'provided.al2023'".into(), "LW1211! runtime"),
    ] {
        let findings = connection(&settings).check(&function("us-east-1 :7"));
        assert_eq!(found(&findings), expected, "{settings}");
    }
}

#[test]
fn every_lint_of_a_function_has_one_it_finds() {
    for (place, expected) in [
        ("eu-west-1 :7", "LW1202! arn"),
        ("us-east-1 ", "LW1203! arn"),
        ("us-east-1 :live", "LW1203! arn"),
        ("us-east-1 :$LATEST", "LW1203! arn"),
    ] {
        let findings = connection("").check(&function(place));
        assert_eq!(found(&findings), expected, "{place}");
    }
    let origin = "event = 'origin-request'";
    for (settings, timeout, memory, expected) in [
        ("", 30, 128, ""),
        ("", 31, 128, "LW1204! timeout"),
        ("", 30, 129, "LW1205! memory"),
        (origin, 30, 1024, ""),
        (origin, 31, 1024, "LW1204! timeout"),
    ] {
        let mut function = function("us-east-1 :7");
        (function.timeout, function.memory) = (timeout, memory);
        assert_eq!(found(&connection(settings).check(&function)), expected);
    }
    let mut attached = function("us-east-1 :7");
    attached.subnets.push("subnet-0a".into());
    assert_eq!(found(&connection("").check(&attached)), "LW1206! subnets");
}

#[test]
fn two_functions_at_one_distribution() {
    let paths = "path_pattern = '/a/*'\norigin = 'a.example.com'";
    for (one, other, expected) in [
        ("", "", "LW1212! event"),
        ("", "event = 'viewer-response'", ""),
        ("", "path_pattern = '/a/*'", ""),
        ("", "distribution = 'E2ANOTHEREXAMP'", ""),
        (
            paths,
            &format!("{paths}\nevent = 'viewer-response'"),
            "LW1213! path_pattern",
        ),
        (
            "origin = 'a.example.com'",
            "origin = 'b.example.com'\nevent = 'viewer-response'",
            "LW1214! origin",
        ),
    ] {
        let (one, other) = (connection(one), connection(other));
        for (a, b) in [(&one, &other), (&other, &one)] {
            assert_eq!(found(&a.conflicts(b)), expected, "{a:?} {b:?}");
        }
    }
}

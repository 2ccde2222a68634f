//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_connect::Connect;

const INSTANCE: &str =
    "arn:aws:connect:eu-west-2:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f";

/// A connection by the settings that differ from a good one, and its function by those that begin
/// with `function_`.
fn connection(settings: &str) -> (Connect, Function) {
    let mut table: toml::Table = settings.parse().unwrap();
    let name = table.remove("function_name");
    let name = name
        .as_ref()
        .map_or("balance", |name| name.as_str().unwrap());
    let arn = format!("arn:aws:lambda:eu-west-2:123456789012:function:{name}");
    let mut function = Function::new(arn.parse().unwrap()).unwrap();
    if let Some(timeout) = table.remove("function_timeout") {
        function.timeout = timeout.try_into().unwrap();
    }
    table.entry("instance").or_insert(INSTANCE.into());
    (table.try_into().unwrap(), function)
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        assert!(!finding.why.is_empty() && !finding.fix.is_empty());
        assert!(finding.page.starts_with("https://"));
        let error = finding.severity == Severity::Error;
        format!(
            "{}{} {}",
            finding.code,
            if error { "!" } else { "" },
            finding.field
        )
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_lint_has_a_definition_it_finds() {
    let instance = |from: &str, to: &str| format!("instance = '{}'", INSTANCE.replace(from, to));
    let arn = "arn:aws:lambda:eu-west-2:123456789012:function:";
    let named = |length: usize| format!("function_name = '{}'", "f".repeat(length - arn.len()));
    for (settings, expected) in [
        (String::new(), ""),
        (instance("8e4f-5a6b7c8d9e0f", "*"), "LW0801! instance"),
        (
            instance("5a6b7c8d9e0f", "5a6b7c8d9e0f/queue/1"),
            "LW0801! instance",
        ),
        (instance("instance/", "queue/"), "LW0801! instance"),
        (instance(":connect:", ":lex:"), "LW0801! instance"),
        (instance("123456789012", "1234"), "LW0801! instance"),
        (instance("eu-west-2", "us-east-1"), "LW0802 instance"),
        (instance("123456789012", "210987654321"), "LW0802 instance"),
        (named(140), ""),
        (named(141), "LW0803! instance"),
        (
            "time_limit = 0\nfunction_timeout = 0".into(),
            "LW0804! time_limit",
        ),
        ("time_limit = 9".into(), "LW0804! time_limit"),
        ("time_limit = 9\nasynchronous = true".into(), ""),
        (
            "time_limit = 60\nasynchronous = true\nfunction_timeout = 60".into(),
            "",
        ),
        (
            "time_limit = 61\nasynchronous = true".into(),
            "LW0804! time_limit",
        ),
        ("function_timeout = 8".into(), ""),
        ("function_timeout = 9".into(), "LW0805 timeout"),
        ("time_limit = 2".into(), "LW0805 timeout"),
        ("attributes = { lookup = 'balance' }".into(), ""),
    ] {
        let (connect, function) = connection(&settings);
        assert_eq!(found(&connect.check(&function)), expected, "{settings}");
    }
}

#[test]
fn an_instance_is_named_once() {
    let (one, _) = connection("");
    let (other, _) = connection("time_limit = 5");
    assert_eq!(found(&one.conflicts_within(&other)), "LW0806! instance");
    let other = INSTANCE.replace("2b7c9f30", "3b7c9f30");
    let (other, _) = connection(&format!("instance = '{other}'"));
    assert_eq!(found(&one.conflicts_within(&other)), "");
}

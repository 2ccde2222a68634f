//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_alexa::Alexa;

const SKILL: &str = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666";

/// A connection by the settings that differ from a good one, and its function by those that begin
/// with `function_`.
fn connection(settings: &str) -> (Alexa, Function) {
    let mut table: toml::Table = settings.parse().unwrap();
    let mut arn = "arn:aws:lambda:eu-west-1:123456789012:function:tea".to_owned();
    if let Some(other) = table.remove("function_arn") {
        arn = other.as_str().unwrap().to_owned();
    }
    let mut function = Function::new(arn.parse().unwrap()).unwrap();
    if let Some(timeout) = table.remove("function_timeout") {
        function.timeout = timeout.try_into().unwrap();
    }
    table.entry("kind").or_insert("custom".into());
    table.entry("skill_id").or_insert(SKILL.into());
    (table.try_into().unwrap(), function)
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
fn every_lint_has_a_definition_it_finds() {
    let place = |partition: &str, region: &str| {
        format!("function_arn = 'arn:{partition}:lambda:{region}:123456789012:function:tea'\n")
    };
    let home = |settings: &str| format!("kind = 'smart-home'\n{settings}");
    for (settings, expected) in [
        (String::new(), ""),
        (home(""), ""),
        ("skill_id = 'tea'".into(), "LW1301! skill_id"),
        (home("skill_id = '*'"), "LW1301! skill_id"),
        (place("aws", "eu-west-1").replace(":tea", ":tea:live"), ""),
        (
            place("aws", "eu-west-1").replace(":tea", ":tea:$LATEST"),
            "LW1302! arn",
        ),
        ("function_timeout = 8".into(), ""),
        ("function_timeout = 9".into(), "LW1303 timeout"),
        (home("function_timeout = 9"), "LW1303 timeout"),
        (place("aws-cn", "cn-north-1"), "LW1304 arn"),
        (home(&place("aws-us-gov", "us-gov-west-1")), "LW1304 arn"),
        (place("aws", "us-east-1"), ""),
        (place("aws", "us-west-2"), ""),
        (place("aws", "ap-northeast-1"), ""),
        (place("aws", "eu-central-1"), "LW1305 arn"),
        (home(&place("aws", "us-west-2")), ""),
        (home(&place("aws", "ap-northeast-1")), "LW1306 arn"),
        (home("region = 'EU'"), ""),
        (home("region = 'NA'"), "LW1307 region"),
        ("region = 'NA'".into(), ""),
    ] {
        let (alexa, function) = connection(&settings);
        assert_eq!(found(&alexa.check(&function)), expected, "{settings}");
    }
}

#[test]
fn an_endpoint_has_one_function() {
    let other = SKILL.replace("1f0c9a4e", "2f0c9a4e");
    for (one, two, expected) in [
        ("", String::new(), "LW1308! skill_id"),
        ("region = 'EU'", "region = 'EU'".into(), "LW1308! skill_id"),
        ("region = 'EU'", "region = 'NA'".into(), ""),
        ("region = 'EU'", String::new(), ""),
        ("", "kind = 'smart-home'".into(), ""),
        ("", format!("skill_id = '{other}'"), ""),
        (
            "kind = 'smart-home'",
            "kind = 'smart-home'".into(),
            "LW1308! skill_id",
        ),
    ] {
        let ((a, _), (b, _)) = (connection(one), connection(&two));
        assert_eq!(found(&a.conflicts(&b)), expected, "{one} {two}");
        assert_eq!(found(&b.conflicts(&a)), expected, "{two} {one}");
    }
}

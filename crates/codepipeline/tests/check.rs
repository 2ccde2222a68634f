//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_codepipeline::CodePipeline;

/// A connection by the settings that differ from a good one, and its function by those that begin
/// with `function_`.
fn connection(settings: &str) -> (CodePipeline, Function) {
    let mut table: toml::Table = settings.parse().unwrap();
    let mut setting = |name: &str| table.remove(&format!("function_{name}"));
    let name = setting("name").map_or("smoke".into(), |name| name.as_str().unwrap().to_owned());
    let mut function = lambda_with_testing::function(&name);
    function.reserved_concurrency = setting("reserved").map(|value| value.try_into().unwrap());
    function.subnets = setting("subnets").map_or_else(Vec::new, |value| value.try_into().unwrap());
    for (name, value) in [
        (
            "pipeline",
            "arn:aws:codepipeline:eu-west-1:123456789012:harbor",
        ),
        ("stage", "Staging"),
        ("action", "Smoke"),
        ("role", "arn:aws:iam::123456789012:role/pipelines"),
    ] {
        table.entry(name).or_insert(value.into());
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
    let pipeline = |arn: &str| format!("pipeline = 'arn:aws:{arn}'");
    let long = |field: &str, length: usize| format!("{field} = '{}'", "x".repeat(length));
    for (settings, expected) in [
        (String::new(), ""),
        (pipeline("codepipeline:eu-west-1:123456789012:harbor.2@x-y_z"), ""),
        (pipeline("codepipeline:eu-west-1:123456789012:harbor/Staging"), "LW1701! pipeline"),
        (pipeline("codepipeline:eu-west-1:123456789012:*"), "LW1701! pipeline"),
        (pipeline("codebuild:eu-west-1:123456789012:harbor"), "LW1701! pipeline"),
        ("stage = 'Pre prod'".into(), "LW1702! stage"),
        (long("action", 100), ""),
        (long("action", 101), "LW1702! action"),
        ("role = 'arn:aws:iam::123456789012:role/*'".into(), "LW1703! role"),
        ("action_role = 'arn:aws:iam::123456789012:user/ana'".into(), "LW1703! action_role"),
        ("action_role = 'arn:aws:iam::123456789012:role/smoke'".into(), ""),
        (long("user_parameters", 1000), ""),
        (long("user_parameters", 1001), "LW1704! user_parameters"),
        ("user_parameters = ''".into(), "LW1704! user_parameters"),
        ("user_parameters = { url = 'https://example.com' }".into(), ""),
        ("input_artifacts = ['a', 'b', 'c', 'd', 'e']".into(), ""),
        ("input_artifacts = ['a', 'b', 'c', 'd', 'e', 'f']".into(), "LW1705! input_artifacts"),
        ("output_artifacts = ['a', 'a']".into(), "LW1706! output_artifacts"),
        ("output_artifacts = ['a.zip']".into(), "LW1706! output_artifacts"),
        ("run_order = 0".into(), "LW1707! run_order"),
        ("run_order = 999".into(), ""),
        ("run_order = 1000".into(), "LW1707! run_order"),
        ("namespace = 'Smoke@1'".into(), ""),
        ("namespace = 'smoke.test'".into(), "LW1708! namespace"),
        ("function_name = 'smoke:live'".into(), "LW1709 function"),
        ("role = 'arn:aws:iam::210987654321:role/p'".into(), "LW1710! action_role"),
        (
            "role = 'arn:aws:iam::210987654321:role/p'\naction_role = 'arn:aws:iam::123456789012:role/s'".into(),
            "",
        ),
        (pipeline("codepipeline:eu-west-2:123456789012:harbor"), "LW1711 pipeline"),
        ("function_subnets = ['subnet-0a1b2c3d']".into(), "LW1712 subnets"),
        ("function_reserved = 0".into(), "LW1716! reserved_concurrency"),
        ("function_reserved = 1".into(), ""),
    ] {
        let (connection, function) = connection(&settings);
        assert_eq!(found(&connection.check(&function)), expected, "{settings}");
    }
}

#[test]
fn names_are_given_once() {
    let one = "output_artifacts = ['Report']\nnamespace = 'Smoke'";
    for (other, expected) in [
        ("", "LW1713! action"),
        ("stage = 'Production'", ""),
        ("action = 'Load'", ""),
        (
            "action = 'Load'\noutput_artifacts = ['Log', 'Report']",
            "LW1714! output_artifacts",
        ),
        ("action = 'Load'\nnamespace = 'Smoke'", "LW1715! namespace"),
        (
            "pipeline = 'arn:aws:codepipeline:eu-west-1:123456789012:ferries'",
            "",
        ),
    ] {
        let ((one, _), (other_connection, _)) = (connection(one), connection(other));
        assert_eq!(
            found(&one.conflicts(&other_connection)),
            expected,
            "{other}"
        );
    }
}

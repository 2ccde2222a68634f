//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_codepipeline::CodePipeline;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "
    pipeline = 'arn:aws:codepipeline:eu-west-1:123456789012:harbor'
    stage = 'Staging'
    action = 'Smoke'
    role = 'arn:aws:iam::123456789012:role/pipelines'
";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let pipeline = |arn: &str| format!("pipeline = 'arn:aws:{arn}'");
    let long = |field: &str, length: usize| format!("{field} = '{}'", "x".repeat(length));
    lints::<CodePipeline>(GOOD, &[
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
        ("function_reserved_concurrency = 0".into(), "LW1716! reserved_concurrency"),
        ("function_reserved_concurrency = 1".into(), ""),
    ]);
}

#[test]
fn two_connections() {
    let one = "output_artifacts = ['Report']\nnamespace = 'Smoke'";
    clashes::<CodePipeline>(
        GOOD,
        &[
            (one, "", "LW1713! action", ""),
            (one, "stage = 'Production'", "", ""),
            (one, "action = 'Load'", "", ""),
            (
                one,
                "action = 'Load'\noutput_artifacts = ['Log', 'Report']",
                "LW1714! output_artifacts",
                "",
            ),
            (
                one,
                "action = 'Load'\nnamespace = 'Smoke'",
                "LW1715! namespace",
                "",
            ),
            (
                one,
                "pipeline = 'arn:aws:codepipeline:eu-west-1:123456789012:ferries'",
                "",
                "",
            ),
        ],
    );
}

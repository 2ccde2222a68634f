//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_alexa::Alexa;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "
    kind = 'custom'
    skill_id = 'amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666'
";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let place = |partition: &str, region: &str| {
        format!("function_arn = 'arn:{partition}:lambda:{region}:123456789012:function:tea'\n")
    };
    let home = |settings: &str| format!("kind = 'smart-home'\n{settings}");
    lints::<Alexa>(
        GOOD,
        &[
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
        ],
    );
}

#[test]
fn two_connections() {
    let other = "amzn1.ask.skill.2f0c9a4e-1111-4222-8333-444455556666";
    clashes::<Alexa>(
        GOOD,
        &[
            ("", String::new(), "LW1308! skill_id", ""),
            (
                "region = 'EU'",
                "region = 'EU'".into(),
                "LW1308! skill_id",
                "",
            ),
            ("region = 'EU'", "region = 'NA'".into(), "", ""),
            ("region = 'EU'", String::new(), "", ""),
            ("", "kind = 'smart-home'".into(), "", ""),
            ("", format!("skill_id = '{other}'"), "", ""),
            (
                "kind = 'smart-home'",
                "kind = 'smart-home'".into(),
                "LW1308! skill_id",
                "",
            ),
        ],
    );
}

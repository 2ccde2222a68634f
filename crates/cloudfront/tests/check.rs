//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_cloudfront::CloudFront;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = r#"
    distribution = "E2HARBOREXAMPL"
    event = "viewer-request"
    runtime = "nodejs24.x"
    function_arn = "arn:aws:lambda:us-east-1:123456789012:function:greeter:7"
"#;

#[test]
fn every_lint_of_a_behaviour_has_a_definition_it_finds() {
    let pattern = |pattern: &str| format!("path_pattern = '{pattern}'");
    let origin = |origin: &str| format!("distribution = 'harbor'\norigin = '{origin}'");
    lints::<CloudFront>(
        GOOD,
        &[
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
        ],
    );
}

#[test]
fn every_lint_of_a_function_has_one_it_finds() {
    let place = |region: &str, version: &str| {
        format!("function_arn = 'arn:aws:lambda:{region}:123456789012:function:greeter{version}'")
    };
    let origin = |settings: &str| format!("event = 'origin-request'\n{settings}");
    lints::<CloudFront>(
        GOOD,
        &[
            (place("eu-west-1", ":7"), "LW1202! arn"),
            (place("us-east-1", ""), "LW1203! arn"),
            (place("us-east-1", ":live"), "LW1203! arn"),
            (place("us-east-1", ":$LATEST"), "LW1203! arn"),
            ("function_timeout = 30".into(), ""),
            ("function_timeout = 31".into(), "LW1204! timeout"),
            ("function_memory = 129".into(), "LW1205 memory"),
            (origin("function_timeout = 30\nfunction_memory = 1024"), ""),
            (origin("function_timeout = 31"), "LW1204! timeout"),
            ("function_subnets = ['subnet-0a']".into(), "LW1206! subnets"),
        ],
    );
}

#[test]
fn two_connections() {
    let paths = "path_pattern = '/a/*'\norigin = 'a.example.com'";
    clashes::<CloudFront>(
        GOOD,
        &[
            ("", "", "LW1212! event", ""),
            ("", "event = 'viewer-response'", "", ""),
            ("", "path_pattern = '/a/*'", "", ""),
            ("", "distribution = 'E2ANOTHEREXAMP'", "", ""),
            (
                paths,
                &format!("{paths}\nevent = 'viewer-response'"),
                "LW1213! path_pattern",
                "",
            ),
            (
                "origin = 'a.example.com'",
                "origin = 'b.example.com'\nevent = 'viewer-response'",
                "LW1214! origin",
                "",
            ),
        ],
    );
}

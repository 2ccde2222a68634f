//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with::Integration;
use lambda_with_codecommit::CodeCommit;
use lambda_with_testing::{clashes, definition, function, lints};

const GOOD: &str = "repository = 'arn:aws:codecommit:eu-west-1:123456789012:ferry-timetable'";

#[test]
fn every_lint_has_a_definition_it_finds() {
    let arn = |rest: &str| format!("repository = 'arn:aws:{rest}'");
    let eleven: Vec<String> = (0..11).map(|n| format!("'b{n}'")).collect();
    lints::<CodeCommit>(
        GOOD,
        &[
            (String::new(), ""),
            (
                arn("codecommit:eu-west-1:123456789012:*"),
                "LW1601! repository",
            ),
            (
                arn("codecommit:eu-west-1:123456789012:a/b"),
                "LW1601! repository",
            ),
            (arn("codecommit:eu-west-1::tides"), "LW1601! repository"),
            (arn("s3:::tides"), "LW1601! repository"),
            (
                arn("codecommit:eu-west-2:123456789012:tides"),
                "LW1602! repository",
            ),
            (
                arn("codecommit:eu-west-1:210987654321:tides"),
                "LW1603 repository",
            ),
            ("events = []".into(), "LW1604! events"),
            ("events = ['push']".into(), "LW1604! events"),
            ("events = ['createReference', 'updateReference']".into(), ""),
            ("branches = ['main', 'feature/tides', 'v1.2']".into(), ""),
            ("branches = ['feature/*']".into(), "LW1605! branches"),
            ("branches = ['refs/heads/main']".into(), "LW1605! branches"),
            ("branches = ['']".into(), "LW1605! branches"),
            (
                "events = ['all', 'deleteReference']".into(),
                "LW1606! events",
            ),
            (
                format!("branches = [{}]", eleven.join(",")),
                "LW1607! branches",
            ),
            (format!("branches = [{}]", eleven[1..].join(",")), ""),
            (
                format!("custom_data = '{}'", "ü".repeat(1001)),
                "LW1608! custom_data",
            ),
            (format!("custom_data = '{}'", "ü".repeat(1000)), ""),
            ("trigger_name = 'on push'".into(), "LW1609! trigger_name"),
            (
                format!("trigger_name = '{}'", "x".repeat(101)),
                "LW1609! trigger_name",
            ),
            ("trigger_name = 'on-push_1.0'".into(), ""),
        ],
    );
    let fix = &definition::<CodeCommit>(GOOD, "branches = ['refs/heads/main']")
        .check(&function("lint"))[0]
        .fix;
    assert_eq!(fix, "write `main`");
}

#[test]
fn two_connections() {
    let other = "repository = 'arn:aws:codecommit:eu-west-1:123456789012:tides'";
    clashes::<CodeCommit>(
        GOOD,
        &[
            ("", other, "", ""),
            ("", "branches = ['main']", "", "LW1611 branches"),
            ("branches = ['main']", "branches = ['dev']", "", ""),
            (
                "events = ['createReference']",
                "events = ['deleteReference']",
                "",
                "",
            ),
            ("events = ['createReference']", "", "", "LW1611 branches"),
            (
                "trigger_name = 'x'\nbranches = ['main']",
                "trigger_name = 'x'\nbranches = ['dev']",
                "LW1610! trigger_name",
                "",
            ),
        ],
    );
}

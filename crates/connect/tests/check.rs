//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_connect::Connect;
use lambda_with_testing::{clashes, lints};

const INSTANCE: &str =
    "arn:aws:connect:eu-west-1:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f";

fn good() -> String {
    format!("instance = '{INSTANCE}'")
}

#[test]
fn every_lint_has_a_definition_it_finds() {
    let instance = |from: &str, to: &str| format!("instance = '{}'", INSTANCE.replace(from, to));
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:";
    let named = |length: usize| format!("function_name = '{}'", "f".repeat(length - arn.len()));
    lints::<Connect>(
        &good(),
        &[
            (String::new(), ""),
            (instance("8e4f-5a6b7c8d9e0f", "*"), "LW0801! instance"),
            (
                instance("5a6b7c8d9e0f", "5a6b7c8d9e0f/queue/1"),
                "LW0801! instance",
            ),
            (instance("instance/", "queue/"), "LW0801! instance"),
            (instance(":connect:", ":lex:"), "LW0801! instance"),
            (instance("123456789012", "1234"), "LW0801! instance"),
            (instance("eu-west-1", "us-east-1"), "LW0802 instance"),
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
        ],
    );
}

#[test]
fn two_connections() {
    let other = format!("instance = '{}'", INSTANCE.replace("2b7c9f30", "3b7c9f30"));
    clashes::<Connect>(
        &good(),
        &[
            ("", "time_limit = 5", "", "LW0806! instance"),
            ("", &other, "", ""),
        ],
    );
}

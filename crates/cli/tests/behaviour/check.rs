//! `check`.

use serde_json::Value;

use crate::run::defined;

const HEAD: &str = "account = \"123456789012\"\nregion = \"eu-west-1\"\n\n[functions.orders]\nbin = \"orders\"\ntimeout = 30\n";

fn sqs(queue: &str, lines: &str) -> String {
    format!(
        "\n[[functions.orders.with]]\nservice = \"sqs\"\nqueue = \"arn:aws:sqs:eu-west-1:123456789012:{queue}\"\n{lines}"
    )
}

fn s3(lines: &str) -> String {
    format!(
        "\n[[functions.orders.with]]\nservice = \"s3\"\nbucket = \"order-files\"\naccount = \"123456789012\"\n{lines}"
    )
}

/// The findings as code, severity and the line of the file they point at.
fn findings(toml: &str, code: i32) -> Vec<(String, String, String)> {
    let ran = defined(toml, ["check", "--output", "json"]);
    assert_eq!(ran.code, code, "{toml}\n{}{}", ran.stdout, ran.stderr);
    let text = |finding: &Value, member: &str| finding[member].as_str().unwrap().to_owned();
    let found = ran.json();
    let found = found.as_array().unwrap().iter().map(|finding| {
        let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
        for member in ["what", "why", "fix", "page", "field", "file", "function"] {
            assert!(!text(finding, member).is_empty(), "{member}: {finding}");
        }
        let line = toml.lines().nth(line - 1).unwrap().to_owned();
        (text(finding, "code"), text(finding, "severity"), line)
    });
    found.collect()
}

#[test]
fn mistakes_are_found_where_they_are() {
    let check = |connections: &str, code: i32, expected: &[(&str, &str, &str)]| {
        let found = findings(&format!("{HEAD}{connections}"), code);
        for (code, severity, line) in expected {
            let wanted = (
                (*code).to_owned(),
                (*severity).to_owned(),
                (*line).to_owned(),
            );
            assert!(found.contains(&wanted), "{wanted:?} is not in {found:?}");
        }
        if expected.is_empty() {
            assert!(found.is_empty(), "{found:?}");
        }
    };
    check(&sqs("orders", "visibility_timeout = 180\n"), 0, &[]);
    check(
        &sqs("orders", "batching_window = 5\nvisibility_timeout = 184\n"),
        0,
        &[("LW0201", "warning", "visibility_timeout = 184")],
    );
    check(
        &sqs("orders", "visibility_timeout = 29\n"),
        1,
        &[("LW0202", "error", "visibility_timeout = 29")],
    );
    check(
        &sqs("orders.fifo", "batch_size = 11\nvisibility_timeout = 180\n"),
        1,
        &[("LW0203", "error", "batch_size = 11")],
    );
    check(
        &s3("prefix = \"in/\"\nwrites_to = [\"order-files/out/\"]\n"),
        0,
        &[],
    );
    check(
        &s3("prefix = \"in/\"\nwrites_to = [\"order-files/in/done/\"]\n"),
        1,
        &[("LW0112", "error", "writes_to = [\"order-files/in/done/\"]")],
    );
    check(
        &format!(
            "{}{}",
            s3("prefix = \"in/\"\n"),
            s3("prefix = \"in/new/\"\n")
        ),
        1,
        &[("LW0113", "error", "prefix = \"in/new/\"")],
    );
}

#[test]
fn connections_of_two_functions_are_compared() {
    let other = sqs("orders", "visibility_timeout = 180\n").replace(".orders.", ".other.");
    let toml = format!(
        "{HEAD}{}\n[functions.other]\nbin = \"other\"\n{other}",
        sqs("orders", "visibility_timeout = 180\n")
    );
    let found = findings(&toml, 0);
    assert!(
        found
            .iter()
            .any(|(code, severity, _)| (code.as_str(), severity.as_str()) == ("LW0217", "warning")),
        "{found:?}"
    );
}

#[test]
fn functions_are_checked_too() {
    let toml = HEAD.replace("timeout = 30", "timeout = 901");
    let found = findings(&toml, 1);
    assert!(
        found.iter().any(|(_, _, line)| line == "timeout = 901"),
        "{found:?}"
    );
}

#[test]
fn text_and_exit_codes() {
    let warned = format!("{HEAD}{}", sqs("orders", "visibility_timeout = 60\n"));
    let ran = defined(&warned, ["check"]).ok();
    assert!(
        ran.stdout
            .starts_with("warning[LW0201] visibility_timeout: "),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("\n  --> lambda-with.toml:11  function `orders`, "),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .ends_with("\n1 function, 1 connection: 0 errors, 1 warning\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(defined(&warned, ["check", "--deny-warnings"]).code, 1);
    let clean = defined(HEAD, ["check"]).ok().stdout;
    assert_eq!(clean, "1 function, 0 connections: 0 errors, 0 warnings\n");
}

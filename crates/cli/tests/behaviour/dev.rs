//! `dev --once`, with real processes.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::functions::{echo, example};
use crate::run::{Ran, command, run, run_with};

fn once(directory: &Path, args: &[&str], envs: &[(&str, &str)]) -> Ran {
    let mut command = command();
    command
        .arg("dev")
        .arg(directory)
        .arg("--once")
        .args(args)
        .envs(envs.iter().copied());
    if directory != example() {
        // Packages of one name would overwrite each other's binary in a common folder.
        command.env("CARGO_TARGET_DIR", directory.join("target"));
    }
    run_with(&mut command, "")
}

#[test]
fn one_sample_of_each_connection_of_the_example() {
    let ran = once(&example(), &[], &[]).ok();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.stdout);
    for (line, event) in lines
        .iter()
        .zip(["sqs/standard", "api-gateway GET /orders", "s3/put"])
    {
        assert!(
            line.starts_with("ok      orders  ") && line.contains(event),
            "{line}"
        );
        assert!(line.contains(" ms  "), "{line}");
    }
    let lines = once(&example(), &["--output", "json"], &[]).ok().json();
    for line in lines.as_array().unwrap() {
        assert_eq!(line["ok"], json!(true), "{line}");
        assert!(line["duration_ms"].as_f64().unwrap() > 0.0, "{line}");
    }
}

#[test]
fn a_function_that_fails_is_explained() {
    let ran = once(&example(), &[], &[("ORDERS_FAIL", "1")]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(
        ran.stdout
            .lines()
            .filter(|line| line.starts_with("failed  "))
            .count(),
        3
    );
    assert!(
        ran.stdout.contains("told to fail by ORDERS_FAIL"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("answered 500"), "{}", ran.stdout);
}

#[test]
fn binaries_and_commands_in_a_folder_with_a_blank() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("my app");
    let toml = "[functions.built]\nbin = \"echo\"\n\n[[functions.built.with]]\nservice = \"s3\"\nbucket = \"files\"\naccount = \"123456789012\"\n";
    echo(&folder, toml);
    let ran = once(&folder, &[], &[]).ok();
    assert!(
        ran.stdout.starts_with("ok      built  s3/put "),
        "{}",
        ran.stdout
    );

    let by_command = toml.replace("bin = \"echo\"", "command = [\"target/debug/echo\"]");
    std::fs::write(folder.join("lambda-with.toml"), by_command).unwrap();
    let target = folder.join("target/debug/echo");
    let built = Command::new(env!("CARGO"))
        .arg("build")
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .output()
        .unwrap();
    assert!(built.status.success() && target.exists(), "{built:?}");
    once(&folder, &[], &[]).ok();

    let failing = format!("{toml}suffix = \".fail\"\n");
    std::fs::write(folder.join("lambda-with.toml"), failing).unwrap();
    let ran = once(&folder, &[], &[]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout
            .contains("the function failed with Echo.Told: as told"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("\n        | about to fail\n"),
        "the log tail: {}",
        ran.stdout
    );

    // The same key in a sample of one's own, and a sample that is not there.
    let own = format!("{toml}sample = \"own.json\"\n");
    std::fs::write(folder.join("lambda-with.toml"), own).unwrap();
    let ran = once(&folder, &[], &[]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("own.json"), "{}", ran.stderr);
    let event = run([
        "event",
        "s3/put",
        "--set",
        "/Records/0/s3/object/key=a.fail",
    ])
    .ok();
    std::fs::write(folder.join("own.json"), event.stdout).unwrap();
    let ran = once(&folder, &[], &[]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.starts_with("failed  built  own.json "),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_cannot_be_built_or_run_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let check = |toml: &str, code: i32, parts: &[&str]| {
        echo(folder.path(), toml);
        let ran = once(folder.path(), &[], &[]);
        assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
        for part in parts {
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains(part), "`{part}` is not in {said}");
        }
    };
    check(
        "[functions.a]\nbin = \"other\"\n",
        1,
        &["cargo could not build other"],
    );
    check(
        "[functions.a]\nbin = \"echo\"\n",
        1,
        &["no function here has a connection"],
    );
    let with = "[[functions.a.with]]\nservice = \"sqs\"\nqueue = \"arn:aws:sqs:us-east-1:123456789012:q\"\n";
    check(
        &format!("[functions.a]\ncommand = [\"/no/such/program\"]\n{with}"),
        1,
        &["failed  a  sqs/standard", "/no/such/program"],
    );
}

#[test]
fn a_flow_waits_as_long_as_it_says_and_asks_again() {
    let folder = tempfile::tempdir().unwrap();
    let check = |parameter: &str, limit: u32, expected: &str, attempts: usize| {
        let instance =
            "arn:aws:connect:us-east-1:123456789012:instance/2b7c9f30-1a2b-4c3d-8e4f-5a6b7c8d9e0f";
        let toml = format!(
            "[functions.tides]\nbin = \"echo\"\ntimeout = 5\n[[functions.tides.with]]\nservice = \"connect\"\n\
             instance = \"{instance}\"\ntime_limit = {limit}\nattributes = {{ of = \"{parameter}\" }}\n"
        );
        echo(folder.path(), &toml);
        let ran = once(folder.path(), &["--output", "json"], &[]);
        let lines = serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap();
        assert_eq!(lines[0]["event"], "connect/voice");
        assert_eq!(lines[0]["outcome"], expected, "{lines}");
        let failed = lines[0]["log"].as_array().into_iter().flatten();
        let failed = failed.filter(|line| *line == "about to fail");
        assert_eq!(failed.count(), attempts, "{lines}");
    };
    check("spring", 8, "succeeded", 0);
    let late = "no answer within 1 s; the flow takes its error branch";
    check("spring.slow", 1, late, 0);
    let failed = "the function failed with Echo.Told: as told, asked 4 times; the flow takes its error branch";
    check("spring.fail", 8, failed, 4);
}

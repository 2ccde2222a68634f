//! Event source mappings that are made by boto3 while `dev` runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::engine::Server;
use crate::run::venv;

const FUNCTION: &str = r#"
import os

def handler(event, context):
    with open(os.environ["SEEN"], "a") as seen:
        for record in event["Records"]:
            seen.write(record["body"] + "\n")
"#;

#[test]
fn mappings_are_made_and_changed_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    std::fs::write(folder.path().join("app.py"), FUNCTION).unwrap();
    let python = venv("bin/python");
    let quoted = |path: &std::path::Path| Value::from(path.to_str().unwrap()).to_string();
    let toml = format!(
        "[functions.app]\ncommand = [{}, \"-m\", \"awslambdaric\", \"app.handler\"]\nenv = {{ SEEN = {} }}\n",
        quoted(&python),
        quoted(&seen)
    );
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();

    let mut client = Command::new(python)
        .args(["-W", "ignore", "-c", include_str!("mappings.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(client.stdout.take().unwrap());
    let mut endpoint = String::new();
    said.read_line(&mut endpoint).unwrap();
    let server = Server::start(
        folder.path(),
        &["--port", "0", "--endpoint-url", endpoint.trim()],
    );
    let invoke = server.up["invoke"].as_str().unwrap();
    writeln!(client.stdin.take().unwrap(), "{invoke}").unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(client.wait().unwrap().success(), "{rest}");
    assert_eq!(
        rest,
        "first True\ndisabled 1\nenabled True\nmappings 0\nmissing True\n"
    );
    let seen = std::fs::read_to_string(seen).unwrap();
    let mut seen: Vec<&str> = seen.lines().collect();
    seen.sort_unstable();
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
    assert_eq!(server.end(), Some(0));
}

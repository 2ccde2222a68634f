//! `dev` and `invoke`: real processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::run::{Ran, command, run_with, workspace};

fn example() -> PathBuf {
    workspace().join("examples/orders")
}

fn once(directory: &Path, args: &[&str], envs: &[(&str, &str)]) -> Ran {
    let mut command = command();
    command
        .arg("dev")
        .arg(directory)
        .arg("--once")
        .args(args)
        .envs(envs.iter().copied());
    run_with(&mut command, "")
}

/// A package of one binary without dependencies: it answers every event with itself, and fails over
/// an event that says so.
fn echo(folder: &Path, toml: &str) {
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = "[package]\nname = \"echo\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.join("src/main.rs"), include_str!("echo.rs")).unwrap();
    std::fs::write(folder.join("lambda-with.toml"), toml).unwrap();
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
fn invoke_starts_the_function_itself() {
    let folder = tempfile::tempdir().unwrap();
    echo(folder.path(), "[functions.echo]\nbin = \"echo\"\n");
    let invoke = |args: &[&str], input: &str| {
        let mut command = command();
        run_with(
            command.current_dir(folder.path()).arg("invoke").args(args),
            input,
        )
    };
    let ran = invoke(&["--payload", "-"], "{\"id\":7}").ok();
    assert_eq!(ran.stdout, "{\"id\":7}\n");
    assert!(ran.stderr.contains("got 8 bytes"), "{}", ran.stderr);
    assert_eq!(
        invoke(&["echo", "--event", "s3/put"], "").ok().json()["Records"][0]["eventSource"],
        "aws:s3"
    );
    let failed = invoke(&["--data", "\"x.fail\""], "");
    assert_eq!(failed.code, 1);
    assert_eq!(
        failed.json(),
        json!({ "errorType": "Echo.Told", "errorMessage": "as told" })
    );
    assert!(
        failed
            .stderr
            .contains("error: `echo` failed with Echo.Told: as told"),
        "{}",
        failed.stderr
    );
    let ran = invoke(&["--async"], "");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("start `lambda-with dev`"),
        "{}",
        ran.stderr
    );
    let ran = invoke(&["--data", "{"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
}

/// `lambda-with dev`, until dropped.
struct Server {
    child: Child,
    up: Value,
}

impl Server {
    fn start(directory: &Path, args: &[&str]) -> Self {
        let mut command = command();
        command
            .arg("dev")
            .arg(directory)
            .args(["--output", "json", "--http-port", "0"])
            .args(args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let up = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { child, up }
    }

    fn invoke(&self, args: &[&str]) -> Ran {
        let url = self.up["invoke"].as_str().unwrap();
        run_with(
            command().args(["invoke", "--endpoint-url", url]).args(args),
            "",
        )
    }

    fn http(&self, request: &str, body: &str) -> String {
        let url = self.up["apis"][0]["url"].as_str().unwrap();
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        let length = body.len();
        write!(stream, "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it as a process manager does, and gives its exit code.
    fn end(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_engine_serves_until_it_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("orders");
    std::os::unix::fs::symlink(example(), &link).unwrap();
    let server = Server::start(&example(), &["--port", "0"]);
    let queue = &server.up["queues"][0];
    assert_eq!(
        (&queue["function"], &queue["polled_at"]),
        (&json!("orders"), &Value::Null)
    );

    let posted = server.http("POST /orders", r#"{"orderId":"A-1","total":12.5}"#);
    assert!(posted.starts_with("HTTP/1.1 201 "), "{posted}");
    let listed = server.http("GET /orders", "");
    assert!(
        listed.contains(r#"[{"orderId":"A-1","total":12.5}]"#),
        "{listed}"
    );
    assert!(
        server
            .http("POST /orders", "{")
            .starts_with("HTTP/1.1 400 ")
    );
    assert!(server.http("GET /nowhere", "").starts_with("HTTP/1.1 404 "));

    let answer = server.invoke(&["orders", "--event", "sqs"]).ok();
    assert_eq!(answer.json(), json!({ "batchItemFailures": [] }));
    assert!(
        answer.stderr.contains("accepted order A-1001"),
        "{}",
        answer.stderr
    );
    let accepted = server.invoke(&["orders", "--event", "s3", "--async"]).ok();
    assert_eq!(accepted.stdout, "");
    let unknown = server.invoke(&["other"]);
    assert_eq!(unknown.code, 1);
    assert!(
        unknown.stderr.contains("ResourceNotFoundException"),
        "{}",
        unknown.stderr
    );
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    echo(folder.path(), "[functions.echo]\nbin = \"echo\"\n");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = command();
    let ran = run_with(
        command
            .arg("dev")
            .arg(folder.path())
            .args(["--port", &port]),
        "",
    );
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .contains(&format!("port {port} of 127.0.0.1 is taken")),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("--port"), "{}", ran.stderr);
}

//! `dev` as a server, and `invoke`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::functions::{copied_example, echo};
use crate::run::{Ran, command, run_with, venv};

#[test]
fn invoke_starts_the_function_itself() {
    let folder = tempfile::tempdir().unwrap();
    echo(folder.path(), "[functions.echo]\nbin = \"echo\"\n");
    let invoke = |args: &[&str], input: &str| {
        let mut command = command();
        command.env("CARGO_TARGET_DIR", folder.path().join("target"));
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
pub(crate) struct Server {
    child: Child,
    pub(crate) up: Value,
}

impl Server {
    pub(crate) fn start(directory: &Path, args: &[&str]) -> Self {
        Self::start_saying(directory, args, Stdio::inherit())
    }

    /// The same, with its standard error somewhere else.
    fn start_saying(directory: &Path, args: &[&str], said: Stdio) -> Self {
        let mut command = command();
        command
            .arg("dev")
            .arg(directory)
            .args(["--output", "json", "--http-port", "0"])
            .args(args);
        command.env("CARGO_TARGET_DIR", directory.join("target"));
        let mut child = command.stdout(Stdio::piped()).stderr(said).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let up = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { child, up }
    }

    pub(crate) fn invoke(&self, args: &[&str]) -> Ran {
        let url = self.up["invoke"].as_str().unwrap();
        run_with(
            command().args(["invoke", "--endpoint-url", url]).args(args),
            "",
        )
    }

    pub(crate) fn http(&self, request: &str, body: &str) -> String {
        let url = self.up["apis"][0]["url"].as_str().unwrap();
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        let length = body.len();
        write!(stream, "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// What the engine's own API says to a GET.
    fn get(&self, path: &str) -> Value {
        let url = self.up["invoke"].as_str().unwrap();
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let mut kill = Command::new("kill");
        assert!(kill.args([signal, &id]).status().unwrap().success());
    }

    /// Ends it as a process manager does, and gives its exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.signal("-TERM");
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
    let folder = copied_example();
    let server = Server::start(folder.path(), &["--port", "0"]);
    let queue = &server.up["sources"][0];
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
fn what_fails_in_the_engine_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let api = "[[functions.echo.with]]\nservice = \"api-gateway\"\napi = \"http\"\nname = \"echo\"\nroutes = [\"$default\"]\n";
    echo(
        folder.path(),
        &format!("[functions.echo]\nbin = \"echo\"\n{api}"),
    );
    let path = folder.path().join("said");
    let file = std::fs::File::create(&path).unwrap();
    let server = Server::start_saying(folder.path(), &["--port", "0"], file.into());
    let answer = server.http("GET /x.fail", "");
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert_eq!(server.invoke(&["echo", "--data", "\"x.fail\""]).code, 1);
    assert_eq!(server.invoke(&["echo", "--data", "1"]).code, 0);
    assert_eq!(server.end(), Some(0));
    let said = std::fs::read_to_string(path).unwrap();
    assert!(
        said.contains("GET /x.fail: answered 500 Internal Server Error: the function failed with Echo.Told: as told"),
        "{said}"
    );
    let reports: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("echo: REPORT "))
        .collect();
    assert_eq!(reports.len(), 2, "{said}");
    assert!(
        reports.iter().all(|line| line.contains("Status: error")),
        "{said}"
    );
}

/// A definition's folder, and the file for what the engine says.
fn definition(toml: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
    let said = folder.path().join("said");
    (folder, said)
}

/// Waits until a file's text is what is wanted.
#[track_caller]
fn eventually(path: &Path, wanted: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if wanted(&text) {
            return text;
        }
        assert!(Instant::now() < deadline, "{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_process_that_ends_before_it_asks_for_work_is_said() {
    let (folder, path) = definition(
        "[functions.gone]\ncommand = [\"sh\", \"-c\", \"echo no; exit 7\"]\nmaximum_retry_attempts = 0\n\n[functions.other]\ncommand = [\"false\"]\n",
    );
    let file = std::fs::File::create(&path).unwrap();
    let server = Server::start_saying(folder.path(), &["--port", "0"], file.into());
    server.invoke(&["gone", "--async", "--data", "{}"]).ok();
    let said = eventually(&path, |said| said.contains("given up"));
    let lines: Vec<&str> = said.lines().collect();
    for (line, parts) in [
        (0, ["gone: no", ""]),
        (
            1,
            [
                "gone: INIT_REPORT ",
                "\tStatus: error\tError Type: Runtime.ExitError",
            ],
        ),
        (
            2,
            [
                "gone: RequestId: ",
                "Runtime exited with error: exit status 7",
            ],
        ),
        (
            3,
            [
                "gone: REPORT ",
                "\tStatus: error\tError Type: Runtime.ExitError",
            ],
        ),
        (
            4,
            [
                "an event is given up function=\"gone\"",
                "condition=RetriesExhausted",
            ],
        ),
    ] {
        assert!(
            parts.iter().all(|part| lines[line].contains(part)),
            "{said}"
        );
    }
    assert_eq!(said.matches("given up").count(), 1, "{said}");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn the_second_interrupt_ends_at_once() {
    let (folder, path) = definition(
        "[functions.slow]\ncommand = [\"sh\", \"-c\", \"echo >> begun; exec sleep 900\"]\ntimeout = 900\n",
    );
    let file = std::fs::File::create(&path).unwrap();
    let mut server = Server::start_saying(folder.path(), &["--port", "0"], file.into());
    server.invoke(&["slow", "--async", "--data", "{}"]).ok();
    eventually(&folder.path().join("begun"), |text| !text.is_empty());
    server.signal("-INT");
    eventually(&path, |said| {
        said.contains("waiting for 1 invocation; Ctrl-C again ends it")
    });
    let begun = Instant::now();
    server.signal("-INT");
    assert!(server.child.wait().unwrap().success());
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn as_many_processes_run_as_the_file_allows() {
    let check = |dev: &str, function: &str, processes: usize| {
        let (folder, _) = definition(&format!(
            "{dev}[functions.slow]\ncommand = [\"sh\", \"-c\", \"echo $LAMBDA_TASK_ROOT >> begun; exec sleep 60\"]\n{function}"
        ));
        let server = Server::start(folder.path(), &["--port", "0"]);
        for _ in 0..7 {
            server.invoke(&["slow", "--async", "--data", "{}"]).ok();
        }
        let count = |text: &str| text.lines().count();
        let begun = folder.path().join("begun");
        eventually(&begun, |text| count(text) == processes);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(count(&std::fs::read_to_string(begun).unwrap()), processes);
        server.signal("-INT");
        std::thread::sleep(Duration::from_millis(200));
        server.signal("-INT");
    };
    check("", "", 7);
    check("", "reserved_concurrency = 5\n", 5);
    check("[dev]\nmax_environments = 2\n", "", 2);
}

#[test]
fn the_policy_names_the_api_of_the_front_door() {
    let folder = tempfile::tempdir().unwrap();
    echo(
        folder.path(),
        "[functions.echo]\nbin = \"echo\"\n\n[[functions.echo.with]]\nservice = \"api-gateway\"\napi = \"http\"\nname = \"echo\"\nroutes = [\"GET /x\"]\n",
    );
    let server = Server::start(folder.path(), &["--port", "0"]);
    let answer = server.http("GET /x", "");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let event: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let id = event["requestContext"]["apiId"].as_str().unwrap();
    let answer = server.get("/2015-03-31/functions/echo/policy");
    let policy: Value = serde_json::from_str(answer["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(
        policy["Statement"][0]["Condition"]["ArnLike"]["AWS:SourceArn"],
        format!("arn:aws:execute-api:us-east-1:123456789012:{id}/$default/GET/x")
    );
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_second_engine_in_a_folder_is_explained() {
    let (folder, _) = definition("[functions.gone]\ncommand = [\"false\"]\n");
    let server = Server::start(folder.path(), &["--port", "0"]);
    let mut second = command();
    let ran = run_with(
        second.arg("dev").arg(folder.path()).args(["--port", "0"]),
        "",
    );
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("another engine uses the queue")
            && ran
                .stderr
                .contains("fix: `lambda-with dev` runs in this folder already"),
        "{}",
        ran.stderr
    );
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "[functions.echo]\nbin = \"echo\"\n";
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
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

#[test]
fn messages_of_a_queue_come_until_they_are_done() {
    let python = venv("bin/python");
    let mut queue = Command::new(python)
        .args(["-c", include_str!("queue.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(queue.stdout.take().unwrap()).lines();
    let mut line = || said.next().expect("the queue's end says more").unwrap();
    let endpoint = line();
    let folder = copied_example();
    let args = ["--port", "0", "--endpoint-url", &endpoint];
    let server = Server::start(folder.path(), &args);
    assert_eq!(server.up["sources"][0]["polled_at"], json!(endpoint));
    assert_eq!(line(), "one is left");
    assert_eq!(server.end(), Some(0));
    writeln!(queue.stdin.take().unwrap()).unwrap();
    let left: Value = serde_json::from_str(&line()).unwrap();
    assert_eq!(
        left["body"],
        json!(r#"{"orderId": "M-3", "total": 0}"#),
        "{left}"
    );
    let times: u32 = left["times"].as_str().unwrap().parse().unwrap();
    assert!(times > 2, "received {times} times");
    assert!(queue.wait().unwrap().success());
}

#[test]
fn a_changed_source_is_built_again() {
    let folder = tempfile::tempdir().unwrap();
    echo(folder.path(), "[functions.echo]\nbin = \"echo\"\n");
    let server = Server::start(folder.path(), &["--port", "0"]);
    assert_eq!(server.invoke(&["echo", "--data", "1"]).ok().stdout, "1\n");
    let source = folder.path().join("src/main.rs");
    let changed = std::fs::read_to_string(&source)
        .unwrap()
        .replace("(\"response\", event)", "(\"response\", \"2\".to_owned())");
    std::fs::write(source, changed).unwrap();
    let deadline = Instant::now() + Duration::from_secs(600);
    while server.invoke(&["echo", "--data", "1"]).ok().stdout != "2\n" {
        assert!(
            Instant::now() < deadline,
            "the function is still the one from before"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(server.end(), Some(0));
}

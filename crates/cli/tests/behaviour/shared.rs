//! Several `dev` that share one queue of asynchronous events.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::engine::Server;
use crate::run::{command, run_with, venv};

/// Begins, waits for the gate, and notes what it was given.
const FUNCTION: &str = r#"
import os, time

def note(name, event):
    with open(os.path.join(os.environ["FOLDER"], name), "a") as file:
        file.write(f"{event}\n")

def handler(event, context):
    note("begun", event)
    while not os.path.exists(os.path.join(os.environ["FOLDER"], "gate")):
        time.sleep(0.05)
    note("ran", event)
"#;

/// A moto server with a queue, and boto3 beside it.
struct Moto {
    child: Child,
    input: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    queue: String,
}

impl Moto {
    fn start() -> Self {
        let mut child = Command::new(venv("bin/python"))
            .args(["-W", "ignore", "-c", include_str!("shared.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let queue = said.next().unwrap().unwrap();
        Self {
            child,
            input,
            said,
            queue,
        }
    }

    fn ask(&mut self, what: &str) -> String {
        writeln!(self.input, "{what}").unwrap();
        self.said.next().expect("it answers").unwrap()
    }

    /// Sends these events to an engine; says how they were answered.
    fn invoke(&mut self, engine: &Server, events: std::ops::Range<u32>) -> String {
        let endpoint = engine.up["invoke"].as_str().unwrap();
        self.ask(&format!(
            "invoke {endpoint} {} {}",
            events.start, events.end
        ))
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A machine: a folder of its own, with a function that writes into a common one.
fn machine(common: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), FUNCTION).unwrap();
    let quoted = |path: &Path| Value::from(path.to_str().unwrap()).to_string();
    let toml = format!(
        "region = \"eu-west-1\"\n[dev]\nmax_environments = 2\n[functions.orders]\n\
         command = [{}, \"-m\", \"awslambdaric\", \"app.handler\"]\ntimeout = 300\nenv = {{ FOLDER = {} }}\n",
        quoted(&venv("bin/python")),
        quoted(common)
    );
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
    folder
}

fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "still not: {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn kill_nine_of_one_engine_leaves_its_events_to_the_other() {
    let mut moto = Moto::start();
    let common = tempfile::tempdir().unwrap();
    let machines = [machine(common.path()), machine(common.path())];
    let args = ["--port", "0", "--queue", &moto.queue];
    let first = Server::start(machines[0].path(), &args);
    let second = Server::start(machines[1].path(), &args);
    assert_eq!(first.up["queue"], moto.queue.as_str());
    assert_eq!(moto.invoke(&first, 0..50), "[202]");
    let noted = |name: &str| -> Vec<u32> {
        let text = std::fs::read_to_string(common.path().join(name)).unwrap_or_default();
        text.lines().map(|line| line.parse().unwrap()).collect()
    };
    eventually("both engines are busy", || noted("begun").len() >= 4);
    assert_eq!(noted("ran"), [0; 0], "nothing has run to its end");
    // Dropping it kills it.
    drop(first);
    assert_eq!(moto.invoke(&second, 50..60), "[202]");
    std::fs::write(common.path().join("gate"), "").unwrap();
    let all: BTreeSet<u32> = (0..60).collect();
    eventually("all have run", || {
        noted("ran").into_iter().collect::<BTreeSet<_>>() == all
    });
    eventually("all are deleted", || moto.ask("left") == "0");

    moto.ask("drop");
    assert_eq!(moto.invoke(&second, 60..61), r#"["ServiceException"]"#);
    assert_eq!(second.end(), Some(0));
}

#[test]
fn a_queue_that_cannot_be_shared_is_told_at_once() {
    let common = tempfile::tempdir().unwrap();
    let machine = machine(common.path());
    let check = |queue: &str, code: i32, says: &str| {
        let mut dev = command();
        dev.arg("dev").arg(machine.path());
        let ran = run_with(dev.args(["--port", "0", "--queue", queue]), "");
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    };
    check(
        "arn:aws:sqs:eu-west-1:123456789012:events",
        2,
        "is not the URL of a queue",
    );
    let fifo = "http://127.0.0.1:1/123456789012/events.fifo";
    check(fifo, 1, "queue events.fifo is a FIFO queue");
    let nowhere = "http://127.0.0.1:1/123456789012/events";
    check(
        nowhere,
        1,
        "the shared queue cannot be used: GetQueueAttributes on queue events failed",
    );
    let moto = Moto::start();
    let missing = moto.queue.replace("/events", "/missing");
    check(&missing, 1, "make it, a standard queue, or name another");
}

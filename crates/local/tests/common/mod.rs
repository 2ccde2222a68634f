//! What the tests with real processes share.

#![allow(dead_code, unreachable_pub, reason = "each test uses its own part")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lambda_with::{Function, FunctionError, Invocation, Outcome};
use lambda_with_local::{Command, FunctionOptions, LogLine, Options, Run};

pub const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:echo";

/// An example of this crate, built if `cargo test` was told to build less than everything.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("examples")
        .join(name);
    if !path.exists() {
        let mut build = std::process::Command::new(env!("CARGO"));
        let target = path.ancestors().nth(3).unwrap();
        build
            .args([
                "build",
                "-p",
                env!("CARGO_PKG_NAME"),
                "--example",
                name,
                "--target-dir",
            ])
            .arg(target);
        assert!(
            build.status().unwrap().success() && path.exists(),
            "{} could not be built",
            path.display()
        );
    }
    path
}

/// A program of the Python environment the tests use.
pub fn python(program: &str) -> PathBuf {
    lambda_with_testing::python::program(program)
}

/// A function whose time is not over on a machine that is slow.
pub fn function() -> Function {
    let mut function = Function::new(ARN.parse().unwrap()).unwrap();
    function.timeout = 60;
    function
}

/// The function `echo` as a process.
pub fn echo(definition: Function) -> FunctionOptions {
    FunctionOptions::new(definition, Run::Command(Command::new(example("echo"))))
}

/// Options for one function, with its log lines.
pub fn options(dir: &Path, function: FunctionOptions) -> (Options, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let mut options = Options::new(dir);
    options.invoke_port = Some(0);
    options.log = Some(Arc::new(move |line: &LogLine<'_>| {
        sink.lock().unwrap().push(line.text.to_owned());
    }));
    options.functions.push(function);
    (options, lines)
}

/// The answer of a function that succeeded.
pub fn answer(outcome: Outcome) -> serde_json::Value {
    match outcome {
        Outcome::Success { payload, .. } => serde_json::from_slice(&payload).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The error object of a function that failed.
pub fn error(outcome: Outcome) -> FunctionError {
    match outcome {
        Outcome::FunctionError { payload, .. } => serde_json::from_slice(&payload).unwrap(),
        other => panic!("{other:?}"),
    }
}

pub fn invocation(event: &serde_json::Value) -> Invocation {
    Invocation::new(event.to_string())
}

/// Waits until `is` holds.
pub async fn eventually(what: &str, seconds: u64, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(
            begun.elapsed() < Duration::from_secs(seconds),
            "after {seconds} s still not: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a process is there.
pub fn lives(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .trim()
        .chars()
        .next();
    state.is_some_and(|state| state != 'Z')
}

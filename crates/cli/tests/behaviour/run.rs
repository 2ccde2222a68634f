//! Running the command.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a run of the command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// This run, once it is sure that it went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self
    }
}

/// The command with an environment that says nothing about AWS.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lambda-with"));
    for name in [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
    ] {
        command.env_remove(name);
    }
    command
        .env_remove("LAMBDA_WITH_CONFIG")
        .env_remove("ORDERS_FAIL")
        .env("NO_COLOR", "1");
    command
}

/// Runs the command.
pub(crate) fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    run_with(command().args(args), "")
}

/// Runs the command on a document.
pub(crate) fn pipe<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>, input: &str) -> Ran {
    run_with(command().args(args), input)
}

/// Runs a prepared command.
pub(crate) fn run_with(command: &mut Command, input: &str) -> Ran {
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    // A command that does not want its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the command in a folder that holds this definition.
pub(crate) fn defined<S: AsRef<OsStr>>(toml: &str, args: impl IntoIterator<Item = S>) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
    run_with(command().current_dir(folder.path()).args(args), "")
}

/// The workspace.
pub(crate) fn workspace() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    folder.to_owned()
}

/// A program of the Python environment the tests need.
pub(crate) fn venv(program: &str) -> PathBuf {
    let venv = std::env::var_os("LAMBDA_WITH_VENV")
        .map_or_else(|| workspace().join("target/venv"), PathBuf::from);
    let program = venv.join(program);
    assert!(
        program.exists(),
        "there is no {}: run `cargo xtask test`",
        program.display()
    );
    program
}

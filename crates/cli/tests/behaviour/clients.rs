//! The Python programs that judge what the command writes.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::run::workspace;

/// A program of the environment that `cargo xtask test` makes.
pub(crate) fn program(name: &str) -> PathBuf {
    let venv = std::env::var_os("LAMBDA_WITH_VENV")
        .map_or_else(|| workspace().join("target/venv"), PathBuf::from);
    let program = venv.join("bin").join(name);
    assert!(
        program.exists(),
        "there is no {}: run `cargo xtask test`",
        program.display()
    );
    program
}

/// What a script prints.
#[track_caller]
pub(crate) fn python<S: AsRef<OsStr>>(script: &str, args: impl IntoIterator<Item = S>) -> String {
    let mut command = Command::new(program("python"));
    command.args(["-W", "ignore", "-c", script]).args(args);
    let output = command
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

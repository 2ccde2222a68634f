//! Functions that tests run.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::workspace;

/// The folder of the example.
pub(crate) fn example() -> PathBuf {
    workspace().join("examples/orders")
}

/// The example in a folder of its own, so that several engines can run it at once.
pub(crate) fn copied_example() -> TempDir {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--message-format=json", "--bin", "orders"])
        .current_dir(example())
        .output()
        .unwrap();
    let said = String::from_utf8(built.stdout).unwrap();
    let program = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "orders")
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
        .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&built.stderr)));
    let toml = std::fs::read_to_string(example().join("lambda-with.toml")).unwrap();
    let command = format!("command = [{}]", Value::String(program));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lambda-with.toml");
    std::fs::write(file, toml.replace("bin = \"orders\"", &command)).unwrap();
    folder
}

/// A package of one binary without dependencies: it answers every event with itself, and fails over
/// an event that says so, or takes three seconds.
pub(crate) fn echo(folder: &Path, toml: &str) {
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = "[package]\nname = \"echo\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.join("src/main.rs"), include_str!("echo.rs")).unwrap();
    std::fs::write(folder.join("lambda-with.toml"), toml).unwrap();
}

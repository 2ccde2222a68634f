//! The Python environment that `cargo xtask test` makes.

use std::path::{Path, PathBuf};

/// A program of the environment: `python`, `moto_server`.
///
/// # Panics
///
/// When it is not installed.
#[must_use]
#[track_caller]
pub fn program(name: &str) -> PathBuf {
    let venv = std::env::var_os("LAMBDA_WITH_VENV").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv"),
        PathBuf::from,
    );
    let path = venv.join("bin").join(name);
    let path_shown = path.display();
    assert!(
        path.exists(),
        "{path_shown} is missing: run `cargo xtask test`, which installs it"
    );
    path
}

//! `cargo xtask test`: installs the clients the tests speak to, then runs every test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{cargo, output, root, run};

/// The Python packages tests use, pinned: an AWS client, an AWS emulator, AWS's own runtime client,
/// for what we export SAM's own translator, a linter for templates and one for policies (which needs a
/// setuptools that still has `pkg_resources`), and a client for WebSockets.
const PACKAGES: [&str; 8] = [
    "aws-sam-translator==1.115.0",
    "awslambdaric==4.2.2",
    "boto3==1.44.5",
    "cfn-lint==1.58.0",
    "moto[server]==5.2.5",
    "parliament==1.6.4",
    "setuptools==80.9.0",
    "websockets==17.4",
];

/// Runs every test of the workspace with all features; `filter` goes to the tests.
pub fn test(filter: &[String]) -> Result<()> {
    let venv = clients()?;
    programs()?;
    let mut tests = cargo([
        "test",
        "--workspace",
        "--exclude",
        "benches",
        "--all-features",
    ]);
    tests.args(filter).env("LAMBDA_WITH_VENV", venv);
    run(&mut tests)
}

/// A Python environment with [`PACKAGES`], made once and made again when the list changes.
pub fn clients() -> Result<PathBuf> {
    // Not below CARGO_TARGET_DIR: tests run without this task look here as well.
    let venv = root().join("target/venv");
    let marker = venv.join("installed");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(venv);
    }
    output(Command::new("python3").arg("--version")).context(
        "the tests talk to real clients, which need Python 3 with venv (Debian: apt-get install \
         python3-venv)",
    )?;
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    run(Command::new(venv.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(PACKAGES))?;
    fs::write(&marker, wanted).with_context(|| format!("cannot write {}", marker.display()))?;
    Ok(venv)
}

/// Programs that tests start, message brokers and a browser among them: a file, and the Debian package
/// that has it.
const PROGRAMS: [(&str, &str); 4] = [
    ("/usr/bin/chromium", "chromium"),
    ("/usr/bin/curl", "curl"),
    ("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server"),
    ("/usr/share/activemq/bin/activemq.jar", "activemq"),
];

/// Installs those [`PROGRAMS`] that are missing. Their packages start no service of their own.
fn programs() -> Result<()> {
    let missing = PROGRAMS
        .iter()
        .filter(|(file, _)| !Path::new(file).exists());
    let missing: Vec<&str> = missing.map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let apt = |arguments: &[&str]| {
        let quiet = [
            "DEBIAN_FRONTEND=noninteractive",
            "RUNLEVEL=1",
            "SYSTEMD_OFFLINE=1",
        ];
        let mut command = Command::new(if root { "env" } else { "sudo" });
        if !root {
            command.args(["-n", "env"]);
        }
        command.args(quiet).arg("apt-get").args(["-qq", "-y"]);
        run(command.args(arguments))
    };
    apt(&["update"])
        .and_then(|()| {
            let mut arguments = vec!["install", "--no-install-recommends"];
            arguments.extend(&missing);
            apt(&arguments)
        })
        .with_context(|| {
            format!(
                "the tests start real programs; install them as root: apt-get install \
                 --no-install-recommends {}",
                missing.join(" ")
            )
        })
}

//! `cargo xtask ci`: all that must hold before a change lands.

use std::time::Instant;

use anyhow::Result;

use crate::process::{cargo, run};

/// Runs every check, cheapest first, and stops at the first that fails.
pub fn ci() -> Result<()> {
    let start = Instant::now();
    step("format", || run(&mut cargo(["fmt", "--all", "--check"])))?;
    step("generated files", || {
        run(&mut cargo(["xtask", "codegen", "--check"]))
    })?;
    step("tidy", crate::tidy::tidy)?;
    step("lints", || {
        let args = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ];
        run(&mut cargo(args))
    })?;
    step("service crates without features", || {
        let packages = crate::tidy::service_packages()?;
        let mut check = cargo(["check"]);
        for package in packages {
            check.args(["--package", &package]);
        }
        run(&mut check)
    })?;
    step("the first command of README.md", || {
        let words =
            "run --package lambda-with-cli --no-default-features -- dev examples/orders --once";
        run(&mut cargo(words.split(' ')))
    })?;
    step("tests", || run(&mut cargo(["xtask", "test"])))?;
    step("documentation", crate::docs::rustdoc)?;
    eprintln!("all checks passed in {} s", start.elapsed().as_secs());
    Ok(())
}

fn step(name: &str, check: impl FnOnce() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    eprintln!("── {name}");
    check()?;
    eprintln!("── {name}: {} s", start.elapsed().as_secs());
    Ok(())
}

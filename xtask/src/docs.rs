//! `cargo xtask docs`: the book and the API documentation as one site.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process::{cargo, root, run, target};

/// The version of mdBook the book is built with.
const MDBOOK: &str = "0.5.4";

/// Builds the whole site into `target/site`: the book at its root, rustdoc under `api/`.
pub fn docs() -> Result<()> {
    let site = target().join("site");
    let mdbook = install_mdbook()?;
    run(Command::new(mdbook)
        .arg("build")
        .arg(root().join("docs"))
        .arg("--dest-dir")
        .arg(&site))?;
    rustdoc()?;
    let api = site.join("api");
    run(Command::new("cp")
        .arg("-r")
        .arg(target().join("doc"))
        .arg(&api))?;
    // Rustdoc makes a page for each crate and none above them.
    let start = r#"<meta http-equiv="refresh" content="0; url=lambda_with/index.html">"#;
    fs::write(api.join("index.html"), start)?;
    println!("{}", site.join("index.html").display());
    Ok(())
}

/// Builds the API documentation of every library, with broken links as errors.
pub fn rustdoc() -> Result<()> {
    let mut doc = cargo(["doc", "--workspace", "--no-deps", "--all-features", "--lib"]);
    run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Installs mdBook below the target directory, unless this version is there already.
fn install_mdbook() -> Result<PathBuf> {
    let tools = target().join("tools");
    let mdbook = tools.join("bin/mdbook");
    let version = Command::new(&mdbook).arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(MDBOOK)) {
        return Ok(mdbook);
    }
    run(cargo([
        "install",
        "mdbook",
        "--locked",
        "--version",
        MDBOOK,
        "--no-default-features",
    ])
    .args(["--features", "search"])
    .arg("--root")
    .arg(&tools))?;
    Ok(mdbook)
}

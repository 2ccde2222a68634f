//! `cargo xtask tidy`: rules of this tree that no compiler knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::process::{output, root};

/// The most lines a file written by hand may have.
const MAX_LINES: usize = 500;

/// The page that says what is as on AWS, and which tests show it.
const FIDELITY: &str = "docs/src/fidelity.md";

/// Words that mark unfinished work.
const UNFINISHED: [&str; 5] = ["todo!(", "unimplemented!(", "FIXME", "XXX", "#[ignore"];

/// Checks every file git knows, and reports all that is wrong at once.
pub fn tidy() -> Result<()> {
    let mut problems = Vec::new();
    for path in tracked()? {
        let Ok(text) = fs::read_to_string(root().join(&path)) else {
            continue;
        };
        check_text(&path, &text, &mut problems);
    }
    for package in packages()? {
        check_package(&package, &mut problems)?;
    }
    check_lints(&mut problems)?;
    check_fidelity(&mut problems)?;
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{} untidy places:\n{}", problems.len(), problems.join("\n"));
}

/// The packages of the service crates: those whose manifest states a service's facts.
pub fn service_packages() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for package in packages()? {
        let manifest = fs::read_to_string(package.join("Cargo.toml"))?;
        if manifest.contains("[package.metadata.service]") {
            names.push(format!(
                "lambda-with-{}",
                package.file_name().unwrap_or_default().to_string_lossy()
            ));
        }
    }
    Ok(names)
}

fn tracked() -> Result<Vec<PathBuf>> {
    let list = output(std::process::Command::new("git").current_dir(root()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    Ok(list
        .lines()
        .map(PathBuf::from)
        .filter(|path| !path.starts_with(".ci"))
        .collect())
}

fn packages() -> Result<Vec<PathBuf>> {
    let crates = root().join("crates");
    let mut folders = fs::read_dir(&crates)
        .with_context(|| format!("cannot read {}", crates.display()))?
        .map(|entry| Ok(entry?.path()))
        .filter(|path: &Result<PathBuf>| {
            path.as_ref()
                .is_ok_and(|path| path.join("Cargo.toml").exists())
        })
        .collect::<Result<Vec<_>>>()?;
    folders.sort();
    Ok(folders)
}

fn check_text(path: &Path, text: &str, problems: &mut Vec<String>) {
    let place = path.display();
    let rust = path.extension().is_some_and(|extension| extension == "rs");
    let generated = text.contains("@generated");
    if rust && !generated && text.lines().count() > MAX_LINES {
        problems.push(format!(
            "{place}: more than {MAX_LINES} lines; split it by idea"
        ));
    }
    if !text.is_empty() && !text.ends_with('\n') && !place.to_string().contains("golden") {
        problems.push(format!("{place}: the last line has no line break"));
    }
    // This file names the words it looks for.
    if !rust || path.ends_with("tidy.rs") {
        return;
    }
    for (number, line) in text.lines().enumerate() {
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            problems.push(format!("{place}:{}: unfinished work: {word}", number + 1));
        }
        if line.ends_with(char::is_whitespace) {
            problems.push(format!(
                "{place}:{}: white space at the end of the line",
                number + 1
            ));
        }
    }
}

fn check_package(folder: &Path, problems: &mut Vec<String>) -> Result<()> {
    let place = folder.strip_prefix(root()).unwrap_or(folder).display();
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    for line in [
        "version.workspace = true",
        "license.workspace = true",
        "description = ",
        "[lints]\nworkspace = true",
    ] {
        if !manifest.contains(line) {
            problems.push(format!(
                "{place}/Cargo.toml: `{}` is missing",
                line.replace('\n', " ")
            ));
        }
    }
    if !folder.join("README.md").exists() {
        problems.push(format!(
            "{place}: README.md is missing; it is the crate's documentation"
        ));
    }
    Ok(())
}

/// Every lint's number stands in the book, and none that is gone.
fn check_lints(problems: &mut Vec<String>) -> Result<()> {
    let page = "docs/src/checks.md";
    let listed = lints(&fs::read_to_string(root().join(page))?);
    let mut raised = BTreeSet::new();
    for path in tracked()? {
        if path.starts_with("crates") && path.iter().any(|part| part == "src") {
            raised.extend(lints(
                &fs::read_to_string(root().join(&path)).unwrap_or_default(),
            ));
        }
    }
    for lint in raised.difference(&listed) {
        problems.push(format!("{page}: {lint} is missing"));
    }
    for lint in listed.difference(&raised) {
        problems.push(format!("{page}: {lint} is raised nowhere"));
    }
    Ok(())
}

/// Every row of the table of fidelity has a state, and the tests it names are there.
fn check_fidelity(problems: &mut Vec<String>) -> Result<()> {
    let text = fs::read_to_string(root().join(FIDELITY))?;
    fidelity(&text, problems);
    Ok(())
}

fn fidelity(text: &str, problems: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split(" | ").collect();
        let [_, link, state, tests] = cells[..] else {
            continue;
        };
        let place = format!("{FIDELITY}:{}", number + 1);
        if !link.starts_with('[') {
            continue;
        }
        match state {
            "matches" if !tests.contains("::") => {
                problems.push(format!("{place}: nothing shows that it matches"));
            }
            "matches" | "differs" | "not yet" => {}
            other => problems.push(format!("{place}: `{other}` is no state")),
        }
        for test in tests.split('`').filter(|test| test.contains("::")) {
            let (file, name) = test.split_once("::").unwrap_or_default();
            let code = fs::read_to_string(root().join(file)).unwrap_or_default();
            if !code.contains(&format!("fn {name}(")) {
                problems.push(format!("{place}: there is no test {test}"));
            }
        }
    }
}

/// The numbers of lints in a text: `LW` and four digits.
fn lints(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("LW").map(|(start, _)| &text[start..]);
    let numbers = starts.filter_map(|rest| rest.get(..6));
    numbers
        .filter(|lint| lint[2..].bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_fidelity_name_tests_that_are_there() {
        let this = "`xtask/src/tidy.rs::rows_of_fidelity_name_tests_that_are_there`";
        for (row, expected) in [
            (format!("| a rule | [page] | matches | {this} |"), None),
            (format!("| a rule | [page] | differs | {this} |"), None),
            ("| a rule | [page] | not yet |  |".into(), None),
            ("| rule | page | state | shown by |".into(), None),
            (
                "| a rule | [page] | matches |  |".into(),
                Some("nothing shows"),
            ),
            (
                "| a rule | [page] | maybe |  |".into(),
                Some("`maybe` is no state"),
            ),
            (
                "| a rule | [page] | matches | `xtask/src/tidy.rs::gone` |".into(),
                Some("there is no test xtask/src/tidy.rs::gone"),
            ),
            (
                "| a rule | [page] | differs | `gone.rs::tidy` |".into(),
                Some("there is no test gone.rs::tidy"),
            ),
        ] {
            let mut problems = Vec::new();
            fidelity(&row, &mut problems);
            match expected {
                None => assert!(problems.is_empty(), "{row}: {problems:?}"),
                Some(text) => assert!(
                    problems.len() == 1 && problems[0].contains(text),
                    "{row}: {problems:?}"
                ),
            }
        }
    }
}

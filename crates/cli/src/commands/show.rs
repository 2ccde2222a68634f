//! `lambda-with show`.

use std::process::ExitCode;

use serde::Serialize;

use super::list::Facts;
use crate::failure::Failure;
use crate::output::{Output, Tone, table};
use crate::services::{self, Entry};

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    facts: Facts,
    #[serde(rename = "crate")]
    package: String,
    types: Vec<Type>,
    /// The crate's README, as Markdown.
    readme: &'static str,
}

/// One root type and its samples.
#[derive(Serialize)]
struct Type {
    name: &'static str,
    rust: String,
    response: bool,
    /// What tells it apart: pointers, with the value where only one is possible.
    recognised_by: Vec<Mark>,
    events: Vec<String>,
}

#[derive(Serialize)]
struct Mark {
    pointer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'static str>,
}

pub(super) fn run(id: &str, output: Output) -> anyhow::Result<ExitCode> {
    let entry = services::find(id).ok_or_else(|| {
        Failure::usage(services::unknown(id)).fix("`lambda-with list` prints all services")
    })?;
    let shown = Shown {
        facts: entry.service.into(),
        package: format!("lambda-with-{}", entry.service.id),
        types: types(entry),
        readme: entry.service.readme,
    };
    if output.is_json() {
        output.json(&shown)?;
    } else {
        output.text(&render(entry, &shown, output))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn types(entry: &'static Entry) -> Vec<Type> {
    let service = entry.service;
    let mark = |member: &lambda_with::Member| Mark {
        pointer: member.pointer,
        value: member.constant,
    };
    service
        .shapes
        .iter()
        .map(|shape| Type {
            name: shape.name,
            rust: format!("{}::{}", entry.module, shape.name),
            response: shape.response,
            recognised_by: shape.members.iter().map(mark).collect(),
            events: service
                .samples
                .iter()
                .filter(|sample| sample.of == shape.name)
                .map(|sample| format!("{}/{}", service.id, sample.id))
                .collect(),
        })
        .collect()
}

fn render(entry: &Entry, shown: &Shown, output: Output) -> String {
    let service = entry.service;
    let heading = |text: &str| format!("\n{}\n", output.paint(Tone::Bold, text));
    let row = |name: &str, value: &str| vec![format!("  {name}"), value.to_owned()];
    let mut text = format!("{}\n", output.paint(Tone::Bold, service.name));
    text.push_str(&table(&[
        row("id", service.id),
        row("mode", service.mode.as_str()),
        row("principal", service.principal.unwrap_or("none")),
        row("crate", &shown.package),
        row("guide", service.guide),
    ]));
    for (title, response) in [("It sends", false), ("It takes as an answer", true)] {
        let types = shown
            .types
            .iter()
            .filter(|shape| shape.response == response);
        let rows: Vec<_> = types
            .flat_map(|shape| {
                let first = [shape.rust.as_str()]
                    .into_iter()
                    .chain(std::iter::repeat(""));
                first
                    .zip(&shape.events)
                    .map(|(name, event)| row(name, event))
            })
            .collect();
        if !rows.is_empty() {
            text.push_str(&heading(title));
            text.push_str(&table(&rows));
        }
    }
    for title in ["Settings", "Permission", "Limits", "Pitfalls"] {
        if let Some(body) = section(service.readme, title) {
            text.push_str(&heading(title));
            text.push_str(&for_terminal(body));
        }
    }
    text
}

/// Markdown without its comments, with tables as lists: name and value, and what it is below.
fn for_terminal(markdown: &str) -> String {
    let mut text = String::new();
    let is_row = |line: &str| line.starts_with('|');
    let lines = markdown.lines().filter(|line| !line.starts_with("<!--"));
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        if !is_row(line) {
            let is_gap = line.is_empty() && (text.is_empty() || text.ends_with("\n\n"));
            if !is_gap {
                text.push_str(line);
                text.push('\n');
            }
            continue;
        }
        // The head says what the columns are, and the line below it is a rule.
        lines.next_if(|line| is_row(line));
        while let Some(row) = lines.next_if(|line| is_row(line)) {
            let row = row.trim_matches('|').replace("\\|", "\u{0}");
            let cells = row.split('|').map(|cell| cell.trim().replace('\u{0}', "|"));
            let cells: Vec<String> = cells.filter(|cell| !cell.is_empty()).collect();
            let Some((name, rest)) = cells.split_first() else {
                continue;
            };
            text.push_str(&format!("  {name}"));
            match rest {
                [] => {}
                [value] => text.push_str(&format!(": {value}")),
                [value, rest @ ..] => {
                    text.push_str(&format!("  {value}\n"));
                    text.push_str(&wrapped(&rest.join(" · "), "      ", 96));
                    continue;
                }
            }
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Text in lines of so many letters at most.
fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        if length == 0 || length + 1 + letters > width {
            let end = if length == 0 { "" } else { "\n" };
            lines.push_str(&format!("{end}{indent}{word}"));
            length = indent.len() + letters;
        } else {
            lines.push_str(&format!(" {word}"));
            length += 1 + letters;
        }
    }
    lines + "\n"
}

/// What stands under a heading of the second level.
fn section<'a>(markdown: &'a str, title: &str) -> Option<&'a str> {
    let (_, rest) = markdown.split_once(&format!("\n## {title}\n"))?;
    let body = rest.split("\n## ").next().unwrap_or(rest);
    Some(body.trim())
}

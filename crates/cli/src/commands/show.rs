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
    for title in ["Permission", "Limits", "Pitfalls"] {
        if let Some(body) = section(service.readme, title) {
            text.push_str(&heading(title));
            text.push_str(body);
            text.push('\n');
        }
    }
    text
}

/// What stands under a heading of the second level.
fn section<'a>(markdown: &'a str, title: &str) -> Option<&'a str> {
    let (_, rest) = markdown.split_once(&format!("\n## {title}\n"))?;
    let body = rest.split("\n## ").next().unwrap_or(rest);
    Some(body.trim())
}

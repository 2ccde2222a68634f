//! `lambda-with check`.

use std::process::ExitCode;

use lambda_with::rules::settings::check_function;
use lambda_with::{Finding, Severity};
use serde::Serialize;

use crate::args::Check;
use crate::config::{Config, Connected, Defined};
use crate::output::{Output, Tone};

/// A finding and its place.
#[derive(Serialize)]
struct Found {
    file: String,
    line: usize,
    function: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// The connection it clashes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<String>,
    #[serde(flatten)]
    finding: Finding,
}

pub(super) fn run(args: &Check, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let found = findings(config);
    let errors = count(&found, Severity::Error);
    let warnings = count(&found, Severity::Warning);
    if output.is_json() {
        output.json(&found)?;
    } else {
        let mut text: String = found.iter().map(|found| render(found, output)).collect();
        let connections: usize = config
            .functions
            .iter()
            .map(|defined| defined.connections.len())
            .sum();
        text.push_str(&format!(
            "{}, {}: {}, {}\n",
            plural(config.functions.len(), "function"),
            plural(connections, "connection"),
            plural(errors, "error"),
            plural(warnings, "warning"),
        ));
        output.text(&text)?;
    }
    let failed = errors > 0 || args.deny_warnings && warnings > 0;
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn findings(config: &Config) -> Vec<Found> {
    let file = config.source.path().display().to_string();
    let mut found = Vec::new();
    for defined in &config.functions {
        for finding in check_function(&defined.function) {
            found.push(Found {
                file: file.clone(),
                line: defined.place.line_of(finding.field),
                function: defined.name.clone(),
                connection: None,
                with: None,
                finding,
            });
        }
        for connected in &defined.connections {
            for finding in connected.connection.check(&defined.function) {
                found.push(at(&file, defined, connected, None, finding));
            }
        }
    }
    let all: Vec<(&Defined, &Connected)> = config
        .functions
        .iter()
        .flat_map(|defined| {
            defined
                .connections
                .iter()
                .map(move |connected| (defined, connected))
        })
        .collect();
    for (index, (defined, connected)) in all.iter().enumerate() {
        for (owner, earlier) in &all[..index] {
            let mut findings = connected.connection.conflicts(&*earlier.connection);
            if owner.name == defined.name {
                findings.extend(connected.connection.conflicts_within(&*earlier.connection));
            }
            for finding in findings {
                found.push(at(&file, defined, connected, Some(earlier), finding));
            }
        }
    }
    found.sort_by_key(|found| found.line);
    found
}

fn at(
    file: &str,
    defined: &Defined,
    connected: &Connected,
    with: Option<&Connected>,
    finding: Finding,
) -> Found {
    Found {
        file: file.to_owned(),
        line: connected.place.line_of(finding.field),
        function: defined.name.clone(),
        connection: Some(connected.connection.name()),
        with: with.map(|with| format!("{} (line {})", with.connection.name(), with.place.line)),
        finding,
    }
}

fn render(found: &Found, output: Output) -> String {
    let Found {
        file,
        line,
        function,
        connection,
        with,
        finding,
    } = found;
    let (tone, severity) = match finding.severity {
        Severity::Warning => (Tone::Warning, "warning"),
        Severity::Error => (Tone::Bad, "error"),
    };
    let title = output.paint(tone, &format!("{severity}[{}]", finding.code));
    let mut text = format!("{title} {}: {}\n", finding.field, finding.what);
    let place = match connection {
        Some(connection) => format!("function `{function}`, connection `{connection}`"),
        None => format!("function `{function}`"),
    };
    text.push_str(&format!(
        "  --> {file}:{line}  {}\n",
        output.paint(Tone::Dim, &place)
    ));
    let with = with.as_deref().unwrap_or_default();
    let lines = [
        ("with", with),
        ("why", &finding.why),
        ("fix", &finding.fix),
        ("see", finding.page),
    ];
    for (label, line) in lines {
        if !line.is_empty() {
            text.push_str(&format!("  {label}: {line}\n"));
        }
    }
    text.push('\n');
    text
}

fn count(found: &[Found], severity: Severity) -> usize {
    found
        .iter()
        .filter(|found| found.finding.severity == severity)
        .count()
}

fn plural(count: usize, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

//! `lambda-with export`.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::args::Export;
use crate::config::Config;
use crate::export;
use crate::output::Output;

pub(super) fn run(
    args: &Export,
    dry_run: bool,
    config: &Config,
    output: Output,
) -> anyhow::Result<ExitCode> {
    if config.functions.is_empty() {
        return Err(config.no_function().into());
    }
    let folder = args
        .out
        .as_deref()
        .and_then(Path::parent)
        .unwrap_or(Path::new("."));
    let document = export::document(config, args.format, folder)?;
    for note in &document.notes {
        output.note(note);
    }
    let Some(path) = args.out.as_ref().filter(|_| !dry_run) else {
        output.text(&export::text(&document))?;
        return Ok(ExitCode::SUCCESS);
    };
    let changes = match args.check {
        true => export::check(&document, path)?,
        false => export::write(&document, path)?,
    };
    let file = path.display();
    if args.check && output.is_json() {
        let changes = changes
            .iter()
            .map(|change| json!({ "change": change.what, "entry": change.entry }));
        output.json(&json!({ "file": path, "changes": changes.collect::<Vec<_>>() }))?;
    } else if args.check {
        let lines = changes
            .iter()
            .map(|change| format!("{:<8}{}\n", change.what, change.entry));
        output.text(&lines.collect::<String>())?;
    }
    match (args.check, changes.len()) {
        (_, 0) => output.note(&format!("{file} is up to date")),
        (true, 1) => output.note(&format!("{file} is not up to date: 1 entry differs")),
        (true, count) => output.note(&format!("{file} is not up to date: {count} entries differ")),
        (false, 1) => output.note(&format!("wrote {file}: 1 entry changed")),
        (false, count) => output.note(&format!("wrote {file}: {count} entries changed")),
    }
    Ok(match args.check && !changes.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

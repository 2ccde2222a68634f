//! `lambda-with decode`.

use std::process::ExitCode;

use serde::Serialize;

use super::read;
use crate::args::Decode;
use crate::failure::Failure;
use crate::json::Node;
use crate::output::{Output, Tone};
use crate::recognise::{Refused, nearest_sample, read_as, recognise, rust};
use crate::samples;

#[derive(Serialize)]
struct Decoded {
    /// SERVICE/EVENT of the sample most like the document.
    #[serde(rename = "type")]
    of: String,
    rust: String,
    exact: bool,
    unknown: Vec<String>,
    changed: Vec<String>,
    value: Node,
}

pub(super) fn run(args: &Decode, output: Output) -> anyhow::Result<ExitCode> {
    let wanted = args.as_event.as_deref().map(samples::find).transpose()?;
    let text = read(&args.file)?;
    let document = Node::parse(&text).map_err(|error| {
        let file = match args.file.to_str() {
            Some("-") => "standard input".to_owned(),
            _ => format!("`{}`", args.file.display()),
        };
        Failure::new(format!("{file} is not a JSON document: {error}"))
    })?;
    let outcome = match wanted {
        Some(named) => read_as(named, &text, &document),
        None => recognise(&text, &document),
    };
    let recognised = outcome.map_err(|Refused { rust, why }| match wanted {
        Some(named) => Failure::new(format!("this is no {}: {rust}: {why}", named.id())),
        None => Failure::new(format!(
            "no type takes this document; the nearest is {rust}: {why}"
        ))
        .fix("`--as SERVICE/EVENT` reads it as a type of your choice"),
    })?;
    let of = nearest_sample(&recognised, &document);
    let decoded = Decoded {
        of: of.map_or_else(
            || recognised.entry.service.id.to_owned(),
            |named| named.id(),
        ),
        rust: rust(recognised.entry, recognised.shape),
        exact: recognised.differences.is_exact(),
        unknown: recognised.differences.unknown,
        changed: recognised.differences.changed,
        value: recognised.written,
    };
    if output.is_json() {
        output.json(&decoded)?;
    } else {
        output.text(&render(&decoded, output)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn render(decoded: &Decoded, output: Output) -> anyhow::Result<String> {
    let verdict = if decoded.exact {
        output.paint(Tone::Good, "exact: nothing lost, nothing changed")
    } else {
        output.paint(Tone::Warning, "not exact")
    };
    let of = output.paint(Tone::Bold, &decoded.of);
    let mut text = format!("{of}  {}  {verdict}\n", decoded.rust);
    for (label, pointers) in [("unknown", &decoded.unknown), ("changed", &decoded.changed)] {
        for pointer in pointers {
            text.push_str(&format!("  {label} {pointer}\n"));
        }
    }
    text.push_str(&serde_json::to_string_pretty(&decoded.value)?);
    text.push('\n');
    Ok(text)
}

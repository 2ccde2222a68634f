//! `lambda-with event`.

use std::process::ExitCode;

use serde::Serialize;

use crate::args::Event;
use crate::failure::Failure;
use crate::json::Node;
use crate::output::{Output, table};
use crate::samples::{self, Named};
use crate::services;

#[derive(Serialize)]
struct Listed {
    id: String,
    service: &'static str,
    event: &'static str,
    #[serde(rename = "type")]
    of: &'static str,
    rust: String,
    response: bool,
}

impl From<Named> for Listed {
    fn from(named: Named) -> Self {
        Self {
            id: named.id(),
            service: named.entry.service.id,
            event: named.sample.id,
            of: named.sample.of,
            rust: named.rust(),
            response: named.is_response(),
        }
    }
}

pub(super) fn run(args: &Event, output: Output) -> anyhow::Result<ExitCode> {
    match &args.event {
        Some(name) if !args.list => output.text(&document(name, &args.set)?)?,
        name => list(name.as_deref(), output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A sample with members changed; without a change, exactly the sample.
pub(crate) fn document(name: &str, set: &[String]) -> anyhow::Result<String> {
    let named = samples::find(name)?;
    if set.is_empty() {
        return Ok(format!("{}\n", named.sample.json.trim_end()));
    }
    let mut document = Node::parse(named.sample.json)?;
    for change in set {
        let (pointer, value) = change.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--set `{change}` has no `=`"))
                .fix("--set /Records/0/s3/object/key=images/cat.png")
        })?;
        let value = Node::parse(value).unwrap_or_else(|_| Node::String(value.to_owned()));
        document.set(pointer, value).map_err(|why| {
            Failure::usage(format!("--set {pointer}: {why}")).fix(format!(
                "`lambda-with event {}` shows what there is",
                named.id()
            ))
        })?;
    }
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

fn list(name: Option<&str>, output: Output) -> anyhow::Result<()> {
    let listed: Vec<Listed> = match name {
        Some(event) if event.contains('/') => vec![samples::find(event)?.into()],
        Some(id) if services::find(id).is_none() => {
            return Err(Failure::usage(services::unknown(id)).into());
        }
        service => samples::all()
            .filter(|named| service.is_none_or(|id| id == named.entry.service.id))
            .map(Listed::from)
            .collect(),
    };
    if output.is_json() {
        return output.json(&listed);
    }
    let rows: Vec<Vec<String>> = listed
        .into_iter()
        .map(|listed| vec![listed.id, listed.rust])
        .collect();
    output.text(&table(&rows))
}

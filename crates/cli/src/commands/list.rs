//! `lambda-with list`.

use std::process::ExitCode;

use lambda_with::{Mode, Service};
use serde::Serialize;

use crate::output::{Output, Tone, table};
use crate::services::SERVICES;

/// The facts of a service, as JSON prints them.
#[derive(Serialize)]
pub(super) struct Facts {
    id: &'static str,
    name: &'static str,
    mode: Mode,
    principal: Option<&'static str>,
    guide: &'static str,
}

impl From<Service> for Facts {
    fn from(service: Service) -> Self {
        let Service {
            id,
            name,
            mode,
            principal,
            guide,
            ..
        } = service;
        Self {
            id,
            name,
            mode,
            principal,
            guide,
        }
    }
}

pub(super) fn run(output: Output) -> anyhow::Result<ExitCode> {
    let facts: Vec<Facts> = SERVICES.iter().map(|entry| entry.service.into()).collect();
    if output.is_json() {
        output.json(&facts)?;
    } else {
        let mut rows = vec![
            ["ID", "NAME", "MODE", "PRINCIPAL"]
                .map(str::to_owned)
                .to_vec(),
        ];
        rows.extend(facts.iter().map(|facts| {
            [
                facts.id,
                facts.name,
                facts.mode.as_str(),
                facts.principal.unwrap_or("-"),
            ]
            .map(str::to_owned)
            .to_vec()
        }));
        let text = table(&rows);
        let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
        output.text(&format!("{}\n{body}", output.paint(Tone::Bold, head)))?;
    }
    Ok(ExitCode::SUCCESS)
}

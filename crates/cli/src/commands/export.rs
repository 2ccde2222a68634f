//! `lambda-with export`.

use std::process::ExitCode;

use crate::args::{Export, ExportFormat};
use crate::config::Config;
use crate::export::cloudformation;
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(args: &Export, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let text = match args.format {
        ExportFormat::Cloudformation => cloudformation(config)?,
    };
    match &args.out {
        None => output.text(&text)?,
        Some(path) => {
            std::fs::write(path, &text).map_err(|error| {
                Failure::new(format!("cannot write `{}`: {error}", path.display()))
            })?;
            output.note(&format!("wrote {}", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

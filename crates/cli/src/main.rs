//! The command `lambda-with`.

mod args;
mod client;
mod commands;
mod compare;
mod config;
mod dev;
mod export;
mod failure;
mod json;
mod needs;
mod output;
mod recognise;
mod samples;
mod services;
mod shell;
mod suggest;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(&cli.global);
    match commands::run(cli, output) {
        Ok(code) => code,
        Err(error) => report(&error, output),
    }
}

fn report(error: &anyhow::Error, output: Output) -> ExitCode {
    let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    if error.downcast_ref::<io::Error>().is_some_and(closed) {
        return ExitCode::SUCCESS;
    }
    output.error(&chain(error));
    ExitCode::from(
        error
            .downcast_ref::<Failure>()
            .map_or(1, Failure::exit_code),
    )
}

/// An error with its causes; a cause that repeats what was said is left out.
fn chain(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        let news = cause.rsplit(": ").next().unwrap_or_default();
        if !text.contains(news) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

//! The workspace's own tasks: `cargo xtask <task>`.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a program prints, and is nobody's library"
)]

mod bench;
mod ci;
mod codegen;
mod docs;
mod process;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "The workspace's own tasks"
)]
enum Task {
    /// Writes event types, samples, facts and pages from each service's schema.
    Codegen(codegen::Codegen),
    /// Installs what the tests need, and runs them.
    Test {
        /// Goes to the tests.
        #[arg(trailing_var_arg = true)]
        filter: Vec<String>,
    },
    /// Runs every check a change must pass.
    Ci,
    /// Builds the book and the API documentation into one site.
    Docs,
    /// Checks the rules of this tree that no compiler knows.
    Tidy,
    /// Measures.
    Bench {
        #[arg(value_enum)]
        what: bench::Bench,
    },
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Codegen(codegen) => codegen.run(&process::root()),
        Task::Test { filter } => test::test(&filter),
        Task::Ci => ci::ci(),
        Task::Docs => docs::docs(),
        Task::Tidy => tidy::tidy(),
        Task::Bench { what } => bench::bench(what),
    }
}

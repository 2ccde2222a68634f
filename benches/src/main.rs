//! Ours beside the peers', in one run.
//!
//! - `benches decode` reads every payload in every way and prints a table of times.
//! - `benches decode --json` prints the same as JSON.
//! - `benches decode --list` names payloads and variants, one pair a line.
//! - `benches decode --one PAYLOAD VARIANT N` reads one payload N times, for instruction counts.
//! - `benches answers` writes answers.
//! - `benches invoke` measures whole invocations through `lambda_runtime`.
//! - `benches trace` measures what a span costs, beside no layer and OpenTelemetry's.
//! - `benches allocations` counts allocations; needs the feature `allocations`.
#![expect(clippy::print_stdout, reason = "a command that prints its results")]

#[cfg(feature = "allocations")]
mod allocations;
mod answers;
mod decode;
mod function;
mod invoke;
mod node;
mod payloads;
mod runtime_api;
mod table;
mod trace;
mod variants;

use anyhow::{Context, Result, bail};

const USAGE: &str = "usage: benches decode [--json | --list | --one PAYLOAD VARIANT N]
       benches answers [--json]
       benches invoke [--json]
       benches trace [--json]
       benches allocations [--json]";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["decode"] => decode::run(false),
        ["decode", "--json"] => decode::run(true),
        ["decode", "--list"] => {
            decode::list();
            Ok(())
        }
        ["decode", "--one", payload, variant, times] => {
            decode::one(payload, variant, times.parse().context("N is a number")?)
        }
        ["answers"] => answers::run(false),
        ["answers", "--json"] => answers::run(true),
        ["invoke"] => invoke::run(false),
        ["invoke", "--json"] => invoke::run(true),
        ["trace"] => trace::run(false),
        ["trace", "--json"] => trace::run(true),
        // How `invoke` starts the function it measures.
        ["function", variant, payload, place] => function::run(variant, payload, place),
        #[cfg(feature = "allocations")]
        ["allocations", rest @ ..] => {
            allocations::run(rest == ["--json"]);
            Ok(())
        }
        #[cfg(not(feature = "allocations"))]
        ["allocations", ..] => bail!("build with `--features allocations` to count them"),
        _ => bail!(USAGE),
    }
}

//! `cargo xtask bench`: our figures beside the peers', in one run.

mod size;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::process::{cargo, output, run, target};

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Bench {
    /// Reading events: `aws_lambda_events` as `lambda_runtime` decodes it, Node's `JSON.parse`, ours.
    Decode,
    /// Writing answers, beside the types of `aws_lambda_events`.
    Answers,
    /// Whole invocations through `lambda_runtime`.
    Invoke,
    /// The engine: invocations of a warm function over HTTP, one after the other and many at once.
    Engine,
    /// What event types add to a function's build and to its binary.
    Size,
    /// One span of `tracing`: without a layer, with X-Ray's, with OpenTelemetry's.
    Trace,
}

/// Builds the benchmarks in release mode and runs one of them.
pub fn bench(bench: Bench) -> Result<()> {
    match bench {
        Bench::Decode => {
            built("decode")?;
            instructions()?;
            run(&mut cargo([
                "run",
                "--release",
                "--package",
                "benches",
                "--features",
                "allocations",
                "--",
                "allocations",
            ]))
        }
        Bench::Answers => built("answers"),
        Bench::Invoke => built("invoke"),
        Bench::Engine => engine(),
        Bench::Size => size::run_all(),
        Bench::Trace => built("trace"),
    }
}

/// Builds the benchmarks and runs one of them.
fn built(bench: &str) -> Result<()> {
    run(&mut cargo(["build", "--release", "--package", "benches"]))?;
    run(Command::new(binary()).arg(bench))
}

/// Loads an engine with a function of its own.
fn engine() -> Result<()> {
    let words = "build --release --package lambda-with-local --examples";
    run(&mut cargo(words.split(' ')))?;
    let example = |name: &str| target().join("release/examples").join(name);
    let data = target().join("bench-engine");
    let _ = fs::remove_dir_all(&data);
    let mut engine = Command::new(example("engine"))
        .arg(&data)
        .arg("0")
        .arg(example("echo"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start the engine")?;
    let mut address = String::new();
    let stdout = engine.stdout.take().map(BufReader::new);
    let loaded = stdout
        .context("the engine has no output")
        .and_then(|mut lines| Ok(lines.read_line(&mut address)?))
        .and_then(|_| {
            for (connections, kind) in [
                (1, "RequestResponse"),
                (16, "RequestResponse"),
                (64, "Event"),
            ] {
                println!("{kind}, {connections} at once:");
                let connections = connections.to_string();
                let args = [address.trim(), &connections, "3", kind];
                run(Command::new(example("invoke-load")).args(args))?;
            }
            Ok(())
        });
    engine.kill()?;
    engine.wait()?;
    loaded
}

/// Instructions for one decode of every payload by every variant, counted by callgrind.
///
/// Two runs of different length are subtracted, so that what the process does besides decoding does
/// not count.
fn instructions() -> Result<()> {
    if output(Command::new("valgrind").arg("--version")).is_err() {
        eprintln!(
            "no instruction counts: valgrind is not installed (Debian: apt-get install valgrind)"
        );
        return Ok(());
    }
    let list = output(Command::new(binary()).args(["decode", "--list"]))?;
    println!("\ninstructions for one decode, in thousands");
    println!(
        "{:<28} {:<14} {:>12} {:>8}",
        "payload", "variant", "k instr", "today ÷"
    );
    let mut today = 0.0;
    for line in list.lines() {
        let (payload, variant) = line
            .split_once('\t')
            .with_context(|| format!("unexpected line `{line}`"))?;
        let count = (counted(payload, variant, 3)? - counted(payload, variant, 1)?) / 2.0;
        if variant == "today" {
            today = count;
        }
        println!(
            "{payload:<28} {variant:<14} {:>12.1} {:>8.2}",
            count / 1000.0,
            today / count
        );
    }
    Ok(())
}

fn counted(payload: &str, variant: &str, times: u32) -> Result<f64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(binary())
        .args(["decode", "--one", payload, variant, &times.to_string()])
        .output()
        .context("cannot start valgrind")?;
    let report = String::from_utf8_lossy(&run.stderr);
    let count = report
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, count) = count.with_context(|| format!("callgrind printed no count:\n{report}"))?;
    count
        .trim()
        .parse()
        .with_context(|| format!("callgrind's count is `{count}`"))
}

fn binary() -> PathBuf {
    target().join("release/benches")
}

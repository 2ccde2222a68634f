//! Whole invocations: a function on `lambda_runtime`, and a Runtime API on loopback beside it.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::function::VARIANTS;
use crate::table::{Table, median};

const PAYLOADS: [&str; 3] = ["sqs-10x1k", "sqs-1000x256", "sqs-10x100k"];

/// How often every variant has its turn.
const ROUNDS: usize = 9;

/// Prints invocations per second of one thread that is the function and its Runtime API.
pub(crate) fn run(json: bool) -> Result<()> {
    let mut table = Table::new(&["today /s", "read /s", "lazy /s", "read ×", "lazy ×"]);
    for payload in PAYLOADS {
        let mut samples = vec![Vec::new(); VARIANTS.len()];
        for _ in 0..ROUNDS {
            for (variant, samples) in VARIANTS.iter().zip(&mut samples) {
                samples.push(measure(variant, payload)?);
            }
        }
        let mut rates: Vec<f64> = samples.iter_mut().map(|samples| median(samples)).collect();
        rates.extend([rates[1] / rates[0], rates[2] / rates[0]]);
        table.row(payload, rates);
    }
    if !json {
        println!("invocations per second, median of {ROUNDS} turns");
    }
    table.print(json);
    Ok(())
}

/// Invocations per second, from a process of its own: `lambda_runtime` reads its settings from the
/// environment.
fn measure(variant: &str, payload: &str) -> Result<f64> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let output = Command::new(std::env::current_exe()?)
        .args(["function", variant, payload])
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "f")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "1")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the function")?;
    if !output.status.success() {
        bail!("the function failed");
    }
    let rate = String::from_utf8(output.stdout)?;
    rate.trim()
        .parse()
        .with_context(|| format!("the function printed `{rate}`"))
}

//! Whole invocations: a function on `lambda_runtime`, and a Runtime API on loopback beside it.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::function::VARIANTS;
use crate::table::{Table, median};

const PAYLOADS: [&str; 3] = ["sqs-10x1k", "sqs-1000x256", "sqs-10x100k"];

/// How often every variant has its turn.
const ROUNDS: usize = 7;

/// Prints invocations per second of one thread that is the function and its Runtime API, and the CPU
/// time of the function when the API has a thread of its own.
pub(crate) fn run(json: bool) -> Result<()> {
    let mut rates = Table::new(&["today /s", "read /s", "lazy /s", "read ×", "lazy ×"]);
    let mut times = Table::new(&["today µs", "read µs", "lazy µs", "read ×", "lazy ×"]);
    for payload in PAYLOADS {
        let mut together = vec![Vec::new(); VARIANTS.len()];
        let mut apart = vec![Vec::new(); VARIANTS.len()];
        for _ in 0..ROUNDS {
            for (index, variant) in VARIANTS.iter().enumerate() {
                together[index].push(measure(variant, payload, "together")?.0);
                apart[index].push(measure(variant, payload, "apart")?.1);
            }
        }
        let medians = |samples: &mut [Vec<f64>]| -> Vec<f64> {
            samples.iter_mut().map(|samples| median(samples)).collect()
        };
        let mut row = medians(&mut together);
        row.extend([row[1] / row[0], row[2] / row[0]]);
        rates.row(payload, row);
        let mut row = medians(&mut apart);
        row.extend([row[0] / row[1], row[0] / row[2]]);
        times.row(payload, row);
    }
    if !json {
        println!(
            "invocations per second on one thread with the Runtime API, median of {ROUNDS} turns"
        );
    }
    rates.print(json);
    if !json {
        println!("\nCPU time of the function's thread per invocation, the kernel's part included");
    }
    times.print(json);
    Ok(())
}

/// Invocations per second and CPU time of one, from a process of its own: `lambda_runtime` reads its
/// settings from the environment.
fn measure(variant: &str, payload: &str, place: &str) -> Result<(f64, f64)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let output = Command::new(std::env::current_exe()?)
        .args(["function", variant, payload, place])
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
    let printed = String::from_utf8(output.stdout)?;
    let (rate, cpu) = printed
        .trim()
        .split_once(' ')
        .with_context(|| format!("the function printed `{printed}`"))?;
    Ok((rate.parse()?, cpu.parse()?))
}

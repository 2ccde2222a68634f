//! Whole invocations: a function on `lambda_runtime` with a Runtime API of our own on loopback.

use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::function::VARIANTS;
use crate::payloads::{self, Payload};
use crate::runtime_api::RuntimeApi;
use crate::table::{Table, median};

const PAYLOADS: [&str; 3] = ["sqs-10x1k", "sqs-1000x256", "sqs-10x100k"];

/// How often every variant has its turn.
const ROUNDS: usize = 7;

/// How long a turn lasts.
const TURN: Duration = Duration::from_millis(700);

/// Prints invocations per second, by the clock and by the function's own processor time.
pub(crate) fn run(json: bool) -> Result<()> {
    let columns = ["today /s", "read", "lazy", "read ×", "lazy ×"];
    let (mut clock, mut processor) = (Table::new(&columns), Table::new(&columns));
    for name in PAYLOADS {
        let payload = payloads::find(name).context("there is no such payload")?;
        let mut samples = vec![(Vec::new(), Vec::new()); VARIANTS.len()];
        for _ in 0..ROUNDS {
            for (variant, (by_clock, by_processor)) in VARIANTS.iter().zip(&mut samples) {
                let (clock, processor) = measure(variant, payload)?;
                by_clock.push(clock);
                by_processor.push(processor);
            }
        }
        let with_ratios = |mut rates: Vec<f64>| {
            rates.extend([rates[1] / rates[0], rates[2] / rates[0]]);
            rates
        };
        let (by_clock, by_processor) =
            samples.iter_mut().map(|(clock, own)| (median(clock), median(own))).unzip();
        clock.row(name, with_ratios(by_clock));
        processor.row(name, with_ratios(by_processor));
    }
    if !json {
        println!("invocations per second, median of {ROUNDS} turns");
    }
    clock.print(json);
    if !json {
        println!("\ninvocations per second of the function's processor time");
    }
    processor.print(json);
    Ok(())
}

/// Invocations per second by the clock and per second of processor time.
fn measure(variant: &str, payload: &Payload) -> Result<(f64, f64)> {
    let api = RuntimeApi::start(&payload.json())?;
    let function = Function::start(variant, &api)?;
    let answer = || {
        api.answers.recv_timeout(Duration::from_secs(10)).context("the function does not answer")
    };
    for _ in 0..20 {
        answer()?;
    }
    let (start, busy_at_start) = (answer()?, function.busy()?);
    let mut count = 0;
    let end = loop {
        let at = answer()?;
        count += 1;
        if at - start > TURN {
            break at;
        }
    };
    let busy = function.busy()? - busy_at_start;
    let count = f64::from(count);
    Ok((count / (end - start).as_secs_f64(), count / busy.as_secs_f64()))
}

/// A running function; ends when dropped.
struct Function(Child);

impl Function {
    fn start(variant: &str, api: &RuntimeApi) -> Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .args(["function", variant])
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "f")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "1")
            .spawn()
            .context("cannot start the function")?;
        Ok(Self(child))
    }

    /// Processor time used so far, in the kernel and outside.
    fn busy(&self) -> Result<Duration> {
        let path = format!("/proc/{}/schedstat", self.0.id());
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let nanos = text.split(' ').next().unwrap_or_default();
        Ok(Duration::from_nanos(nanos.parse().with_context(|| format!("{path} is `{text}`"))?))
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

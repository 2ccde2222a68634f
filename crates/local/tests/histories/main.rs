//! What holds in every history of a queue or stream that the engine polls: nothing is lost, nothing
//! is acknowledged before it succeeded or was given up, groups and keys keep their order.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod queue;
mod stream;

use std::hash::{DefaultHasher, Hash, Hasher};

use lambda_with::Function;
use lambda_with_local::{FunctionOptions, Local, Options, Run};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

/// What the function does with a batch: the same for the same seed, records and run.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Fine,
    Throws,
    /// Reports the record of this place, and on a FIFO queue those of its group that follow.
    Reports(usize),
    Babbles,
}

/// A number of any kind that a seed and something else make.
fn dice(seed: u64, of: impl Hash, sides: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, of).hash(&mut hasher);
    hasher.finish() % sides
}

fn answer(seed: u64, numbers: &[usize], run: usize) -> Answer {
    match dice(seed, ("answer", numbers, run), 8) {
        0..4 => Answer::Fine,
        4 | 5 => Answer::Reports(usize::try_from(dice(seed, ("place", numbers, run), 8)).unwrap()),
        6 => Answer::Throws,
        _ => Answer::Babbles,
    }
}

async fn start(run: Run) -> Local {
    let mut function = Function::new(ARN.parse().unwrap()).unwrap();
    function.timeout = 60;
    let mut options = Options::in_memory();
    options.functions.push(FunctionOptions::new(function, run));
    Local::start(options).await.unwrap()
}

/// Runs in virtual time.
fn play(history: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(history);
}

//! Reading events.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;

use crate::node::Node;
use crate::payloads::{self, Payload};
use crate::table::{Table, mean, median};
use crate::variants::Variant;

/// How often every way of reading has its turn.
const ROUNDS: usize = 31;

/// How long a turn lasts, about.
const TURN: Duration = Duration::from_millis(8);

/// Prints the times of all payloads and variants, all measured in turns, and their ratios.
pub(crate) fn run(json: bool) -> Result<()> {
    warm_allocator();
    let mut times = Table::new(&[
        "bytes",
        "today µs",
        "plain",
        "owned",
        "decode",
        "lazy",
        "node",
    ]);
    let mut ratios = Table::new(&["plain", "owned", "decode", "lazy", "node", "node÷lazy"]);
    let mut all = Vec::new();
    for payload in payloads::ALL {
        let medians = measure(payload)?;
        let today = medians[0];
        let mut row: Vec<f64> = medians.iter().skip(1).map(|time| today / time).collect();
        row.push(medians[5] / medians[4]);
        let micros = medians.iter().map(|nanos| nanos / 1000.0);
        times.row(
            payload.name,
            std::iter::once(payload.json().len() as f64)
                .chain(micros)
                .collect(),
        );
        ratios.row(payload.name, row.clone());
        all.push(row);
    }
    let means = (0..6).map(|column| mean(all.iter().map(|row| row[column])));
    ratios.row("geometric mean", means.collect());
    if !json {
        println!("time of one decode in microseconds, median of {ROUNDS} turns");
    }
    times.print(json);
    if !json {
        println!("\nhow many times faster than today (aws_lambda_events through lambda_runtime)");
    }
    ratios.print(json);
    Ok(())
}

/// Names all pairs.
pub(crate) fn list() {
    for payload in payloads::ALL {
        for (variant, _) in payload.variants {
            println!("{}\t{variant}", payload.name);
        }
    }
}

/// Reads one payload in one way.
pub(crate) fn one(payload: &str, variant: &str, times: u32) -> Result<()> {
    let payload = payloads::find(payload).context("there is no such payload; see --list")?;
    let (_, read) = payload
        .variants
        .iter()
        .find(|(name, _)| *name == variant)
        .context("there is no such variant; see --list")?;
    let json = payload.json();
    for _ in 0..times {
        read(&json);
    }
    Ok(())
}

/// Nanoseconds of one decode by each variant, and by Node last.
fn measure(payload: &Payload) -> Result<Vec<f64>> {
    let json = payload.json();
    let mut node = Node::start(payload.name, &json)?;
    let mut samples = vec![Vec::with_capacity(ROUNDS); payload.variants.len() + 1];
    let (_, first) = payload.variants[0];
    let start = Instant::now();
    first(&json);
    let times = (TURN.as_nanos() / start.elapsed().as_nanos().max(1)).clamp(1, 20_000) as u32;
    for round in 0..ROUNDS {
        for turn in 0..samples.len() {
            // Another one begins each round, so that none always follows the same.
            let index = (turn + round) % samples.len();
            let time = match (payload.variants.get(index), &mut node) {
                (Some(variant), _) => timed(variant, &json, times),
                (None, Some(node)) => node.parse(times)?,
                (None, None) => f64::NAN,
            };
            samples[index].push(time);
        }
    }
    Ok(samples.iter_mut().map(|samples| median(samples)).collect())
}

fn timed((_, read): &Variant, json: &Bytes, times: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        read(json);
    }
    start.elapsed().as_nanos() as f64 / f64::from(times)
}

/// Frees large blocks, as a function does after every large event: glibc then keeps such blocks
/// instead of giving them back, and the first variants are not measured by another rule than the
/// last.
pub(crate) fn warm_allocator() {
    for _ in 0..3 {
        std::hint::black_box(vec![0_u8; 30 * 1024 * 1024]);
    }
}

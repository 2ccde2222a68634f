//! The function that `invoke` measures: a process of its own, on one thread.

use std::hint::black_box;

use anyhow::{Result, bail};
use aws_lambda_events::sqs;
use lambda_with_runtime::{Error, LambdaEvent, service_fn};
use lambda_with_sqs::SqsEvent;

use crate::variants::Read;

/// The ways of running it.
pub(crate) const VARIANTS: [&str; 3] = ["today", "read", "lazy"];

/// Runs until the Runtime API goes away.
pub(crate) fn run(variant: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = match variant {
        "today" => runtime.block_on(lambda_runtime::run(service_fn(today))),
        "read" => runtime.block_on(lambda_with_runtime::run(service_fn(read))),
        "lazy" => runtime.block_on(lambda_with_runtime::run(service_fn(lazy))),
        _ => bail!("a function is one of {VARIANTS:?}"),
    };
    ended.map_err(|error| anyhow::anyhow!(error))
}

async fn today(event: LambdaEvent<sqs::SqsEvent>) -> Result<usize, Error> {
    Ok(black_box(&event.payload).records.len())
}

async fn read(event: LambdaEvent<SqsEvent>) -> Result<usize, Error> {
    event.payload.read();
    Ok(event.payload.records.len())
}

async fn lazy(event: LambdaEvent<SqsEvent>) -> Result<usize, Error> {
    Ok(black_box(&event.payload).records.len())
}

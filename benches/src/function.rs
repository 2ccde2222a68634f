//! The function that `invoke` measures: a process of one thread, in which a Runtime API answers too.

use std::hint::black_box;
use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_lambda_events::sqs;
use lambda_with_runtime::{Error, LambdaEvent, service_fn};
use lambda_with_sqs::SqsEvent;

use crate::variants::Read;
use crate::{payloads, runtime_api};

/// The ways of running it.
pub(crate) const VARIANTS: [&str; 3] = ["today", "read", "lazy"];

/// How long it runs.
const TURN: Duration = Duration::from_millis(700);

/// Runs for a while and prints the invocations per second.
pub(crate) fn run(variant: &str, payload: &str) -> Result<()> {
    let event = payloads::find(payload)
        .context("there is no such payload")?
        .json();
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API").context("no AWS_LAMBDA_RUNTIME_API")?;
    let listener = TcpListener::bind(address).context("cannot listen")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (time, answers) = runtime.block_on(async {
        tokio::select! {
            result = runtime_api::serve(listener, &event, TURN) => result,
            result = function(variant) => match result {
                Ok(()) => bail!("the function ended"),
                Err(error) => Err(error),
            },
        }
    })?;
    println!("{}", f64::from(answers) / time.as_secs_f64());
    Ok(())
}

async fn function(variant: &str) -> Result<()> {
    let ended = match variant {
        "today" => lambda_runtime::run(service_fn(today)).await,
        "read" => lambda_with_runtime::run(service_fn(read)).await,
        "lazy" => lambda_with_runtime::run(service_fn(lazy)).await,
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

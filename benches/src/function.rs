//! The function that `invoke` measures: a process in which a Runtime API answers too.

use std::hint::black_box;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use aws_lambda_events::sqs;
use lambda_with_runtime::{Error, LambdaEvent, service_fn};
use lambda_with_sqs::SqsEvent;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::runtime_api::Thread;
use crate::variants::Read;
use crate::{payloads, runtime_api};

/// The ways of running it.
pub(crate) const VARIANTS: [&str; 3] = ["today", "read", "lazy"];

/// How long it runs.
const TURN: Duration = Duration::from_millis(700);

/// Runs for a while and prints the invocations per second and the microseconds of CPU that each took.
///
/// With the Runtime API on the same thread (`together`) the first figure tells of both, on one
/// processor; with the API on a thread of its own (`apart`) the second tells of the function alone.
pub(crate) fn run(variant: &str, payload: &str, place: &str) -> Result<()> {
    let event = payloads::find(payload)
        .context("there is no such payload")?
        .json();
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API").context("no AWS_LAMBDA_RUNTIME_API")?;
    let listener = TcpListener::bind(address).context("cannot listen")?;
    let counted = match place {
        "together" => {
            let thread = Thread::current()?;
            executor()?.block_on(async {
                tokio::select! {
                    result = runtime_api::serve(listener, &event, TURN, &thread) => result,
                    error = function(variant) => Err(error),
                }
            })?
        }
        "apart" => {
            let (thread, ended) = start(variant)?;
            executor()?.block_on(async {
                tokio::select! {
                    result = runtime_api::serve(listener, &event, TURN, &thread) => result,
                    error = ended => Err(error.context("the function's thread is gone")?),
                }
            })?
        }
        _ => bail!("the Runtime API is `together` with the function or `apart`"),
    };
    let answers = f64::from(counted.answers);
    println!(
        "{} {}",
        answers / counted.time.as_secs_f64(),
        counted.cpu.as_secs_f64() * 1e6 / answers
    );
    Ok(())
}

/// Runs the function on a thread of its own; the channel tells why it ended.
fn start(variant: &str) -> Result<(Thread, oneshot::Receiver<anyhow::Error>)> {
    let variant = variant.to_owned();
    let (started, starting) = mpsc::channel();
    let (end, ended) = oneshot::channel();
    thread::spawn(move || {
        let _ = started.send(Thread::current());
        let error = match executor() {
            Ok(executor) => executor.block_on(function(&variant)),
            Err(error) => error,
        };
        let _ = end.send(error);
    });
    let thread = starting.recv().context("the function does not start")??;
    Ok((thread, ended))
}

fn executor() -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

/// Returns why it ended.
async fn function(variant: &str) -> anyhow::Error {
    let ended = match variant {
        "today" => lambda_runtime::run(service_fn(today)).await,
        "read" => lambda_with_runtime::run(service_fn(read)).await,
        "lazy" => lambda_with_runtime::run(service_fn(lazy)).await,
        _ => return anyhow!("a function is one of {VARIANTS:?}"),
    };
    match ended {
        Ok(()) => anyhow!("the function ended"),
        Err(error) => anyhow!(error),
    }
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

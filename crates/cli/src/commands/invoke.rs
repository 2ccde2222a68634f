//! `lambda-with invoke`.

use std::process::ExitCode;

use anyhow::Context as _;
use bytes::Bytes;
use lambda_with::{Invocation, InvocationType, Invoke as _, Outcome};
use lambda_with_local::{Local, Options};

use super::{document, read};
use crate::args::{Global, Invoke};
use crate::client::{Answer, Endpoint, USUAL};
use crate::config::Config;
use crate::dev::{Programs, function_options, quiet_log, runtime};
use crate::failure::{Failure, told};
use crate::output::Output;

pub(super) fn run(
    args: &Invoke,
    global: &Global,
    load: impl FnOnce() -> anyhow::Result<Config>,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let payload = payload(args)?;
    // An engine knows its functions; the file is needed to start one, and to tell which is meant.
    let config = load();
    let name = match (&args.function, &config) {
        (Some(name), _) => name.clone(),
        (None, Ok(config)) => config.function(None)?.name.clone(),
        (None, Err(_)) => return Err(config.err().unwrap_or_else(|| anyhow::anyhow!("no file"))),
    };
    let runtime = runtime()?;
    let answer =
        runtime.block_on(async {
            let invocation_type = match (global.write.dry_run, args.asynchronous) {
                (true, _) => InvocationType::DryRun,
                (false, true) => InvocationType::Event,
                (false, false) => InvocationType::RequestResponse,
            };
            let endpoint = Endpoint::new(global.endpoint_url.as_deref().unwrap_or(USUAL))?;
            if global.endpoint_url.is_some() || endpoint.has(&name).await {
                return endpoint.invoke(&name, invocation_type, payload).await;
            }
            if args.asynchronous {
                return Err(Failure::new(format!("no engine with `{name}` answers at {USUAL}"))
                .fix("an event handed over needs an engine that stays: start `lambda-with dev`")
                .into());
            }
            let config = config
                .with_context(|| format!("no engine with `{name}` answers at {USUAL}, and here"))?;
            alone(&config, &name, payload, invocation_type).await
        })?;
    if let Some(log) = &answer.log {
        output.note(log.trim_end());
    }
    if global.write.dry_run || args.asynchronous {
        let word = if global.write.dry_run {
            "would run"
        } else {
            "accepted"
        };
        output.note(word);
        return Ok(ExitCode::SUCCESS);
    }
    output.text(&format!("{}\n", String::from_utf8_lossy(&answer.payload)))?;
    if !answer.function_error {
        return Ok(ExitCode::SUCCESS);
    }
    output.error(&format!("`{name}` failed{}", told(&answer.payload)));
    Ok(ExitCode::FAILURE)
}

fn payload(args: &Invoke) -> anyhow::Result<Bytes> {
    Ok(match (&args.event, &args.payload, &args.data) {
        (Some(event), _, _) => document(event, &[])?.into(),
        (_, Some(file), _) => read(file)?.into(),
        (_, _, Some(data)) => data.clone().into(),
        _ => Bytes::from_static(b"{}"),
    })
}

/// Runs the function in a process of its own, for this one invocation.
async fn alone(
    config: &Config,
    name: &str,
    payload: Bytes,
    invocation_type: InvocationType,
) -> anyhow::Result<Answer> {
    let defined = config.function(Some(name))?;
    let programs = Programs::build(config, [defined])?;
    let Some(function) = function_options(config, defined, &programs)? else {
        return Err(Failure::new(format!("`{name}` is on AWS only"))
            .fix("give it a `bin` or `command` to run it here")
            .into());
    };
    let mut options = Options::in_memory();
    options.log = Some(quiet_log());
    options.functions.push(function);
    let local = Local::start(options).await?;
    let outcome = local
        .handle()
        .function(name)?
        .invoke(Invocation {
            invocation_type,
            ..Invocation::new(payload)
        })
        .await;
    local.shutdown().await;
    let outcome = outcome?;
    Ok(Answer {
        payload: outcome.payload().cloned().unwrap_or_default(),
        function_error: matches!(outcome, Outcome::FunctionError { .. }),
        log: None,
    })
}

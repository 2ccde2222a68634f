//! `lambda-with dev --once`: one sample of every connection.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambda_with::rules::retry;
use lambda_with::{Invocation, Outcome};
use lambda_with_local::{FunctionHandle, Handle, Local, LogKind, LogLine, LogSink, Options, What};
use lambda_with_sqs::{Sqs, SqsBatchResponse};
use serde::Serialize;

use super::Programs;
use super::deliver::{self, Parcel};
use super::doors::{self, Door};
use super::engine::function_options;
use super::wait;
use crate::config::{Config, Connected, Defined};
use crate::failure::{Failure, told};
use crate::output::{Output, Tone};
use crate::services::Connection;

/// How much of the log is shown where a function failed.
const TAIL: usize = 20;

/// What came of one sample.
#[derive(Debug, Serialize)]
struct Line {
    function: String,
    connection: String,
    /// SERVICE/EVENT, or the route a request took.
    event: String,
    ok: bool,
    outcome: String,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    log: Vec<String>,
}

/// The log since it was last asked for.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

/// Sends one sample over each connection; true when all went well.
pub(crate) async fn once(
    config: &Config,
    programs: &Programs,
    output: Output,
) -> anyhow::Result<bool> {
    let log = Log::default();
    let mut options = Options::in_memory();
    options.log = Some(log.sink());
    for defined in &config.functions {
        if let Some(mut function) = function_options(config, defined, programs)? {
            // One attempt tells it all; the next would only come after a minute.
            function.asynchronous.retry = retry::Config::new(0, Duration::from_secs(60))?;
            function.asynchronous.on_failure = None;
            function.asynchronous.on_success = None;
            options.functions.push(function);
        } else {
            output.note(&format!(
                "{}: is on AWS only, nothing to run here",
                defined.name
            ));
        }
    }
    let local = Local::start(options).await?;
    let handle = local.handle();
    let mut lines = Vec::new();
    let names = config.functions.iter().map(|defined| defined.name.len());
    let width = names.max().unwrap_or_default();
    for defined in &config.functions {
        let Ok(function) = handle.function(&defined.name) else {
            continue;
        };
        for connected in &defined.connections {
            log.take();
            let own = own_sample(config, connected)?;
            let mut line = send(defined, connected, own, &function, &handle).await?;
            if !line.ok {
                line.log = log.take();
            }
            if !output.is_json() {
                output.text(&render(&line, width, output))?;
            }
            lines.push(line);
        }
    }
    local.shutdown().await;
    if output.is_json() {
        output.json(&lines)?;
    }
    if lines.is_empty() {
        return Err(Failure::new("no function here has a connection").into());
    }
    Ok(lines.iter().all(|line| line.ok))
}

async fn send(
    defined: &Defined,
    connected: &Connected,
    own: Option<Bytes>,
    function: &FunctionHandle,
    handle: &Handle,
) -> anyhow::Result<Line> {
    let connection = &*connected.connection;
    let line = |event: String, outcome: Result<String, String>, begun: Instant| Line {
        function: defined.name.clone(),
        connection: connection.name(),
        event,
        ok: outcome.is_ok(),
        outcome: outcome.unwrap_or_else(|why| why),
        duration_ms: (begun.elapsed().as_secs_f64() * 1e5).round() / 100.0,
        log: Vec::new(),
    };
    if let Some(mut door) = Door::of(connection, &defined.function) {
        door.add(connection, &defined.function, function.clone())?;
        let begun = Instant::now();
        let (route, outcome) = request(&door, own).await?;
        return Ok(line(
            format!("{} {route}", connection.service().id),
            outcome,
            begun,
        ));
    }
    let begun = Instant::now();
    let Some(mut parcel) = deliver::parcel(connection, defined)? else {
        let outcome = Ok("sends nothing by itself".to_owned());
        return Ok(line(connection.service().id.to_owned(), outcome, begun));
    };
    if let (Some(own), Some(file)) = (own, &connected.sample) {
        parcel.payload = own;
        parcel.event = file.display().to_string();
    }
    let event = parcel.event.clone();
    let outcome = invoke(parcel, connection, function, handle).await;
    Ok(line(event, outcome, begun))
}

/// What the connection has in the place of the service's sample.
fn own_sample(config: &Config, connected: &Connected) -> anyhow::Result<Option<Bytes>> {
    let Some(file) = &connected.sample else {
        return Ok(None);
    };
    let path = config.source.directory().join(file);
    let text = std::fs::read(&path).map_err(|error| {
        Failure::usage(format!("cannot read `{}`: {error}", path.display()))
            .fix("`sample` names a file, from the folder of lambda-with.toml")
    })?;
    Ok(Some(text.into()))
}

/// Sends a request over the first route, or over the first that takes a body.
async fn request(
    door: &Door,
    body: Option<Bytes>,
) -> anyhow::Result<(String, Result<String, String>)> {
    let routes = door.routes();
    let has_body = |route: &&String| {
        let methods = ["POST ", "PUT ", "PATCH "];
        methods.iter().any(|method| route.starts_with(method))
    };
    let wanted = routes.iter().find(has_body).filter(|_| body.is_some());
    let route = wanted.or(routes.first());
    let route = route.map_or("GET /", String::as_str).to_owned();
    let mut request = doors::request(&route, &door.base())?;
    if let Some(body) = body.filter(|_| !request.body().is_empty()) {
        *request.body_mut() = body;
    }
    let answered = door
        .answer(&request, IpAddr::V4(Ipv4Addr::LOCALHOST), 80)
        .await;
    let outcome = answered.outcome();
    Ok((answered.route, outcome))
}

async fn invoke(
    parcel: Parcel,
    connection: &dyn Connection,
    function: &FunctionHandle,
    handle: &Handle,
) -> Result<String, String> {
    let invocation = Invocation {
        invocation_type: parcel.invocation_type,
        caller: parcel.caller,
        qualifier: parcel.qualifier,
        ..Invocation::new(parcel.payload.clone())
    };
    let mut outcome = wait::ask(function, &invocation, connection.patience()).await?;
    if let Outcome::Accepted { request_id } = &outcome {
        handle.settled().await;
        let ran = handle
            .history()
            .into_iter()
            .rev()
            .find_map(|happening| match happening.what {
                What::Ran { outcome, .. } if happening.request_id == *request_id => {
                    Some(Ok(outcome))
                }
                What::Refused(why) if happening.request_id == *request_id => Some(Err(why)),
                _ => None,
            });
        outcome = ran.unwrap_or_else(|| Err("the event was accepted and never ran".to_owned()))?;
    }
    match outcome {
        Outcome::FunctionError { payload, .. } => Err(explain(&payload)),
        Outcome::Success { payload, .. } => match connection.as_any().downcast_ref::<Sqs>() {
            Some(sqs) if sqs.report_batch_item_failures => batch(&payload),
            _ => Ok("succeeded".to_owned()),
        },
        _ => Ok("succeeded".to_owned()),
    }
}

/// What an answer says about the messages of a batch.
fn batch(answer: &[u8]) -> Result<String, String> {
    let answer: Option<SqsBatchResponse> = serde_json::from_slice(answer).map_err(|error| {
        format!("the answer is no batch response, so all messages failed: {error}")
    })?;
    match answer
        .map(|answer| answer.batch_item_failures.len())
        .unwrap_or_default()
    {
        0 => Ok("succeeded, no message failed".to_owned()),
        failed => Err(format!("{failed} messages failed")),
    }
}

fn explain(payload: &[u8]) -> String {
    format!("the function failed{}", told(payload))
}

fn render(line: &Line, width: usize, output: Output) -> String {
    let verdict = match line.ok {
        true => output.paint(Tone::Good, "ok    "),
        false => output.paint(Tone::Bad, "failed"),
    };
    let mut text = format!(
        "{verdict}  {:<width$}  {:<28}  {:>9.2} ms  {}\n",
        line.function, line.event, line.duration_ms, line.outcome
    );
    for logged in &line.log {
        text.push_str(&format!("        | {logged}\n"));
    }
    text
}

impl Log {
    fn sink(&self) -> LogSink {
        let lines = self.clone();
        Arc::new(move |line: &LogLine<'_>| {
            if line.kind == LogKind::Function {
                lines.lock().push(line.text.to_owned());
            }
        })
    }

    /// The end of what was logged; the log is empty afterwards.
    fn take(&self) -> Vec<String> {
        let mut lines = self.lock();
        let from = lines.len().saturating_sub(TAIL);
        let tail = lines.split_off(from);
        lines.clear();
        tail
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

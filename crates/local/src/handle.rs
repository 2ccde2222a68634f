//! A function as callers hold it.

use std::sync::Arc;

use bytes::Bytes;
use lambda_with::rules::recursion::{self, Chain};
use lambda_with::rules::retry;
use lambda_with::{
    Arn, Caller, Error, ErrorKind, Invocation, InvocationType, Invoke, LogType, Outcome,
};
use lambda_with_x_ray::Link;

use crate::engine::Engine;
use crate::function::{Attempt, Function};
use crate::history::What;
use crate::queue::Event;
use crate::streaming::Writer;
use crate::trace;

/// The largest client context in bytes, before base64: Lambda takes 3,583 after.
const MAX_CLIENT_CONTEXT: usize = 3583 / 4 * 3;

/// One function of a running engine; a cheap clone.
///
/// ```
/// use bytes::Bytes;
/// use lambda_with::{Function, FunctionError, Invocation, Invoke};
/// use lambda_with_local::{Context, FunctionOptions, Local, Options, Run};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), lambda_with::Error> {
/// let echo = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:echo".parse()?)?;
/// let run = Run::handler(|event: Bytes, _: Context| async move { Ok::<_, FunctionError>(event) });
/// let mut options = Options::in_memory();
/// options.functions.push(FunctionOptions::new(echo, run));
///
/// let local = Local::start(options).await?;
/// let outcome = local.handle().function("echo")?.invoke(Invocation::new("[1]")).await?;
/// assert_eq!(outcome.payload().map(|payload| &payload[..]), Some(&b"[1]"[..]));
/// # Ok(())
/// # }
/// ```
///
/// A service that invokes is let in only by the function's policy. An empty payload is `{}` to the
/// function, as on AWS.
///
/// # Errors
///
/// `Limit` over 6 MB (1 MB for `Event`) and where the invocation would go on with a loop, `Decode`
/// when the payload is not JSON, `NotFound` for an unknown version or alias, `Denied` with the
/// failing condition, `Throttled` over the function's concurrency, `Unavailable` when the engine
/// shuts down or cannot write to its queue.
#[derive(Clone, Debug)]
pub struct FunctionHandle {
    pub(crate) engine: Arc<Engine>,
    pub(crate) function: Arc<Function>,
    pub(crate) qualifier: Option<String>,
}

/// What an invocation comes from, and where its answer goes.
#[derive(Debug, Default)]
struct From {
    links: Vec<Link>,
    chain: Chain,
    stream: Option<Writer>,
}

impl FunctionHandle {
    /// The settings the function was started with; its ARN has no qualifier.
    #[must_use]
    pub fn definition(&self) -> &lambda_with::Function {
        &self.function.definition
    }

    /// Takes up new code: idle processes end now, busy ones after their invocation. Published versions
    /// keep the code they were published with, where the engine has a directory for it.
    pub fn restart(&self) {
        self.function.versions.restart();
    }

    /// How many processes run for the function at the moment.
    #[must_use]
    pub fn environments(&self) -> usize {
        self.function.environments()
    }

    /// How many invocations run or wait for a process at the moment.
    #[must_use]
    pub fn invocations(&self) -> usize {
        self.function.invocations()
    }

    /// The ARN as the handle names the function: with a qualifier only where it was given one.
    pub(crate) fn arn(&self) -> Result<Arn, Error> {
        match self.qualifier.as_deref() {
            Some(qualifier) => self.function.qualified(Some(qualifier)),
            None => Ok(self.function.definition.arn.clone()),
        }
    }

    /// Runs an invocation whose request id the caller has chosen.
    pub(crate) async fn invoke_as(
        &self,
        request_id: String,
        invocation: Invocation,
    ) -> Result<Outcome, Error> {
        self.invoke_linked(request_id, invocation, Vec::new(), Chain::default())
            .await
    }

    /// The same, where the answer is wanted in pieces.
    pub(crate) async fn invoke_into(
        &self,
        request_id: String,
        invocation: Invocation,
        stream: Option<Writer>,
    ) -> Result<Outcome, Error> {
        let from = From {
            stream,
            ..From::default()
        };
        self.invoke_from(request_id, invocation, from).await
    }

    /// The same for a batch, whose trace goes on from those of its messages.
    pub(crate) async fn invoke_linked(
        &self,
        request_id: String,
        invocation: Invocation,
        links: Vec<Link>,
        chain: Chain,
    ) -> Result<Outcome, Error> {
        let from = From {
            links,
            chain,
            stream: None,
        };
        self.invoke_from(request_id, invocation, from).await
    }

    async fn invoke_from(
        &self,
        request_id: String,
        mut invocation: Invocation,
        from: From,
    ) -> Result<Outcome, Error> {
        let qualifier = self.admit(&mut invocation).inspect_err(|error| {
            let reason = error.to_string();
            self.engine
                .note(&self.function, &request_id, || What::Refused(reason));
        })?;
        match invocation.invocation_type {
            InvocationType::DryRun => Ok(Outcome::DryRun),
            InvocationType::Event => {
                let event = Event {
                    request_id: request_id.clone(),
                    payload: invocation.payload,
                    qualifier,
                    // Chosen now, so that all attempts are in one trace.
                    trace_header: match &self.engine.traces {
                        Some(_) => Some(trace::sampled(
                            invocation.trace_header,
                            self.engine.clock.now(),
                        )),
                        None => invocation.trace_header,
                    },
                    state: retry::State::accepted(self.engine.clock.now()),
                };
                // In a task of its own: a caller that goes away must not leave it half done.
                let (engine, function) = (self.engine.clone(), self.function.clone());
                let accepted = tokio::spawn(async move { engine.accept(&function, event).await });
                accepted.await.map_err(|error| {
                    Error::new(ErrorKind::Unavailable, "the engine is shutting down")
                        .caused_by(error)
                })??;
                Ok(Outcome::Accepted { request_id })
            }
            InvocationType::RequestResponse => {
                let attempt = Attempt {
                    request_id,
                    payload: invocation.payload,
                    qualifier,
                    client_context: invocation.client_context,
                    trace_header: invocation.trace_header,
                    links: from.links,
                    chain: from.chain,
                    stream: from.stream,
                    times: None,
                    tail: invocation.log_type == LogType::Tail,
                    is_event: false,
                };
                self.engine.run(&self.function, attempt).await
            }
        }
    }

    /// Checks all that can be checked before anything runs; returns the qualifier.
    fn admit(&self, invocation: &mut Invocation) -> Result<Option<String>, Error> {
        check_size(invocation.invocation_type, invocation.payload.len())?;
        let qualifier = match (&self.qualifier, invocation.qualifier.take()) {
            (Some(own), Some(other)) if *own != other => {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            (own, other) => other.or_else(|| own.clone()),
        };
        // Who calls a URL is not told that its alias is gone, but that he may not.
        let caller = &invocation.caller;
        if *caller == Caller::FunctionUrl {
            self.function.check_caller(qualifier.as_deref(), caller)?;
        }
        self.function.check_qualifier(qualifier.as_deref())?;
        self.function.check_caller(qualifier.as_deref(), caller)?;
        if invocation.payload.is_empty() {
            invocation.payload = Bytes::from_static(b"{}");
        }
        check_json(&invocation.payload)?;
        if let Some(context) = &mut invocation.client_context {
            *context = check_client_context(context)?;
        }
        if let Some(header) = &invocation.trace_header
            && http::HeaderValue::from_str(header).is_err()
        {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the trace header cannot stand in a header",
            ));
        }
        if let (Some(header), Caller::Service(delivery)) =
            (&mut invocation.trace_header, &invocation.caller)
            && !recursion::SERVICES.contains(&delivery.principal.as_str())
        {
            *header = trace::without_lineage(header);
        }
        Ok(qualifier)
    }
}

impl Invoke for FunctionHandle {
    async fn invoke(&self, invocation: Invocation) -> Result<Outcome, Error> {
        self.invoke_as(trace::request_id(), invocation).await
    }
}

fn check_size(kind: InvocationType, size: usize) -> Result<(), Error> {
    let limit = kind.max_payload();
    if size <= limit {
        return Ok(());
    }
    let message = match kind {
        InvocationType::Event => {
            format!(
                "{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
            )
        }
        _ => format!("Request must be smaller than {limit} bytes for the InvokeFunction operation"),
    };
    Err(Error::new(ErrorKind::Limit, message))
}

fn check_json(payload: &[u8]) -> Result<(), Error> {
    let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(payload) else {
        return match std::str::from_utf8(payload) {
            Ok(_) => Ok(()),
            Err(error) => Err(not_json(&format!(
                "Invalid UTF-8 after byte {}",
                error.valid_up_to()
            ))),
        };
    };
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    Err(not_json(&format!(
        "{what}\n at [Source: REDACTED; line: {line}, column: {column}]"
    )))
}

fn not_json(what: &str) -> Error {
    let message = format!(
        "Could not parse request body into json: Could not parse payload into json: {what}"
    );
    Error::new(ErrorKind::Decode, message)
}

/// The client context as it can stand in a header: on one line.
fn check_client_context(context: &str) -> Result<String, Error> {
    let refuse = |why: &str| Error::new(ErrorKind::Invalid, format!("the client context {why}"));
    if context.len() > MAX_CLIENT_CONTEXT {
        return Err(refuse("is larger than 3,583 bytes of base64"));
    }
    if context.bytes().all(|byte| byte >= b' ' && byte != 0x7f)
        && serde_json::from_str::<serde::de::IgnoredAny>(context).is_ok()
    {
        return Ok(context.to_owned());
    }
    let value: serde_json::Value =
        serde_json::from_str(context).map_err(|error| refuse("is not JSON").caused_by(error))?;
    Ok(value.to_string())
}

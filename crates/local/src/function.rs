//! One function of an engine: its settings, its policies, and what runs it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::policy::{Policy, may_invoke};
use lambda_with::rules::recursion::{Chain, RecursiveLoop};
use lambda_with::rules::scaling::Environments;
use lambda_with::{Arn, Caller, Error, ErrorKind, Outcome};
use lambda_with_x_ray::Link;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::control::EventInvoke;
use crate::log::{Log, LogKind, Report};
use crate::mount::Mounted;
use crate::options::{Asynchronous, Context, FunctionOptions, Handler, Run, panicked};
use crate::pool::{Finished, Job, Permit, Pool};
use crate::refusal::{REASON, error_object, json_bytes};
use crate::streaming::Writer;
use crate::trace;
use crate::traces::Times;

/// How many invocations of a function without reserved concurrency run or wait at once: Lambda's
/// default for a whole account.
pub(crate) const CONCURRENCY: usize = 1000;

/// The only version the engine runs.
pub(crate) const LATEST: &str = "$LATEST";

/// A qualifier's own settings; `None` is the function itself.
type PerQualifier<T> = RwLock<BTreeMap<Option<String>, T>>;

/// One function of an engine.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its settings; the ARN has no qualifier.
    pub(crate) definition: lambda_with::Function,
    /// The alias it is known by beside `$LATEST`.
    pub(crate) alias: Option<String>,
    pub(crate) policies: PerQualifier<Policy>,
    pub(crate) asynchronous: PerQualifier<Asynchronous>,
    /// What the calls of the API set, as they show it.
    pub(crate) event_invoke: Mutex<BTreeMap<Option<String>, EventInvoke>>,
    /// How many asynchronous events are worked on at once.
    pub(crate) parallel: usize,
    /// What becomes of loops.
    pub(crate) recursive_loop: Mutex<RecursiveLoop>,
    /// How many invocations may run at once, where that is limited for this function.
    reserved: Mutex<Option<u32>>,
    taken: Arc<AtomicUsize>,
    scaling: Mutex<Environments>,
    runner: Runner,
    clock: Clock,
    log: Log,
}

#[derive(Debug)]
enum Runner {
    Processes(Arc<Pool>),
    Handler(Handler),
}

/// One attempt at an invocation.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) qualifier: Option<String>,
    pub(crate) client_context: Option<String>,
    pub(crate) trace_header: Option<String>,
    /// Traces of the messages of a batch.
    pub(crate) links: Vec<Link>,
    /// The chains of requests these messages belong to.
    pub(crate) chain: Chain,
    /// Where the answer goes, where it is wanted in pieces.
    pub(crate) stream: Option<Writer>,
    /// Where the times of a traced invocation are noted.
    pub(crate) times: Option<Arc<Times>>,
    pub(crate) tail: bool,
}

impl Function {
    pub(crate) fn new(options: FunctionOptions, clock: Clock, log: Log) -> Result<Self, Error> {
        let FunctionOptions {
            function,
            run,
            environment,
            mount,
            extensions,
            max_environments,
            policy,
            asynchronous,
            recursive_loop,
        } = options;
        if function.timeout == 0 {
            let message = format!("the timeout of `{}` is 0 seconds", function.name());
            return Err(Error::new(ErrorKind::Invalid, message).with("allowed", "1 to 900"));
        }
        let alias = function.qualifier().map(str::to_owned);
        let mut definition = function.clone();
        if let Some(alias) = &alias {
            let whole = function.arn.as_str();
            definition.arn = whole[..whole.len() - alias.len() - 1].parse()?;
        }
        let reserved = definition.reserved_concurrency;
        let limit = limit(reserved);
        let max = max_environments.min(limit).max(1);
        let policies = if policy.is_empty() {
            BTreeMap::new()
        } else {
            BTreeMap::from([(alias.clone(), Policy::of_function(&function.arn, &policy))])
        };
        let runner = match run {
            Run::Handler(handler) => Runner::Handler(handler),
            Run::Command(command) => Runner::Processes(Arc::new(Pool {
                mounted: mount
                    .map(|mount| Mounted::prepare(&mount, &command))
                    .transpose()?,
                function: definition.clone(),
                extensions: std::path::absolute(&extensions).unwrap_or(extensions),
                command,
                environment,
                clock,
                log: log.clone(),
                max,
                state: Default::default(),
            })),
        };
        Ok(Self {
            parallel: max,
            policies: RwLock::new(policies),
            asynchronous: RwLock::new(BTreeMap::from([(None, asynchronous)])),
            event_invoke: Mutex::default(),
            recursive_loop: Mutex::new(recursive_loop),
            taken: Arc::default(),
            scaling: Mutex::default(),
            reserved: Mutex::new(reserved),
            definition,
            alias,
            runner,
            clock,
            log,
        })
    }

    pub(crate) fn name(&self) -> &str {
        self.definition.name()
    }

    /// The ARN with a qualifier, as the function's context and its records show it.
    pub(crate) fn arn(&self, qualifier: Option<&str>) -> String {
        match qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.definition.arn),
            None => self.definition.arn.to_string(),
        }
    }

    /// Finds out whether there is such a version or alias.
    pub(crate) fn check_qualifier(&self, qualifier: Option<&str>) -> Result<(), Error> {
        match qualifier {
            None | Some(LATEST) => Ok(()),
            Some(alias) if self.alias.as_deref() == Some(alias) => Ok(()),
            Some(other) => {
                let arn = self.arn(Some(other));
                let version =
                    other.starts_with('$') || other.bytes().all(|byte| byte.is_ascii_digit());
                let message = if version {
                    format!("Function not found: {arn}")
                } else {
                    format!("Cannot find alias arn: {arn}")
                };
                Err(Error::new(ErrorKind::NotFound, message))
            }
        }
    }

    /// Finds out whether `caller` may invoke the function under this qualifier.
    pub(crate) fn check_caller(
        &self,
        qualifier: Option<&str>,
        caller: &Caller,
    ) -> Result<(), Error> {
        if matches!(caller, Caller::Owner) {
            return Ok(());
        }
        let key = qualifier
            .filter(|qualifier| *qualifier != LATEST)
            .map(str::to_owned);
        let resource = self.arn(key.as_deref()).parse()?;
        let via_url = *caller == Caller::FunctionUrl;
        let policies = self.policies.read().unwrap_or_else(PoisonError::into_inner);
        let none = Policy::default();
        let policy = policies.get(&key).unwrap_or(&none);
        if via_url {
            may_invoke(policy, &resource, caller, "lambda:InvokeFunctionUrl").into_result()?;
        }
        may_invoke(policy, &resource, caller, "lambda:InvokeFunction").into_result()
    }

    /// The settings for asynchronous events of this qualifier.
    pub(crate) fn asynchronous(&self, qualifier: Option<&str>) -> Asynchronous {
        let key = qualifier
            .filter(|qualifier| *qualifier != LATEST)
            .map(str::to_owned);
        let settings = self
            .asynchronous
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        settings
            .get(&key)
            .or_else(|| settings.get(&None))
            .cloned()
            .unwrap_or_default()
    }

    /// Runs the function once.
    ///
    /// # Errors
    ///
    /// When it did not run: throttled, or the engine shuts down.
    pub(crate) async fn run(&self, attempt: Attempt) -> Result<Outcome, Error> {
        let reserved = self.reserved();
        let Some(permit) = Permit::take(&self.taken, limit(reserved)) else {
            return Err(self.throttled(match reserved {
                Some(_) => "ReservedFunctionConcurrentInvocationLimitExceeded",
                None => "ConcurrentInvocationLimitExceeded",
            }));
        };
        if !self.has_environment() {
            // Which reason Lambda gives for the rate of growth is not known.
            return Err(self.throttled("FunctionInvocationRateLimitExceeded"));
        }
        let tail = attempt.tail;
        let arn = self.arn(attempt.qualifier.as_deref());
        let trace_header = attempt
            .trace_header
            .unwrap_or_else(|| trace::header(self.clock.now()));
        let finished = match &self.runner {
            Runner::Processes(pool) => {
                let (done, finished) = oneshot::channel();
                pool.submit(Job {
                    request_id: attempt.request_id,
                    payload: attempt.payload,
                    arn,
                    client_context: attempt.client_context,
                    trace_header,
                    times: attempt.times,
                    stream: attempt.stream,
                    tail,
                    permit,
                    done,
                });
                finished.await.map_err(|_| {
                    Error::new(ErrorKind::Unavailable, "the engine is shutting down")
                        .with("function", self.name())
                })?
            }
            Runner::Handler(handler) => {
                let deadline = self.clock.now() + self.timeout();
                let context = Context {
                    request_id: attempt.request_id,
                    deadline: Clock::timestamp_of(deadline),
                    invoked_function_arn: arn,
                    trace_header,
                    client_context: attempt.client_context,
                };
                let note = |note: fn(&Times, Duration)| {
                    if let Some(times) = &attempt.times {
                        note(times, self.clock.now());
                    }
                };
                note(Times::began);
                let finished = self.call(handler, attempt.payload, context).await;
                note(Times::answered);
                drop(permit);
                finished
            }
        };
        let executed_version = LATEST.to_owned();
        let log_tail = finished.tail.filter(|_| tail);
        Ok(match finished.result {
            Ok(payload) => Outcome::Success {
                payload,
                executed_version,
                log_tail,
            },
            Err(payload) => Outcome::FunctionError {
                function_error: "Unhandled".to_owned(),
                payload,
                executed_version,
                log_tail,
            },
        })
    }

    /// New code: idle processes end now, busy ones after their invocation.
    pub(crate) fn restart(&self) {
        if let Runner::Processes(pool) = &self.runner {
            pool.restart();
        }
    }

    /// How many processes there are.
    pub(crate) fn environments(&self) -> usize {
        match &self.runner {
            Runner::Processes(pool) => pool.environments(),
            Runner::Handler(_) => 0,
        }
    }

    /// How many invocations run or wait for a process.
    pub(crate) fn invocations(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// Ends all processes.
    pub(crate) async fn close(&self) {
        if let Runner::Processes(pool) = &self.runner {
            pool.close().await;
        }
    }

    /// Ends all processes without waiting until they are gone.
    pub(crate) fn abort(&self) {
        if let Runner::Processes(pool) = &self.runner {
            pool.abort();
        }
    }

    /// The function's ARN with its version, as records and configurations name it.
    pub(crate) fn qualified(&self, qualifier: Option<&str>) -> Result<Arn, Error> {
        self.arn(Some(qualifier.unwrap_or(LATEST))).parse()
    }

    /// The reserved concurrency.
    pub(crate) fn reserved(&self) -> Option<u32> {
        *self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets it, or gives it up.
    pub(crate) fn reserve(&self, reserved: Option<u32>) {
        *self.reserved.lock().unwrap_or_else(PoisonError::into_inner) = reserved;
    }

    /// What becomes of loops.
    pub(crate) fn recursive_loop(&self) -> RecursiveLoop {
        *self
            .recursive_loop
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is an environment for the invocation that has just been counted, or may be.
    fn has_environment(&self) -> bool {
        let before = self.invocations().saturating_sub(1);
        let mut scaling = self.scaling.lock().unwrap_or_else(PoisonError::into_inner);
        scaling.admit(before, self.clock.now())
    }

    fn throttled(&self, reason: &str) -> Error {
        let message = format!("`{}` is throttled", self.name());
        Error::new(ErrorKind::Throttled, message).with(REASON, reason)
    }

    /// Calls a handler, with the log lines a process would have.
    async fn call(&self, handler: &Handler, payload: Bytes, context: Context) -> Finished {
        let id = context.request_id.clone();
        let begun = tokio::time::Instant::now();
        let mut answer = tokio::spawn(handler.call(payload, context));
        let (result, status) = match tokio::time::timeout(self.timeout(), &mut answer).await {
            Ok(Ok(Ok(answer))) => (Ok(answer), None),
            Ok(Ok(Err(error))) => (Err(json_bytes(&error)), Some("error")),
            Ok(Err(ended)) => {
                let error = match ended.try_into_panic() {
                    Ok(panic) => panicked(panic.as_ref()),
                    Err(_) => panicked(&"the handler was cancelled"),
                };
                (Err(json_bytes(&error)), Some("error"))
            }
            Err(_) => {
                answer.abort();
                let seconds = self.timeout().as_secs_f64();
                let message =
                    format!("RequestId: {id} Error: Task timed out after {seconds:.2} seconds");
                (
                    Err(error_object("Sandbox.Timedout", &message)),
                    Some("timeout"),
                )
            }
        };
        let report = Report {
            request_id: &id,
            duration: begun.elapsed(),
            memory: self.definition.memory,
            used: None,
            init: None,
            status,
        };
        let lines = [
            format!("START RequestId: {id} Version: {LATEST}"),
            format!("END RequestId: {id}"),
            report.to_string(),
        ];
        for line in &lines {
            self.log.write(self.name(), LogKind::Platform, line);
        }
        Finished {
            result,
            tail: Some(lines.join("\n") + "\n"),
        }
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.definition.timeout))
    }
}

fn limit(reserved: Option<u32>) -> usize {
    reserved.map_or(CONCURRENCY, |reserved| {
        usize::try_from(reserved).unwrap_or(usize::MAX)
    })
}

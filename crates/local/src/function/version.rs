//! One version of a function: settings that do not change, and what runs them.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::Error;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::environment::mount::{Mount, Mounted};
use crate::function::concurrency::{Concurrency, Place};
use crate::function::pool::{Finished, Job, Pool};
use crate::function::provisioned::Allocation;
use crate::function::versions::number;
use crate::log::{Log, LogKind, Report};
use crate::options::{Command, Context, Handler, Run, panicked};
use crate::refusal::{error_object, json_bytes};

/// What the versions of a function are made with.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    /// The engine's own variables; a function's win.
    pub(crate) variables: Vec<(String, String)>,
    /// How many processes each version has at most.
    pub(crate) max: usize,
    pub(crate) concurrency: Concurrency,
}

/// The settings a version keeps.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The ARN has no qualifier.
    pub(crate) definition: lambda_with::Function,
    pub(crate) description: String,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) run: Run,
    pub(crate) mount: Option<Mount>,
    pub(crate) extensions: PathBuf,
}

/// One version of a function.
#[derive(Debug)]
pub(crate) struct Version {
    /// `$LATEST`, or its number.
    pub(crate) name: String,
    pub(crate) number: Option<u64>,
    pub(crate) settings: Settings,
    runner: Runner,
    clock: Clock,
    log: Log,
}

#[derive(Debug)]
enum Runner {
    Processes {
        on_demand: Arc<Pool>,
        provisioned: OnceLock<Arc<Pool>>,
    },
    Handler(Handler),
}

impl Settings {
    /// Whether a version of these settings is the same as one of others. How many may run at once is
    /// no part of a version.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let settings = |of: &Self| {
            let function = &of.definition;
            (
                (function.timeout, function.memory, function.role.clone()),
                (function.subnets.clone(), function.security_groups.clone()),
                (of.environment.clone(), of.description.clone()),
                (of.mount.clone(), of.extensions.clone()),
            )
        };
        let run = match (&self.run, &other.run) {
            (Run::Command(one), Run::Command(other)) => one == other,
            (Run::Handler(_), Run::Handler(_)) => true,
            _ => false,
        };
        run && settings(self) == settings(other)
    }
}

impl Version {
    /// A version that runs `command` in the place of its settings' own, where there is a copy.
    pub(crate) fn new(
        name: String,
        settings: Settings,
        copy: Option<Command>,
        base: &Base,
    ) -> Result<Arc<Self>, Error> {
        let runner = match settings.run.clone() {
            Run::Handler(handler) => Runner::Handler(handler),
            Run::Command(command) => {
                let command = copy.unwrap_or(command);
                let mut environment = base.variables.clone();
                environment.extend(settings.environment.iter().cloned());
                let pool = Pool {
                    mounted: settings
                        .mount
                        .as_ref()
                        .map(|mount| Mounted::prepare(mount, &command))
                        .transpose()?,
                    version: name.clone(),
                    function: settings.definition.clone(),
                    extensions: settings.extensions.clone(),
                    command,
                    environment,
                    clock: base.clock,
                    log: base.log.clone(),
                    max: base.max,
                    provisioned: None,
                    state: Default::default(),
                };
                Runner::Processes {
                    on_demand: Arc::new(pool),
                    provisioned: OnceLock::new(),
                }
            }
        };
        Ok(Arc::new(Self {
            number: number(&name),
            name,
            settings,
            runner,
            clock: base.clock,
            log: base.log.clone(),
        }))
    }

    /// Runs it once; nothing comes back when the engine shuts down.
    pub(crate) async fn run(
        &self,
        job: impl FnOnce(oneshot::Sender<Finished>) -> Job,
    ) -> Option<Finished> {
        let (done, finished) = oneshot::channel();
        let job = job(done);
        match &self.runner {
            Runner::Processes {
                on_demand,
                provisioned,
            } => {
                let provisioned = provisioned.get().filter(|_| job.permit.is_provisioned());
                provisioned.unwrap_or(on_demand).submit(job);
                finished.await.ok()
            }
            Runner::Handler(handler) => {
                let Job {
                    request_id,
                    payload,
                    arn,
                    client_context,
                    trace_header,
                    times,
                    permit,
                    ..
                } = job;
                let deadline = self.clock.now() + self.timeout();
                let context = Context {
                    request_id,
                    deadline: Clock::timestamp_of(deadline),
                    invoked_function_arn: arn,
                    function_version: self.name.clone(),
                    trace_header,
                    client_context,
                };
                if let Some(times) = &times {
                    times.began(self.clock.now());
                }
                let finished = self.call(handler, payload, context).await;
                if let Some(times) = &times {
                    times.answered(self.clock.now());
                }
                drop(permit);
                Some(finished)
            }
        }
    }

    /// The command it runs, where it is one.
    pub(crate) fn command(&self) -> Option<&Command> {
        match &self.runner {
            Runner::Processes { on_demand, .. } => Some(&on_demand.command),
            Runner::Handler(_) => None,
        }
    }

    /// Has so many environments of a version initialized before they are needed, and kept; `anew` even
    /// if there are as many.
    pub(crate) fn provision(&self, number: u64, count: usize, anew: bool, place: &Place) {
        place.with(|account, function| account.provision(function, number, count));
        match &self.runner {
            Runner::Handler(_) => {
                place.with(|account, function| account.ready(function, number, true));
            }
            Runner::Processes {
                on_demand,
                provisioned,
            } => {
                if count == 0 && provisioned.get().is_none() {
                    return;
                }
                let pool = provisioned
                    .get_or_init(|| Arc::new(on_demand.provisioned(place.clone(), number)));
                if anew || !pool.keeps(count) {
                    pool.keep(count);
                }
            }
        }
    }

    /// How far that is.
    pub(crate) fn allocation(&self) -> Allocation {
        match &self.runner {
            Runner::Handler(_) => Allocation::Ready,
            Runner::Processes { provisioned, .. } => provisioned
                .get()
                .and_then(|pool| pool.allocation())
                .unwrap_or(Allocation::InProgress),
        }
    }

    /// New code: idle processes end now, busy ones after their invocation.
    pub(crate) fn restart(&self) {
        self.pools().for_each(|pool| pool.restart());
    }

    /// Runs what waits, and nothing more than that: every process ends when it is idle.
    pub(crate) fn drain(&self) {
        self.pools().for_each(|pool| pool.drain());
    }

    /// How many processes there are.
    pub(crate) fn environments(&self) -> usize {
        self.pools().map(|pool| pool.environments()).sum()
    }

    /// Ends all processes.
    pub(crate) async fn close(&self) {
        for pool in self.pools() {
            pool.close().await;
        }
    }

    /// Ends all processes without waiting until they are gone.
    pub(crate) fn abort(&self) {
        self.pools().for_each(|pool| pool.abort());
    }

    fn pools(&self) -> impl Iterator<Item = &Arc<Pool>> {
        let (one, other) = match &self.runner {
            Runner::Processes {
                on_demand,
                provisioned,
            } => (Some(on_demand), provisioned.get()),
            Runner::Handler(_) => (None, None),
        };
        one.into_iter().chain(other)
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
            memory: self.settings.definition.memory,
            used: None,
            init: None,
            status,
        };
        let lines = [
            format!("START RequestId: {id} Version: {}", self.name),
            format!("END RequestId: {id}"),
            report.to_string(),
        ];
        let function = self.settings.definition.name();
        for line in &lines {
            self.log.write(function, LogKind::Platform, line);
        }
        Finished {
            result,
            tail: Some(lines.join("\n") + "\n"),
        }
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings.definition.timeout))
    }
}

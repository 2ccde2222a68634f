//! One execution environment: a process, the Runtime API it speaks to, and the job it is at.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::FunctionError;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::log::{InitReport, Report};
use crate::output::Output;
use crate::pool::{Finished, Job, Pool};
use crate::process::{INIT, Process, Setup};
use crate::refusal::error_object;
use crate::{runtime_api, trace};

/// What the runtime is sent when it has asked for work.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub(crate) request_id: String,
    pub(crate) invocation_id: String,
    pub(crate) deadline: Duration,
    pub(crate) arn: String,
    pub(crate) trace_header: String,
    pub(crate) client_context: Option<String>,
    pub(crate) payload: Bytes,
}

/// One execution environment.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) pool: Arc<Pool>,
    pub(crate) output: Arc<Output>,
    state: Mutex<State>,
    retired: AtomicBool,
    killed: Notify,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    started: Instant,
    init: Option<Duration>,
    next: Option<oneshot::Sender<Dispatch>>,
    running: Option<Running>,
    init_error: Option<InitError>,
    process: Option<u32>,
    memory: Option<(Instant, u64)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Starting,
    Ready,
    Settling,
    Ended,
}

#[derive(Debug)]
struct Running {
    job: Job,
    invocation_id: String,
    since: Instant,
}

/// What the runtime said about its failed initialization.
#[derive(Debug)]
pub(crate) struct InitError {
    pub(crate) kind: String,
    pub(crate) object: Bytes,
}

/// Why an environment ended.
enum End {
    Exited(String),
    Killed,
    Late,
}

impl Environment {
    pub(crate) fn new(pool: &Arc<Pool>) -> Arc<Self> {
        Arc::new(Self {
            output: Output::new(pool.function.name().to_owned(), pool.log.clone()),
            pool: pool.clone(),
            state: Mutex::new(State {
                phase: Phase::Starting,
                started: Instant::now(),
                init: None,
                next: None,
                running: None,
                init_error: None,
                process: None,
                memory: None,
            }),
            retired: AtomicBool::new(false),
            killed: Notify::new(),
        })
    }

    /// Runs the process until it ends, by itself or because it must.
    pub(crate) async fn run(self: Arc<Self>) {
        let timeout = self.timeout();
        let mut end = self.live(INIT).await;
        // An initialization that takes too long is done again, within the function's own time.
        let mut phase = "init";
        if matches!(end, Ok(End::Late)) && self.lock().phase == Phase::Starting {
            self.output.say(&[self.init_report(phase, "timeout")]);
            phase = "invoke";
            end = self.live(timeout).await;
        }
        let (kind, why) = match end {
            Ok(End::Exited(why)) => ("Runtime.ExitError", why),
            Ok(End::Killed) => (
                "Runtime.ExitError",
                "Runtime exited with error: signal: killed".to_owned(),
            ),
            Ok(End::Late) => (
                "Sandbox.Timedout",
                format!("Task timed out after {:.2} seconds", timeout.as_secs_f64()),
            ),
            Err(error) => {
                let program = self.pool.command.program.to_string_lossy();
                (
                    "Runtime.InvalidEntrypoint",
                    format!("`{program}` could not be started: {error}"),
                )
            }
        };
        let object = |id: &str| error_object(kind, &format!("RequestId: {id} Error: {why}"));
        let status = match kind {
            "Sandbox.Timedout" => "timeout".to_owned(),
            _ => format!("error\tError Type: {kind}"),
        };
        let ended = self.pool.ended(&self);
        if ended.failed {
            let reported = self.lock().init_error.take();
            let status = match &reported {
                Some(InitError { kind, .. }) => format!("error\tError Type: {kind}"),
                None => status.clone(),
            };
            self.output.say(&[self.init_report(phase, &status)]);
            if let Some(job) = ended.job {
                let object = match reported {
                    Some(reported) => reported.object,
                    None => object(&job.request_id),
                };
                self.fail_start(job, object, &status);
            }
        }
        // Only now that no further job can be handed over.
        let running = self
            .lock()
            .running
            .as_ref()
            .map(|running| running.job.request_id.clone());
        if let Some(id) = running {
            if kind != "Sandbox.Timedout" {
                self.output.say(&[format!("RequestId: {id} Error: {why}")]);
            }
            self.finish(&id, Err(object(&id)), Some(&status));
        }
    }

    /// One life of the process.
    async fn live(self: &Arc<Self>, init: Duration) -> std::io::Result<End> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (mut process, reader) = Process::start(&Setup {
            function: &self.pool.function,
            command: &self.pool.command,
            mounted: self.pool.mounted.as_ref(),
            environment: &self.pool.environment,
            runtime_api: listener.local_addr()?.to_string(),
            now: self.pool.clock.timestamp(),
        })?;
        {
            let mut state = self.lock();
            state.started = Instant::now();
            state.process = process.id();
        }
        // Sets of one, because a set ends its tasks when this future is dropped.
        let (mut output, mut server) = (JoinSet::new(), JoinSet::new());
        output.spawn(self.output.clone().follow(reader));
        server.spawn(runtime_api::serve(listener, self.clone()));
        let mut wake = Instant::now();
        let end = loop {
            tokio::select! {
                why = process.ended() => break End::Exited(why),
                () = self.killed.notified() => break End::Killed,
                () = tokio::time::sleep_until(wake) => match self.due(init) {
                    Some(later) => wake = later,
                    None => break End::Late,
                },
            }
        };
        process.kill().await;
        server.abort_all();
        // A descendant that left the process group may hold the pipe open.
        let _ = tokio::time::timeout(Duration::from_millis(100), output.join_next()).await;
        Ok(end)
    }

    /// When to look again whether the time is over; `None` when it is.
    ///
    /// A job can only begin after this, so its time ends no earlier than one timeout from now: no
    /// job needs a timer of its own.
    fn due(&self, init: Duration) -> Option<Instant> {
        let now = Instant::now();
        let state = self.lock();
        let later = now + self.timeout();
        let deadline = match (&state.running, state.phase) {
            (Some(running), _) => running.since + self.timeout(),
            (None, Phase::Starting) => state.started + init,
            (None, _) => later,
        };
        (deadline > now).then(|| deadline.min(later))
    }

    /// Hands over a job to a runtime that waits for one; gives it back when none does.
    pub(crate) fn deliver(&self, job: Job) -> Result<(), Box<Job>> {
        let waiting = match self.lock().next.take() {
            Some(next) if !next.is_closed() => next,
            _ => return Err(Box::new(job)),
        };
        let dispatch = self.begin(job);
        match waiting.send(dispatch) {
            Ok(()) => Ok(()),
            Err(_) => match self.lock().running.take() {
                Some(running) => Err(Box::new(running.job)),
                None => Ok(()),
            },
        }
    }

    /// Begins a job.
    pub(crate) fn begin(&self, job: Job) -> Dispatch {
        let dispatch = Dispatch {
            request_id: job.request_id.clone(),
            invocation_id: trace::request_id(),
            deadline: self.pool.clock.now() + self.timeout(),
            arn: job.arn.clone(),
            trace_header: job.trace_header.clone(),
            client_context: job.client_context.clone(),
            payload: job.payload.clone(),
        };
        if let Some(times) = &job.times {
            let now = self.pool.clock.now();
            times.began(now);
            let state = self.lock();
            if let Some(init) = state.init {
                times.initialized(now, state.started.elapsed(), init);
            }
        }
        if job.tail || self.pool.log.is_wanted() {
            self.output.begin(Some(&format!(
                "START RequestId: {} Version: $LATEST",
                job.request_id
            )));
        }
        self.lock().running = Some(Running {
            invocation_id: dispatch.invocation_id.clone(),
            since: Instant::now(),
            job,
        });
        dispatch
    }

    /// Whether the job of this id is the one at hand; `attempt` is compared where it is given.
    pub(crate) fn is_running(&self, id: &str, attempt: Option<&[u8]>) -> Result<(), Mismatch> {
        match &self.lock().running {
            None => Err(Mismatch::Idle),
            Some(running) if running.job.request_id != id => Err(Mismatch::Request),
            Some(running) => match attempt {
                Some(attempt) if attempt != running.invocation_id.as_bytes() => {
                    Err(Mismatch::Attempt)
                }
                _ => Ok(()),
            },
        }
    }

    /// Ends the job of this id, if it is still the one at hand.
    pub(crate) fn finish(
        &self,
        id: &str,
        result: Result<Bytes, Bytes>,
        status: Option<&str>,
    ) -> bool {
        let (running, init) = {
            let mut state = self.lock();
            match state
                .running
                .take_if(|running| running.job.request_id == id)
            {
                Some(running) => (running, state.init.take()),
                None => return false,
            }
        };
        self.pool.settling(self);
        let Running { job, since, .. } = running;
        if let Some(times) = &job.times {
            times.answered(self.pool.clock.now());
        }
        drop(job.permit);
        let wanted = job.tail || self.pool.log.is_wanted();
        let report = || {
            let report = Report {
                request_id: id,
                duration: since.elapsed(),
                memory: self.pool.function.memory,
                used: self.memory(),
                init,
                status,
            };
            self.output
                .finish(&[format!("END RequestId: {id}"), report.to_string()])
        };
        // Sending only fails when the caller has gone away.
        if job.tail {
            let _ = job.done.send(Finished {
                result,
                tail: Some(report()),
            });
        } else {
            let _ = job.done.send(Finished { result, tail: None });
            if wanted {
                report();
            }
        }
        true
    }

    /// Fails a job that waited for this environment, which never came to ask for it.
    fn fail_start(&self, job: Job, object: Bytes, status: &str) {
        let id = &job.request_id;
        let mut lines = vec![format!("START RequestId: {id} Version: $LATEST")];
        if let Ok(error) = serde_json::from_slice::<FunctionError>(&object) {
            let why = error.error_message;
            lines.push(match why.starts_with("RequestId: ") {
                true => why,
                false => format!("RequestId: {id} Error: {why}"),
            });
        }
        let report = Report {
            request_id: id,
            duration: self.lock().started.elapsed(),
            memory: self.pool.function.memory,
            used: None,
            init: None,
            status: Some(status),
        };
        lines.extend([format!("END RequestId: {id}"), report.to_string()]);
        let tail = self.output.finish(&lines);
        drop(job.permit);
        // Fails when the caller has gone away.
        let _ = job.done.send(Finished {
            result: Err(object),
            tail: job.tail.then_some(tail),
        });
    }

    fn init_report(&self, phase: &'static str, status: &str) -> String {
        let duration = self.lock().started.elapsed();
        InitReport {
            duration,
            phase,
            status,
        }
        .to_string()
    }

    /// Marks the environment as ready for work: whether it was starting, and whether it was settling.
    pub(crate) fn ready(&self) -> (bool, bool) {
        let mut state = self.lock();
        let was = state.phase;
        if was == Phase::Starting {
            state.init = Some(state.started.elapsed());
        }
        if was != Phase::Ended {
            state.phase = Phase::Ready;
        }
        (was == Phase::Starting, was == Phase::Settling)
    }

    /// Marks the environment as having answered; whether it was at work.
    pub(crate) fn settle(&self) -> bool {
        let mut state = self.lock();
        let was = state.phase;
        if was == Phase::Ready {
            state.phase = Phase::Settling;
        }
        was == Phase::Ready
    }

    /// Marks the environment as gone: whether it was starting, and whether it was settling.
    pub(crate) fn end(&self) -> (bool, bool) {
        let was = std::mem::replace(&mut self.lock().phase, Phase::Ended);
        (was == Phase::Starting, was == Phase::Settling)
    }

    /// A runtime waits: what it is sent arrives here.
    pub(crate) fn wait(&self) -> oneshot::Receiver<Dispatch> {
        let (sender, receiver) = oneshot::channel();
        self.lock().next = Some(sender);
        receiver
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.lock().running.is_some()
    }

    /// Keeps what the runtime says about its failed initialization, and ends it.
    pub(crate) fn fail_init(&self, error: InitError) -> bool {
        let mut state = self.lock();
        if state.phase != Phase::Starting {
            return false;
        }
        state.init_error = Some(error);
        self.killed.notify_one();
        true
    }

    pub(crate) fn kill(&self) {
        self.killed.notify_one();
    }

    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.pool.function.timeout))
    }

    /// The memory the process has used, read anew ten times a second at most.
    fn memory(&self) -> Option<u64> {
        let (process, known) = {
            let state = self.lock();
            (state.process?, state.memory)
        };
        if let Some((read, memory)) = known
            && read.elapsed() < Duration::from_millis(100)
        {
            return Some(memory);
        }
        let memory = Process::memory(process).or(known.map(|(_, memory)| memory))?;
        self.lock().memory = Some((Instant::now(), memory));
        Some(memory)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How an answer fails to fit the job at hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mismatch {
    /// There is no job.
    Idle,
    /// It is for another request.
    Request,
    /// It is for another attempt at the same request.
    Attempt,
}

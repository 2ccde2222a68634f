//! One execution environment: its processes, the APIs they speak to, and the job it is at.

mod extensions;
mod extensions_api;
mod life;
pub(crate) mod mount;
mod output;
pub(crate) mod process;
mod runtime_api;
mod telemetry;
mod telling;
mod watchdog;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::FunctionError;
use serde_json::json;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use self::telling::Work;
use crate::environment::extensions::Extensions;
use crate::environment::output::Output;
use crate::environment::process::Process;
use crate::environment::telemetry::Telemetry;
use crate::function::pool::{Finished, Job, Permit, Pool};
use crate::log::{InitReport, Report};
use crate::refusal::json_bytes;
use crate::streaming::Writer;
use crate::trace;

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
    pub(crate) extensions: Extensions,
    pub(crate) telemetry: Arc<Telemetry>,
    /// The stream its log would have in CloudWatch.
    log_stream: String,
    state: Mutex<State>,
    retired: AtomicBool,
    /// Whether it ends because its time is over.
    late: AtomicBool,
    killed: Notify,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    started: Instant,
    init: Option<Duration>,
    init_phase: &'static str,
    runtime_up: bool,
    init_over: bool,
    next: Option<oneshot::Sender<Dispatch>>,
    running: Option<Running>,
    after: Option<After>,
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
    /// When its answer began to arrive, and how much of it has gone out.
    responded: Option<Instant>,
    produced: usize,
}

/// A job that is answered, and whose extensions are still at it.
#[derive(Debug)]
struct After {
    request_id: String,
    since: Instant,
    init: Option<Duration>,
    status: Option<String>,
    /// Who waits for the log's tail, and the answer for him.
    tail: Option<(oneshot::Sender<Finished>, Result<Bytes, Bytes>)>,
    wanted: bool,
    work: Option<Box<Work>>,
    _permit: Permit,
}

/// What the runtime said about its failed initialization.
#[derive(Debug)]
pub(crate) struct InitError {
    pub(crate) kind: String,
    pub(crate) object: Bytes,
}

impl Environment {
    pub(crate) fn new(pool: &Arc<Pool>) -> Arc<Self> {
        let telemetry = Arc::new(Telemetry::new(pool.clock));
        let name = pool.function.name().to_owned();
        Arc::new(Self {
            output: Output::new(name, pool.log.clone(), telemetry.clone()),
            telemetry,
            log_stream: process::log_stream(pool.clock.timestamp(), &pool.version),
            pool: pool.clone(),
            extensions: Extensions::default(),
            state: Mutex::new(State {
                phase: Phase::Starting,
                started: Instant::now(),
                init: None,
                init_phase: "init",
                runtime_up: false,
                init_over: false,
                next: None,
                running: None,
                after: None,
                init_error: None,
                process: None,
                memory: None,
            }),
            retired: AtomicBool::new(false),
            late: AtomicBool::new(false),
            killed: Notify::new(),
        })
    }

    /// When to look again whether the time is over; `None` when it is.
    ///
    /// A job can only begin after this, so its time ends no earlier than one timeout from now: no
    /// job needs a timer of its own.
    fn due(&self, init: Duration) -> Option<Instant> {
        let now = Instant::now();
        let state = self.lock();
        let later = now + self.timeout();
        let since = state.running.as_ref().map(|running| running.since);
        let since = since.or(state.after.as_ref().map(|after| after.since));
        let deadline = match (since, state.phase) {
            (Some(since), _) => since + self.timeout(),
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
        if job.tail || self.is_followed() {
            self.output.begin(Some(&format!(
                "START RequestId: {} Version: {}",
                job.request_id, self.pool.version
            )));
            self.tell_start(&job);
        }
        self.extensions.invoke(|| {
            json_bytes(&json!({
                "eventType": "INVOKE",
                "deadlineMs": u64::try_from(dispatch.deadline.as_millis()).unwrap_or(u64::MAX),
                "requestId": dispatch.request_id,
                "invokedFunctionArn": dispatch.arn,
                "tracing": { "type": "X-Amzn-Trace-Id", "value": dispatch.trace_header },
            }))
        });
        self.lock().running = Some(Running {
            invocation_id: dispatch.invocation_id.clone(),
            since: Instant::now(),
            responded: None,
            produced: 0,
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

    /// What the answer to the job at hand is to be written to, where it is wanted in pieces.
    pub(crate) fn stream(&self) -> Option<Writer> {
        self.lock().running.as_mut()?.job.stream.take()
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
        let produced = result.as_ref().map_or(0, Bytes::len);
        let work = self.telemetry.is_heard();
        let work = work.then(|| Work::of(&running, produced));
        let Running { job, since, .. } = running;
        if let Some(times) = &job.times {
            times.answered(self.pool.clock.now());
        }
        let wanted = job.tail || self.is_followed();
        if wanted {
            // Whoever has the answer finds in the log what was printed before it.
            self.output.catch_up();
        }
        let (answer, tail) = match job.tail {
            true => (None, Some((job.done, result))),
            false => (Some((job.done, result)), None),
        };
        let after = After {
            request_id: id.to_owned(),
            since,
            init,
            status: status.map(str::to_owned),
            wanted,
            tail,
            work,
            _permit: job.permit,
        };
        // Kept before the answer goes out: whoever has it may end the environment.
        let after = if after.work.is_some() || self.extensions.follow_invocations() {
            self.lock().after = Some(after);
            None
        } else {
            Some(after)
        };
        if let Some((done, result)) = answer {
            // Fails when the caller has gone away.
            let _ = done.send(Finished { result, tail: None });
        }
        if let Some(after) = after {
            self.report(after);
        }
        true
    }

    /// The runtime asks for work: waits until the extensions are done with what was before.
    pub(crate) async fn settled(&self) {
        if self.lock().phase == Phase::Starting {
            self.tell_runtime_up(None);
            self.extensions.ready().await;
            self.output.say(&self.extensions.log());
            self.tell_init_over(None);
        } else {
            self.tell_runtime_done(true, None);
            self.extensions.idle().await;
            self.over(None);
        }
    }

    /// Ends the job whose extensions were still at it; with this status, where something went wrong.
    fn over(&self, status: Option<&str>) {
        self.tell_runtime_done(false, status);
        let after = self.lock().after.take();
        if let Some(after) = after {
            let status = status.map(str::to_owned).or(after.status.clone());
            self.report(After { status, ..after });
        }
    }

    /// Writes the end of a job's log.
    fn report(&self, after: After) {
        if !after.wanted {
            return;
        }
        let id = &after.request_id;
        let report = Report {
            request_id: id,
            duration: after.since.elapsed(),
            memory: self.pool.function.memory,
            used: self.memory(),
            init: after.init,
            status: after.status.as_deref(),
        };
        let lines = [format!("END RequestId: {id}"), report.to_string()];
        let tail = Some(self.output.finish(&lines));
        self.tell_report(&report, after.work.as_deref());
        if let Some((done, result)) = after.tail {
            // Fails when the caller has gone away.
            let _ = done.send(Finished { result, tail });
        }
    }

    /// Fails a job that waited for this environment, which never came to ask for it.
    fn fail_start(&self, job: Job, object: Bytes, status: &str) {
        let id = &job.request_id;
        let mut lines = vec![format!(
            "START RequestId: {id} Version: {}",
            self.pool.version
        )];
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
        self.tell_never_began(&job, &report);
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

    /// Whether it takes no more work.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().phase == Phase::Ended
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

    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Ordering::Acquire)
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

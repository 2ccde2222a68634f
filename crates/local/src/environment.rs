//! One execution environment: its processes, the APIs they speak to, and the job it is at.

mod extensions;
mod extensions_api;
pub(crate) mod job;
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
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::environment::extensions::Extensions;
use crate::environment::job::{After, Dispatch, Running};
use crate::environment::output::Output;
use crate::environment::process::Process;
use crate::environment::telemetry::Telemetry;
use crate::function::pool::Pool;
use crate::log::InitReport;

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

    /// Whether it has not asked for work yet.
    pub(crate) fn is_starting(&self) -> bool {
        self.lock().phase == Phase::Starting
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

//! The environments of one function, and the invocations that wait for one.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::environment::Environment;
use crate::environment::job::Dispatch;
use crate::environment::mount::Mounted;
use crate::environment::process::HANDLER;
use crate::log::Log;
use crate::options::Command;
use crate::streaming::Writer;
use crate::traces::Times;

/// How long an environment that has answered may take to ask for more before another is started in
/// its place.
const SETTLING: Duration = Duration::from_millis(50);

/// One invocation on its way to an environment.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) arn: String,
    pub(crate) client_context: Option<String>,
    pub(crate) trace_header: String,
    pub(crate) times: Option<Arc<Times>>,
    pub(crate) stream: Option<Writer>,
    pub(crate) tail: bool,
    pub(crate) permit: Permit,
    pub(crate) done: oneshot::Sender<Finished>,
}

/// What came of a job: the answer, or the error object.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) result: Result<Bytes, Bytes>,
    pub(crate) tail: Option<String>,
}

/// A share of a function's concurrency, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<AtomicUsize>);

impl Permit {
    /// Takes a share, unless `limit` are taken.
    pub(crate) fn take(count: &Arc<AtomicUsize>, limit: usize) -> Option<Self> {
        count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
                (taken < limit).then_some(taken + 1)
            })
            .ok()
            .map(|_| Self(count.clone()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What an environment that asks for work is told.
#[derive(Debug)]
pub(crate) enum Next {
    Run(Dispatch),
    Wait(oneshot::Receiver<Dispatch>),
    Retire,
}

/// How an environment ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Whether it did so, by itself, before it asked for work.
    pub(crate) failed: bool,
    /// The waiting job that fails with it.
    pub(crate) job: Option<Job>,
}

/// The environments of one version of a function.
#[derive(Debug)]
pub(crate) struct Pool {
    /// The version that runs here: `$LATEST`, or a number.
    pub(crate) version: String,
    pub(crate) function: lambda_with::Function,
    pub(crate) command: Command,
    pub(crate) mounted: Option<Mounted>,
    /// The folder of its external extensions.
    pub(crate) extensions: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    pub(crate) max: usize,
    pub(crate) state: Mutex<State>,
}

/// What of a pool changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    waiting: VecDeque<Job>,
    idle: Vec<Arc<Environment>>,
    all: Vec<Arc<Environment>>,
    tasks: JoinSet<()>,
    starting: usize,
    settling: usize,
    rechecking: bool,
    /// Whether environments end as soon as nothing waits.
    draining: bool,
    closed: bool,
}

impl Pool {
    /// Hands `job` to an idle environment, or lets it wait for one.
    pub(crate) fn submit(self: &Arc<Self>, mut job: Job) {
        let mut state = self.lock();
        while let Some(environment) = state.idle.pop() {
            match environment.deliver(job) {
                Ok(()) => return,
                Err(back) => job = *back,
            }
        }
        if state.closed {
            return;
        }
        state.waiting.push_back(job);
        let patience = state.settling;
        self.start(&mut state, patience);
        if patience > 0 && !state.rechecking && state.all.len() < self.max {
            state.rechecking = true;
            let pool = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(SETTLING).await;
                let mut state = pool.lock();
                state.rechecking = false;
                pool.start(&mut state, 0);
            });
        }
    }

    /// Gives an environment that asks for work its next job.
    pub(crate) fn next(&self, environment: &Arc<Environment>) -> Next {
        let mut state = self.lock();
        if environment.is_retired() || environment.has_ended() {
            return Next::Retire;
        }
        let (was_starting, was_settling) = environment.ready();
        state.starting -= usize::from(was_starting);
        state.settling -= usize::from(was_settling);
        while let Some(job) = state.waiting.pop_front() {
            if !job.done.is_closed() {
                return Next::Run(environment.begin(job));
            }
        }
        if state.draining {
            environment.retire();
            return Next::Retire;
        }
        state.idle.retain(|idle| !Arc::ptr_eq(idle, environment));
        state.idle.push(environment.clone());
        Next::Wait(environment.wait())
    }

    /// Takes note that an environment has answered and will ask for more.
    pub(crate) fn settling(&self, environment: &Environment) {
        let mut state = self.lock();
        if environment.settle() {
            state.settling += 1;
        }
    }

    /// Forgets an environment that has ended.
    pub(crate) fn ended(self: &Arc<Self>, environment: &Arc<Environment>) -> Ended {
        let mut state = self.lock();
        let (was_starting, was_settling) = environment.end();
        state.starting -= usize::from(was_starting);
        state.settling -= usize::from(was_settling);
        state.idle.retain(|idle| !Arc::ptr_eq(idle, environment));
        state.all.retain(|other| !Arc::ptr_eq(other, environment));
        let failed = was_starting && !environment.is_retired();
        let job = failed.then(|| state.waiting.pop_front()).flatten();
        self.start(&mut state, 0);
        Ended { failed, job }
    }

    /// Ends idle environments now and busy ones after their job.
    pub(crate) fn restart(&self) {
        let mut state = self.lock();
        for environment in &state.all {
            environment.retire();
        }
        for environment in std::mem::take(&mut state.idle) {
            environment.kill();
        }
    }

    /// Ends idle environments now and the others as soon as nothing waits.
    pub(crate) fn drain(&self) {
        let mut state = self.lock();
        state.draining = true;
        for environment in std::mem::take(&mut state.idle) {
            environment.retire();
            environment.kill();
        }
    }

    /// Ends everything; jobs that wait are given up.
    pub(crate) async fn close(&self) {
        let mut tasks = {
            let mut state = self.lock();
            state.closed = true;
            state.waiting.clear();
            state.idle.clear();
            for environment in &state.all {
                environment.retire();
                environment.kill();
            }
            std::mem::take(&mut state.tasks)
        };
        while tasks.join_next().await.is_some() {}
    }

    /// Ends everything at once, without waiting until it is gone.
    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        state.idle.clear();
        state.all.clear();
        state.tasks = JoinSet::new();
    }

    /// The function's handler, as extensions are told.
    pub(crate) fn handler(&self) -> &str {
        let mut set = self.environment.iter().rev();
        set.find(|(name, _)| name == "_HANDLER")
            .map_or(HANDLER, |(_, value)| value)
    }

    /// Whether the function's log is JSON, as its variables say.
    pub(crate) fn logs_json(&self) -> bool {
        let mut set = self.environment.iter().rev();
        set.find(|(name, _)| name == "AWS_LAMBDA_LOG_FORMAT")
            .is_some_and(|(_, format)| format == "JSON")
    }

    /// How many environments there are.
    pub(crate) fn environments(&self) -> usize {
        self.lock().all.len()
    }

    /// Starts environments for the jobs that neither starting nor `patience` others will take.
    fn start(self: &Arc<Self>, state: &mut State, patience: usize) {
        while !state.closed
            && state.starting + patience < state.waiting.len()
            && state.all.len() < self.max
        {
            let environment = Environment::new(self);
            state.all.push(environment.clone());
            state.starting += 1;
            while state.tasks.try_join_next().is_some() {}
            state.tasks.spawn(environment.run());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The environments of one function, and the invocations that wait for one.

use std::collections::VecDeque;
use std::path::PathBuf;
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
use crate::function::concurrency::{Permit, Place};
use crate::function::provisioned::Allocation;
use crate::log::Log;
use crate::options::Command;
use crate::streaming::Writer;
use crate::traces::Times;

/// How long an environment that has answered may take to ask for more before another is started in
/// its place.
const SETTLING: Duration = Duration::from_millis(50);

/// How often an environment is started that is to be kept, until it is given up. Lambda was seen to do
/// so six times.
const TRIES: usize = 6;

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
    /// Whose provisioned concurrency its environments are; those of others are started on demand.
    pub(crate) provisioned: Option<(Place, u64)>,
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
    /// How many are asked for, and how many are there however little there is to do.
    wanted: usize,
    keep: usize,
    /// How many of them may still fail to start.
    tries: usize,
    allocation: Option<Allocation>,
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
        self.check_allocation(&mut state);
        while let Some(job) = state.waiting.pop_front() {
            if !job.done.is_closed() {
                return Next::Run(environment.begin(job));
            }
        }
        let is_too_many = self.provisioned.is_some() && state.staying().count() > state.keep;
        if state.draining || is_too_many {
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
        if failed && state.keep > 0 {
            state.tries = state.tries.saturating_sub(1);
            if state.tries == 0 {
                self.give_up(&mut state);
            }
        }
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
        state.keep = 0;
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

    /// Has so many environments initialized and kept, as far as the machine can run them.
    pub(crate) fn keep(self: &Arc<Self>, count: usize) {
        let mut state = self.lock();
        state.wanted = count;
        state.keep = count.min(self.max);
        state.tries = TRIES;
        state.allocation = (count > 0).then_some(Allocation::InProgress);
        let surplus = state.staying().count().saturating_sub(state.keep);
        state.dismiss(surplus);
        self.start(&mut state, 0);
        self.check_allocation(&mut state);
    }

    /// The same for a version's provisioned concurrency, without environments yet.
    pub(crate) fn provisioned(&self, place: Place, version: u64) -> Self {
        Self {
            version: self.version.clone(),
            function: self.function.clone(),
            command: self.command.clone(),
            mounted: self.mounted.clone(),
            extensions: self.extensions.clone(),
            environment: self.environment.clone(),
            clock: self.clock,
            log: self.log.clone(),
            max: self.max,
            provisioned: Some((place, version)),
            state: Mutex::default(),
        }
    }

    /// Whether as many are kept, or cannot be.
    pub(crate) fn keeps(&self, count: usize) -> bool {
        let state = self.lock();
        match state.allocation {
            None => count == 0,
            Some(_) => state.wanted == count,
        }
    }

    /// How far what is to be kept is there; nothing where nothing is.
    pub(crate) fn allocation(&self) -> Option<Allocation> {
        self.lock().allocation
    }

    /// How its environments were initialized, as they are told.
    pub(crate) fn initialization(&self) -> &'static str {
        match self.provisioned {
            Some(_) => "provisioned-concurrency",
            None => "on-demand",
        }
    }

    /// Takes note when all that is to be kept is there.
    fn check_allocation(&self, state: &mut State) {
        let Some((place, version)) = &self.provisioned else {
            return;
        };
        let up = state
            .staying()
            .filter(|environment| !environment.is_starting());
        let is_there = up.count() >= state.keep;
        match state.allocation {
            Some(Allocation::InProgress) if is_there => {
                state.allocation = Some(Allocation::Ready);
                place.with(|account, function| account.ready(function, *version, true));
            }
            Some(Allocation::Ready) => {}
            _ => return,
        }
        state.tries = TRIES;
    }

    /// Keeps none any more: they do not start.
    fn give_up(&self, state: &mut State) {
        state.keep = 0;
        state.allocation = Some(Allocation::Failed);
        state.dismiss(usize::MAX);
        if let Some((place, version)) = &self.provisioned {
            place.with(|account, function| account.ready(function, *version, false));
        }
    }

    /// Starts environments for the jobs that neither starting nor `patience` others will take, and
    /// those that are to be kept.
    fn start(self: &Arc<Self>, state: &mut State, patience: usize) {
        let most = match state.keep {
            0 => self.max,
            keep => keep,
        };
        while !state.closed
            && (state.starting + patience < state.waiting.len() || state.all.len() < state.keep)
            && state.all.len() < most
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

impl State {
    /// The environments that are not asked to end.
    fn staying(&self) -> impl Iterator<Item = &Arc<Environment>> {
        let all = self.all.iter();
        all.filter(|environment| !environment.is_retired())
    }

    /// Ends so many environments that are at nothing, or still starting.
    fn dismiss(&mut self, most: usize) {
        let starting = self
            .staying()
            .filter(|environment| environment.is_starting());
        let dismissed: Vec<_> = self
            .idle
            .iter()
            .chain(starting)
            .take(most)
            .cloned()
            .collect();
        for environment in dismissed {
            self.idle.retain(|idle| !Arc::ptr_eq(idle, &environment));
            environment.retire();
            environment.kill();
        }
    }
}

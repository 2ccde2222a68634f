//! What the parts of an engine share: functions, queue, history, and how they end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lambda_with::{Error, ErrorKind, Outcome};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::function::concurrency::Concurrency;
use crate::function::{Attempt, Function};
use crate::history::{Happening, History, What};
use crate::name::Name;
use crate::poller::checkpoints::Checkpoints;
use crate::poller::mappings::Mappings;
use crate::queue::deliver::Deliveries;
use crate::queue::outbox::Sender;
use crate::queue::{Event, Place, Queue};
use crate::refusal::stopped_loop;
use crate::trace;
use crate::traces::{Invoked, Traces};

/// What an engine's parts share.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) functions: BTreeMap<String, Arc<Function>>,
    pub(crate) concurrency: Concurrency,
    pub(crate) queue: Queue,
    pub(crate) clock: Clock,
    pub(crate) sender: Sender,
    pub(crate) deliveries: Deliveries,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) traces: Option<Arc<Traces>>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) mappings: Mappings,
    pub(crate) history: History,
    pub(crate) woken: BTreeMap<String, Arc<Notify>>,
    pub(crate) waiting: watch::Sender<usize>,
    pub(crate) tasks: Mutex<JoinSet<()>>,
    pub(crate) invoke_address: Option<SocketAddr>,
}

impl Engine {
    /// A function and the qualifier `name` holds.
    pub(crate) fn find(&self, name: &str) -> Result<(Arc<Function>, Option<String>), Error> {
        let name: Name = name.parse()?;
        let missing = |arn: String| {
            Err(Error::new(
                ErrorKind::NotFound,
                format!("Function not found: {arn}"),
            ))
        };
        match self.functions.get(&name.name) {
            Some(function) if name.fits(&function.definition) => {
                Ok((function.clone(), name.qualifier))
            }
            _ => missing(
                name.arn(
                    self.functions
                        .values()
                        .next()
                        .map(|function| &function.definition),
                ),
            ),
        }
    }

    /// Runs a function once and takes note of it.
    pub(crate) async fn run(
        &self,
        function: &Function,
        mut attempt: Attempt,
    ) -> Result<Outcome, Error> {
        let (id, payload) = (attempt.request_id.clone(), attempt.payload.clone());
        let links = std::mem::take(&mut attempt.links);
        let header = &mut attempt.trace_header;
        let traced = self
            .traces
            .as_ref()
            .and_then(|traces| Invoked::begin(traces, self.clock, function, &id, header, links));
        attempt.times = traced.as_ref().map(|traced| traced.times());
        let (header, invocation) = trace::entered(
            attempt.trace_header.take(),
            std::mem::take(&mut attempt.chain),
            &function.definition.arn,
            self.clock.now(),
        );
        attempt.trace_header = Some(header);
        let result = match function.recursive_loop().admits(invocation) {
            true => function.run(attempt).await,
            false => Err(stopped_loop(function.name())),
        };
        if let Some(traced) = traced {
            traced.end(&result);
        }
        match &result {
            Ok(outcome) => {
                self.note(function, &id, || What::Ran {
                    payload,
                    outcome: outcome.clone(),
                });
            }
            Err(error) => self.note(function, &id, || What::Refused(error.to_string())),
        }
        result
    }

    /// Accepts an asynchronous event: on return it is on disk, or in the shared queue.
    pub(crate) async fn accept(&self, function: &Function, event: Event) -> Result<(), Error> {
        let id = event.request_id.clone();
        self.enqueue(function.name(), event).await?;
        self.note(function, &id, || What::Accepted);
        Ok(())
    }

    /// Adds to a queue: on return it is on disk, or in the shared queue.
    pub(crate) async fn enqueue(&self, queue: &str, event: Event) -> Result<(), Error> {
        if self.queue.shared_for(queue).is_some() {
            // Counted when it is received, by whichever engine that is.
            return self.queue.accept(queue, event, self.clock.now()).await;
        }
        // Counted first, so that it cannot be finished before it is counted.
        self.waiting.send_modify(|waiting| *waiting += 1);
        if let Err(error) = self.queue.accept(queue, event, self.clock.now()).await {
            self.done();
            return Err(error);
        }
        if let Some(woken) = self.woken.get(queue) {
            woken.notify_one();
        }
        Ok(())
    }

    /// Forgets an event that is done with.
    pub(crate) async fn finish(&self, queue: &str, place: Place) {
        self.queue.finish(queue, place).await;
        self.done();
    }

    /// Puts an event back to be tried again.
    pub(crate) async fn put_back(&self, queue: &str, place: Place, event: Event, due: Duration) {
        let now = self.clock.now();
        self.queue.put_back(queue, place, event, due, now).await;
        if self.queue.shared_for(queue).is_some() {
            self.done();
        }
        if let Some(woken) = self.woken.get(queue) {
            woken.notify_one();
        }
    }

    pub(crate) fn note(&self, function: &Function, request_id: &str, what: impl FnOnce() -> What) {
        self.happened(function.name(), request_id, what);
    }

    pub(crate) fn happened(&self, function: &str, request_id: &str, what: impl FnOnce() -> What) {
        self.history.add(|| Happening {
            at: self.clock.timestamp(),
            function: function.to_owned(),
            request_id: request_id.to_owned(),
            what: what(),
        });
    }

    pub(crate) fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self) {
        self.waiting
            .send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

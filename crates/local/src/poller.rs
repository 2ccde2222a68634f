//! Driving a polled source: receive, filter, form batches, invoke, acknowledge.

pub(crate) mod checkpoints;
pub(crate) mod mappings;
pub(crate) mod scripted;
mod settings;
mod stream;

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::batch::{Batch, Batcher, Envelope, Limits};
use lambda_with::rules::partial::Verdict;
use lambda_with::rules::recursion::Chain;
use lambda_with::rules::scaling::Pollers;
use lambda_with::{Error, ErrorKind, Invocation, Outcome, Record, Source};
use lambda_with_x_ray::Link;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

pub use self::settings::Mapping;
use crate::handle::FunctionHandle;
use crate::trace;
use crate::traces::{chain, headers, links};

/// How long one read waits for records.
const WAIT: Duration = Duration::from_secs(20);

/// How many reads are under way at once while there is a backlog.
const READS: usize = 5;

/// The longest pause after a source could not be read.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// How long a batch is offered to a function that is throttled; an SQS queue's usual visibility
/// timeout.
const THROTTLED: Duration = Duration::from_secs(30);

/// The shortest and the longest time a batch that failed is kept before a broker gets it back, which
/// gives it out again at once. AWS does not say how long it waits.
const KEPT: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

/// How long a stop waits for reads that are under way.
const STOP: Duration = Duration::from_millis(500);

/// What a poller has done so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Polled {
    /// Records read.
    pub received: u64,
    /// Records the filters kept out.
    pub filtered: u64,
    /// Batches invoked.
    pub batches: u64,
    /// Records acknowledged after an invocation.
    pub succeeded: u64,
    /// Records that must come again.
    pub failed: u64,
    /// Records that were given up: those of a stream, reported where there is a destination, and
    /// those of a broker that were too large for any event.
    pub given_up: u64,
    /// Why the last read or acknowledgement failed; gone after the next that works.
    pub error: Option<String>,
}

/// A running poller. Dropping this lets it run on until the engine stops.
#[derive(Debug)]
pub struct Poller {
    stop: watch::Sender<bool>,
    polled: Arc<Mutex<Polled>>,
    done: oneshot::Receiver<()>,
}

impl Poller {
    pub(crate) fn new(
        stop: watch::Sender<bool>,
        polled: Arc<Mutex<Polled>>,
        done: oneshot::Receiver<()>,
    ) -> Self {
        Self { stop, polled, done }
    }

    /// What it has done so far.
    #[must_use]
    pub fn polled(&self) -> Polled {
        self.polled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads no more, lets batches that run end, and acknowledges what they did.
    ///
    /// Records that were read and not delivered come again by the source's own rules.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // Nothing is ever sent: the other end is dropped when the poller has ended.
        let _ = self.done.await;
    }
}

impl FunctionHandle {
    /// Polls a source for this function, until stopped or the engine stops.
    ///
    /// Invocations are made as the function's owner: polled sources need no resource-based policy.
    pub fn poll(&self, source: impl Source + 'static, mapping: Mapping) -> Poller {
        let polled = Arc::default();
        let (stop, stopped) = watch::channel(false);
        let (ended, done) = oneshot::channel();
        let usual = Envelope::default().bytes();
        let extra = mapping.envelope.bytes().saturating_sub(usual);
        let limits = Limits {
            payload: mapping.limits.payload.saturating_sub(extra),
            ..mapping.limits
        };
        let drive = Drive {
            source: Arc::new(source),
            function: self.clone(),
            batcher: Batcher::new(limits),
            pollers: Pollers::new(mapping.scaling.at_most(self.function.parallel)),
            mapping,
            polled: Arc::clone(&polled),
            reads: JoinSet::new(),
            runs: JoinSet::new(),
            acknowledgements: JoinSet::new(),
            kept: Vec::new(),
            failed_in_a_row: 0,
            wanted: 1,
            pause: None,
        };
        let engine = self.engine.stop.subscribe();
        self.engine.tasks().spawn(async move {
            drive.run(stopped, engine).await;
            drop(ended);
        });
        Poller::new(stop, polled, done)
    }
}

/// What a running poller holds.
struct Drive<S> {
    source: Arc<S>,
    function: FunctionHandle,
    mapping: Mapping,
    batcher: Batcher,
    polled: Arc<Mutex<Polled>>,
    reads: JoinSet<Result<Vec<Record>, Error>>,
    runs: JoinSet<(Batch, Result<Outcome, Error>)>,
    acknowledgements: JoinSet<Result<(), Error>>,
    /// What failed, and until when it is kept before the source gets it back.
    kept: Vec<(Instant, Vec<Record>)>,
    failed_in_a_row: u32,
    /// How many reads may be under way: more while they find something.
    wanted: usize,
    /// How many batches may run.
    pollers: Pollers,
    /// Until when not to read, and how long the last pause was.
    pause: Option<(Instant, Duration)>,
}

impl<S: Source + 'static> Drive<S> {
    async fn run(mut self, stopped: watch::Receiver<bool>, engine: watch::Receiver<bool>) {
        let mut stop = pin!(async {
            tokio::select! {
                () = told(stopped) => {}
                () = told(engine) => {}
            }
        });
        loop {
            self.grow();
            self.deliver();
            self.read();
            let next = self.next();
            let next = next.map(|next| self.function.engine.clock.until(next));
            // Once it is over, what there is room for decides when to read.
            let pause = self
                .pause
                .and_then(|(until, _)| until.checked_duration_since(Instant::now()))
                .filter(|pause| !pause.is_zero() && self.reads.is_empty());
            let kept = self.kept.iter().map(|(until, _)| *until).min();
            let kept = kept.map(|until| until.saturating_duration_since(Instant::now()));
            tokio::select! {
                () = &mut stop => break,
                Some(read) = self.reads.join_next() => self.received(read),
                Some(run) = self.runs.join_next() => self.ran(run),
                Some(done) = self.acknowledgements.join_next() => self.acknowledged(done),
                () = sleep(next) => {}
                () = sleep(pause) => {}
                () = sleep(kept) => self.give_back(Instant::now()),
            }
        }
        self.wind_down().await;
    }

    /// When a batch will be due, or one more may run.
    fn next(&mut self) -> Option<Duration> {
        if self.runs.len() < self.pollers.allowed() {
            self.pollers.caught_up();
            return self.batcher.deadline();
        }
        self.grow();
        self.batcher.deadline().and(self.pollers.grows_at())
    }

    /// Lets more batches run where as many run as may, and messages are left.
    fn grow(&mut self) {
        if self.runs.len() >= self.pollers.allowed() && self.batcher.deadline().is_some() {
            self.pollers.backlog(self.function.engine.clock.now());
        }
    }

    /// Starts as many reads as there is room for what they may bring.
    fn read(&mut self) {
        if self.pause.is_some_and(|(until, _)| until > Instant::now()) {
            return;
        }
        let size = self.mapping.limits.size.max(1);
        let room = (self.pollers.allowed().saturating_sub(self.runs.len()) * size).max(size);
        while self.reads.len() < self.wanted {
            let expected = self.batcher.waiting() + self.reads.len() * size;
            let max = room.saturating_sub(expected).min(size.max(10));
            if max == 0 {
                return;
            }
            let source = self.source.clone();
            self.reads
                .spawn(async move { source.receive(max, WAIT).await });
        }
    }

    /// Starts the batches that are due.
    fn deliver(&mut self) {
        while self.runs.len() < self.pollers.allowed() {
            let Some(batch) = self.batcher.next(self.function.engine.clock.now()) else {
                return;
            };
            self.count(|polled| polled.batches += 1);
            let function = self.function.clone();
            let event = self.mapping.envelope.event(&batch.records);
            let headers = headers(&batch.records);
            let chain = chain(&headers);
            let links = match &function.engine.traces {
                Some(_) => links(&headers),
                None => Vec::new(),
            };
            self.runs.spawn(async move {
                let result = invoke(&function, &event, &links, &chain).await;
                (batch, result)
            });
        }
    }

    fn received(&mut self, read: Result<Result<Vec<Record>, Error>, JoinError>) {
        let records = match read.map_err(|error| ended(&error)).flatten() {
            Ok(records) => records,
            Err(error) => {
                let last = self.pause.map_or(Duration::ZERO, |(_, last)| last);
                let pause = (last * 2).clamp(Duration::from_secs(1), MAX_PAUSE);
                self.pause = Some((Instant::now() + pause, pause));
                self.wanted = 1;
                tracing::warn!(%error, function = self.function.function.name(), "the source cannot be read");
                return self.count(|polled| polled.error = Some(error.to_string()));
            }
        };
        self.pause = None;
        self.wanted = if records.is_empty() {
            if self.runs.is_empty() && self.batcher.waiting() == 0 {
                self.pollers.idle();
            }
            1
        } else {
            (self.wanted + 1).min(READS)
        };
        let received = records.len();
        let (kept, rejected) = records.into_iter().partition::<Vec<_>, _>(|record| {
            self.mapping
                .filters
                .accepts(&self.mapping.data_key, &record.json)
        });
        self.count(|polled| {
            polled.error = None;
            polled.received += count(received);
            polled.filtered += count(rejected.len());
        });
        self.acknowledge(rejected);
        let too_large = self.batcher.offer(kept, self.function.engine.clock.now());
        for record in &too_large {
            tracing::error!(id = record.id, "a record is too large for any event");
        }
        match self.mapping.drop_too_large {
            true => {
                self.count(|polled| polled.given_up += count(too_large.len()));
                self.acknowledge(too_large);
            }
            false => self.count(|polled| polled.failed += count(too_large.len())),
        }
    }

    fn ran(&mut self, run: Result<(Batch, Result<Outcome, Error>), JoinError>) {
        // The task only ends early when the engine's runtime is going down.
        let Ok((batch, result)) = run else { return };
        let verdict = match &result {
            Ok(outcome) => Verdict::read(
                self.mapping.report_batch_item_failures,
                outcome,
                &batch.records,
            ),
            Err(error) => Verdict {
                failed: batch
                    .records
                    .iter()
                    .map(|record| record.id.clone())
                    .collect(),
                reason: Some(error.to_string()),
                ..Verdict::default()
            },
        };
        if let Some(reason) = &verdict.reason {
            tracing::warn!(
                reason,
                function = self.function.function.name(),
                "a batch failed"
            );
        }
        for id in &verdict.disordered {
            tracing::warn!(
                id,
                "counts as done although an earlier record of its group failed"
            );
        }
        match (
            verdict.failed.is_empty(),
            self.mapping.report_batch_item_failures,
        ) {
            (true, _) => self.pollers.succeeded(),
            (false, true) if result.is_ok() => {}
            (false, _) => self.pollers.failed(),
        }
        let given_back = self.batcher.finish(batch.id, &verdict.failed);
        self.count(|polled| {
            polled.succeeded += count(verdict.succeeded.len());
            polled.failed += count(verdict.failed.len() + given_back.len());
        });
        let failed: HashSet<String> = verdict.failed.into_iter().collect();
        let (failed, done) = batch
            .records
            .into_iter()
            .partition(|record| failed.contains(&record.id));
        self.acknowledge(done);
        self.keep(failed);
        self.release(given_back);
    }

    /// Keeps what failed for a while, the longer the more batches fail one after the other.
    fn keep(&mut self, failed: Vec<Record>) {
        if failed.is_empty() {
            self.failed_in_a_row = 0;
            return;
        }
        let [shortest, longest] = KEPT;
        let pause = (shortest * (1 << self.failed_in_a_row.min(5))).min(longest);
        self.failed_in_a_row += 1;
        self.kept.push((Instant::now() + pause, failed));
    }

    /// Gives back what has been kept until `now`.
    fn give_back(&mut self, now: Instant) {
        let over = |(until, _): &mut (Instant, Vec<Record>)| *until <= now;
        for (_, records) in self.kept.extract_if(.., over).collect::<Vec<_>>() {
            self.release(records);
        }
    }

    fn acknowledge(&mut self, records: Vec<Record>) {
        if !records.is_empty() {
            let source = self.source.clone();
            self.acknowledgements
                .spawn(async move { source.acknowledge(&records).await });
        }
    }

    fn release(&mut self, records: Vec<Record>) {
        if !records.is_empty() {
            let source = self.source.clone();
            self.acknowledgements
                .spawn(async move { source.release(&records).await });
        }
    }

    fn acknowledged(&mut self, done: Result<Result<(), Error>, JoinError>) {
        if let Err(error) = done.map_err(|error| ended(&error)).flatten() {
            tracing::warn!(%error, "records that are done with may come again");
            self.count(|polled| polled.error = Some(error.to_string()));
        }
    }

    /// Lets end what is under way. A read that is not back soon is given up: what it brings comes
    /// again.
    async fn wind_down(&mut self) {
        let reads = async { while self.reads.join_next().await.is_some() {} };
        // What the reads still bring is not delivered any more.
        let _ = tokio::time::timeout(STOP, reads).await;
        self.reads.shutdown().await;
        while let Some(run) = self.runs.join_next().await {
            self.ran(run);
        }
        for (_, records) in std::mem::take(&mut self.kept) {
            self.release(records);
        }
        while let Some(done) = self.acknowledgements.join_next().await {
            self.acknowledged(done);
        }
    }

    fn count(&self, change: impl FnOnce(&mut Polled)) {
        change(&mut self.polled.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Invokes with a batch. A function that is throttled is asked again for a while, which takes none
/// of the records' attempts.
async fn invoke(
    function: &FunctionHandle,
    event: &Bytes,
    links: &[Link],
    chain: &Chain,
) -> Result<Outcome, Error> {
    let begun = Instant::now();
    let mut pause = Duration::from_secs(1);
    loop {
        let invocation = Invocation::new(event.clone());
        let id = trace::request_id();
        let invoked = function.invoke_linked(id, invocation, links.to_vec(), chain.clone());
        match invoked.await {
            Err(error)
                if error.kind() == ErrorKind::Throttled && begun.elapsed() + pause < THROTTLED =>
            {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            result => return result,
        }
    }
}

/// Waits until told; for ever when nobody is left to tell.
pub(crate) async fn told(mut told: watch::Receiver<bool>) {
    if told.wait_for(|told| *told).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Sleeps; for ever without a duration.
pub(crate) async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

pub(crate) fn ended(error: &JoinError) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the source's code ended: {error}"),
    )
}

pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

//! Runs a handler once per record of a batch, and tells what the answer must name.
//!
//! ```
//! use std::borrow::Cow;
//!
//! use lambda_with::batch::{Answer, Batch, BatchRecord, OnFailure, Order};
//!
//! struct Reading {
//!     sensor: String,
//!     place: String,
//! }
//!
//! impl BatchRecord for Reading {
//!     const ANSWER: Answer = Answer::Halt;
//!
//!     fn id(&self) -> Cow<'_, str> {
//!         self.place.as_str().into()
//!     }
//!
//!     fn order(&self, _: Order) -> Option<Cow<'_, str>> {
//!         Some(self.sensor.as_str().into())
//!     }
//!
//!     fn on_failure(&self) -> OnFailure {
//!         OnFailure::StopBehind
//!     }
//! }
//!
//! async fn function(readings: Vec<Reading>) -> Option<String> {
//!     let handle = async |reading: &Reading| match reading.sensor.as_str() {
//!         "" => Err("no sensor"),
//!         _ => Ok(()),
//!     };
//!     let report = Batch::default().run(&readings, handle).await;
//!     report.checkpoint().map(|reading| reading.place.clone())
//! }
//! ```
//!
//! The records of all polled services are [`BatchRecord`]s: each says what it stays in order with, and
//! what a failure stops unless the [`Batch`] says otherwise. Records of one order run one after the
//! other, orders side by side, at most as many at once as the batch allows.

pub mod answer;
mod lanes;
mod report;

use std::any::Any;
use std::borrow::Cow;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use self::lanes::Lanes;
pub use self::report::{Cause, Failure, Report};

/// A record of a batch: its name, its order, and what its service makes of an answer.
pub trait BatchRecord {
    /// What an answer can say of the batch.
    const ANSWER: Answer;

    /// What it is called where its failure is told: the message id, the sequence number.
    fn id(&self) -> Cow<'_, str>;

    /// What it stays in order with: its message group, partition or key. Records without one run
    /// freely.
    fn order(&self, by: Order) -> Option<Cow<'_, str>>;

    /// What its failure stops unless the batch says otherwise.
    fn on_failure(&self) -> OnFailure;
}

/// What an answer can say of a batch.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Answer {
    /// Which records failed; the others are done: Amazon SQS, Kafka.
    Each,
    /// Where the batch came to a halt; all from there on comes again: Kinesis, DynamoDB.
    Halt,
    /// Nothing; after a failure the whole batch comes again: Amazon MQ.
    Nothing,
}

/// How the records of a batch are run.
///
/// A handler that panics costs its record and no other, unless the program is built with
/// `panic = "abort"`. The records are futures of one task, so a handler that blocks its thread holds
/// up all others.
///
/// The connection must have `report_batch_item_failures`, where the service has it: without it Lambda
/// ignores the answer and takes every record for done. See
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html>.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Batch {
    /// How many records are at work at once, at least 1; 10 unless set.
    pub parallel: usize,
    /// Which records keep their order; what the source keeps in order unless set.
    pub order: Order,
    /// What a failed record stops; unless set what suits the service, see [`OnFailure`].
    pub on_failure: Option<OnFailure>,
    /// With less time than this left, no further record begins; 1 second unless set.
    pub begin_margin: Duration,
    /// With less time than this left, the answer goes out and the records still running are given
    /// up; 200 milliseconds unless set.
    pub answer_margin: Duration,
}

/// Which records of a batch run one after the other.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Order {
    /// What the source keeps in order: a FIFO queue's message group, a topic's partition, a stream's
    /// partition key, a table's item.
    #[default]
    Source,
    /// Of Kafka those of one key within a partition, where records without a key have no order; of
    /// all others the same as `Source`.
    Key,
    /// None.
    None,
}

/// What a failed record stops.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum OnFailure {
    /// Nothing: it alone is reported, and what follows it goes on. Usual for a standard queue. For
    /// Kafka it lets go of a record that nobody can read; with [`StopLane`](Self::StopLane) all
    /// behind it are given up with it when the attempts are used up.
    Alone,
    /// What must stay in order with it: those behind it in its group, partition or key do not begin
    /// and are reported with it, so that they come again in their order. Usual for Kafka.
    StopLane,
    /// Whatever stands behind it in the batch, which comes again anyway. Usual for Kinesis and
    /// DynamoDB.
    StopBehind,
    /// No further record begins. Usual for a FIFO queue, as AWS advises, and for brokers, whose
    /// whole batch comes again.
    StopAll,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            parallel: 10,
            order: Order::Source,
            on_failure: None,
            begin_margin: Duration::from_secs(1),
            answer_margin: Duration::from_millis(200),
        }
    }
}

impl Batch {
    /// Runs `handler` once per record, for as long as it takes.
    ///
    /// If Lambda's timeout comes first, the whole batch fails: [`run_within`](Self::run_within)
    /// answers in time.
    pub async fn run<'e, T, E, F, R>(
        &self,
        records: impl IntoIterator<Item = &'e T>,
        handler: F,
    ) -> Report<'e, T, E>
    where
        T: BatchRecord + 'e,
        F: Fn(&'e T) -> R,
        R: Future<Output = Result<(), E>>,
    {
        let lanes = self.lanes(records);
        let is_late = || false;
        self.go(lanes, &handler, is_late, pending(), pending())
            .await
    }

    /// Runs `handler` once per record and answers before the time that remains is over.
    ///
    /// ```
    /// # use lambda_with::batch::{Batch, BatchRecord, Report};
    /// # async fn handle<T>(_: &T) -> Result<(), String> { Ok(()) }
    /// # async fn function<T: BatchRecord>(records: &[T], deadline: std::time::SystemTime) {
    /// // `deadline` is the invocation's: `context.deadline()` in lambda_runtime.
    /// use std::time::SystemTime;
    /// let remaining = || deadline.duration_since(SystemTime::now()).unwrap_or_default();
    /// # let sleep = |_: std::time::Duration| std::future::pending::<()>();
    /// // `sleep` is the timer of the executor in use: `tokio::time::sleep`.
    /// let report = Batch::default().run_within(records, remaining, sleep, handle).await;
    /// # let _: Report<'_, T, String> = report;
    /// # }
    /// ```
    ///
    /// Records not begun with `begin_margin` left are reported as failed, and so are those still
    /// running with `answer_margin` left: their futures are dropped, and what they had done by then
    /// will be done again.
    pub async fn run_within<'e, T, E, F, R, S>(
        &self,
        records: impl IntoIterator<Item = &'e T>,
        remaining: impl Fn() -> Duration,
        sleep: impl Fn(Duration) -> S,
        handler: F,
    ) -> Report<'e, T, E>
    where
        T: BatchRecord + 'e,
        F: Fn(&'e T) -> R,
        R: Future<Output = Result<(), E>>,
        S: Future<Output = ()>,
    {
        let lanes = self.lanes(records);
        let left = remaining();
        let no_more = sleep(left.saturating_sub(self.begin_margin));
        let give_up = sleep(left.saturating_sub(self.answer_margin));
        let is_late = || remaining() <= self.begin_margin;
        self.go(lanes, &handler, is_late, no_more, give_up).await
    }

    fn lanes<'e, T: BatchRecord + 'e, E>(
        &self,
        records: impl IntoIterator<Item = &'e T>,
    ) -> Lanes<'e, T, E> {
        Lanes::new(records.into_iter().collect(), self.order, self.on_failure)
    }

    async fn go<'e, T, E, F, R>(
        &self,
        mut lanes: Lanes<'e, T, E>,
        handler: &F,
        is_late: impl Fn() -> bool,
        no_more: impl Future<Output = ()>,
        give_up: impl Future<Output = ()>,
    ) -> Report<'e, T, E>
    where
        T: BatchRecord + 'e,
        F: Fn(&'e T) -> R,
        R: Future<Output = Result<(), E>>,
    {
        let mut late = false;
        let mut running = Vec::new();
        let mut no_more = Box::pin(no_more);
        let mut give_up = Box::pin(give_up);
        poll_fn(|cx| {
            loop {
                // A handler that never waits gives a timer no chance to fire: hence the clock.
                late = late || is_late() || no_more.as_mut().poll(cx).is_ready();
                if late {
                    lanes.close();
                }
                while running.len() < self.parallel.max(1)
                    && let Some((index, record)) = lanes.begin()
                {
                    running.push((index, Box::pin(async move { handler(record).await })));
                }
                let before = running.len();
                running.retain_mut(|(index, future)| match poll_guarded(future.as_mut(), cx) {
                    Poll::Pending => true,
                    Poll::Ready(result) => {
                        lanes.end(*index, result);
                        false
                    }
                });
                if running.is_empty() && lanes.is_idle() {
                    return Poll::Ready(());
                }
                if give_up.as_mut().poll(cx).is_ready() {
                    lanes.close();
                    for (index, _) in running.drain(..) {
                        lanes.end(index, Err(Cause::TimedOut));
                    }
                    return Poll::Ready(());
                }
                if running.len() == before {
                    return Poll::Pending;
                }
            }
        })
        .await;
        lanes.report()
    }
}

/// Polls a handler, which is not polled again when it is ready or has panicked.
fn poll_guarded<E>(
    future: Pin<&mut impl Future<Output = Result<(), E>>>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Cause<E>>> {
    match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
        Ok(poll) => poll.map_err(Cause::Error),
        Err(panic) => Poll::Ready(Err(Cause::Panic(text_of(&*panic)))),
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests;

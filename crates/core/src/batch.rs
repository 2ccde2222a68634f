//! Runs a handler once per record of a stream's batch, and tells where the batch came to a halt.
//!
//! ```
//! use std::borrow::Cow;
//!
//! use lambda_with::batch::{Batch, StreamRecord};
//!
//! struct Reading {
//!     sensor: String,
//!     place: String,
//! }
//!
//! impl StreamRecord for Reading {
//!     fn sequence_number(&self) -> &str {
//!         &self.place
//!     }
//!
//!     fn order(&self) -> Option<Cow<'_, str>> {
//!         Some(self.sensor.as_str().into())
//!     }
//! }
//!
//! async fn function(readings: Vec<Reading>) -> Option<String> {
//!     let handle = async |reading: &Reading| match reading.sensor.as_str() {
//!         "" => Err("no sensor"),
//!         _ => Ok(()),
//!     };
//!     let report = Batch::default().run(&readings, handle).await;
//!     report.checkpoint().map(str::to_owned)
//! }
//! ```
//!
//! Kinesis and DynamoDB Streams share this: their records are in order within a key, and Lambda reads
//! a shard on from the lowest sequence number that the answer names. So records of one key run one
//! after the other, keys run side by side, and once a record has failed nothing behind it begins,
//! because it will come again anyway.

mod order;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use self::order::Order;
use crate::Text;

/// A record of a stream: its place in the shard, and what it must stay in order with.
pub trait StreamRecord {
    /// Its sequence number, by which a partial-batch answer names it.
    fn sequence_number(&self) -> &str;

    /// What orders it: its partition key, the key of its item. Records without one run freely.
    fn order(&self) -> Option<Cow<'_, str>>;
}

/// How the records of a batch are run.
///
/// A handler that panics costs its record and no other, unless the program is built with
/// `panic = "abort"`. The records are futures of one task, so a handler that blocks its thread holds
/// up all others.
///
/// The connection must have `report_batch_item_failures`: without it Lambda ignores the answer and
/// takes every record for done. See
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Batch {
    /// How many records are at work at once, at least 1; 10 unless set. With 1 no record runs that
    /// will come again, except the one that failed.
    pub parallel: usize,
    /// With less time than this left, no further record begins; 1 second unless set.
    pub begin_margin: Duration,
    /// With less time than this left, the answer goes out and the records still running are given
    /// up; 200 milliseconds unless set.
    pub answer_margin: Duration,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            parallel: 10,
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
    pub async fn run<'e, T, E, F, R>(&self, records: &'e [T], handler: F) -> Report<E>
    where
        T: StreamRecord,
        F: Fn(&'e T) -> R,
        R: Future<Output = Result<(), E>>,
    {
        let is_late = || false;
        self.go(records, &handler, is_late, pending(), pending())
            .await
    }

    /// Runs `handler` once per record and answers before the time that remains is over.
    ///
    /// ```
    /// # use lambda_with::batch::{Batch, Report, StreamRecord};
    /// # async fn handle<T>(_: &T) -> Result<(), String> { Ok(()) }
    /// # async fn function<T: StreamRecord>(records: &[T], deadline: std::time::SystemTime) {
    /// // `deadline` is the invocation's: `context.deadline()` in lambda_runtime.
    /// use std::time::SystemTime;
    /// let remaining = || deadline.duration_since(SystemTime::now()).unwrap_or_default();
    /// # let sleep = |_: std::time::Duration| std::future::pending::<()>();
    /// // `sleep` is the timer of the executor in use: `tokio::time::sleep`.
    /// let report = Batch::default().run_within(records, remaining, sleep, handle).await;
    /// # let _: Report<String> = report;
    /// # }
    /// ```
    ///
    /// Records not begun with `begin_margin` left are reported as failed, and so are those still
    /// running with `answer_margin` left: their futures are dropped, and what they had done by then
    /// will be done again.
    pub async fn run_within<'e, T, E, F, R, S>(
        &self,
        records: &'e [T],
        remaining: impl Fn() -> Duration,
        sleep: impl Fn(Duration) -> S,
        handler: F,
    ) -> Report<E>
    where
        T: StreamRecord,
        F: Fn(&'e T) -> R,
        R: Future<Output = Result<(), E>>,
        S: Future<Output = ()>,
    {
        let left = remaining();
        let no_more = sleep(left.saturating_sub(self.begin_margin));
        let give_up = sleep(left.saturating_sub(self.answer_margin));
        let is_late = || remaining() <= self.begin_margin;
        self.go(records, &handler, is_late, no_more, give_up).await
    }

    async fn go<'e, T, E, F, R>(
        &self,
        records: &'e [T],
        handler: &F,
        is_late: impl Fn() -> bool,
        no_more: impl Future<Output = ()>,
        give_up: impl Future<Output = ()>,
    ) -> Report<E>
    where
        T: StreamRecord,
        F: Fn(&'e T) -> R,
        R: Future<Output = Result<(), E>>,
    {
        let mut order = Order::new(records);
        let mut late = false;
        let mut running = Vec::new();
        let mut no_more = Box::pin(no_more);
        let mut give_up = Box::pin(give_up);
        poll_fn(|cx| {
            loop {
                // A handler that never waits gives a timer no chance to fire: hence the clock.
                late = late || is_late() || no_more.as_mut().poll(cx).is_ready();
                if late {
                    order.close();
                }
                while running.len() < self.parallel.max(1)
                    && let Some(index) = order.begin()
                {
                    let record = &records[index];
                    running.push((index, Box::pin(async move { handler(record).await })));
                }
                let before = running.len();
                running.retain_mut(|(index, future)| match poll_guarded(future.as_mut(), cx) {
                    Poll::Pending => true,
                    Poll::Ready(result) => {
                        order.end(*index, result);
                        false
                    }
                });
                if running.is_empty() && order.is_idle() {
                    return Poll::Ready(());
                }
                if give_up.as_mut().poll(cx).is_ready() {
                    late = true;
                    for (index, _) in running.drain(..) {
                        order.end(index, Err(Cause::TimedOut));
                    }
                    return Poll::Ready(());
                }
                if running.len() == before {
                    return Poll::Pending;
                }
            }
        })
        .await;
        let failures = order.failures().map(|(index, cause)| Failure {
            index,
            sequence_number: records[index].sequence_number().into(),
            cause,
        });
        Report {
            failures: failures.collect(),
            records: records.len(),
        }
    }
}

/// What came of a batch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report<E> {
    /// The records that failed or never began, in the order of the batch.
    pub failures: Vec<Failure<E>>,
    /// How many records the batch had.
    pub records: usize,
}

/// One record that failed, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failure<E> {
    /// Where the record stands in the batch.
    pub index: usize,
    /// Its sequence number.
    pub sequence_number: Text,
    /// Why it failed.
    pub cause: Cause<E>,
}

/// Why a record failed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause<E> {
    /// The handler returned this error.
    Error(E),
    /// The handler panicked with this message.
    Panic(String),
    /// The handler was still running when it was time to answer.
    TimedOut,
    /// It never began: too little time was left.
    Late,
    /// It never began: a record before it failed, so it comes again.
    Stopped,
}

impl<E> Report<E> {
    /// Where the shard is to be read on: the sequence number of the first record that is not done,
    /// which is the only one the answer needs to name. None when all are done.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&str> {
        let first = self.failures.first()?;
        Some(&first.sequence_number)
    }

    /// Whether the first record of the batch is not done, so that the whole batch comes again.
    ///
    /// The stream is treated alike by an answer that names the record, and by a function that
    /// returns an error. But only the error is counted in the function's `Errors` metric.
    #[must_use]
    pub fn is_without_progress(&self) -> bool {
        self.failures.first().is_some_and(|first| first.index == 0)
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: ", self.sequence_number)?;
        match &self.cause {
            Cause::Error(error) => error.fmt(f),
            Cause::Panic(message) => write!(f, "the handler panicked: {message}"),
            Cause::TimedOut => f.write_str("still running when the time was up"),
            Cause::Late => f.write_str("not begun, too little time was left"),
            Cause::Stopped => f.write_str("not begun, a record before it failed"),
        }
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

//! Runs a function once per record and answers for the batch.

use std::any::Any;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use lambda_with::Map;

use crate::generated::{
    KafkaBatchItemFailure, KafkaBatchResponse, KafkaItemIdentifier, KafkaRecord,
};
use crate::lanes::Lanes;

/// Handles the records of a batch one by one and reports those that failed.
///
/// ```
/// use lambda_with::Error;
/// use lambda_with_kafka::{Batch, KafkaBatchResponse, KafkaEvent, KafkaRecord, Order};
///
/// async fn handle(record: &KafkaRecord) -> Result<(), Error> {
///     let order: Option<serde_json::Value> = record.decode()?;
///     println!("{order:?}");
///     Ok(())
/// }
///
/// async fn function(event: KafkaEvent) -> KafkaBatchResponse {
///     let batch = Batch { order: Order::Key, ..Batch::default() };
///     let report = batch.run(&event.records, handle).await;
///     for failure in &report.failures {
///         eprintln!("{failure}");
///     }
///     report.response()
/// }
/// ```
///
/// Records of one lane run one after the other, lanes side by side, at most `parallel` of them.
/// What a lane is, `order` tells; what a failure stops, `on_failure`.
///
/// A handler that panics costs its record, unless the program is built with `panic = "abort"`. The
/// records are futures of one task, so a handler that blocks its thread holds up all others.
///
/// The connection must have `report_batch_item_failures`: without it Lambda ignores the answer and
/// takes every record for done. See
/// <https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html>.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Batch {
    /// How many records are at work at once, at least 1; 10 unless set.
    pub parallel: usize,
    /// Which records keep their order; those of a partition unless set.
    pub order: Order,
    /// What a failed record stops; its lane unless set.
    pub on_failure: OnFailure,
    /// With less time than this left, no further record begins; 1 second unless set.
    pub begin_margin: Duration,
    /// With less time than this left, the answer goes out and the records still running are given
    /// up; 200 milliseconds unless set.
    pub answer_margin: Duration,
}

/// Which records of a batch run one after the other.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Order {
    /// Those of one partition: all the order Kafka has.
    #[default]
    Partition,
    /// Those of one key within a partition. Records without a key have no order.
    Key,
    /// None.
    None,
}

/// What a failed record stops.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum OnFailure {
    /// Its lane: the records after it do not begin and are reported with it, so that they come
    /// again in their order. When the attempts are used up, all of them are given up.
    #[default]
    StopLane,
    /// Nothing: it alone is reported and given up in the end, and what follows it goes on.
    Alone,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            parallel: 10,
            order: Order::Partition,
            on_failure: OnFailure::StopLane,
            begin_margin: Duration::from_secs(1),
            answer_margin: Duration::from_millis(200),
        }
    }
}

impl Batch {
    /// Runs `handler` once per record of an event's `records`, for as long as it takes.
    ///
    /// If Lambda's timeout comes first, the whole batch fails: [`run_within`](Self::run_within)
    /// answers in time.
    pub async fn run<'e, E, F, R>(
        &self,
        records: &'e Map<Vec<KafkaRecord>>,
        handler: F,
    ) -> Report<E>
    where
        F: Fn(&'e KafkaRecord) -> R,
        R: Future<Output = Result<(), E>>,
    {
        self.go(records, &handler, || false, pending(), pending())
            .await
    }

    /// Runs `handler` once per record and answers before `remaining` is over.
    ///
    /// ```
    /// # use lambda_with::Error;
    /// # use lambda_with_kafka::{Batch, KafkaBatchResponse, KafkaEvent, KafkaRecord};
    /// # async fn handle(_: &KafkaRecord) -> Result<(), Error> { Ok(()) }
    /// # async fn function(event: KafkaEvent, deadline: std::time::SystemTime) -> KafkaBatchResponse {
    /// // `deadline` is the invocation's: `context.deadline()` in lambda_runtime.
    /// let remaining = deadline.duration_since(std::time::SystemTime::now()).unwrap_or_default();
    /// let batch = Batch::default();
    /// let report = batch.run_within(&event.records, remaining, tokio::time::sleep, handle).await;
    /// report.response()
    /// # }
    /// ```
    ///
    /// `sleep` is the timer of the executor in use. Records not begun with `begin_margin` left are
    /// reported as failed, and so are those still running with `answer_margin` left: their futures
    /// are dropped, and what they had done by then will be done again.
    pub async fn run_within<'e, E, F, R, S>(
        &self,
        records: &'e Map<Vec<KafkaRecord>>,
        remaining: Duration,
        sleep: impl Fn(Duration) -> S,
        handler: F,
    ) -> Report<E>
    where
        F: Fn(&'e KafkaRecord) -> R,
        R: Future<Output = Result<(), E>>,
        S: Future<Output = ()>,
    {
        let begin = remaining.saturating_sub(self.begin_margin);
        let answer = remaining.saturating_sub(self.answer_margin);
        let start = Instant::now();
        let is_late = || start.elapsed() >= begin;
        self.go(records, &handler, is_late, sleep(begin), sleep(answer))
            .await
    }

    async fn go<'e, E, F, R>(
        &self,
        records: &'e Map<Vec<KafkaRecord>>,
        handler: &F,
        is_late: impl Fn() -> bool,
        no_more: impl Future<Output = ()>,
        give_up: impl Future<Output = ()>,
    ) -> Report<E>
    where
        F: Fn(&'e KafkaRecord) -> R,
        R: Future<Output = Result<(), E>>,
    {
        let mut lanes = Lanes::new(records, self.order, self.on_failure);
        let count = lanes.records.len();
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
                    && let Some(index) = lanes.begin()
                {
                    let record = lanes.records[index];
                    running.push((index, Box::pin(async move { handler(record).await })));
                }
                let before = running.len();
                running.retain_mut(|(index, future)| match poll_guarded(future.as_mut(), cx) {
                    Poll::Pending => true,
                    Poll::Ready(result) => {
                        lanes.end(*index, result, late);
                        false
                    }
                });
                if running.is_empty() && lanes.is_idle() {
                    return Poll::Ready(());
                }
                if give_up.as_mut().poll(cx).is_ready() {
                    lanes.close();
                    for (index, _) in running.drain(..) {
                        lanes.end(index, Err(Cause::TimedOut), true);
                    }
                    return Poll::Ready(());
                }
                if running.len() == before {
                    return Poll::Pending;
                }
            }
        })
        .await;
        let failures = lanes.failures().map(|(record, cause)| Failure {
            identifier: record.identifier(),
            cause,
        });
        Report {
            failures: failures.collect(),
            records: count,
        }
    }
}

/// What came of a batch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report<E> {
    /// The records that failed or never began, in the order of the event.
    pub failures: Vec<Failure<E>>,
    /// How many records the batch had.
    pub records: usize,
}

/// One record that failed, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failure<E> {
    /// The record's place.
    pub identifier: KafkaItemIdentifier,
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
    /// It never began: a record before it in its lane failed.
    Stopped,
}

impl<E> Report<E> {
    /// The answer for Lambda: it names the failed records.
    #[must_use]
    pub fn response(&self) -> KafkaBatchResponse {
        let failure = |failure: &Failure<E>| KafkaBatchItemFailure {
            item_identifier: failure.identifier.clone(),
        };
        KafkaBatchResponse {
            batch_item_failures: self.failures.iter().map(failure).collect(),
        }
    }

    /// Whether no record succeeded.
    ///
    /// Naming all of them and returning an error come to the same for the records. Only the error
    /// is counted in the function's `Errors` metric.
    #[must_use]
    pub fn all_failed(&self) -> bool {
        self.records > 0 && self.failures.len() == self.records
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KafkaItemIdentifier { partition, offset } = &self.identifier;
        write!(f, "record {partition} {offset}: ")?;
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

//! Runs a function once per message and answers for the batch.

use std::any::Any;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use lambda_with::Text;

use crate::generated::{SqsBatchResponse, SqsEvent, SqsMessage};
use crate::order::Order;

/// Handles the messages of a batch one by one and reports those that failed.
///
/// ```
/// use lambda_with::Error;
/// use lambda_with_sqs::{Batch, SqsBatchResponse, SqsEvent, SqsMessage};
///
/// async fn handle(message: &SqsMessage) -> Result<(), Error> {
///     let order: serde_json::Value = message.body.decode()?;
///     println!("{order}");
///     Ok(())
/// }
///
/// async fn function(event: SqsEvent) -> SqsBatchResponse {
///     let report = Batch { parallel: 4, ..Batch::default() }.run(&event, handle).await;
///     for failure in &report.failures {
///         eprintln!("{failure}");
///     }
///     report.response()
/// }
/// ```
///
/// Messages of a standard queue run side by side and end in any order. Messages of a FIFO queue
/// run one after the other within their message group, and the groups side by side; what a failure
/// stops is told by `on_failure`. Whether a queue is FIFO is seen from its ARN.
///
/// A handler that panics costs its message and no other, unless the program is built with
/// `panic = "abort"`. The messages are futures of one task, so a handler that blocks its thread
/// holds up all others.
///
/// The connection must have `report_batch_item_failures`: without it Lambda ignores the answer and
/// deletes every message. See
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Batch {
    /// How many messages are at work at once, at least 1; 10 unless set.
    pub parallel: usize,
    /// What a failed message of a FIFO queue stops; everything unless set.
    pub on_failure: OnFailure,
    /// With less time than this left, no further message begins; 1 second unless set.
    pub begin_margin: Duration,
    /// With less time than this left, the answer goes out and the messages still running are given
    /// up; 200 milliseconds unless set.
    pub answer_margin: Duration,
}

/// What a failed message of a FIFO queue stops.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum OnFailure {
    /// No further message begins, in whatever group, and all of them are reported: what AWS
    /// advises.
    #[default]
    Stop,
    /// The rest of the message's group is reported; other groups go on.
    SkipGroup,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            parallel: 10,
            on_failure: OnFailure::Stop,
            begin_margin: Duration::from_secs(1),
            answer_margin: Duration::from_millis(200),
        }
    }
}

impl Batch {
    /// Runs `handler` once per message, for as long as it takes.
    ///
    /// If Lambda's timeout comes first, the whole batch fails: [`run_within`](Self::run_within)
    /// answers in time.
    pub async fn run<'e, E, F, R>(&self, event: &'e SqsEvent, handler: F) -> Report<E>
    where
        F: Fn(&'e SqsMessage) -> R,
        R: Future<Output = Result<(), E>>,
    {
        self.go(event, &handler, || false, pending(), pending())
            .await
    }

    /// Runs `handler` once per message and answers before `remaining` is over.
    ///
    /// ```
    /// # use lambda_with::Error;
    /// # use lambda_with_sqs::{Batch, SqsBatchResponse, SqsEvent, SqsMessage};
    /// # async fn handle(_: &SqsMessage) -> Result<(), Error> { Ok(()) }
    /// # async fn function(event: SqsEvent, deadline: std::time::SystemTime) -> SqsBatchResponse {
    /// // `deadline` is the invocation's: `context.deadline()` in lambda_runtime.
    /// let remaining = deadline.duration_since(std::time::SystemTime::now()).unwrap_or_default();
    /// let report = Batch::default().run_within(&event, remaining, tokio::time::sleep, handle).await;
    /// report.response()
    /// # }
    /// ```
    ///
    /// `sleep` is the timer of the executor in use. Messages not begun with `begin_margin` left
    /// are reported as failed, and so are those still running with `answer_margin` left: their
    /// futures are dropped, and what they had done by then will be done again.
    pub async fn run_within<'e, E, F, R, S>(
        &self,
        event: &'e SqsEvent,
        remaining: Duration,
        sleep: impl Fn(Duration) -> S,
        handler: F,
    ) -> Report<E>
    where
        F: Fn(&'e SqsMessage) -> R,
        R: Future<Output = Result<(), E>>,
        S: Future<Output = ()>,
    {
        let begin = remaining.saturating_sub(self.begin_margin);
        let answer = remaining.saturating_sub(self.answer_margin);
        let start = Instant::now();
        let is_late = || start.elapsed() >= begin;
        self.go(event, &handler, is_late, sleep(begin), sleep(answer))
            .await
    }

    async fn go<'e, E, F, R>(
        &self,
        event: &'e SqsEvent,
        handler: &F,
        is_late: impl Fn() -> bool,
        no_more: impl Future<Output = ()>,
        give_up: impl Future<Output = ()>,
    ) -> Report<E>
    where
        F: Fn(&'e SqsMessage) -> R,
        R: Future<Output = Result<(), E>>,
    {
        let mut order = Order::new(event, self.on_failure);
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
                    let message = &event.records[index];
                    running.push((index, Box::pin(async move { handler(message).await })));
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
        Report::new(event, order, late)
    }
}

/// What came of a batch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report<E> {
    /// The messages that failed or never began, in the order of the batch.
    pub failures: Vec<Failure<E>>,
    /// How many messages the batch had.
    pub messages: usize,
}

/// One message that failed, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failure<E> {
    /// Where the message stands in the event's `records`.
    pub index: usize,
    /// Its id.
    pub message_id: Text,
    /// Why it failed.
    pub cause: Cause<E>,
}

/// Why a message failed.
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
    /// It never began: a message before it failed.
    Stopped,
}

impl<E> Report<E> {
    fn new(event: &SqsEvent, order: Order<E>, late: bool) -> Self {
        let failures = order.failures(late).map(|(index, cause)| Failure {
            index,
            message_id: event.records[index].message_id.clone(),
            cause,
        });
        Self {
            failures: failures.collect(),
            messages: event.records.len(),
        }
    }

    /// The answer for Lambda: it names the failed messages.
    #[must_use]
    pub fn response(&self) -> SqsBatchResponse {
        SqsBatchResponse::of_failed(
            self.failures
                .iter()
                .map(|failure| failure.message_id.clone()),
        )
    }

    /// Whether no message succeeded.
    ///
    /// The queue is treated alike by [`response`](Self::response), which then names all of them,
    /// and by a function that returns an error. But only the error is counted in the function's
    /// `Errors` metric, and makes the poller slow down.
    #[must_use]
    pub fn all_failed(&self) -> bool {
        self.messages > 0 && self.failures.len() == self.messages
    }
}

impl<E: fmt::Display> fmt::Display for Failure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}: ", self.message_id)?;
        match &self.cause {
            Cause::Error(error) => error.fmt(f),
            Cause::Panic(message) => write!(f, "the handler panicked: {message}"),
            Cause::TimedOut => f.write_str("still running when the time was up"),
            Cause::Late => f.write_str("not begun, too little time was left"),
            Cause::Stopped => f.write_str("not begun, a message before it failed"),
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

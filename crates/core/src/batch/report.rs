//! What came of a batch.

use std::fmt;

use super::{Answer, BatchRecord};
use crate::{Error, ErrorKind};

/// What came of a batch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report<'e, T, E> {
    /// The records that failed or never began, in the order of the batch.
    pub failures: Vec<Failure<'e, T, E>>,
    /// How many records the batch had.
    pub records: usize,
}

/// One record that failed, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failure<'e, T, E> {
    /// Where the record stands in the batch.
    pub index: usize,
    /// The record.
    pub record: &'e T,
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
    /// It never began: a record before it failed.
    Stopped,
}

impl<'e, T: BatchRecord, E> Report<'e, T, E> {
    /// The answer for Lambda, of the type the service has for it.
    #[must_use]
    pub fn response<R>(&self) -> R
    where
        R: for<'r> From<&'r Self>,
    {
        R::from(self)
    }

    /// The first record of the batch that is not done: where a shard is to be read on, which is all
    /// the answer needs to name. None when all are done.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&'e T> {
        self.failures.first().map(|first| first.record)
    }

    /// Whether the whole batch comes again, whatever the answer names: no message of a queue or
    /// topic is done; the first record of a shard's batch is not; one of a broker's messages is not.
    #[must_use]
    pub fn comes_again(&self) -> bool {
        match T::ANSWER {
            Answer::Each => self.records > 0 && self.failures.len() == self.records,
            Answer::Halt => self.failures.first().is_some_and(|first| first.index == 0),
            Answer::Nothing => !self.failures.is_empty(),
        }
    }

    /// This report, unless the whole batch comes again.
    ///
    /// An answer that names all of a batch and a function that returns an error come to the same for
    /// the records. But only the error is counted in the function's `Errors` metric, and only an error
    /// splits the batch of a stream or topic with `bisect_batch_on_function_error`. So a function does
    /// well to end like this; with Amazon MQ, which ignores answers, it must:
    ///
    /// ```
    /// # use lambda_with::Error;
    /// # use lambda_with::batch::{Batch, BatchRecord, Report};
    /// # async fn handle<T>(_: &T) -> Result<(), String> { Ok(()) }
    /// async fn function<T, R>(records: &[T]) -> Result<R, Error>
    /// where
    ///     T: BatchRecord,
    ///     R: for<'r, 'e> From<&'r Report<'e, T, String>>,
    /// {
    ///     let report = Batch::default().run(records, handle).await;
    ///     Ok(report.progress()?.response())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `Unavailable` when the whole batch comes again; it tells how many records failed, and the
    /// first.
    pub fn progress(&self) -> Result<&Self, Error>
    where
        E: fmt::Display,
    {
        let Some(first) = self.failures.first().filter(|_| self.comes_again()) else {
            return Ok(self);
        };
        let (failed, all) = (self.failures.len(), self.records);
        let what =
            format!("the batch comes again, {failed} of {all} records are not done: {first}");
        Err(Error::new(ErrorKind::Unavailable, what))
    }
}

impl<T: BatchRecord, E: fmt::Display> fmt::Display for Failure<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: ", self.record.id())?;
        match &self.cause {
            Cause::Error(error) => error.fmt(f),
            Cause::Panic(message) => write!(f, "the handler panicked: {message}"),
            Cause::TimedOut => f.write_str("still running when the time was up"),
            Cause::Late => f.write_str("not begun, too little time was left"),
            Cause::Stopped => f.write_str("not begun, a record before it failed"),
        }
    }
}

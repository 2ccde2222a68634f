//! Retries of asynchronous invocations.
//!
//! ```
//! use std::time::Duration;
//!
//! use lambda_with::rules::retry::{Attempt, Condition, Config, Decision, State};
//!
//! let config = Config::default();
//! let seconds = Duration::from_secs;
//! let mut event = State::accepted(seconds(0));
//! assert_eq!(event.before(&config, seconds(0), None), Decision::Run);
//! assert_eq!(event.after(&config, seconds(1), Attempt::Failed), Decision::RetryAt(seconds(61)));
//! assert_eq!(event.after(&config, seconds(62), Attempt::Failed), Decision::RetryAt(seconds(182)));
//! let end = event.after(&config, seconds(183), Attempt::Failed);
//! assert_eq!(end, Decision::Discard(Condition::RetriesExhausted));
//! ```
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// How often and how long an event is tried, per function, version or alias.
///
/// The default is Lambda's: two retries, six hours.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Config {
    /// Retries after the function failed: 0 to 2.
    pub maximum_retry_attempts: u8,
    /// The age at which an event is given up: 60 seconds to 6 hours.
    pub maximum_event_age: Duration,
}

/// What is known of one event; kept beside it in the queue.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct State {
    /// When it was accepted.
    pub accepted_at: Duration,
    /// How often the function ran with it.
    pub attempts: u32,
    /// How often in a row the function could not be run.
    pub throttles: u32,
}

/// What came of trying to run the function.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Attempt {
    /// It answered.
    Succeeded,
    /// It ran and failed: it threw, timed out or ended.
    Failed,
    /// It did not run: throttled, or Lambda itself failed.
    NotRun,
    /// It was not run because it would go on with a loop.
    Stopped,
}

/// What is to be done with the event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Run the function with it now.
    Run,
    /// It is done; tell the destination for successes.
    Done,
    /// Try again at this time.
    RetryAt(Duration),
    /// Give it up; tell the destination for failures and the dead-letter queue.
    Discard(Condition),
}

/// How an event ended, in the words of invocation records.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Condition {
    /// The function succeeded.
    Success,
    /// The function failed as often as it may.
    RetriesExhausted,
    /// The event grew too old, or would have by its next attempt.
    EventAgeExceeded,
    /// The function's reserved concurrency is 0, so it cannot run at all.
    ZeroReservedConcurrency,
}

impl Config {
    /// The configuration with these values.
    ///
    /// # Errors
    ///
    /// `Limit` when a value is outside what Lambda allows.
    pub fn new(maximum_retry_attempts: u8, maximum_event_age: Duration) -> Result<Self, Error> {
        if maximum_retry_attempts > 2 {
            let message = format!("maximum_retry_attempts is {maximum_retry_attempts}");
            return Err(Error::new(ErrorKind::Limit, message).with("allowed", "0 to 2"));
        }
        let seconds = maximum_event_age.as_secs_f64();
        if !(60.0..=21_600.0).contains(&seconds) {
            let message = format!("maximum_event_age is {seconds} seconds");
            return Err(
                Error::new(ErrorKind::Limit, message).with("allowed", "60 to 21600 seconds")
            );
        }
        Ok(Self {
            maximum_retry_attempts,
            maximum_event_age,
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            maximum_retry_attempts: 2,
            maximum_event_age: Duration::from_secs(21_600),
        }
    }
}

impl State {
    /// An event accepted at this time and not tried yet.
    #[must_use]
    pub fn accepted(accepted_at: Duration) -> Self {
        Self {
            accepted_at,
            attempts: 0,
            throttles: 0,
        }
    }

    /// Decides, before an attempt, whether there is to be one: `Run` or `Discard`.
    #[must_use]
    pub fn before(
        &self,
        config: &Config,
        now: Duration,
        reserved_concurrency: Option<u32>,
    ) -> Decision {
        if reserved_concurrency == Some(0) {
            Decision::Discard(Condition::ZeroReservedConcurrency)
        } else if now >= self.expires_at(config) {
            Decision::Discard(Condition::EventAgeExceeded)
        } else {
            Decision::Run
        }
    }

    /// Counts an attempt and decides what follows: `Done`, `RetryAt` or `Discard`.
    ///
    /// After a failure Lambda waits one minute, then two. An event that would be too old by then is
    /// given up at once. When the function could not be run, which does not count as an attempt, it
    /// is tried again after 1 second, 2, 4 and so on up to 5 minutes, until the event is too old. An
    /// event that goes on with a loop is given up; AWS does not say under which condition, here it is
    /// `RetriesExhausted`.
    #[must_use]
    pub fn after(&mut self, config: &Config, now: Duration, attempt: Attempt) -> Decision {
        let expires_at = self.expires_at(config);
        if attempt == Attempt::Stopped {
            return Decision::Discard(Condition::RetriesExhausted);
        }
        if attempt == Attempt::NotRun {
            let delay = Duration::from_secs(1u64 << self.throttles.min(9)).min(LONGEST_BACKOFF);
            self.throttles = self.throttles.saturating_add(1);
            return if now >= expires_at {
                Decision::Discard(Condition::EventAgeExceeded)
            } else {
                Decision::RetryAt((now + delay).min(expires_at))
            };
        }
        self.attempts = self.attempts.saturating_add(1);
        self.throttles = 0;
        let retry_at = now + Duration::from_secs(60) * self.attempts;
        if attempt == Attempt::Succeeded {
            Decision::Done
        } else if self.attempts > config.maximum_retry_attempts.into() {
            Decision::Discard(Condition::RetriesExhausted)
        } else if retry_at >= expires_at {
            Decision::Discard(Condition::EventAgeExceeded)
        } else {
            Decision::RetryAt(retry_at)
        }
    }

    fn expires_at(&self, config: &Config) -> Duration {
        self.accepted_at + config.maximum_event_age
    }
}

impl Condition {
    /// The word that stands in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
            Self::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests;

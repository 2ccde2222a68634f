//! What happened, for tests to look at.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use lambda_with::rules::retry::Condition;
use lambda_with::rules::stream::{self, Destination};
use lambda_with::{Arn, Outcome, Position, Timestamp};

/// How many happenings are kept.
const MAX: usize = 100_000;

/// One thing that happened to an invocation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// The function's name.
    pub function: String,
    /// The request it happened to; of a checkpoint the mapping.
    pub request_id: String,
    /// What.
    pub what: What,
}

/// What can happen to an invocation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// An asynchronous event was queued.
    Accepted,
    /// The function ran.
    Ran {
        /// What it was given.
        payload: Bytes,
        /// What came of it.
        outcome: Outcome,
    },
    /// The function did not run; the text says why.
    Refused(String),
    /// An asynchronous event will be tried again.
    Retrying {
        /// When.
        at: Timestamp,
    },
    /// An asynchronous event is done with.
    Finished(Condition),
    /// A record, or an event that failed, was sent away.
    Sent {
        /// Where to; `None` where nothing is configured, and the engine keeps the record of a failure.
        to: Option<Arn>,
        /// What was sent.
        body: Bytes,
    },
    /// Records of a stream were given up.
    GivenUp {
        /// Why.
        condition: stream::Condition,
        /// How often the function ran with them.
        attempts: u32,
        /// Which.
        spans: Vec<stream::Span>,
    },
    /// A failed record was sent to a topic of Kafka.
    Produced {
        /// Where to.
        topic: String,
        /// What was sent.
        body: Bytes,
    },
    /// A record, or an event that failed, was not taken by its destination, and is kept in the file.
    Undelivered {
        /// Where to.
        to: Destination,
        /// What was to be sent.
        body: Bytes,
        /// Why not.
        because: String,
    },
    /// A shard has been processed this far, and is read on from here after a restart.
    Checkpointed {
        /// Which.
        shard: String,
        /// How far.
        position: Position,
    },
}

/// The last happenings, or nothing when no history is wanted.
#[derive(Debug)]
pub(crate) struct History(Option<Mutex<VecDeque<Happening>>>);

impl History {
    pub(crate) fn new(wanted: bool) -> Self {
        Self(wanted.then(Mutex::default))
    }

    pub(crate) fn add(&self, happening: impl FnOnce() -> Happening) {
        let Some(kept) = &self.0 else { return };
        let happening = happening();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MAX {
            kept.pop_front();
        }
        kept.push_back(happening);
    }

    pub(crate) fn all(&self) -> Vec<Happening> {
        self.0
            .as_ref()
            .map(|kept| {
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .iter()
                    .cloned()
                    .collect()
            })
            .unwrap_or_default()
    }
}

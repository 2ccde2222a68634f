//! Which message of a batch may begin next: the pure part of the batch runner.

use std::collections::{BTreeSet, HashMap};

use crate::batch::{Cause, OnFailure};
use crate::generated::{SqsEvent, SqsMessage};

/// The state of every message of one batch.
///
/// A standard queue's messages are all ready from the start. Of a FIFO queue only the first of each
/// group is; each that succeeds makes its successor ready.
pub(crate) struct Order<E> {
    ready: BTreeSet<usize>,
    successor: Vec<Option<usize>>,
    states: Vec<State<E>>,
    on_failure: Option<OnFailure>,
}

enum State<E> {
    Waiting,
    Done,
    Failed(Cause<E>),
}

impl<E> Order<E> {
    pub(crate) fn new(event: &SqsEvent, on_failure: OnFailure) -> Self {
        let messages = &event.records;
        let mut successor = vec![None; messages.len()];
        let mut ready: BTreeSet<usize> = (0..messages.len()).collect();
        let fifo = messages.iter().any(is_fifo);
        if fifo {
            let mut last: HashMap<Option<&str>, usize> = HashMap::new();
            for (index, message) in messages.iter().enumerate() {
                if let Some(before) = last.insert(group(message), index) {
                    successor[before] = Some(index);
                    ready.remove(&index);
                }
            }
        }
        let states = messages.iter().map(|_| State::Waiting).collect();
        Self {
            ready,
            successor,
            states,
            on_failure: fifo.then_some(on_failure),
        }
    }

    /// The first message in the queue's order that may begin.
    pub(crate) fn begin(&mut self) -> Option<usize> {
        self.ready.pop_first()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.ready.is_empty()
    }

    /// Nothing begins any more.
    pub(crate) fn close(&mut self) {
        self.ready.clear();
    }

    /// Takes note of how the message at `index` ended.
    pub(crate) fn end(&mut self, index: usize, result: Result<(), Cause<E>>) {
        match result {
            Ok(()) => {
                self.states[index] = State::Done;
                self.ready
                    .extend(self.successor[index].filter(|_| !self.is_stopped()));
            }
            Err(cause) => {
                self.states[index] = State::Failed(cause);
                if self.is_stopped() {
                    self.close();
                }
            }
        }
    }

    /// Every message that is not done, in the order of the batch. Those that never began did so
    /// because of an earlier failure, or for lack of time.
    pub(crate) fn failures(self, late: bool) -> impl Iterator<Item = (usize, Cause<E>)> {
        let late = late && !self.is_stopped();
        self.states
            .into_iter()
            .enumerate()
            .filter_map(move |(index, state)| match state {
                State::Done => None,
                State::Failed(cause) => Some((index, cause)),
                State::Waiting if late => Some((index, Cause::Late)),
                State::Waiting => Some((index, Cause::Stopped)),
            })
    }

    fn is_stopped(&self) -> bool {
        self.on_failure == Some(OnFailure::Stop)
            && self
                .states
                .iter()
                .any(|state| matches!(state, State::Failed(_)))
    }
}

/// Only a FIFO queue numbers its messages; a standard queue may give them groups all the same.
fn is_fifo(message: &SqsMessage) -> bool {
    message.event_source_arn.ends_with(".fifo") || message.attributes.sequence_number.is_some()
}

fn group(message: &SqsMessage) -> Option<&str> {
    message.attributes.message_group_id.as_deref()
}

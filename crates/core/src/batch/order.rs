//! Which record of a batch may begin next.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::{Cause, StreamRecord};

/// The state of every record of one batch.
///
/// Of each key only the first record is ready; each that succeeds makes its successor ready.
pub(super) struct Order<E> {
    ready: BTreeSet<usize>,
    successor: Vec<Option<usize>>,
    states: Vec<State<E>>,
    /// Nothing from here on begins: the first record that failed.
    end: usize,
    closed: bool,
}

enum State<E> {
    Waiting,
    Done,
    Failed(Cause<E>),
}

impl<E> Order<E> {
    pub(super) fn new<T: StreamRecord>(records: &[T]) -> Self {
        let mut successor = vec![None; records.len()];
        let mut ready: BTreeSet<usize> = (0..records.len()).collect();
        let mut last: HashMap<Cow<'_, str>, usize> = HashMap::new();
        for (index, record) in records.iter().enumerate() {
            let Some(key) = record.order() else { continue };
            if let Some(before) = last.insert(key, index) {
                successor[before] = Some(index);
                ready.remove(&index);
            }
        }
        Self {
            ready,
            successor,
            states: records.iter().map(|_| State::Waiting).collect(),
            end: records.len(),
            closed: false,
        }
    }

    /// The first record of the batch that may begin.
    pub(super) fn begin(&mut self) -> Option<usize> {
        if self.is_idle() {
            None
        } else {
            self.ready.pop_first()
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.closed || self.ready.first().is_none_or(|first| *first >= self.end)
    }

    /// Nothing begins any more.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Takes note of how the record at `index` ended.
    pub(super) fn end(&mut self, index: usize, result: Result<(), Cause<E>>) {
        self.states[index] = match result {
            Ok(()) => {
                self.ready.extend(self.successor[index]);
                State::Done
            }
            Err(cause) => {
                self.end = self.end.min(index);
                State::Failed(cause)
            }
        };
    }

    /// Every record that is not done, in the order of the batch. Those that never began did so
    /// because one before them failed, or for lack of time.
    pub(super) fn failures(self) -> impl Iterator<Item = (usize, Cause<E>)> {
        let end = self.end;
        self.states
            .into_iter()
            .enumerate()
            .filter_map(move |(index, state)| match state {
                State::Done => None,
                State::Failed(cause) => Some((index, cause)),
                State::Waiting if index > end => Some((index, Cause::Stopped)),
                State::Waiting => Some((index, Cause::Late)),
            })
    }
}

//! Which record of a batch may begin next: the pure part of the runner.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::{BatchRecord, Cause, Failure, OnFailure, Order, Report};

/// The state of every record of one batch.
///
/// Of records in one order only the first is ready; each that ends makes its successor ready, unless
/// its failure stops them.
pub(super) struct Lanes<'e, T, E> {
    records: Vec<&'e T>,
    ready: BTreeSet<usize>,
    successor: Vec<Option<usize>>,
    states: Vec<State<E>>,
    on_failure: OnFailure,
    /// Nothing from here on begins.
    end: usize,
    closed: bool,
}

enum State<E> {
    Waiting,
    Done,
    Failed(Cause<E>),
}

impl<'e, T: BatchRecord, E> Lanes<'e, T, E> {
    pub(super) fn new(records: Vec<&'e T>, by: Order, on_failure: Option<OnFailure>) -> Self {
        let usual = records.first().map(|record| record.on_failure());
        let mut successor = vec![None; records.len()];
        let mut ready: BTreeSet<usize> = (0..records.len()).collect();
        let mut last: HashMap<Cow<'_, str>, usize> = HashMap::new();
        for (index, record) in records.iter().enumerate() {
            let order = match by {
                Order::None => None,
                by => record.order(by),
            };
            if let Some(before) = order.and_then(|order| last.insert(order, index)) {
                successor[before] = Some(index);
                ready.remove(&index);
            }
        }
        Self {
            ready,
            successor,
            states: records.iter().map(|_| State::Waiting).collect(),
            on_failure: on_failure.or(usual).unwrap_or(OnFailure::Alone),
            end: records.len(),
            closed: false,
            records,
        }
    }

    /// The first record of the batch that may begin, and where it stands.
    pub(super) fn begin(&mut self) -> Option<(usize, &'e T)> {
        if self.is_idle() {
            return None;
        }
        let index = self.ready.pop_first()?;
        Some((index, self.records[index]))
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
        let goes_on = result.is_ok() || self.on_failure == OnFailure::Alone;
        if goes_on {
            self.ready.extend(self.successor[index]);
        }
        self.states[index] = match result {
            Ok(()) => State::Done,
            Err(cause) => {
                self.end = match self.on_failure {
                    OnFailure::Alone | OnFailure::StopLane => self.end,
                    OnFailure::StopBehind => self.end.min(index),
                    OnFailure::StopAll => 0,
                };
                State::Failed(cause)
            }
        };
    }

    /// Every record that is not done. Those that never began did so because one before them failed,
    /// or for lack of time.
    pub(super) fn report(self) -> Report<'e, T, E> {
        let mut stopped: Vec<bool> = (0..self.states.len()).map(|it| it >= self.end).collect();
        for (index, state) in self.states.iter().enumerate() {
            let stops = match state {
                State::Failed(_) => self.on_failure == OnFailure::StopLane,
                State::Waiting => stopped[index],
                State::Done => false,
            };
            if let Some(next) = self.successor[index].filter(|_| stops) {
                stopped[next] = true;
            }
        }
        let records = self.records.len();
        let states = self.states.into_iter().zip(stopped).zip(self.records);
        let failures = states.enumerate().filter_map(|(index, it)| {
            let ((state, stopped), record) = it;
            let cause = match state {
                State::Done => return None,
                State::Failed(cause) => cause,
                State::Waiting if stopped => Cause::Stopped,
                State::Waiting => Cause::Late,
            };
            Some(Failure {
                index,
                record,
                cause,
            })
        });
        Report {
            failures: failures.collect(),
            records,
        }
    }
}

//! Which record of a batch may begin next: the pure part of the batch runner.

use std::collections::{BTreeSet, HashMap};

use lambda_with::Map;

use crate::batch::{Cause, OnFailure, Order};
use crate::generated::KafkaRecord;

/// The state of every record of one batch. The first of each lane is ready; each that is done makes
/// its successor ready.
pub(crate) struct Lanes<'e, E> {
    pub(crate) records: Vec<&'e KafkaRecord>,
    ready: BTreeSet<usize>,
    successor: Vec<Option<usize>>,
    states: Vec<State<E>>,
    on_failure: OnFailure,
}

enum State<E> {
    Waiting,
    Done,
    Failed(Cause<E>),
}

impl<'e, E> Lanes<'e, E> {
    pub(crate) fn new(
        records: &'e Map<Vec<KafkaRecord>>,
        order: Order,
        on_failure: OnFailure,
    ) -> Self {
        let mut flat = Vec::new();
        let mut successor: Vec<Option<usize>> = Vec::new();
        let mut ready = BTreeSet::new();
        let mut last: HashMap<(&str, Option<&str>), usize> = HashMap::new();
        for (partition, records) in records.iter() {
            for record in records {
                let index = flat.len();
                let key = record.key.as_ref().map(AsRef::as_ref);
                let before = match order {
                    Order::Partition => last.insert((partition, None), index),
                    Order::Key if key.is_some() => last.insert((partition, key), index),
                    Order::Key | Order::None => None,
                };
                match before {
                    Some(before) => successor[before] = Some(index),
                    None => drop(ready.insert(index)),
                }
                flat.push(record);
                successor.push(None);
            }
        }
        Self {
            states: flat.iter().map(|_| State::Waiting).collect(),
            records: flat,
            ready,
            successor,
            on_failure,
        }
    }

    /// The first record in the event's order that may begin.
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

    /// Takes note of how the record at `index` ended; with `late` nothing follows it.
    pub(crate) fn end(&mut self, index: usize, result: Result<(), Cause<E>>, late: bool) {
        let goes_on = result.is_ok() || self.on_failure == OnFailure::Alone;
        self.states[index] = match result {
            Ok(()) => State::Done,
            Err(cause) => State::Failed(cause),
        };
        if goes_on && !late {
            self.ready.extend(self.successor[index]);
        }
    }

    /// Every record that is not done, in the event's order. One that never began did so because one
    /// before it in its lane failed, or for lack of time.
    pub(crate) fn failures(self) -> impl Iterator<Item = (&'e KafkaRecord, Cause<E>)> {
        let mut stopped = vec![false; self.states.len()];
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
        let states = self.states.into_iter().zip(stopped).zip(self.records);
        states.filter_map(|((state, stopped), record)| match state {
            State::Done => None,
            State::Failed(cause) => Some((record, cause)),
            State::Waiting if stopped => Some((record, Cause::Stopped)),
            State::Waiting => Some((record, Cause::Late)),
        })
    }
}

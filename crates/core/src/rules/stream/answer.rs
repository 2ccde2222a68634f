//! Reading a function's answer to a batch of a stream.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lane::Item;
use crate::Outcome;
use crate::rules::partial::{failure, reported, text};

/// What an answer says about a batch.
#[derive(Debug)]
pub(super) struct Answer {
    /// Which records are not done with, by their place in the batch.
    pub(super) remaining: Vec<bool>,
    /// Why the whole batch failed, other than by reporting its first record.
    pub(super) failed: Option<String>,
    /// What is handed on within the window.
    pub(super) state: Option<Box<RawValue>>,
}

/// What an answer is read by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Whether failures may be reported.
    pub(super) reports: bool,
    /// Whether identifiers are those of Kafka.
    pub(super) kafka: bool,
    /// Whether the answer must hold a state.
    pub(super) windowed: bool,
}

impl Answer {
    /// Reads the answer to a batch of `items`, in order.
    ///
    /// From the lowest record of each shard that is reported, all are to run again. An identifier
    /// that is not in the batch fails it as a whole.
    pub(super) fn read(reading: Reading, outcome: &Outcome, items: &[Item]) -> Self {
        let failed = |reason: String| Self {
            remaining: vec![true; items.len()],
            failed: Some(reason),
            state: None,
        };
        let payload = match outcome {
            Outcome::Success { payload, .. } => payload,
            Outcome::FunctionError { payload, .. } => return failed(failure(payload)),
            Outcome::Accepted { .. } | Outcome::DryRun => {
                return failed("the function did not run".into());
            }
        };
        let state = match reading.windowed.then(|| state(payload)) {
            None => None,
            Some(Some(state)) => Some(state),
            Some(None) => return failed("the answer has no `state`".into()),
        };
        let remaining = match reading.reports {
            true => remaining(reading.kafka, payload, items),
            false => Ok(vec![false; items.len()]),
        };
        match remaining {
            Ok(remaining) => Self {
                remaining,
                failed: None,
                state,
            },
            Err(reason) => failed(reason),
        }
    }
}

fn remaining(kafka: bool, payload: &[u8], items: &[Item]) -> Result<Vec<bool>, String> {
    let mut remaining = vec![false; items.len()];
    for id in reported(payload)? {
        let (shard, id) = match kafka {
            true => {
                let place = place(id)?;
                (Some(place.partition), place.offset)
            }
            false => (None, text(id)?),
        };
        let is_it = |item: &Item| {
            item.record.id == id && shard.as_ref().is_none_or(|shard| **shard == *item.shard)
        };
        let Some(index) = items.iter().position(is_it) else {
            let id = shard.map_or(id.clone(), |shard| format!("{shard} {id}"));
            return Err(format!(
                "the answer reports `{id}`, which is not in the batch"
            ));
        };
        let (of, later) = (&items[index].shard, items.iter().enumerate().skip(index));
        for (index, item) in later {
            remaining[index] |= item.shard == *of;
        }
    }
    Ok(remaining)
}

struct Place {
    partition: String,
    offset: String,
}

/// An identifier of Kafka: `{"partition": "orders-0", "offset": 15}`.
fn place(id: &RawValue) -> Result<Place, String> {
    #[derive(Deserialize)]
    struct Written<'a> {
        partition: String,
        #[serde(borrow)]
        offset: &'a RawValue,
    }
    let wrong = || format!("the answer has an `itemIdentifier` of no partition and offset: {id}");
    if !id.get().starts_with('{') {
        return Err(wrong());
    }
    let place: Written<'_> = serde_json::from_str(id.get()).map_err(|_| wrong())?;
    let offset = place.offset.get();
    let offset = offset
        .strip_prefix('"')
        .and_then(|offset| offset.strip_suffix('"'))
        .unwrap_or(offset);
    match offset.parse::<u64>() {
        Ok(offset) => Ok(Place {
            partition: place.partition,
            offset: offset.to_string(),
        }),
        Err(_) => Err(wrong()),
    }
}

/// The `state` of an answer, where it is an object.
fn state(payload: &[u8]) -> Option<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Stateful {
        state: Option<Box<RawValue>>,
    }
    if !payload.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let answer: Stateful = serde_json::from_slice(payload).ok()?;
    answer.state.filter(|state| state.get().starts_with('{'))
}

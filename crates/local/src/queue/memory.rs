//! The queue of an engine that keeps nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::queue::{Event, Place, Taken, WINDOW, WINDOW_BYTES, millis};

/// Events by function, in the order they are due.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    functions: HashMap<String, BTreeMap<Place, Event>>,
    number: u64,
}

impl Memory {
    pub(crate) fn put(&self, function: &str, event: Event, due: Duration) -> Place {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.number += 1;
        let place = Place {
            due: millis(due),
            number: state.number,
        };
        state
            .functions
            .entry(function.to_owned())
            .or_default()
            .insert(place, event);
        place
    }

    pub(crate) fn take(&self, function: &str, now: Duration) -> Taken {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Taken::default();
        let Some(events) = state.functions.get_mut(function) else {
            return taken;
        };
        let mut bytes = 0;
        while let Some(entry) = events.first_entry() {
            if entry.key().due > millis(now) {
                taken.next = Some(Duration::from_millis(entry.key().due));
                break;
            }
            if taken.events.len() == WINDOW || bytes >= WINDOW_BYTES {
                taken.next = Some(now);
                break;
            }
            bytes += entry.get().payload.len();
            taken.events.push(entry.remove_entry());
        }
        taken
    }
}

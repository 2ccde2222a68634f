//! Forming batches of polled records.
//!
//! ```
//! use std::time::Duration;
//!
//! use lambda_with::Record;
//! use lambda_with::rules::batch::{Batcher, Limits};
//!
//! let seconds = Duration::from_secs;
//! let record = |id: &str| Record {
//!     id: id.into(),
//!     group: None,
//!     receipt: "AQEB".into(),
//!     json: "{}".into(),
//!     arrived: None,
//! };
//! let mut batcher = Batcher::new(Limits { size: 2, window: seconds(5), ..Limits::default() });
//! batcher.offer([record("a"), record("b"), record("c")], seconds(0));
//! assert_eq!(batcher.next(seconds(0)).unwrap().records.len(), 2);
//! assert!(batcher.next(seconds(0)).is_none());
//! assert_eq!(batcher.deadline(), Some(seconds(5)));
//! assert_eq!(batcher.next(seconds(5)).unwrap().event(), r#"{"Records":[{}]}"#);
//! ```
//!
//! A batch is due when the first of three things happens: it has as many records as it may, the
//! next record would make its event too large, or its first record has waited for the window.
//! Records of one group (a FIFO queue's message group) keep their order, and while a batch holds
//! any of them no other batch does.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html>.

mod event;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use self::event::FRAME;
pub use self::event::{Batch, Envelope, event_json};
use crate::{InvocationType, Record};

/// How large a batch may grow, and how long its first record may wait.
///
/// The default is that of a mapping to an SQS queue: 10 records, no window, 6 MB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The most records of one batch.
    pub size: usize,
    /// How long the first record may wait for others.
    pub window: Duration,
    /// The most bytes of the whole event, brackets and commas included. Where the event is not
    /// `{"Records":[…]}`, what its [`Envelope`] has more must be taken off.
    pub payload: usize,
}

/// The state of forming batches from one source.
#[derive(Clone, Debug)]
pub struct Batcher {
    limits: Limits,
    waiting: VecDeque<Waiting>,
    in_flight: HashMap<u64, Vec<(String, Option<String>)>>,
    busy: HashSet<String>,
    last_id: u64,
}

#[derive(Clone, Debug)]
struct Waiting {
    record: Record,
    arrived: Duration,
}

/// The batch that could be formed now.
struct Pick {
    indexes: Vec<usize>,
    arrived: Duration,
    full: bool,
}

impl Batcher {
    /// A batcher without records.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            waiting: VecDeque::new(),
            in_flight: HashMap::new(),
            busy: HashSet::new(),
            last_id: 0,
        }
    }

    /// Takes records in the order the source gave them out, and gives back those that are too large
    /// for any event.
    pub fn offer(
        &mut self,
        records: impl IntoIterator<Item = Record>,
        now: Duration,
    ) -> Vec<Record> {
        let room = self.limits.payload.saturating_sub(FRAME);
        let (fitting, oversize) = records
            .into_iter()
            .partition::<Vec<Record>, _>(|record| record.json.len() <= room);
        self.waiting
            .extend(fitting.into_iter().map(|record| Waiting {
                record,
                arrived: now,
            }));
        oversize
    }

    /// The next batch that is due, to be asked for until there is none.
    pub fn next(&mut self, now: Duration) -> Option<Batch> {
        let pick = self.pick()?;
        if !pick.full && now < pick.arrived.saturating_add(self.limits.window) {
            return None;
        }
        let records = self.take(&pick.indexes);
        self.last_id += 1;
        self.busy
            .extend(records.iter().filter_map(|record| record.group.clone()));
        let members = records
            .iter()
            .map(|record| (record.id.clone(), record.group.clone()));
        self.in_flight.insert(self.last_id, members.collect());
        Some(Batch {
            id: self.last_id,
            records,
        })
    }

    /// When a batch will be due if nothing happens before; none while no record could be invoked.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let pick = self.pick()?;
        Some(if pick.full {
            pick.arrived
        } else {
            pick.arrived.saturating_add(self.limits.window)
        })
    }

    /// Takes note that a batch has been invoked, and which of its records failed, by their ids.
    ///
    /// What follows a failed record in its group must not overtake it: such records are given back,
    /// not to be acknowledged, and come again after it.
    pub fn finish(&mut self, id: u64, failed: &[String]) -> Vec<Record> {
        let members = self.in_flight.remove(&id).unwrap_or_default();
        let mut failed_groups = HashSet::new();
        for (id, group) in members {
            let Some(group) = group else { continue };
            self.busy.remove(&group);
            if failed.contains(&id) {
                failed_groups.insert(group);
            }
        }
        if failed_groups.is_empty() {
            return Vec::new();
        }
        let overtakes = |waiting: &Waiting| {
            waiting
                .record
                .group
                .as_ref()
                .is_some_and(|group| failed_groups.contains(group))
        };
        let (back, stay) = self.waiting.drain(..).partition::<Vec<_>, _>(overtakes);
        self.waiting = stay.into();
        back.into_iter().map(|waiting| waiting.record).collect()
    }

    /// How many records wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many batches are being invoked.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    fn take(&mut self, indexes: &[usize]) -> Vec<Record> {
        let end = indexes.last().map_or(0, |last| last + 1);
        let mut records = Vec::with_capacity(indexes.len());
        let mut passed_over = Vec::new();
        for (index, waiting) in self.waiting.drain(..end).enumerate() {
            if indexes.binary_search(&index).is_ok() {
                records.push(waiting.record);
            } else {
                passed_over.push(waiting);
            }
        }
        for waiting in passed_over.into_iter().rev() {
            self.waiting.push_front(waiting);
        }
        records
    }

    fn pick(&self) -> Option<Pick> {
        let mut indexes = Vec::new();
        let mut arrived = None;
        let mut bytes = FRAME;
        let mut full = false;
        for (
            index,
            Waiting {
                record,
                arrived: at,
            },
        ) in self.waiting.iter().enumerate()
        {
            if record
                .group
                .as_ref()
                .is_some_and(|group| self.busy.contains(group))
            {
                continue;
            }
            let comma = usize::from(!indexes.is_empty());
            full = indexes.len() >= self.limits.size.max(1)
                || bytes + comma + record.json.len() > self.limits.payload;
            if full {
                break;
            }
            bytes += comma + record.json.len();
            indexes.push(index);
            arrived.get_or_insert(*at);
        }
        let full = full || indexes.len() >= self.limits.size.max(1);
        arrived.map(|arrived| Pick {
            indexes,
            arrived,
            full,
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 10,
            window: Duration::ZERO,
            payload: InvocationType::RequestResponse.max_payload(),
        }
    }
}

#[cfg(test)]
mod tests;

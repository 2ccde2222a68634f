//! What is read, invoked, reported and done with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::answer::{Answer, Reading};
use super::bookmark::Bookmark;
use super::failure::{Failure, Last, Span};
use super::lane::{Item, Lane, Plan, Work};
use super::progress::Progress;
use super::{Condition, Settings};
use crate::{Outcome, Position, Slice, Timestamp};

/// The most records read ahead, unless batches are larger.
const AHEAD: usize = 1000;

/// What one reader of a stream does with its records.
///
/// Kinesis and DynamoDB have one for each shard; for Kafka one consumer reads several partitions,
/// whose records then share batches.
#[derive(Clone, Debug)]
pub struct Consumer {
    pub(super) settings: Settings,
    pub(super) shards: BTreeMap<Arc<str>, Progress>,
    lanes: Vec<Lane>,
    last_id: u64,
    /// How many records, and how many bytes of them, are not done with.
    held: (usize, usize),
}

/// What is to be done now.
#[derive(Clone, Debug)]
pub enum Action {
    /// Invoke the function, and say what came of it to [`Consumer::finish`].
    Invoke(Batch),
    /// Send a failure record, if there is where to, and then say so to [`Consumer::reported`].
    Report(Failure),
}

/// An event to invoke with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    /// What [`Consumer::finish`] names it by.
    pub id: u64,
    /// The event.
    pub event: Bytes,
    /// How many records it holds; none at the end of a tumbling window.
    pub records: usize,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settled {
    /// How many records are done with.
    pub succeeded: usize,
    /// How many come again or are given up.
    pub failed: usize,
    /// Why the whole batch counts as failed.
    pub reason: Option<String>,
}

impl Consumer {
    /// A consumer of no shard.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            lanes: vec![Lane::default(); settings.lanes()],
            settings,
            shards: BTreeMap::new(),
            last_id: 0,
            held: (0, 0),
        }
    }

    /// Begins with a shard where its bookmark says.
    pub fn open(&mut self, shard: &str, bookmark: Bookmark) {
        let progress = Progress::new(bookmark.position, bookmark.finished);
        self.shards.insert(shard.into(), progress);
        if let (Some(lane), Some(window)) = (self.lanes.first_mut(), bookmark.window) {
            lane.window = Some(window);
        }
    }

    /// Where to read a shard on; none when it is read to its end.
    #[must_use]
    pub fn position(&self, shard: &str) -> Option<&Position> {
        let progress = self.shards.get(shard).filter(|progress| !progress.ended);
        progress.map(|progress| &progress.next)
    }

    /// The shards to read on, and where.
    pub fn reading(&self) -> impl Iterator<Item = (&str, &Position)> {
        let open = self.shards.iter().filter(|(_, progress)| !progress.ended);
        open.map(|(shard, progress)| (&**shard, &progress.next))
    }

    /// All shards it was given, and how far they have been processed.
    pub fn bookmarks(&self) -> impl Iterator<Item = (&str, Bookmark)> {
        let shards = self.shards.keys();
        shards.filter_map(|shard| Some((&**shard, self.bookmark(shard)?)))
    }

    /// Reads a shard on from elsewhere: what stood at its position is gone.
    pub fn seek(&mut self, shard: &str, position: Position) {
        if let Some(progress) = self.shards.get_mut(shard) {
            progress.next = position;
        }
    }

    /// How many records may be read at the moment.
    #[must_use]
    pub fn room(&self) -> usize {
        let (records, bytes) = self.held;
        let most = AHEAD.max(2 * self.settings.limits.size * self.lanes.len());
        match bytes < self.settings.limits.payload.saturating_mul(4) {
            true => most.saturating_sub(records),
            false => 0,
        }
    }

    /// Takes what a read of a shard gave; returns how many records the filters kept out.
    pub fn offer(&mut self, shard: &str, slice: Slice, now: Duration) -> usize {
        let Some((shard, progress)) = self
            .shards
            .get_key_value(shard)
            .map(|(shard, _)| shard.clone())
            .and_then(|shard| Some((shard.clone(), self.shards.get_mut(&shard)?)))
        else {
            return 0;
        };
        let mut filtered = 0;
        for record in slice.records {
            let data_key = self.settings.data_key();
            let accepted = self.settings.filters.accepts(data_key, &record.json);
            let number = progress.add(&record.id, !accepted);
            if !accepted {
                filtered += 1;
                continue;
            }
            self.held.0 += 1;
            self.held.1 += record.json.len();
            let lane = lane(record.group.as_deref(), self.lanes.len());
            self.lanes[lane].queue.push_back(Item {
                shard: shard.clone(),
                number,
                arrived: record.arrived.unwrap_or_else(|| timestamp(now)),
                record,
                offered: now,
            });
        }
        progress.read(slice.next, slice.ended);
        filtered
    }

    /// What is to be done now; to be asked for until there is nothing.
    pub fn next(&mut self, now: Duration) -> Option<Action> {
        let ended = self.all_read();
        let settings = &self.settings;
        let due = self.lanes.iter_mut().find_map(|lane| {
            let (due, plan) = lane.plan(settings, ended)?;
            (due <= now).then_some((lane, plan))
        });
        let (lane, plan) = due?;
        self.last_id += 1;
        Some(act(settings, lane, plan, self.last_id, now))
    }

    /// When something will be to do if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let ended = self.all_read();
        let plans = self.lanes.iter();
        let plans = plans.filter_map(|lane| lane.plan(&self.settings, ended));
        plans.map(|(due, _)| due).min()
    }

    /// Takes note of what came of an invocation; without an outcome the function did not run.
    pub fn finish(
        &mut self,
        id: u64,
        request_id: &str,
        outcome: Option<&Outcome>,
        now: Duration,
    ) -> Settled {
        let Some((index, mut work)) = self.release(id) else {
            return Settled::default();
        };
        let settings = &self.settings;
        let lane = &mut self.lanes[index];
        lane.returned = now;
        let ran = outcome.and_then(|outcome| Some((outcome, Last::new(request_id, outcome)?)));
        let Some((outcome, last)) = ran else {
            work.refused(now);
            let failed = work.items.len();
            lane.work.push_front(work);
            return Settled {
                failed,
                reason: Some("the function did not run".into()),
                ..Settled::default()
            };
        };
        work.attempts = work.attempts.saturating_add(1);
        work.refusals = 0;
        work.last = Some(last);
        let reading = Reading {
            reports: settings.report_batch_item_failures,
            kafka: settings.origin.is_kafka(),
            windowed: lane.window.is_some(),
        };
        let answer = Answer::read(reading, outcome, &work.items);
        let (remaining, done) = split(std::mem::take(&mut work.items), &answer.remaining);
        let settled = Settled {
            succeeded: done.len(),
            failed: remaining.len(),
            reason: answer.failed.clone(),
        };
        let progressed = !done.is_empty();
        if let (Some(window), Some(state)) = (&mut lane.window, answer.state)
            && let Some(span) = Span::all(&done).first()
        {
            window.advance(span, state);
        }
        work.items = remaining;
        if answer.failed.is_none() && work.items.is_empty() {
            if work.closes_window {
                lane.window = None;
            }
        } else if progressed {
            lane.work.push_front(Work {
                items: work.items,
                due: now,
                ..Work::default()
            });
        } else if settings.bisect_batch_on_function_error
            && answer.failed.is_some()
            && work.items.len() > 1
        {
            let right = work.items.split_off(work.items.len() / 2);
            for items in [right, work.items] {
                lane.work.push_front(Work {
                    items,
                    due: now,
                    ..Work::default()
                });
            }
        } else {
            work.failed(settings, now);
            lane.work.push_front(work);
        }
        self.done(&done);
        settled
    }

    /// Takes note that a failure has been reported: its records are done with.
    pub fn reported(&mut self, id: u64) {
        if let Some((index, work)) = self.release(id) {
            if work.closes_window {
                self.lanes[index].window = None;
            }
            self.done(&work.items);
        }
    }

    /// How far a shard has been processed.
    #[must_use]
    pub fn bookmark(&self, shard: &str) -> Option<Bookmark> {
        let progress = self.shards.get(shard)?;
        let window = self.lanes.first().and_then(|lane| lane.window.clone());
        let mut bookmark = Bookmark::at(progress.resume.clone());
        bookmark.finished = progress.ended && progress.is_idle() && window.is_none();
        bookmark.window = window;
        Some(bookmark)
    }

    /// How many records were read and are not done with.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.0
    }

    /// How many batches are being invoked or reported.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.lanes.iter().filter(|lane| lane.busy.is_some()).count()
    }

    fn all_read(&self) -> bool {
        self.shards.values().all(|progress| progress.ended)
    }

    fn release(&mut self, id: u64) -> Option<(usize, Work)> {
        self.lanes.iter_mut().enumerate().find_map(|(index, lane)| {
            let (_, work) = lane.busy.take_if(|(busy, _)| *busy == id)?;
            Some((index, work))
        })
    }

    fn done(&mut self, items: &[Item]) {
        for item in items {
            self.held.0 -= 1;
            self.held.1 -= item.record.json.len();
            if let Some(progress) = self.shards.get_mut(&item.shard) {
                progress.done(item.number);
            }
        }
    }
}

/// Begins what a lane's plan says.
fn act(settings: &Settings, lane: &mut Lane, plan: Plan, id: u64, now: Duration) -> Action {
    let mut work = lane.take(plan, settings, now);
    // The end of a window is tried once, however long its records have waited for it.
    let tried = work.attempts > 0 || work.refusals > 0;
    let too_old = work.closes_window && tried && lane.expires(settings, &work) <= now;
    let expired = match work.exhausted {
        true => Vec::new(),
        false => Lane::expired(&mut work, settings, now),
    };
    let condition = if work.exhausted {
        Some(Condition::RetryAttemptsExhausted)
    } else if too_old || !expired.is_empty() {
        Some(Condition::RecordAgeExceeded)
    } else {
        None
    };
    if !expired.is_empty() {
        let rest = std::mem::replace(&mut work.items, expired);
        if !rest.is_empty() {
            let rest = Work {
                items: rest,
                ..work.clone()
            };
            lane.work.push_front(rest);
        }
    }
    let shard = match work.items.first() {
        Some(item) => item.shard.to_string(),
        None => lane
            .window
            .as_ref()
            .map_or_else(String::new, |window| window.span.shard.clone()),
    };
    let frame = lane.frame(settings, &shard, work.closes_window);
    let event = frame.event(&work.items);
    let oversize = event.len() > settings.limits.payload;
    let condition = condition.or_else(|| oversize.then_some(Condition::MaximumPayloadSizeExceeded));
    let action = match condition {
        None => Action::Invoke(Batch {
            id,
            event,
            records: work.items.len(),
        }),
        Some(condition) => Action::Report(Failure {
            id,
            condition,
            attempts: work.attempts,
            request_id: work.last.as_ref().map(|last| last.request_id.clone()),
            spans: match (&lane.window, work.closes_window) {
                (Some(window), true) => vec![window.span.clone()],
                _ => Span::all(&work.items),
            },
            event,
            last: work.last.clone(),
            items: work.items.clone(),
        }),
    };
    lane.busy = Some((id, work));
    action
}

/// Splits records into those that remain and those that are done with.
fn split(items: Vec<Item>, remaining: &[bool]) -> (Vec<Item>, Vec<Item>) {
    let (mut remain, mut done) = (Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        match remaining.get(index) {
            Some(true) => remain.push(item),
            _ => done.push(item),
        }
    }
    (remain, done)
}

/// The lane of a partition key, the same in every run.
fn lane(group: Option<&str>, lanes: usize) -> usize {
    let bytes = group.unwrap_or_default().bytes();
    // FNV-1a.
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from(hash % lanes.max(1) as u64).unwrap_or_default()
}

fn timestamp(now: Duration) -> Timestamp {
    Timestamp::from_unix_millis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

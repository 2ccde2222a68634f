//! One lane: records that run one batch after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::event::{Frame, Windowed};
use super::failure::{Last, Span};
use super::window::TumblingWindow;
use super::{Settings, backoff};
use crate::{Record, Timestamp};

/// A record on its way.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) shard: Arc<str>,
    /// Its number within its shard.
    pub(super) number: u64,
    pub(super) record: Record,
    pub(super) arrived: Timestamp,
    /// When it was read.
    pub(super) offered: Duration,
}

/// A batch, until it is done with.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    pub(super) items: Vec<Item>,
    /// Whether it is the last invocation of the window, which has no records.
    pub(super) closes_window: bool,
    /// How often the function ran with it.
    pub(super) attempts: u32,
    /// How often in a row it could not be run.
    pub(super) refusals: u32,
    /// When to try again.
    pub(super) due: Duration,
    /// Whether it failed as often as it may.
    pub(super) exhausted: bool,
    pub(super) last: Option<Last>,
}

/// What a lane does next, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Plan {
    /// Try the work at hand.
    Work,
    /// Form a batch of the first so many records that wait.
    Form(usize),
    /// End the window.
    CloseWindow,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    /// Records that wait.
    pub(super) queue: VecDeque<Item>,
    /// What was begun and must be done with before records that wait.
    pub(super) work: VecDeque<Work>,
    /// What is being invoked or reported.
    pub(super) busy: Option<(u64, Work)>,
    /// When the last invocation returned.
    pub(super) returned: Duration,
    pub(super) window: Option<TumblingWindow>,
}

impl Item {
    fn expires(&self, settings: &Settings) -> Duration {
        match settings.maximum_record_age {
            Some(age) => since_epoch(self.arrived).saturating_add(age),
            None => Duration::MAX,
        }
    }
}

impl Work {
    /// Counts a run that could not be.
    pub(super) fn refused(&mut self, now: Duration) {
        self.refusals = self.refusals.saturating_add(1);
        self.due = now.saturating_add(backoff(self.refusals));
    }

    /// Counts a failure, and says when to try again, if at all.
    pub(super) fn failed(&mut self, settings: &Settings, now: Duration) {
        self.exhausted = settings
            .retries()
            .is_some_and(|retries| self.attempts > retries);
        self.due = now.saturating_add(backoff(self.attempts));
    }
}

impl Lane {
    /// What this lane does next and when, if nothing happens before. `ended` says that no records
    /// follow those that wait.
    pub(super) fn plan(&self, settings: &Settings, ended: bool) -> Option<(Duration, Plan)> {
        if self.busy.is_some() {
            return None;
        }
        if let Some(work) = self.work.front() {
            let due = match work.exhausted {
                true => Duration::ZERO,
                false => work.due.min(self.expires(settings, work)),
            };
            return Some((due, Plan::Work));
        }
        let Some(head) = self.queue.front() else {
            let window = self.window.as_ref()?;
            let length = settings.tumbling()?;
            let due = match ended || window.is_oversize() {
                true => Duration::ZERO,
                false => window.closes_at(length),
            };
            return Some((due, Plan::CloseWindow));
        };
        if let (Some(window), Some(length)) = (&self.window, settings.tumbling())
            && (window.is_oversize() || head.arrived >= window.end(length))
        {
            return Some((Duration::ZERO, Plan::CloseWindow));
        }
        let (count, full) = self.form(settings);
        let due = match full {
            true => Duration::ZERO,
            false => head
                .offered
                .max(self.returned)
                .saturating_add(settings.limits.window)
                .min(head.expires(settings)),
        };
        Some((due, Plan::Form(count)))
    }

    /// Takes what is to be tried or reported now.
    pub(super) fn take(&mut self, plan: Plan, settings: &Settings, now: Duration) -> Work {
        match plan {
            Plan::Work => self.work.pop_front().unwrap_or_default(),
            Plan::CloseWindow => Work {
                closes_window: true,
                ..Work::default()
            },
            Plan::Form(count) => {
                let expired = self
                    .queue
                    .iter()
                    .take(settings.limits.size.max(1))
                    .take_while(|item| item.expires(settings) <= now)
                    .count();
                let count = match expired {
                    0 => count,
                    expired => expired,
                };
                let items: Vec<Item> = self.queue.drain(..count).collect();
                if let (Some(length), None, Some(span)) = (
                    settings.tumbling().filter(|_| expired == 0),
                    &self.window,
                    Span::all(&items).into_iter().next(),
                ) {
                    self.window = Some(TumblingWindow::begin(span.none_yet(), length));
                }
                Work {
                    items,
                    ..Work::default()
                }
            }
        }
    }

    /// Splits off the records that are too old to be tried.
    pub(super) fn expired(work: &mut Work, settings: &Settings, now: Duration) -> Vec<Item> {
        if settings.maximum_record_age.is_none() {
            return Vec::new();
        }
        let (expired, fresh) = std::mem::take(&mut work.items)
            .into_iter()
            .partition(|item| item.expires(settings) <= now);
        work.items = fresh;
        expired
    }

    /// When the first record of `work` is too old, or those of the window it ends are.
    pub(super) fn expires(&self, settings: &Settings, work: &Work) -> Duration {
        let records = work.items.iter().map(|item| item.expires(settings)).min();
        let window = self.window.as_ref().filter(|_| work.closes_window);
        let window = settings
            .maximum_record_age
            .zip(window)
            .map(|(age, window)| since_epoch(window.span.last_arrived).saturating_add(age));
        records.or(window).unwrap_or(Duration::MAX)
    }

    /// The text around the records of an invocation.
    pub(super) fn frame(&self, settings: &Settings, shard: &str, last: bool) -> Frame {
        let windowed = settings.tumbling().zip(self.window.as_ref());
        let windowed = windowed.map(|(length, window)| Windowed {
            window,
            length,
            shard,
            last,
        });
        Frame::new(&settings.origin, windowed)
    }

    /// How many of the records that wait go into one batch, at least one, and whether it is full.
    fn form(&self, settings: &Settings) -> (usize, bool) {
        let Some(head) = self.queue.front() else {
            return (0, false);
        };
        let window = match (settings.tumbling(), &self.window) {
            (None, _) => None,
            (Some(length), Some(window)) => Some(window.end(length)),
            (Some(length), None) => Some(TumblingWindow::begin(Span::of(head), length).end(length)),
        };
        let frame = match (settings.tumbling(), &self.window) {
            (Some(length), None) => {
                let window = TumblingWindow::begin(Span::of(head), length);
                let windowed = Windowed {
                    window: &window,
                    length,
                    shard: &head.shard,
                    last: false,
                };
                Frame::new(&settings.origin, Some(windowed))
            }
            _ => self.frame(settings, &head.shard, false),
        };
        let mut bytes = frame.len();
        let mut seen = Vec::new();
        for (index, item) in self.queue.iter().enumerate() {
            bytes += frame.added(&mut seen, item);
            if index > 0
                && (index >= settings.limits.size
                    || bytes > settings.limits.payload
                    || window.is_some_and(|end| item.arrived >= end))
            {
                return (index, true);
            }
        }
        let full = self.queue.len() >= settings.limits.size || bytes > settings.limits.payload;
        (self.queue.len(), full)
    }
}

/// A time as the rules count it; the epoch for what was before.
pub(super) fn since_epoch(time: Timestamp) -> Duration {
    match u64::try_from(time.seconds()) {
        Ok(seconds) => Duration::new(seconds, time.nanos()),
        Err(_) => Duration::ZERO,
    }
}

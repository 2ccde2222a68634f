//! A queue for tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::batch::{BatchRecord, Order};
use lambda_with::{Error, ErrorKind, EventQueue, Record, Source};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A queue that holds what the test puts in, for [`FunctionHandle::poll`](crate::FunctionHandle::poll).
///
/// ```
/// use std::time::Duration;
///
/// use lambda_with::{Function, FunctionError};
/// use lambda_with_local::{FunctionOptions, Local, Mapping, Options, Run, ScriptedSource};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), lambda_with::Error> {
/// let orders = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?)?;
/// let run = Run::handler(|event, _| async move {
///     assert_eq!(event, r#"{"Records":["first"]}"#);
///     Ok::<_, FunctionError>("null".into())
/// });
/// let mut options = Options::in_memory();
/// options.functions.push(FunctionOptions::new(orders, run));
/// let local = Local::start(options).await?;
///
/// let queue = ScriptedSource::new(Duration::from_secs(30));
/// queue.put([ScriptedSource::record("m-1", None, r#""first""#)]);
/// let poller = local.handle().function("orders")?.poll(queue.clone(), Mapping::default());
/// tokio::time::sleep(Duration::from_secs(1)).await;
/// assert_eq!(queue.acknowledged(), ["m-1"]);
/// poller.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// It can be [shared](crate::SharedQueue) by engines, too. It behaves as SQS does: a record that was given out is hidden, and comes again when it was not
/// acknowledged in time. Records of one group keep their order, and while one of them is hidden none
/// of the others is given out. Its clock is the tokio runtime's. Clones are the same queue.
#[derive(Clone, Debug)]
pub struct ScriptedSource {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// How long a record is hidden; until it is released without one.
    visibility: Option<Duration>,
    /// How often a record is given out before it is a dead letter.
    receives: Option<u32>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    acknowledged: Vec<String>,
    dead: Vec<String>,
    errors: VecDeque<Error>,
    sent: u64,
}

#[derive(Debug)]
struct Waiting {
    record: Record,
    received: u32,
    hidden_until: Option<Instant>,
}

impl ScriptedSource {
    /// An empty queue whose records are hidden for so long after they were given out.
    #[must_use]
    pub fn new(visibility: Duration) -> Self {
        Self::with(Some(visibility), None)
    }

    /// An empty queue of a broker: a record that was given out comes again, in its old place, when it
    /// was released, and at once.
    #[must_use]
    pub fn broker() -> Self {
        Self::with(None, None)
    }

    /// The same, where a record is given out so often at most and is a dead letter after that.
    #[must_use]
    pub fn with_dead_letters(visibility: Duration, max_receive_count: u32) -> Self {
        Self::with(Some(visibility), Some(max_receive_count))
    }

    fn with(visibility: Option<Duration>, receives: Option<u32>) -> Self {
        Self {
            shared: Arc::new(Shared {
                visibility,
                receives,
                state: Mutex::default(),
                changed: Notify::new(),
            }),
        }
    }

    /// A record of this id and group that stands in events as `json`.
    pub fn record(id: &str, group: Option<&str>, json: impl Into<Bytes>) -> Record {
        Record {
            id: id.to_owned(),
            group: group.map(str::to_owned),
            receipt: String::new(),
            json: json.into(),
            arrived: None,
        }
    }

    /// A record of an event: its id, what it stays in order with, and its JSON are its own.
    ///
    /// # Errors
    ///
    /// `Invalid` when it cannot be written as JSON.
    pub fn record_of<R: BatchRecord + Serialize>(record: &R) -> Result<Record, Error> {
        let json = serde_json::to_vec(record).map_err(|error| {
            Error::new(ErrorKind::Invalid, "the record is no JSON").caused_by(error)
        })?;
        let group = record.order(Order::Source);
        Ok(Self::record(&record.id(), group.as_deref(), json))
    }

    /// Adds records at the end.
    pub fn put(&self, records: impl IntoIterator<Item = Record>) {
        let waiting = records.into_iter().map(|record| Waiting {
            record,
            received: 0,
            hidden_until: None,
        });
        self.lock().waiting.extend(waiting);
        self.shared.changed.notify_waiters();
    }

    /// Lets the next call fail; called several times, as many.
    pub fn fail(&self, error: Error) {
        self.lock().errors.push_back(error);
        self.shared.changed.notify_waiters();
    }

    /// The ids of records that were acknowledged, in that order.
    #[must_use]
    pub fn acknowledged(&self) -> Vec<String> {
        self.lock().acknowledged.clone()
    }

    /// The ids of records that were given out too often, in that order.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<String> {
        self.lock().dead.clone()
    }

    /// How many records are neither acknowledged nor dead letters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out what is visible now, or says when something will be.
    fn take(&self, max: usize) -> Result<(Vec<Record>, Option<Instant>), Error> {
        let mut state = self.lock();
        if let Some(error) = state.errors.pop_front() {
            return Err(error);
        }
        let now = Instant::now();
        let State { waiting, dead, .. } = &mut *state;
        let most = self.shared.receives.unwrap_or(u32::MAX);
        waiting.retain(|waiting| {
            let is_hidden = waiting.hidden_until.is_some_and(|until| until > now);
            let is_dead = !is_hidden && waiting.received >= most;
            if is_dead {
                dead.push(waiting.record.id.clone());
            }
            !is_dead
        });
        let hidden = waiting.iter().filter_map(|waiting| waiting.hidden_until);
        let next = hidden.filter(|until| *until > now).min();
        let busy: Vec<String> = waiting
            .iter()
            .filter(|waiting| waiting.hidden_until.is_some_and(|until| until > now))
            .filter_map(|waiting| waiting.record.group.clone())
            .collect();
        let visible = waiting.iter_mut().filter(|waiting| {
            let hidden = waiting.hidden_until.is_some_and(|until| until > now);
            let group = waiting.record.group.as_ref();
            !hidden && group.is_none_or(|group| !busy.contains(group))
        });
        let taken = visible.take(max).map(|waiting| {
            waiting.received += 1;
            waiting.hidden_until = Some(now + self.shared.visibility.unwrap_or(FOR_EVER));
            waiting.record.receipt = format!("{} {}", waiting.record.id, waiting.received);
            waiting.record.clone()
        });
        Ok((taken.collect(), next))
    }
}

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86400);

impl Source for ScriptedSource {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        let end = Instant::now() + wait;
        loop {
            let changed = self.shared.changed.notified();
            let (records, next) = self.take(max)?;
            if !records.is_empty() || Instant::now() >= end {
                return Ok(records);
            }
            let until = next.map_or(end, |next| next.min(end));
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    async fn acknowledge(&self, records: &[Record]) -> Result<(), Error> {
        let mut state = self.lock();
        if let Some(error) = state.errors.pop_front() {
            return Err(error);
        }
        for record in records {
            let is_it = |waiting: &Waiting| waiting.record.receipt == record.receipt;
            let Some(index) = state.waiting.iter().position(is_it) else {
                let what = format!("the receipt `{}` is not known any more", record.receipt);
                return Err(Error::new(ErrorKind::NotFound, what));
            };
            state.waiting.remove(index);
            state.acknowledged.push(record.id.clone());
        }
        drop(state);
        // A group may have become free.
        self.shared.changed.notify_waiters();
        Ok(())
    }

    async fn release(&self, records: &[Record]) -> Result<(), Error> {
        if self.shared.visibility.is_none() {
            let receipts: Vec<&str> = records.iter().map(|it| it.receipt.as_str()).collect();
            for waiting in &mut self.lock().waiting {
                if receipts.contains(&waiting.record.receipt.as_str()) {
                    waiting.hidden_until = None;
                }
            }
            self.shared.changed.notify_waiters();
        }
        Ok(())
    }
}

impl EventQueue for ScriptedSource {
    fn visibility(&self) -> Duration {
        self.shared.visibility.unwrap_or(FOR_EVER)
    }

    fn max_size(&self) -> usize {
        1024 * 1024
    }

    async fn send(&self, event: Bytes, delay: Duration) -> Result<(), Error> {
        let mut state = self.lock();
        if let Some(error) = state.errors.pop_front() {
            return Err(error);
        }
        state.sent += 1;
        let record = Self::record(&format!("sent-{}", state.sent), None, event);
        state.waiting.push_back(Waiting {
            record,
            received: 0,
            hidden_until: Some(Instant::now() + delay),
        });
        drop(state);
        self.shared.changed.notify_waiters();
        Ok(())
    }

    async fn hide(&self, records: &[Record], time: Duration) -> Result<(), Error> {
        let mut state = self.lock();
        if let Some(error) = state.errors.pop_front() {
            return Err(error);
        }
        let until = Instant::now() + time;
        let receipts: Vec<&str> = records.iter().map(|it| it.receipt.as_str()).collect();
        for waiting in &mut state.waiting {
            if receipts.contains(&waiting.record.receipt.as_str()) {
                waiting.hidden_until = Some(until);
            }
        }
        drop(state);
        self.shared.changed.notify_waiters();
        Ok(())
    }
}

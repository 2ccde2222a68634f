//! A stream for tests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::batch::{BatchRecord, Order};
use lambda_with::{Error, ErrorKind, Position, Record, Shard, Slice, Stream};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A stream that holds what the test puts in, for
/// [`FunctionHandle::stream`](crate::FunctionHandle::stream).
///
/// ```
/// use std::time::Duration;
///
/// use lambda_with_local::ScriptedStream;
/// use lambda_with::{Position, Stream};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), lambda_with::Error> {
/// let stream = ScriptedStream::new(["a"]);
/// stream.put("a", [ScriptedStream::record("1", "key", "{}")]);
/// stream.split("a", ["b", "c"]);
/// stream.put("b", [ScriptedStream::record("2", "key", "{}")]);
/// assert_eq!(stream.shards().await?[1].parents, ["a"]);
/// let slice = stream.read("a", &Position::TrimHorizon, 10, Duration::ZERO).await?;
/// assert!(slice.records.len() == 1 && slice.ended);
/// # Ok(())
/// # }
/// ```
///
/// Shards can be split, merged and closed, old records trimmed, and calls made to fail, also while
/// the stream is being read. Its clock is the tokio runtime's. Clones are the same stream.
#[derive(Clone, Debug, Default)]
pub struct ScriptedStream {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    shards: Vec<Scripted>,
    checkpoints: BTreeMap<String, String>,
    errors: VecDeque<Error>,
}

#[derive(Debug, Default)]
struct Scripted {
    id: String,
    parents: Vec<String>,
    records: Vec<Record>,
    /// How many of the records are gone.
    trimmed: usize,
    closed: bool,
}

impl ScriptedStream {
    /// A stream of these open shards, without records.
    pub fn new(shards: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let stream = Self::default();
        for shard in shards {
            stream.open(shard, []);
        }
        stream
    }

    /// A record of this sequence number and partition key that stands in events as `json`.
    ///
    /// Without a time of arrival its age counts from when it was read; set `arrived` where a test
    /// is about age or windows.
    pub fn record(id: &str, key: &str, json: impl Into<Bytes>) -> Record {
        Record {
            id: id.to_owned(),
            group: Some(key.to_owned()),
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
        Ok(Self::record(&record.id(), &group.unwrap_or_default(), json))
    }

    /// Adds a shard that came from others.
    pub fn open<'a>(&self, shard: impl Into<String>, parents: impl IntoIterator<Item = &'a str>) {
        self.change(|state| {
            state.shards.push(Scripted {
                id: shard.into(),
                parents: parents.into_iter().map(str::to_owned).collect(),
                ..Scripted::default()
            });
        });
    }

    /// Adds records to a shard, which must be there and open to take them.
    pub fn put(&self, shard: &str, records: impl IntoIterator<Item = Record>) {
        self.change_shard(shard, |shard| {
            if !shard.closed {
                shard.records.extend(records);
            }
        });
    }

    /// Closes a shard: no records come after those it has.
    pub fn close(&self, shard: &str) {
        self.change_shard(shard, |shard| shard.closed = true);
    }

    /// Closes a shard and opens those it is split into.
    pub fn split<'a>(&self, shard: &str, children: impl IntoIterator<Item = &'a str>) {
        self.close(shard);
        for child in children {
            self.open(child, [shard]);
        }
    }

    /// Closes shards and opens the one they are merged into.
    pub fn merge(&self, parents: [&str; 2], child: &str) {
        for parent in parents {
            self.close(parent);
        }
        self.open(child, parents);
    }

    /// Loses the oldest records of a shard, so many of all it ever had.
    pub fn trim(&self, shard: &str, records: usize) {
        self.change_shard(shard, |shard| {
            shard.trimmed = shard.trimmed.max(records).min(shard.records.len());
        });
    }

    /// Loses a shard.
    pub fn remove(&self, shard: &str) {
        self.change(|state| state.shards.retain(|other| other.id != shard));
    }

    /// Lets the next call fail; called several times, as many.
    pub fn fail(&self, error: Error) {
        self.change(|state| state.errors.push_back(error));
    }

    /// How far each shard has been processed, by the ids the engine named.
    #[must_use]
    pub fn checkpoints(&self) -> BTreeMap<String, String> {
        self.lock().checkpoints.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.shared.changed.notify_waiters();
    }

    fn change_shard(&self, shard: &str, change: impl FnOnce(&mut Scripted)) {
        self.change(|state| {
            let shard = state.shards.iter_mut().find(|other| other.id == shard);
            if let Some(shard) = shard {
                change(shard);
            }
        });
    }

    fn slice(&self, shard: &str, from: &Position, max: usize) -> Result<Slice, Error> {
        let mut state = self.lock();
        if let Some(error) = state.errors.pop_front() {
            return Err(error);
        }
        let gone = |what: String| Error::new(ErrorKind::NotFound, what);
        let scripted = state
            .shards
            .iter()
            .find(|other| other.id == shard)
            .ok_or_else(|| gone(format!("there is no shard `{shard}`")))?;
        let start = scripted
            .start(from)
            .ok_or_else(|| gone(format!("`{shard}` has lost what stood at {from:?}")))?;
        let end = scripted.records.len().min(start.saturating_add(max));
        let next = match scripted.records[..end].last() {
            Some(last) => Position::After(last.id.clone()),
            None => Position::TrimHorizon,
        };
        Ok(Slice {
            records: scripted.records[start..end].to_vec(),
            next,
            ended: scripted.closed && end == scripted.records.len(),
        })
    }
}

impl Scripted {
    /// The place of the first record to be read.
    fn start(&self, from: &Position) -> Option<usize> {
        let start = match from {
            Position::TrimHorizon => self.trimmed,
            Position::Latest => self.records.len(),
            Position::At(time) => {
                let late = |record: &Record| record.arrived.is_none_or(|arrived| arrived >= *time);
                let first = self.records.iter().position(late);
                first.unwrap_or(self.records.len()).max(self.trimmed)
            }
            Position::After(id) => 1 + self.records.iter().position(|record| record.id == *id)?,
        };
        (start >= self.trimmed).then_some(start)
    }
}

impl Stream for ScriptedStream {
    async fn shards(&self) -> Result<Vec<Shard>, Error> {
        let mut state = self.lock();
        if let Some(error) = state.errors.pop_front() {
            return Err(error);
        }
        let shard = |shard: &Scripted| Shard {
            id: shard.id.clone(),
            parents: shard.parents.clone(),
        };
        Ok(state.shards.iter().map(shard).collect())
    }

    async fn read(
        &self,
        shard: &str,
        from: &Position,
        max: usize,
        wait: Duration,
    ) -> Result<Slice, Error> {
        let end = Instant::now() + wait;
        // What is latest is decided when the call is made.
        let mut from = from.clone();
        loop {
            let changed = self.shared.changed.notified();
            let slice = self.slice(shard, &from, max)?;
            if !slice.records.is_empty() || slice.ended || Instant::now() >= end {
                return Ok(slice);
            }
            from = slice.next;
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(end) => {}
            }
        }
    }

    async fn checkpoint(&self, shard: &str, id: &str) -> Result<(), Error> {
        let checkpoints = &mut self.lock().checkpoints;
        checkpoints.insert(shard.to_owned(), id.to_owned());
        Ok(())
    }
}

//! The queue that several engines share: each runs what any of them has accepted.
//!
//! An event is received, held here while it waits and runs, and deleted when all that follows from it
//! is kept somewhere: its next attempt in the queue, its records in this engine's own files. Until then
//! the queue is told at intervals that somebody is at it; when that ends, it gives the event out again.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use lambda_with::{Error, ErrorKind, Record};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::options::SharedQueue;
use crate::queue::memory::Memory;
use crate::queue::{Event, Place, Taken};

/// The most events of one receive, and how long it waits for the first.
const RECEIVE: usize = 10;
const WAIT: Duration = Duration::from_secs(20);

/// So many events of a function are held at most beyond those that run.
const AHEAD: usize = 10;

/// When an event comes again that is of no function here, and one that others may run sooner.
const UNKNOWN: Duration = Duration::from_secs(5);
const ELSEWHERE: Duration = Duration::from_secs(15);

/// How long the queue may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// The pause after a call that failed; it doubles up to the second.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// How often a call is made that the queue has to take note of.
const TRIES: u32 = 3;

/// The longest delay of a queue.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// What an event may grow by from one attempt to the next: digits.
const GROWTH: usize = 32;

/// How long a queue may take at the end.
const END: Duration = Duration::from_secs(2);

/// The queue, and what was received from it.
pub(crate) struct Shared {
    queue: SharedQueue,
    here: Memory,
    held: Mutex<HashMap<u64, Held>>,
    /// Told whenever something is held no more.
    room: Notify,
    heart: Mutex<Option<AbortHandle>>,
}

/// An event this engine is at.
struct Held {
    function: String,
    record: Record,
    /// Since when the queue hides it.
    since: Instant,
}

/// An event as it stands in the queue: this on the first line, then its payload.
#[derive(Deserialize, Serialize)]
struct Head<E> {
    function: String,
    #[serde(flatten)]
    event: E,
}

impl Shared {
    pub(crate) fn new(queue: SharedQueue) -> Self {
        Self {
            queue,
            here: Memory::default(),
            held: Mutex::default(),
            room: Notify::new(),
            heart: Mutex::default(),
        }
    }

    /// Accepts an event: on return the queue has it.
    pub(crate) async fn accept(&self, function: &str, event: &Event) -> Result<(), Error> {
        let message = encode(function, event)?;
        let (size, limit) = (event.payload.len(), self.queue.max_size());
        if message.len() + GROWTH > limit {
            let limit = limit.saturating_sub(message.len() - size + GROWTH);
            return Err(too_large(size, limit));
        }
        let Err(error) = self.send(message, Duration::ZERO).await else {
            return Ok(());
        };
        tracing::warn!(%error, function, "an event is not accepted");
        Err(match error.kind() {
            ErrorKind::Limit => error,
            _ => {
                let message = "the event could not be put into the shared queue";
                Error::new(ErrorKind::Unavailable, message).caused_by(error)
            }
        })
    }

    pub(crate) fn take(&self, function: &str, now: Duration) -> Taken {
        self.here.take(function, now)
    }

    /// Deletes an event.
    pub(crate) async fn finish(&self, place: Place) {
        let Some(Held {
            record, function, ..
        }) = self.held().remove(&place.number)
        else {
            return;
        };
        self.room.notify_one();
        self.delete(&function, &record).await;
    }

    /// Puts an event that is held here into the queue anew, to be due later.
    pub(crate) async fn put_back(
        &self,
        function: &str,
        place: Place,
        event: &Event,
        delay: Duration,
    ) {
        let sent = match encode(function, event) {
            Ok(message) => again(|| self.send(message.clone(), delay)).await,
            Err(error) => Err(error),
        };
        let Err(error) = sent else {
            return self.finish(place).await;
        };
        tracing::error!(%error, function, "an attempt at an event is not counted");
        let held = self.held().remove(&place.number);
        if let Some(held) = held {
            self.room.notify_one();
            let delay = delay.clamp(PAUSE, LONGEST_DELAY);
            // Fails where the queue is not reached; the event comes again all the sooner.
            let _ = within(ANSWER, self.queue.hide(&[held.record], delay)).await;
        }
    }

    /// Gives back all that was received and has not ended.
    pub(crate) async fn release(&self) {
        self.abort();
        let held = std::mem::take(&mut *self.held());
        let records: Vec<Record> = held.into_values().map(|held| held.record).collect();
        if !records.is_empty() {
            // Where that fails, they come again when their time is over.
            let _ = within(END, self.queue.hide(&records, Duration::ZERO)).await;
        }
    }

    /// Holds on to nothing any more.
    pub(crate) fn abort(&self) {
        let heart = self
            .heart
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(heart) = heart {
            heart.abort();
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<u64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, message: Bytes, delay: Duration) -> Result<(), Error> {
        let sent = self.queue.send(message, delay.min(LONGEST_DELAY));
        within(ANSWER, sent).await
    }

    async fn delete(&self, function: &str, record: &Record) {
        let deleted = again(|| within(ANSWER, self.queue.delete(record))).await;
        if let Err(error) = deleted {
            tracing::warn!(%error, function, "an event that is done with may run again");
        }
    }

    /// How many more events of this function may be held.
    fn free(&self, function: &str, at_once: usize) -> usize {
        let held = self.held();
        let here = held.values().filter(|held| held.function == function);
        (at_once + AHEAD).saturating_sub(here.count())
    }

    /// How many events may be received: as many as the function takes that takes most.
    async fn room(&self, engine: &Engine) -> usize {
        loop {
            let told = self.room.notified();
            let functions = engine.functions.values();
            let free = functions.map(|function| self.free(function.name(), function.parallel));
            match free.max().unwrap_or_default() {
                0 => told.await,
                room => return room.min(RECEIVE),
            }
        }
    }

    /// Does with an event that was received what is to be done.
    async fn sort(&self, engine: &Engine, record: Record, unknown: &mut HashSet<String>) {
        let (function, event) = match decode(&record.json) {
            Ok(decoded) => decoded,
            Err(error) => {
                let id = record.id;
                return tracing::warn!(%error, id, "a message of the shared queue is no event");
            }
        };
        let Some(known) = engine.functions.get(&function) else {
            // Fails where the queue is not reached; then it comes again by itself.
            let _ = within(ANSWER, self.queue.hide(&[record], UNKNOWN)).await;
            if unknown.insert(function.clone()) {
                tracing::warn!(
                    function,
                    "the shared queue has events for a function this engine does not have"
                );
            }
            return;
        };
        if self.free(&function, known.parallel) == 0 {
            // Nobody else could run the others while this one held on to the queue's next events.
            match self.send(record.json.clone(), ELSEWHERE).await {
                Ok(()) => self.delete(&function, &record).await,
                Err(error) => tracing::warn!(%error, function, "an event comes again later"),
            }
            return;
        }
        engine.waiting.send_modify(|waiting| *waiting += 1);
        {
            let mut held = self.held();
            let place = self.here.put(&function, event, engine.clock.now());
            let since = Instant::now();
            held.insert(
                place.number,
                Held {
                    function: function.clone(),
                    record,
                    since,
                },
            );
        }
        if let Some(woken) = engine.woken.get(&function) {
            woken.notify_one();
        }
    }

    /// Lets the queue hide on what has been held for a while.
    async fn keep(&self) {
        let visibility = self.queue.visibility();
        loop {
            tokio::time::sleep(visibility / 6).await;
            let begun = Instant::now();
            let due: Vec<(u64, Record)> = {
                let held = self.held();
                let held = held
                    .iter()
                    .filter(|(_, held)| begun - held.since >= visibility / 3);
                held.map(|(number, held)| (*number, held.record.clone()))
                    .collect()
            };
            if due.is_empty() {
                continue;
            }
            let (numbers, records): (Vec<u64>, Vec<Record>) = due.into_iter().unzip();
            match within(visibility / 3, self.queue.hide(&records, visibility)).await {
                Ok(()) => {
                    let mut held = self.held();
                    for number in numbers {
                        if let Some(held) = held.get_mut(&number) {
                            held.since = begun;
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "events that are here may run elsewhere too"),
            }
        }
    }
}

/// Receives events until told to stop.
pub(crate) async fn work(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let Some(shared) = engine.queue.shared() else {
        return;
    };
    let heart = tokio::spawn({
        let engine = engine.clone();
        async move {
            if let Some(shared) = engine.queue.shared() {
                shared.keep().await;
            }
        }
    });
    *shared.heart.lock().unwrap_or_else(PoisonError::into_inner) = Some(heart.abort_handle());
    let (mut pause, mut unknown) = (PAUSE, HashSet::new());
    while !*stop.borrow_and_update() {
        let room = tokio::select! {
            room = shared.room(&engine) => room,
            _ = stop.changed() => break,
        };
        let mut receiving = std::pin::pin!(within(WAIT + ANSWER, shared.queue.receive(room, WAIT)));
        let received = tokio::select! {
            received = &mut receiving => received,
            // What is on its way may come yet, and is given back at once.
            _ = stop.changed() => match tokio::time::timeout(PAUSE, receiving).await {
                Ok(received) => received,
                Err(_) => break,
            },
        };
        match received {
            Ok(records) => {
                pause = PAUSE;
                for record in records {
                    shared.sort(&engine, record, &mut unknown).await;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the shared queue cannot be read");
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = stop.changed() => {}
                }
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }
}

/// Waits so long for the queue at most.
async fn within<T>(
    time: Duration,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answer = tokio::time::timeout(time, call).await;
    answer.unwrap_or_else(|_| {
        let message = format!("the queue did not answer within {} s", time.as_secs());
        Err(Error::new(ErrorKind::Unavailable, message))
    })
}

/// Calls the queue until it answers, a few times.
async fn again<F>(mut call: impl FnMut() -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match call().await {
            Err(error) if matches!(error.kind(), ErrorKind::Throttled | ErrorKind::Unavailable) => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            answer => return answer,
        }
    }
    call().await
}

fn encode(function: &str, event: &Event) -> Result<Bytes, Error> {
    let head = Head {
        function: function.to_owned(),
        event,
    };
    let head = serde_json::to_vec(&head).map_err(|error| {
        Error::new(ErrorKind::Invalid, "an event could not be encoded").caused_by(error)
    })?;
    let mut all = BytesMut::with_capacity(head.len() + 1 + event.payload.len());
    all.put_slice(&head);
    all.put_u8(b'\n');
    all.put_slice(&event.payload);
    Ok(all.freeze())
}

fn decode(message: &Bytes) -> Result<(String, Event), Error> {
    let broken = || Error::new(ErrorKind::Decode, "it was not written by an engine");
    let end = message
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(broken)?;
    let head: Head<Event> =
        serde_json::from_slice(&message[..end]).map_err(|error| broken().caused_by(error))?;
    let payload = message.slice(end + 1..);
    Ok((
        head.function,
        Event {
            payload,
            ..head.event
        },
    ))
}

fn too_large(size: usize, limit: usize) -> Error {
    let message = format!(
        "{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
    );
    Error::new(ErrorKind::Limit, message)
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("held", &self.held().len())
            .finish_non_exhaustive()
    }
}

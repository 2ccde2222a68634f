//! The queue on disk: one thread writes what many accept, in one transaction per flush.
//!
//! Every event is a row under (function, due, number). The thread reads as well, so a read never
//! misses a row that is being written. It remembers how far it has read; a row written later is due
//! no earlier than that, so each row is read once per run, and again only after a restart.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use lambda_with::{Error, ErrorKind};
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::{mpsc, oneshot};

use crate::queue::{Event, Place, Taken, WINDOW, WINDOW_BYTES, millis};

const EVENTS: TableDefinition<(&str, u64, u64), &[u8]> = TableDefinition::new("events");
const NUMBERS: TableDefinition<&str, u64> = TableDefinition::new("numbers");

/// Changes that may wait for the thread; whoever has more waits himself.
const WAITING: usize = 4096;

/// The most bytes written in one transaction, and the most memory the database takes for pages.
const FLUSH: usize = 32 * 1024 * 1024;
const CACHE: usize = 64 * 1024 * 1024;

/// The queue on disk.
#[derive(Debug)]
pub(crate) struct Disk {
    orders: Mutex<Option<mpsc::Sender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Order {
    Change(Change),
    Take {
        function: String,
        until: u64,
        reply: oneshot::Sender<Result<Taken, Error>>,
    },
    Len {
        functions: Vec<String>,
        reply: oneshot::Sender<Result<usize, Error>>,
    },
}

/// Removes one row, writes another, or both.
struct Change {
    function: String,
    remove: Option<Place>,
    write: Option<(u64, Bytes)>,
    reply: Option<oneshot::Sender<Result<(), Error>>>,
}

impl Disk {
    /// Opens the queue, or makes it.
    ///
    /// # Errors
    ///
    /// `Conflict` when another engine has it open; `Unavailable` when it cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |what: &str, error: redb::Error| {
            Error::new(
                ErrorKind::Unavailable,
                format!("the queue could not be {what}"),
            )
            .with("file", path.display().to_string())
            .caused_by(error)
        };
        let database = match Database::builder().set_cache_size(CACHE).create(path) {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(
                    Error::new(ErrorKind::Conflict, "another engine uses the queue")
                        .with("file", path.display().to_string()),
                );
            }
            Err(error) => return Err(failed("opened", error.into())),
        };
        let writer = Writer::new(database).map_err(|error| failed("read", error))?;
        let (orders, received) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("lambda-with-queue".to_owned())
            .spawn(move || writer.run(received))
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "the queue's thread could not start")
                    .caused_by(error)
            })?;
        Ok(Self {
            orders: Mutex::new(Some(orders)),
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(crate) async fn len(&self, functions: Vec<String>) -> Result<usize, Error> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Len { functions, reply }).await?;
        answer.await.map_err(|_| closed())?
    }

    pub(crate) async fn accept(
        &self,
        function: &str,
        event: &Event,
        now: Duration,
    ) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Change(Change {
            function: function.to_owned(),
            remove: None,
            write: Some((millis(now), event.encode()?)),
            reply: Some(reply),
        }))
        .await?;
        answer.await.map_err(|_| closed())?
    }

    pub(crate) async fn take(&self, function: &str, now: Duration) -> Result<Taken, Error> {
        let (reply, answer) = oneshot::channel();
        let function = function.to_owned();
        self.order(Order::Take {
            function,
            until: millis(now),
            reply,
        })
        .await?;
        answer.await.map_err(|_| closed())?
    }

    pub(crate) async fn finish(&self, function: &str, place: Place) {
        self.change(function, place, None).await;
    }

    pub(crate) async fn put_back(
        &self,
        function: &str,
        place: Place,
        event: &Event,
        due: Duration,
    ) {
        match event.encode() {
            Ok(encoded) => {
                self.change(function, place, Some((millis(due), encoded)))
                    .await;
            }
            Err(error) => {
                tracing::error!(%error, function, "an event stays as it was until a restart");
            }
        }
    }

    async fn change(&self, function: &str, place: Place, write: Option<(u64, Bytes)>) {
        let function = function.to_owned();
        let change = Change {
            function,
            remove: Some(place),
            write,
            reply: None,
        };
        // Fails when the queue is closed; the event then runs again after a restart.
        let _ = self.order(Order::Change(change)).await;
    }

    async fn order(&self, order: Order) -> Result<(), Error> {
        let orders = lock(&self.orders).clone().ok_or_else(closed)?;
        orders.send(order).await.map_err(|_| closed())
    }

    /// Takes nothing more, and waits until what was ordered is written and the file is closed.
    pub(crate) fn close(&self) {
        *lock(&self.orders) = None;
        if let Some(thread) = lock(&self.thread).take() {
            // Fails when the thread panicked, which it has said on standard error.
            let _ = thread.join();
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the queue is closed")
}

/// What the thread works with.
struct Writer {
    database: Database,
    number: u64,
    /// No row may be written that is due before this.
    floor: u64,
    /// How far each function's rows have been read.
    read: HashMap<String, Place>,
    /// Changes that could not be written and must not be lost.
    unwritten: Vec<Change>,
}

impl Writer {
    fn new(database: Database) -> Result<Self, redb::Error> {
        let transaction = database.begin_write()?;
        transaction.open_table(EVENTS)?;
        let number = transaction
            .open_table(NUMBERS)?
            .get("last")?
            .map_or(0, |last| last.value());
        transaction.commit()?;
        Ok(Self {
            database,
            number,
            floor: 0,
            read: HashMap::new(),
            unwritten: Vec::new(),
        })
    }

    fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(first) = orders.blocking_recv() {
            let mut changes = std::mem::take(&mut self.unwritten);
            let mut reads = Vec::new();
            let mut bytes = 0;
            let mut next = Some(first);
            while let Some(order) = next {
                match order {
                    Order::Change(change) => {
                        bytes += change.write.as_ref().map_or(0, |(_, row)| row.len());
                        changes.push(change);
                    }
                    read => reads.push(read),
                }
                next = if changes.len() < WAITING && bytes < FLUSH {
                    orders.try_recv().ok()
                } else {
                    None
                };
            }
            if !changes.is_empty() {
                self.write(changes);
            }
            for read in reads {
                // Sending only fails when nobody waits for the answer any more.
                match read {
                    Order::Take {
                        function,
                        until,
                        reply,
                    } => {
                        let _ = reply.send(self.take(&function, until).map_err(unreadable));
                    }
                    Order::Len { functions, reply } => {
                        let _ = reply.send(self.len(&functions).map_err(unreadable));
                    }
                    Order::Change(_) => {}
                }
            }
        }
        let unwritten = std::mem::take(&mut self.unwritten);
        if !unwritten.is_empty() {
            self.write(unwritten);
        }
    }

    fn write(&mut self, mut changes: Vec<Change>) {
        let written = self.commit(&changes);
        if let Err(error) = &written {
            tracing::error!(%error, "the queue could not be written");
        }
        for change in &mut changes {
            if let Some(reply) = change.reply.take() {
                let answer = match &written {
                    Ok(()) => Ok(()),
                    Err(error) => Err(Error::new(
                        ErrorKind::Unavailable,
                        "the event could not be written to the queue",
                    )
                    .with("cause", error.to_string())),
                };
                // Fails when the caller has gone away; the event is accepted all the same.
                let _ = reply.send(answer);
                change.remove = None;
                change.write = None;
            }
        }
        if written.is_err() {
            changes.retain(|change| change.remove.is_some());
            self.unwritten = changes;
        }
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), redb::Error> {
        let transaction = self.database.begin_write()?;
        let mut number = self.number;
        {
            let mut events = transaction.open_table(EVENTS)?;
            for Change {
                function,
                remove,
                write,
                ..
            } in changes
            {
                if let Some(place) = remove {
                    events.remove((function.as_str(), place.due, place.number))?;
                }
                if let Some((due, row)) = write {
                    number += 1;
                    events.insert(
                        (function.as_str(), (*due).max(self.floor), number),
                        &row[..],
                    )?;
                }
            }
            if number != self.number {
                transaction.open_table(NUMBERS)?.insert("last", number)?;
            }
        }
        transaction.commit()?;
        self.number = number;
        Ok(())
    }

    fn take(&mut self, function: &str, until: u64) -> Result<Taken, redb::Error> {
        self.floor = self.floor.max(until);
        let from = self
            .read
            .get(function)
            .copied()
            .unwrap_or(Place { due: 0, number: 0 });
        let events = self.database.begin_read()?.open_table(EVENTS)?;
        let mut taken = Taken::default();
        let mut bytes = 0;
        let mut reached = from;
        for row in
            events.range((function, from.due, from.number + 1)..=(function, u64::MAX, u64::MAX))?
        {
            let (key, value) = row?;
            let (_, due, number) = key.value();
            if due > until {
                taken.next = Some(Duration::from_millis(due));
                break;
            }
            if taken.events.len() == WINDOW || bytes >= WINDOW_BYTES {
                taken.next = Some(Duration::from_millis(until));
                break;
            }
            reached = Place { due, number };
            bytes += value.value().len();
            match Event::decode(value.value()) {
                Ok(event) => taken.events.push((reached, event)),
                Err(error) => tracing::error!(%error, function, number, "an event is passed over"),
            }
        }
        self.read.insert(function.to_owned(), reached);
        Ok(taken)
    }

    /// Counts the rows of these functions, and says which rows belong to no function.
    fn len(&self, functions: &[String]) -> Result<usize, redb::Error> {
        let events = self.database.begin_read()?.open_table(EVENTS)?;
        let mut counts: HashMap<String, usize> = HashMap::new();
        for row in events.iter()? {
            let (key, _) = row?;
            let (function, _, _) = key.value();
            match counts.get_mut(function) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(function.to_owned(), 1);
                }
            }
        }
        let mut all = 0;
        for (function, count) in counts {
            if functions.contains(&function) {
                all += count;
            } else {
                tracing::warn!(
                    function,
                    count,
                    "events wait for a function the engine does not have"
                );
            }
        }
        Ok(all)
    }
}

fn unreadable(error: redb::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the queue could not be read").caused_by(error)
}

//! The queue on disk: one thread writes what many accept, in one transaction per flush.
//!
//! Every event is a row under (function, due, number). The thread reads as well, so a read never
//! misses a row that is being written. It remembers how far it has read; a row written later is due
//! no earlier than that, so each row is read once per run, and again only after a restart.

mod writer;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use lambda_with::{Error, ErrorKind};
use redb::{Database, DatabaseError};
use tokio::sync::{mpsc, oneshot};

use self::writer::{Open, Writer};
use crate::queue::{Event, Place, Taken, millis};

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
        let file = path.to_owned();
        let open: Open = Box::new(move || Database::builder().set_cache_size(CACHE).create(&file));
        let database = match open() {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(
                    Error::new(ErrorKind::Conflict, "another engine uses the queue")
                        .with("file", path.display().to_string()),
                );
            }
            Err(error) => return Err(failed("opened", error.into())),
        };
        let writer = Writer::new(database, open).map_err(|error| failed("read", error))?;
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

//! The thread that writes and reads the queue's file.

use std::collections::HashMap;
use std::time::Duration;

use lambda_with::{Error, ErrorKind};
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::mpsc;

use super::{Change, FLUSH, Order, WAITING};
use crate::queue::{Event, Place, Taken, WINDOW, WINDOW_BYTES};

const EVENTS: TableDefinition<(&str, u64, u64), &[u8]> = TableDefinition::new("events");
const NUMBERS: TableDefinition<&str, u64> = TableDefinition::new("numbers");

/// Opens the file.
pub(super) type Open = Box<dyn Fn() -> Result<Database, DatabaseError> + Send>;

/// What the thread works with.
pub(super) struct Writer {
    open: Open,
    /// None after a failure, such as a full disk: the database takes nothing more until it is opened
    /// again.
    database: Option<Database>,
    number: u64,
    /// No row may be written that is due before this.
    floor: u64,
    /// How far each function's rows have been read.
    read: HashMap<String, Place>,
    /// Changes that could not be written and must not be lost.
    unwritten: Vec<Change>,
}

impl Writer {
    pub(super) fn new(database: Database, open: Open) -> Result<Self, redb::Error> {
        let transaction = database.begin_write()?;
        transaction.open_table(EVENTS)?;
        let number = transaction
            .open_table(NUMBERS)?
            .get("last")?
            .map_or(0, |last| last.value());
        transaction.commit()?;
        Ok(Self {
            open,
            database: Some(database),
            number,
            floor: 0,
            read: HashMap::new(),
            unwritten: Vec::new(),
        })
    }

    pub(super) fn run(mut self, mut orders: mpsc::Receiver<Order>) {
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
                        let taken = self.take(&function, until);
                        let _ = reply.send(self.noticed(taken).map_err(unreadable));
                    }
                    Order::Len { functions, reply } => {
                        let counted = self.len(&functions);
                        let _ = reply.send(self.noticed(counted).map_err(unreadable));
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
        let written = self.noticed(written);
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

    fn database(&mut self) -> Result<&Database, redb::Error> {
        match &mut self.database {
            Some(database) => Ok(database),
            none => Ok(none.insert((self.open)()?)),
        }
    }

    /// Closes the file after a failure.
    fn noticed<T>(&mut self, result: Result<T, redb::Error>) -> Result<T, redb::Error> {
        if result.is_err() {
            self.database = None;
        }
        result
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), redb::Error> {
        let transaction = self.database()?.begin_write()?;
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
        let events = self.database()?.begin_read()?.open_table(EVENTS)?;
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
    fn len(&mut self, functions: &[String]) -> Result<usize, redb::Error> {
        let events = self.database()?.begin_read()?.open_table(EVENTS)?;
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use bytes::Bytes;
    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;
    use tokio::sync::oneshot;

    use super::*;

    /// A file on a disk that is full at times.
    #[derive(Clone, Debug, Default)]
    struct Full(Arc<InMemoryBackend>, Arc<AtomicBool>);

    impl Full {
        fn check(&self) -> io::Result<()> {
            match self.1.load(Ordering::SeqCst) {
                true => Err(io::ErrorKind::StorageFull.into()),
                false => Ok(()),
            }
        }
    }

    impl StorageBackend for Full {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.check()?;
            self.0.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.check()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.check()?;
            self.0.write(offset, data)
        }
    }

    fn change(remove: Option<Place>, write: Option<&'static [u8]>) -> Change {
        Change {
            function: "f".to_owned(),
            remove,
            write: write.map(|row| (1, Bytes::from_static(row))),
            reply: None,
        }
    }

    #[test]
    fn a_full_disk_is_written_again_once_there_is_room() {
        let disk = Full::default();
        let file = disk.clone();
        let open: Open = Box::new(move || Database::builder().create_with_backend(file.clone()));
        let mut writer = Writer::new(open().unwrap(), open).unwrap();
        let functions = ["f".to_owned()];
        writer.write(vec![change(None, Some(b"one"))]);
        assert_eq!(writer.len(&functions).unwrap(), 1);
        disk.1.store(true, Ordering::SeqCst);
        let (reply, mut answer) = oneshot::channel();
        let refused = Change {
            reply: Some(reply),
            ..change(None, Some(b"two"))
        };
        let done = change(Some(Place { due: 1, number: 1 }), None);
        writer.write(vec![refused, done]);
        assert!(answer.try_recv().unwrap().is_err(), "it is not accepted");
        let unwritten = std::mem::take(&mut writer.unwritten);
        writer.write(unwritten);
        disk.1.store(false, Ordering::SeqCst);
        let unwritten = std::mem::take(&mut writer.unwritten);
        assert_eq!(unwritten.len(), 1, "what is done is not forgotten");
        writer.write(unwritten);
        let (reply, mut answer) = oneshot::channel();
        let accepted = Change {
            reply: Some(reply),
            ..change(None, Some(b"three"))
        };
        writer.write(vec![accepted]);
        answer.try_recv().unwrap().unwrap();
        let rows = writer.len(&functions).unwrap();
        assert_eq!(rows, 1, "one is done, and two was refused");
    }
}

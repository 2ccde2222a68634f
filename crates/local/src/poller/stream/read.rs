//! Which shards there are, and what is read of them.

use std::time::Duration;

use lambda_with::rules::stream::{Bookmark, Consumer, Origin};
use lambda_with::{Error, ErrorKind, Position, Shard, Slice, Stream};
use tokio::task::JoinError;
use tokio::time::Instant;

use super::Drive;
use crate::poller::{count, ended};

/// How long one read waits for records.
const WAIT: Duration = Duration::from_secs(20);

/// How often the shards are listed.
const LIST: Duration = Duration::from_secs(10);

/// The longest pause after a source could not be read.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The most records of one read.
const MOST: usize = 10_000;

/// What came of asking the source.
pub(super) enum Read {
    Shards(Result<Vec<Shard>, Error>),
    Slice {
        shard: String,
        from: Position,
        begun: Instant,
        slice: Result<Slice, Error>,
    },
}

impl<S: Stream + 'static> Drive<S> {
    pub(super) fn list(&mut self) {
        if self.list_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.list_at = None;
        let source = self.source.clone();
        self.reads
            .spawn(async move { Read::Shards(source.shards().await) });
    }

    /// Starts a read of each shard that has room.
    pub(super) fn read(&mut self) {
        let now = Instant::now();
        for consumer in self.consumers.values() {
            let open = consumer.reading().count().max(1);
            let max = (consumer.room() / open).min(MOST);
            for (shard, position) in consumer.reading() {
                let paused = self
                    .pauses
                    .get(shard)
                    .is_some_and(|(until, _)| *until > now);
                if max == 0 || paused || self.reading.contains(shard) {
                    continue;
                }
                self.reading.insert(shard.to_owned());
                let (source, shard, position) =
                    (self.source.clone(), shard.to_owned(), position.clone());
                self.reads.spawn(async move {
                    let begun = Instant::now();
                    let slice = source.read(&shard, &position, max, WAIT).await;
                    Read::Slice {
                        shard,
                        from: position,
                        begun,
                        slice,
                    }
                });
            }
        }
    }

    /// Lets children begin where a shard is finished.
    pub(super) fn finish(&mut self) {
        if self.settings.origin.is_kafka() {
            return;
        }
        let finished: Vec<(String, Bookmark)> = self
            .consumers
            .iter()
            .filter(|(_, consumer)| consumer.in_flight() == 0)
            .filter_map(|(shard, consumer)| Some((shard.clone(), consumer.bookmark(shard)?)))
            .filter(|(_, bookmark)| bookmark.finished)
            .collect();
        for (shard, bookmark) in finished {
            self.consumers.remove(&shard);
            self.pauses.remove(&shard);
            self.lineage.finish(&shard);
            self.pending.insert(shard, Some(bookmark));
            let shards = std::mem::take(&mut self.listed);
            self.open(&shards);
            self.listed = shards;
            self.list_at = self.list_at.map(|_| Instant::now());
        }
    }

    /// Begins with the shards that may be read by now.
    fn open(&mut self, shards: &[Shard]) {
        let (start, later) = (
            self.settings.starting_position.clone(),
            self.settings.later_position(),
        );
        for (shard, bookmark) in self.lineage.list(shards, &start, &later) {
            let key = match self.settings.origin.is_kafka() {
                true => String::new(),
                false => shard.clone(),
            };
            let consumer = self.consumers.entry(key);
            let settings = &self.settings;
            consumer
                .or_insert_with(|| Consumer::new(settings.clone()))
                .open(&shard, bookmark);
        }
        let gone = self.lineage.forget(shards);
        self.pending
            .extend(gone.into_iter().map(|shard| (shard, None)));
    }

    pub(super) fn received(&mut self, read: Result<Read, JoinError>) {
        match read {
            Ok(Read::Shards(shards)) => self.found(shards),
            Ok(Read::Slice {
                shard,
                from,
                begun,
                slice,
            }) => self.sliced(&shard, &from, begun, slice),
            // The source's code panicked, for whichever shard. What the other reads bring is left
            // out when it was read again meanwhile.
            Err(error) => {
                let error = ended(&error);
                self.reading.clear();
                self.failed("", &error);
            }
        }
    }

    fn found(&mut self, shards: Result<Vec<Shard>, Error>) {
        self.list_at = Some(Instant::now() + LIST);
        match shards {
            Ok(shards) => {
                self.open(&shards);
                self.listed = shards;
                self.count(|polled| polled.error = None);
            }
            Err(error) => self.failed("", &error),
        }
    }

    fn sliced(
        &mut self,
        shard: &str,
        from: &Position,
        begun: Instant,
        slice: Result<Slice, Error>,
    ) {
        self.reading.remove(shard);
        let consumer = self.consumer(shard);
        if consumer.is_none_or(|consumer| consumer.position(shard) != Some(from)) {
            return;
        }
        let slice = match slice {
            Err(error) if error.kind() == ErrorKind::NotFound => self.moved(shard, error),
            slice => slice,
        };
        let slice = match slice {
            Ok(slice) => slice,
            Err(error) => return self.failed(shard, &error),
        };
        self.pauses.remove(shard);
        if slice.records.is_empty() && !slice.ended {
            // What Lambda polls at while there is nothing.
            let rate = match self.settings.origin {
                Origin::Kinesis { .. } => Duration::from_secs(1),
                _ => Duration::from_millis(250),
            };
            self.pauses
                .insert(shard.to_owned(), (begun + rate, Duration::ZERO));
        }
        let received = count(slice.records.len());
        let now = self.function.engine.clock.now();
        let Some(consumer) = self.consumer(shard) else {
            return;
        };
        let filtered = count(consumer.offer(shard, slice, now));
        self.count(|polled| {
            polled.error = None;
            polled.received += received;
            polled.filtered += filtered;
        });
    }

    /// What is read of a shard that no longer has what stood at its position: the oldest there is,
    /// or nothing more when the shard itself is gone.
    fn moved(&mut self, shard: &str, error: Error) -> Result<Slice, Error> {
        let listed = self.listed.iter().any(|listed| listed.id == shard);
        let Some(consumer) = self.consumer(shard) else {
            return Err(error);
        };
        match consumer.position(shard) {
            Some(Position::TrimHorizon) if !listed => Ok(Slice {
                records: Vec::new(),
                next: Position::TrimHorizon,
                ended: true,
            }),
            Some(Position::TrimHorizon) | None => Err(error),
            Some(_) => {
                tracing::warn!(%error, shard, "records are gone before they were read");
                consumer.seek(shard, Position::TrimHorizon);
                Err(error)
            }
        }
    }

    fn failed(&mut self, shard: &str, error: &Error) {
        tracing::warn!(%error, shard, mapping = self.mapping, "the stream cannot be read");
        self.count(|polled| polled.error = Some(error.to_string()));
        let last = self
            .pauses
            .get(shard)
            .map_or(Duration::ZERO, |(_, last)| *last);
        let pause = (last * 2).clamp(Duration::from_secs(1), MAX_PAUSE);
        let until = Instant::now() + pause;
        match shard {
            "" => self.list_at = Some(until),
            shard => drop(self.pauses.insert(shard.to_owned(), (until, pause))),
        }
    }

    fn consumer(&mut self, shard: &str) -> Option<&mut Consumer> {
        let key = match self.settings.origin.is_kafka() {
            true => "",
            false => shard,
        };
        self.consumers.get_mut(key)
    }
}

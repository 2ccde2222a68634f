//! Where polled events come from.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::{Error, Timestamp};

/// One record of a polled source, ready to stand in an event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// What a partial-batch answer names it by: the message id, the sequence number.
    pub id: String,
    /// Records of one group stay in order and are never in flight twice at once: the FIFO message
    /// group. `None` where order does not matter.
    pub group: Option<String>,
    /// What the source wants back when this delivery is done with: the receipt handle, the offset.
    /// The same record delivered again has another.
    pub receipt: String,
    /// The record as JSON text, as it will stand in the event's `Records`.
    pub json: Bytes,
    /// When the source took the record in, where it says so: the age of a record counts from here.
    pub arrived: Option<Timestamp>,
}

/// A source that Lambda polls, read over its real protocol.
///
/// The engine asks for records, forms batches, invokes the function, and acknowledges what needs
/// not come again. What failed is simply not acknowledged: the source gives it out again by its own
/// rules. Everything an acknowledgement needs is in the [`Record`], so a source remembers nothing
/// of the records it gave out.
///
/// Both calls take `&self`: the engine acknowledges while a long poll is under way. It should not
/// drop a pending [`receive`](Source::receive), for a source may have handed records over that
/// would then be held by nobody until it gives them out again.
pub trait Source: Send + Sync {
    /// Reads up to `max` records, waiting up to `wait` for the first.
    ///
    /// # Errors
    ///
    /// When the source cannot be read; the engine waits and asks again.
    fn receive(
        &self,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<Record>, Error>> + Send;

    /// Takes note that these records need not come again.
    ///
    /// # Errors
    ///
    /// When the source did not take note of all of them; those may come again.
    fn acknowledge(&self, records: &[Record]) -> impl Future<Output = Result<(), Error>> + Send;

    /// Gives back records that failed, for sources that would otherwise keep them for this consumer:
    /// message brokers, which give them out again at once. So the engine keeps them for a while first.
    /// Does nothing for sources with a clock of their own, such as Amazon SQS.
    ///
    /// # Errors
    ///
    /// When the source did not take them back; they come again when the connection ends.
    fn release(&self, records: &[Record]) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = records;
        std::future::ready(Ok(()))
    }
}

/// A queue in which several engines keep the asynchronous events they accepted.
///
/// Each receives what any of them has sent. An event that is received is hidden from the others as
/// long as its engine says so in time; when the engine has ended without a word, it is given out again.
/// The `json` of a [`Record`] is what was sent, byte for byte.
pub trait EventQueue: Source {
    /// How long an event stays hidden after it was received.
    fn visibility(&self) -> Duration;

    /// The most bytes that are taken as one event.
    fn max_size(&self) -> usize;

    /// Keeps an event, on return for good; it is not given out before `delay` is over, which is 15
    /// minutes at most.
    ///
    /// # Errors
    ///
    /// When the queue did not take the event in, or did not say so.
    fn send(&self, event: Bytes, delay: Duration)
    -> impl Future<Output = Result<(), Error>> + Send;

    /// Hides events that were received for so long from now on.
    ///
    /// # Errors
    ///
    /// When the queue did not take note of all of them; those may be given out again.
    fn hide(
        &self,
        records: &[Record],
        time: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A source whose records stay where they are, in shards or partitions: Kinesis, DynamoDB Streams,
/// Kafka.
///
/// Lambda reads each shard from a position it remembers itself, the checkpoint, and moves it on
/// when records need not be read again. Reading takes nothing away, so the same position can be read
/// twice.
///
/// A [`Record`] of a stream has its sequence number or offset as `id`, and as `group` what orders
/// records within their shard: the partition key, the item's key.
pub trait Stream: Send + Sync {
    /// The shards there are now, the closed ones that still hold records included.
    ///
    /// # Errors
    ///
    /// When the source cannot be read; the engine waits and asks again.
    fn shards(&self) -> impl Future<Output = Result<Vec<Shard>, Error>> + Send;

    /// Reads up to `max` records of a shard, waiting up to `wait` for the first.
    ///
    /// # Errors
    ///
    /// When the source cannot be read, or has no longer got what stands at `from`.
    fn read(
        &self,
        shard: &str,
        from: &Position,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Slice, Error>> + Send;

    /// Lets the source know that a shard has been processed up to and with the record `id`, where
    /// it wants to know: Kafka's consumer group. The engine keeps its own checkpoint all the same.
    ///
    /// # Errors
    ///
    /// When the source did not take note.
    fn checkpoint(&self, shard: &str, id: &str) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = (shard, id);
        std::future::ready(Ok(()))
    }
}

/// A shard of a stream, or a partition of a topic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shard {
    /// Its id: `shardId-000000000006`, or topic and partition `orders-0`.
    pub id: String,
    /// The shards it came from by a split or a merge. They are read to their end first.
    pub parents: Vec<String>,
}

/// Where to read on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Position {
    /// With the oldest record there is.
    TrimHorizon,
    /// With the first record that comes from now on.
    Latest,
    /// With the first record that came at this time or later.
    At(Timestamp),
    /// After the record of this sequence number or offset.
    After(String),
}

/// What one read of a shard gave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slice {
    /// The records, in their order.
    pub records: Vec<Record>,
    /// Where the next read goes on. Not always after the last record: a source may have skipped
    /// some, and [`Position::Latest`] turns into a place of its own.
    pub next: Position,
    /// Whether the shard is closed and has been read to its end.
    pub ended: bool,
}

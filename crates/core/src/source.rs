//! Where polled events come from.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::Error;

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
}

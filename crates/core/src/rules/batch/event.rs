//! A batch and its event.

use bytes::{BufMut, Bytes, BytesMut};

use crate::Record;

/// Records to be invoked together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    /// What [`Batcher::finish`](super::Batcher::finish) names it by.
    pub id: u64,
    /// The records in order, at least one.
    pub records: Vec<Record>,
}

impl Batch {
    /// The event the function receives.
    #[must_use]
    pub fn event(&self) -> Bytes {
        event_json(&self.records)
    }
}

/// The event `{"Records":[…]}` of these records, which are copied as they are.
#[must_use]
pub fn event_json<'a>(records: impl IntoIterator<Item = &'a Record> + Clone) -> Bytes {
    let bytes: usize = records
        .clone()
        .into_iter()
        .map(|record| record.json.len() + 1)
        .sum();
    let mut event = BytesMut::with_capacity(FRAME + bytes);
    event.put_slice(OPEN);
    for (index, record) in records.into_iter().enumerate() {
        if index > 0 {
            event.put_u8(b',');
        }
        event.put_slice(&record.json);
    }
    event.put_slice(CLOSE);
    event.freeze()
}

const OPEN: &[u8] = br#"{"Records":["#;
const CLOSE: &[u8] = b"]}";
/// The bytes of the event without records.
pub(super) const FRAME: usize = OPEN.len() + CLOSE.len();

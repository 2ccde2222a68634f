//! A batch and its event.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

use crate::{Arn, Record};

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

/// The text around the records of an event.
///
/// ```
/// use lambda_with::rules::batch::Envelope;
///
/// let broker = "arn:aws:mq:eu-west-1:123456789012:broker:jobs:b-5e1d1a5c".parse()?;
/// let event = Envelope::rabbit_mq(&broker, "resize", "/").event([]);
/// assert!(event.ends_with(br#""rmqMessagesByQueue":{"resize::/":[]}}"#));
/// # Ok::<(), lambda_with::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    head: String,
    tail: String,
}

impl Envelope {
    /// `{"eventSource":"aws:mq",…,"messages":[…]}`, the event of an ActiveMQ broker.
    #[must_use]
    pub fn active_mq(broker: &Arn) -> Self {
        let head = format!(
            r#"{{"eventSource":"aws:mq","eventSourceArn":{},"messages":["#,
            json(broker)
        );
        Self {
            head,
            tail: "]}".into(),
        }
    }

    /// `{"eventSource":"aws:rmq",…,"rmqMessagesByQueue":{"resize::/":[…]}}`, the event of a RabbitMQ
    /// broker.
    #[must_use]
    pub fn rabbit_mq(broker: &Arn, queue: &str, virtual_host: &str) -> Self {
        let head = format!(
            r#"{{"eventSource":"aws:rmq","eventSourceArn":{},"rmqMessagesByQueue":{{{}:["#,
            json(broker),
            json(&format!("{queue}::{virtual_host}"))
        );
        Self {
            head,
            tail: "]}}".into(),
        }
    }

    /// How many bytes it adds to those of the records and the commas between them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// The event of these records, which are copied as they are.
    #[must_use]
    pub fn event<'a>(&self, records: impl IntoIterator<Item = &'a Record> + Clone) -> Bytes {
        let all = records.clone().into_iter();
        let bytes: usize = all.map(|record| record.json.len() + 1).sum();
        let mut event = BytesMut::with_capacity(self.bytes() + bytes);
        event.put_slice(self.head.as_bytes());
        for (index, record) in records.into_iter().enumerate() {
            if index > 0 {
                event.put_u8(b',');
            }
            event.put_slice(&record.json);
        }
        event.put_slice(self.tail.as_bytes());
        event.freeze()
    }
}

impl Default for Envelope {
    /// `{"Records":[…]}`, the event of SQS, Kinesis and DynamoDB.
    fn default() -> Self {
        Self {
            head: OPEN.into(),
            tail: CLOSE.into(),
        }
    }
}

/// The event `{"Records":[…]}` of these records, which are copied as they are.
#[must_use]
pub fn event_json<'a>(records: impl IntoIterator<Item = &'a Record> + Clone) -> Bytes {
    Envelope::default().event(records)
}

const OPEN: &str = r#"{"Records":["#;
const CLOSE: &str = "]}";
/// The bytes of the event without records.
pub(super) const FRAME: usize = OPEN.len() + CLOSE.len();

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    // Only a map with keys that are no strings could fail, and there is none.
    serde_json::to_string(value).unwrap_or_default()
}

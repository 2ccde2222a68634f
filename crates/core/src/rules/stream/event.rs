//! What the event of a batch looks like.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

use super::lane::Item;
use super::window::TumblingWindow;
use crate::Arn;

/// The source of a stream's records, as events and failure records name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A Kinesis data stream.
    Kinesis {
        /// Its ARN, or that of the consumer with enhanced fan-out.
        stream: Arn,
    },
    /// The stream of a DynamoDB table.
    DynamoDb {
        /// Its ARN, with the time it was made.
        stream: Arn,
    },
    /// A topic of a cluster of Amazon MSK.
    Msk {
        /// The cluster's ARN.
        cluster: Arn,
        /// The brokers, `host:port`, with commas between.
        bootstrap_servers: String,
    },
    /// A topic of any other Kafka cluster.
    Kafka {
        /// The brokers, `host:port`, with commas between.
        bootstrap_servers: String,
    },
}

impl Origin {
    /// Whether it is Kafka, managed or not.
    #[must_use]
    pub fn is_kafka(&self) -> bool {
        matches!(self, Self::Msk { .. } | Self::Kafka { .. })
    }

    /// The ARN that stands in events, where there is one.
    #[must_use]
    pub fn arn(&self) -> Option<&Arn> {
        match self {
            Self::Kinesis { stream } | Self::DynamoDb { stream } => Some(stream),
            Self::Msk { cluster, .. } => Some(cluster),
            Self::Kafka { .. } => None,
        }
    }

    /// The brokers that stand in events of Kafka.
    #[must_use]
    pub fn bootstrap_servers(&self) -> Option<&str> {
        match self {
            Self::Msk {
                bootstrap_servers, ..
            }
            | Self::Kafka { bootstrap_servers } => Some(bootstrap_servers),
            Self::Kinesis { .. } | Self::DynamoDb { .. } => None,
        }
    }
}

/// The window an invocation belongs to, and what it is told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windowed<'a> {
    pub(super) window: &'a TumblingWindow,
    pub(super) length: Duration,
    pub(super) shard: &'a str,
    pub(super) last: bool,
}

/// The text around the records.
#[derive(Debug)]
pub(super) struct Frame {
    head: String,
    tail: String,
    keyed: bool,
}

impl Frame {
    pub(super) fn new(origin: &Origin, windowed: Option<Windowed<'_>>) -> Self {
        if origin.is_kafka() {
            let head = KafkaHead {
                event_source: match origin.arn() {
                    Some(_) => "aws:kafka",
                    None => "SelfManagedKafka",
                },
                event_source_arn: origin.arn(),
                bootstrap_servers: origin.bootstrap_servers(),
            };
            let mut head = json(&head);
            head.truncate(head.len() - 1);
            head.push_str(r#","records":{"#);
            return Self {
                head,
                tail: "}}".into(),
                keyed: true,
            };
        }
        let mut tail = "]".to_owned();
        if let Some(windowed) = windowed {
            let end = windowed.window.end(windowed.length);
            let state = WindowTail {
                window: Bounds {
                    start: windowed.window.start.to_string(),
                    end: end.to_string(),
                },
                state: windowed.window.state(),
                shard_id: windowed.shard,
                event_source_arn: origin.arn(),
                is_final_invoke_for_window: windowed.last,
                is_window_terminated_early: windowed.last && windowed.window.is_oversize(),
            };
            tail.push(',');
            tail.push_str(&json(&state)[1..]);
        } else {
            tail.push('}');
        }
        Self {
            head: r#"{"Records":["#.into(),
            tail,
            keyed: false,
        }
    }

    /// The bytes of the event of no records.
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// The bytes `item` adds to the event of others, whose shards are `seen`.
    pub(super) fn added<'a>(&self, seen: &mut Vec<&'a str>, item: &'a Item) -> usize {
        let comma = usize::from(!seen.is_empty());
        let mut bytes = comma + item.record.json.len();
        if seen.is_empty() || self.keyed && !seen.contains(&&*item.shard) {
            seen.push(&item.shard);
            if self.keyed {
                bytes += json(&*item.shard).len() + ":[]".len();
            }
        }
        bytes
    }

    pub(super) fn event(&self, items: &[Item]) -> Bytes {
        let records: usize = items.iter().map(|item| item.record.json.len() + 1).sum();
        let mut event = BytesMut::with_capacity(self.len() + records);
        event.put_slice(self.head.as_bytes());
        if self.keyed {
            let mut shards: Vec<&str> = Vec::new();
            for item in items {
                if !shards.contains(&&*item.shard) {
                    shards.push(&item.shard);
                }
            }
            for (index, shard) in shards.iter().enumerate() {
                if index > 0 {
                    event.put_u8(b',');
                }
                event.put_slice(json(shard).as_bytes());
                event.put_slice(b":[");
                put(
                    &mut event,
                    items.iter().filter(|item| &*item.shard == *shard),
                );
                event.put_u8(b']');
            }
        } else {
            put(&mut event, items.iter());
        }
        event.put_slice(self.tail.as_bytes());
        event.freeze()
    }
}

fn put<'a>(event: &mut BytesMut, items: impl Iterator<Item = &'a Item>) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            event.put_u8(b',');
        }
        event.put_slice(&item.record.json);
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KafkaHead<'a> {
    event_source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_source_arn: Option<&'a Arn>,
    bootstrap_servers: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WindowTail<'a> {
    window: Bounds,
    state: &'a serde_json::value::RawValue,
    shard_id: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: Option<&'a Arn>,
    is_final_invoke_for_window: bool,
    is_window_terminated_early: bool,
}

#[derive(Serialize)]
struct Bounds {
    start: String,
    end: String,
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    // Only a map with keys that are no strings could fail, and there is none.
    serde_json::to_string(value).unwrap_or_default()
}

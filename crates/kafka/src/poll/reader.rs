//! One partition, read from any offset.

use std::time::{Duration, Instant};

use lambda_with::{Base64, EpochMillis, Error, ErrorKind, Map, Nullable, Record, Text};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::failed;
use crate::generated::{KafkaRecord, KafkaTimestampType};

/// An event holds no more, so no more is gathered by one read.
const EVENT_BYTES: usize = 6 * 1024 * 1024;

/// A client that reads one partition.
pub(super) struct Reader {
    consumer: BaseConsumer,
    topic: String,
    partition: i32,
    /// The offset the client goes on at; -1 before it was put anywhere.
    next: i64,
}

impl Reader {
    pub(super) fn new(config: &ClientConfig, topic: &str, partition: i32) -> Result<Self, Error> {
        let consumer = config.create();
        Ok(Self {
            consumer: consumer.map_err(|error| failed("the client", topic, error))?,
            topic: topic.to_owned(),
            partition,
            next: -1,
        })
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    pub(super) fn partition(&self) -> i32 {
        self.partition
    }

    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// Reads up to `max` records from `start` on, waiting up to `wait` for the first.
    pub(super) fn read(
        &mut self,
        start: i64,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Record>, Error> {
        if self.next != start {
            self.put(start)?;
        }
        let until = Instant::now() + wait;
        let (mut records, mut bytes) = (Vec::new(), 0);
        while records.len() < max && bytes < EVENT_BYTES {
            let left = match records.is_empty() {
                true => until.saturating_duration_since(Instant::now()),
                false => Duration::ZERO,
            };
            let message = match self.consumer.poll(left) {
                None => break,
                Some(Ok(message)) => message,
                // What is there already is handed on; a lasting error shows at the next read.
                Some(Err(_)) if !records.is_empty() => break,
                Some(Err(error)) => {
                    self.next = -1;
                    return Err(failed("Fetch", &self.topic, error));
                }
            };
            let record = record(&message)?;
            self.next = message.offset() + 1;
            bytes += record.json.len();
            records.push(record);
        }
        Ok(records)
    }

    fn put(&mut self, start: i64) -> Result<(), Error> {
        self.next = -1;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, self.partition, Offset::Offset(start))
            .and_then(|()| self.consumer.assign(&list))
            .map_err(|error| failed("the seek", &self.topic, error))?;
        self.next = start;
        Ok(())
    }
}

/// A message as Lambda writes it.
fn record(message: &impl Message) -> Result<Record, Error> {
    let (timestamp_type, timestamp) = match message.timestamp() {
        rdkafka::Timestamp::CreateTime(millis) => (KafkaTimestampType::CreateTime, millis),
        rdkafka::Timestamp::LogAppendTime(millis) => (KafkaTimestampType::LogAppendTime, millis),
        rdkafka::Timestamp::NotAvailable => ("NO_TIMESTAMP_TYPE".into(), -1),
    };
    let base64 = |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => Nullable::Value(Base64::encode(bytes)),
        None => Nullable::Null,
    };
    let headers = message.headers().map(|headers| {
        let header = |header: rdkafka::message::Header<'_, &[u8]>| {
            let signed =
                |bytes: &[u8]| bytes.iter().map(|byte| byte.cast_signed().into()).collect();
            let mut one = Map::new();
            one.push(Text::from(header.key), header.value.map(signed));
            one
        };
        headers.iter().map(header).collect()
    });
    let typed = KafkaRecord {
        topic: message.topic().into(),
        partition: message.partition().into(),
        offset: message.offset(),
        timestamp: EpochMillis::from(timestamp),
        timestamp_type,
        key: base64(message.key()),
        value: base64(message.payload()),
        headers: Nullable::Value(headers.unwrap_or_default()),
        ..KafkaRecord::default()
    };
    let json = serde_json::to_vec(&typed).map_err(|error| {
        let what = format!("record {} cannot be written", message.offset());
        Error::new(ErrorKind::Decode, what).caused_by(error)
    })?;
    Ok(Record {
        id: message.offset().to_string(),
        group: Some(typed.topic_partition()),
        receipt: message.offset().to_string(),
        json: json.into(),
        arrived: typed.timestamp.timestamp().ok().filter(|_| timestamp >= 0),
    })
}

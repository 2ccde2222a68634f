//! RabbitMQ over AMQP 0-9-1.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use lambda_with::{Base64, Error, ErrorKind, Json, Map, Nullable, Record, Source, Text, Timestamp};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, ConnectionProperties, Consumer};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{EVENT_BYTES, lost, record};
use crate::ext::written;
use crate::generated::{RabbitMqMessage, RabbitMqProperties};

/// A RabbitMQ queue as a [`Source`].
///
/// ```no_run
/// use lambda_with_mq::poll::RabbitMqSource;
///
/// # async fn example() -> Result<(), lambda_with::Error> {
/// let source = RabbitMqSource::connect("amqp://127.0.0.1:5672/%2f", "tickets", 100).await?;
/// # drop(source);
/// # Ok(())
/// # }
/// ```
///
/// The broker keeps messages that were given out and not acknowledged for this consumer, at most
/// `prefetch` of them. Those released stand at the head of the queue again and are marked as
/// redelivered, and so are all when the connection ends. A connection that broke is made anew by the
/// next receive. The queue must be there: nothing is declared.
#[derive(Debug)]
pub struct RabbitMqSource {
    uri: String,
    queue: String,
    prefetch: u16,
    session: Mutex<Session>,
    channel: Mutex<Option<(u64, Channel)>>,
}

/// A consumer, and how many there were before it.
#[derive(Debug, Default)]
struct Session {
    number: u64,
    open: Option<(Connection, Consumer)>,
}

impl RabbitMqSource {
    /// Consumes `queue` at the broker of this URI, `amqps://NAME:PASSWORD@HOST:5671/VHOST`. The
    /// broker gives out `prefetch` messages ahead: the batch size, times the batches at once.
    ///
    /// # Errors
    ///
    /// When the broker does not answer or refuses the user, or there is no such queue.
    pub async fn connect(
        uri: impl Into<String>,
        queue: impl Into<String>,
        prefetch: u16,
    ) -> Result<Self, Error> {
        let source = Self {
            uri: uri.into(),
            queue: queue.into(),
            prefetch: prefetch.max(1),
            session: Mutex::default(),
            channel: Mutex::default(),
        };
        source.open(&mut *source.session.lock().await).await?;
        Ok(source)
    }

    async fn open(&self, session: &mut Session) -> Result<(), Error> {
        let failed = |call: &'static str| move |error| failed(call, &self.queue, error);
        session.open = None;
        session.number += 1;
        let connection = Connection::connect(&self.uri, ConnectionProperties::default())
            .await
            .map_err(failed("the connection"))?;
        let channel = connection
            .create_channel()
            .await
            .map_err(failed("channel.open"))?;
        channel
            .basic_qos(self.prefetch, BasicQosOptions::default())
            .await
            .map_err(failed("basic.qos"))?;
        let consumer = channel
            .basic_consume(
                self.queue.as_str().into(),
                ShortString::default(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(failed("basic.consume"))?;
        *self.channel.lock().await = Some((session.number, channel));
        session.open = Some((connection, consumer));
        Ok(())
    }

    /// The channel and the tag by which a record came, if that channel is still the one.
    async fn delivered(&self, record: &Record) -> Result<(Channel, u64), Error> {
        let channel = self.channel.lock().await;
        let (number, tag) = record.receipt.split_once('/').unwrap_or_default();
        match (&*channel, tag.parse()) {
            (Some((now, channel)), Ok(tag)) if now.to_string() == number => {
                Ok((channel.clone(), tag))
            }
            _ => Err(lost(record)),
        }
    }

    fn record(&self, number: u64, delivery: &Delivery) -> Result<Record, Error> {
        let message = message(delivery);
        let sent = delivery.properties.timestamp();
        let sent = sent.and_then(|seconds| i64::try_from(seconds).ok());
        let receipt = format!("{number}/{}", delivery.delivery_tag);
        let arrived = sent.map(Timestamp::from_unix_seconds);
        record(&message, receipt.clone(), receipt, arrived)
    }
}

impl Source for RabbitMqSource {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        let mut session = self.session.lock().await;
        if session.open.is_none() {
            self.open(&mut session).await?;
        }
        let number = session.number;
        let until = Instant::now() + wait;
        let (mut records, mut bytes) = (Vec::new(), 0);
        while records.len() < max && bytes < EVENT_BYTES {
            let Some((_, consumer)) = &mut session.open else {
                break;
            };
            let left = match records.is_empty() {
                true => until.saturating_duration_since(Instant::now()),
                false => Duration::ZERO,
            };
            let Ok(next) = tokio::time::timeout(left, consumer.next()).await else {
                break;
            };
            match next {
                Some(Ok(delivery)) => {
                    let record = self.record(number, &delivery)?;
                    bytes += record.json.len();
                    records.push(record);
                }
                // What is there already is handed on, though it can no longer be acknowledged.
                ended if records.is_empty() => {
                    session.open = None;
                    let error = ended.and_then(Result::err);
                    return Err(match error {
                        Some(error) => failed("basic.deliver", &self.queue, error),
                        None => Error::new(ErrorKind::Unavailable, "the consumer has ended")
                            .with("queue", self.queue.as_str()),
                    });
                }
                _ => {
                    session.open = None;
                    break;
                }
            }
        }
        Ok(records)
    }

    async fn acknowledge(&self, records: &[Record]) -> Result<(), Error> {
        for record in records {
            let (channel, tag) = self.delivered(record).await?;
            let done = channel.basic_ack(tag, BasicAckOptions::default()).await;
            done.map_err(|error| failed("basic.ack", &self.queue, error))?;
        }
        Ok(())
    }

    async fn release(&self, records: &[Record]) -> Result<(), Error> {
        // The last first: the broker puts each back at the head of the queue.
        for record in records.iter().rev() {
            let (channel, tag) = self.delivered(record).await?;
            let options = BasicNackOptions {
                multiple: false,
                requeue: true,
            };
            let done = channel.basic_nack(tag, options).await;
            done.map_err(|error| failed("basic.nack", &self.queue, error))?;
        }
        Ok(())
    }
}

/// A delivery as Lambda writes it: what the sender did not set is null.
fn message(delivery: &Delivery) -> RabbitMqMessage {
    let properties = &delivery.properties;
    let text = |text: &Option<ShortString>| match text {
        Some(text) => Nullable::Value(Text::from(text.as_str())),
        None => Nullable::Null,
    };
    let number = |number: &Option<u8>| match number {
        Some(number) => Nullable::Value(i64::from(*number)),
        None => Nullable::Null,
    };
    let headers = match properties.headers() {
        Some(headers) => {
            let mut map = Map::new();
            for (name, value) in headers.inner() {
                map.push(Text::from(name.as_str()), Json::from(header(value)));
            }
            Nullable::Value(map)
        }
        None => Nullable::Null,
    };
    let timestamp = properties.timestamp().and_then(|it| i64::try_from(it).ok());
    let size = i64::try_from(delivery.data.len()).unwrap_or(i64::MAX);
    RabbitMqMessage {
        basic_properties: RabbitMqProperties {
            content_type: text(properties.content_type()),
            content_encoding: text(properties.content_encoding()),
            headers,
            delivery_mode: number(properties.delivery_mode()),
            priority: number(properties.priority()),
            correlation_id: text(properties.correlation_id()),
            reply_to: text(properties.reply_to()),
            expiration: text(properties.expiration()),
            message_id: text(properties.message_id()),
            timestamp: match timestamp {
                Some(seconds) => Nullable::Value(written(seconds).into()),
                None => Nullable::Null,
            },
            message_type: text(properties.kind()),
            user_id: text(properties.user_id()),
            app_id: text(properties.app_id()),
            cluster_id: text(properties.cluster_id()),
            body_size: Nullable::Value(size),
        },
        redelivered: Nullable::Value(delivery.redelivered),
        data: Nullable::Value(Base64::encode(&delivery.data)),
    }
}

/// A header's value: text as its bytes, signed as Java has them.
fn header(value: &AMQPValue) -> Value {
    let signed =
        |bytes: &[u8]| -> Vec<i8> { bytes.iter().map(|byte| byte.cast_signed()).collect() };
    match value {
        AMQPValue::Boolean(value) => json!(value),
        AMQPValue::ShortShortInt(value) => json!(value),
        AMQPValue::ShortShortUInt(value) => json!(value),
        AMQPValue::ShortInt(value) => json!(value),
        AMQPValue::ShortUInt(value) => json!(value),
        AMQPValue::LongInt(value) => json!(value),
        AMQPValue::LongUInt(value) => json!(value),
        AMQPValue::LongLongInt(value) => json!(value),
        AMQPValue::Float(value) => json!(value),
        AMQPValue::Double(value) => json!(value),
        AMQPValue::DecimalValue(value) => {
            json!(f64::from(value.value) / 10_f64.powi(value.scale.into()))
        }
        AMQPValue::ShortString(text) => json!({ "bytes": signed(text.as_str().as_bytes()) }),
        AMQPValue::LongString(text) => json!({ "bytes": signed(text.as_bytes()) }),
        AMQPValue::ByteArray(bytes) => json!(signed(bytes.as_slice())),
        AMQPValue::FieldArray(values) => values.as_slice().iter().map(header).collect(),
        AMQPValue::FieldTable(table) => {
            let members = table.inner().iter();
            let members: BTreeMap<&str, Value> = members
                .map(|(name, value)| (name.as_str(), header(value)))
                .collect();
            json!(members)
        }
        AMQPValue::Timestamp(seconds) => match i64::try_from(*seconds) {
            Ok(seconds) => json!(written(seconds)),
            Err(_) => json!(seconds),
        },
        AMQPValue::Void => Value::Null,
    }
}

fn failed(call: &'static str, queue: &str, error: lapin::Error) -> Error {
    let kind = match error.kind() {
        lapin::ErrorKind::ProtocolError(said) => match said.get_id() {
            403 => ErrorKind::Denied,
            404 | 530 => ErrorKind::NotFound,
            _ => ErrorKind::Unavailable,
        },
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("{call} on queue {queue} failed"))
        .with("queue", queue)
        .with("because", error.to_string())
        .caused_by(error)
}

//! ActiveMQ over STOMP.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use lambda_with::{
    Base64, EpochMillis, Error, ErrorKind, Map, Nullable, Record, Source, Text, Timestamp,
};
use tokio::sync::{Mutex, Notify};

use super::stomp::{Frame, Reader, Writer, connect};
use super::{EVENT_BYTES, lost, record};
use crate::generated::{ActiveMqDestination, ActiveMqMessage, ActiveMqMessageType};

/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How often a client of ActiveMQ has a message redelivered, unless told otherwise.
const REDELIVERIES: u32 = 6;

/// Headers of STOMP and of JMS; all others are the sender's properties.
const KNOWN: [&str; 16] = [
    "ack",
    "content-length",
    "content-type",
    "correlation-id",
    "destination",
    "expires",
    "message-id",
    "original-destination",
    "persistent",
    "priority",
    "redelivered",
    "reply-to",
    "subscription",
    "timestamp",
    "transformation",
    "type",
];

/// An ActiveMQ queue as a [`Source`], over STOMP 1.2. Lambda itself speaks OpenWire.
///
/// ```no_run
/// use lambda_with_mq::poll::ActiveMqSource;
///
/// # async fn example() -> Result<(), lambda_with::Error> {
/// let source = ActiveMqSource::connect("127.0.0.1:61613", "admin", "admin", "cranes", 100).await?;
/// # drop(source);
/// # Ok(())
/// # }
/// ```
///
/// The broker gives at most `prefetch` messages ahead. STOMP can send a message to the dead-letter
/// queue at once, but not put it back: after a release nothing more is handed out until what is in
/// flight is done with, and then the connection is made anew, which gives the messages back to the
/// queue. As OpenWire's clients do, the source counts: a message released after its sixth redelivery
/// goes to the dead-letter queue.
///
/// STOMP does not tell when the broker took a message in and gave it out; both times are when it was
/// read. The connection is plain TCP: for a broker that wants TLS, put a tunnel before it.
#[derive(Debug)]
pub struct ActiveMqSource {
    address: String,
    login: String,
    passcode: String,
    queue: String,
    prefetch: u16,
    reader: Mutex<Option<Reader>>,
    shared: Mutex<Shared>,
    /// Told when something was released or is no longer in flight.
    changed: Notify,
}

#[derive(Default)]
struct Shared {
    /// How many connections there were.
    number: u64,
    writer: Option<Writer>,
    /// What was handed out by this connection and is not done with.
    in_flight: HashSet<String>,
    /// Whether a message was released.
    returning: bool,
    /// How often messages were released, by their ids.
    released: HashMap<String, u32>,
}

impl ActiveMqSource {
    /// Consumes `queue` at the broker with a STOMP connector at `HOST:PORT`.
    ///
    /// # Errors
    ///
    /// When the broker does not answer, or refuses the user.
    pub async fn connect(
        address: impl Into<String>,
        login: impl Into<String>,
        passcode: impl Into<String>,
        queue: impl Into<String>,
        prefetch: u16,
    ) -> Result<Self, Error> {
        let source = Self {
            address: address.into(),
            login: login.into(),
            passcode: passcode.into(),
            queue: queue.into(),
            prefetch: prefetch.max(1),
            reader: Mutex::default(),
            shared: Mutex::default(),
            changed: Notify::new(),
        };
        source.open(&mut *source.reader.lock().await).await?;
        Ok(source)
    }

    async fn open(&self, reader: &mut Option<Reader>) -> Result<(), Error> {
        *reader = None;
        let mut shared = self.shared.lock().await;
        *shared = Shared {
            number: shared.number + 1,
            released: std::mem::take(&mut shared.released),
            ..Shared::default()
        };
        let opened = tokio::time::timeout(ANSWER, self.sign_in()).await;
        let (read, writer) = opened.unwrap_or_else(|_| {
            Err(self.error(ErrorKind::Unavailable, "the broker does not answer"))
        })?;
        shared.writer = Some(writer);
        *reader = Some(read);
        Ok(())
    }

    async fn sign_in(&self) -> Result<(Reader, Writer), Error> {
        let (mut reader, mut writer) = connect(&self.address).await?;
        let hello = [
            ("accept-version", "1.2"),
            ("host", "/"),
            ("heart-beat", "0,0"),
            ("login", self.login.as_str()),
            ("passcode", self.passcode.as_str()),
        ];
        writer.send(&Frame::new("CONNECT", &hello)).await?;
        let answer = reader.frame().await?;
        if answer.command != "CONNECTED" {
            return Err(self.refused(&answer));
        }
        let (destination, prefetch) = (format!("/queue/{}", self.queue), self.prefetch.to_string());
        let subscribe = [
            ("id", "0"),
            ("destination", destination.as_str()),
            ("ack", "client-individual"),
            ("activemq.prefetchSize", prefetch.as_str()),
            ("receipt", "subscribed"),
        ];
        writer.send(&Frame::new("SUBSCRIBE", &subscribe)).await?;
        let answer = reader.frame().await?;
        match answer.command.as_str() {
            "RECEIPT" => Ok((reader, writer)),
            _ => Err(self.refused(&answer)),
        }
    }

    fn refused(&self, frame: &Frame) -> Error {
        let said = frame.header("message").unwrap_or(&frame.command).to_owned();
        let denied = ["User name", "password", "not authorized", "security"];
        let kind = match denied.iter().any(|word| said.contains(word)) {
            true => ErrorKind::Denied,
            false => ErrorKind::Unavailable,
        };
        self.error(kind, "the broker refused").with("because", said)
    }

    fn error(&self, kind: ErrorKind, what: &'static str) -> Error {
        Error::new(kind, what).with("queue", self.queue.as_str())
    }

    fn record(&self, number: u64, frame: &Frame) -> Result<Record, Error> {
        let ack = frame.header("ack").unwrap_or_default();
        let message = message(&self.queue, frame);
        let arrived = message.timestamp.timestamp().ok();
        let id = message.message_id.to_string();
        record(&message, id, format!("{number}/{ack}"), arrived)
    }

    /// Waits until `is`.
    async fn until(&self, is: impl Fn(&Shared) -> bool) {
        while !is(&*self.shared.lock().await) {
            self.changed.notified().await;
        }
    }

    /// Reads messages; none where some were released before the first came.
    async fn read(
        &self,
        reader: &mut Option<Reader>,
        max: usize,
        until: Instant,
    ) -> Result<Option<Vec<Record>>, Error> {
        let number = self.shared.lock().await.number;
        let (mut records, mut bytes) = (Vec::new(), 0);
        while records.len() < max && bytes < EVENT_BYTES {
            let Some(stream) = reader.as_mut() else { break };
            // What follows the first is there at once, or comes with the next receive.
            let left = match records.is_empty() {
                true => until.saturating_duration_since(Instant::now()),
                false => Duration::from_millis(5),
            };
            let ready = {
                let ready = pin!(tokio::time::timeout(left, stream.ready()));
                let released = pin!(self.until(|shared| shared.returning));
                match select(ready, released).await {
                    Either::Left((ready, _)) => ready,
                    Either::Right(_) if records.is_empty() => return Ok(None),
                    Either::Right(_) => break,
                }
            };
            match ready {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    *reader = None;
                    return Err(error);
                }
                Err(_) => break,
            }
            match stream.frame().await {
                Ok(frame) if frame.command == "MESSAGE" => {
                    let record = self.record(number, &frame)?;
                    bytes += record.json.len();
                    let receipt = record.receipt.clone();
                    self.shared.lock().await.in_flight.insert(receipt);
                    records.push(record);
                }
                Ok(frame) if frame.command == "ERROR" => {
                    *reader = None;
                    return Err(self.refused(&frame));
                }
                Ok(_) => {}
                Err(_) if !records.is_empty() => {
                    *reader = None;
                    break;
                }
                Err(error) => {
                    *reader = None;
                    return Err(error);
                }
            }
        }
        Ok(Some(records))
    }
}

impl Source for ActiveMqSource {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        let until = Instant::now() + wait;
        let mut reader = self.reader.lock().await;
        loop {
            if self.shared.lock().await.returning {
                let left = until.saturating_duration_since(Instant::now());
                let done = self.until(|shared| shared.in_flight.is_empty());
                if tokio::time::timeout(left, done).await.is_err() {
                    return Ok(Vec::new());
                }
                *reader = None;
            }
            if reader.is_none() {
                self.open(&mut reader).await?;
            }
            if let Some(records) = self.read(&mut reader, max, until).await? {
                return Ok(records);
            }
        }
    }

    async fn acknowledge(&self, records: &[Record]) -> Result<(), Error> {
        let mut shared = self.shared.lock().await;
        for record in records {
            shared.answer("ACK", record).await?;
            shared.released.remove(&record.id);
        }
        self.changed.notify_one();
        Ok(())
    }

    async fn release(&self, records: &[Record]) -> Result<(), Error> {
        let mut shared = self.shared.lock().await;
        for record in records {
            let times = shared.released.entry(record.id.clone()).or_default();
            *times += 1;
            if *times > REDELIVERIES {
                shared.released.remove(&record.id);
                shared.answer("NACK", record).await?;
            } else {
                shared.returning |= shared.in_flight.remove(&record.receipt);
            }
        }
        self.changed.notify_one();
        Ok(())
    }
}

impl Shared {
    /// Tells the broker what becomes of a message that came by this connection.
    async fn answer(&mut self, command: &str, record: &Record) -> Result<(), Error> {
        let (number, ack) = record.receipt.split_once('/').unwrap_or_default();
        if number != self.number.to_string() {
            return Err(lost(record));
        }
        let writer = self.writer.as_mut().ok_or_else(|| lost(record))?;
        writer.send(&Frame::new(command, &[("id", ack)])).await?;
        self.in_flight.remove(&record.receipt);
        Ok(())
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("number", &self.number)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// A frame as Lambda writes it. Without a length the body is text.
fn message(queue: &str, frame: &Frame) -> ActiveMqMessage {
    let text = |name: &str| match frame.header(name) {
        Some(text) => Nullable::Value(Text::from(text)),
        None => Nullable::Null,
    };
    let number = |name: &str| frame.header(name).and_then(|text| text.parse::<i64>().ok());
    let now = Timestamp::now();
    let mut properties = Map::new();
    for (name, value) in &frame.headers {
        if !KNOWN.contains(&name.as_str()) {
            properties.insert(name.as_str(), Some(Text::from(value.as_str())));
        }
    }
    let is_text = frame.header("content-length").is_none();
    let persistent = frame.header("persistent") == Some("true");
    ActiveMqMessage {
        message_id: frame.header("message-id").unwrap_or_default().into(),
        message_type: match is_text {
            true => ActiveMqMessageType::Text,
            false => ActiveMqMessageType::Bytes,
        },
        timestamp: number("timestamp").map_or_else(|| now.into(), EpochMillis::from),
        delivery_mode: Nullable::Value(if persistent { 2 } else { 1 }),
        correlation_id_upper: Nullable::Missing,
        correlation_id: text("correlation-id"),
        reply_to: text("reply-to"),
        destination: Nullable::Value(ActiveMqDestination {
            physical_name: Nullable::Value(queue.into()),
            physical_name_lower: Nullable::Missing,
        }),
        redelivered: Nullable::Value(frame.header("redelivered") == Some("true")),
        jms_type: text("type"),
        expiration: Nullable::Value(number("expires").unwrap_or_default().into()),
        priority: Nullable::Value(number("priority").unwrap_or(4)),
        data: Nullable::Value(Base64::encode(&frame.body)),
        broker_in_time: Nullable::Value(now.into()),
        broker_out_time: Nullable::Value(now.into()),
        properties: Nullable::Value(properties),
    }
}

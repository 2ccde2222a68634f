//! Reads queues over the protocols of their brokers and hands messages on as Lambda does.

mod activemq;
mod rabbitmq;
mod stomp;

pub use self::activemq::ActiveMqSource;
pub use self::rabbitmq::RabbitMqSource;

use lambda_with::{Error, ErrorKind, Record, Timestamp};
use serde::Serialize;

/// An event holds no more, so no more is gathered by one receive.
const EVENT_BYTES: usize = 6 * 1024 * 1024;

/// A typed message as a record. Its receipt names the connection it came by too: a broker gives what
/// was not acknowledged to the next one again.
fn record<T: Serialize>(
    message: &T,
    id: String,
    receipt: String,
    arrived: Option<Timestamp>,
) -> Result<Record, Error> {
    let json = serde_json::to_vec(message).map_err(|error| {
        Error::new(ErrorKind::Decode, format!("message {id} cannot be written")).caused_by(error)
    })?;
    Ok(Record {
        id,
        group: None,
        receipt,
        json: json.into(),
        arrived,
    })
}

/// Why a record cannot be acknowledged on the connection there is now.
fn lost(record: &Record) -> Error {
    let what = "the connection the message came by has ended; it comes again";
    Error::new(ErrorKind::Unavailable, what).with("message", record.id.as_str())
}

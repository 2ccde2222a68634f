//! Log events one after the other.

mod scan;

use std::fmt;

use lambda_with::{Error, ErrorKind};

use self::scan::Scanner;
use crate::unpack::Packed;
use crate::{LogEvent, LogsMessage, LogsMessageType};

/// The log events of a message, unpacked and read as they are asked for.
///
/// ```
/// use lambda_with_cloudwatch_logs::{CloudWatchLogsEvent, SERVICE};
///
/// let json = SERVICE.sample("subscription").ok_or("no such sample")?.json;
/// let event: CloudWatchLogsEvent = lambda_with::decode(json)?;
/// let events = event.awslogs.events()?;
/// assert_eq!(events.head().log_group, "/harbor/ferries");
/// assert_eq!(events.count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// One log event is in memory at a time, of at most [`UNPACKED_LIMIT`](crate::UNPACKED_LIMIT) bytes;
/// the rest stays compressed, whose size bounds the time: nothing unpacks to more than about a
/// thousand times itself. A log event that is no log event is an error, and the next follows. Damaged
/// data is an error and the end. A control message has none.
pub struct LogEvents {
    scanner: Scanner<Packed<Vec<u8>>>,
    head: LogsMessage,
    place: Place,
}

/// Where reading stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Before a member of the message, or its end.
    Members,
    /// Before a log event, or the end of the list.
    Events,
    End,
}

impl LogEvents {
    /// Reads up to the first log event. Takes what [`LogsMessage::unpack`] takes.
    ///
    /// # Errors
    ///
    /// When the bytes are not compressed JSON, or are damaged before the first log event.
    pub fn unpack(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let mut events = Self {
            scanner: Scanner::new(Packed::of(bytes.into())),
            head: LogsMessage::default(),
            place: Place::Members,
        };
        events.scanner.expect(b'{')?;
        events.members()?;
        Ok(events)
    }

    /// The message without its log events: log group, stream and filters. Members that stand behind
    /// the log events are in it when those are read.
    #[must_use]
    pub fn head(&self) -> &LogsMessage {
        &self.head
    }

    /// Reads members up to the log events, or all.
    fn members(&mut self) -> Result<(), Error> {
        while !self.scanner.accept(b'}')? {
            let name = self.scanner.value()?;
            self.scanner.expect(b':')?;
            if name == b"\"logEvents\"" && self.scanner.accept(b'[')? {
                self.place = Place::Events;
                return Ok(());
            }
            let value = self.scanner.value()?;
            self.member(&name, value)?;
            self.scanner.accept(b',')?;
        }
        self.place = Place::End;
        self.scanner.finish()
    }

    fn member(&mut self, name: &[u8], value: Vec<u8>) -> Result<(), Error> {
        let head = &mut self.head;
        let read = || lambda_with::decode(value.clone());
        match name {
            b"\"messageType\"" => head.message_type = lambda_with::decode(value)?,
            b"\"owner\"" => head.owner = read()?,
            b"\"logGroup\"" => head.log_group = read()?,
            b"\"logStream\"" => head.log_stream = read()?,
            b"\"subscriptionFilters\"" => head.subscription_filters = lambda_with::decode(value)?,
            b"\"policyLevel\"" => head.policy_level = lambda_with::decode(value)?,
            b"\"logEvents\"" => {
                return Err(Error::new(ErrorKind::Decode, "`logEvents` is not a list"));
            }
            _ => {}
        }
        Ok(())
    }

    fn read(&mut self) -> Result<Option<Result<LogEvent, Error>>, Error> {
        while self.place == Place::Events {
            if self.scanner.accept(b']')? {
                self.scanner.accept(b',')?;
                self.members()?;
                continue;
            }
            let json = self.scanner.value()?;
            self.scanner.accept(b',')?;
            if self.head.message_type != LogsMessageType::Control {
                return Ok(Some(lambda_with::decode(json)));
            }
        }
        Ok(None)
    }
}

impl Iterator for LogEvents {
    type Item = Result<LogEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().unwrap_or_else(|error| {
            self.place = Place::End;
            Some(Err(error))
        })
    }
}

impl std::iter::FusedIterator for LogEvents {}

impl fmt::Debug for LogEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogEvents")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

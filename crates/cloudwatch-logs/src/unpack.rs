//! From the compressed bytes to the message, and back.

use std::io::{self, Cursor, Read, Write};

use flate2::Compression;
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;
use lambda_with::{Base64, Error, ErrorKind};

use crate::{AwsLogs, CloudWatchLogsEvent, LogEvents, LogsMessage, LogsMessageType};

/// What is unpacked at once, in bytes, unless a limit is given: 64 MB.
pub const UNPACKED_LIMIT: usize = 64 << 20;

impl CloudWatchLogsEvent {
    /// The event that carries a message, for tests.
    ///
    /// ```
    /// use lambda_with_cloudwatch_logs::{CloudWatchLogsEvent, LogsMessage};
    ///
    /// let message = LogsMessage { log_group: "/harbor/ferries".into(), ..LogsMessage::default() };
    /// assert_eq!(CloudWatchLogsEvent::new(&message)?.awslogs.decode()?, message);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`LogsMessage::pack`].
    pub fn new(message: &LogsMessage) -> Result<Self, Error> {
        let data = Base64::encode(message.pack()?);
        Ok(Self {
            awslogs: AwsLogs { data },
        })
    }
}

impl AwsLogs {
    /// The whole message.
    ///
    /// # Errors
    ///
    /// When the data is not what [`LogsMessage::unpack`] takes.
    pub fn decode(&self) -> Result<LogsMessage, Error> {
        self.decode_within(UNPACKED_LIMIT)
    }

    /// The whole message, unless it takes more bytes than this.
    ///
    /// # Errors
    ///
    /// `Limit` when it does; otherwise as for [`decode`](Self::decode).
    pub fn decode_within(&self, limit: usize) -> Result<LogsMessage, Error> {
        LogsMessage::unpack_within(&self.data.decode()?, limit)
    }

    /// The log events, one after the other; see [`LogEvents`].
    ///
    /// # Errors
    ///
    /// When the data is not compressed JSON, or ends before the first log event.
    pub fn events(&self) -> Result<LogEvents, Error> {
        LogEvents::unpack(self.data.decode()?)
    }
}

impl LogsMessage {
    /// Whether it holds log events. A control message only shows that the way is clear.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.message_type != LogsMessageType::Control
    }

    /// Reads the message out of a record of Kinesis, or wherever else it stands in base64.
    ///
    /// ```
    /// use lambda_with_cloudwatch_logs::{CloudWatchLogsEvent, LogsMessage, SERVICE};
    ///
    /// let json = SERVICE.sample("subscription").ok_or("no such sample")?.json;
    /// let data = lambda_with::decode::<CloudWatchLogsEvent>(json)?.awslogs.data;
    /// assert_eq!(LogsMessage::from_base64(&data)?.log_events.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is not base64; otherwise as for [`unpack`](Self::unpack).
    pub fn from_base64(data: &Base64) -> Result<Self, Error> {
        Self::unpack(&data.decode()?)
    }

    /// Reads the message out of its compressed bytes: gzip, or zlib, as some senders have it, or the
    /// JSON itself, as Firehose hands it on when it decompresses.
    ///
    /// # Errors
    ///
    /// When it is none of these, is damaged, or takes more than [`UNPACKED_LIMIT`].
    pub fn unpack(bytes: &[u8]) -> Result<Self, Error> {
        Self::unpack_within(bytes, UNPACKED_LIMIT)
    }

    /// The same with another limit, in bytes.
    ///
    /// # Errors
    ///
    /// `Limit` when the message takes more; otherwise as for [`unpack`](Self::unpack).
    pub fn unpack_within(bytes: &[u8], limit: usize) -> Result<Self, Error> {
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut json = Vec::with_capacity(bytes.len().saturating_mul(4).min(limit));
        let read = Packed::of(bytes).take(most).read_to_end(&mut json);
        read.map_err(damaged)?;
        if json.len() > limit {
            return Err(too_large(limit));
        }
        lambda_with::decode(json)
    }

    /// The message as Amazon CloudWatch Logs sends it: JSON compressed with gzip. The same message
    /// gives the same bytes.
    ///
    /// # Errors
    ///
    /// When a log event's message holds half a surrogate pair that this reader cannot write.
    pub fn pack(&self) -> Result<Vec<u8>, Error> {
        let unwritable = |error| {
            Error::new(ErrorKind::Invalid, "the message cannot be written as JSON").caused_by(error)
        };
        let json = serde_json::to_vec(self).map_err(unwritable)?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let packed = gzip.write_all(&json).and_then(|()| gzip.finish());
        packed.map_err(damaged)
    }
}

/// The bytes of a message, unpacked as they are read.
pub(crate) enum Packed<T> {
    Gzip(Box<MultiGzDecoder<Cursor<T>>>),
    Zlib(Box<ZlibDecoder<Cursor<T>>>),
    Plain(Cursor<T>),
}

impl<T: AsRef<[u8]>> Packed<T> {
    pub(crate) fn of(bytes: T) -> Self {
        let zlib = |second: u8| (0x7800 | u16::from(second)).is_multiple_of(31);
        match *bytes.as_ref() {
            [0x78, second, ..] if zlib(second) => {
                Self::Zlib(Box::new(ZlibDecoder::new(Cursor::new(bytes))))
            }
            [b'{' | b' ' | b'\t' | b'\r' | b'\n', ..] => Self::Plain(Cursor::new(bytes)),
            _ => Self::Gzip(Box::new(MultiGzDecoder::new(Cursor::new(bytes)))),
        }
    }
}

impl<T: AsRef<[u8]>> Read for Packed<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(gzip) => gzip.read(buffer),
            Self::Zlib(zlib) => zlib.read(buffer),
            Self::Plain(plain) => plain.read(buffer),
        }
    }
}

pub(crate) fn damaged(error: io::Error) -> Error {
    let message = format!("the log data cannot be unpacked: {error}");
    Error::new(ErrorKind::Decode, message).caused_by(error)
}

pub(crate) fn too_large(limit: usize) -> Error {
    let message = format!("the log data takes more than {limit} bytes unpacked");
    Error::new(ErrorKind::Limit, message).with("fix", "raise the limit, or read event by event")
}

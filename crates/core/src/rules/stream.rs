//! One shard's life: Kinesis, DynamoDB Streams and Kafka as Lambda polls them.
//!
//! ```
//! use std::time::Duration;
//!
//! use lambda_with::rules::stream::{Action, Bookmark, Consumer, Origin, Settings};
//! use lambda_with::{Outcome, Position, Record, Slice};
//!
//! let stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks".parse()?;
//! let mut settings = Settings::new(Origin::Kinesis { stream });
//! settings.limits.size = 2;
//! let mut consumer = Consumer::new(settings);
//! consumer.open("shardId-000000000000", Bookmark::at(Position::TrimHorizon));
//!
//! let record = |id: &str| Record {
//!     id: id.into(),
//!     group: Some("a key".into()),
//!     receipt: String::new(),
//!     json: "{}".into(),
//!     arrived: None,
//! };
//! let slice = Slice {
//!     records: vec![record("1"), record("2"), record("3")],
//!     next: Position::After("3".into()),
//!     ended: false,
//! };
//! let now = Duration::from_secs(1_772_447_730);
//! consumer.offer("shardId-000000000000", slice, now);
//!
//! let Some(Action::Invoke(batch)) = consumer.next(now) else { panic!("a batch is due") };
//! assert_eq!(batch.event, r#"{"Records":[{},{}]}"#);
//! assert!(consumer.next(now).is_none(), "one batch at a time");
//! let answer = Outcome::Success {
//!     payload: "null".into(),
//!     executed_version: "$LATEST".into(),
//!     log_tail: None,
//! };
//! consumer.finish(batch.id, "2f6a7d0c", Some(&answer), now);
//! let bookmark = consumer.bookmark("shardId-000000000000").map(|it| it.position);
//! assert_eq!(bookmark, Some(Position::After("2".into())));
//! # Ok::<(), lambda_with::Error>(())
//! ```
//!
//! A [`Consumer`] is told what was read and what came of invocations, and says what to invoke, what
//! to report as failed, and how far a shard has been processed. A [`Lineage`] says which shards may
//! be read at all: children only after all their parents. A [`Failure`] becomes the record a
//! destination receives. Times are since the Unix epoch, for the age of a record counts.
//!
//! - A batch is invoked when the batching window is over, the batch is full, or the next record
//!   would push its event over 6 MB. The window begins when a record was read, or when the last
//!   invocation of the lane returned, whichever is later.
//! - A function error takes one attempt. With `bisect_batch_on_function_error` a batch of several
//!   records is split in two instead, each half with attempts of its own.
//! - An answer that reports failures moves the checkpoint to before the lowest; the attempts of what
//!   remains begin anew. One that reports the first record takes one attempt, and splits nothing:
//!   before the first record is nothing to split off. Of a Kafka batch each partition has its own
//!   lowest failure.
//! - A function that could not be run takes no attempt.
//! - Between attempts Lambda waits longer and longer, and publishes no figures. Here it is 250 ms,
//!   doubled each time up to a minute, which makes the eight attempts that were seen within a
//!   minute. What follows progress or a split follows at once.
//! - Records too old are reported before each attempt, all of a batch that are in one report; their
//!   neighbours run. A record that fits into no event is reported without an attempt.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>.

mod answer;
mod bookmark;
mod consumer;
mod event;
mod failure;
mod lane;
mod lineage;
mod progress;
mod settings;
mod window;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::bookmark::Bookmark;
pub use self::consumer::{Action, Batch, Consumer, Settled};
pub use self::event::Origin;
pub use self::failure::{Failure, KafkaMessage, Sender, Span};
pub use self::lineage::Lineage;
pub use self::window::TumblingWindow;
use super::batch::Limits;
use super::filter::{DataKey, FilterCriteria};
use crate::{Arn, Error, ErrorKind, InvocationType, Position};

/// How a stream is connected to a function: the settings of an event source mapping.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Which source it is; decides what events and failure records look like.
    pub origin: Origin,
    /// How large batches grow, and how long their first record waits.
    pub limits: Limits,
    /// Which records are delivered; the others are passed over.
    pub filters: FilterCriteria,
    /// Where shards are read from that nothing is known of.
    pub starting_position: Position,
    /// Whether the function's answer says which records failed.
    pub report_batch_item_failures: bool,
    /// How often a batch is tried again; `None` for as long as there is the record.
    pub maximum_retry_attempts: Option<u32>,
    /// The age at which a record is given up; `None` for none.
    pub maximum_record_age: Option<Duration>,
    /// Whether a batch of several records is split in two when the function fails.
    pub bisect_batch_on_function_error: bool,
    /// How many batches of one shard run at once, each record in the lane of its partition key. One
    /// at least; always one with tumbling windows, whose state belongs to the shard, and for Kafka.
    pub parallelization_factor: usize,
    /// How long a window is whose invocations hand a state on; Kinesis and DynamoDB only.
    pub tumbling_window: Option<Duration>,
    /// Where records of what failed go.
    pub on_failure: Option<Destination>,
}

/// Where failure records of a mapping go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// A queue, a topic of SNS, or a bucket.
    Arn(Arn),
    /// A topic of the same Kafka cluster: `kafka://failed-orders`.
    Topic(String),
}

/// Why records were given up, in the words of failure records.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Condition {
    /// The function failed as often as it may.
    RetryAttemptsExhausted,
    /// The records grew too old.
    RecordAgeExceeded,
    /// The record alone makes an event too large to invoke with.
    MaximumPayloadSizeExceeded,
}

impl Settings {
    /// Lambda's defaults: batches of 100 as soon as there is a record (Kafka: after half a second),
    /// from the oldest record on, retried for as long as the record lives.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        let window = match origin.is_kafka() {
            true => Duration::from_millis(500),
            false => Duration::ZERO,
        };
        Self {
            origin,
            limits: Limits {
                size: 100,
                window,
                payload: InvocationType::RequestResponse.max_payload(),
            },
            filters: FilterCriteria::default(),
            starting_position: Position::TrimHorizon,
            report_batch_item_failures: false,
            maximum_retry_attempts: None,
            maximum_record_age: None,
            bisect_batch_on_function_error: false,
            parallelization_factor: 1,
            tumbling_window: None,
            on_failure: None,
        }
    }

    /// How often a batch is tried again after all: a Kafka mapping with a destination and no limit
    /// has one of 10.
    #[must_use]
    pub fn retries(&self) -> Option<u32> {
        let capped = self.origin.is_kafka() && self.on_failure.is_some();
        self.maximum_retry_attempts
            .or_else(|| capped.then_some(KAFKA_RETRIES))
    }

    /// Where shards are read from that appear later: a split's children from their oldest record,
    /// new partitions of a topic as the first ones.
    #[must_use]
    pub fn later_position(&self) -> Position {
        match self.origin.is_kafka() {
            true => self.starting_position.clone(),
            false => Position::TrimHorizon,
        }
    }

    fn lanes(&self) -> usize {
        match self.tumbling() {
            None if !self.origin.is_kafka() => self.parallelization_factor.max(1),
            _ => 1,
        }
    }

    fn tumbling(&self) -> Option<Duration> {
        self.tumbling_window
            .filter(|window| !window.is_zero() && !self.origin.is_kafka())
    }

    fn data_key(&self) -> &'static DataKey {
        match self.origin {
            Origin::Kinesis { .. } => &DataKey::KINESIS,
            Origin::DynamoDb { .. } => &DataKey::DYNAMODB,
            Origin::Msk { .. } | Origin::Kafka { .. } => &DataKey::KAFKA,
        }
    }
}

impl FromStr for Destination {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.strip_prefix("kafka://") {
            None => text.parse().map(Self::Arn),
            Some("") => Err(Error::new(ErrorKind::Invalid, "`kafka://` names no topic")),
            Some(topic) => Ok(Self::Topic(topic.to_owned())),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => write!(f, "{arn}"),
            Self::Topic(topic) => write!(f, "kafka://{topic}"),
        }
    }
}

impl Condition {
    /// The word that stands in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
            Self::MaximumPayloadSizeExceeded => "MaximumPayloadSizeExceeded",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

const KAFKA_RETRIES: u32 = 10;
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// How long to wait after so many attempts in a row came to nothing.
fn backoff(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    (FIRST_BACKOFF * (1 << doublings)).min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests;

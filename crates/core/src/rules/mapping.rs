//! Event source mappings: the settings by which Lambda polls a source.
//!
//! ```
//! use lambda_with::{Function, Severity};
//! use lambda_with::rules::mapping::{Mapping, SourceKind, StartingPosition};
//!
//! let mapping = Mapping {
//!     source: Some("arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry".parse()?),
//!     starting_position: Some(StartingPosition::TrimHorizon),
//!     maximum_retry_attempts: Some(3),
//!     ..Mapping::default()
//! };
//! assert_eq!(mapping.properties()["MaximumRetryAttempts"], 3);
//!
//! let function = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?)?;
//! // What is given up after three retries goes nowhere: allowed, and worth a warning.
//! let findings = mapping.check(SourceKind::Kinesis, &function);
//! assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
//! let findings = mapping.check(SourceKind::SqsStandard, &function);
//! assert!(findings.iter().any(|finding| finding.code == "LW0010"));
//! # Ok::<(), lambda_with::Error>(())
//! ```
//!
//! One type holds the settings of all sources. A connection has fields of its own, those its source
//! takes, under the names they have here; it builds a [`Mapping`] from them, and what is found wrong
//! names the field the user wrote.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>.

mod access;
mod check;
mod connection;
mod filters;
pub mod grants;
mod kafka;
mod kind;
mod properties;
mod ranges;
mod source;
mod streams;
mod values;

use std::collections::BTreeMap;

pub use self::kind::SourceKind;
pub use self::values::{
    AccessType, ConsumptionMode, FullDocument, LogLevel, Metric, ProvisionedPollers, RecordFormat,
    SchemaAttribute, SchemaRegistry, SourceAccess, StartingPosition,
};
use crate::{Arn, Finding, Function, Resource, Rfc3339};

/// Every setting of an event source mapping. What is unset is left to Lambda's default.
///
/// [`Mapping::check`] knows which sources take which setting; "streams" below are Kinesis and
/// DynamoDB, "Kafka" is Amazon MSK and self-managed Kafka.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// The source's ARN: queue, stream, stream consumer, cluster or broker. All but self-managed
    /// Kafka have one (`EventSourceArn`).
    pub source: Option<Arn>,
    /// The brokers of a self-managed Kafka cluster, `HOST:PORT`: 1 to 10 of at most 300 characters
    /// (`SelfManagedEventSource`).
    pub bootstrap_servers: Vec<String>,
    /// Whether Lambda polls; true unless set. A mapping that is switched off keeps its position.
    pub enabled: Option<bool>,
    /// The most records of one batch: 1 to 10,000, of a FIFO queue 1 to 10. 10 unless set for SQS,
    /// otherwise 100.
    pub batch_size: Option<u32>,
    /// Seconds to gather a batch: 0 to 300. Unless set 0 for SQS and streams, and half a second for
    /// all others, which have no way back to it once this was set. Not for FIFO queues.
    pub batching_window: Option<u32>,
    /// Where a new mapping begins to read. Streams demand it; Kafka and DocumentDB take it.
    pub starting_position: Option<StartingPosition>,
    /// The time to begin at, with [`StartingPosition::AtTimestamp`]; not in the future. Written with
    /// milliseconds at most.
    pub starting_position_timestamp: Option<Rfc3339>,
    /// Batches of one shard in flight at once: 1 to 10, 1 unless set. Streams only.
    pub parallelization_factor: Option<u32>,
    /// Seconds after which a record is given up: 60 to 604,800, or -1 for never, as unless set.
    /// Streams and Kafka.
    pub maximum_record_age: Option<i64>,
    /// How often a failed batch is tried again: 0 to 10,000, or -1 for as long as its records last,
    /// as unless set. Streams and Kafka.
    pub maximum_retry_attempts: Option<i64>,
    /// Whether a batch that failed is split in two before it is tried again. Streams and Kafka.
    pub bisect_batch_on_function_error: Option<bool>,
    /// Seconds of a tumbling window: 1 to 900, or 0 for none, as unless set. Streams only.
    pub tumbling_window: Option<u32>,
    /// Whether the function's answer names the records that failed (`FunctionResponseTypes`). SQS,
    /// streams and Kafka.
    pub report_batch_item_failures: Option<bool>,
    /// Filter patterns, of which a record must match one: up to 5, or 10 with a higher quota, of at
    /// most 4,096 characters. All but DocumentDB.
    pub filters: Vec<String>,
    /// The KMS key that encrypts the filters (`KmsKeyArn`).
    pub filter_key: Option<Arn>,
    /// Where given-up batches go: the ARN of a queue, topic or bucket, for Kafka also
    /// `kafka://TOPIC`. At most 350 characters. Streams and Kafka.
    pub on_failure: Option<String>,
    /// The most invocations at once: 2 to 1,000, without a limit unless set. SQS only.
    pub maximum_concurrency: Option<u32>,
    /// Pollers kept for this mapping alone (provisioned mode); off unless set. SQS and Kafka.
    pub provisioned_pollers: Option<ProvisionedPollers>,
    /// The topic to read, at most 249 characters. Kafka demands it (`Topics`).
    pub topic: Option<String>,
    /// The queue to read, at most 1,000 characters. Amazon MQ demands it (`Queues`).
    pub queue: Option<String>,
    /// How Lambda gets into the source: at most 23 entries. Kafka, Amazon MQ and DocumentDB
    /// (`SourceAccessConfigurations`).
    pub access: Vec<SourceAccess>,
    /// The consumer group, at most 200 characters; the mapping's UUID unless set. Kafka only, fixed
    /// when the mapping is made.
    pub consumer_group: Option<String>,
    /// Where the schemas of the records are. Kafka in provisioned mode only.
    pub schema_registry: Option<SchemaRegistry>,
    /// How partitions are shared; a stream unless set. Self-managed Kafka only.
    pub consumption_mode: Option<ConsumptionMode>,
    /// The database, 1 to 63 characters. DocumentDB demands it.
    pub database: Option<String>,
    /// The collection, 1 to 57 characters; all of the database unless set. DocumentDB only.
    pub collection: Option<String>,
    /// What an update's event holds of the document. DocumentDB only.
    pub full_document: Option<FullDocument>,
    /// Metrics CloudWatch gets of this mapping; none unless set. SQS and streams have
    /// [`Metric::EventCount`], Kafka all three.
    pub metrics: Vec<Metric>,
    /// How much the mapping writes to the function's log group. Kafka in provisioned mode only.
    pub log_level: Option<LogLevel>,
    /// Tags of the mapping: keys up to 128 characters, values up to 256.
    pub tags: BTreeMap<String, String>,
}

impl Mapping {
    /// The mapping as infrastructure, under this logical id.
    ///
    /// ```
    /// use lambda_with::rules::mapping::Mapping;
    ///
    /// let mapping = Mapping { batch_size: Some(5), ..Mapping::default() };
    /// let resource = mapping.resource("OrdersMapping");
    /// assert_eq!(resource.kind, "AWS::Lambda::EventSourceMapping");
    /// assert_eq!(resource.properties["FunctionName"], "${Function}");
    /// ```
    pub fn resource(&self, id: impl Into<String>) -> Resource {
        Resource::new(id, Self::KIND, self.properties())
    }

    /// What Lambda would refuse, and what would hurt, in settings for a source of this kind.
    ///
    /// | code | finds |
    /// |---|---|
    /// | `LW0010` | a setting that sources of this kind do not take |
    /// | `LW0011` | a value out of range |
    /// | `LW0012` | a setting that is missing |
    /// | `LW0013` | batches over 10 from a queue without a batching window |
    /// | `LW0014` | a starting position the source does not have, or one that its time does not fit |
    /// | `LW0015` | a filter pattern AWS refuses |
    /// | `LW0016` | a filter on something else than the source's data |
    /// | `LW0017` | too many filters |
    /// | `LW0018` | a key for filters without filters |
    /// | `LW0019` | a destination this source cannot send to |
    /// | `LW0020` | settings that exclude each other |
    /// | `LW0021` | a setting that only provisioned mode has |
    /// | `LW0022` | a way of access the source does not have, or one that is written wrong |
    /// | `LW0023` | a function timeout over 14 minutes, where the source allows no more |
    /// | `LW0024` | an ARN that is not such a source's |
    /// | `LW0025` | source and function in different Regions |
    /// | `LW0026` | a source of another account |
    /// | `LW0027` | a failed batch that is tried again until its records expire |
    /// | `LW0028` | a destination that nothing is ever sent to |
    /// | `LW0029` | one source connected twice to one function |
    /// | `LW0030` | a batch that is given up whole because of one bad record |
    /// | `LW0031` | more batches at once than the function's reserved concurrency |
    /// | `LW0032` | records that may be too old before they were tried |
    #[must_use]
    pub fn check(&self, kind: SourceKind, function: &Function) -> Vec<Finding> {
        check::check(self, kind, function)
    }

    /// What is wrong with two mappings of sources of this kind to one function: `LW0029`, as AWS
    /// refuses a second mapping of the same source.
    ///
    /// Call it from [`Integration::conflicts_within`](crate::Integration::conflicts_within).
    #[must_use]
    pub fn conflicts_within(&self, other: &Self, kind: SourceKind) -> Vec<Finding> {
        source::conflicts_within(self, other, kind)
    }

    /// The type of its resource.
    pub const KIND: &'static str = "AWS::Lambda::EventSourceMapping";
}

#[cfg(test)]
mod tests;

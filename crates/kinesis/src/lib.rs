#![doc = include_str!("../README.md")]

mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
#[cfg(feature = "poll")]
pub mod poll;
mod respond;

use std::collections::BTreeMap;

use lambda_with::name::{checksum, with_checksum};
use lambda_with::rules::mapping::{Mapping, Metric, SourceKind, StartingPosition, grants};
use lambda_with::{
    Arn, Example, Finding, Function, Integration, Permission, Resource, Rfc3339, RoleStatement,
    Service, switch,
};
use serde::{Deserialize, Serialize};

pub use crate::generated::*;

/// A stream that Lambda polls for a function: an event source mapping.
///
/// ```toml
/// [[functions.telemetry.with]]
/// service = "kinesis"
/// stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry"
/// starting_position = "TRIM_HORIZON"
/// maximum_retry_attempts = 3
/// report_batch_item_failures = true
/// on_failure = "arn:aws:sqs:eu-west-1:123456789012:telemetry-failed"
/// filters = ['{"data":{"celsius":[{"numeric":[">",30]}]}}']
/// ```
///
/// ```
/// use lambda_with::rules::mapping::StartingPosition;
/// use lambda_with_kinesis::Kinesis;
///
/// let stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry".parse()?;
/// let telemetry = Kinesis {
///     maximum_retry_attempts: Some(3),
///     report_batch_item_failures: true,
///     ..Kinesis::new(stream, StartingPosition::TrimHorizon)
/// };
/// assert!(telemetry.consumer().is_none());
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// What is left out has Lambda's default. The stream and the function are in the same Region; their
/// accounts may differ. `tumbling_window` changes the event: see [`KinesisWindowEvent`].
/// See <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kinesis {
    /// The ARN of the stream, or of a consumer registered with it: then records come by enhanced
    /// fan-out, which costs more and shares no throughput.
    pub stream: Arn,
    /// Where a new mapping begins to read. With `LATEST` it can miss what arrives in the minutes
    /// until it works.
    pub starting_position: StartingPosition,
    /// The time to begin at, with `AT_TIMESTAMP`: `2026-03-02T10:00:00Z`, not in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_position_timestamp: Option<Rfc3339>,
    /// The most records of one batch, 100 unless set: 1 to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// Seconds to gather a batch: 0 to 300, 0 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batching_window: Option<u32>,
    /// Batches of one shard in flight at once: 1 to 10, 1 unless set. Records of one partition key
    /// stay in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallelization_factor: Option<u32>,
    /// Seconds after which a record is given up: 60 to 604,800, or -1 for never, as unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_record_age: Option<i64>,
    /// How often a failed batch is tried again: 0 to 10,000, or -1 for as long as the stream keeps
    /// its records, as unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<i64>,
    /// Whether a batch that failed is split in two before it is tried again, so that a bad record is
    /// found and given up alone.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub bisect_batch_on_function_error: bool,
    /// Seconds of a tumbling window, over which the function keeps a state: 1 to 900; 0, as unless
    /// set, for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tumbling_window: Option<u32>,
    /// Whether the function's answer names the records that failed. Without it a function that
    /// returns has done with its whole batch, and one that fails with none of it.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub report_batch_item_failures: bool,
    /// Filter patterns on `data`, of which a record must match one: up to 5, or 10 with a higher
    /// quota. What matches none is passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// The KMS key that encrypts the filters. Its key policy must let Lambda decrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_key: Option<Arn>,
    /// Where Lambda tells of records it gave up: the ARN of a standard queue, a standard topic or a
    /// bucket. What it sends is a [`KinesisFailureRecord`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<Arn>,
    /// The customer's KMS key that encrypts the queue, topic or bucket of `on_failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure_key: Option<Arn>,
    /// Whether Lambda polls; true unless set. False keeps the connection and its place, paused.
    #[serde(default = "switch::on", skip_serializing_if = "switch::is_on")]
    pub enabled: bool,
    /// Whether CloudWatch gets the `EventCount` metrics of this connection.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub event_count_metrics: bool,
    /// Tags of the event source mapping.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The customer's KMS key that encrypts the stream. Whoever reads the stream needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_key: Option<Arn>,
}

impl Kinesis {
    /// A connection to `stream` with Lambda's default settings.
    #[must_use]
    pub fn new(stream: Arn, starting_position: StartingPosition) -> Self {
        Self {
            stream,
            starting_position,
            starting_position_timestamp: None,
            batch_size: None,
            batching_window: None,
            parallelization_factor: None,
            maximum_record_age: None,
            maximum_retry_attempts: None,
            bisect_batch_on_function_error: false,
            tumbling_window: None,
            report_batch_item_failures: false,
            filters: Vec::new(),
            filter_key: None,
            on_failure: None,
            on_failure_key: None,
            enabled: true,
            event_count_metrics: false,
            tags: BTreeMap::new(),
            stream_key: None,
        }
    }

    /// The consumer's ARN, where records come by enhanced fan-out.
    #[must_use]
    pub fn consumer(&self) -> Option<&Arn> {
        Some(&self.stream).filter(|arn| arn.resource().contains("/consumer/"))
    }

    /// The ARN of the stream itself, whether `stream` names it or a consumer of it.
    #[must_use]
    pub fn stream_arn(&self) -> &str {
        stream_of(&self.stream)
    }

    fn mapping(&self) -> Mapping {
        let metrics = self.event_count_metrics.then_some(Metric::EventCount);
        Mapping {
            source: Some(self.stream.clone()),
            starting_position: Some(self.starting_position),
            starting_position_timestamp: self.starting_position_timestamp.clone(),
            batch_size: self.batch_size,
            batching_window: self.batching_window,
            parallelization_factor: self.parallelization_factor,
            maximum_record_age: self.maximum_record_age,
            maximum_retry_attempts: self.maximum_retry_attempts,
            bisect_batch_on_function_error: self.bisect_batch_on_function_error.then_some(true),
            tumbling_window: self.tumbling_window,
            report_batch_item_failures: self.report_batch_item_failures.then_some(true),
            filters: self.filters.clone(),
            filter_key: self.filter_key.clone(),
            on_failure: self.on_failure.as_ref().map(Arn::to_string),
            enabled: (!self.enabled).then_some(false),
            metrics: metrics.into_iter().collect(),
            tags: self.tags.clone(),
            ..Mapping::default()
        }
    }
}

impl Integration for Kinesis {
    type Event = KinesisEvent;
    type Response = KinesisBatchResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let names = self.stream.resource().split('/').skip(1);
        let words: Vec<&str> = names.filter(|word| *word != "consumer").collect();
        let readable = format!("kinesis-{}", words.join("-"));
        with_checksum(&readable, &checksum(self.stream.as_str()))
    }

    /// What the execution role may do. Without a resource-based policy: Lambda itself polls.
    ///
    /// A stream of another account must besides let the role in by its own policy.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let read = RoleStatement::new(
            [
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            self.stream_arn(),
            "Lambda reads the stream as the function's execution role",
        );
        let subscribe = self.consumer().map(|consumer| {
            RoleStatement::new(
                ["kinesis:SubscribeToShard"],
                consumer.as_str(),
                "records come by enhanced fan-out",
            )
        });
        let decrypt = grants::decrypt(&self.stream_key, "the stream is encrypted with this key");
        let key = self.on_failure_key.as_ref();
        let report = grants::destination(&self.mapping(), function, key);
        std::iter::once(read)
            .chain(subscribe)
            .chain(decrypt)
            .chain(report)
            .map(Permission::ExecutionRole)
            .collect()
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let id = Resource::logical_id(&[&self.name(), "mapping"]);
        vec![self.mapping().resource(id)]
    }

    fn example(&self, _function: &Function) -> Option<Example> {
        let windows = self.tumbling_window.is_some_and(|seconds| seconds > 0);
        let example = match windows {
            true => Example::of::<KinesisWindowEvent>(&SERVICE)?
                .with("/eventSourceARN", self.stream.as_str()),
            false => Example::of::<Self::Event>(&SERVICE)?,
        };
        Some(example.from_source(&self.stream))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        let mut findings = self.mapping().check(SourceKind::Kinesis, function);
        check::check(self, &mut findings);
        findings
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        let mut findings = self
            .mapping()
            .conflicts_within(&other.mapping(), SourceKind::Kinesis);
        check::conflicts_within(self, other, &mut findings);
        findings
    }
}

fn stream_of(arn: &Arn) -> &str {
    let whole = arn.as_str();
    whole.split("/consumer/").next().unwrap_or(whole)
}

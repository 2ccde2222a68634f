#![doc = include_str!("../README.md")]

mod attribute;
mod check;
mod ext;
mod generated;
mod image;
#[cfg(feature = "aws_lambda_events")]
mod interop;
#[cfg(feature = "poll")]
pub mod poll;
mod respond;

use std::collections::BTreeMap;

use lambda_with::name::{checksum, with_checksum};
use lambda_with::rules::mapping::{Mapping, Metric, SourceKind, StartingPosition, grants};
use lambda_with::{
    Arn, Example, Finding, Function, Integration, Permission, Resource, RoleStatement, Service,
    switch,
};
use serde::{Deserialize, Serialize};

pub use crate::attribute::AttributeValue;
pub use crate::generated::*;
pub use crate::image::Image;

/// A table's stream that Lambda polls for a function: an event source mapping.
///
/// ```toml
/// [[functions.order-changes.with]]
/// service = "dynamodb"
/// stream = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123"
/// starting_position = "TRIM_HORIZON"
/// maximum_retry_attempts = 3
/// report_batch_item_failures = true
/// on_failure = "arn:aws:sqs:eu-west-1:123456789012:order-changes-failed"
/// filters = ['{"dynamodb":{"NewImage":{"status":{"S":["PAID"]}}}}']
/// ```
///
/// ```
/// use lambda_with::rules::mapping::StartingPosition;
/// use lambda_with_dynamodb::DynamoDb;
///
/// let stream = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123";
/// let orders = DynamoDb {
///     maximum_retry_attempts: Some(3),
///     report_batch_item_failures: true,
///     ..DynamoDb::new(stream.parse()?, StartingPosition::TrimHorizon)
/// };
/// assert_eq!(orders.table(), Some("orders"));
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// What is left out has Lambda's default. The stream and the function are in the same Region; their
/// accounts may differ. `tumbling_window` changes the event: see [`DynamoDbWindowEvent`].
/// See <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DynamoDb {
    /// The ARN of the stream: the table's `LatestStreamArn`.
    pub stream: Arn,
    /// Where a new mapping begins to read: `TRIM_HORIZON`, or `LATEST`, which can miss what changes
    /// in the minutes until it works.
    pub starting_position: StartingPosition,
    /// The most records of one batch, 100 unless set: 1 to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// Seconds to gather a batch: 0 to 300, 0 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batching_window: Option<u32>,
    /// Batches of one shard in flight at once: 1 to 10, 1 unless set. Changes of one item stay in
    /// order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallelization_factor: Option<u32>,
    /// Seconds after which a record is given up: 60 to 604,800, or -1 for never, as unless set.
    /// The stream itself forgets it after 86,400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_record_age: Option<i64>,
    /// How often a failed batch is tried again: 0 to 10,000, or -1 for as long as the stream keeps
    /// its records, 24 hours, as unless set.
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
    /// Filter patterns on `dynamodb`, of which a record must match one: up to 5, or 10 with a higher
    /// quota. What matches none is passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// The KMS key that encrypts the filters. Its key policy must let Lambda decrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_key: Option<Arn>,
    /// Where Lambda tells of records it gave up: the ARN of a standard queue, a standard topic or a
    /// bucket. What it sends is a [`DynamoDbFailureRecord`].
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
    /// The customer's KMS key that encrypts the table. Whoever reads the stream needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_key: Option<Arn>,
    /// Which images the stream keeps. It belongs to the table and is not set by this connection:
    /// `check` compares it with the filters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_type: Option<DynamoDbStreamViewType>,
}

impl DynamoDb {
    /// A connection to `stream` with Lambda's default settings.
    #[must_use]
    pub fn new(stream: Arn, starting_position: StartingPosition) -> Self {
        Self {
            stream,
            starting_position,
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
            table_key: None,
            view_type: None,
        }
    }

    /// The table's name, where the stream's ARN is one.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        let mut parts = self.stream.resource().split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("table"), Some(table), Some("stream"), Some(_)) => Some(table),
            _ => None,
        }
    }

    fn mapping(&self) -> Mapping {
        let metrics = self.event_count_metrics.then_some(Metric::EventCount);
        Mapping {
            source: Some(self.stream.clone()),
            starting_position: Some(self.starting_position),
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

impl Integration for DynamoDb {
    type Event = DynamoDbEvent;
    type Response = DynamoDbBatchResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let table = self.table().unwrap_or_default();
        with_checksum(
            &format!("dynamodb-{table}"),
            &checksum(self.stream.as_str()),
        )
    }

    /// What the execution role may do. Without a resource-based policy: Lambda itself polls.
    ///
    /// A stream of another account must besides let the role in by its own policy.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let read = RoleStatement::new(
            [
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            ],
            self.stream.as_str(),
            "Lambda reads the stream as the function's execution role",
        );
        let list = RoleStatement::new(
            ["dynamodb:ListStreams"],
            "*",
            "Lambda looks for the stream in a list, for which DynamoDB has no finer permission",
        );
        let decrypt = grants::decrypt(&self.table_key, "the table is encrypted with this key");
        let key = self.on_failure_key.as_ref();
        let report = grants::destination(&self.mapping(), function, key);
        [read, list]
            .into_iter()
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
            true => Example::of::<DynamoDbWindowEvent>(&SERVICE)?
                .with("/eventSourceARN", self.stream.as_str()),
            false => Example::of::<Self::Event>(&SERVICE)?,
        };
        Some(example.from_source(&self.stream))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        let mut findings = self.mapping().check(SourceKind::DynamoDb, function);
        check::check(self, &mut findings);
        findings
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        let other = other.mapping();
        self.mapping()
            .conflicts_within(&other, SourceKind::DynamoDb)
    }
}

#![doc = include_str!("../README.md")]

mod check;
mod generated;
mod grants;
#[cfg(feature = "aws_lambda_events")]
mod interop;

use std::collections::BTreeMap;

use lambda_with::name::{checksum_of, with_checksum};
use lambda_with::rules::mapping::{
    LogLevel, Mapping, Metric, ProvisionedPollers, SchemaRegistry, SourceAccess, SourceKind,
    StartingPosition,
};
use lambda_with::{
    Arn, Example, Finding, Function, Integration, Permission, Resource, Rfc3339, Service, switch,
};
use lambda_with_kafka::lint;
use serde::{Deserialize, Serialize};

pub use crate::generated::*;

/// A topic of an Amazon MSK cluster, which Lambda polls for a function: an event source mapping.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "msk"
/// cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-6c3f-4d1b-9c86-8d2f0a4e7b11-4"
/// topic = "orders"
/// starting_position = "TRIM_HORIZON"
/// consumer_group = "orders-function"
/// provisioned_pollers = { minimum = 1, maximum = 5 }
/// report_batch_item_failures = true
/// ```
///
/// ```
/// use lambda_with_msk::Msk;
///
/// let cluster = "arn:aws:kafka:eu-west-1:123456789012:cluster/harbor/3f0b1d5e-4".parse()?;
/// let orders = Msk { batch_size: Some(500), ..Msk::new(cluster, "orders") };
/// assert!(orders.enabled);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// Without `access` the execution role signs in by IAM. A cluster of another account is reached
/// through a managed VPC connection, whose ARN stands for the cluster's.
/// See <https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Msk {
    /// The cluster's ARN, or that of a managed VPC connection to a cluster of another account.
    pub cluster: Arn,
    /// The topic to read, one for each connection.
    pub topic: String,
    /// How Lambda signs in with a secret: `SASL_SCRAM_512_AUTH` or `CLIENT_CERTIFICATE_TLS_AUTH`.
    /// Empty for IAM and for clusters that let anyone in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<SourceAccess>,
    /// Where reading begins: `TRIM_HORIZON` as unless set, `LATEST` or `AT_TIMESTAMP`. A group that
    /// has committed offsets goes on from them, whatever this says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_position: Option<StartingPosition>,
    /// The time to begin at, with `AT_TIMESTAMP`; not in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_position_timestamp: Option<Rfc3339>,
    /// The consumer group, the mapping's UUID unless set. Fixed once the mapping is made, and of no
    /// other mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer_group: Option<String>,
    /// Whether the cluster lets clients in that do not sign in. Without it and without `access` the
    /// execution role is let in by IAM, and gets the permissions for it.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub unauthenticated: bool,
    /// The most records of one batch: 1 to 10,000, 100 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// Seconds to gather a batch: 0 to 300, half a second unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batching_window: Option<u32>,
    /// Whether the function's answer names the records that failed. Without it a function that
    /// fails has its whole batch tried again.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub report_batch_item_failures: bool,
    /// How often a failed batch is tried again: 0 to 10,000, or -1 for as long as its records last,
    /// as unless set; with a destination at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<i64>,
    /// Seconds after which a record is given up: 60 to 604,800, or -1 for never, as unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_record_age: Option<i64>,
    /// Whether a batch that failed is split in two before it is tried again.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub bisect_batch_on_function_error: bool,
    /// Where given-up records go: the ARN of a queue, an SNS topic or a bucket, or `kafka://TOPIC`
    /// for another topic of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// Filter patterns, of which a record must match one: up to 5, or 10 with a higher quota.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// The KMS key that encrypts the filters. Its key policy must let Lambda decrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_key: Option<Arn>,
    /// Pollers kept for this topic (provisioned mode). Retries, record age, bisecting, partial
    /// answers, schema registries, logs and Kafka destinations want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_pollers: Option<ProvisionedPollers>,
    /// Where the schemas of the records are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_registry: Option<SchemaRegistry>,
    /// Metrics CloudWatch gets: `EventCount`, `ErrorCount`, `KafkaMetrics`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// How much the pollers write to the function's log group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<LogLevel>,
    /// Whether Lambda polls; true unless set. False keeps the connection, paused.
    #[serde(default = "switch::on", skip_serializing_if = "switch::is_on")]
    pub enabled: bool,
    /// Tags of the event source mapping.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The customer's KMS keys that encrypt the secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_keys: Vec<Arn>,
    /// The customer's KMS key that encrypts the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure_key: Option<Arn>,
}

impl Msk {
    /// A connection to `topic` of `cluster` with Lambda's default settings.
    #[must_use]
    pub fn new(cluster: Arn, topic: impl Into<String>) -> Self {
        Self {
            cluster,
            topic: topic.into(),
            access: Vec::new(),
            starting_position: None,
            starting_position_timestamp: None,
            consumer_group: None,
            unauthenticated: false,
            batch_size: None,
            batching_window: None,
            report_batch_item_failures: false,
            maximum_retry_attempts: None,
            maximum_record_age: None,
            bisect_batch_on_function_error: false,
            on_failure: None,
            filters: Vec::new(),
            filter_key: None,
            provisioned_pollers: None,
            schema_registry: None,
            metrics: Vec::new(),
            log_level: None,
            enabled: true,
            tags: BTreeMap::new(),
            secret_keys: Vec::new(),
            on_failure_key: None,
        }
    }

    /// The event source mapping this is.
    #[must_use]
    pub fn mapping(&self) -> Mapping {
        let position = self
            .starting_position
            .unwrap_or(StartingPosition::TrimHorizon);
        Mapping {
            source: Some(self.cluster.clone()),
            topic: Some(self.topic.clone()),
            access: self.access.clone(),
            starting_position: Some(position),
            starting_position_timestamp: self.starting_position_timestamp.clone(),
            consumer_group: self.consumer_group.clone(),
            batch_size: self.batch_size,
            batching_window: self.batching_window,
            report_batch_item_failures: self.report_batch_item_failures.then_some(true),
            maximum_retry_attempts: self.maximum_retry_attempts,
            maximum_record_age: self.maximum_record_age,
            bisect_batch_on_function_error: self.bisect_batch_on_function_error.then_some(true),
            on_failure: self.on_failure.clone(),
            filters: self.filters.clone(),
            filter_key: self.filter_key.clone(),
            provisioned_pollers: lint::pollers(self.provisioned_pollers.as_ref()),
            schema_registry: self.schema_registry.clone(),
            metrics: self.metrics.clone(),
            log_level: self.log_level,
            enabled: (!self.enabled).then_some(false),
            tags: self.tags.clone(),
            ..Mapping::default()
        }
    }
}

impl Integration for Msk {
    type Event = MskEvent;
    type Response = KafkaBatchResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let cluster = self.cluster.resource().split('/').rev().nth(1);
        let readable = ["msk", cluster.unwrap_or_default(), &self.topic].join("-");
        let checksum = checksum_of(&[self.cluster.as_str(), &self.topic]);
        with_checksum(&readable, &checksum)
    }

    /// What the execution role may do. Without a resource-based policy: Lambda itself polls.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let statements = grants::all(self, function).into_iter();
        statements.map(Permission::ExecutionRole).collect()
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let id = Resource::logical_id(&[&self.name(), "mapping"]);
        vec![self.mapping().resource(id)]
    }

    fn example(&self, _function: &Function) -> Option<Example> {
        let example = Example::of::<Self::Event>(&SERVICE)?;
        Some(lint::of_topic(example, &self.topic).with("/eventSourceArn", self.cluster.as_str()))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let group = (&self.consumer_group, &other.consumer_group);
        lint::group("LW2803", group).into_iter().collect()
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        self.mapping()
            .conflicts_within(&other.mapping(), SourceKind::Msk)
    }
}

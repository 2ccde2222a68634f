#![doc = include_str!("../README.md")]

mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
#[doc(hidden)]
pub mod interop;
#[doc(hidden)]
pub mod lint;
#[cfg(feature = "poll")]
pub mod poll;
mod respond;
#[cfg(feature = "poll")]
pub mod send;

use std::collections::BTreeMap;

use lambda_with::name::{checksum_of, with_checksum};
use lambda_with::rules::mapping::{
    AccessType, ConsumptionMode, LogLevel, Mapping, Metric, ProvisionedPollers, SchemaRegistry,
    SourceAccess, SourceKind, StartingPosition, grants,
};
use lambda_with::{
    Arn, Example, Finding, Function, Integration, Permission, Resource, Rfc3339, RoleStatement,
    Service, switch,
};
use serde::{Deserialize, Serialize};

pub use crate::generated::*;

/// A topic of a Kafka cluster you run, which Lambda polls for a function: an event source mapping.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "kafka"
/// bootstrap_servers = ["kafka-1.harbor.example.com:9096", "kafka-2.harbor.example.com:9096"]
/// topic = "orders"
/// starting_position = "TRIM_HORIZON"
/// consumer_group = "orders-function"
/// access = [
///     { Type = "SASL_SCRAM_512_AUTH", URI = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:kafka-Ab12Cd" },
///     { Type = "VPC_SUBNET", URI = "subnet:subnet-0a1b2c3d4e5f60718" },
///     { Type = "VPC_SECURITY_GROUP", URI = "security_group:sg-0a1b2c3d4e5f60718" },
/// ]
/// ```
///
/// ```
/// use lambda_with_kafka::Kafka;
///
/// let orders = Kafka {
///     batch_size: Some(500),
///     ..Kafka::new(["kafka-1.harbor.example.com:9096"], "orders")
/// };
/// assert!(orders.enabled);
/// ```
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// The brokers to begin with, `HOST:PORT`: 1 to 10.
    pub bootstrap_servers: Vec<String>,
    /// The topic to read, one for each connection.
    pub topic: String,
    /// How Lambda signs in, and from which subnets it reaches the brokers. `VPC_SUBNET` and
    /// `VPC_SECURITY_GROUP` go together; brokers with a public address need neither.
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
    /// How records are shared out: `Stream` as unless set, or `Queue`, a share group of Kafka 4.2 or
    /// later without order. Fixed once the mapping is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumption_mode: Option<ConsumptionMode>,
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

impl Kafka {
    /// A connection to `topic` of the cluster with Lambda's default settings.
    #[must_use]
    pub fn new<S: Into<String>>(
        bootstrap_servers: impl IntoIterator<Item = S>,
        topic: impl Into<String>,
    ) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into_iter().map(Into::into).collect(),
            topic: topic.into(),
            access: Vec::new(),
            starting_position: None,
            starting_position_timestamp: None,
            consumer_group: None,
            consumption_mode: None,
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
        Mapping {
            bootstrap_servers: self.bootstrap_servers.clone(),
            topic: Some(self.topic.clone()),
            access: self.access.clone(),
            starting_position: self.starting_position,
            starting_position_timestamp: self.starting_position_timestamp.clone(),
            consumer_group: self.consumer_group.clone(),
            consumption_mode: self.consumption_mode,
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

    fn is_in_vpc(&self) -> bool {
        let vpc = [AccessType::VpcSubnet, AccessType::VpcSecurityGroup];
        self.access.iter().any(|entry| vpc.contains(&entry.kind))
    }
}

impl Integration for Kafka {
    type Event = KafkaEvent;
    type Response = KafkaBatchResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let mut servers: Vec<&str> = self.bootstrap_servers.iter().map(String::as_str).collect();
        servers.sort_unstable();
        servers.push(&self.topic);
        with_checksum(&format!("kafka-{}", self.topic), &checksum_of(&servers))
    }

    /// What the execution role may do. Without a resource-based policy: Lambda itself polls. What
    /// the cluster lets its users do is told by the cluster's own access control lists.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let mapping = self.mapping();
        let mut statements: Vec<RoleStatement> = vec![grants::logs(function)];
        statements.extend(self.is_in_vpc().then(grants::network));
        statements.extend(grants::secrets(&mapping));
        let why = "the secrets are encrypted with these keys";
        statements.extend(grants::decrypt(&self.secret_keys, why));
        statements.extend(grants::registry(&mapping));
        let key = self.on_failure_key.as_ref();
        statements.extend(grants::destination(&mapping, function, key));
        statements
            .into_iter()
            .map(Permission::ExecutionRole)
            .collect()
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let id = Resource::logical_id(&[&self.name(), "mapping"]);
        vec![self.mapping().resource(id)]
    }

    fn example(&self, _function: &Function) -> Option<Example> {
        let example = Example::of::<Self::Event>(&SERVICE)?;
        let servers = self.bootstrap_servers.join(",");
        Some(lint::of_topic(example, &self.topic).with("/bootstrapServers", servers))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let group = (&self.consumer_group, &other.consumer_group);
        lint::group("LW2504", group).into_iter().collect()
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        self.mapping()
            .conflicts_within(&other.mapping(), SourceKind::Kafka)
    }
}

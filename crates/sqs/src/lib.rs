#![doc = include_str!("../README.md")]

mod check;
mod generated;
#[cfg(feature = "poll")]
mod groups;
#[cfg(feature = "aws_lambda_events")]
mod interop;
#[cfg(feature = "poll")]
pub mod poll;
#[cfg(feature = "poll")]
pub mod queue;
mod respond;
#[cfg(feature = "poll")]
pub mod send;

use std::collections::BTreeMap;

use lambda_with::name::{checksum, with_checksum};
use lambda_with::rules::mapping::{self, Mapping, Metric, grants};
use lambda_with::{
    Arn, Example, Finding, Function, Integration, Permission, Resource, RoleStatement, Sample,
    Service, switch,
};
use serde::{Deserialize, Serialize};

pub use crate::generated::*;

/// A queue that Lambda polls for a function: an event source mapping.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "sqs"
/// queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
/// batch_size = 10
/// report_batch_item_failures = true
/// filters = ['{"body":{"kind":["placed"]}}']
/// visibility_timeout = 180
/// ```
///
/// ```
/// use lambda_with_sqs::Sqs;
///
/// let queue = "arn:aws:sqs:eu-west-1:123456789012:orders".parse()?;
/// let orders = Sqs { report_batch_item_failures: true, ..Sqs::new(queue) };
/// assert_eq!(orders.batch_size, 10);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The queue and the function are in the same Region; their accounts may differ. A queue whose name
/// ends in `.fifo` is a FIFO queue.
/// See <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sqs {
    /// The queue's ARN.
    pub queue: Arn,
    /// The most messages of one batch, 10 unless set: 1 to 10,000, of a FIFO queue 1 to 10. More
    /// than 10 need a batching window.
    #[serde(default = "ten")]
    pub batch_size: u32,
    /// Seconds to gather a batch: 0 to 300, 0 unless set. Standard queues only.
    #[serde(default)]
    pub batching_window: u32,
    /// Whether the function's answer names the messages that failed. Without it a function that
    /// returns has every message deleted, and one that fails has none.
    #[serde(default)]
    pub report_batch_item_failures: bool,
    /// Filter patterns, of which a message must match one: up to 5, or 10 with a higher quota.
    /// Messages that match none are deleted from the queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// The KMS key that encrypts the filters. Its key policy must let Lambda decrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_key: Option<Arn>,
    /// The most invocations at once for this queue: 2 to 1,000, without a limit unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_concurrency: Option<u32>,
    /// Pollers kept for this queue alone, instead of those Lambda scales by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_pollers: Option<ProvisionedPollers>,
    /// Whether Lambda polls; true unless set. False keeps the connection, paused.
    #[serde(default = "switch::on", skip_serializing_if = "switch::is_on")]
    pub enabled: bool,
    /// Whether CloudWatch gets the `EventCount` metrics of this connection.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub event_count_metrics: bool,
    /// Tags of the event source mapping.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The customer's KMS key that encrypts the queue. Whoever reads the queue needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_key: Option<Arn>,
    /// The queue's visibility timeout in seconds. It belongs to the queue and is not set by this
    /// connection: `check` compares it with the function's timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility_timeout: Option<u32>,
    /// After how many receives the queue's redrive policy gives a message up. It belongs to the
    /// queue; for `check`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_receive_count: Option<u32>,
}

/// Pollers kept for one queue. Each works up to 10 invocations at once.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProvisionedPollers {
    /// The least: 2 to 200, 2 unless set.
    pub minimum: u32,
    /// The most: 2 to 10,000, 200 unless set.
    pub maximum: u32,
}

impl Default for ProvisionedPollers {
    fn default() -> Self {
        Self {
            minimum: 2,
            maximum: 200,
        }
    }
}

impl Sqs {
    /// A connection to `queue` with Lambda's default settings.
    #[must_use]
    pub fn new(queue: Arn) -> Self {
        Self {
            queue,
            batch_size: ten(),
            batching_window: 0,
            report_batch_item_failures: false,
            filters: Vec::new(),
            filter_key: None,
            maximum_concurrency: None,
            provisioned_pollers: None,
            enabled: true,
            event_count_metrics: false,
            tags: BTreeMap::new(),
            queue_key: None,
            visibility_timeout: None,
            max_receive_count: None,
        }
    }

    /// Whether the queue keeps the order within message groups.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.queue.resource().ends_with(".fifo")
    }

    /// The event source mapping, with the settings that are not left at their defaults.
    pub(crate) fn mapping(&self) -> Mapping {
        let pollers = |pollers: ProvisionedPollers| mapping::ProvisionedPollers {
            minimum: Some(pollers.minimum),
            maximum: Some(pollers.maximum),
            group: None,
        };
        let metrics = self.event_count_metrics.then_some(Metric::EventCount);
        Mapping {
            source: Some(self.queue.clone()),
            batch_size: Some(self.batch_size),
            batching_window: Some(self.batching_window).filter(|window| *window > 0),
            report_batch_item_failures: self.report_batch_item_failures.then_some(true),
            filters: self.filters.clone(),
            filter_key: self.filter_key.clone(),
            maximum_concurrency: self.maximum_concurrency,
            provisioned_pollers: self.provisioned_pollers.map(pollers),
            enabled: (!self.enabled).then_some(false),
            metrics: metrics.into_iter().collect(),
            tags: self.tags.clone(),
            ..Mapping::default()
        }
    }
}

impl Integration for Sqs {
    type Event = SqsEvent;
    type Response = SqsBatchResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let readable = format!("sqs-{}", self.queue.resource());
        with_checksum(&readable, &checksum(self.queue.as_str()))
    }

    /// What the execution role may do. Without a resource-based policy: Lambda itself polls.
    ///
    /// A queue of another account must besides let the role in by its own policy.
    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        let poll = RoleStatement::new(
            [
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
            ],
            self.queue.as_str(),
            "Lambda polls the queue as the function's execution role",
        );
        let decrypt = grants::decrypt(&self.queue_key, "the queue is encrypted with this key");
        std::iter::once(poll)
            .chain(decrypt)
            .map(Permission::ExecutionRole)
            .collect()
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let id = Resource::logical_id(&[&self.name(), "mapping"]);
        vec![self.mapping().resource(id)]
    }

    fn example(&self, _function: &Function) -> Option<Example> {
        let arn = |sample: &Sample| sample.at("/Records/0/eventSourceARN");
        let fits = |sample: &Sample| {
            let arn = arn(sample);
            let arn = arn.as_ref().and_then(serde_json::Value::as_str);
            arn.is_some_and(|arn| arn.ends_with(".fifo") == self.is_fifo())
        };
        Some(Example::first(&SERVICE, fits)?.from_source(&self.queue))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::conflicts_within(self, other)
    }
}

fn ten() -> u32 {
    10
}

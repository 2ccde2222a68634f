//! A queue of an ActiveMQ broker.

use std::collections::BTreeMap;

use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::{
    Arn, Example, Finding, Function, Integration, Permission, Resource, Service, switch,
};
use serde::{Deserialize, Serialize};

use crate::generated::{ActiveMqEvent, SERVICE};
use crate::shared;

/// A queue of an ActiveMQ broker, which Lambda polls for a function: an event source mapping.
///
/// ```toml
/// [[functions.work.with]]
/// service = "mq"
/// engine = "activemq"
/// broker = "arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d1a5c-2c5a-4f0f-9d0b-6f5a3f1c2d11"
/// queue = "cranes"
/// secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd"
/// ```
///
/// ```
/// use lambda_with_mq::ActiveMq;
///
/// let broker = "arn:aws:mq:eu-west-1:123456789012:broker:harbor:b-5e1d1a5c-2c5a-4f0f-9d0b-6f5a3f1c2d11".parse()?;
/// let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:harbor-Ab12Cd".parse()?;
/// let queue = ActiveMq { batch_size: Some(10), ..ActiveMq::new(broker, "cranes", secret) };
/// assert!(queue.enabled);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// Lambda runs at most 5 invocations of a connection at once. See
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ActiveMq {
    /// The broker's ARN, of the function's account and Region.
    pub broker: Arn,
    /// The queue to read, one for each connection.
    pub queue: String,
    /// The secret to sign in with: `{"username": …, "password": …}`.
    pub secret: Arn,
    /// The most messages of one batch: 1 to 10,000, 100 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// Seconds to gather a batch: 0 to 300, half a second unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batching_window: Option<u32>,
    /// Filter patterns, of which a message must match one: up to 5, or 10 with a higher quota.
    /// Messages that match none are taken from the queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// The KMS key that encrypts the filters. Its key policy must let Lambda decrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_key: Option<Arn>,
    /// Whether Lambda polls; true unless set. False keeps the connection, paused.
    #[serde(default = "switch::on", skip_serializing_if = "switch::is_on")]
    pub enabled: bool,
    /// Tags of the event source mapping.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The customer's KMS key that encrypts the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<Arn>,
}

impl ActiveMq {
    /// A connection to `queue` of `broker` with Lambda's default settings.
    #[must_use]
    pub fn new(broker: Arn, queue: impl Into<String>, secret: Arn) -> Self {
        Self {
            broker,
            queue: queue.into(),
            secret,
            batch_size: None,
            batching_window: None,
            filters: Vec::new(),
            filter_key: None,
            enabled: true,
            tags: BTreeMap::new(),
            secret_key: None,
        }
    }

    /// The event source mapping this is.
    #[must_use]
    pub fn mapping(&self) -> Mapping {
        Mapping {
            source: Some(self.broker.clone()),
            queue: Some(self.queue.clone()),
            access: vec![shared::sign_in(&self.secret)],
            batch_size: self.batch_size,
            batching_window: self.batching_window,
            filters: self.filters.clone(),
            filter_key: self.filter_key.clone(),
            enabled: (!self.enabled).then_some(false),
            tags: self.tags.clone(),
            ..Mapping::default()
        }
    }
}

impl Integration for ActiveMq {
    type Event = ActiveMqEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        shared::name(&self.broker, &[&self.queue])
    }

    /// What the execution role may do. Without a resource-based policy: Lambda itself polls.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        shared::permissions(&self.mapping(), self.secret_key.as_ref(), function)
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let id = Resource::logical_id(&[&self.name(), "mapping"]);
        vec![self.mapping().resource(id)]
    }

    fn example(&self, _function: &Function) -> Option<Example> {
        let mut example = Example::of::<Self::Event>(&SERVICE)?;
        let messages = example.sample.at("/messages")?;
        for index in 0..messages.as_array()?.len() {
            let queue = format!("/messages/{index}/destination/physicalName");
            example = example.with(queue, self.queue.as_str());
        }
        Some(example.with("/eventSourceArn", self.broker.as_str()))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        let mut findings = shared::check(&self.mapping(), SourceKind::ActiveMq, function);
        findings.extend(shared::no_topic("LW2703", &self.queue));
        findings
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let same = (&self.broker, &self.queue) == (&other.broker, &other.queue);
        shared::readers(same, &self.queue)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        self.mapping()
            .conflicts_within(&other.mapping(), SourceKind::ActiveMq)
    }
}

#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod filter;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod regions;
#[cfg(feature = "aws")]
pub mod send;
mod signed;

use lambda_with::{Arn, Finding, Function, Integration, Permission, Resource, Service, Statement};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;
pub use crate::signed::{Digest, Signed};

/// A subscription of a function to a topic.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "sns"
/// topic = "arn:aws:sns:eu-west-1:123456789012:harbor-orders"
/// filter_policy = '{"kind":["placed"],"tonnes":[{"numeric":[">",40]}]}'
/// dead_letter_queue = "arn:aws:sqs:eu-west-1:123456789012:harbor-orders-undelivered"
/// ```
///
/// ```
/// use lambda_with_sns::{FilterScope, Sns};
///
/// let orders = Sns::new("arn:aws:sns:eu-west-1:123456789012:harbor-orders".parse()?);
/// assert_eq!(orders.filter_scope, FilterScope::MessageAttributes);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// Topic and function may be in different Regions and accounts. A topic has one subscription for each
/// function, version or alias.
/// See <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sns {
    /// The topic's ARN. FIFO topics do not deliver to functions.
    pub topic: Arn,
    /// Which messages are delivered, as a JSON object; all of them unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_policy: Option<String>,
    /// What the filter policy looks at: the message's attributes unless set.
    #[serde(default, skip_serializing_if = "FilterScope::is_default")]
    pub filter_scope: FilterScope,
    /// The standard queue that gets what Amazon SNS cannot hand to Lambda, in the topic's Region. Its
    /// own policy must let `sns.amazonaws.com` send. What the function fails on does not go there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_queue: Option<Arn>,
}

/// What a filter policy looks at.
///
/// See <https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html>.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum FilterScope {
    /// The attributes of the message.
    #[default]
    MessageAttributes,
    /// The message itself, which is JSON then.
    MessageBody,
}

impl FilterScope {
    /// As AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessageAttributes => "MessageAttributes",
            Self::MessageBody => "MessageBody",
        }
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Sns {
    /// A subscription to all messages of `topic`.
    #[must_use]
    pub fn new(topic: Arn) -> Self {
        Self {
            topic,
            filter_policy: None,
            filter_scope: FilterScope::default(),
            dead_letter_queue: None,
        }
    }

    /// Whether the topic keeps an order, and so does not deliver to functions.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.topic.resource().ends_with(".fifo")
    }

    /// Who calls the function: `sns.amazonaws.com`, or the principal of a Region that must be
    /// enabled first.
    ///
    /// Between two Regions that is the function's where it must be enabled, otherwise the topic's
    /// where that must be; within one Region only where the topic is of another account.
    /// See <https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html>.
    #[must_use]
    pub fn principal(&self, function: &Function) -> String {
        match regions::of_principal(&self.topic, function) {
            Some(region) => format!("sns.{region}.amazonaws.com"),
            None => "sns.amazonaws.com".into(),
        }
    }

    /// The attributes of the subscription, those that are set.
    fn attributes(&self) -> Vec<(&'static str, Value)> {
        let mut attributes = Vec::new();
        if let Some(policy) = &self.filter_policy {
            let policy = serde_json::from_str(policy).unwrap_or_else(|_| json!(policy));
            attributes.push(("FilterPolicy", policy));
            if !self.filter_scope.is_default() {
                attributes.push(("FilterPolicyScope", json!(self.filter_scope)));
            }
        }
        if let Some(queue) = &self.dead_letter_queue {
            attributes.push(("RedrivePolicy", json!({ "deadLetterTargetArn": queue })));
        }
        attributes
    }
}

impl Integration for Sns {
    type Event = SnsEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(&self.topic)
    }

    /// Amazon SNS sends no account along: a statement that asks for one would deny every delivery.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        if check::topic(&self.topic).is_some() {
            return Vec::new();
        }
        let statement = Statement::service(self.name(), self.principal(function))
            .source_arn(self.topic.clone());
        vec![Permission::ResourceBased(statement)]
    }

    fn resources(&self, function: &Function) -> Vec<Resource> {
        let mut properties = json!({
            "Endpoint": Resource::FUNCTION,
            "Protocol": "lambda",
            "TopicArn": self.topic,
        });
        for (name, value) in self.attributes() {
            properties[name] = value;
        }
        if self.topic.region() != function.region() {
            properties["Region"] = json!(self.topic.region());
        }
        let id = Resource::logical_id(&[&self.name(), "subscription"]);
        vec![Resource::new(id, "AWS::SNS::Subscription", properties)]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::conflicts_within(self, other)
    }
}

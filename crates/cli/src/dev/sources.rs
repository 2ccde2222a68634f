//! Sources read over their real protocols: queues, streams, topics, brokers.

#[cfg(feature = "poll")]
mod open;

use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::{Arn, Function};
use lambda_with_dynamodb::DynamoDb;
use lambda_with_kafka::Kafka;
use lambda_with_kinesis::Kinesis;
use lambda_with_local::{FunctionHandle, Poller};
use lambda_with_mq::{ActiveMq, RabbitMq};
use lambda_with_msk::Msk;
use lambda_with_sqs::Sqs;
use serde::Deserialize;

#[cfg(not(feature = "poll"))]
use crate::failure::Failure;
use crate::services::Connection;

/// Where sources are, and as whom they are read.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Of queues and streams, which AWS's own API gives out.
    pub(crate) endpoint_url: Option<String>,
    #[cfg(feature = "poll")]
    pub(crate) profile: Option<String>,
    pub(crate) brokers: Brokers,
}

/// The table `[dev.brokers]`: brokers on this machine, in the place of those of the definition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Brokers {
    /// `HOST:PORT`, several parted by commas.
    pub(crate) kafka: Option<String>,
    /// `amqp://NAME:PASSWORD@HOST:PORT/VHOST`.
    pub(crate) rabbitmq: Option<String>,
    /// `stomp://NAME:PASSWORD@HOST:PORT`.
    pub(crate) activemq: Option<String>,
}

/// A source, and where it is read.
pub(super) struct Read {
    /// The queue's, stream's or broker's ARN, or the topic.
    pub(super) source: String,
    /// The address, without a password; nothing where it is not read.
    pub(super) at: Option<String>,
    /// What was to be named for it to be read.
    pub(super) wanted: &'static str,
    pub(super) poller: Option<Poller>,
}

/// What the connection reads, and where it is.
#[cfg_attr(
    not(feature = "poll"),
    expect(dead_code, reason = "whoever does not read needs less of it")
)]
enum Source<'a> {
    Sqs(&'a Sqs),
    Kinesis(&'a Kinesis),
    DynamoDb(&'a DynamoDb),
    Kafka(&'a str, SourceKind),
    ActiveMq(&'a ActiveMq),
    RabbitMq(&'a RabbitMq),
}

/// Begins to read the source of a connection; nothing for a connection without one.
pub(super) async fn read(
    connection: &dyn Connection,
    definition: &Function,
    access: &Access,
    function: &FunctionHandle,
) -> anyhow::Result<Option<Read>> {
    let Some(source) = Source::of(connection) else {
        return Ok(None);
    };
    let resources = connection.resources(definition);
    let mapping = resources
        .iter()
        .find(|resource| resource.kind == "AWS::Lambda::EventSourceMapping");
    let mapping = mapping.map(|mapping| Mapping::of_properties(&mapping.properties));
    let mapping = mapping.transpose()?.unwrap_or_default();
    let address = source
        .address(access)
        .filter(|_| mapping.enabled != Some(false));
    let (name, wanted) = (source.name(&mapping), source.wanted());
    let at = address.as_deref().map(without_password);
    let poller = match (&at, &address) {
        #[cfg(feature = "poll")]
        (Some(at), Some(address)) => {
            let opened = source.open(connection, &mapping, definition, access, address, function);
            let poller = opened.await.map_err(|error| source.explained(&error, at))?;
            Some(poller)
        }
        #[cfg(not(feature = "poll"))]
        (Some(at), Some(_)) => {
            let _ = function;
            let failure = Failure::new(format!("{name} at {at} cannot be read by this build"));
            let fix = format!("build the command with its feature `poll`, or leave {wanted} out");
            return Err(failure.fix(fix).into());
        }
        _ => None,
    };
    Ok(Some(Read {
        source: name,
        at,
        wanted,
        poller,
    }))
}

impl<'a> Source<'a> {
    fn of(connection: &'a dyn Connection) -> Option<Self> {
        let any = connection.as_any();
        let sqs = any.downcast_ref().map(Self::Sqs);
        let kafka = |kafka: &'a Kafka| Self::Kafka(&kafka.topic, SourceKind::Kafka);
        let msk = |msk: &'a Msk| Self::Kafka(&msk.topic, SourceKind::Msk);
        sqs.or_else(|| any.downcast_ref().map(Self::Kinesis))
            .or_else(|| any.downcast_ref().map(Self::DynamoDb))
            .or_else(|| any.downcast_ref().map(kafka))
            .or_else(|| any.downcast_ref().map(msk))
            .or_else(|| any.downcast_ref().map(Self::ActiveMq))
            .or_else(|| any.downcast_ref().map(Self::RabbitMq))
    }

    fn name(&self, mapping: &Mapping) -> String {
        let source = mapping.source.as_ref().map(Arn::to_string);
        match (self, source) {
            (Self::Kafka(topic, SourceKind::Kafka), _) | (Self::Kafka(topic, _), None) => {
                (*topic).to_owned()
            }
            (Self::Kafka(topic, _), Some(source)) => format!("{topic} of {source}"),
            (Self::ActiveMq(mq), _) => format!("{} of {}", mq.queue, mq.broker),
            (Self::RabbitMq(mq), _) => format!("{} of {}", mq.queue, mq.broker),
            (_, source) => source.unwrap_or_default(),
        }
    }

    fn address(&self, access: &Access) -> Option<String> {
        let brokers = &access.brokers;
        match self {
            Self::Sqs(_) | Self::Kinesis(_) | Self::DynamoDb(_) => access.endpoint_url.clone(),
            Self::Kafka(..) => brokers.kafka.clone(),
            Self::ActiveMq(_) => brokers.activemq.clone(),
            Self::RabbitMq(_) => brokers.rabbitmq.clone(),
        }
    }

    fn wanted(&self) -> &'static str {
        match self {
            Self::Sqs(_) | Self::Kinesis(_) | Self::DynamoDb(_) => {
                "--endpoint-url or endpoint_url in [dev]"
            }
            Self::Kafka(..) => "kafka in [dev.brokers]",
            Self::ActiveMq(_) => "activemq in [dev.brokers]",
            Self::RabbitMq(_) => "rabbitmq in [dev.brokers]",
        }
    }
}

/// The URL as it may be shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{scheme}://{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            (
                "stomp://admin:pass:word@127.0.0.1:61613/",
                "stomp://127.0.0.1:61613/",
            ),
            ("127.0.0.1:61613", "127.0.0.1:61613"),
            ("amqp://guest@[::1]:5672/%2f", "amqp://[::1]:5672/%2f"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}

//! Sources read over their real protocols: queues, streams, topics, brokers.

#[cfg(feature = "poll")]
mod open;
mod shared;

use lambda_with::name::checksum_of;
use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::rules::stream::Destination;
use lambda_with::{Arn, Function};
#[cfg(feature = "poll")]
use lambda_with::{Error, ErrorKind};
use lambda_with_dynamodb::DynamoDb;
use lambda_with_kafka::Kafka;
use lambda_with_kinesis::Kinesis;
use lambda_with_local::{FunctionHandle, Handle, Opening};
use lambda_with_mq::{ActiveMq, RabbitMq};
use lambda_with_msk::Msk;
use lambda_with_sqs::Sqs;
use serde::Deserialize;

#[cfg(all(feature = "aws", feature = "poll"))]
pub(super) use self::open::config;
pub(super) use self::shared::shared_queue;
use crate::failure::Failure;
use crate::services::Connection;

/// Where sources are, and as whom they are read.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Of queues and streams, which AWS's own API gives out.
    pub(crate) endpoint_url: Option<String>,
    /// The URL of the queue of asynchronous events, where engines share one.
    pub(crate) queue: Option<String>,
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
    /// Where records of what failed go.
    pub(super) on_failure: Option<Destination>,
}

/// Begins to read the source of a connection, and makes its mapping known to clients of the engine;
/// nothing for a connection without one.
pub(super) async fn read(
    connection: &dyn Connection,
    definition: &Function,
    access: &Access,
    function: &FunctionHandle,
    handle: &Handle,
) -> anyhow::Result<Option<Read>> {
    let Some(kind) = kind(connection) else {
        return Ok(None);
    };
    let resources = connection.resources(definition);
    let mapping = resources
        .iter()
        .find(|resource| resource.kind == "AWS::Lambda::EventSourceMapping");
    let mapping = mapping.map(|mapping| Mapping::of_properties(&mapping.properties));
    let mapping = mapping.transpose()?.unwrap_or_default();
    let mut opening = Opening::new(function.clone(), kind, mapping);
    opening.uuid = uuid(definition.name(), &connection.name());
    let address = address(kind, access).filter(|_| opening.mapping.enabled != Some(false));
    let (name, wanted) = (named(kind, &opening.mapping), wanted(kind));
    let at = address.as_deref().map(without_password);
    let on_failure = opening.mapping.on_failure.as_deref();
    let on_failure = on_failure.map(str::parse).transpose()?;
    let poller = match (&at, &address) {
        #[cfg(feature = "poll")]
        (Some(at), Some(address)) => {
            let opened = open::open(&opening, access, address).await;
            Some(opened.map_err(|error| explained(&error, kind, &opening.mapping, at))?)
        }
        #[cfg(not(feature = "poll"))]
        (Some(at), Some(_)) => {
            let failure = Failure::new(format!("{name} at {at} cannot be read by this build"));
            let fix = format!("build the command with its feature `poll`, or leave {wanted} out");
            return Err(failure.fix(fix).into());
        }
        _ => None,
    };
    handle.attach(opening, poller);
    Ok(Some(Read {
        source: name,
        at,
        wanted,
        on_failure,
    }))
}

/// Lets clients of the engine create mappings of their own, whose sources are where those of the
/// definition are.
#[cfg(feature = "poll")]
pub(super) fn open_with(handle: &Handle, access: &Access) {
    let access = access.clone();
    handle.open_with(move |opening| {
        let access = access.clone();
        Box::pin(async move {
            let Some(address) = address(opening.kind, &access) else {
                let wanted = wanted(opening.kind);
                let message = format!("the source is not read here: say where it is with {wanted}");
                return Err(Error::new(ErrorKind::Invalid, message));
            };
            open::open(&opening, &access, &address).await
        })
    });
}

/// What a connection reads.
fn kind(connection: &dyn Connection) -> Option<SourceKind> {
    let any = connection.as_any();
    if let Some(sqs) = any.downcast_ref::<Sqs>() {
        let fifo = sqs.queue.resource().ends_with(".fifo");
        return Some(match fifo {
            true => SourceKind::SqsFifo,
            false => SourceKind::SqsStandard,
        });
    }
    let kinds = [
        (any.is::<Kinesis>(), SourceKind::Kinesis),
        (any.is::<DynamoDb>(), SourceKind::DynamoDb),
        (any.is::<Kafka>(), SourceKind::Kafka),
        (any.is::<Msk>(), SourceKind::Msk),
        (any.is::<ActiveMq>(), SourceKind::ActiveMq),
        (any.is::<RabbitMq>(), SourceKind::RabbitMq),
    ];
    let found = kinds.into_iter().find(|(is, _)| *is);
    found.map(|(_, kind)| kind)
}

fn named(kind: SourceKind, mapping: &Mapping) -> String {
    let source = mapping.source.as_ref().map(Arn::to_string);
    let topic = mapping.topic.clone().unwrap_or_default();
    let queue = mapping.queue.as_deref().unwrap_or_default();
    match (kind, source) {
        (SourceKind::Kafka, _) | (SourceKind::Msk, None) => topic,
        (SourceKind::Msk, Some(source)) => format!("{topic} of {source}"),
        (_, Some(source)) if kind.is_mq() => format!("{queue} of {source}"),
        (_, source) => source.unwrap_or_default(),
    }
}

fn address(kind: SourceKind, access: &Access) -> Option<String> {
    let brokers = &access.brokers;
    match kind {
        _ if kind.is_sqs() || kind.is_stream() => access.endpoint_url.clone(),
        _ if kind.is_kafka() => brokers.kafka.clone(),
        SourceKind::ActiveMq => brokers.activemq.clone(),
        SourceKind::RabbitMq => brokers.rabbitmq.clone(),
        _ => None,
    }
}

fn wanted(kind: SourceKind) -> &'static str {
    match kind {
        _ if kind.is_kafka() => "kafka in [dev.brokers]",
        SourceKind::ActiveMq => "activemq in [dev.brokers]",
        SourceKind::RabbitMq => "rabbitmq in [dev.brokers]",
        _ => "--endpoint-url or endpoint_url in [dev]",
    }
}

#[cfg(feature = "poll")]
fn explained(error: &Error, kind: SourceKind, mapping: &Mapping, at: &str) -> Failure {
    let wanted = wanted(kind);
    let fix = match (error.kind(), &mapping.source) {
        (ErrorKind::NotFound, Some(queue)) if kind.is_sqs() => format!(
            "make it: aws sqs create-queue --queue-name {} --endpoint-url {at}",
            queue.resource()
        ),
        (ErrorKind::NotFound, _) => format!("make it at {at}, or correct its name"),
        (ErrorKind::Unavailable, _) => {
            format!("does anything listen at {at}? start it first, or leave {wanted} out")
        }
        _ => format!("{wanted} says where it is, now {at}"),
    };
    Failure::new(error.to_string()).fix(fix)
}

/// The id of a mapping of the definition: the same each time.
fn uuid(function: &str, connection: &str) -> String {
    let part = |salt: &str| checksum_of(&[salt, function, connection]);
    let sum = format!("{}{}{}{}", part("a"), part("b"), part("c"), part("d"));
    let digits = |from: usize, to: usize| sum.get(from..to).unwrap_or_default();
    let (one, two, three) = (digits(0, 8), digits(8, 12), digits(12, 15));
    let (four, five) = (digits(15, 18), digits(18, 30));
    format!("{one}-{two}-4{three}-8{four}-{five}")
}

/// The URL as it may be shown.
pub(super) fn without_password(url: &str) -> String {
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
    fn ids_are_the_same_each_time() {
        let one = uuid("orders", "queue");
        assert_eq!(one, uuid("orders", "queue"));
        assert_ne!(one, uuid("orders", "other"));
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{one}");
    }

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

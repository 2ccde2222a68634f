//! Sources read over their real protocols: queues, streams, topics, brokers.

use std::net::IpAddr;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use lambda_with::rules::batch::{Envelope, Limits};
use lambda_with::rules::filter::{DataKey, FilterCriteria};
use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::rules::stream::Settings;
use lambda_with::{Arn, Error, ErrorKind, Function, Stream};
use lambda_with_dynamodb::DynamoDb;
use lambda_with_dynamodb::poll::DynamoDbStream;
use lambda_with_kafka::Kafka;
use lambda_with_kafka::poll::KafkaStream;
use lambda_with_kinesis::Kinesis;
use lambda_with_kinesis::poll::KinesisStream;
use lambda_with_local::{FunctionHandle, Mapping as Polling, Poller};
use lambda_with_mq::poll::{ActiveMqSource, RabbitMqSource};
use lambda_with_mq::{ActiveMq, RabbitMq};
use lambda_with_msk::Msk;
use lambda_with_sqs::Sqs;
use lambda_with_sqs::poll::SqsSource;
use serde::Deserialize;

use crate::failure::Failure;
use crate::services::Connection;

/// Where sources are, and as whom they are read.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Of queues and streams, which AWS's own API gives out.
    pub(crate) endpoint_url: Option<String>,
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
    let mut read = Read {
        source: source.name(&mapping),
        at: address.map(|address| without_password(&address)),
        wanted: source.wanted(),
        poller: None,
    };
    if let (Some(at), Some(address)) = (&read.at, source.address(access)) {
        let opened = source.open(connection, &mapping, definition, access, &address, function);
        let poller = opened.await.map_err(|error| source.explained(&error, at))?;
        read.poller = Some(poller);
    }
    Ok(Some(read))
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

    async fn open(
        &self,
        connection: &dyn Connection,
        mapping: &Mapping,
        definition: &Function,
        access: &Access,
        address: &str,
        function: &FunctionHandle,
    ) -> Result<Poller, Error> {
        let region = mapping
            .source
            .as_ref()
            .map_or(definition.region(), Arn::region);
        let config = || config(region, address, access.profile.as_deref());
        match self {
            Self::Sqs(sqs) => {
                let client = aws_sdk_sqs::Client::new(&config().await);
                let source = SqsSource::find(client, sqs.queue.clone()).await?;
                let usual = Polling::default();
                let most = sqs.maximum_concurrency.map(number);
                let polling = Polling {
                    maximum_concurrency: most.unwrap_or(usual.maximum_concurrency),
                    ..polling(mapping, usual)?
                };
                Ok(function.poll(source, polling))
            }
            Self::Kinesis(kinesis) => {
                let role = definition.role.as_ref().map(Arn::to_string);
                let account = definition.account();
                let role = role.unwrap_or_else(|| {
                    format!("arn:aws:iam::{account}:role/{}", definition.name())
                });
                let client = aws_sdk_kinesis::Client::new(&config().await);
                let source = KinesisStream::new(client, kinesis.stream.clone(), role);
                stream(connection, source, mapping, SourceKind::Kinesis, function).await
            }
            Self::DynamoDb(table) => {
                let client = aws_sdk_dynamodbstreams::Client::new(&config().await);
                let source = DynamoDbStream::new(client, table.stream.clone());
                stream(connection, source, mapping, SourceKind::DynamoDb, function).await
            }
            Self::Kafka(topic, kind) => {
                let mut client = rdkafka::ClientConfig::new();
                client.set("bootstrap.servers", address);
                let group = mapping.consumer_group.clone();
                let group = group.unwrap_or_else(|| format!("lambda-with-{}", connection.name()));
                let source = KafkaStream::connect(client, *topic, group).await?;
                let mut mapping = mapping.clone();
                if mapping.bootstrap_servers.is_empty() {
                    mapping.bootstrap_servers = vec![address.to_owned()];
                }
                stream(connection, source, &mapping, *kind, function).await
            }
            Self::ActiveMq(mq) => {
                let (login, passcode, place) = parts(address);
                let ahead = ahead(mapping, 5);
                let queue = mq.queue.as_str();
                let source = ActiveMqSource::connect(place, login, passcode, queue, ahead).await?;
                let polling = Polling {
                    data_key: DataKey::MQ,
                    envelope: Envelope::active_mq(&mq.broker),
                    ..polling(mapping, broker(5))?
                };
                Ok(function.poll(source, polling))
            }
            Self::RabbitMq(mq) => {
                let source = RabbitMqSource::connect(address, &mq.queue, ahead(mapping, 1)).await?;
                let host = mq.virtual_host.as_deref().unwrap_or("/");
                let polling = Polling {
                    data_key: DataKey::MQ,
                    envelope: Envelope::rabbit_mq(&mq.broker, &mq.queue, host),
                    ..polling(mapping, broker(1))?
                };
                Ok(function.poll(source, polling))
            }
        }
    }

    fn explained(&self, error: &Error, at: &str) -> Failure {
        let wanted = self.wanted();
        let fix = match (error.kind(), self) {
            (ErrorKind::NotFound, Self::Sqs(sqs)) => format!(
                "make it: aws sqs create-queue --queue-name {} --endpoint-url {at}",
                sqs.queue.resource()
            ),
            (ErrorKind::NotFound, _) => format!("make it at {at}, or correct its name"),
            (ErrorKind::Unavailable, _) => {
                format!("does anything listen at {at}? start it first, or leave {wanted} out")
            }
            _ => format!("{wanted} says where it is, now {at}"),
        };
        Failure::new(error.to_string()).fix(fix)
    }
}

/// Begins to read a stream, whose shards must be there to be listed.
async fn stream(
    connection: &dyn Connection,
    source: impl Stream + 'static,
    mapping: &Mapping,
    kind: SourceKind,
    function: &FunctionHandle,
) -> Result<Poller, Error> {
    source.shards().await?;
    let settings = Settings::of(mapping, kind)?;
    Ok(function.stream(connection.name(), source, settings))
}

/// The mapping's settings, as the engine takes them.
fn polling(mapping: &Mapping, usual: Polling) -> Result<Polling, Error> {
    let window = mapping
        .batching_window
        .map(|window| Duration::from_secs(window.into()));
    Ok(Polling {
        limits: Limits {
            size: mapping.batch_size.map_or(usual.limits.size, number),
            window: window.unwrap_or(usual.limits.window),
            ..usual.limits
        },
        filters: FilterCriteria::parse(&mapping.filters)?,
        report_batch_item_failures: mapping.report_batch_item_failures == Some(true),
        ..usual
    })
}

/// What Lambda does with a broker unless told otherwise.
fn broker(at_once: usize) -> Polling {
    let usual = Polling::default();
    Polling {
        limits: Limits {
            size: 100,
            window: Duration::from_millis(500),
            ..usual.limits
        },
        maximum_concurrency: at_once,
        ..usual
    }
}

/// How many messages a broker gives out ahead.
fn ahead(mapping: &Mapping, at_once: u32) -> u16 {
    let messages = mapping.batch_size.unwrap_or(100).saturating_mul(at_once);
    messages.try_into().unwrap_or(u16::MAX)
}

fn number(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Name, password and place of a URL.
fn parts(url: &str) -> (&str, &str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.trim_end_matches('/');
    match rest.rsplit_once('@') {
        Some((user, place)) => {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            (name, password, place)
        }
        None => ("", "", rest),
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

async fn config(region: &str, endpoint_url: &str, profile: Option<&str>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint_url);
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    } else if is_here(endpoint_url) && std::env::var_os("AWS_ACCESS_KEY_ID").is_none() {
        // Emulators on this machine take any credentials, and without any the SDK would go looking
        // for some on the network.
        loader = loader.credentials_provider(Credentials::new(
            "test",
            "test",
            None,
            None,
            "lambda-with",
        ));
    }
    loader.load().await
}

/// Whether a URL leads to this machine.
fn is_here(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host),
    };
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_with_and_without_a_password() {
        for (url, expected, shown) in [
            (
                "stomp://admin:pass:word@127.0.0.1:61613/",
                ("admin", "pass:word", "127.0.0.1:61613"),
                "stomp://127.0.0.1:61613/",
            ),
            (
                "127.0.0.1:61613",
                ("", "", "127.0.0.1:61613"),
                "127.0.0.1:61613",
            ),
            (
                "amqp://guest@[::1]:5672/%2f",
                ("guest", "", "[::1]:5672/%2f"),
                "amqp://[::1]:5672/%2f",
            ),
        ] {
            assert_eq!(parts(url), expected, "{url}");
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn this_machine() {
        for (url, expected) in [
            ("http://127.0.0.1:5000", true),
            ("http://localhost:4566/", true),
            ("http://[::1]:5000", true),
            ("https://sqs.eu-west-1.amazonaws.com", false),
            ("http://localhost.example.com:1", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_here(url), expected, "{url}");
        }
    }
}

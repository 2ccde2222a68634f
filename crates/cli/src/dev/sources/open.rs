//! The clients that read sources.

use std::net::IpAddr;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::rules::stream::Settings;
use lambda_with::{Arn, Error, ErrorKind, Stream};
use lambda_with_dynamodb::poll::DynamoDbStream;
use lambda_with_kafka::poll::KafkaStream;
use lambda_with_kinesis::poll::KinesisStream;
use lambda_with_local::{Mapping as Polling, Opening, Poller};
use lambda_with_mq::poll::{ActiveMqSource, RabbitMqSource};
use lambda_with_sqs::poll::SqsSource;

use super::Access;

/// Begins to read the source of a mapping.
pub(super) async fn open(
    opening: &Opening,
    access: &Access,
    address: &str,
) -> Result<Poller, Error> {
    let (mapping, function) = (&opening.mapping, &opening.function);
    let definition = function.definition();
    let arn = || {
        mapping
            .source
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Invalid, "the mapping names no source"))
    };
    let region = mapping.source.as_ref();
    let region = region.map_or(definition.region(), Arn::region);
    let config = || config(region, address, access.profile.as_deref());
    let queue = mapping.queue.as_deref().unwrap_or_default();
    match opening.kind {
        SourceKind::SqsStandard | SourceKind::SqsFifo => {
            let client = aws_sdk_sqs::Client::new(&config().await);
            let source = SqsSource::find(client, arn()?).await?;
            Ok(function.poll(source, Polling::of(mapping, opening.kind)?))
        }
        SourceKind::Kinesis => {
            let role = definition.role.as_ref().map(Arn::to_string);
            let account = definition.account();
            let role = role
                .unwrap_or_else(|| format!("arn:aws:iam::{account}:role/{}", definition.name()));
            let client = aws_sdk_kinesis::Client::new(&config().await);
            stream(opening, KinesisStream::new(client, arn()?, role), mapping).await
        }
        SourceKind::DynamoDb => {
            let client = aws_sdk_dynamodbstreams::Client::new(&config().await);
            stream(opening, DynamoDbStream::new(client, arn()?), mapping).await
        }
        SourceKind::Kafka | SourceKind::Msk => {
            let mut client = rdkafka::ClientConfig::new();
            client.set("bootstrap.servers", address);
            let group = mapping.consumer_group.clone();
            let group = group.unwrap_or_else(|| opening.uuid.clone());
            let topic = mapping.topic.as_deref().unwrap_or_default();
            let source = KafkaStream::connect(client, topic, group).await?;
            let mut mapping = mapping.clone();
            if mapping.bootstrap_servers.is_empty() {
                mapping.bootstrap_servers = vec![address.to_owned()];
            }
            stream(opening, source, &mapping).await
        }
        SourceKind::ActiveMq => {
            let (login, passcode, place) = parts(address);
            let ahead = ahead(mapping, 5);
            let source = ActiveMqSource::connect(place, login, passcode, queue, ahead).await?;
            Ok(function.poll(source, Polling::of(mapping, opening.kind)?))
        }
        SourceKind::RabbitMq => {
            let source = RabbitMqSource::connect(address, queue, ahead(mapping, 1)).await?;
            Ok(function.poll(source, Polling::of(mapping, opening.kind)?))
        }
        other => {
            let message = format!("{} cannot be read here", other.name());
            Err(Error::new(ErrorKind::Invalid, message))
        }
    }
}

/// Begins to read a stream, whose shards must be there to be listed.
async fn stream(
    opening: &Opening,
    source: impl Stream + 'static,
    mapping: &Mapping,
) -> Result<Poller, Error> {
    source.shards().await?;
    let settings = Settings::of(mapping, opening.kind)?;
    // Its id, for it stands in the keys of failure records.
    let mapping = opening.uuid.clone();
    Ok(opening.function.stream(mapping, source, settings))
}

/// How many messages a broker gives out ahead.
fn ahead(mapping: &Mapping, at_once: u32) -> u16 {
    let messages = mapping.batch_size.unwrap_or(100).saturating_mul(at_once);
    messages.try_into().unwrap_or(u16::MAX)
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

/// Whose account, which Region, over which endpoint.
pub(in crate::dev) async fn config(
    region: &str,
    endpoint_url: &str,
    profile: Option<&str>,
) -> SdkConfig {
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
    fn parts_of_a_url() {
        for (url, expected) in [
            (
                "stomp://admin:pass:word@127.0.0.1:61613/",
                ("admin", "pass:word", "127.0.0.1:61613"),
            ),
            ("127.0.0.1:61613", ("", "", "127.0.0.1:61613")),
            (
                "amqp://guest@[::1]:5672/%2f",
                ("guest", "", "[::1]:5672/%2f"),
            ),
        ] {
            assert_eq!(parts(url), expected, "{url}");
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

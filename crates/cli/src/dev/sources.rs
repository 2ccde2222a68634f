//! Queues read over their real protocol.

use std::net::IpAddr;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Credentials;
use lambda_with::rules::batch::Limits;
use lambda_with::rules::filter::FilterCriteria;
use lambda_with::{Error, ErrorKind};
use lambda_with_local::{FunctionHandle, Mapping, Poller};
use lambda_with_sqs::Sqs;
use lambda_with_sqs::poll::SqsSource;

use crate::failure::Failure;

/// Where queues are, and as whom they are read.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) endpoint_url: String,
    pub(crate) profile: Option<String>,
}

/// Begins to poll a queue.
pub(super) async fn poll(
    sqs: &Sqs,
    access: &Access,
    function: &FunctionHandle,
) -> anyhow::Result<Poller> {
    let client = client(sqs, access).await;
    let source = SqsSource::find(client, sqs.queue.clone())
        .await
        .map_err(|error| {
            let url = &access.endpoint_url;
            let fix = match error.kind() {
                ErrorKind::NotFound => format!(
                    "make it: aws sqs create-queue --queue-name {} --endpoint-url {url}",
                    sqs.queue.resource()
                ),
                ErrorKind::Unavailable => {
                    format!(
                        "does anything listen at {url}? start it first, or leave --endpoint-url out"
                    )
                }
                _ => format!(
                    "--endpoint-url or endpoint_url in [dev] says where queues are, now {url}"
                ),
            };
            Failure::new(error.to_string()).fix(fix)
        })?;
    Ok(function.poll(source, mapping(sqs)?))
}

/// The connection's settings, as the engine takes them.
fn mapping(sqs: &Sqs) -> Result<Mapping, Error> {
    let default = Mapping::default();
    let limit = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Mapping {
        limits: Limits {
            size: limit(sqs.batch_size),
            window: Duration::from_secs(sqs.batching_window.into()),
            ..default.limits
        },
        filters: FilterCriteria::parse(&sqs.filters)?,
        report_batch_item_failures: sqs.report_batch_item_failures,
        maximum_concurrency: sqs
            .maximum_concurrency
            .map_or(default.maximum_concurrency, limit),
        ..default
    })
}

async fn client(sqs: &Sqs, access: &Access) -> Client {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(sqs.queue.region().to_owned()))
        .endpoint_url(&access.endpoint_url);
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    } else if is_here(&access.endpoint_url) && std::env::var_os("AWS_ACCESS_KEY_ID").is_none() {
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
    Client::new(&loader.load().await)
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

//! The queue of asynchronous events that several engines share.

use lambda_with_local::SharedQueue;

use super::Access;
use crate::config::Config;
use crate::failure::Failure;

/// The queue at this URL, which also says where it is reached.
#[cfg(feature = "poll")]
pub(in crate::dev) async fn shared_queue(
    url: &str,
    config: &Config,
    access: &Access,
) -> anyhow::Result<SharedQueue> {
    use lambda_with::ErrorKind;
    use lambda_with_sqs::queue::SqsQueue;

    let Some(place) = Place::of(url) else {
        return Err(Failure::usage(format!("`{url}` is not the URL of a queue"))
            .fix("name it as SQS does: https://sqs.eu-west-1.amazonaws.com/123456789012/events")
            .into());
    };
    let functions = config.functions.first();
    let region = place
        .region
        .or(functions.map(|first| first.function.region()))
        .unwrap_or_default();
    let sdk = super::open::config(region, place.endpoint, access.profile.as_deref()).await;
    let queue = SqsQueue::open(aws_sdk_sqs::Client::new(&sdk), url).await;
    let queue = queue.map_err(|error| {
        let failure = Failure::new(format!("the shared queue cannot be used: {error}"));
        match error.kind() {
            ErrorKind::NotFound => failure.fix("make it, a standard queue, or name another"),
            ErrorKind::Denied => failure.fix("allow sqs:GetQueueAttributes, SendMessage, ReceiveMessage, DeleteMessage and ChangeMessageVisibility"),
            _ => failure,
        }
    })?;
    Ok(SharedQueue::new(queue))
}

/// Without what speaks to SQS.
#[cfg(not(feature = "poll"))]
pub(in crate::dev) async fn shared_queue(
    url: &str,
    _: &Config,
    _: &Access,
) -> anyhow::Result<SharedQueue> {
    let message = format!("the queue {url} cannot be used by this build");
    Err(Failure::new(message)
        .fix("build the command with its feature `poll`")
        .into())
}

/// What a queue's URL says of where it is.
#[cfg(feature = "poll")]
#[derive(Debug, PartialEq)]
struct Place<'a> {
    endpoint: &'a str,
    region: Option<&'a str>,
}

#[cfg(feature = "poll")]
impl<'a> Place<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        let is_web = matches!(scheme, "http" | "https");
        let is_named = path.rsplit('/').next().is_some_and(|name| !name.is_empty());
        if !is_web || host.is_empty() || !is_named {
            return None;
        }
        let region = host
            .strip_prefix("sqs.")
            .and_then(|rest| rest.split('.').next());
        Some(Self {
            endpoint: url.split_at(scheme.len() + 3 + host.len()).0,
            region: region.filter(|region| region.contains('-')),
        })
    }
}

#[cfg(all(test, feature = "poll"))]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_the_queue_is() {
        let place = |endpoint, region| Some(Place { endpoint, region });
        for (url, expected) in [
            (
                "https://sqs.eu-west-1.amazonaws.com/123456789012/events",
                place("https://sqs.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ),
            (
                "http://127.0.0.1:5000/123456789012/events",
                place("http://127.0.0.1:5000", None),
            ),
            (
                "http://sqs.eu-west-1.localhost.localstack.cloud:4566/000000000000/events",
                place(
                    "http://sqs.eu-west-1.localhost.localstack.cloud:4566",
                    Some("eu-west-1"),
                ),
            ),
            (
                "http://sqs.localhost:9324/000000000000/events",
                place("http://sqs.localhost:9324", None),
            ),
            ("arn:aws:sqs:eu-west-1:123456789012:events", None),
            ("https://sqs.eu-west-1.amazonaws.com/", None),
            ("https://sqs.eu-west-1.amazonaws.com", None),
            ("events", None),
        ] {
            assert_eq!(Place::of(url), expected, "{url}");
        }
    }
}

//! What connections to self-managed clusters and to Amazon MSK share: a setting, an example, and
//! checks, each under a number of its own.

use lambda_with::rules::mapping::{Mapping, ProvisionedPollers};
use lambda_with::{Arn, Example, Finding, Function};

const GROUPS: &str = "https://docs.aws.amazon.com/lambda/latest/dg/kafka-consumer-group-id.html";
const DESTINATION: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html";
const API: &str = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html";
const CONFIGURE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html";

/// The pollers with their minimum written out: AWS takes an empty object for no pollers at all.
#[must_use]
pub fn pollers(pollers: Option<&ProvisionedPollers>) -> Option<ProvisionedPollers> {
    let pollers = pollers?.clone();
    Some(ProvisionedPollers {
        minimum: pollers.minimum.or(Some(1)),
        ..pollers
    })
}

/// The event with this topic's name wherever its sample has that of another.
#[must_use]
pub fn of_topic(example: Example, topic: &str) -> Example {
    let mut records = serde_json::Map::new();
    let sample = example.sample.at("/records").unwrap_or_default();
    for (place, mut those) in sample.as_object().cloned().unwrap_or_default() {
        let partition = place.rsplit_once('-').map_or("0", |(_, number)| number);
        for record in those.as_array_mut().into_iter().flatten() {
            record["topic"] = topic.into();
        }
        records.insert(format!("{topic}-{partition}"), those);
    }
    example.with("/records", records)
}

/// A name no topic can have.
pub fn topic(code: &'static str, topic: &str) -> Option<Finding> {
    let good = !topic.starts_with('.')
        && topic
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (!good).then(|| {
        Finding::error(code, "topic", format!("`{topic}` is no name for a topic"))
            .why(
                "AWS takes 1 to 249 letters, digits, `-`, `_` and `.`, and no dot at the beginning",
            )
            .fix("write the topic's name")
            .page(API)
    })
}

/// Given-up records that go to the topic they came from.
pub fn loops(code: &'static str, mapping: &Mapping) -> Option<Finding> {
    let to = mapping.on_failure.as_deref()?.strip_prefix("kafka://")?;
    (mapping.topic.as_deref() == Some(to)).then(|| {
        Finding::error(
            code,
            "on_failure",
            format!("given-up records go back to `{to}`"),
        )
        .why("AWS refuses the mapping: the records would come again for ever")
        .fix("name another topic of the cluster")
        .page(DESTINATION)
    })
}

/// A consumer group of two connections.
pub fn group(
    code: &'static str,
    (one, other): (&Option<String>, &Option<String>),
) -> Option<Finding> {
    let group = one.as_deref().filter(|_| one == other)?;
    let what = format!("two connections are in the consumer group `{group}`");
    let finding = Finding::error(code, "consumer_group", what)
        .why("AWS wants a group of its own for each mapping: members of one group share the partitions")
        .fix("give each connection a group, or leave consumer_group out")
        .page(GROUPS);
    Some(finding)
}

/// A secret that is not in the function's Region.
pub fn secret_region(
    code: &'static str,
    mapping: &Mapping,
    function: &Function,
) -> Option<Finding> {
    let uris = mapping
        .access
        .iter()
        .filter_map(|entry| entry.uri.as_deref());
    let mut secrets = uris.filter_map(|uri| uri.parse::<Arn>().ok());
    let secret = secrets.find(|secret| {
        secret.service() == "secretsmanager" && secret.region() != function.region()
    })?;
    let what = format!(
        "the secret is in {}, the function in {}",
        secret.region(),
        function.region()
    );
    let finding = Finding::error(code, "access", what)
        .why("Lambda reads secrets of the function's Region only")
        .fix("replicate the secret to the function's Region, and name the replica")
        .page(CONFIGURE);
    Some(finding)
}

//! Members of an event source mapping: their names in two vocabularies, and their defaults.

use lambda_with::Resource;
use serde_json::{Map, Value, json};

use crate::change::sorted;

/// What cannot be changed after a mapping was made.
const CREATE_ONLY: [&str; 2] = ["StartingPosition", "StartingPositionTimestamp"];
/// How the member ends that holds the settings of a Kafka source.
pub(super) const KAFKA: &str = "KafkaEventSourceConfig";
/// What tells one mapping of a function from another.
pub(super) const IDENTITY: [&str; 4] = [
    "EventSourceArn",
    "Queues",
    "SelfManagedEventSource",
    "Topics",
];

/// CloudFormation's properties as Lambda's API has them, for this function.
pub(super) fn of_properties(properties: &Value, function: &str) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, value) in properties.as_object().into_iter().flatten() {
        let value = placed(value, function);
        match name.as_str() {
            "KmsKeyArn" => {
                members.insert("KMSKeyArn".into(), value);
            }
            "Tags" => {
                let tag = |tag: &Value| Some((tag["Key"].as_str()?.into(), tag["Value"].clone()));
                let tags = value.as_array().into_iter().flatten().filter_map(tag);
                members.insert("Tags".into(), Value::Object(tags.collect()));
            }
            "SelfManagedEventSource" => {
                let servers = value["Endpoints"]["KafkaBootstrapServers"].clone();
                let endpoints = json!({ "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": servers } });
                members.insert(name.clone(), endpoints);
            }
            _ => {
                members.insert(name.clone(), value);
            }
        }
    }
    members.insert("FunctionName".into(), function.into());
    members
}

/// What an update sends to set a member back, for members it knows; for sources of this service.
pub(super) fn defaults(service: &str) -> Vec<(String, Value)> {
    let mut defaults: Vec<(&str, Value)> = vec![
        ("BatchSize", json!(if service == "sqs" { 10 } else { 100 })),
        ("FilterCriteria", json!({})),
        ("KMSKeyArn", json!("")),
    ];
    let streams = matches!(service, "kinesis" | "dynamodb");
    let kafka = service.ends_with("kafka");
    if service == "sqs" || streams {
        defaults.push(("MaximumBatchingWindowInSeconds", json!(0)));
    }
    if service == "sqs" || streams || kafka {
        defaults.push(("FunctionResponseTypes", json!([])));
        defaults.push(("MetricsConfig", json!({ "Metrics": [] })));
    }
    if service == "sqs" {
        defaults.push(("ScalingConfig", json!({})));
    }
    if service == "sqs" || kafka {
        defaults.push(("ProvisionedPollerConfig", json!({})));
    }
    if streams {
        defaults.push(("ParallelizationFactor", json!(1)));
        defaults.push(("TumblingWindowInSeconds", json!(0)));
    }
    if kafka {
        defaults.push(("LoggingConfig", json!({})));
        defaults.push(("SourceAccessConfigurations", json!([])));
    }
    if streams || kafka {
        defaults.push(("BisectBatchOnFunctionError", json!(false)));
        defaults.push((
            "DestinationConfig",
            json!({ "OnFailure": { "Destination": "" } }),
        ));
        defaults.push(("MaximumRecordAgeInSeconds", json!(-1)));
        defaults.push(("MaximumRetryAttempts", json!(-1)));
    }
    defaults
        .into_iter()
        .map(|(member, value)| (member.to_owned(), value))
        .collect()
}

/// Whether a member cannot be changed once the mapping stands.
pub(super) fn is_fixed(member: &str, found: &Value, wanted: &Value) -> bool {
    let group = |config: &Value| config["ConsumerGroupId"].clone();
    let mode = |config: &Value| {
        let mode = config["ConsumptionMode"].as_str();
        mode.unwrap_or("Stream").to_owned()
    };
    match member {
        "SourceAccessConfigurations" => host(found) != host(wanted),
        _ if member.ends_with(KAFKA) => {
            (group(found), mode(found)) != (group(wanted), mode(wanted))
        }
        _ => CREATE_ONLY.contains(&member),
    }
}

/// The virtual host among ways of access; `/` unless one is named.
fn host(access: &Value) -> &str {
    let mut entries = access.as_array().into_iter().flatten();
    let host = entries.find(|entry| entry["Type"] == "VIRTUAL_HOST");
    host.and_then(|host| host["URI"].as_str()).unwrap_or("/")
}

/// Whether two values of a member mean the same. What is null or empty is as if left out, and lists
/// are sets.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    plain(one) == plain(other)
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<Value> = list
                .iter()
                .map(plain)
                .filter(|value| !value.is_null())
                .collect();
            list.sort_by_key(|value| sorted(value.clone()).to_string());
            if list.is_empty() {
                Value::Null
            } else {
                Value::Array(list)
            }
        }
        Value::Object(members) => {
            let members: Map<String, Value> = members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .filter(|(_, value)| !value.is_null())
                .collect();
            if members.is_empty() {
                Value::Null
            } else {
                Value::Object(members)
            }
        }
        Value::String(text) if text.is_empty() => Value::Null,
        other => other.clone(),
    }
}

fn placed(value: &Value, function: &str) -> Value {
    match value {
        Value::String(text) => text.replace(Resource::FUNCTION, function).into(),
        Value::Array(list) => list.iter().map(|value| placed(value, function)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), placed(value, function)))
                .collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloudformation_and_api_differ_in_a_few_names() {
        let properties = json!({
            "FunctionName": Resource::FUNCTION,
            "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
            "SelfManagedEventSource": { "Endpoints": { "KafkaBootstrapServers": ["b1:9092"] } },
            "Tags": [{ "Key": "team", "Value": "orders" }],
            "Topics": ["orders"],
        });
        let members = of_properties(&properties, "arn:f");
        assert_eq!(
            Value::Object(members),
            json!({
                "FunctionName": "arn:f",
                "KMSKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
                "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["b1:9092"] } },
                "Tags": { "team": "orders" },
                "Topics": ["orders"],
            })
        );
    }

    #[test]
    fn what_stays_as_it_was_made() {
        let access = |host: &str| {
            json!([
                { "Type": "BASIC_AUTH", "URI": "arn:s" },
                { "Type": "VIRTUAL_HOST", "URI": host },
            ])
        };
        for (member, found, wanted, expected) in [
            ("BatchSize", json!(1), json!(2), false),
            (
                "StartingPosition",
                json!("LATEST"),
                json!("TRIM_HORIZON"),
                true,
            ),
            ("SourceAccessConfigurations", access("/"), access("a"), true),
            ("SourceAccessConfigurations", access("/"), json!([]), false),
            (
                "SelfManagedKafkaEventSourceConfig",
                json!({ "ConsumerGroupId": "a" }),
                json!({ "ConsumerGroupId": "b" }),
                true,
            ),
            (
                "SelfManagedKafkaEventSourceConfig",
                json!({ "ConsumerGroupId": "a" }),
                json!({ "ConsumerGroupId": "a", "ConsumptionMode": "Queue" }),
                true,
            ),
            (
                "SelfManagedKafkaEventSourceConfig",
                json!({ "ConsumerGroupId": "a", "SchemaRegistryConfig": {} }),
                json!({ "ConsumerGroupId": "a", "ConsumptionMode": "Stream" }),
                false,
            ),
        ] {
            let fixed = is_fixed(member, &found, &wanted);
            assert_eq!(fixed, expected, "{member} {found} {wanted}");
        }
    }

    #[test]
    fn sameness() {
        for (one, other, expected) in [
            (json!(null), json!({}), true),
            (
                json!({ "OnFailure": {} }),
                json!({ "OnFailure": { "Destination": "" } }),
                true,
            ),
            (json!([]), json!(null), true),
            (json!(["a", "b"]), json!(["b", "a"]), true),
            (json!(0), json!(null), false),
            (json!(10), json!(5), false),
            (
                json!({ "Filters": [{ "Pattern": "{}" }] }),
                json!({}),
                false,
            ),
        ] {
            assert_eq!(same(&one, &other), expected, "{one} {other}");
        }
    }
}

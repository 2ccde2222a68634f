//! What a request asks for, and why it may be refused: in AWS's words where they are known.

use lambda_with::rules::filter::FilterCriteria;
use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::{Function, Severity};
use serde_json::{Map, Value, json};

use crate::handle::FunctionHandle;
use crate::refusal::Refusal;
use http::StatusCode;

const POSITIONS: [&str; 3] = ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"];

/// The settings, when they are allowed.
pub(super) fn read(
    asked: &Map<String, Value>,
    function: &Function,
) -> Result<(SourceKind, Mapping), Refusal> {
    let kind = kind(asked).ok_or_else(|| Refusal::parameter("Unrecognized event source."))?;
    position(asked, kind)?;
    let destinations = asked.get("DestinationConfig");
    if destinations.is_some_and(|to| to["OnSuccess"]["Destination"].is_string()) {
        return Err(Refusal::parameter(
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ));
    }
    let properties = to_properties(asked);
    let mapping =
        Mapping::of_properties(&properties).map_err(|error| Refusal::content(error.to_string()))?;
    if kind == SourceKind::Kafka && mapping.access.is_empty() {
        return Err(Refusal::parameter(
            "Required 'sourceAccessConfigurations' parameter is missing.",
        ));
    }
    let windows = mapping.batching_window.unwrap_or_default();
    if kind.is_sqs() && mapping.batch_size.unwrap_or_default() > 10 && windows == 0 {
        return Err(Refusal::parameter(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ));
    }
    if FilterCriteria::parse(&mapping.filters).is_err() {
        return Err(Refusal::parameter("Invalid filter pattern definition."));
    }
    let findings = mapping.check(kind, function);
    let error = findings
        .iter()
        .find(|finding| finding.severity == Severity::Error);
    match error {
        Some(finding) => Err(Refusal::parameter(&finding.what)),
        None => Ok((kind, mapping)),
    }
}

/// Takes away what an empty text or object stands for: an update writes one to take a setting away.
pub(super) fn clear(asked: &mut Map<String, Value>) {
    let is_empty = |value: &Value| match value {
        Value::String(text) => text.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    for name in [
        "FilterCriteria",
        "KMSKeyArn",
        "ProvisionedPollerConfig",
        "ScalingConfig",
    ] {
        if asked.get(name).is_some_and(is_empty) {
            asked.remove(name);
        }
    }
    let to = asked.get("DestinationConfig");
    if to.is_some_and(|to| to["OnFailure"]["Destination"] == "") {
        asked.remove("DestinationConfig");
    }
}

/// Whether two requests name one source.
pub(super) fn same_source(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    [
        "EventSourceArn",
        "Queues",
        "SelfManagedEventSource",
        "Topics",
    ]
    .iter()
    .all(|name| one.get(*name) == other.get(*name))
}

/// The refusal of a second mapping of one source and one function.
pub(super) fn duplicate(
    kind: SourceKind,
    mapping: &Mapping,
    function: &FunctionHandle,
    uuid: &str,
) -> Refusal {
    let source = mapping.source.as_ref().map(ToString::to_string);
    let (source, name) = (source.unwrap_or_default(), function.function.name());
    let what = match kind {
        _ if kind.is_sqs() => format!(
            "An event source mapping with SQS arn (\" {source} \") and function (\" {name} \") already exists."
        ),
        SourceKind::Kafka => format!(
            "An event source mapping with event source (\"{}\"), function (\"{}\"), topics (\"{}\") already exists.",
            mapping.bootstrap_servers.join(","),
            function.function.arn(function.qualifier.as_deref()),
            mapping.topic.as_deref().unwrap_or_default(),
        ),
        _ => format!(
            "The event source arn (\" {source} \") and function (\" {name} \") provided mapping already exists."
        ),
    };
    let message = format!("{what} Please update or delete the existing mapping with UUID {uuid}");
    Refusal::user(StatusCode::CONFLICT, "ResourceConflictException", message)
}

/// Settings of a template in the words of the API.
pub(crate) fn of_properties(properties: &Value) -> Value {
    let mut asked = properties.clone();
    rename(&mut asked, "KmsKeyArn", "KMSKeyArn");
    if let Some(endpoints) = asked.pointer_mut("/SelfManagedEventSource/Endpoints") {
        rename(
            endpoints,
            "KafkaBootstrapServers",
            "KAFKA_BOOTSTRAP_SERVERS",
        );
    }
    if let Some(tags) = asked.get("Tags").and_then(Value::as_array) {
        let tag = |tag: &Value| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].clone()));
        asked["Tags"] = Value::Object(tags.iter().filter_map(tag).collect());
    }
    asked
}

/// The same the other way.
fn to_properties(asked: &Map<String, Value>) -> Value {
    let mut properties = Value::Object(asked.clone());
    rename(&mut properties, "KMSKeyArn", "KmsKeyArn");
    if let Some(endpoints) = properties.pointer_mut("/SelfManagedEventSource/Endpoints") {
        rename(
            endpoints,
            "KAFKA_BOOTSTRAP_SERVERS",
            "KafkaBootstrapServers",
        );
    }
    if let Some(tags) = properties.get("Tags").and_then(Value::as_object) {
        let tags = tags
            .iter()
            .map(|(key, value)| json!({ "Key": key, "Value": value }));
        properties["Tags"] = tags.collect();
    }
    properties
}

fn rename(object: &mut Value, from: &str, to: &str) {
    if let Some(members) = object.as_object_mut()
        && let Some(value) = members.remove(from)
    {
        members.insert(to.to_owned(), value);
    }
}

/// What is polled.
fn kind(asked: &Map<String, Value>) -> Option<SourceKind> {
    if asked.contains_key("SelfManagedEventSource") {
        return Some(SourceKind::Kafka);
    }
    let arn = asked.get("EventSourceArn")?.as_str()?;
    let arn: lambda_with::Arn = arn.parse().ok()?;
    Some(match arn.service() {
        "sqs" if arn.resource().ends_with(".fifo") => SourceKind::SqsFifo,
        "sqs" => SourceKind::SqsStandard,
        "kinesis" => SourceKind::Kinesis,
        "dynamodb" => SourceKind::DynamoDb,
        "kafka" => SourceKind::Msk,
        "rds" => SourceKind::DocumentDb,
        // The ARN does not tell which broker it is; only one of them has virtual hosts.
        "mq" => {
            let access = asked
                .get("SourceAccessConfigurations")
                .and_then(Value::as_array);
            let mut access = access.into_iter().flatten();
            match access.any(|one| one["Type"] == "VIRTUAL_HOST") {
                true => SourceKind::RabbitMq,
                false => SourceKind::ActiveMq,
            }
        }
        _ => return None,
    })
}

fn position(asked: &Map<String, Value>, kind: SourceKind) -> Result<(), Refusal> {
    let position = asked.get("StartingPosition").and_then(Value::as_str);
    match position {
        None if kind.is_stream() => Err(Refusal::parameter(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
        )),
        Some(other) if !POSITIONS.contains(&other) => {
            let allowed = format!("enum value set: [{}]", POSITIONS.join(", "));
            Err(Refusal::validation("startingPosition", other, &allowed))
        }
        Some("AT_TIMESTAMP") if kind == SourceKind::DynamoDb => {
            let arn = asked.get("EventSourceArn").and_then(Value::as_str);
            let arn = arn.unwrap_or_default();
            let message = format!("Unsupported starting position for arn type: {arn}");
            Err(Refusal::parameter(message))
        }
        _ => Ok(()),
    }
}

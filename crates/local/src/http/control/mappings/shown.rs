//! A mapping as the calls show it.

use lambda_with::rules::mapping::SourceKind;
use serde_json::{Map, Value, json};

use crate::poller::mappings::Known;

/// What a mapping is at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Creating,
    Deleting,
    Disabling,
    Enabling,
    /// Enabled or disabled.
    Settled,
    Updating,
}

/// Members AWS always shows, with what they are where they were not asked for.
fn defaults(kind: SourceKind, uuid: &str) -> Value {
    let size = kind.default_batch_size();
    match kind {
        SourceKind::Kinesis | SourceKind::DynamoDb => json!({
            "BatchSize": size,
            "BisectBatchOnFunctionError": false,
            "DestinationConfig": { "OnFailure": {} },
            "FunctionResponseTypes": [],
            "MaximumBatchingWindowInSeconds": 0,
            "MaximumRecordAgeInSeconds": -1,
            "MaximumRetryAttempts": -1,
            "ParallelizationFactor": 1,
            "TumblingWindowInSeconds": 0,
        }),
        SourceKind::SqsStandard | SourceKind::SqsFifo => json!({
            "BatchSize": size,
            "FunctionResponseTypes": [],
            "MaximumBatchingWindowInSeconds": 0,
        }),
        SourceKind::Kafka => json!({
            "BatchSize": size,
            "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": uuid },
            "StartingPosition": "TRIM_HORIZON",
        }),
        _ => json!({ "BatchSize": size }),
    }
}

pub(super) fn shown(uuid: &str, known: &Known, state: State) -> Value {
    let definition = &known.function.definition;
    let (partition, region, account) = (
        definition.partition(),
        definition.region(),
        definition.account(),
    );
    let state = match state {
        State::Creating => "Creating",
        State::Deleting => "Deleting",
        State::Disabling => "Disabling",
        State::Enabling => "Enabling",
        State::Updating => "Updating",
        State::Settled if !known.is_read => "Disabled",
        State::Settled if known.asked.get("Enabled") == Some(&json!(false)) => "Disabled",
        State::Settled => "Enabled",
    };
    let mut all = match defaults(known.kind, uuid) {
        Value::Object(all) => all,
        _ => Map::new(),
    };
    all.extend(known.asked.clone());
    for never in ["Enabled", "Tags"] {
        all.remove(never);
    }
    let no_filters = |filters: &Value| filters["Filters"].as_array().is_none_or(Vec::is_empty);
    if all.get("FilterCriteria").is_some_and(no_filters) {
        all.remove("FilterCriteria");
    }
    let millis = known.modified.unix_millis();
    let reason = match known.kind.is_stream() {
        true => "User action",
        false => "USER_INITIATED",
    };
    for (name, value) in [
        ("UUID", json!(uuid)),
        (
            "EventSourceMappingArn",
            json!(format!(
                "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{uuid}"
            )),
        ),
        (
            "FunctionArn",
            json!(known.function.arn(known.qualifier.as_deref())),
        ),
        ("LastModified", seconds(millis)),
        ("State", json!(state)),
        ("StateTransitionReason", json!(reason)),
    ] {
        all.insert(name.to_owned(), value);
    }
    if !known.kind.is_sqs() {
        all.insert("LastProcessingResult".to_owned(), json!(result(known)));
    }
    Value::Object(all)
}

/// What came of the last records.
fn result(known: &Known) -> String {
    let polled = known.poller.as_ref().map(crate::poller::Poller::polled);
    let polled = polled.unwrap_or_default();
    match &polled.error {
        Some(error) => format!("PROBLEM: {error}"),
        None if polled.batches == 0 => "No records processed".to_owned(),
        None if polled.succeeded == 0 && polled.failed > 0 => {
            "PROBLEM: Function call failed".to_owned()
        }
        None => "OK".to_owned(),
    }
}

/// Seconds with milliseconds, whose digits no arithmetic touches.
fn seconds(millis: i64) -> Value {
    let (seconds, millis) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    serde_json::from_str(&format!("{seconds}.{millis:03}")).unwrap_or_default()
}

//! What a rule or a schedule hands over, and what becomes of it when that fails.

use std::collections::BTreeMap;

use lambda_with::Arn;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Makes a function's event out of parts of the event that came.
///
/// ```toml
/// [functions.orders.with.input_transformer]
/// paths = { order = "$.detail.order", placed = "$.time" }
/// template = '{"order": <order>, "placed": <placed>}'
/// ```
///
/// See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InputTransformer {
    /// Variables, and the JSON path each stands for. At most 100; none may begin with `AWS`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<String, String>,
    /// What the function receives, with `<variable>` for what the path leads to. A text takes quotes
    /// only where the variable stands inside another text. At most 8,192 characters.
    pub template: String,
}

/// A value as JSON text: a text is taken for JSON already.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// What both kinds of target have.
pub(crate) struct Target<'a> {
    pub(crate) input: Option<&'a Value>,
    pub(crate) maximum_retry_attempts: Option<u32>,
    pub(crate) maximum_event_age: Option<u32>,
    pub(crate) dead_letter_queue: Option<&'a Arn>,
}

impl Target<'_> {
    /// Its members as the APIs and CloudFormation name them.
    pub(crate) fn members(&self) -> Map<String, Value> {
        let mut members = Map::new();
        if let Some(input) = self.input {
            members.insert("Input".into(), json!(text(input)));
        }
        let mut retry = Map::new();
        for (name, value) in [
            ("MaximumEventAgeInSeconds", self.maximum_event_age),
            ("MaximumRetryAttempts", self.maximum_retry_attempts),
        ] {
            retry.extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        if !retry.is_empty() {
            members.insert("RetryPolicy".into(), Value::Object(retry));
        }
        if let Some(queue) = self.dead_letter_queue {
            members.insert("DeadLetterConfig".into(), json!({ "Arn": queue }));
        }
        members
    }
}

//! When two statements are the same, and how one is shown.

use lambda_with::policy::PolicyStatement;
use serde_json::Value;

use crate::change::sorted;

/// Whether two statements mean the same: lone values and lists of one are equal, and condition keys
/// have no case.
pub(super) fn same(found: &PolicyStatement, wanted: &PolicyStatement) -> bool {
    canonical(found) == canonical(wanted)
}

fn canonical(statement: &PolicyStatement) -> Value {
    fn walk(value: Value, keys: bool) -> Value {
        match value {
            Value::Array(mut list) if list.len() == 1 => walk(list.remove(0), keys),
            Value::Array(mut list) => {
                list.sort_by_key(|value| sorted(value.clone()).to_string());
                Value::Array(list)
            }
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| {
                        let inner = keys || name == "Condition";
                        (
                            if keys { name.to_lowercase() } else { name },
                            walk(value, inner),
                        )
                    })
                    .collect(),
            ),
            other => other,
        }
    }
    walk(serde_json::to_value(statement).unwrap_or_default(), false)
}

/// The statement for the eye: without its id, with tokens hidden.
pub(super) fn shown(statement: &PolicyStatement) -> Value {
    let mut value = serde_json::to_value(statement).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.remove("Sid");
    }
    if let Some(conditions) = value.get_mut("Condition").and_then(Value::as_object_mut) {
        for keys in conditions.values_mut().filter_map(Value::as_object_mut) {
            for (_, token) in keys
                .iter_mut()
                .filter(|(key, _)| key.ends_with("EventSourceToken"))
            {
                *token = Value::from("[hidden]");
            }
        }
    }
    value
}

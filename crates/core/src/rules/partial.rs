//! Reading a function's answer to a batch.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{FunctionError, Outcome, Record};

/// Which records of a batch are done and which must come again.
///
/// ```
/// use lambda_with::rules::partial::Verdict;
/// use lambda_with::{Outcome, Record};
///
/// let records = ["a", "b"].map(|id| Record {
///     id: id.into(),
///     group: None,
///     receipt: "AQEB".into(),
///     json: "{}".into(),
///     arrived: None,
/// });
/// let outcome = Outcome::Success {
///     payload: r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#.into(),
///     executed_version: "$LATEST".into(),
///     log_tail: None,
/// };
/// let verdict = Verdict::read(true, &outcome, &records);
/// assert_eq!((verdict.succeeded, verdict.failed), (vec!["a".into()], vec!["b".into()]));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verdict {
    /// The ids of records that need not come again, in the order of the batch.
    pub succeeded: Vec<String>,
    /// The ids of records that must come again, in the order of the batch.
    pub failed: Vec<String>,
    /// Why the whole batch counts as failed.
    pub reason: Option<String>,
    /// Ids that count as done although an earlier record of their group failed.
    ///
    /// Lambda does as the answer says, and the order of the group is lost. A function on a FIFO
    /// queue must stop at its first failure and report it and all that follow in the group.
    pub disordered: Vec<String>,
}

impl Verdict {
    /// Reads the answer to a batch of `records`.
    ///
    /// Without `report_batch_item_failures` only whether the function failed counts. With it, an
    /// empty answer, `null`, `""`, `[]`, an object without `batchItemFailures`, and a list that is
    /// null or empty all mean success; the whole batch failed when the answer is not JSON or has
    /// another form, or when an id is null, empty, missing, or not in the batch.
    #[must_use]
    pub fn read(report_batch_item_failures: bool, outcome: &Outcome, records: &[Record]) -> Self {
        let payload = match outcome {
            Outcome::Success { payload, .. } => payload,
            Outcome::FunctionError { payload, .. } => {
                return Self::all_failed(records, failure(payload));
            }
            Outcome::Accepted { .. } | Outcome::DryRun => {
                return Self::all_failed(records, "the function did not run".into());
            }
        };
        let reported = if report_batch_item_failures {
            reported(payload).and_then(|ids| ids.into_iter().map(text).collect())
        } else {
            Ok(HashSet::new())
        };
        let reported = match reported {
            Ok(reported) => reported,
            Err(reason) => return Self::all_failed(records, reason),
        };
        let known: HashSet<&str> = records.iter().map(|record| record.id.as_str()).collect();
        let unknown = reported
            .iter()
            .filter(|id| !known.contains(id.as_str()))
            .min();
        if let Some(unknown) = unknown {
            let reason = format!("the answer reports `{unknown}`, which is not in the batch");
            return Self::all_failed(records, reason);
        }
        let mut verdict = Self::default();
        let mut failed_groups = HashSet::new();
        for Record { id, group, .. } in records {
            let group = group.as_deref();
            if reported.contains(id) {
                failed_groups.extend(group);
                verdict.failed.push(id.clone());
                continue;
            }
            if group.is_some_and(|group| failed_groups.contains(group)) {
                verdict.disordered.push(id.clone());
            }
            verdict.succeeded.push(id.clone());
        }
        verdict
    }

    fn all_failed(records: &[Record], reason: String) -> Self {
        let failed = records.iter().map(|record| record.id.clone()).collect();
        Self {
            failed,
            reason: Some(reason),
            ..Self::default()
        }
    }
}

/// The identifiers an answer reports, none of them null, or what is wrong with it.
pub(super) fn reported(payload: &[u8]) -> Result<Vec<&RawValue>, String> {
    if payload.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let answer: &RawValue = serde_json::from_slice(payload)
        .map_err(|error| format!("the answer is not JSON: {error}"))?;
    let wrong = |why: String| {
        Err(format!(
            "the answer is not {{\"batchItemFailures\": […]}}: {why}"
        ))
    };
    let Answer { items } = match answer.get() {
        "null" | r#""""# => return Ok(Vec::new()),
        list if is_empty_list(list) => return Ok(Vec::new()),
        object if object.starts_with('{') => match serde_json::from_str(object) {
            Ok(answer) => answer,
            Err(error) => return wrong(error.to_string()),
        },
        _ => return wrong("it is no object".into()),
    };
    items
        .unwrap_or_default()
        .into_iter()
        .map(identifier)
        .collect()
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, rename = "batchItemFailures", default)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, rename = "itemIdentifier", default)]
    id: Option<&'a RawValue>,
}

fn identifier(item: &RawValue) -> Result<&RawValue, String> {
    // A list would be taken for a struct's fields in order.
    let item: Item<'_> = match item.get().starts_with('{') {
        true => serde_json::from_str(item.get()),
        false => return Err("the answer has an item that is no object".into()),
    }
    .map_err(|error| format!("the answer has an item that cannot be read: {error}"))?;
    item.id
        .filter(|id| id.get() != "null")
        .ok_or_else(|| "the answer has an item without `itemIdentifier`".into())
}

/// An identifier that is a text: a message id, a sequence number.
pub(super) fn text(id: &RawValue) -> Result<String, String> {
    let id = id.get();
    match id.as_bytes().first() {
        Some(b'"') => match serde_json::from_str::<String>(id) {
            Ok(id) if id.is_empty() => Err("the answer has an empty `itemIdentifier`".into()),
            Ok(id) => Ok(id),
            Err(error) => Err(format!(
                "the answer has an `itemIdentifier` that is no text: {error}"
            )),
        },
        Some(b'{' | b'[') => Err(format!(
            "the answer has an `itemIdentifier` that is no text: {id}"
        )),
        _ => Ok(id.to_owned()),
    }
}

fn is_empty_list(json: &str) -> bool {
    let inside = json
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

/// Why the whole batch failed, where the function did.
pub(super) fn failure(payload: &[u8]) -> String {
    match serde_json::from_slice::<FunctionError>(payload) {
        Ok(FunctionError {
            error_type: Some(kind),
            error_message,
        }) => {
            format!("the function failed: {kind}: {error_message}")
        }
        Ok(FunctionError {
            error_type: None,
            error_message,
        }) => {
            format!("the function failed: {error_message}")
        }
        Err(_) => "the function failed".into(),
    }
}

#[cfg(test)]
mod tests;

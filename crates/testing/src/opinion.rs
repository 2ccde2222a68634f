//! What other libraries make of our samples.

use std::collections::BTreeSet;

use lambda_with::{Sample, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What another library reads and writes back of a document, or why it refuses it.
pub type Opinion = Result<Value, serde_json::Error>;

/// A document as the type `T` of another library reads it and writes it back.
///
/// # Errors
///
/// When that type refuses it.
pub fn opinion<T: DeserializeOwned + Serialize>(json: &str) -> Opinion {
    serde_json::from_str::<T>(json).and_then(serde_json::to_value)
}

/// Compares what another library makes of every sample with the known differences, grouped by their
/// reasons.
///
/// A difference begins with the sample's type, as in `S3Event loses /Records/*/s3/object/eTag`; see
/// the tests of this module for all forms.
///
/// # Panics
///
/// When a difference is not known, or a known one is not there.
#[track_caller]
pub fn second_opinion(
    service: &Service,
    known: &[(&str, &[&str])],
    opinion: impl Fn(&Sample) -> Option<Opinion>,
) {
    let mut found = BTreeSet::new();
    for sample in service.samples {
        let document: Value = serde_json::from_str(sample.json).unwrap();
        let mut note = |what: String| {
            found.insert(format!("{} {what}", sample.of));
        };
        match opinion(sample) {
            None => note("is not there".into()),
            Some(Ok(theirs)) => compare("", &document, &theirs, &mut note),
            Some(Err(_)) => note(format!("refuses {}", sample.id)),
        }
    }
    let known = known.iter().flat_map(|(_, differences)| *differences);
    let known: BTreeSet<String> = known.map(|difference| (*difference).to_owned()).collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "new: {new:#?}\ngone: {gone:#?}"
    );
}

fn compare(path: &str, ours: &Value, theirs: &Value, note: &mut impl FnMut(String)) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in a {
                match b.get(name) {
                    Some(other) => compare(&format!("{path}/{name}"), value, other, note),
                    None if b.contains_key(&name.to_ascii_lowercase()) => {
                        note(format!("lower-cases the names of {path}"));
                    }
                    None if is_empty(value) => note("leaves out empty values".into()),
                    None => note(format!("loses {path}/{name}")),
                }
            }
            for (name, value) in b {
                if a.keys().any(|other| other.eq_ignore_ascii_case(name)) {
                } else if is_empty(value) {
                    note("adds empty values".into());
                } else {
                    note(format!("adds {path}/{name}"));
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (value, other) in a.iter().zip(b) {
                compare(&format!("{path}/*"), value, other, note);
            }
        }
        _ if ours == theirs => {}
        (Value::Null, other) if is_empty(other) => note("makes other empty values of null".into()),
        (value, Value::Array(list)) if list.as_slice() == [value.clone()] => {
            note(format!("makes a list of {path}"));
        }
        _ => note(format!("changes {path}")),
    }
}

/// Null, false, and texts, lists and maps with nothing in them.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences() {
        for (ours, theirs, expected) in [
            (json!({ "a": [1, null] }), json!({ "a": [1, null] }), ""),
            (json!({ "a": 1 }), json!({}), "loses /a"),
            (json!({ "a": null }), json!({}), "leaves out empty values"),
            (json!({}), json!({ "a": 1 }), "adds /a"),
            (json!({}), json!({ "a": false }), "adds empty values"),
            (json!([{ "a": 1 }]), json!([{ "a": 2 }]), "changes /*/a"),
            (json!({ "a": [1] }), json!({ "a": [1, 2] }), "changes /a"),
            (json!({ "a": 1 }), json!({ "a": [1] }), "makes a list of /a"),
            (json!(null), json!({}), "makes other empty values of null"),
            (
                json!({ "a": { "X-Y": 1 } }),
                json!({ "a": { "x-y": 1 } }),
                "lower-cases the names of /a",
            ),
        ] {
            let mut found = Vec::new();
            compare("", &ours, &theirs, &mut |what| found.push(what));
            assert_eq!(found.join(", "), expected, "{ours} {theirs}");
        }
    }
}

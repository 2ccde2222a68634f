//! Documents read, compared and changed.

use std::fmt::Debug;

use bytes::Bytes;
use lambda_with::{Example, Function, Service, decode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads `json` under plain serde and with [`decode`], and sees that both read the same and write
/// the same document back.
///
/// # Panics
///
/// When they do not.
#[track_caller]
pub fn exact<T: Debug + DeserializeOwned + PartialEq + Serialize>(json: &str) -> T {
    let plain: T = serde_json::from_str(json).unwrap();
    let shared: T = decode(Bytes::copy_from_slice(json.as_bytes())).unwrap();
    assert_eq!(plain, shared, "plain serde and decode differ");
    let document: Value = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_value(&plain).unwrap(), document);
    assert_eq!(serde_json::to_value(&shared).unwrap(), document);
    plain
}

/// [`exact`] for a document at hand.
///
/// # Panics
///
/// When it is not read and written back the same.
#[track_caller]
pub fn exact_value<T: Debug + DeserializeOwned + PartialEq + Serialize>(document: &Value) -> T {
    exact(&document.to_string())
}

/// A sample of a service.
///
/// # Panics
///
/// When there is none of this name.
#[must_use]
#[track_caller]
pub fn sample(service: &Service, id: &str) -> Value {
    let sample = service.sample(id);
    let sample = sample.unwrap_or_else(|| panic!("{} has no sample {id}", service.id));
    serde_json::from_str(sample.json).unwrap()
}

/// A sample with one member, named by a JSON pointer, set or (with `None`) taken away.
///
/// # Panics
///
/// When there is no such sample or no such place in it.
#[must_use]
#[track_caller]
pub fn edit(service: &Service, id: &str, pointer: &str, value: Option<Value>) -> String {
    let mut document = sample(service, id);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent);
    let parent = parent.unwrap_or_else(|| panic!("{id} has nothing at {pointer}"));
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => {
            assert!(members.remove(name).is_some(), "{pointer} is not there");
        }
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
        (other, _) => panic!("{pointer} is in {other}"),
    }
    document.to_string()
}

/// The function `name` in `eu-west-1`, with Lambda's default settings.
///
/// # Panics
///
/// When it is no name for a function.
#[must_use]
#[track_caller]
pub fn function(name: &str) -> Function {
    let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
    Function::new(arn.parse().unwrap()).unwrap()
}

/// The event a connection would deliver, with what is its own in place.
///
/// # Panics
///
/// When there is none, or it puts something where nothing is.
#[must_use]
#[track_caller]
pub fn delivered(example: Option<Example>) -> Value {
    let example = example.expect("an example");
    let mut document: Value = serde_json::from_str(example.sample.json).unwrap();
    for (pointer, value) in example.own {
        let place = document.pointer_mut(&pointer);
        *place.unwrap_or_else(|| panic!("nothing at {pointer}")) = value;
    }
    document
}

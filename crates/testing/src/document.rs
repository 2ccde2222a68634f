//! Documents read, compared and changed.

use std::fmt::Debug;

use bytes::Bytes;
use lambda_with::{Example, Function, Service, Shaped, decode};
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

/// A root type, as [`samples`] wants it.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    name: &'static str,
    exact: fn(&str),
}

impl Root {
    /// The root type `T`.
    #[must_use]
    pub fn of<T: Debug + DeserializeOwned + PartialEq + Serialize + Shaped>() -> Self {
        Self {
            name: T::SHAPE.name,
            exact: |json| drop(exact::<T>(json)),
        }
    }

    /// The type's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// [`exact`] as this type.
    ///
    /// # Panics
    ///
    /// When `json` is not.
    #[track_caller]
    pub fn exact(&self, json: &str) {
        (self.exact)(json);
    }
}

/// Sees that every sample of a service is [`exact`] as the type it is of, which is one of `roots`,
/// and recognised as that type.
///
/// It is recognised by the shape with the most members of those that fit; answers of several types
/// may look the same.
///
/// # Panics
///
/// When it is not, or a type has no sample.
#[track_caller]
pub fn samples(service: &Service, roots: &[Root]) {
    for sample in service.samples {
        let document: Value = serde_json::from_str(sample.json).unwrap();
        let fitting = service.shapes.iter();
        let fitting = fitting.filter(|shape| shape.mismatch(&document).is_none());
        let most = fitting.clone().map(|shape| shape.members.len()).max();
        let best = fitting.filter(|shape| Some(shape.members.len()) == most);
        let best: Vec<_> = best.collect();
        let alike = best.len() == 1 || best.iter().all(|shape| shape.response);
        let found = best.iter().any(|shape| shape.name == sample.of);
        assert!(alike && found, "{}: {best:?}", sample.id);
        let root = roots.iter().find(|root| root.name == sample.of);
        let root = root.unwrap_or_else(|| panic!("{} is of {}", sample.id, sample.of));
        root.exact(sample.json);
    }
    for root in roots {
        let shown = service.samples.iter().any(|sample| sample.of == root.name);
        assert!(shown, "no sample of {}", root.name);
    }
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

/// A sample of a service, as its type.
///
/// # Panics
///
/// When there is none of this name, or it is of another type.
#[must_use]
#[track_caller]
pub fn read<T: DeserializeOwned>(service: &Service, id: &str) -> T {
    let sample = sample(service, id).to_string();
    decode(sample).unwrap_or_else(|error| panic!("{id}: {error}"))
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

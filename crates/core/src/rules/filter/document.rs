//! JSON documents that keep the text of numbers.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::data::Data;
use crate::{Error, ErrorKind};

/// A JSON object to hold filters against.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    members: Members,
    data: Option<Data>,
}

pub(super) type Members = BTreeMap<String, Node>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Members),
}

impl Document {
    /// Reads an object from JSON text.
    ///
    /// # Errors
    ///
    /// `Decode` when the text is not JSON or not an object, or nests deeper than 128 levels.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(json).map_err(|error| {
            Error::new(ErrorKind::Decode, "the text is not UTF-8").caused_by(error)
        })?;
        match node(text, 0)? {
            Node::Object(members) => Ok(Self {
                members,
                data: None,
            }),
            _ => Err(Error::new(
                ErrorKind::Decode,
                "the text is not a JSON object",
            )),
        }
    }

    pub(super) fn with_data(mut self, data: Data) -> Self {
        self.data = Some(data);
        self
    }

    pub(super) fn members(&self) -> &Members {
        &self.members
    }

    pub(super) fn members_mut(&mut self) -> &mut Members {
        &mut self.members
    }

    pub(super) fn data(&self) -> Option<&Data> {
        self.data.as_ref()
    }
}

impl Node {
    /// Reads data that is an object or a list; anything else counts as plain text.
    pub(super) fn structured(text: &str) -> Option<Self> {
        match text.trim_ascii_start().as_bytes().first() {
            Some(b'{' | b'[') => node(text, 0).ok(),
            _ => None,
        }
    }

    /// The leaves at this place: itself, or the leaves of a list. An object has none.
    pub(super) fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::Object(_) => Vec::new(),
            Self::List(nodes) => nodes.iter().flat_map(Self::leaves).collect(),
            leaf => vec![leaf],
        }
    }
}

const DEEPEST: usize = 128;

fn node(text: &str, depth: usize) -> Result<Node, Error> {
    let wrong = |error: serde_json::Error| {
        Error::new(ErrorKind::Decode, format!("the text is not JSON: {error}"))
    };
    if depth > DEEPEST {
        return Err(Error::new(ErrorKind::Decode, "the text nests too deep"));
    }
    let raw: &RawValue = serde_json::from_str(text).map_err(wrong)?;
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let mut members = Members::new();
            for (name, value) in serde_json::from_str::<Pairs<'_>>(text).map_err(wrong)?.0 {
                insert(&mut members, &name, node(value.get(), depth + 1)?);
            }
            Node::Object(members)
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
            let nodes = values.into_iter().map(|value| node(value.get(), depth + 1));
            Node::List(nodes.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Node::Text(serde_json::from_str(text).map_err(wrong)?),
        Some(b't' | b'f') => Node::Bool(text == "true"),
        Some(b'n') => Node::Null,
        _ => Node::Number(text.to_owned()),
    })
}

/// Sets a member; of one written twice the last counts, and a dot in a name means nesting.
fn insert(members: &mut Members, name: &str, value: Node) {
    match name.split_once('.') {
        None => {
            members.insert(name.to_owned(), value);
        }
        Some((outer, inner)) => {
            let place = members
                .entry(outer.to_owned())
                .or_insert_with(|| Node::Object(Members::new()));
            if !matches!(place, Node::Object(_)) {
                *place = Node::Object(Members::new());
            }
            if let Node::Object(members) = place {
                insert(members, inner, value);
            }
        }
    }
}

/// An object's members as they are written, duplicates included.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }

        deserializer.deserialize_map(Reader).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_are_documents() {
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
        for text in ["", "null", "[]", "7", r#""a""#, "{", "{} {}", &deep] {
            assert_eq!(
                Document::parse(text.as_bytes()).unwrap_err().kind(),
                ErrorKind::Decode
            );
        }
        assert!(Document::parse(b"{\"\xff\":1}").is_err());
        let deep = format!(r#" {{"a":{}1{}}} "#, "[".repeat(100), "]".repeat(100));
        assert!(Document::parse(deep.as_bytes()).is_ok());
    }

    #[test]
    fn dots_nest_and_the_last_member_counts() {
        for (text, same) in [
            (r#"{"a.b":1,"a.c":2}"#, r#"{"a":{"b":1,"c":2}}"#),
            (r#"{"a":1,"a.b":2}"#, r#"{"a":{"b":2}}"#),
            (r#"{"a.b":2,"a":1}"#, r#"{"a":1}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#"{"a":{"b":1},"a":{"c":1}}"#, r#"{"a":{"c":1}}"#),
            (
                r#"{"\u0061":[true,false,null,"\n"]}"#,
                r#"{ "a" : [ true , false , null , "\u000a" ] }"#,
            ),
        ] {
            let [text, same] = [text, same].map(|json| Document::parse(json.as_bytes()).unwrap());
            assert_eq!(text, same);
        }
        let [a, b] = [r#"{"a":300}"#, r#"{"a":3e2}"#].map(|json| Document::parse(json.as_bytes()));
        assert_ne!(a.unwrap(), b.unwrap());
    }
}

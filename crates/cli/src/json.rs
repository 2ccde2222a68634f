//! JSON documents kept as they came: members in their order, numbers as they were written.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// How deep arrays and objects may lie in one another, as everywhere in serde_json.
const MAX_DEPTH: usize = 128;

/// One JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Node {
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        // A raw value may be nested without bound, and reading it recurses.
        if depth(text) > MAX_DEPTH {
            return Err(de::Error::custom(format_args!(
                "arrays and objects are nested deeper than {MAX_DEPTH} levels"
            )));
        }
        serde_json::from_str(text)
    }

    /// A member of an object or an element of an array, by one token of a JSON pointer.
    fn child(&self, token: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(name, _)| name == token)
                .map(|(_, value)| value),
            Self::Array(items) => items.get(index(token)?),
            _ => None,
        }
    }

    /// The value a JSON pointer leads to.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Self> {
        tokens(pointer)
            .ok()?
            .iter()
            .try_fold(self, |node, token| node.child(token))
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// Puts `value` where `pointer` leads. Objects missing on the way are made; arrays grow by the
    /// token `-` alone.
    pub(crate) fn set(&mut self, pointer: &str, value: Self) -> Result<(), String> {
        let tokens = tokens(pointer).map_err(|why| format!("`{pointer}` {why}"))?;
        let mut node = self;
        for (depth, token) in tokens.iter().enumerate() {
            let refuse = |why: String| {
                let so_far = pointer
                    .split('/')
                    .take(depth + 2)
                    .collect::<Vec<_>>()
                    .join("/");
                Err(format!("`{so_far}`: {why}"))
            };
            node = match node {
                Self::Object(members) => {
                    let index = members.iter().position(|(name, _)| name == token);
                    let index = index.unwrap_or_else(|| {
                        members.push((token.clone(), Self::Object(Vec::new())));
                        members.len() - 1
                    });
                    &mut members[index].1
                }
                Self::Array(items) => {
                    let length = items.len();
                    match index(token) {
                        Some(index) if index < length => &mut items[index],
                        Some(_) => return refuse(format!("the array has {length} elements only")),
                        None if token == "-" => {
                            items.push(Self::Object(Vec::new()));
                            &mut items[length]
                        }
                        None => {
                            return refuse("an array takes an index or `-` to append".to_owned());
                        }
                    }
                }
                other => {
                    let kind = other.kind();
                    return refuse(format!("what it lies in is {kind}, not an object or array"));
                }
            };
        }
        *node = value;
        Ok(())
    }
}

/// How deep the arrays and objects of a text lie in one another.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => _ = bytes.next(),
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The index a token of a JSON pointer stands for: digits alone, without leading zeros.
fn index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit());
    let leading = token.len() > 1 && token.starts_with('0');
    token.parse().ok().filter(|_| plain && !leading)
}

/// The tokens of a JSON pointer, unescaped; why not, for a text that is no pointer.
fn tokens(pointer: &str) -> Result<Vec<String>, &'static str> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let rest = pointer.strip_prefix('/').ok_or("does not begin with `/`")?;
    if rest
        .split('~')
        .skip(1)
        .any(|after| !after.starts_with(['0', '1']))
    {
        return Err("has a `~` that is neither `~0` nor `~1`");
    }
    Ok(rest
        .split('/')
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect())
}

/// A pointer to a member of what `pointer` leads to.
pub(crate) fn join(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let node = match text.as_bytes().first() {
            Some(b'{') => serde_json::from_str(text).map(|Members(members)| Self::Object(members)),
            Some(b'[') => serde_json::from_str(text).map(Self::Array),
            Some(b'"') => serde_json::from_str(text).map(Self::String),
            Some(b't') => Ok(Self::Bool(true)),
            Some(b'f') => Ok(Self::Bool(false)),
            Some(b'n') => Ok(Self::Null),
            _ => Ok(Self::Number(text.to_owned())),
        };
        node.map_err(de::Error::custom)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => RawValue::from_string(text.clone())
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

struct Members(Vec<(String, Node)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_back_as_it_was() {
        for text in [
            r#"{"b":1,"a":[1.50,-0,1e400,null,true],"c":{"~":"é\u0000"}}"#,
            "123456789012345678901234567890",
            r#""text""#,
        ] {
            let node = Node::parse(text).unwrap();
            assert_eq!(serde_json::to_string(&node).unwrap(), text);
        }
        for text in ["", "{", r#"{"a":01}"#, r#"{"a":1}x"#, "nul"] {
            Node::parse(text).unwrap_err();
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        Node::parse(&nested(127)).unwrap();
        for levels in [129, 100_000] {
            let error = Node::parse(&nested(levels)).unwrap_err().to_string();
            assert!(error.contains("deeper than 128 levels"), "{error}");
        }
        let flat = format!("[{}1]", r#"[],{},"[{\"[","#.repeat(500));
        Node::parse(&flat).unwrap();
    }

    #[test]
    fn set() {
        fn check(pointer: &str, expected: Result<&str, &str>) {
            let mut node = Node::parse(r#"{"a":[{"b":1}],"t":"x"}"#).unwrap();
            let outcome = node.set(pointer, Node::Number("2".to_owned()));
            let written = serde_json::to_string(&node).unwrap();
            match (outcome, expected) {
                (Ok(()), Ok(document)) => assert_eq!(written, document),
                (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
                (outcome, _) => panic!("{pointer}: {outcome:?} {written}"),
            }
        }
        check("", Ok("2"));
        check("/a/0/b", Ok(r#"{"a":[{"b":2}],"t":"x"}"#));
        check("/a/-", Ok(r#"{"a":[{"b":1},2],"t":"x"}"#));
        check("/n/m~1n", Ok(r#"{"a":[{"b":1}],"t":"x","n":{"m/n":2}}"#));
        check("a", Err("does not begin with"));
        check("/a/1/b", Err("`/a/1`: the array has 1 elements only"));
        check("/a/+0", Err("`/a/+0`: an array takes an index"));
        check("/a/00", Err("`/a/00`: an array takes an index"));
        check("/~2", Err("`/~2` has a `~` that is neither"));
        check("/x~", Err("`/x~` has a `~` that is neither"));
        check("/~01", Ok(r#"{"a":[{"b":1}],"t":"x","~1":2}"#));
        check("/a/x", Err("`/a/x`: an array takes an index"));
        check("/t/x/y", Err("`/t/x`: what it lies in is a string"));
    }
}

//! From the bytes of an event to its type.

pub(crate) mod block;
mod deserializer;
mod failure;
mod path;
mod reader;
pub(crate) mod scan;

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use bytestring::ByteString;
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use self::deserializer::Decoder;
use self::failure::Failure;
use crate::leaf::buffer::Sharing;
use crate::leaf::token::{self, Token};
use crate::{Error, ErrorKind, Shaped};

/// Reads a JSON document, sharing its buffer with the value instead of copying.
///
/// ```
/// use lambda_with::{Text, decode};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Order {
///     customer: Text,
/// }
///
/// let order: Order = decode(r#"{"customer":"ana"}"#)?;
/// assert_eq!(order.customer, "ana");
///
/// let error = decode::<Vec<Order>>(r#"[{"customer":"ana"},{"customer":7}]"#).err().unwrap();
/// assert_eq!(error.context("path"), Some("[1].customer"));
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The value is the one `serde_json::from_slice` gives; the memory is another, and it takes about
/// half the time. A [`Text`](crate::Text) and the other leaves become slices of the document's buffer
/// where they have no escapes, so the buffer lives as long as any of them
/// ([`Text::detach`](crate::Text::detach) makes one independent). The document is checked to be
/// UTF-8 once, as a whole.
///
/// # Errors
///
/// When the document is not UTF-8, is not JSON, or does not fit `T`. Context `path` names the
/// member, such as `Records[0].messageId`, unless it is the document as a whole; context `at` is
/// the line and column of the value.
pub fn decode<T: DeserializeOwned>(json: impl Into<Bytes>) -> Result<T, Error> {
    decode_text(&utf8(json.into())?)
}

pub(crate) fn decode_text<T: DeserializeOwned>(json: &ByteString) -> Result<T, Error> {
    let sharing = Sharing::start(json);
    let result = Decoder::new(json).document();
    drop(sharing);
    result.map_err(|failure| explain(json, &failure))
}

/// Reads a document as a `T` and writes it back: what is left is what `T` knows of it.
///
/// # Errors
///
/// As for [`decode`].
pub fn rewrite<T: DeserializeOwned + Serialize>(json: Bytes) -> Result<String, Error> {
    serde_json::to_string(&decode::<T>(json)?).map_err(|error| {
        Error::new(ErrorKind::Invalid, "the value cannot be written as JSON").caused_by(error)
    })
}

/// [`rewrite`] for a `T`, as a [`Shape`](crate::Shape) holds it: with the feature `rewrite` only.
///
/// Without the feature no code is made for `T`.
#[must_use]
pub const fn rewriter<T: DeserializeOwned + Serialize>()
-> Option<fn(Bytes) -> Result<String, Error>> {
    #[cfg(feature = "rewrite")]
    let rewriter = Some(rewrite::<T> as fn(Bytes) -> Result<String, Error>);
    #[cfg(not(feature = "rewrite"))]
    let rewriter = None;
    rewriter
}

/// An event not decoded yet, for functions that receive several kinds.
///
/// ```
/// use lambda_with::Payload;
///
/// let payload = Payload::from(r#"{"id":7}"#);
/// let value: serde_json::Value = payload.decode()?;
/// assert_eq!(value["id"], 7);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// [`is`](Payload::is) tells root types of service crates apart without decoding. As the type of a
/// function's event it takes any JSON document, unread.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Payload(Bytes);

impl Payload {
    /// Takes the document as it is.
    pub fn new(json: impl Into<Bytes>) -> Self {
        Self(json.into())
    }

    /// Whether the document has the members that mark a `T`.
    ///
    /// `false` also for what is not JSON. A document of this shape may still not fit `T` in other
    /// places.
    #[must_use]
    pub fn is<T: Shaped>(&self) -> bool {
        T::SHAPE.mismatch_in(&self.0).is_none()
    }

    /// Reads the document; see [`decode`].
    ///
    /// # Errors
    ///
    /// As for [`decode`].
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        decode(self.0.clone())
    }

    /// The document.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The document.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(json: T) -> Self {
        Self(json.into())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            Token::deserialize(deserializer)?.into_json().into_bytes(),
        ))
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

/// A typed value together with the JSON it was read from.
///
/// ```
/// use lambda_with::{Raw, Text, decode};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Order {
///     customer: Text,
/// }
///
/// let order: Raw<Order> = decode(r#"{"customer":"ana","new":1}"#)?;
/// assert_eq!(order.customer, "ana");
/// assert_eq!(&order.bytes()[..], br#"{"customer":"ana","new":1}"#);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// For members newer than the type, and for passing an event on unchanged: it is written as the
/// bytes it came as. The document is walked twice, once to find its end and once to read it.
///
/// The bytes are the original ones where serde_json reads, through [`decode`] without a copy. Other
/// formats, and serde's buffer for flattened and untagged types, have no JSON text; there it is
/// written anew from the value.
#[derive(Clone)]
pub struct Raw<T> {
    value: T,
    bytes: Bytes,
}

impl<T> Raw<T> {
    /// The JSON text, without spaces around it.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Raw<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Raw<T> {
    /// Compares the values.
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Raw<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Raw<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Token::deserialize(deserializer)?.into_json();
        let value = decode_text(json.buffer()).map_err(de::Error::custom)?;
        Ok(Self {
            value,
            bytes: json.into_bytes(),
        })
    }
}

impl<T> Serialize for Raw<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.bytes, serializer)
    }
}

fn serialize<S: Serializer>(json: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    let text = std::str::from_utf8(json).map_err(serde::ser::Error::custom)?;
    token::serialize(text, serializer, |serializer| {
        let value: Value = serde_json::from_str(text).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    })
}

fn utf8(json: Bytes) -> Result<ByteString, Error> {
    ByteString::try_from(json).map_err(|error| {
        Error::new(ErrorKind::Decode, "the document is not UTF-8")
            .with("offset", error.valid_up_to().to_string())
    })
}

#[cold]
fn explain(json: &str, failure: &Failure) -> Error {
    let offset = failure.offset();
    let before = json.as_bytes().get(..offset).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .count()
        + 1;
    let path = path::at(json, offset);
    let error = Error::new(ErrorKind::Decode, failure.message());
    let error = if path.is_empty() {
        error
    } else {
        error.with("path", path)
    };
    error.with("at", format!("line {line} column {column}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;
    use crate::{EpochMillis, Json, JsonText};

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Order {
        id: u8,
    }

    #[test]
    fn errors_say_what_and_where() {
        for (json, message, path) in [
            (&b"\xff"[..], "the document is not UTF-8", None),
            (b"[\"a\xffb\"]", "the document is not UTF-8", None),
            (b"", "the document ends where a value is expected", None),
            (
                b"[{\"id\":1}",
                "the document ends where a comma or the end of the array or object is expected",
                Some("[0]"),
            ),
            (
                b"[{\"id\":300}]",
                "invalid value: integer `300`, expected u8",
                Some("[0].id"),
            ),
            (b"[{\"id\":1},{}]", "missing field `id`", Some("[1]")),
            (
                b"[{\"id\":01}]",
                "expected a comma or the end of the array or object",
                Some("[0].id"),
            ),
            (b"[{\"id\":1},]", "trailing comma", None),
            (b"[{\"id\"}]", "expected a colon", Some("[0]")),
            (
                b"[{id:1}]",
                "expected a member's name in quotes",
                Some("[0]"),
            ),
            (
                b"[{\"i\nd\":1}]",
                "control character in a string",
                Some("[0]"),
            ),
            (b"[{\"i\\d\":1}]", "invalid escape", Some("[0]")),
            (b"[{\"id\":1e999}]", "number out of range", Some("[0].id")),
            (b"[] x", "trailing characters", None),
        ] {
            let error = decode::<Vec<Order>>(Bytes::from_static(json)).unwrap_err();
            assert_eq!((error.message(), error.context("path")), (message, path));
            assert_eq!(error.kind(), ErrorKind::Decode);
        }
    }

    #[test]
    fn payloads_take_any_document() {
        for json in [r#"{"a" : [1]}"#, "null", "7", r#""\ud800""#] {
            for payload in [
                serde_json::from_str(json).unwrap(),
                decode::<Payload>(json).unwrap(),
            ] {
                assert_eq!(payload, Payload::from(json));
                assert_eq!(serde_json::to_string(&payload).unwrap(), json);
                assert_eq!(format!("{payload:?}"), json);
            }
        }
        assert!(decode::<Payload>("{").is_err());
        assert_eq!(
            serde_json::from_value::<Payload>(json!([1])).unwrap(),
            Payload::from("[1]")
        );
        assert!(serde_json::to_string(&Payload::from("{")).is_err());
        assert_eq!(
            serde_json::to_value(Payload::from("[1]")).unwrap(),
            json!([1])
        );
    }

    #[test]
    fn raw_keeps_what_the_type_does_not_know() {
        let json = r#"{"id": 7, "new": "\u0041"}"#;
        for order in [
            serde_json::from_str(json).unwrap(),
            decode::<Raw<Order>>(json).unwrap(),
        ] {
            assert_eq!((order.id, &order.bytes()[..]), (7, json.as_bytes()));
            assert_eq!(serde_json::to_string(&order).unwrap(), json);
            assert_eq!(format!("{order:?}"), "Order { id: 7 }");
            assert_eq!(order.into_inner(), Order { id: 7 });
        }
        let orders: Vec<Raw<Order>> = decode(r#"[{"id":1, "x":2}, {"id":3}]"#).unwrap();
        assert_eq!(&orders[0].bytes()[..], br#"{"id":1, "x":2}"#);
        let from_tree: Raw<Order> = serde_json::from_value(json!({"id": 7})).unwrap();
        assert_eq!(&from_tree.bytes()[..], br#"{"id":7}"#);
        let error = decode::<Vec<Raw<Order>>>(r#"[{"id":1},{"id":"x"}]"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid type: string \"x\", expected u8 (path: id, at: line 1 column 7) \
             (path: [1], at: line 1 column 11)"
        );
    }

    #[test]
    fn a_leaf_that_refuses_is_named_wherever_it_stands() {
        #[derive(Debug, Deserialize)]
        struct Lazy {
            _body: JsonText,
            _at: Option<EpochMillis>,
        }
        for (json, path) in [
            (r#"{"_body":7}"#, "_body"),
            (r#"{"_body":{"_at":[]},"_at":1}"#, "_body"),
            (r#"{"_body":"","_at":[{}]}"#, "_at"),
            (r#"{"_body":"","_at":"\udc00"}"#, "_at"),
            (r#"{"_at":"x"}"#, ""),
        ] {
            let found = decode::<Lazy>(json)
                .unwrap_err()
                .context("path")
                .unwrap_or("")
                .to_owned();
            assert_eq!(found, path, "{json}");
            let many = format!(r#"{{"a":[{{"_body":""}},{json}]}}"#);
            let error = decode::<HashMap<String, Vec<Lazy>>>(many).unwrap_err();
            let path = format!("a[1].{path}");
            assert_eq!(
                error.context("path"),
                Some(path.trim_end_matches('.')),
                "{error}"
            );
        }
    }

    #[test]
    fn a_refusal_that_was_made_good_is_not_the_reason() {
        #[derive(Debug)]
        struct Forgiving;

        impl<'de> Deserialize<'de> for Forgiving {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let _ = JsonText::deserialize(deserializer);
                Ok(Self)
            }
        }

        let error = decode::<(Vec<Forgiving>, u8)>(r#"[[1, {}],"x"]"#).unwrap_err();
        assert_eq!(error.context("path"), Some("[1]"));
    }

    #[test]
    fn rewriting_shows_what_a_type_knows() {
        assert_eq!(
            rewrite::<Order>(r#"{"new":1, "id":7}"#.into()).unwrap(),
            r#"{"id":7}"#
        );
        assert_eq!(rewrite::<Json>(" [1, 2]".into()).unwrap(), "[1, 2]");
        assert!(rewrite::<Order>("{}".into()).is_err());
    }
}

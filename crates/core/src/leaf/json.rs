//! Any JSON value.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::Value;

use super::Text;
use super::token::{self, Token};
use crate::decode::decode_text;
use crate::{Error, ErrorKind};

/// Any JSON value, kept as the text it came as and looked into on demand.
///
/// ```
/// use lambda_with::Json;
///
/// let detail: Json = serde_json::from_str(r#"{"state": "stopped", "took": 1.50}"#)?;
/// assert_eq!(detail.as_str(), r#"{"state": "stopped", "took": 1.50}"#);
/// assert_eq!(detail.value()?["state"], "stopped");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What was read is written back byte for byte. Two are equal when their values are: spaces and the
/// order of members do not count. The default is `null`.
#[derive(Clone)]
pub struct Json(Text);

impl Json {
    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// When serde_json cannot write the value, such as a map with keys that are no strings.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        serde_json::to_string(value)
            .map(|json| Self(json.into()))
            .map_err(|error| {
                Error::new(ErrorKind::Invalid, "the value cannot be written as JSON")
                    .caused_by(error)
            })
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the value as a `T`, whose leaves share the memory of this text.
    ///
    /// # Errors
    ///
    /// When it does not fit `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        decode_text(self.0.buffer())
    }

    /// The value as serde_json's tree.
    ///
    /// # Errors
    ///
    /// When the text is JSON that the tree cannot hold: a string with half a surrogate pair, a
    /// number beyond `f64`, more than 128 levels.
    pub fn value(&self) -> Result<Value, Error> {
        self.decode()
    }
}

impl Default for Json {
    fn default() -> Self {
        Self(Text::from_static("null"))
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value.to_string().into())
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        Self(value.to_string().into())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
            || matches!((self.value(), other.value()), (Ok(one), Ok(two)) if one == two)
    }
}

impl PartialEq<Value> for Json {
    fn eq(&self, other: &Value) -> bool {
        self.value().is_ok_and(|value| value == *other)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Token::deserialize(deserializer).map(|token| Self(token.into_json()))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        token::serialize(&self.0, serializer, |serializer| {
            self.value()
                .map_err(ser::Error::custom)?
                .serialize(serializer)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::decode;

    #[test]
    fn is_written_back_as_it_came() {
        for json in [
            "null",
            "-0",
            "1.50",
            "1E400",
            r#"{ "b": [1 , 2], "a":"\ud800" }"#,
            r#""\/""#,
        ] {
            for value in [
                serde_json::from_str(json).unwrap(),
                decode::<Json>(json).unwrap(),
            ] {
                assert_eq!(serde_json::to_string(&value).unwrap(), json);
                assert_eq!(value.as_str(), json);
                assert_eq!(value, value.clone());
                assert_eq!(format!("{value:?}{value}"), format!("{json}{json}"));
            }
        }
    }

    #[test]
    fn equality_is_that_of_values() {
        let json: Json = serde_json::from_str(r#"{"a": 1, "b":"\u0041"}"#).unwrap();
        assert_eq!(json, Json::from(json!({"b": "A", "a": 1})));
        assert_eq!(json, json!({"b": "A", "a": 1}));
        assert_ne!(json, Json::default());
        assert_eq!(Json::default(), json!(null));
        let half: Json = serde_json::from_str(r#""\ud800""#).unwrap();
        assert!(half.value().is_err() && half != Json::default());
    }

    #[test]
    fn holds_what_it_was_made_of() {
        let json = Json::encode(&vec![Some(1), None]).unwrap();
        assert_eq!(json.as_str(), "[1,null]");
        assert_eq!(json.decode::<Vec<Option<u8>>>().unwrap(), [Some(1), None]);
        assert_eq!(
            json.decode::<Vec<u8>>().unwrap_err().context("path"),
            Some("[1]")
        );
        assert!(Json::encode(&std::collections::HashMap::from([((1, 2), 3)])).is_err());
    }
}

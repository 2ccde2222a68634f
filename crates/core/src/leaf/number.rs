//! Numbers that services write now as numbers, now as strings.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::{Number, Value};

use super::Text;
use super::token::{self, Token};
use super::unescape::unescape;

/// A number as it was written.
#[derive(Clone, Eq, Hash, PartialEq)]
pub(crate) enum Written {
    /// A JSON number that is an integer.
    Integer(i64),
    /// Any other JSON number.
    Number(Text),
    /// A string, whatever it says.
    Text(Text),
}

impl Written {
    /// The number's digits, or the string.
    pub(crate) fn with_str<R>(&self, f: impl FnOnce(&str) -> R) -> R {
        match self {
            Self::Integer(value) => f(&value.to_string()),
            Self::Number(text) | Self::Text(text) => f(text),
        }
    }
}

impl Default for Written {
    fn default() -> Self {
        Self::Integer(0)
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => fmt::Display::fmt(value, f),
            Self::Number(text) | Self::Text(text) => f.pad(text),
        }
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => fmt::Debug::fmt(text, f),
            Self::Integer(_) | Self::Number(_) => fmt::Display::fmt(self, f),
        }
    }
}

impl Written {
    /// Reads a number digit for digit, wherever the deserializer has its text.
    pub(crate) fn exactly<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = Token::deserialize(deserializer)?;
        match (token.kind(), &token) {
            ("number", _) => {
                let number = token.into_json();
                // Only where it is written the same way again; `-0` is not.
                let integer = number.parse().ok().filter(|_| number != "-0");
                Ok(integer.map_or(Self::Number(number), Self::Integer))
            }
            ("string", Token::Raw(json)) => {
                match unescape(json.get(1..json.len() - 1).unwrap_or_default()) {
                    Ok(Cow::Borrowed(text)) => Ok(Self::Text(json.slice(text))),
                    Ok(Cow::Owned(text)) => Ok(Self::Text(text.into())),
                    Err(error) => Err(de::Error::custom(error)),
                }
            }
            (_, Token::Plain(Value::String(text))) => Ok(Self::Text(text.as_str().into())),
            _ => Err(token.refuse(NUMBER_OR_STRING)),
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    /// Reads an integer, which every deserializer hands over exactly.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Text(text) => text.serialize(serializer),
            Self::Number(number) => token::serialize(number, serializer, |serializer| {
                let number: Number = number.parse().map_err(ser::Error::custom)?;
                number.serialize(serializer)
            }),
        }
    }
}

const NUMBER_OR_STRING: &str = "a number or a string";

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NUMBER_OR_STRING)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Written, E> {
        Ok(Written::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Written, E> {
        let beyond = |_| Written::Number(value.to_string().into());
        Ok(i64::try_from(value).map_or_else(beyond, Written::Integer))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Written, E> {
        let number = Number::from_f64(value)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))?;
        Ok(Written::Number(number.to_string().into()))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Written, E> {
        Ok(Written::Text(Text::share(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Written, E> {
        Ok(Written::Text(Text::share(text)))
    }
}

/// An integer that may come as a number or as a string, and is written back as it came.
///
/// ```
/// use lambda_with::Integer;
///
/// let size: Integer = serde_json::from_str(r#""1024""#)?;
/// assert_eq!(size.value(), Some(1024));
/// assert_eq!(serde_json::to_string(&size)?, r#""1024""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// A number that is no 64-bit integer is kept as an `f64` and may be written with other digits (`7e0`
/// becomes `7.0`). Two are equal when they are written the same way: the number 7 is not the
/// string `7`. The default is the number 0.
#[derive(Clone, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Integer(Written);

impl Integer {
    /// An integer written as a string.
    #[must_use]
    pub fn text(value: i64) -> Self {
        Self(Written::Text(value.to_string().into()))
    }

    /// The value; `None` for a string that is no integer, a fraction, or beyond 64 bits.
    #[must_use]
    pub fn value(&self) -> Option<i64> {
        match &self.0 {
            Written::Integer(value) => Some(*value),
            Written::Number(text) | Written::Text(text) => text.parse().ok(),
        }
    }
}

impl From<i64> for Integer {
    fn from(value: i64) -> Self {
        Self(Written::Integer(value))
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A string, a number or a boolean, as in the context of an authorizer.
///
/// ```
/// use lambda_with::Scalar;
///
/// let level: Scalar = serde_json::from_str("7")?;
/// assert_eq!(level.to_string(), "7");
/// assert_eq!(Scalar::from("seven").to_string(), "seven");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// The default is the empty string.
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Scalar {
    /// A string.
    Text(Text),
    /// A number.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
}

impl Default for Scalar {
    fn default() -> Self {
        Self::Text(Text::default())
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Text> for Scalar {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            Self::Number(number) => fmt::Display::fmt(number, f),
            Self::Bool(value) => fmt::Display::fmt(value, f),
        }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => fmt::Debug::fmt(text, f),
            Self::Number(_) | Self::Bool(_) => fmt::Display::fmt(self, f),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
            Self::Bool(value) => serializer.serialize_bool(*value),
        }
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number or a boolean")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
        let number = Number::from_f64(value)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))?;
        Ok(Scalar::Number(number))
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Scalar, E> {
        Ok(Scalar::Text(Text::share(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(Text::share(text)))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    #[test]
    fn integers() {
        for (json, value) in [
            ("7", Some(7)),
            ("-7", Some(-7)),
            ("0", Some(0)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("123456789012345678901234567890", None),
            ("7.0", None),
            ("7e0", None),
            (r#""7""#, Some(7)),
            (r#""007""#, Some(7)),
            (r#""+7""#, Some(7)),
            (r#""-9223372036854775808""#, Some(i64::MIN)),
            (r#""seven""#, None),
            (r#""""#, None),
        ] {
            let tree: Value = serde_json::from_str(json).unwrap();
            for number in [
                serde_json::from_str(json).unwrap(),
                decode::<Integer>(json).unwrap(),
            ] {
                assert_eq!(number.value(), value, "{json}");
                assert_eq!(serde_json::to_value(&number).unwrap(), tree, "{json}");
                if value.is_some() {
                    assert_eq!(serde_json::to_string(&number).unwrap(), json);
                    assert_eq!(format!("{number:?}"), json);
                    assert_eq!(number.to_string(), json.trim_matches('"'));
                }
            }
        }
        assert_eq!(Integer::from(7), serde_json::from_str("7").unwrap());
        assert_eq!(
            Integer::text(7),
            serde_json::from_str(r#""\u0037""#).unwrap()
        );
        assert_ne!(Integer::text(7), Integer::from(7));
        assert_eq!(Integer::default().value(), Some(0));
    }

    #[test]
    fn what_is_neither_number_nor_string_is_refused() {
        for json in ["null", "true", "[]", "{}", r#""\ud800""#, ""] {
            assert!(decode::<Integer>(json).is_err(), "{json}");
            assert!(serde_json::from_str::<Integer>(json).is_err(), "{json}");
        }
        assert!(serde_json::from_value::<Integer>(Value::Null).is_err());
        assert_eq!(
            serde_json::from_value::<Integer>(7.into()).unwrap(),
            7.into()
        );
        assert_eq!(
            serde_json::from_value::<Integer>("7".into()).unwrap(),
            Integer::text(7)
        );
    }

    #[test]
    fn scalars() {
        for (json, scalar, text) in [
            ("7", Scalar::from(7), "7"),
            ("-7", Scalar::from(-7), "-7"),
            ("1.5", Scalar::Number(Number::from_f64(1.5).unwrap()), "1.5"),
            (
                "18446744073709551615",
                Scalar::Number(u64::MAX.into()),
                "18446744073709551615",
            ),
            ("true", Scalar::from(true), "true"),
            (r#""a\"b""#, Scalar::from("a\"b"), "a\"b"),
            (r#""""#, Scalar::default(), ""),
        ] {
            for read in [
                serde_json::from_str(json).unwrap(),
                decode::<Scalar>(json).unwrap(),
            ] {
                assert_eq!(read, scalar);
                assert_eq!(serde_json::to_string(&read).unwrap(), json);
                assert_eq!(read.to_string(), text);
                assert_eq!(format!("{read:?}"), json);
            }
        }
        for json in ["null", "[]", "{}"] {
            assert!(decode::<Scalar>(json).is_err(), "{json}");
        }
    }
}

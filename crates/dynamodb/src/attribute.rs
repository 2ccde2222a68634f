//! Attribute values, and serde over them.

mod access;
mod deserializer;

use lambda_with::{Base64, Error, ErrorKind, Map, Text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use self::access::Attributes;

/// The value of an attribute, with its type, exactly as it came.
///
/// ```
/// use lambda_with_dynamodb::AttributeValue;
///
/// let price: AttributeValue = serde_json::from_str(r#"{"N":"12345678901234567890.123456789"}"#)?;
/// assert_eq!(price, AttributeValue::N("12345678901234567890.123456789".into()));
/// assert_eq!(serde_json::to_string(&price)?, r#"{"N":"12345678901234567890.123456789"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// See <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AttributeValue {
    /// Text.
    S(Text),
    /// A number of up to 38 digits, as text.
    N(Text),
    /// Bytes.
    B(Base64),
    /// A set of texts.
    Ss(Vec<Text>),
    /// A set of numbers.
    Ns(Vec<Text>),
    /// A set of bytes.
    Bs(Vec<Base64>),
    /// A map of attributes.
    M(Map<AttributeValue>),
    /// A list of attributes.
    L(Vec<AttributeValue>),
    /// Null; always `true`.
    Null(bool),
    /// True or false.
    Bool(bool),
}

impl AttributeValue {
    /// Reads the value as a `T`.
    ///
    /// ```
    /// use lambda_with_dynamodb::AttributeValue;
    ///
    /// let weights: AttributeValue = serde_json::from_str(r#"{"NS":["0.5","3"]}"#)?;
    /// assert_eq!(weights.decode::<Vec<f64>>()?, [0.5, 3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// | type | reads as |
    /// |---|---|
    /// | `S` | text, a `char`, a variant without content |
    /// | `N` | any number it is, exactly or not at all; text |
    /// | `B` | bytes, a list of bytes |
    /// | `SS`, `NS`, `BS`, `L` | lists, sets, tuples |
    /// | `M` | structs, maps; with one member a variant with content |
    /// | `NULL` | `None`, `()` |
    /// | `BOOL` | `bool` |
    ///
    /// A type that takes anything, such as `serde_json::Value`, sees a number as `u64`, `i64` or,
    /// where it is neither, `f64`. Bytes it takes only where it knows bytes, which `Value` does not.
    ///
    /// # Errors
    ///
    /// When it does not fit `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(self).map_err(|error| {
            let what = format!("the attribute does not fit: {error}");
            Error::new(ErrorKind::Decode, what)
        })
    }

    /// The type as AWS writes it: `S`, `NS`, `BOOL`.
    #[must_use]
    pub fn descriptor(&self) -> &'static str {
        match self {
            Self::S(_) => "S",
            Self::N(_) => "N",
            Self::B(_) => "B",
            Self::Ss(_) => "SS",
            Self::Ns(_) => "NS",
            Self::Bs(_) => "BS",
            Self::M(_) => "M",
            Self::L(_) => "L",
            Self::Null(_) => "NULL",
            Self::Bool(_) => "BOOL",
        }
    }
}

#[cfg(test)]
mod tests;

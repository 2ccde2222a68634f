//! JSON inside a string.

use std::borrow::Cow;
use std::fmt;

use bytestring::ByteString;
use serde::de::{self, DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::Value;

use super::token::{self, Token};
use super::unescape::unescape;
use super::{Text, buffer};
use crate::decode::decode_text;
use crate::{Error, ErrorKind};

/// A string whose content is usually JSON: the body of an SQS message, the message of SNS.
///
/// ```
/// use lambda_with::JsonText;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Order {
///     id: u32,
/// }
///
/// let body: JsonText = serde_json::from_str(r#""{\"id\":7}""#)?;
/// assert_eq!(body.as_text()?, r#"{"id":7}"#);
/// assert_eq!(body.decode::<Order>()?.id, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Any string is taken, JSON or not. Read by [`decode`](crate::decode()), it is kept as it was written,
/// escapes and all, and written back byte for byte; it is unescaped on demand and every time anew:
/// keep what [`as_text`](JsonText::as_text) returns if it is needed twice. Read by plain serde, it
/// is unescaped at once, and written back with the escapes that JSON demands.
///
/// Two are equal when their texts are, however they were escaped.
#[derive(Clone)]
pub struct JsonText(Repr);

#[derive(Clone)]
enum Repr {
    /// A JSON string token with its quotes.
    Token(Text),
    Plain(Text),
}

impl JsonText {
    /// Writes a value as JSON text.
    ///
    /// # Errors
    ///
    /// When serde_json cannot write the value, such as a map with keys that are no strings.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        serde_json::to_string(value)
            .map(Self::from)
            .map_err(|error| {
                Error::new(ErrorKind::Invalid, "the value cannot be written as JSON")
                    .caused_by(error)
            })
    }

    /// The text. Without a copy where it has no escapes.
    ///
    /// # Errors
    ///
    /// When an escape stands for half a surrogate pair (`"\ud800"`), which JSON allows and no Rust
    /// string can hold. Only this text is lost, not the event around it.
    pub fn as_text(&self) -> Result<Cow<'_, str>, Error> {
        match &self.0 {
            Repr::Token(token) => unescape(inside(token)),
            Repr::Plain(text) => Ok(Cow::Borrowed(text)),
        }
    }

    /// Reads the text as a JSON document, such as an event within the event.
    ///
    /// Leaves of the value share the memory of this text; see [`decode`](crate::decode).
    ///
    /// # Errors
    ///
    /// When the text is not JSON, or does not fit `T`; also as for [`as_text`](JsonText::as_text).
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match &self.0 {
            Repr::Plain(text) => decode_text(text.buffer()),
            Repr::Token(token) => match unescape(inside(token))? {
                Cow::Borrowed(text) => decode_text(&token.buffer().slice_ref(text)),
                Cow::Owned(text) => decode_text(&ByteString::from(text)),
            },
        }
    }
}

impl Default for JsonText {
    fn default() -> Self {
        Self(Repr::Plain(Text::default()))
    }
}

impl From<&str> for JsonText {
    fn from(text: &str) -> Self {
        Self(Repr::Plain(text.into()))
    }
}

impl From<String> for JsonText {
    fn from(text: String) -> Self {
        Self(Repr::Plain(text.into()))
    }
}

impl From<Text> for JsonText {
    fn from(text: Text) -> Self {
        Self(Repr::Plain(text))
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Token(one), Repr::Token(two)) if one == two => true,
            _ => self.as_text().is_ok_and(|text| *other == *text),
        }
    }
}

impl Eq for JsonText {}

impl PartialEq<str> for JsonText {
    fn eq(&self, other: &str) -> bool {
        self.as_text().is_ok_and(|text| text == other)
    }
}

impl PartialEq<&str> for JsonText {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.as_text(), &self.0) {
            (Ok(text), _) => fmt::Debug::fmt(&text, f),
            (Err(_), Repr::Token(text) | Repr::Plain(text)) => f.write_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As a token, because serde_json refuses half a surrogate pair in a string.
        let other = match Token::deserialize(deserializer)? {
            Token::Raw(Repr::Token(token)) if !token.starts_with('"') => Token::Raw(token),
            Token::Raw(string) => return Ok(Self(string)),
            Token::Plain(Value::String(text)) => return Ok(Self(text.into())),
            Token::Plain(value) => Token::Plain(value),
        };
        Err(other.refuse("a string"))
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Repr::Plain(text) => text.serialize(serializer),
            Repr::Token(token) => token::serialize(token, serializer, |serializer| {
                let text = self.as_text().map_err(ser::Error::custom)?;
                serializer.serialize_str(&text)
            }),
        }
    }
}

impl Repr {
    /// The token where it lies in a buffer that is there anyway, its text elsewhere.
    fn of(token: &str) -> Self {
        if buffer::is_shared() || !token.starts_with('"') {
            return Self::Token(Text::share(token));
        }
        match unescape(inside(token)) {
            Ok(Cow::Borrowed(text)) => Self::Plain(text.into()),
            Ok(Cow::Owned(text)) => Self::Plain(text.into()),
            // No string can hold the text.
            Err(_) => Self::Token(token.into()),
        }
    }
}

impl<'de> Deserialize<'de> for Repr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TokenText;

        impl Visitor<'_> for TokenText {
            type Value = Repr;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text of a JSON value")
            }

            fn visit_str<E: de::Error>(self, token: &str) -> Result<Repr, E> {
                Ok(Repr::of(token))
            }
        }

        deserializer.deserialize_str(TokenText)
    }
}

impl From<String> for Repr {
    fn from(text: String) -> Self {
        Self::Plain(text.into())
    }
}

fn inside(token: &str) -> &str {
    token.get(1..token.len() - 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode;

    #[test]
    fn is_written_back_as_it_came() {
        for (json, plain) in [
            (r#""""#, r#""""#),
            (r#""plain""#, r#""plain""#),
            (r#""{\"id\":7}""#, r#""{\"id\":7}""#),
            (r#""\u007b\/\u00e9\ud83d\ude00é""#, r#""{/é😀é""#),
            (r#""\ud800 \"half\" é""#, r#""\ud800 \"half\" é""#),
            (r#""a\n\uDE00""#, r#""a\n\uDE00""#),
        ] {
            let shared: JsonText = decode(json).unwrap();
            assert_eq!(serde_json::to_string(&shared).unwrap(), json);
            assert_eq!(shared, shared.clone());
            let one: JsonText = serde_json::from_str(json).unwrap();
            let two: JsonText = serde_json::from_slice(json.as_bytes()).unwrap();
            let three: JsonText = serde_json::from_reader(json.as_bytes()).unwrap();
            for text in [one, two, three] {
                assert_eq!(serde_json::to_string(&text).unwrap(), plain);
                assert_eq!(
                    serde_json::to_string(&vec![&text]).unwrap(),
                    format!("[{plain}]")
                );
                assert_eq!(text, text.clone());
                assert_eq!(text.as_text().ok(), shared.as_text().ok());
            }
        }
    }

    #[test]
    fn half_a_pair_costs_one_text() {
        let json = r#"["\ud800","{}"]"#;
        assert_eq!(
            serde_json::from_str::<Vec<JsonText>>(json).unwrap()[1],
            "{}"
        );
        let texts: Vec<JsonText> = decode(json).unwrap();
        let error = texts[0].as_text().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(r"\ud800"), "{error}");
        assert!(texts[0].decode::<Value>().is_err());
        assert!(serde_json::to_value(&texts[0]).is_err());
        assert_eq!(format!("{:?}", texts[0]), r#""\ud800""#);
        assert_eq!(texts[1].decode::<Value>().unwrap(), serde_json::json!({}));
        assert_ne!(texts[0], texts[1]);
    }

    #[test]
    fn control_characters_are_refused_as_in_a_string() {
        for json in ["\"a\tb\"", "\"\n\"", "\"\\u00e9\0\""] {
            assert!(serde_json::from_str::<String>(json).is_err());
            assert!(serde_json::from_str::<JsonText>(json).is_err(), "{json:?}");
            assert!(serde_json::from_slice::<JsonText>(json.as_bytes()).is_err());
            assert!(serde_json::from_reader::<_, JsonText>(json.as_bytes()).is_err());
            assert!(decode::<JsonText>(json.to_owned()).is_err());
        }
    }

    #[test]
    fn equality_is_that_of_texts() {
        let escaped: JsonText = decode(r#""\u0061\"""#).unwrap();
        assert_eq!(escaped, JsonText::from("a\""));
        assert_eq!(JsonText::from("a\""), escaped);
        assert_eq!(escaped, "a\"");
        assert_ne!(escaped, JsonText::default());
        assert_eq!(format!("{escaped:?}"), r#""a\"""#);
    }

    #[test]
    fn the_path_of_an_error_is_within_the_text() {
        let text = JsonText::encode(&serde_json::json!({"a": [1, "x"]})).unwrap();
        let error = text
            .decode::<std::collections::HashMap<String, Vec<u8>>>()
            .unwrap_err();
        assert_eq!(error.context("path"), Some("a[1]"));
    }

    proptest! {
        #[test]
        fn every_string_comes_back(string: String) {
            let json = serde_json::to_string(&string).unwrap();
            let shared: JsonText = decode(json.clone()).unwrap();
            prop_assert_eq!(shared.as_text().unwrap(), string.clone());
            prop_assert_eq!(serde_json::to_string(&shared).unwrap(), json.clone());
            prop_assert_eq!(serde_json::to_string(&JsonText::from(string.clone())).unwrap(), json);
            prop_assert_eq!(serde_json::to_value(&shared).unwrap(), Value::String(string));
        }
    }
}

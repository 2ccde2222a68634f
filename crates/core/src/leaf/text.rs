//! Strings.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use bytes::Bytes;
use bytestring::ByteString;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{buffer, token};

/// An immutable string, cheap to clone, that can be part of a larger buffer.
///
/// ```
/// use lambda_with::Text;
///
/// let bucket = Text::from("uploads");
/// assert_eq!(bucket, "uploads");
/// assert!(bucket.starts_with("up"));
/// ```
///
/// It behaves like a `&str` wherever one is wanted, and compares and hashes like one, so that a map
/// with `Text` keys is searched by `&str`.
///
/// Read by [`decode`](crate::decode), a text without escapes is a slice of the event's buffer: it
/// costs no copy, and as long as it lives, so does the buffer. Read by plain serde, short texts
/// share chunks of 4 KB and long ones stand alone. [`Text::detach`] gives a text that keeps nothing
/// but itself; use it for what outlives the event.
#[derive(Clone, Default, Eq)]
pub struct Text(ByteString);

impl Text {
    /// A text known at compile time; costs no allocation.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(ByteString::from_static(text))
    }

    /// The string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A copy that shares memory with no other text.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self(ByteString::from(self.as_str()))
    }

    /// The UTF-8 bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }

    pub(crate) fn share(text: &str) -> Self {
        Self(buffer::share(text))
    }

    pub(crate) fn slice(&self, part: &str) -> Self {
        Self(self.0.slice_ref(part))
    }

    pub(crate) fn buffer(&self) -> &ByteString {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        if text.is_empty() {
            Self::default()
        } else {
            Self(ByteString::from(text))
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(ByteString::from(text))
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::from(text),
            Cow::Owned(text) => Self::from(text),
        }
    }
}

impl From<ByteString> for Text {
    fn from(text: ByteString) -> Self {
        Self(text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl From<Text> for ByteString {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<Text> for str {
    fn eq(&self, other: &Text) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Text> for &str {
    fn eq(&self, other: &Text) -> bool {
        *self == other.as_str()
    }
}

impl PartialEq<Text> for String {
    fn eq(&self, other: &Text) -> bool {
        self == other.as_str()
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other)
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        token::serialize_str(self, serializer)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text, E> {
        Ok(Text::share(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(buffer::copy(text)))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
        Ok(Text(buffer::take(text)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use proptest::prelude::*;

    use super::*;
    use crate::decode;

    #[test]
    fn behaves_like_a_str() {
        let text = Text::from("orders");
        assert_eq!(text, "orders");
        assert_eq!("orders", text);
        assert_eq!(text, String::from("orders"));
        assert_eq!(String::from(text.clone()), "orders");
        assert_eq!(format!("{text:>8}|{text:?}"), r#"  orders|"orders""#);
        assert!(text < Text::from_static("p") && text > Text::default());
        assert_eq!(HashMap::from([(text.clone(), 7)]).get("orders"), Some(&7));
        assert_eq!(BTreeMap::from([(text.clone(), 7)]).get("orders"), Some(&7));
        assert_eq!(text.clone().into_bytes(), "orders");
        assert_eq!(Text::default(), "");
    }

    #[test]
    fn only_strings_are_taken() {
        for json in [
            "7",
            "null",
            "true",
            "[]",
            "{}",
            r#""\ud800""#,
            "\"\u{1}\"",
            "\"open",
        ] {
            assert!(serde_json::from_str::<Text>(json).is_err(), "{json}");
            assert!(decode::<Text>(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn every_string_comes_back(strings in prop::collection::vec(any::<String>(), 0..20)) {
            let json = serde_json::to_string(&strings).unwrap();
            let plain: Vec<Text> = serde_json::from_str(&json).unwrap();
            let read: Vec<Text> = serde_json::from_reader(json.as_bytes()).unwrap();
            let shared: Vec<Text> = decode(json.clone()).unwrap();
            prop_assert_eq!(&plain, &strings);
            prop_assert_eq!(&read, &strings);
            prop_assert_eq!(&shared, &strings);
            prop_assert_eq!(serde_json::to_string(&shared).unwrap(), json);
        }
    }
}

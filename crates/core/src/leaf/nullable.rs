//! Members that may be there, `null`, or absent.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Headers, Map, MultiHeaders, Text};

/// A member that a service sends, sends as `null`, or leaves out; each is written back as it came.
///
/// ```
/// use lambda_with::{Nullable, Text};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize, Serialize)]
/// struct Identity {
///     #[serde(default, skip_serializing_if = "Nullable::is_missing")]
///     user: Nullable<Text>,
/// }
///
/// for json in [r#"{}"#, r#"{"user":null}"#, r#"{"user":"ana"}"#] {
///     let identity: Identity = serde_json::from_str(json)?;
///     assert_eq!(identity.user.is_some(), json.contains("ana"));
///     assert_eq!(serde_json::to_string(&identity)?, json);
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Most code asks for [`as_ref`](Nullable::as_ref) and does not care which kind of nothing it is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Nullable<T> {
    /// The member is not there.
    #[default]
    Missing,
    /// The member is `null`.
    Null,
    /// The member has a value.
    Value(T),
}

impl<T> Nullable<T> {
    /// The value, if there is one.
    pub const fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }

    /// The value, if there is one, to be changed.
    pub const fn as_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }

    /// The value as what it dereferences to: a `Nullable<Text>` as an `Option<&str>`.
    pub fn as_deref(&self) -> Option<&T::Target>
    where
        T: Deref,
    {
        self.as_ref().map(T::deref)
    }

    /// The value, if there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }

    /// Whether there is a value.
    pub const fn is_some(&self) -> bool {
        matches!(self, Self::Value(_))
    }

    /// Whether there is no value, be it `null` or not there.
    pub const fn is_none(&self) -> bool {
        !self.is_some()
    }

    /// Whether the member is not there.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// Whether the member is `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl<V> Nullable<Map<V>> {
    /// The value of this name, if there is a map and the name in it.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.as_ref()?.get(name)
    }
}

impl Nullable<Headers> {
    /// The value of the header of this name, in any letter case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.as_ref()?.get(name)
    }
}

impl Nullable<MultiHeaders> {
    /// The first value of the header of this name, in any letter case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.as_ref()?.get(name)
    }

    /// All values of the header of this name, in any letter case; empty if there is none.
    pub fn get_all(&self, name: &str) -> &[Text] {
        self.as_ref()
            .map(|headers| headers.get_all(name))
            .unwrap_or_default()
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    /// `None` is a member that is not there.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Self::Value)
    }
}

impl<T> From<Nullable<T>> for Option<T> {
    fn from(value: Nullable<T>) -> Self {
        value.into_option()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Json, JsonText, decode};

    #[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
    #[serde(default)]
    struct Members {
        #[serde(skip_serializing_if = "Nullable::is_missing")]
        text: Nullable<Text>,
        #[serde(skip_serializing_if = "Nullable::is_missing")]
        body: Nullable<JsonText>,
        #[serde(skip_serializing_if = "Nullable::is_missing")]
        any: Nullable<Json>,
        #[serde(skip_serializing_if = "Nullable::is_missing")]
        headers: Nullable<Headers>,
        #[serde(skip_serializing_if = "Nullable::is_missing")]
        multi: Nullable<MultiHeaders>,
    }

    #[test]
    fn each_kind_of_nothing_comes_back() {
        for json in [
            r#"{}"#,
            r#"{"text":null,"body":null,"any":null,"headers":null,"multi":null}"#,
            r#"{"text":"","body":"\n","any":[1, 2],"headers":{"A":"b"},"multi":{"A":["b","c"]}}"#,
            r#"{"body":null,"multi":{}}"#,
        ] {
            for members in [
                serde_json::from_str(json).unwrap(),
                decode::<Members>(json).unwrap(),
            ] {
                assert_eq!(serde_json::to_string(&members).unwrap(), json);
            }
        }
        let full = r#"{"headers":{"A":"b"},"multi":{"A":["b","c"]},"text":"t"}"#;
        let members: Members = decode(full).unwrap();
        assert_eq!(
            (members.headers.get("a"), members.multi.get("a")),
            (Some("b"), Some("b"))
        );
        assert_eq!(members.multi.get_all("a").len(), 2);
        assert_eq!(members.text.as_deref(), Some("t"));
        assert_eq!(Members::default().multi.get_all("a"), [""; 0]);
    }

    #[test]
    fn conversions() {
        assert_eq!(Nullable::<u8>::from(None), Nullable::Missing);
        assert_eq!(Nullable::<u8>::from(Some(7)), Nullable::Value(7));
        assert_eq!(Nullable::from(7).into_option(), Some(7));
        assert_eq!(Option::<u8>::from(Nullable::Null), None);
        assert!(Nullable::<u8>::Null.is_none() && Nullable::<u8>::Null.is_null());
        assert!(!Nullable::<u8>::Null.is_missing() && Nullable::from(7).is_some());
        assert_eq!(
            Nullable::from(7).as_mut().map(|value| *value += 1),
            Some(())
        );
    }
}

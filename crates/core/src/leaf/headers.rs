//! Header maps.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Map, Text};

/// HTTP headers with one value each: names keep their letter case and are found in any.
///
/// ```
/// use lambda_with::Headers;
///
/// let headers: Headers = serde_json::from_str(r#"{"Content-Type": "text/plain"}"#)?;
/// assert_eq!(headers.get("content-type"), Some("text/plain"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Where a name comes twice, [`get`](Headers::get) gives the last. Otherwise as [`Map`].
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Headers(Map<Text>);

/// HTTP headers with any number of values each: names keep their letter case and are found in any.
///
/// ```
/// use lambda_with::MultiHeaders;
///
/// let headers: MultiHeaders = serde_json::from_str(r#"{"Accept": ["text/html", "text/plain"]}"#)?;
/// assert_eq!(headers.get("accept"), Some("text/html"));
/// assert_eq!(headers.get_all("accept").len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Otherwise as [`Map`].
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct MultiHeaders(Map<Vec<Text>>);

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Map::new())
    }

    /// The value of the header of this name, in any letter case; the last if there are several.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// Sets a header, in place of all of that name in any letter case.
    pub fn insert(&mut self, name: impl Into<Text>, value: impl Into<Text>) {
        let name = name.into();
        self.0.retain(|key| !key.eq_ignore_ascii_case(&name));
        self.0.push(name, value.into());
    }
}

impl MultiHeaders {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Map::new())
    }

    /// The first value of the header of this name, in any letter case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).first().map(Text::as_str)
    }

    /// All values of the header of this name, in any letter case; empty if there is none.
    #[must_use]
    pub fn get_all(&self, name: &str) -> &[Text] {
        let found = self
            .0
            .iter()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found
            .map(|(_, values)| values.as_slice())
            .unwrap_or_default()
    }

    /// Adds a value to the header of this name, in any letter case.
    pub fn append(&mut self, name: impl Into<Text>, value: impl Into<Text>) {
        let name = name.into();
        let found = self
            .0
            .iter_mut()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case(&name));
        if let Some((_, values)) = found {
            values.push(value.into());
        } else {
            self.0.push(name, vec![value.into()]);
        }
    }
}

macro_rules! like_a_map {
    ($headers:ident of $value:ty) => {
        impl $headers {
            /// Whether there is a header of this name, in any letter case.
            #[must_use]
            pub fn contains(&self, name: &str) -> bool {
                self.0.keys().any(|key| key.eq_ignore_ascii_case(name))
            }

            /// Adds a header at the end, whether or not its name is there already.
            pub fn push(&mut self, name: Text, value: $value) {
                self.0.push(name, value);
            }

            /// The headers in order.
            pub fn iter(
                &self,
            ) -> impl DoubleEndedIterator<Item = (&Text, &$value)> + ExactSizeIterator {
                self.0.iter()
            }

            /// How many headers there are.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether there is no header.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl fmt::Debug for $headers {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl From<Map<$value>> for $headers {
            fn from(map: Map<$value>) -> Self {
                Self(map)
            }
        }

        impl From<$headers> for Map<$value> {
            fn from(headers: $headers) -> Self {
                headers.0
            }
        }

        impl IntoIterator for $headers {
            type Item = (Text, $value);
            type IntoIter = std::vec::IntoIter<(Text, $value)>;

            fn into_iter(self) -> Self::IntoIter {
                self.0.into_iter()
            }
        }

        impl<'a> IntoIterator for &'a $headers {
            type Item = &'a (Text, $value);
            type IntoIter = std::slice::Iter<'a, (Text, $value)>;

            fn into_iter(self) -> Self::IntoIter {
                (&self.0).into_iter()
            }
        }
    };
}

like_a_map!(Headers of Text);
like_a_map!(MultiHeaders of Vec<Text>);

impl<K: Into<Text>, V: Into<Text>> FromIterator<(K, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(headers: I) -> Self {
        Self(
            headers
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect(),
        )
    }
}

impl<K: Into<Text>, V: Into<Text>, const N: usize> From<[(K, V); N]> for Headers {
    fn from(headers: [(K, V); N]) -> Self {
        headers.into_iter().collect()
    }
}

impl<K: Into<Text>> FromIterator<(K, Vec<Text>)> for MultiHeaders {
    fn from_iter<I: IntoIterator<Item = (K, Vec<Text>)>>(headers: I) -> Self {
        Self(headers.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    #[test]
    fn names_keep_their_case_and_are_found_in_any() {
        let json = r#"{"Content-TYPE":"text/plain","x-ünï":"1","X-ünï":"2"}"#;
        for mut headers in [
            serde_json::from_str(json).unwrap(),
            decode::<Headers>(json).unwrap(),
        ] {
            assert_eq!(serde_json::to_string(&headers).unwrap(), json);
            assert_eq!(headers.get("content-type"), Some("text/plain"));
            assert_eq!(headers.get("X-ünï"), Some("2"));
            assert_eq!(headers.get("X-ÜNÏ"), None);
            assert!(headers.contains("CONTENT-TYPE") && !headers.contains("accept"));
            headers.insert("x-ünï", "3");
            assert_eq!(headers.len(), 2);
            assert_eq!(
                headers.iter().map(|(name, _)| &**name).collect::<Vec<_>>(),
                ["Content-TYPE", "x-ünï"]
            );
        }
        assert_eq!(
            Headers::from([("a", "1")]),
            serde_json::from_str(r#"{"a":"1"}"#).unwrap()
        );
        assert!(decode::<Headers>("null").unwrap().is_empty());
    }

    #[test]
    fn several_values() {
        let json = r#"{"Accept":["text/html","text/plain"],"Empty":[]}"#;
        for mut headers in [
            serde_json::from_str(json).unwrap(),
            decode::<MultiHeaders>(json).unwrap(),
        ] {
            assert_eq!(serde_json::to_string(&headers).unwrap(), json);
            assert_eq!(headers.get_all("accept"), ["text/html", "text/plain"]);
            assert_eq!(
                (
                    headers.get("ACCEPT"),
                    headers.get("empty"),
                    headers.get("x")
                ),
                (Some("text/html"), None, None)
            );
            headers.append("accept", "*/*");
            headers.append("X", "1");
            assert_eq!(headers.get_all("ACCEPT").len(), 3);
            assert_eq!(headers.len(), 3);
        }
    }
}

//! JSON objects whose names are data.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Text;

/// A JSON object as an ordered list of names and values.
///
/// ```
/// use lambda_with::{Map, Text};
///
/// let tags: Map<Text> = serde_json::from_str(r#"{"stage": "prod", "team": "orders"}"#)?;
/// assert_eq!(tags.get("team").map(Text::as_str), Some("orders"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Members keep their order. Looking one up walks the list, which is the fastest way for the
/// handful of members such objects have. A name that comes twice is kept twice and written back
/// twice; [`get`](Map::get) gives the last, as most JSON readers do. Two maps are equal when `get`
/// gives the same for every name, whatever the order. A `null` is read as an empty map.
#[derive(Clone)]
pub struct Map<V> {
    entries: Vec<(Text, V)>,
}

impl<V> Map<V> {
    /// An empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// The value of this name, the last if there are several.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&V> {
        self.entries
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.entries
            .iter_mut()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// Whether the name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets the value of a name and returns the one it had.
    pub fn insert(&mut self, name: impl Into<Text>, value: V) -> Option<V> {
        let name = name.into();
        match self.get_mut(&name) {
            Some(old) => Some(std::mem::replace(old, value)),
            None => {
                self.entries.push((name, value));
                None
            }
        }
    }

    /// Adds a member at the end, whether or not its name is there already.
    pub fn push(&mut self, name: Text, value: V) {
        self.entries.push((name, value));
    }

    /// Removes every member of this name and returns the value of the last.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        self.entries
            .extract_if(.., |(key, _)| key == name)
            .last()
            .map(|(_, value)| value)
    }

    /// The members in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Text, &V)> + ExactSizeIterator {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// The members in order, with values to be changed.
    pub fn iter_mut(
        &mut self,
    ) -> impl DoubleEndedIterator<Item = (&Text, &mut V)> + ExactSizeIterator {
        self.entries.iter_mut().map(|(name, value)| (&*name, value))
    }

    /// Keeps the members whose name passes the test.
    pub fn retain(&mut self, mut keep: impl FnMut(&Text) -> bool) {
        self.entries.retain(|(name, _)| keep(name));
    }

    /// The names in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> + ExactSizeIterator {
        self.iter().map(|(name, _)| name)
    }

    /// The values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.iter().map(|(_, value)| value)
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        fn index<V>(map: &Map<V>) -> HashMap<&str, &V> {
            map.iter()
                .map(|(name, value)| (name.borrow(), value))
                .collect()
        }
        self.entries == other.entries || index(self) == index(other)
    }
}

impl<V: Eq> Eq for Map<V> {}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<Text>, V> FromIterator<(K, V)> for Map<V> {
    /// Takes every pair, also those with a name that was there before.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self {
            entries: entries
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        }
    }
}

impl<K: Into<Text>, V, const N: usize> From<[(K, V); N]> for Map<V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Into<Text>, V> Extend<(K, V)> for Map<V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.entries.extend(
            entries
                .into_iter()
                .map(|(name, value)| (name.into(), value)),
        );
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (Text, V);
    type IntoIter = std::vec::IntoIter<(Text, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, V> IntoIterator for &'a Map<V> {
    type Item = &'a (Text, V);
    type IntoIter = std::slice::Iter<'a, (Text, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MapVisitor(PhantomData))
    }
}

impl<V: Serialize> Serialize for Map<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

struct MapVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = Map<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Map<V>, A::Error> {
        let mut map = Map::new();
        while let Some((name, value)) = access.next_entry()? {
            map.push(name, value);
        }
        Ok(map)
    }

    fn visit_unit<E: Error>(self) -> Result<Map<V>, E> {
        Ok(Map::new())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode;

    #[test]
    fn order_and_duplicates_are_kept() {
        for json in [
            "{}",
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"\u00e9":1}"#,
        ] {
            for map in [
                serde_json::from_str(json).unwrap(),
                decode::<Map<i64>>(json).unwrap(),
            ] {
                assert_eq!(
                    serde_json::to_string(&map).unwrap(),
                    json.replace(r"\u00e9", "é")
                );
            }
        }
        let map: Map<i64> = serde_json::from_str(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(
            (map.get("a"), map.get("b"), map.get("c"), map.len()),
            (Some(&3), Some(&2), None, 3)
        );
        assert_eq!(format!("{map:?}"), r#"{"a": 1, "b": 2, "a": 3}"#);
        assert!(decode::<Map<i64>>("null").unwrap().is_empty());
        assert!(decode::<Map<i64>>("[]").is_err());
    }

    #[test]
    fn equality_is_that_of_get() {
        let map = Map::from([("a", 1), ("b", 2)]);
        assert_eq!(map, Map::from([("b", 2), ("a", 1)]));
        assert_eq!(map, Map::from([("a", 0), ("b", 2), ("a", 1)]));
        for other in [
            &[("a", 1)][..],
            &[("a", 1), ("b", 3)],
            &[("a", 1), ("b", 2), ("c", 3)],
        ] {
            assert_ne!(map, other.iter().copied().collect());
        }
    }

    #[test]
    fn changes() {
        let mut map = Map::new();
        assert_eq!(map.insert("a", 1), None);
        assert_eq!(map.insert("a", 2), Some(1));
        map.push("a".into(), 3);
        map.extend([("b", 4)]);
        assert!(map.contains("b"));
        assert_eq!(map.values().sum::<i32>(), 9);
        assert_eq!(map.remove("a"), Some(3));
        assert_eq!(map.remove("a"), None);
        assert_eq!(map.keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!(map.into_iter().next(), Some(("b".into(), 4)));
    }

    proptest! {
        #[test]
        fn agrees_with_a_hash_map(entries: Vec<(String, u8)>) {
            let map: Map<u8> = entries.clone().into_iter().collect();
            let hashed: HashMap<String, u8> = entries.into_iter().collect();
            for (name, value) in &hashed {
                prop_assert_eq!(map.get(name), Some(value));
            }
            prop_assert_eq!(map, hashed.into_iter().collect());
        }
    }
}

//! serde's view of an item: its attributes one by one.

use lambda_with::{Json, Map};
use serde::de::value::{Error, MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::AttributeValue;

/// The attributes of an item, where there is one; each is parsed when it is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Attributes<'a>(pub(crate) Option<&'a Map<Json>>);

/// The members of a map, parsed or not.
pub(super) struct Members<'a, I, V> {
    rest: I,
    next: Option<(&'a str, &'a V)>,
}

/// What a member of a map may be: a value, or the JSON text of one.
pub(super) trait Member {
    fn read<'de, S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, Error>;
}

impl<'a, I, V> Members<'a, I, V> {
    pub(super) fn new(rest: I) -> Self {
        Self { rest, next: None }
    }
}

impl<'a, 'de, I, N, V> MapAccess<'de> for Members<'a, I, V>
where
    I: Iterator<Item = (&'a N, &'a V)>,
    N: AsRef<str> + ?Sized + 'a,
    V: Member,
{
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.next = self.rest.next().map(|(name, value)| (name.as_ref(), value));
        match self.next {
            Some((name, _)) => seed.deserialize(StrDeserializer::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let Some((name, value)) = self.next.take() else {
            return Err(Error::custom("a value was asked for before its name"));
        };
        let named = |error| Error::custom(format!("`{name}`: {error}"));
        value.read(seed).map_err(named)
    }
}

impl Member for AttributeValue {
    fn read<'de, S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }
}

impl Member for Json {
    fn read<'de, S: DeserializeSeed<'de>>(&self, seed: S) -> Result<S::Value, Error> {
        let value: AttributeValue = self.decode().map_err(Error::custom)?;
        seed.deserialize(&value)
    }
}

impl<'de> Deserializer<'de> for Attributes<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Some(attributes) => visitor.visit_map(Members::new(attributes.iter())),
            None => Err(Error::custom("there is no item")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Some(_) => visitor.visit_some(self),
            None => visitor.visit_none(),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let attributes = self.0.ok_or_else(|| Error::custom("there is no item"))?;
        visitor.visit_enum(MapAccessDeserializer::new(Members::new(attributes.iter())))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

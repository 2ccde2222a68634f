//! Reading properties whose numbers and booleans came as strings.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

/// Reads a value, taking a string for a number or boolean wherever `T` has one. Errors name the
/// member.
pub(crate) fn read<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, Error> {
    T::deserialize(Lenient(Value::Object(members)))
}

struct Lenient(Value);

impl Lenient {
    /// The string as a value of another kind, where it is one.
    fn parsed<T: FromStr>(&self) -> Option<T> {
        self.0.as_str()?.trim().parse().ok()
    }
}

macro_rules! from_text {
    ($($method:ident $kind:ty => $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.parsed::<$kind>() {
                Some(value) => visitor.$visit(value),
                None => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter().enumerate())),
            Value::Object(members) => visitor.visit_map(Members {
                left: members.into_iter(),
                value: None,
            }),
            plain => plain.deserialize_any(visitor),
        }
    }

    from_text! {
        deserialize_i8 i8 => visit_i8
        deserialize_i16 i16 => visit_i16
        deserialize_i32 i32 => visit_i32
        deserialize_i64 i64 => visit_i64
        deserialize_i128 i128 => visit_i128
        deserialize_u8 u8 => visit_u8
        deserialize_u16 u16 => visit_u16
        deserialize_u32 u32 => visit_u32
        deserialize_u64 u64 => visit_u64
        deserialize_u128 u128 => visit_u128
        deserialize_f32 f32 => visit_f32
        deserialize_f64 f64 => visit_f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("true") => visitor.visit_bool(true),
            Some("false") => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        // serde_json's raw values, which it knows by a name of its own.
        if name.starts_with('$') {
            return self.0.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

struct Items(std::iter::Enumerate<std::vec::IntoIter<Value>>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((index, item)) = self.0.next() else {
            return Ok(None);
        };
        let item = seed.deserialize(Lenient(item));
        item.map(Some).map_err(|error| below(index, &error))
    }
}

struct Members {
    left: serde_json::map::IntoIter,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.left.next() else {
            return Ok(None);
        };
        let key = seed.deserialize(name.as_str().into_deserializer());
        self.value = Some((name, value));
        key.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, value) = self.value.take().unwrap_or_default();
        let value = seed.deserialize(Lenient(value));
        value.map_err(|error| below(name, &error))
    }
}

/// The error of a value, with the member it stands in.
fn below(place: impl Display, error: &Error) -> Error {
    let text = error.to_string();
    match text.strip_prefix('`') {
        Some(rest) => Error::custom(format!("`{place}.{rest}")),
        None => Error::custom(format!("`{place}`: {text}")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Berths {
        count: u32,
        price: Option<f64>,
        #[serde(default)]
        heated: bool,
        #[serde(default)]
        name: String,
        #[serde(default)]
        depths: Vec<Depth>,
        kind: Option<Kind>,
        #[serde(default)]
        raw: Option<Box<serde_json::value::RawValue>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Depth(i16);

    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        Mooring,
    }

    fn read(document: Value) -> Result<Berths, String> {
        let Value::Object(members) = document else {
            panic!("{document}")
        };
        super::read(members).map_err(|error| error.to_string())
    }

    #[test]
    fn strings_stand_for_numbers_and_booleans() {
        let strings = json!({"Count": "24", "Price": "12.5", "Heated": "True", "Name": "7",
            "Depths": ["-3", 4], "Kind": "Mooring"});
        let plain = json!({"Count": 24, "Price": 12.5, "Heated": true, "Name": "7",
            "Depths": [-3, "4"], "Kind": "Mooring", "More": {"a": []}});
        let berths = read(strings).unwrap();
        assert_eq!((berths.count, berths.price), (24, Some(12.5)));
        assert!(berths.heated && berths.name == "7");
        assert_eq!(berths.depths, [Depth(-3), Depth(4)]);
        let other = read(plain).unwrap();
        assert_eq!(other.depths, berths.depths);
        assert_eq!(other.kind, Some(Kind::Mooring));
        let null = read(json!({"Count": " 1 ", "Price": null, "Raw": {"a": ["1"]}})).unwrap();
        assert_eq!((null.count, null.price), (1, None));
        assert_eq!(null.raw.unwrap().get(), r#"{"a":["1"]}"#);
    }

    #[test]
    fn errors_name_the_member() {
        for (document, expected) in [
            (
                json!({"Count": "many"}),
                "`Count`: invalid type: string \"many\", expected u32",
            ),
            (
                json!({"Count": "1", "Depths": ["1", "deep"]}),
                "`Depths.1`: invalid type: string \"deep\", expected i16",
            ),
            (
                json!({"Count": "1", "Heated": "yes"}),
                "`Heated`: invalid type: string \"yes\", expected a boolean",
            ),
            (json!({"Heated": "true"}), "missing field `Count`"),
        ] {
            assert_eq!(read(document).unwrap_err(), expected);
        }
    }
}

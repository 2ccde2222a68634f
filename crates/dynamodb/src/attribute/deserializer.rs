//! serde's view of one value.

use lambda_with::{Base64, Text};
use serde::de::value::{Error, MapAccessDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::AttributeValue;
use super::access::Members;

/// The text of a number.
#[derive(Clone, Copy)]
pub(super) struct Number<'a>(pub(super) &'a str);

/// Binary data, decoded.
pub(super) struct Binary(pub(super) Vec<u8>);

fn parse<T: std::str::FromStr>(text: &str, expected: &str) -> Result<T, Error> {
    let refused = |_| Error::custom(format!("the number {text} is no {expected}"));
    text.parse().map_err(refused)
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(parse::<$type>(self.0, stringify!($type))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Number<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Ok(number) = self.0.parse() {
            visitor.visit_u64(number)
        } else if let Ok(number) = self.0.parse() {
            visitor.visit_i64(number)
        } else {
            visitor.visit_f64(parse(self.0, "number")?)
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_i128 visit_i128 i128
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_u128 visit_u128 u128
        deserialize_f32 visit_f32 f32
        deserialize_f64 visit_f64 f64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Number<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Binary {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_byte_buf(self.0)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Binary {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn binary(data: &Base64) -> Result<Binary, Error> {
    data.decode().map(Binary).map_err(Error::custom)
}

macro_rules! of_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self {
                AttributeValue::N(number) => Number(number).$method(visitor),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &AttributeValue {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            AttributeValue::S(text) => visitor.visit_str(text),
            AttributeValue::N(number) => Number(number).deserialize_any(visitor),
            AttributeValue::B(data) => binary(data)?.deserialize_any(visitor),
            AttributeValue::Ss(texts) => {
                let texts = texts.iter().map(Text::as_str);
                visitor.visit_seq(SeqDeserializer::new(texts))
            }
            AttributeValue::Ns(numbers) => {
                let numbers = numbers.iter().map(|number| Number(number));
                visitor.visit_seq(SeqDeserializer::new(numbers))
            }
            AttributeValue::Bs(data) => {
                let data: Vec<Binary> = data.iter().map(binary).collect::<Result<_, _>>()?;
                visitor.visit_seq(SeqDeserializer::new(data.into_iter()))
            }
            AttributeValue::M(members) => visitor.visit_map(Members::new(members.iter())),
            AttributeValue::L(values) => visitor.visit_seq(SeqDeserializer::new(values.iter())),
            AttributeValue::Null(_) => visitor.visit_unit(),
            AttributeValue::Bool(value) => visitor.visit_bool(*value),
        }
    }

    of_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_str deserialize_string
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            AttributeValue::B(data) => binary(data)?.deserialize_seq(visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            AttributeValue::Null(_) => visitor.visit_none(),
            _ => visitor.visit_some(self),
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
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            AttributeValue::S(text) => {
                StrDeserializer::new(text).deserialize_enum(name, variants, visitor)
            }
            AttributeValue::M(members) => {
                visitor.visit_enum(MapAccessDeserializer::new(Members::new(members.iter())))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool char bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
    }
}

impl<'de> IntoDeserializer<'de, Error> for &AttributeValue {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

//! A JSON deserializer for documents that are known to be UTF-8 and whole in memory.
//!
//! It does what serde_json's does and gives visitors the same calls. What it does better: it looks
//! for the ends of strings in blocks, which is most of the work with events, and it notes the offset
//! of the value an error is about.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::failure::Failure;
use super::reader::Reader;
use crate::leaf::token::RAW;

/// Arrays and objects within each other, as many as serde_json reads.
const DEPTH: u8 = 127;

/// Reads one value after the other.
pub(super) struct Decoder<'de> {
    reader: Reader<'de>,
    depth: u8,
}

impl<'de> Decoder<'de> {
    pub(super) fn new(json: &'de str) -> Self {
        Self {
            reader: Reader { json, at: 0 },
            depth: 0,
        }
    }

    /// Reads the document, after which nothing may follow.
    pub(super) fn document<T: Deserialize<'de>>(mut self) -> Result<T, Failure> {
        let value = self.seed(PhantomData)?;
        self.end()?;
        Ok(value)
    }

    fn end(&mut self) -> Result<(), Failure> {
        let at_end = self.reader.peek() == 0 && self.reader.at == self.reader.json.len();
        if at_end {
            Ok(())
        } else {
            Err(Failure::new("trailing characters", self.reader.at))
        }
    }

    fn value<V: Visitor<'de>>(&mut self, first: u8, visitor: V) -> Result<V::Value, Failure> {
        match first {
            b'"' => match self.reader.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            b'{' => self.nested(b'}', |members| visitor.visit_map(members)),
            b'[' => self.nested(b']', |elements| visitor.visit_seq(elements)),
            b'-' | b'0'..=b'9' => {
                let number = self.reader.number()?;
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            b't' => self
                .reader
                .word("true")
                .and_then(|()| visitor.visit_bool(true)),
            b'f' => self
                .reader
                .word("false")
                .and_then(|()| visitor.visit_bool(false)),
            b'n' => self.reader.word("null").and_then(|()| visitor.visit_unit()),
            _ => Err(self.reader.expected("a value")),
        }
    }

    /// Reads an array or object up to the byte that closes it.
    fn nested<T>(
        &mut self,
        close: u8,
        read: impl FnOnce(Nested<'_, 'de>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.depth == DEPTH {
            return Err(Failure::new("more than 127 levels", self.reader.at));
        }
        self.depth += 1;
        self.reader.eat();
        let value = read(Nested {
            decoder: self,
            close,
            first: true,
        })?;
        self.depth -= 1;
        if self.reader.peek() == close {
            self.reader.eat();
            Ok(value)
        } else {
            Err(self.reader.expected("the end of the array or object"))
        }
    }

    /// Reads the next value; an error that has no place yet is about this value.
    fn seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        self.reader.peek();
        let start = self.reader.at;
        seed.deserialize(self)
            .map_err(|failure| failure.within(start))
    }
}

/// Types that serde_json reads in ways of its own get its help.
macro_rules! as_serde_json_does {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            let mut inner = serde_json::Deserializer::from_str(self.reader.token()?);
            let value = Deserializer::$method(&mut inner, visitor).map_err(Failure::custom)?;
            inner.end().map_err(Failure::custom)?;
            Ok(value)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let first = self.reader.peek();
        self.value(first, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.reader.peek() == b'n' {
            self.reader.word("null")?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name != RAW {
            return visitor.visit_newtype_struct(self);
        }
        let token = self.reader.token()?;
        visitor.visit_map(RawToken(Some(token)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.reader.peek() {
            b'"' => unit_variant(self.reader.string()?, name, variants, visitor),
            b'{' => self.nested(b'}', |members| {
                visitor.visit_enum(MapAccessDeserializer::new(members))
            }),
            _ => Err(self.reader.expected("the name of a variant, or an object")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.reader.token()?;
        visitor.visit_unit()
    }

    as_serde_json_does! {
        deserialize_i128 deserialize_u128 deserialize_f32 deserialize_bytes deserialize_byte_buf
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f64 char str string unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

/// The elements of an array, or the members of an object.
struct Nested<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    close: u8,
    first: bool,
}

impl Nested<'_, '_> {
    /// Goes to the next element or member, if there is one.
    fn next(&mut self) -> Result<bool, Failure> {
        let reader = &mut self.decoder.reader;
        let mut byte = reader.peek();
        if byte == self.close {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            if byte != b',' {
                return Err(reader.expected("a comma or the end of the array or object"));
            }
            reader.eat();
            byte = reader.peek();
            if byte == self.close {
                return Err(Failure::new("trailing comma", reader.at));
            }
        }
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Nested<'_, 'de> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        if self.next()? {
            self.decoder.seed(seed).map(Some)
        } else {
            Ok(None)
        }
    }

    fn size_hint(&self) -> Option<usize> {
        // Only for the records of an event; other arrays are short.
        if self.decoder.depth > 2 {
            None
        } else {
            self.decoder.reader.guess_objects()
        }
    }
}

impl<'de> MapAccess<'de> for Nested<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        if !self.next()? {
            return Ok(None);
        }
        let reader = &mut self.decoder.reader;
        if reader.peek() != b'"' {
            return Err(reader.expected("a member's name in quotes"));
        }
        seed.deserialize(Name(reader.string()?)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let reader = &mut self.decoder.reader;
        if reader.peek() != b':' {
            return Err(reader.expected("a colon"));
        }
        reader.eat();
        self.decoder.seed(seed)
    }
}

/// The name of a member, which may stand for a number or a boolean.
struct Name<'de>(Cow<'de, str>);

macro_rules! from_the_inside {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            // As in serde_json: what the name says, if that is a number or a boolean.
            match serde_json::from_str::<serde_json::Value>(&self.0) {
                Ok(value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => {
                    Deserializer::$method(value, visitor).map_err(Failure::custom)
                }
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.0 {
            Cow::Borrowed(name) => visitor.visit_borrowed_str(name),
            Cow::Owned(name) => visitor.visit_string(name),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        unit_variant(self.0, name, variants, visitor)
    }

    from_the_inside! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

fn unit_variant<'de, V: Visitor<'de>>(
    variant: Cow<'de, str>,
    name: &'static str,
    variants: &'static [&'static str],
    visitor: V,
) -> Result<V::Value, Failure> {
    match variant {
        Cow::Borrowed(text) => {
            BorrowedStrDeserializer::new(text).deserialize_enum(name, variants, visitor)
        }
        Cow::Owned(text) => StringDeserializer::new(text).deserialize_enum(name, variants, visitor),
    }
}

/// A value as its text, in the form in which serde_json hands it to a `RawValue`.
struct RawToken<'de>(Option<&'de str>);

impl<'de> MapAccess<'de> for RawToken<'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        match self.0 {
            Some(_) => seed
                .deserialize(BorrowedStrDeserializer::new(RAW))
                .map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let token = self.0.take().unwrap_or("null");
        seed.deserialize(BorrowedStrDeserializer::new(token))
    }
}

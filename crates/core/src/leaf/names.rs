//! Names of members, told apart without copying those that are known.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, Visitor};

use super::Text;
use super::buffer;

/// The names of the members a type knows. Generated code reads with it what also keeps the members
/// it does not know.
///
/// ```
/// use lambda_with::{Name, Names};
/// use serde::de::DeserializeSeed;
/// use serde::de::value::{Error, StrDeserializer};
///
/// let names = Names(&["id", "time"]);
/// let name = names.deserialize(StrDeserializer::<Error>::new("time"))?;
/// assert_eq!(name, Name::Known(1));
/// let name = names.deserialize(StrDeserializer::<Error>::new("place"))?;
/// assert_eq!(name, Name::Other("place".into()));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Names(pub &'static [&'static str]);

/// A member's name, read by [`Names`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Name {
    /// A known one, by its place in the list.
    Known(usize),
    /// Any other.
    Other(Text),
}

impl Names {
    fn find(self, name: &str) -> Option<Name> {
        self.0
            .iter()
            .position(|known| *known == name)
            .map(Name::Known)
    }
}

impl<'de> DeserializeSeed<'de> for Names {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Names {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name, E> {
        Ok(self
            .find(name)
            .unwrap_or_else(|| Name::Other(buffer::share(name).into())))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(self
            .find(name)
            .unwrap_or_else(|| Name::Other(buffer::copy(name).into())))
    }
}

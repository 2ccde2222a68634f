//! Looking for a shape's members in one pass over the document.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Member, Mismatch};

/// The first member of `members` that the document lacks.
pub(super) fn probe<'de, D: Deserializer<'de>>(
    members: &[Member],
    document: D,
) -> Option<Mismatch> {
    let mut found = vec![Found::Nothing; members.len()];
    let all = (0..members.len())
        .map(|index| (index, members[index].pointer))
        .collect();
    // What was found before the document turned out to be malformed still counts.
    let _ = Probe {
        members,
        wanted: all,
        found: &mut found,
    }
    .deserialize(document);
    let matched = found
        .iter()
        .filter(|found| matches!(found, Found::Match))
        .count();
    let (index, found) = found
        .into_iter()
        .enumerate()
        .find(|(_, found)| !matches!(found, Found::Match))?;
    let found = if let Found::Other(json) = found {
        Some(json)
    } else {
        None
    };
    Some(Mismatch {
        member: members[index],
        found,
        matched,
    })
}

#[derive(Clone)]
enum Found {
    Nothing,
    Other(String),
    Match,
}

/// The search below one value.
struct Probe<'a> {
    members: &'a [Member],
    /// Members that lie below, by index, and the rest of their pointers.
    wanted: Vec<(usize, &'a str)>,
    found: &'a mut [Found],
}

impl<'a> Probe<'a> {
    /// The search below the child of this name, if anything is wanted there.
    fn child(&mut self, name: &str) -> Option<Probe<'_>> {
        let wanted: Vec<(usize, &'a str)> = self
            .wanted
            .iter()
            .filter_map(|(index, pointer)| Some((*index, descend(pointer, name)?)))
            .collect();
        (!wanted.is_empty()).then_some(Probe {
            members: self.members,
            wanted,
            found: self.found,
        })
    }

    /// Notes what stands at the members whose pointers end here.
    fn note(&mut self, text: Option<&str>, json: impl Fn() -> String) {
        for (index, _) in self.wanted.iter().filter(|(_, pointer)| pointer.is_empty()) {
            let matches = self.members[*index].takes(text);
            self.found[*index] = if matches {
                Found::Match
            } else {
                Found::Other(json())
            };
        }
    }
}

/// What is left of a pointer one step further down.
fn descend<'a>(pointer: &'a str, name: &str) -> Option<&'a str> {
    let pointer = pointer.strip_prefix('/')?;
    let end = pointer.find('/').unwrap_or(pointer.len());
    let (step, rest) = pointer.split_at(end);
    let same = if step.contains('~') {
        step.replace("~1", "/").replace("~0", "~") == name
    } else {
        step == name
    };
    same.then_some(rest)
}

impl<'de> DeserializeSeed<'de> for Probe<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Probe<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.note(None, || "an object".to_owned());
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match self.child(&name) {
                Some(child) => map.next_value_seed(child)?,
                None => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.note(None, || "an array".to_owned());
        if let Some(child) = self.child("0") {
            seq.next_element_seed(child)?;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.note(Some(text), || Value::from(text).to_string());
        Ok(())
    }

    fn visit_bool<E>(mut self, value: bool) -> Result<(), E> {
        self.note(None, || value.to_string());
        Ok(())
    }

    fn visit_i64<E>(mut self, value: i64) -> Result<(), E> {
        self.note(None, || value.to_string());
        Ok(())
    }

    fn visit_u64<E>(mut self, value: u64) -> Result<(), E> {
        self.note(None, || value.to_string());
        Ok(())
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<(), E> {
        self.note(None, || value.to_string());
        Ok(())
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.note(None, || "null".to_owned());
        Ok(())
    }
}

//! A JSON object as text: its members can be replaced, removed and added, and all the rest stays
//! byte for byte.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The members of an object, with the text between them.
#[derive(Clone, Debug)]
pub(super) struct Members {
    members: Vec<Member>,
    /// What stands before the closing brace.
    tail: String,
}

/// One member: `lead`, then the name with its colon, the value, and what stands before the comma.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) value: String,
    lead: String,
    label: String,
    trail: String,
}

impl Members {
    /// Reads `text`, which is one JSON object from brace to brace.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let found: Found<'_> = serde_json::from_str(text)?;
        let mut members: Vec<Member> = Vec::new();
        let mut at = 1;
        for (name, value) in found.0 {
            let start = value.as_ptr() as usize - text.as_ptr() as usize;
            let mut between = &text[at..start];
            if let Some(last) = members.last_mut()
                && let Some((trail, rest)) = between.split_once(',')
            {
                trail.clone_into(&mut last.trail);
                between = rest;
            }
            let (lead, label) = between.split_at(between.find('"').unwrap_or(0));
            members.push(Member {
                name,
                value: value.to_owned(),
                lead: lead.to_owned(),
                label: label.to_owned(),
                trail: String::new(),
            });
            at = start + value.len();
        }
        let end = text.rfind('}').unwrap_or(text.len()).max(at);
        Ok(Self {
            members,
            tail: text[at..end].to_owned(),
        })
    }

    /// An object without members, whose closing brace will stand at this indent.
    pub(super) fn empty(indent: &str) -> Self {
        Self {
            members: Vec::new(),
            tail: format!("\n{indent}"),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// A name that stands there twice, of which JSON's readers see one only.
    pub(super) fn twice(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.iter().map(|member| member.name.as_str()).collect();
        names.sort_unstable();
        let pair = names.windows(2).find(|pair| pair[0] == pair[1])?;
        Some(pair[0])
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&Member) -> bool) {
        let had = !self.members.is_empty();
        self.members.retain(keep);
        if had && self.members.is_empty() {
            self.tail.clear();
        }
    }

    /// Where members are indented to; nothing where all stand on one line. `outer` is the indent of
    /// the object itself.
    pub(super) fn indent(&self, outer: Option<&str>) -> Option<String> {
        match self.members.first() {
            Some(first) => {
                let (_, indent) = first.lead.rsplit_once('\n')?;
                Some(indent.to_owned())
            }
            None => outer.map(|outer| format!("{outer}  ")),
        }
    }

    /// Adds a member at `index`, or at the end.
    pub(super) fn insert(
        &mut self,
        index: Option<usize>,
        name: &str,
        value: String,
        indent: Option<&str>,
        outer: Option<&str>,
    ) {
        let lead = match indent {
            Some(indent) => format!("\n{indent}"),
            None if self.members.is_empty() => String::new(),
            None => " ".to_owned(),
        };
        if self.members.is_empty() {
            self.tail = outer
                .filter(|_| indent.is_some())
                .map_or_else(String::new, |outer| format!("\n{outer}"));
        }
        let member = Member {
            name: name.to_owned(),
            value,
            lead,
            label: format!("{}: ", serde_json::Value::from(name)),
            trail: String::new(),
        };
        let index = index.unwrap_or(self.members.len());
        self.members.insert(index.min(self.members.len()), member);
    }
}

impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, member) in self.members.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let Member {
                lead,
                label,
                value,
                trail,
                ..
            } = member;
            write!(f, "{comma}{lead}{label}{value}{trail}")?;
        }
        write!(f, "{}}}", self.tail)
    }
}

struct Found<'a>(Vec<(String, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Found<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder).map(Found)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Vec<(String, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            members.push((name, value.get()));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives() {
        for text in [
            "{}",
            "{ }",
            r#"{"a":1}"#,
            "{\n\t\"a\" : 1 ,\r\n \"b,\\\"\": [ {\"c\": \"}\"} ]\n\n}",
            r#"{ "x": {"y": "," } , "z": -0.10e+2 , "é": null}"#,
        ] {
            assert_eq!(Members::parse(text).unwrap().to_string(), text);
        }
        assert!(Members::parse("[]").is_err());
        assert!(Members::parse("{} x").is_err());
    }

    #[test]
    fn members_come_and_go() {
        let mut members = Members::parse("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}").unwrap();
        members.retain(|member| member.name != "c" && member.name != "a");
        assert_eq!(members.to_string(), "{\n  \"b\": 2\n}");
        let indent = members.indent(Some(""));
        members.insert(None, "d", "4".into(), indent.as_deref(), Some(""));
        members.insert(Some(0), "e", "5".into(), indent.as_deref(), Some(""));
        assert_eq!(
            members.to_string(),
            "{\n  \"e\": 5,\n  \"b\": 2,\n  \"d\": 4\n}"
        );
        members.retain(|_| false);
        assert_eq!(members.to_string(), "{}");
        let indent = members.indent(Some(""));
        members.insert(None, "f", "6".into(), indent.as_deref(), Some(""));
        assert_eq!(members.to_string(), "{\n  \"f\": 6\n}");

        let mut line = Members::parse(r#"{"a":1}"#).unwrap();
        let indent = line.indent(Some(""));
        line.insert(None, "b", "2".into(), indent.as_deref(), Some(""));
        assert_eq!(line.to_string(), r#"{"a":1, "b": 2}"#);
    }

    #[test]
    fn a_name_that_stands_twice() {
        assert_eq!(
            Members::parse(r#"{"a": 1, "b": 2, "a": 3}"#)
                .unwrap()
                .twice(),
            Some("a")
        );
        assert_eq!(Members::parse(r#"{"a": 1, "b": 2}"#).unwrap().twice(), None);
    }
}

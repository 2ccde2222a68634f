//! What a typed struct keeps of a document: the members it does not know and those it changes.

use serde::Serialize;

use crate::json::{Node, join};

/// The differences between a document and what was written back, as JSON pointers.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Differences {
    /// Members of the document that were not written back.
    pub(crate) unknown: Vec<String>,
    /// Members written back with another value, or invented.
    pub(crate) changed: Vec<String>,
}

impl Differences {
    pub(crate) fn between(document: &Node, written: &Node) -> Self {
        let mut differences = Self::default();
        differences.walk("", document, written);
        differences
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.unknown.is_empty() && self.changed.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.unknown.len() + self.changed.len()
    }

    fn walk(&mut self, pointer: &str, document: &Node, written: &Node) {
        match (document, written) {
            (Node::Object(before), Node::Object(after)) => {
                for (name, value) in before {
                    let pointer = join(pointer, name);
                    match after.iter().find(|(other, _)| other == name) {
                        Some((_, other)) => self.walk(&pointer, value, other),
                        None => self.unknown.push(pointer),
                    }
                }
                for (name, _) in after {
                    if !before.iter().any(|(other, _)| other == name) {
                        self.changed.push(join(pointer, name));
                    }
                }
            }
            (Node::Array(before), Node::Array(after)) => {
                for (index, value) in before.iter().enumerate() {
                    let pointer = join(pointer, &index.to_string());
                    match after.get(index) {
                        Some(other) => self.walk(&pointer, value, other),
                        None => self.unknown.push(pointer),
                    }
                }
                for index in before.len()..after.len() {
                    self.changed.push(join(pointer, &index.to_string()));
                }
            }
            (Node::Number(before), Node::Number(after)) if decimal(before) == decimal(after) => {}
            _ if document == written => {}
            _ => self.changed.push(pointer.to_owned()),
        }
    }
}

/// A number as sign, significant digits and the exponent of the last of them, so that `1`, `1.0`
/// and `10e-1` are equal and nothing passes through a float.
fn decimal(text: &str) -> (bool, String, i64) {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX / 2) - fraction.len() as i64
        + (digits.len() - significant.len()) as i64;
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return (false, String::new(), 0);
    }
    (negative, significant.to_owned(), exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        fn check(document: &str, written: &str, unknown: &[&str], changed: &[&str]) {
            let differences = Differences::between(
                &Node::parse(document).unwrap(),
                &Node::parse(written).unwrap(),
            );
            assert_eq!(differences.unknown, unknown, "{document} {written}");
            assert_eq!(differences.changed, changed, "{document} {written}");
        }
        check(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, &[], &[]);
        check(r#"{"a":1,"b":2}"#, r#"{"a":1}"#, &["/b"], &[]);
        check(r#"{"a":1}"#, r#"{"a":1,"b":null}"#, &[], &["/b"]);
        check(r#"{"a":null}"#, "{}", &["/a"], &[]);
        check(r#"{"a":"1"}"#, r#"{"a":1}"#, &[], &["/a"]);
        check(
            r#"{"a":[1,{"x/y":2}]}"#,
            r#"{"a":[1,{"x/y":3}]}"#,
            &[],
            &["/a/1/x~1y"],
        );
        check("[1,2]", "[1]", &["/1"], &[]);
        check("[1]", "[1,2]", &[], &["/1"]);
        check(
            "[1,1.0,10e-1,0,-0.0,120]",
            "[1.0,1,1,0.0,0,1.2E2]",
            &[],
            &[],
        );
        check("0.98", "0.098", &[], &[""]);
        check("9007199254740993", "9007199254740992", &[], &[""]);
    }
}

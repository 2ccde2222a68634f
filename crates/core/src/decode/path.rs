//! From the place where reading stopped to the member it stopped in.

use std::fmt::Write;
use std::ops::Range;

/// How many steps of a path are told.
const MAX_STEPS: usize = 16;

/// The offset of a position as serde_json reports it: lines are counted from 1, the column is how
/// many bytes of the line had been read.
pub(super) fn offset(json: &str, line: usize, column: usize) -> usize {
    let mut newlines = json.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    let start = line.checked_sub(2).and_then(|before| newlines.nth(before));
    start.map_or(0, |(newline, _)| newline + 1) + column
}

/// The path of the innermost value that begins at or before an offset and ends at or after it:
/// `Records[0].messageId`. Empty for the document as a whole.
pub(super) fn at(json: &str, offset: usize) -> String {
    Walk {
        json: json.as_bytes(),
        position: 0,
        open: Vec::new(),
    }
    .to(offset)
}

/// A walk over the document, which need not be well-formed.
struct Walk<'a> {
    json: &'a [u8],
    position: usize,
    open: Vec<Open>,
}

/// An array or object the walk is inside of, and where in it.
enum Open {
    Array(usize),
    Object { name: Range<usize>, in_value: bool },
}

impl Walk<'_> {
    fn to(mut self, target: usize) -> String {
        while let Some(&byte) = self.json.get(self.position) {
            let start = self.position;
            if start > target {
                break;
            }
            self.position += 1;
            match byte {
                b'{' | b'[' if start == target => return self.path(self.open.len()),
                b'{' => self.open.push(Open::Object {
                    name: 0..0,
                    in_value: false,
                }),
                b'[' => self.open.push(Open::Array(0)),
                b'}' | b']' if self.position >= target => {
                    return self.path(self.open.len().saturating_sub(1));
                }
                b'}' | b']' => {
                    self.open.pop();
                }
                b',' => match self.open.last_mut() {
                    Some(Open::Array(index)) => *index += 1,
                    Some(Open::Object { in_value, .. }) => *in_value = false,
                    None => break,
                },
                b':' => {
                    if let Some(Open::Object { in_value, .. }) = self.open.last_mut() {
                        *in_value = true;
                    }
                }
                b' ' | b'\n' | b'\r' | b'\t' => {}
                _ => {
                    self.skip_scalar(byte);
                    let end = self.position;
                    if let Some(Open::Object {
                        name,
                        in_value: false,
                    }) = self.open.last_mut()
                    {
                        *name = start + 1..end.saturating_sub(1).max(start + 1);
                    } else if end >= target {
                        return self.path(self.open.len());
                    }
                }
            }
        }
        self.path(self.open.len().saturating_sub(1))
    }

    fn skip_scalar(&mut self, first: u8) {
        let rest = &self.json[self.position..];
        let length = if first == b'"' {
            let mut escaped = false;
            rest.iter()
                .position(|&byte| {
                    let ends = byte == b'"' && !escaped;
                    escaped = byte == b'\\' && !escaped;
                    ends
                })
                .map(|quote| quote + 1)
        } else {
            rest.iter()
                .position(|byte| b" \n\r\t,:]}[{\"".contains(byte))
        };
        self.position += length.unwrap_or(rest.len());
    }

    /// The path through the outermost `depth` arrays and objects.
    fn path(&self, depth: usize) -> String {
        let mut path = String::new();
        for open in self.open.iter().take(depth.min(MAX_STEPS)) {
            match open {
                Open::Array(index) => {
                    let _ = write!(path, "[{index}]");
                }
                Open::Object { name, .. } => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    let name = self.json.get(name.clone()).unwrap_or_default();
                    path.push_str(&String::from_utf8_lossy(name));
                }
            }
        }
        if depth > MAX_STEPS {
            path.push('…');
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;
    use crate::JsonText;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Event {
        #[serde(rename = "Records")]
        _records: Vec<Record>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Record {
        _id: u8,
        #[serde(default)]
        _tags: Vec<String>,
        _body: Option<JsonText>,
        _next: Option<Box<Record>>,
        _odd: Option<Odd>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Odd {
        Number { _n: u8 },
    }

    fn check<T: DeserializeOwned + std::fmt::Debug>(json: &str, expected: &str) {
        let error = crate::decode::<T>(json.to_owned()).unwrap_err();
        assert_eq!(
            error.context("path").unwrap_or_default(),
            expected,
            "{error}: {json}"
        );
    }

    #[test]
    fn paths() {
        for (json, expected) in [
            (r#"7"#, ""),
            (r#"{}"#, ""),
            (r#"{"Records":7}"#, "Records"),
            (r#"{"Records":{}}"#, "Records"),
            (r#"{"Records":[]"#, "Records"),
            (r#"{"Records":[],"x":1}"#, ""),
            (r#"{"Records":[7]}"#, "Records[0]"),
            (r#"{"Records":[{"_id":1},{}]}"#, "Records[1]"),
            (r#"{"Records":[{"_id":1},{ } ]}"#, "Records[1]"),
            (r#"{"Records":[{"_id":"x"}]}"#, "Records[0]._id"),
            (r#"{"Records":[{"_id":null}]}"#, "Records[0]._id"),
            (r#"{"Records":[{"_id":[]}]}"#, "Records[0]._id"),
            (r#"{"Records":[{"_id":256 }]}"#, "Records[0]._id"),
            (r#"{"Records":[{"_id":-1,"_tags":[]}]}"#, "Records[0]._id"),
            (
                r#"{"Records":[{"_id":1,"_tags":["a\"]","b",3]}]}"#,
                "Records[0]._tags[2]",
            ),
            (
                r#"{"Records":[{"_id":1,"_tags":["a",{"b":[]}]}]}"#,
                "Records[0]._tags[1]",
            ),
            (
                r#"{"Records":[{"_id":1,"_tags":["a","\ud800","c"]}]}"#,
                "Records[0]._tags[1]",
            ),
            (
                r#"{"Records":[{"_id":1,"_body":{"x":[1]},"_tags":[]}]}"#,
                "Records[0]._body",
            ),
            (r#"{"Records":[{"_id":1,"_body":7}]}"#, "Records[0]._body"),
            (
                r#"{"Records":[{"_id":1,"_next":{"_id":1,"_next":{"_id":"x"}}}]}"#,
                "Records[0]._next._next._id",
            ),
            (
                r#"{"Records":[{"_id":1,"_odd":{"_m":[1]}}]}"#,
                "Records[0]._odd",
            ),
            (r#"{"Records":[{"_id":1,"surplus":1}]}"#, "Records[0]"),
            (r#"{"Records":[{"_id":tru}]}"#, "Records[0]._id"),
            (
                r#"{"Records":[{"_id":1,"_tags":["open"#,
                "Records[0]._tags[0]",
            ),
            (r#"{"Records":[{"_id" 1}]}"#, "Records[0]"),
            (r#"{"Records":[{"_id":1,}]}"#, "Records[0]"),
        ] {
            check::<Event>(json, expected);
            let spaced = json.replace(',', " ,\n\r\n ").replace(":7", "\n : \t\n7");
            check::<Event>(&spaced, expected);
        }
    }

    #[test]
    fn a_path_has_an_end() {
        for (depth, expected) in [
            (8, "x".to_owned() + &"[0].a".repeat(7) + "[0]"),
            (9, "x".to_owned() + &"[0].a".repeat(7) + "[0]…"),
            (100_000, "x".to_owned() + &"[0].a".repeat(7) + "[0]…"),
        ] {
            let json = r#"{"x":"#.to_owned() + &r#"[{"a":"#.repeat(depth - 1) + "[7]";
            assert_eq!(at(&json, json.len() - 2), expected);
        }
    }

    proptest! {
        #[test]
        fn never_panics(json in "[\\[\\]{}\":,\\\\ab1 \n☃]{0,40}", line in 0_usize..5, column in 0_usize..50) {
            let _ = at(&json, offset(&json, line, column));
            if let Err(error) = serde_json::from_str::<Value>(&json) {
                let _ = at(&json, offset(&json, error.line(), error.column()));
            }
        }
    }
}

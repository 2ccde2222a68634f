//! Telling documents apart by the members every document of a type carries.

mod probe;

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use crate::Error;

/// What a document must hold to be of one root type; generated from the schema.
///
/// A document is recognised when every member listed is there and, where a constant is given, has
/// that value. Members inside arrays are looked for in the first element.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The root type's name: `S3Event`.
    pub name: &'static str,
    /// Whether it is what a function answers, rather than what it receives.
    pub response: bool,
    /// The members that mark it.
    pub members: &'static [Member],
    /// Reads a document as this type and writes it back, to see what the type keeps of it. Only with
    /// the feature `rewrite`, so that a function is not built with code that reads and writes every
    /// type of its service.
    pub rewrite: Option<fn(Bytes) -> Result<String, Error>>,
}

impl Shape {
    /// What a document lacks to be of this shape; `None` if it has all.
    ///
    /// A shape without members has nothing to go by and takes every document.
    // Inlined so that only who calls it compiles the reading.
    #[inline]
    #[must_use]
    pub fn mismatch(&self, document: &Value) -> Option<Mismatch> {
        probe::probe(self.members, document)
    }

    /// The same for a document as text, which is read no further than it must be. What is not JSON
    /// lacks the first member.
    #[inline]
    #[must_use]
    pub fn mismatch_in(&self, json: &[u8]) -> Option<Mismatch> {
        probe::probe(
            self.members,
            &mut serde_json::Deserializer::from_slice(json),
        )
    }
}

/// One member that marks a type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Member {
    /// The JSON pointer, such as `/Records/0/eventSource`.
    pub pointer: &'static str,
    /// The value it must have, where only one is possible; or what it must begin with, followed by
    /// `*`.
    pub constant: Option<&'static str>,
}

impl Member {
    /// A member that is there, whatever its value.
    #[must_use]
    pub const fn there(pointer: &'static str) -> Self {
        Self {
            pointer,
            constant: None,
        }
    }

    /// A member that has one value only.
    #[must_use]
    pub const fn constant(pointer: &'static str, value: &'static str) -> Self {
        Self {
            pointer,
            constant: Some(value),
        }
    }

    /// Whether a value, given as its text if it is one, is what the member must have.
    fn takes(&self, text: Option<&str>) -> bool {
        match self
            .constant
            .map(|constant| constant.strip_suffix('*').ok_or(constant))
        {
            None => true,
            Some(Ok(start)) => text.is_some_and(|text| text.starts_with(start)),
            Some(Err(constant)) => text == Some(constant),
        }
    }
}

/// The first member that keeps a document from being of a shape.
///
/// Displays as half a sentence: ``/Records/0/eventSource is `aws:sqs`, not `aws:s3` ``.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The member, and the value it should have.
    pub member: Member,
    /// What stands there instead of the constant, as JSON; `None` when the member is missing.
    pub found: Option<String>,
    /// How many members of the shape do match: the most, of several shapes, is the nearest type.
    pub matched: usize,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = self.member.pointer;
        match (&self.found, self.member.constant) {
            (Some(found), Some(constant)) => write!(f, "{pointer} is {found}, not \"{constant}\""),
            (None, Some(constant)) => write!(f, "{pointer} is missing, it would be \"{constant}\""),
            (_, None) => write!(f, "{pointer} is missing"),
        }
    }
}

/// A root type that can be recognised in a document; implemented by generated code.
pub trait Shaped {
    /// What marks it.
    const SHAPE: Shape;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Payload, rewriter};

    const fn member(pointer: &'static str, constant: Option<&'static str>) -> Member {
        Member { pointer, constant }
    }

    const MEMBERS: &[Member] = &[
        member("/Records", None),
        member("/Records/0/eventSource", Some("aws:s3")),
        member("/Records/0/s3/bucket/name", None),
        member("/a~1b/~0", Some("x")),
    ];

    const SHAPE: Shape = Shape {
        name: "S3Event",
        response: false,
        members: MEMBERS,
        rewrite: rewriter::<Value>(),
    };

    struct S3Event;

    impl Shaped for S3Event {
        const SHAPE: Shape = SHAPE;
    }

    fn check(document: &Value, matched: usize, expected: &str) {
        let json = document.to_string();
        let mismatch = SHAPE.mismatch(document);
        assert_eq!(SHAPE.mismatch_in(json.as_bytes()), mismatch);
        assert_eq!(Payload::from(json).is::<S3Event>(), mismatch.is_none());
        let found = mismatch.map_or((MEMBERS.len(), String::new()), |m| {
            (m.matched, m.to_string())
        });
        assert_eq!(found, (matched, expected.to_owned()), "{document}");
    }

    #[test]
    fn the_first_member_that_does_not_match_is_named() {
        let record = json!({"eventSource": "aws:s3", "s3": {"bucket": {"name": null}}});
        let whole = json!({"x": 1, "Records": [record, 7], "a/b": {"~": "x"}});
        check(&whole, 4, "");
        check(
            &json!({"Records": [record], "a/b": {"~": 7}}),
            3,
            "/a~1b/~0 is 7, not \"x\"",
        );
        check(
            &json!({"Records": [record], "a/b": {"~": "y"}}),
            3,
            "/a~1b/~0 is \"y\", not \"x\"",
        );
        check(
            &json!({"Records": [record], "a/b": {"~": ["x"]}}),
            3,
            "/a~1b/~0 is an array, not \"x\"",
        );
        check(
            &json!({"Records": [record]}),
            3,
            "/a~1b/~0 is missing, it would be \"x\"",
        );
        let wanted = "/Records/0/eventSource is missing, it would be \"aws:s3\"";
        check(&json!({"Records": []}), 1, wanted);
        check(&json!({"Records": [7, record]}), 1, wanted);
        check(&json!({"Records": {"1": record}}), 1, wanted);
        check(
            &json!({"Records": [{"eventSource": "aws:s3", "s3": 1}], "a/b": {"~": "x"}}),
            3,
            "/Records/0/s3/bucket/name is missing",
        );
        for document in [json!([]), json!(null), json!("Records"), json!({})] {
            check(&document, 0, "/Records is missing");
        }
    }

    #[test]
    fn a_constant_can_be_a_beginning() {
        const SOURCE: &[Member] = &[Member::constant("/triggerSource", "PreSignUp_*")];
        let sign_up = Shape {
            members: SOURCE,
            ..SHAPE
        };
        for (source, expected) in [
            (json!("PreSignUp_SignUp"), true),
            (json!("PreSignUp_"), true),
            (json!("PreSignUp"), false),
            (json!("PostConfirmation_ConfirmSignUp"), false),
            (json!(null), false),
        ] {
            let document = json!({ "triggerSource": source });
            assert_eq!(
                sign_up.mismatch(&document).is_none(),
                expected,
                "{document}"
            );
        }
    }

    #[test]
    fn what_is_not_json_is_of_no_shape() {
        for json in ["", "{", r#"{"Records":[{"#, "\u{1}"] {
            assert!(SHAPE.mismatch_in(json.as_bytes()).is_some(), "{json}");
        }
        let none = Shape {
            members: &[],
            ..SHAPE
        };
        assert!(none.mismatch(&json!(7)).is_none());
    }
}

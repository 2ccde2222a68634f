//! What is found in samples.

use super::super::schema;
use super::*;

/// A root type with an optional member for every kind of value; `always` is required.
const SCHEMA: &str = r##"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "t", "description": "d", "x-events": { "E": ["e"] },
    "$defs": {
        "E": {
            "description": "d", "type": "object", "required": ["always"],
            "properties": {
                "always": { "description": "d", "type": ["string", "null"] },
                "const": { "description": "d", "type": "string", "const": "a:b", "x-unsampled": "r" },
                "time": { "description": "d", "type": "string", "format": "date-time", "x-unsampled": "r" },
                "data": { "description": "d", "type": "string", "contentEncoding": "base64", "x-unsampled": "r" },
                "count": { "description": "d", "type": "integer", "minimum": 0, "x-unsampled": "r" },
                "millis": { "description": "d", "type": ["integer", "string"], "format": "epoch-millis", "x-unsampled": "r" },
                "seconds": { "description": "d", "type": "number", "format": "epoch-seconds", "x-unsampled": "r" },
                "list": { "description": "d", "type": "array", "items": { "type": "string" }, "x-unsampled": "r" },
                "headers": { "description": "d", "type": "object", "additionalProperties": { "type": "string" }, "x-headers": true, "x-unsampled": "r" },
                "kind": { "description": "d", "$ref": "#/$defs/K", "x-unsampled": "r" },
                "choice": { "description": "d", "$ref": "#/$defs/U", "x-unsampled": "r" }
            }
        },
        "K": { "description": "d", "type": "string", "enum": ["one", "two"] },
        "U": { "description": "d", "oneOf": [{ "$ref": "#/$defs/A" }, { "$ref": "#/$defs/B" }] },
        "A": { "description": "d", "type": "object", "required": ["a"], "properties": { "a": { "description": "d", "type": "string" } } },
        "B": { "description": "d", "type": "object", "required": ["b", "c"], "properties": { "b": { "description": "d" }, "c": { "description": "d" } } }
    }
}"##;

fn problems(schema: &str, document: &str) -> String {
    let at = At::file("s.json");
    let (mut model, found) = schema::read(&Node::parse(schema).unwrap(), &at);
    assert_eq!(found.to_string(), "");
    model.roots[0]
        .documents
        .push(Node::parse(document).unwrap());
    super::check(&model, "f").to_string()
}

/// Checks a document that has this member besides `always`.
fn check(member: &str, expected: &str) {
    let found = problems(SCHEMA, &format!(r#"{{"always": null, {member}}}"#));
    let expected = match expected {
        "" => String::new(),
        expected => format!("f/samples/e.json#/{expected}"),
    };
    assert_eq!(found, expected, "{member}");
}

#[test]
fn samples_are_held_to_their_types() {
    for (member, expected) in [
        (r#""unknown": 1"#, "unknown: is not a member of `E`"),
        (r#""const": "a:c""#, "const: must be `a:b`"),
        (
            r#""const": 7"#,
            "const: is of type integer, and must be string",
        ),
        (
            r#""time": "today""#,
            "time: is not an RFC 3339 date and time",
        ),
        (
            r#""time": null"#,
            "time: is of type null, and must be string",
        ),
        (r#""data": "a""#, "data: is not base64"),
        (r#""count": -1"#, "count: is not an integer of at least 0"),
        (
            r#""count": 1.0"#,
            "count: is of type number, and must be integer",
        ),
        (r#""millis": "1.5""#, "millis: is not an integer"),
        (
            r#""millis": true"#,
            "millis: is of type boolean, and must be integer or string",
        ),
        (
            r#""seconds": "1""#,
            "seconds: is of type string, and must be integer or number",
        ),
        (
            r#""list": ["a", 7]"#,
            "list/1: is of type integer, and must be string",
        ),
        (
            r#""list": {}"#,
            "list: is of type object, and must be array",
        ),
        (
            r#""headers": {"a/b": 1}"#,
            "headers/a~1b: is of type integer, and must be string",
        ),
        (r#""kind": "three""#, "kind: `three` is not a known `K`"),
        (
            r#""choice": {"b": 1}"#,
            "choice: is no variant of `U`; the closest is `B`, but:\n\
             f/samples/e.json#/choice: the required member `c` is missing",
        ),
    ] {
        check(member, expected);
    }
    assert_eq!(
        problems(SCHEMA, "{}"),
        "f/samples/e.json: the required member `always` is missing"
    );
}

#[test]
fn every_member_occurs_or_says_why_not() {
    assert_eq!(problems(SCHEMA, r#"{"always": null}"#), "");
    let found = problems(SCHEMA, r#"{"always": null, "kind": "one"}"#);
    assert_eq!(
        found,
        "s.json#/$defs/E/properties/kind: occurs in f/samples/e.json: take `x-unsampled` out"
    );
    let bare = SCHEMA.replacen(
        r#""const": "a:b", "x-unsampled": "r""#,
        r#""const": "a:b""#,
        1,
    );
    assert_eq!(
        problems(&bare, r#"{"always": null}"#),
        "s.json#/$defs/E/properties/const: occurs in no sample: show it in one, or say why not \
         with `x-unsampled`"
    );
}

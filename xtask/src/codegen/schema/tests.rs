//! What the dialect refuses, and the words in which it does.

use super::*;

/// Reads a schema with these `$defs` beside the root type `E`, whose only member is a `T`.
fn problems(events: &str, defs: &str) -> String {
    let text = format!(
        r##"{{
            "$schema": "{DIALECT}", "title": "t", "description": "d", "x-events": {events},
            "$defs": {{
                "E": {{
                    "type": "object", "description": "d",
                    "properties": {{ "p": {{ "description": "d", "$ref": "#/$defs/T" }} }}
                }},
                {defs}
            }}
        }}"##
    );
    let document = Node::parse(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    read(&document, &At::file("s.json")).1.to_string()
}

/// The type `T` as a whole.
fn check_type(definition: &str, expected: &str) {
    let found = problems(r#"{"E": ["e"]}"#, &format!(r#""T": {definition}"#));
    assert_eq!(found, expected, "{definition}");
}

/// One property of `T`, besides its description.
fn check_property(schema: &str, expected: &str) {
    let comma = if schema.is_empty() { "" } else { ", " };
    let definition = format!(
        r#"{{"description": "d", "type": "object",
            "properties": {{ "x": {{ "description": "d"{comma}{schema} }} }} }}"#
    );
    let expected = match expected {
        "" => String::new(),
        expected => format!("s.json#/$defs/T/properties/x{expected}"),
    };
    check_type(&definition, &expected);
}

#[test]
fn properties() {
    for (schema, expected) in [
        ("", ""),
        (
            r#""type": "string", "default": "a""#,
            "/default: unknown keyword `default`",
        ),
        (
            r#""type": "string", "title": "a""#,
            "/title: unknown keyword `title`",
        ),
        (
            r#""type": "string", "format": "uuid""#,
            "/format: must be `date-time` (string), `epoch-millis` or `epoch-seconds`",
        ),
        (
            r#""type": "integer", "format": "date-time""#,
            "/format: must be `date-time` (string), `epoch-millis` or `epoch-seconds`",
        ),
        (
            r#""type": "number", "format": "epoch-millis""#,
            "/type: epoch-millis is integer, string or both",
        ),
        (
            r#""type": "string", "format": "epoch-seconds""#,
            "/type: epoch-seconds is number, or number and string",
        ),
        (
            r#""type": "integer", "minimum": 1"#,
            "/minimum: must be 0, or be left out",
        ),
        (
            r#""type": "number", "minimum": 0"#,
            "/minimum: has no meaning for this type",
        ),
        (
            r#""type": "string", "contentEncoding": "gzip""#,
            "/contentEncoding: must be `base64`",
        ),
        (
            r#""type": "string", "contentMediaType": "text/html""#,
            "/contentMediaType: must be `application/json`",
        ),
        (
            r#""type": "integer", "const": 1"#,
            "/const: has no meaning for this type",
        ),
        (
            r#""type": "string", "const": 1"#,
            "/const: must be a string",
        ),
        (
            r#""type": "string", "enum": ["a"]"#,
            "/enum: unknown keyword `enum`",
        ),
        (
            r#""type": ["integer", "boolean"]"#,
            "/type: this choice of types is not in the dialect",
        ),
        (r#""type": "array""#, ": items is missing"),
        (
            r#""type": "array", "items": { "type": "strnig" }"#,
            "/items/type: this choice of types is not in the dialect",
        ),
        (
            r#""type": "array", "items": { "description": "d", "type": "string" }"#,
            "/items/description: unknown keyword `description`",
        ),
        (
            r#""type": "object""#,
            ": an object needs `properties` (in a `$defs` entry) or `additionalProperties`; any value at all is `{}`",
        ),
        (
            r#""type": "object", "additionalProperties": false"#,
            "/additionalProperties: must be a schema: an object, or `true` for any value",
        ),
        (
            r#""type": "object", "additionalProperties": { "type": "integer" }, "x-headers": true"#,
            "/x-headers: headers are strings or arrays of strings",
        ),
        (r##""$ref": "#/$defs/U""##, "/$ref: there is no `#/$defs/U`"),
        (
            r##""$ref": "other.json""##,
            "/$ref: must be `#/$defs/` and the name of a type",
        ),
        (
            r##""$ref": "#/$defs/E", "type": "string""##,
            "/type: has no meaning for this type",
        ),
        (
            r#""anyOf": [{ "type": "string" }, { "type": "integer" }]"#,
            "/anyOf: must be one type and `{\"type\": \"null\"}`; for a choice between types use `oneOf` in a `$defs` entry",
        ),
        (
            r#""type": "string", "x-secret": "yes""#,
            "/x-secret: must be `true`, or be left out",
        ),
        (
            r#""type": "string", "x-unsampled": """#,
            "/x-unsampled: must be a text",
        ),
        (
            r#""x-generic": true"#,
            "/x-generic: must be `true`, on a required member that may be any value",
        ),
        (
            r#""type": "string", "x-mark": 7"#,
            "/x-mark: must be a text",
        ),
        (
            r#""type": "string", "x-name": "userName""#,
            ": `userName` is not a Rust field name: set `x-name`",
        ),
    ] {
        check_property(schema, expected);
    }
}

#[test]
fn objects() {
    for (definition, expected) in [
        (
            r#"{"description": "d", "type": "object", "properties": {"awsRegion": {"type": "string"}}}"#,
            "s.json#/$defs/T/properties/awsRegion: description is missing",
        ),
        (
            r#"{"type": "object", "properties": {}}"#,
            "s.json#/$defs/T: description is missing",
        ),
        (
            r#"{"description": "d", "properties": {}}"#,
            "s.json#/$defs/T/type: must be `object` where there are properties",
        ),
        (
            r#"{"description": "d", "type": "object", "properties": {"x": {"description": "d", "type": "object", "properties": {}}}}"#,
            "s.json#/$defs/T/properties/x/properties: unknown keyword `properties`\n\
             s.json#/$defs/T/properties/x: an object with properties needs a `$defs` entry of its own",
        ),
        (
            r#"{"description": "d", "type": "object", "required": ["y"], "properties": {}}"#,
            "s.json#/$defs/T/required/0: names no property",
        ),
        (
            r#"{"description": "d", "type": "object", "properties": {"aB": {"description": "d"}, "a-b": {"description": "d"}}}"#,
            "s.json#/$defs/T/properties/a-b: `aB` and `a-b` are both `a_b`: set `x-name`",
        ),
        (
            r#"{"description": "d", "type": "object", "properties": {"other": {"description": "d"}}, "additionalProperties": true}"#,
            "s.json#/$defs/T/properties/other: the other members are the field `other`: give this one an `x-name`",
        ),
        (
            r#"{"description": "d", "type": ["string", "null"]}"#,
            "s.json#/$defs/T: a named type cannot be null: say so where it is used",
        ),
        (
            r##"{"description": "d", "$ref": "#/$defs/T"}"##,
            "s.json#/$defs/T: refers to itself and to nothing else",
        ),
    ] {
        check_type(definition, expected);
    }
}

#[test]
fn enums() {
    for (definition, expected) in [
        (
            r#"{"description": "d", "type": "integer", "enum": ["a"]}"#,
            "s.json#/$defs/T/type: an enum's type must be `string`",
        ),
        (
            r#"{"description": "d", "type": "string", "enum": ["a", 1]}"#,
            "s.json#/$defs/T/enum/1: must be a string",
        ),
        (
            r#"{"description": "d", "type": "string", "enum": ["*", "other"]}"#,
            "s.json#/$defs/T/enum/0: `*` makes no variant name: set one in `x-names`\n\
             s.json#/$defs/T/enum/1: `other` makes no variant name: set one in `x-names`",
        ),
        (
            r#"{"description": "d", "type": "string", "enum": ["a-b", "a b"]}"#,
            "s.json#/$defs/T/enum/1: `a-b` and `a b` are both `AB`: set one in `x-names`",
        ),
        (
            r#"{"description": "d", "type": "string", "enum": ["a"], "x-values": {"b": "d"}}"#,
            "s.json#/$defs/T/x-values/b: is not a value of the enum",
        ),
    ] {
        check_type(definition, expected);
    }
}

#[test]
fn unions() {
    for (definition, expected) in [
        (
            r#"{"description": "d", "oneOf": [{"type": "string"}]}"#,
            "s.json#/$defs/T/oneOf: needs at least two variants",
        ),
        (
            r#"{"description": "d", "oneOf": [{"type": "string"}, {"type": "string"}]}"#,
            "s.json#/$defs/T/oneOf/1: two variants are named `Text`: set `x-variant`",
        ),
        (
            r#"{"description": "d", "oneOf": [{"type": "string"}, {"type": ["integer", "null"]}]}"#,
            "s.json#/$defs/T/oneOf/1: a variant cannot be null: say so where the union is used",
        ),
        (
            r#"{"description": "d", "oneOf": [{"type": "string"}, {"type": "integer", "x-variant": "one"}]}"#,
            "s.json#/$defs/T/oneOf/1: `one` is not a Rust variant name",
        ),
        (
            r##"{"description": "d", "oneOf": [{"type": "string", "contentMediaType": "application/json"}, {"type": "array", "items": {"$ref": "#/$defs/T"}}]}"##,
            "s.json#/$defs/T/oneOf/0: JsonText cannot stand in `T`, a union that holds itself: it needs \
             its raw text, which is not kept while the variants of such a union are tried",
        ),
    ] {
        check_type(definition, expected);
    }
}

#[test]
fn whole_schemas() {
    let t = r#""T": {"description": "d", "type": "string"}"#;
    let text = r#"{"description": "d", "type": "string"}"#;
    for (events, defs, expected) in [
        (r#"{"E": ["e"]}"#, t.to_owned(), ""),
        (
            r#"{"E": ["E1"]}"#,
            t.to_owned(),
            "s.json#/x-events/E/0: must be a sample's id in kebab-case",
        ),
        (
            r#"{"E": []}"#,
            t.to_owned(),
            "s.json#/x-events/E: needs a list of at least one sample",
        ),
        (
            r#"{"E": ["a", "a"]}"#,
            t.to_owned(),
            "s.json#/x-events/E/1: the sample `a` is listed twice",
        ),
        (
            r#"{"E": ["a"], "F": ["b"]}"#,
            t.to_owned(),
            "s.json#/x-events/F: there is no `#/$defs/F`",
        ),
        (
            r#"{"E": ["a"], "T": ["b"]}"#,
            t.to_owned(),
            "s.json#/x-events/T: a root type must be an object or a union of objects",
        ),
        (
            r#"{"E": ["a"]}"#,
            format!(r#"{t}, "U": {text}"#),
            "s.json#/$defs/U: is used by no root type: take it out, or list it in `x-parts`",
        ),
        (
            r#"{"E": ["a"]}"#,
            format!(r#"{t}, "a_b": {text}"#),
            "s.json#/$defs/a_b: `a_b` is not a Rust type name",
        ),
        (
            r#"{"E": ["a"]}"#,
            format!(r#"{t}, "Json": {text}"#),
            "s.json#/$defs/Json: `Json` means something else in generated code",
        ),
    ] {
        assert_eq!(problems(events, &defs), expected, "{events} {defs}");
    }
    let found = read(
        &Node::parse(r#"{"definitions": {}}"#).unwrap(),
        &At::file("s.json"),
    )
    .1;
    assert_eq!(
        found.to_string(),
        "s.json#/definitions: unknown keyword `definitions`\n\
         s.json#/$schema: must be `https://json-schema.org/draft/2020-12/schema`\n\
         s.json: title is missing\n\
         s.json: description is missing"
    );
    let twice = Node::parse(r#"{"a": 1, "a": 2}"#).unwrap_err().to_string();
    assert_eq!(twice, "the member `a` is given twice at line 1 column 16");
}

#[test]
fn parameters() {
    let check = |required: &str, properties: &str, more: &str, expected: &str| {
        check_type(
            &format!(
                r#"{{"description": "d", "type": "object", "required": [{required}],
                    "properties": {{ {properties} }}{more}}}"#
            ),
            expected,
        );
    };
    let member = |name: &str, more: &str| {
        format!(r#""{name}": {{ "description": "d", "x-generic": true{more} }}"#)
    };
    let refused = "s.json#/$defs/T/properties/x/x-generic: must be `true`, on a required member \
                   that may be any value";
    let alone = "s.json#/$defs/T/properties/x: one member of a struct without \
                 `additionalProperties` can be generic";
    check(r#""x""#, &member("x", ""), "", "");
    check("", &member("x", ""), "", refused);
    check(r#""x""#, &member("x", r#", "type": "string""#), "", refused);
    check(
        r#""x""#,
        &member("x", ""),
        r#", "additionalProperties": {}"#,
        alone,
    );
    let two = format!("{}, {}", member("x", ""), member("y", ""));
    check(r#""x", "y""#, &two, "", alone);
}

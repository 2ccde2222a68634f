//! What becomes of schemas, shown on ones of our own.

use expect_test::expect;
use serde_json::{Value, json};

use super::super::spec;
use super::*;

/// A database of these events (source, detail type, id of the detail) and types.
fn database(events: &[(&str, &str, &str)], types: Value) -> Spec {
    let events: Vec<Value> = events
        .iter()
        .map(|(source, kind, id)| json!({"source": source, "detailType": kind, "rootProperty": {"$ref": id}}))
        .collect();
    let Value::Object(types) = types else {
        panic!("{types}")
    };
    let types: Vec<Value> = types
        .into_iter()
        .map(|(id, members)| {
            let name = id.trim_end_matches(char::is_numeric).to_owned();
            let members: serde_json::Map<String, Value> = members
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, ty)| (name.clone(), json!({"type": ty, "required": true})))
                .collect();
            json!({"$id": id, "name": name, "properties": members})
        })
        .collect();
    let schema = json!({"event": {"entities": events}, "eventTypeDefinition": {"entities": types}});
    spec::read(json!({ "schema": schema }).to_string().as_bytes()).unwrap()
}

fn text() -> Value {
    json!({"type": "string"})
}

fn part(id: &str) -> Value {
    json!({"type": "ref", "reference": {"$ref": id}})
}

fn registry(corrections: &str) -> Registry {
    toml::from_str(&format!(
        "package = \"p\"\nversion = \"1\"\nsha256 = \"0\"\n{corrections}"
    ))
    .unwrap()
}

/// Types and their members, one line each.
fn shown(spec: Spec, corrections: &str) -> String {
    let mut text = String::new();
    for source in all(spec, &registry(corrections)).unwrap() {
        text += &format!(
            "{} as {}: {:?}\n",
            source.name, source.module, source.events
        );
        for named in &source.model.types {
            let body = match &named.body {
                Body::Struct(body) => body
                    .properties
                    .iter()
                    .map(|property| format!("{}: {:?}", property.rust, property.slot.ty))
                    .collect::<Vec<_>>()
                    .join(", "),
                Body::Union(variants) => format!("one of {}", variants.len()),
                other => panic!("{other:?}"),
            };
            text += &format!("  {} {{ {body} }}\n", named.name);
        }
    }
    text
}

fn harbor() -> Spec {
    database(
        &[
            ("aws.harbor-master", "Ship (Large) Arrived", "Ship1"),
            ("aws.harbor-master", "Ship Left", "Ship2"),
            ("aws.harbor-master", "Any", "Detail3"),
        ],
        json!({
            "Ship1": {"pier": part("Pier1"), "Crew size": {"type": "number"}, "crew-size": {"type": "integer"}},
            "Ship2": {"pier": part("Pier2"), "cargo": {"type": "array", "element": part("Bale1")}},
            "Detail3": {"pier": part("Pier3"), "bale": part("Bale1"), "self": {"type": "json"}},
            "Pier1": {"name": text()},
            "Pier2": {"name": {"type": "map", "element": {"type": "boolean"}}},
            "Pier3": {"name": text()},
            "Bale1": {"label": {"type": "union", "types": [text(), {"type": "number"}]}},
        }),
    )
}

#[test]
fn types_of_one_name_stay_apart_unless_they_are_the_same() {
    expect![[r#"
        aws.harbor-master as harbor_master: [("Any", "AnyType"), ("Ship (Large) Arrived", "ShipLargeArrived"), ("Ship Left", "ShipLeft")]
          AnyType { bale: Ref("Bale"), pier: Ref("AnyTypePier"), _self: Json }
          Bale { label: Json }
          AnyTypePier { name: Text }
          ShipLargeArrived { crew_size: Scalar, crew_size_: Integer, pier: Ref("AnyTypePier") }
          ShipLeft { cargo: Vec(Slot { ty: Ref("Bale"), nullable: false }), pier: Ref("ShipLeftPier") }
          ShipLeftPier { name: Map(Slot { ty: Bool, nullable: false }) }
    "#]].assert_eq(&shown(harbor(), ""));
}

#[test]
fn corrections_and_what_came_later() {
    let corrections = r#"
        [[change]]
        source = "aws.harbor-master"
        detail-type = "Ship Left"
        members = ["cargo"]
        becomes = "one or many of Bale"
        why = "it may be one"

        [[add]]
        source = "aws.harbor-master"
        type = "Bale"
        members = { weight = "scalar", marks = "list of string" }

        [[event]]
        source = "aws.harbor-master"
        detail-type = "Ship Sank"
        types.Root = { wreck = "Wreck" }
        types.Wreck = { depth = "scalar" }
    "#;
    expect![[r#"
        aws.harbor-master as harbor_master: [("Any", "AnyType"), ("Ship (Large) Arrived", "ShipLargeArrived"), ("Ship Left", "ShipLeft"), ("Ship Sank", "ShipSank")]
          AnyType { bale: Ref("Bale"), pier: Ref("AnyTypePier"), _self: Json }
          Bale { label: Json, marks: Vec(Slot { ty: Text, nullable: false }), weight: Scalar }
          AnyTypePier { name: Text }
          ShipLargeArrived { crew_size: Scalar, crew_size_: Integer, pier: Ref("AnyTypePier") }
          BaleOneOrMany { one of 2 }
          ShipLeft { cargo: Ref("BaleOneOrMany"), pier: Ref("ShipLeftPier") }
          ShipLeftPier { name: Map(Slot { ty: Bool, nullable: false }) }
          ShipSank { wreck: Ref("Wreck") }
          Wreck { depth: Scalar }
    "#]].assert_eq(&shown(harbor(), corrections));
}

#[test]
fn corrections_that_correct_nothing_are_refused() {
    for (corrections, expected) in [
        (
            "[[change]]\nmembers = [\"mast\"]\nbecomes = \"json\"\nwhy = \"\"",
            "nothing has `mast`",
        ),
        (
            "[[change]]\nsource = \"aws.sea\"\nmembers = [\"pier\"]\nbecomes = \"json\"\nwhy = \"\"",
            "nothing has `pier`",
        ),
        (
            "[[change]]\nmembers = [\"pier\"]\nbecomes = \"Boat\"\nwhy = \"\"",
            "`Boat` is no type here",
        ),
        ("[[add]]\ntype = \"Mast\"\nmembers = {}", "there is no type"),
        (
            "[[add]]\ntype = \"Bale\"\nmembers = { label = \"json\" }",
            "`label` is there already",
        ),
        (
            "[[event]]\nsource = \"aws.harbor-master\"\ndetail-type = \"Ship Left\"\ntypes = {}",
            "is in the schemas now",
        ),
    ] {
        let error = all(harbor(), &registry(corrections))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn two_schemas_of_one_event_must_agree() {
    let two = |second: Value| {
        let events = [
            ("aws.sea", "Storm", "Storm1"),
            ("aws.sea", "Storm", "Storm2"),
        ];
        database(
            &events,
            json!({"Storm1": {"force": {"type": "number"}}, "Storm2": second}),
        )
    };
    let source = all(two(json!({"force": {"type": "number"}})), &registry("")).unwrap();
    assert_eq!(source[0].events.len(), 1);
    let error = all(two(json!({"force": text()})), &registry("")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Storm` of aws.sea has two schemas that differ"
    );
}

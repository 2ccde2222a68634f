//! Schemas of users' own events: JSON Schema and OpenAPI documents, turned into the dialect.

mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::json::Node;
use super::model::{Body, Root};
use super::problem::{At, Problems};
use super::{emit, names, schema};

/// What EventBridge puts around every event, and what it means.
const ENVELOPE: [(&str, &str); 9] = [
    (
        "account",
        "The account the event comes from, twelve digits.",
    ),
    ("detail", "What happened."),
    (
        "detail-type",
        "What kind of event it is; names the type of `detail` together with `source`.",
    ),
    ("id", "The event's id, a UUID."),
    ("region", "The Region the event comes from."),
    (
        "resources",
        "ARNs of the resources the event is about; may be empty.",
    ),
    ("source", "Who sent the event."),
    ("time", "When it happened, as its sender says."),
    ("version", "The version of the envelope; `0` today."),
];

/// Generates the types of the schema `text`, a document called `source`.
pub fn generate(text: &str, source: &str, name: Option<&str>, root: &Path) -> Result<String> {
    let document = Node::parse(text).with_context(|| format!("{source} is not JSON"))?;
    let mut reader = Reader::new(&document, source);
    let roots = reader.read(name);
    let finish = |problems: &Problems| -> Result<()> {
        if !problems.is_empty() {
            bail!("this schema has what cannot be turned into types:\n{problems}");
        }
        Ok(())
    };
    finish(&reader.problems)?;
    let (mut model, problems) = schema::read(&reader.dialect(&roots), &At::file(source));
    finish(&problems.moved(&reader.origins))?;
    for (name, at) in model
        .parts
        .drain(..)
        .zip(roots.into_iter().map(|root| root.at))
    {
        let (samples, documents) = (Vec::new(), Vec::new());
        model.roots.push(Root {
            name,
            response: false,
            samples,
            documents,
            at,
        });
    }
    for root in &model.roots {
        let body = model.find(&root.name).map(|named| &named.body);
        if !matches!(body, Some(Body::Struct(_) | Body::Union(_))) {
            bail!(
                "{}: the root of an event's schema must be an object",
                root.at
            );
        }
    }
    emit::standalone(&model, source, root)
}

/// A type that documents are of.
struct Top<'a> {
    name: String,
    node: &'a Node,
    at: At,
}

struct Reader<'a> {
    document: &'a Node,
    at: At,
    /// The schemas that can be referred to, by reference.
    known: BTreeMap<String, (&'a Node, At)>,
    /// The type names given out, by reference.
    named: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    /// The `$defs` of the dialect, in the order they are met.
    defs: Vec<(String, Node)>,
    /// Where in the document each of them comes from.
    origins: Vec<(String, String)>,
    problems: Problems,
}

impl<'a> Reader<'a> {
    fn new(document: &'a Node, source: &str) -> Self {
        let at = At::file(source);
        let mut known = BTreeMap::from([("#".to_owned(), (document, at.clone()))]);
        let places = [&["components", "schemas"][..], &["$defs"], &["definitions"]];
        for place in places {
            let folder = place.iter().try_fold(document, |node, step| node.get(step));
            let at = place.iter().fold(at.clone(), |at, step| at.down(step));
            for (name, node) in folder.map(Node::members).unwrap_or_default() {
                let at = at.down(name);
                known.insert(format!("#{}", at.pointer), (node, at));
            }
        }
        Self {
            document,
            at,
            known,
            named: BTreeMap::new(),
            taken: BTreeSet::new(),
            defs: Vec::new(),
            origins: Vec::new(),
            problems: Problems::default(),
        }
    }

    /// Reads all types, beginning with the roots; `name` is that of the only root.
    fn read(&mut self, name: Option<&str>) -> Vec<Top<'a>> {
        let tops = self.tops(name);
        for top in &tops {
            self.taken.insert(top.name.clone());
            self.named
                .insert(format!("#{}", top.at.pointer), top.name.clone());
        }
        for top in &tops {
            self.define(&top.name, top.node, &top.at);
        }
        tops
    }

    fn tops(&mut self, name: Option<&str>) -> Vec<Top<'a>> {
        if self.document.get("openapi").is_none() {
            let title = type_name(
                self.document
                    .get("title")
                    .and_then(Node::str)
                    .unwrap_or("Event"),
            );
            // The registry's title is the detail's name, which has a schema of its own.
            let own = if is_event(self.document) {
                title + "Event"
            } else {
                title
            };
            let name = name.map_or(own, str::to_owned);
            return vec![Top {
                name,
                node: self.document,
                at: self.at.clone(),
            }];
        }
        let schemas: Vec<(&String, &(&'a Node, At))> = self
            .known
            .iter()
            .filter(|(reference, _)| *reference != "#")
            .collect();
        let mut referred = BTreeSet::new();
        schemas
            .iter()
            .for_each(|(_, (node, _))| references(node, &mut referred));
        let events = schemas.iter().any(|(_, (node, _))| is_event(node));
        let mut tops = Vec::new();
        for (reference, (node, at)) in schemas {
            if if events {
                is_event(node)
            } else {
                !referred.contains(reference.as_str())
            } {
                let key = reference.rsplit('/').next().unwrap_or_default();
                // The registry calls the envelope `AWSEvent` whatever event it is.
                let own = match node
                    .get("properties")
                    .and_then(|all| all.get("detail")?.get("$ref"))
                {
                    Some(Node::String(detail)) if key == "AWSEvent" => {
                        type_name(detail.rsplit('/').next().unwrap_or_default()) + "Event"
                    }
                    _ => type_name(key),
                };
                tops.push(Top {
                    name: own,
                    node,
                    at: at.clone(),
                });
            }
        }
        match (tops.as_mut_slice(), name) {
            ([], _) => self
                .problems
                .add(&self.at, "there is no schema that no other refers to"),
            ([top], Some(name)) => name.clone_into(&mut top.name),
            (_, Some(name)) => {
                let what = format!(
                    "there are {} roots, so that none can be named `{name}`",
                    tops.len()
                );
                self.problems.add(&self.at, what);
            }
            (_, None) => {}
        }
        tops
    }

    /// The dialect's document.
    fn dialect(&self, tops: &[Top<'_>]) -> Node {
        let parts = tops.iter().map(|top| top.name.as_str().into()).collect();
        Node::Object(vec![
            ("$schema".to_owned(), schema::DIALECT.into()),
            ("title".to_owned(), "own".into()),
            ("description".to_owned(), "own".into()),
            ("x-parts".to_owned(), Node::Array(parts)),
            ("$defs".to_owned(), Node::Object(self.defs.clone())),
        ])
    }

    /// A name nothing else has.
    fn unique(&mut self, name: &str) -> String {
        let mut unique = name.to_owned();
        let mut number = 2;
        while !self.taken.insert(unique.clone()) {
            unique = format!("{name}{number}");
            number += 1;
        }
        unique
    }

    /// The name of the type a reference leads to, and whether its schema allows null.
    fn refer(&mut self, node: &Node, at: &At) -> Option<(String, bool)> {
        let reference = node.str().unwrap_or_default();
        let Some((target, origin)) = self.known.get(reference).cloned() else {
            let what = "leads to no schema in `components/schemas`, `$defs` or `definitions`";
            self.problems.add(at, what);
            return None;
        };
        let nullable = shape::is_nullable(target);
        if let Some(name) = self.named.get(reference) {
            return Some((name.clone(), nullable));
        }
        let key = reference.rsplit('/').next().unwrap_or_default();
        let name = self.unique(&type_name(key));
        self.named.insert(reference.to_owned(), name.clone());
        self.define(&name, target, &origin);
        Some((name, nullable))
    }
}

/// Whether a schema is that of a whole event in EventBridge's registry.
fn is_event(node: &Node) -> bool {
    node.get("x-amazon-events-detail-type").is_some()
}

/// All references below a node.
fn references<'a>(node: &'a Node, found: &mut BTreeSet<&'a str>) {
    for (key, value) in node.members() {
        match value {
            Node::String(reference) if key == "$ref" => {
                found.insert(reference);
            }
            _ => references(value, found),
        }
    }
    node.items().iter().for_each(|item| references(item, found));
}

/// A type's name for any name: `com.shop@OrderPlaced` becomes `ComShopOrderPlaced`.
fn type_name(name: &str) -> String {
    let name = match names::is_type_name(name) {
        true => name.to_owned(),
        false => names::pascal(name).replace('_', ""),
    };
    match name.as_str() {
        "" => "Event".to_owned(),
        name if schema::is_taken(name) => format!("{name}Type"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, expected: &str) {
        let found = generate(schema, "own.json", None, &crate::process::root());
        assert_eq!(
            found.map(|_| ()).unwrap_err().to_string(),
            expected,
            "{schema}"
        );
    }

    /// A property of the root, of a JSON Schema document.
    fn check_property(schema: &str, expected: &str) {
        let first = "this schema has what cannot be turned into types:\n";
        check(
            &format!(r#"{{"type": "object", "properties": {{"p": {schema}}}}}"#),
            &format!("{first}own.json#/properties/p{expected}"),
        );
    }

    #[test]
    fn what_no_type_can_say_is_refused() {
        for (schema, expected) in [
            (r#"{"not": {}}"#, "/not: cannot be expressed as a Rust type"),
            (
                r#"{"allOf": [{}, {}]}"#,
                "/allOf: cannot be expressed as a Rust type",
            ),
            (
                r#"{"type": "object", "patternProperties": {"^x": {}}}"#,
                "/patternProperties: cannot be expressed as a Rust type",
            ),
            (r#"{"if": {}}"#, "/if: cannot be expressed as a Rust type"),
            (
                r#"{"type": "array", "items": [{}, {}]}"#,
                "/items: tuples cannot be expressed",
            ),
            (r#"false"#, ": must be a schema"),
            (
                r#"{"properties": {"a": {}}, "oneOf": [{"required": ["a"]}]}"#,
                "/oneOf: cannot be expressed beside `properties`",
            ),
            (
                r#"{"$ref": "https://example.com/a.json"}"#,
                "/$ref: leads to no schema in `components/schemas`, `$defs` or `definitions`",
            ),
            (
                r#"{"type": "array", "items": {"properties": {"a": {"not": {}}}}}"#,
                "/items/properties/a/not: cannot be expressed as a Rust type",
            ),
            (
                r##"{"oneOf": [{"$ref": "#"}, {"type": "array", "items": {}}]}"##,
                "/oneOf/1: Json cannot stand in `EventP`, a union that holds itself: it needs its raw \
                 text, which is not kept while the variants of such a union are tried",
            ),
        ] {
            check_property(schema, expected);
        }
    }

    #[test]
    fn roots_must_be_objects_and_have_one_name() {
        check(
            r#"{"type": "string"}"#,
            "own.json: the root of an event's schema must be an object",
        );
        check(
            r#"{"openapi": "3.0.0", "components": {"schemas": {}}}"#,
            "this schema has what cannot be turned into types:\n\
             own.json: there is no schema that no other refers to",
        );
        let two = r#"{"openapi": "3.0.0", "components": {"schemas": {
            "a": {"properties": {"x": {}}}, "b": {"properties": {"x": {}}} }}}"#;
        let root = crate::process::root();
        assert!(generate(two, "own.json", None, &root).is_ok());
        assert_eq!(
            generate(two, "own.json", Some("One"), &root)
                .unwrap_err()
                .to_string(),
            "this schema has what cannot be turned into types:\n\
             own.json: there are 2 roots, so that none can be named `One`"
        );
    }

    #[test]
    fn names_become_rust_names() {
        for (name, rust) in [
            ("com.shop@OrderPlaced", "ComShopOrderPlaced"),
            ("AWSEvent", "AWSEvent"),
            ("order_placed", "OrderPlaced"),
            ("Map", "MapType"),
            ("2.0", "V20"),
            ("@", "Event"),
        ] {
            assert_eq!(type_name(name), rust);
        }
    }

    #[test]
    fn the_registrys_export_has_two_types_of_one_name() {
        let export = r##"{
            "$schema": "http://json-schema.org/draft-04/schema#",
            "title": "OrderPlaced",
            "definitions": { "OrderPlaced": { "type": "object", "properties": { "id": { "type": "string" } } } },
            "type": "object",
            "required": ["detail", "detail-type", "source"],
            "properties": {
                "detail": { "$ref": "#/definitions/OrderPlaced" },
                "detail-type": { "type": "string" },
                "source": { "type": "string" }
            },
            "x-amazon-events-detail-type": "Order placed",
            "x-amazon-events-source": "shop.orders"
        }"##;
        let code = generate(export, "own.json", None, &crate::process::root()).unwrap();
        for part in [
            "pub struct OrderPlacedEvent {",
            "pub detail: OrderPlaced,",
            "pub struct OrderPlaced {",
            r#", "Order placed")"#,
            r#", "shop.orders")"#,
        ] {
            assert!(code.contains(part), "no `{part}` in:\n{code}");
        }
    }
}

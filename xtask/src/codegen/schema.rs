//! Reads a schema of the dialect into a [`Model`]; whatever it does not know, it refuses.

#[cfg(test)]
mod tests;
mod types;
mod verify;

use super::json::Node;
use super::model::{Body, EnumValue, Model, Named, Property, Root, Slot, Struct, Variant};
use super::names;
use super::problem::{At, Problems};
pub use verify::{inside, reachable};

/// What every schema of the dialect begins with.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Names that mean something else in generated code.
const TAKEN: &[&str] = &[
    "Base64",
    "Box",
    "Default",
    "Deserialize",
    "EpochMillis",
    "EpochSeconds",
    "Err",
    "From",
    "Headers",
    "Integer",
    "Json",
    "JsonText",
    "Map",
    "Member",
    "Mode",
    "MultiHeaders",
    "None",
    "Nullable",
    "Ok",
    "Option",
    "Result",
    "Rfc3339",
    "Sample",
    "Scalar",
    "Secret",
    "Self",
    "Serialize",
    "Service",
    "Shape",
    "Shaped",
    "Some",
    "String",
    "Text",
    "Vec",
];

/// Whether a generated type must not have this name.
pub fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name)
}

/// Reads the schema `document`, kept at `at`.
pub fn read(document: &Node, at: &At) -> (Model, Problems) {
    let mut reader = Reader::default();
    reader.document(document, at);
    reader.verify();
    (reader.model, reader.problems)
}

#[derive(Default)]
struct Reader {
    model: Model,
    problems: Problems,
    /// Every reference with its place.
    references: Vec<(String, At)>,
}

impl Reader {
    fn document(&mut self, document: &Node, at: &At) {
        let known = [
            "$schema",
            "title",
            "description",
            "$defs",
            "x-events",
            "x-responses",
            "x-parts",
        ];
        self.known(document, at, &known);
        if document.get("$schema").and_then(Node::str) != Some(DIALECT) {
            self.problems
                .add(&at.down("$schema"), format_args!("must be `{DIALECT}`"));
        }
        self.text(document, at, "title");
        self.text(document, at, "description");
        for (name, node) in document.get("$defs").map(Node::members).unwrap_or_default() {
            self.named(name, node, &at.down("$defs").down(name));
        }
        for (key, response) in [("x-events", false), ("x-responses", true)] {
            for (name, ids) in document.get(key).map(Node::members).unwrap_or_default() {
                self.root(name, ids, response, at.down(key).down(name));
            }
        }
        let parts = document.get("x-parts").map(Node::items).unwrap_or_default();
        for (index, part) in parts.iter().enumerate() {
            let at = at.down("x-parts").down(index);
            match part.str() {
                Some(name) => {
                    self.references.push((name.to_owned(), at));
                    self.model.parts.push(name.to_owned());
                }
                None => self.problems.add(&at, "must be the name of a type"),
            }
        }
    }

    fn root(&mut self, name: &str, ids: &Node, response: bool, at: At) {
        let mut samples = Vec::new();
        for (index, id) in ids.items().iter().enumerate() {
            match id.str() {
                Some(id) if is_kebab(id) => samples.push(id.to_owned()),
                _ => self
                    .problems
                    .add(&at.down(index), "must be a sample's id in kebab-case"),
            }
        }
        if ids.items().is_empty() {
            self.problems
                .add(&at, "needs a list of at least one sample");
        }
        self.references.push((name.to_owned(), at.clone()));
        self.model.roots.push(Root {
            name: name.to_owned(),
            response,
            samples,
            documents: Vec::new(),
            at,
        });
    }

    fn named(&mut self, name: &str, node: &Node, at: &At) {
        if !names::is_type_name(name) {
            self.problems
                .add(at, format_args!("`{name}` is not a Rust type name"));
        } else if is_taken(name) {
            self.problems.add(
                at,
                format_args!("`{name}` means something else in generated code"),
            );
        }
        let description = self.text(node, at, "description");
        let body = if node.get("oneOf").is_some() {
            Some(Body::Union(self.union(node, at)))
        } else if node.get("enum").is_some() {
            Some(Body::Enum(self.open_enum(node, at)))
        } else if node.get("properties").is_some() {
            Some(Body::Struct(self.object(node, at)))
        } else {
            self.alias(node, at)
        };
        if let Some(body) = body {
            let name = name.to_owned();
            self.model.types.push(Named {
                name,
                description,
                body,
                at: at.clone(),
            });
        }
    }

    fn alias(&mut self, node: &Node, at: &At) -> Option<Body> {
        let slot = self.slot(node, at, &["description"])?;
        if slot.nullable {
            self.problems
                .add(at, "a named type cannot be null: say so where it is used");
        }
        Some(Body::Alias(slot.ty))
    }

    fn union(&mut self, node: &Node, at: &At) -> Vec<Variant> {
        self.known(node, at, &["description", "oneOf"]);
        let mut variants: Vec<Variant> = Vec::new();
        let nodes = node.get("oneOf").map(Node::items).unwrap_or_default();
        if nodes.len() < 2 {
            self.problems
                .add(&at.down("oneOf"), "needs at least two variants");
        }
        for (index, node) in nodes.iter().enumerate() {
            let at = at.down("oneOf").down(index);
            let Some(slot) = self.slot(node, &at, &["description", "x-variant"]) else {
                continue;
            };
            if slot.nullable || types::is_any(&slot.ty) {
                self.problems.add(
                    &at,
                    "a variant cannot be null: say so where the union is used",
                );
            }
            let rust = match self.optional(node, &at, "x-variant") {
                Some(name) => name,
                None => types::variant_name(&slot.ty),
            };
            if !names::is_type_name(&rust) {
                self.problems
                    .add(&at, format_args!("`{rust}` is not a Rust variant name"));
            }
            if variants.iter().any(|known| known.rust == rust) {
                let what = format!("two variants are named `{rust}`: set `x-variant`");
                self.problems.add(&at, what);
            }
            let description = self.optional(node, &at, "description").unwrap_or_default();
            variants.push(Variant {
                rust,
                description,
                ty: slot.ty,
                at,
            });
        }
        variants
    }

    fn open_enum(&mut self, node: &Node, at: &At) -> Vec<EnumValue> {
        self.known(
            node,
            at,
            &["type", "description", "enum", "x-names", "x-values"],
        );
        if node.get("type").and_then(Node::str) != Some("string") {
            self.problems
                .add(&at.down("type"), "an enum's type must be `string`");
        }
        let mut values: Vec<EnumValue> = Vec::new();
        for (index, value) in node
            .get("enum")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            let at = at.down("enum").down(index);
            let Some(json) = value.str() else {
                self.problems.add(&at, "must be a string");
                continue;
            };
            let named = |key: &str| node.get(key)?.get(json)?.str().map(str::to_owned);
            let rust = named("x-names").unwrap_or_else(|| names::pascal(json));
            if !names::is_type_name(&rust.replace('_', "")) || rust == "Other" {
                let what = format!("`{json}` makes no variant name: set one in `x-names`");
                self.problems.add(&at, what);
            }
            if let Some(known) = values.iter().find(|known| known.rust == rust) {
                let what = format!(
                    "`{}` and `{json}` are both `{rust}`: set one in `x-names`",
                    known.json
                );
                self.problems.add(&at, what);
            }
            let description = named("x-values").unwrap_or_else(|| format!("`{json}`."));
            values.push(EnumValue {
                json: json.to_owned(),
                rust,
                description,
            });
        }
        for key in ["x-names", "x-values"] {
            for (value, text) in node.get(key).map(Node::members).unwrap_or_default() {
                let at = at.down(key).down(value);
                if !values.iter().any(|known| known.json == *value) {
                    self.problems.add(&at, "is not a value of the enum");
                }
                if text.str().is_none_or(str::is_empty) {
                    self.problems.add(&at, "must be a text");
                }
            }
        }
        values
    }

    fn object(&mut self, node: &Node, at: &At) -> Struct {
        let known = [
            "type",
            "description",
            "properties",
            "required",
            "additionalProperties",
        ];
        self.known(node, at, &known);
        if node.get("type").and_then(Node::str) != Some("object") {
            self.problems.add(
                &at.down("type"),
                "must be `object` where there are properties",
            );
        }
        let required: Vec<&Node> = node
            .get("required")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .collect();
        let members = node
            .get("properties")
            .map(Node::members)
            .unwrap_or_default();
        for (index, name) in required.iter().enumerate() {
            if !name
                .str()
                .is_some_and(|name| members.iter().any(|(member, _)| member == name))
            {
                self.problems
                    .add(&at.down("required").down(index), "names no property");
            }
        }
        let mut properties: Vec<Property> = Vec::new();
        for (json, node) in members {
            let at = at.down("properties").down(json);
            let required = required.contains(&&Node::from(json.as_str()));
            let Some(property) = self.property(json, node, required, at) else {
                continue;
            };
            if let Some(known) = properties.iter().find(|known| known.rust == property.rust) {
                let what = format!(
                    "`{}` and `{json}` are both `{}`: set `x-name`",
                    known.json, property.rust
                );
                self.problems.add(&property.at, what);
            }
            properties.push(property);
        }
        let other = node.get("additionalProperties").and_then(|other| {
            let at = at.down("additionalProperties");
            if let Some(taken) = properties.iter().find(|property| property.rust == "other") {
                let what = "the other members are the field `other`: give this one an `x-name`";
                self.problems.add(&taken.at, what);
            }
            self.slot(other, &at, &[])
        });
        let mut generic = properties.iter().filter(|property| property.generic);
        if let Some(first) = generic.next()
            && (other.is_some() || generic.next().is_some())
        {
            let what = "one member of a struct without `additionalProperties` can be generic";
            self.problems.add(&first.at, what);
        }
        Struct { properties, other }
    }

    fn property(&mut self, json: &str, node: &Node, required: bool, at: At) -> Option<Property> {
        let description = self.text(node, &at, "description");
        let extra = [
            "description",
            "x-generic",
            "x-mark",
            "x-name",
            "x-unsampled",
        ];
        let slot: Slot = self.slot(node, &at, &extra)?;
        let rust = self
            .optional(node, &at, "x-name")
            .unwrap_or_else(|| names::snake(json));
        if !names::is_field_name(&rust) {
            let what = format!("`{rust}` is not a Rust field name: set `x-name`");
            self.problems.add(&at, what);
        }
        Some(Property {
            json: json.to_owned(),
            rust,
            description,
            slot,
            required,
            constant: match self.optional(node, &at, "x-mark") {
                Some(mark) => Some(mark),
                None => node.get("const").and_then(Node::str).map(str::to_owned),
            },
            unsampled: self.optional(node, &at, "x-unsampled").is_some(),
            generic: self.generic(node, &at, required),
            at,
        })
    }

    /// Whether the member's type is left to the user of the struct.
    fn generic(&mut self, node: &Node, at: &At, required: bool) -> bool {
        let Some(value) = node.get("x-generic") else {
            return false;
        };
        let plain = |keyword: &str| keyword == "description" || keyword.starts_with("x-");
        let any = node.members().iter().all(|(keyword, _)| plain(keyword));
        if *value != Node::Bool(true) || !any || !required {
            let what = "must be `true`, on a required member that may be any value";
            self.problems.add(&at.down("x-generic"), what);
        }
        true
    }

    /// Refuses keywords other than these.
    fn known(&mut self, node: &Node, at: &At, known: &[&str]) {
        for (keyword, _) in node.members() {
            if !known.contains(&keyword.as_str()) {
                self.problems.add(
                    &at.down(keyword),
                    format_args!("unknown keyword `{keyword}`"),
                );
            }
        }
    }

    /// A text that must be there.
    fn text(&mut self, node: &Node, at: &At, key: &str) -> String {
        if node.get(key).is_none() {
            self.problems.add(at, format_args!("{key} is missing"));
        }
        self.optional(node, at, key).unwrap_or_default()
    }

    /// A text that may be there, but not be empty.
    fn optional(&mut self, node: &Node, at: &At, key: &str) -> Option<String> {
        let value = node.get(key)?;
        let text = value.str().map(str::trim).filter(|text| !text.is_empty());
        if text.is_none() {
            self.problems.add(&at.down(key), "must be a text");
        }
        text.map(str::to_owned)
    }
}

fn is_kebab(id: &str) -> bool {
    id.split('-').all(|word| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

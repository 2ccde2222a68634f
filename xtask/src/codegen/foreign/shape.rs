//! One schema of a user's document, in the dialect's words.

use std::collections::BTreeSet;

use super::super::json::Node;
use super::super::names;
use super::super::problem::At;
use super::{ENVELOPE, Reader, is_event, type_name};

/// Keywords that say more than a Rust type can.
const REFUSED: &[&str] = &[
    "$dynamicRef",
    "$recursiveRef",
    "dependencies",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "patternProperties",
    "prefixItems",
    "then",
];

type Members = Vec<(String, Node)>;

/// What a schema has become.
enum Shape {
    /// Keywords that can stand anywhere.
    Inline(Members),
    /// Keywords that need an entry of their own in `$defs`.
    Named(Members),
}

/// Whether the schema itself allows null.
pub(super) fn is_nullable(node: &Node) -> bool {
    let is_null = |node: &Node| *node == Node::Null || node.str() == Some("null");
    let lists = ["anyOf", "oneOf"].map(|key| node.get(key).map(Node::items).unwrap_or_default());
    let list = |key: &str| {
        node.get(key)
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .any(is_null)
    };
    node.get("nullable").is_some_and(Node::is_true)
        || list("type")
        || list("enum")
        || lists
            .concat()
            .iter()
            .any(|branch| branch.get("type").is_some_and(is_null))
}

impl<'a> Reader<'a> {
    /// Adds the type `name` to `$defs`.
    pub(super) fn define(&mut self, name: &str, node: &'a Node, at: &At) {
        let place = self.defs.len();
        self.defs.push((name.to_owned(), Node::Null));
        self.origins
            .push((format!("/$defs/{name}"), at.pointer.clone()));
        if let Some(Shape::Inline(members) | Shape::Named(members)) = self.shape(node, at, name) {
            self.fill(place, name, node, members);
        }
    }

    fn fill(&mut self, place: usize, name: &str, node: &Node, mut members: Members) {
        members.push((
            "description".to_owned(),
            description(node, name).as_str().into(),
        ));
        self.defs[place].1 = Node::Object(members);
    }

    /// A schema where the dialect wants one that is not named; `name` is for what must be.
    fn slot(&mut self, node: &'a Node, at: &At, name: &str) -> Option<Members> {
        let place = self.defs.len();
        let mut nullable = is_nullable(node);
        let shape = match single(node) {
            Some(("$ref", target)) => {
                let (name, null) = self.refer(target, &at.down("$ref"))?;
                nullable |= null;
                Shape::Inline(vec![reference(&name)])
            }
            _ => self.shape(node, at, name)?,
        };
        let mut members = match shape {
            Shape::Inline(members) => members,
            Shape::Named(members) => {
                let name = self.unique(name);
                self.defs.insert(place, (name.clone(), Node::Null));
                self.origins
                    .push((format!("/$defs/{name}"), at.pointer.clone()));
                self.fill(place, &name, node, members);
                vec![reference(&name)]
            }
        };
        if nullable && !members.is_empty() {
            let null = Node::Object(vec![("type".to_owned(), "null".into())]);
            members = vec![(
                "anyOf".to_owned(),
                Node::Array(vec![Node::Object(members), null]),
            )];
        }
        if node.get("x-secret").is_some_and(Node::is_true) {
            members.push(("x-secret".to_owned(), Node::Bool(true)));
        }
        Some(members)
    }

    fn shape(&mut self, node: &'a Node, at: &At, name: &str) -> Option<Shape> {
        let any = || Some(Shape::Inline(Vec::new()));
        if *node == Node::Bool(true) {
            return any();
        }
        let Node::Object(members) = node else {
            return self.refuse(at, "must be a schema");
        };
        let mut refused = false;
        for (keyword, _) in members
            .iter()
            .filter(|(keyword, _)| REFUSED.contains(&keyword.as_str()))
        {
            self.problems
                .add(&at.down(keyword), "cannot be expressed as a Rust type");
            refused = true;
        }
        if refused {
            return None;
        }
        if let Some(("$ref", target)) = single(node) {
            let (name, _) = self.refer(target, &at.down("$ref"))?;
            return Some(Shape::Inline(vec![reference(&name)]));
        }
        if node.get("allOf").is_some() {
            return self.refuse(&at.down("allOf"), "cannot be expressed as a Rust type");
        }
        for keyword in ["oneOf", "anyOf"] {
            if node.get(keyword).is_some() {
                return self.choice(node, keyword, at, name);
            }
        }
        if let Some(values) = values(node) {
            return Some(listed(&values));
        }
        let types = types(node);
        let types: Vec<&str> = types.iter().copied().collect();
        match types.as_slice() {
            [] => any(),
            ["object"] => self.object(node, at, name),
            ["array"] => {
                let item = match node.get("items") {
                    Some(Node::Array(_)) => {
                        return self.refuse(&at.down("items"), "tuples cannot be expressed");
                    }
                    Some(item) => self.slot(item, &at.down("items"), &format!("{name}Item"))?,
                    None => Vec::new(),
                };
                Some(Shape::Inline(vec![
                    ("type".to_owned(), "array".into()),
                    ("items".to_owned(), Node::Object(item)),
                ]))
            }
            ["string"] => Some(Shape::Inline(string(node))),
            ["integer"] => Some(Shape::Inline(integer(node))),
            ["number"] | ["integer", "number"] => Some(inline(&["number"])),
            ["boolean"] => Some(inline(&["boolean"])),
            ["integer", "string"] => Some(inline(&["integer", "string"])),
            types if !types.contains(&"object") && !types.contains(&"array") => {
                Some(inline(&["string", "number", "boolean"]))
            }
            _ => any(),
        }
    }

    fn choice(&mut self, node: &'a Node, keyword: &str, at: &At, name: &str) -> Option<Shape> {
        let at = at.down(keyword);
        if node.get("properties").is_some() {
            return self.refuse(&at, "cannot be expressed beside `properties`");
        }
        let is_null = |node: &Node| node.get("type").and_then(Node::str) == Some("null");
        let branches = node
            .get(keyword)
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .enumerate();
        let branches: Vec<(usize, &Node)> = branches.filter(|(_, node)| !is_null(node)).collect();
        if let [(index, only)] = branches.as_slice() {
            return self.slot(only, &at.down(index), name).map(Shape::Inline);
        }
        let mut variants = Vec::new();
        for (index, branch) in branches {
            let at = at.down(index);
            variants.push(Node::Object(self.slot(
                branch,
                &at,
                &format!("{name}Variant"),
            )?));
        }
        Some(Shape::Named(vec![(
            "oneOf".to_owned(),
            Node::Array(variants),
        )]))
    }

    fn object(&mut self, node: &'a Node, at: &At, name: &str) -> Option<Shape> {
        let own = node
            .get("properties")
            .map(Node::members)
            .unwrap_or_default();
        let kind = ("type".to_owned(), "object".into());
        let rest = node.get("additionalProperties");
        let at_rest = at.down("additionalProperties");
        let rest = match rest {
            Some(Node::Bool(false)) | None => None,
            Some(rest) => Some(Node::Object(self.slot(
                rest,
                &at_rest,
                &format!("{name}Value"),
            )?)),
        };
        if own.is_empty() {
            let rest = rest.unwrap_or(Node::Bool(true));
            return Some(Shape::Inline(vec![
                kind,
                ("additionalProperties".to_owned(), rest),
            ]));
        }
        let mut taken = BTreeSet::new();
        if rest.is_some() {
            taken.insert("other".to_owned());
        }
        let mut properties = Vec::new();
        for (json, property) in own {
            let at = at.down("properties").down(json);
            let type_name = type_name(&format!("{name}{}", names::pascal(json)));
            let Some(mut members) = self.slot(property, &at, &type_name) else {
                continue;
            };
            let field = field(json, &mut taken);
            if field != names::snake(json) {
                members.push(("x-name".to_owned(), field.as_str().into()));
            }
            mark(node, json, &mut members);
            let envelope = is_event(node);
            let known = ENVELOPE.iter().find(|(name, _)| envelope && name == json);
            let description = match known {
                Some((_, known)) if property.get("description").is_none() => (*known).to_owned(),
                _ => description(property, json),
            };
            members.push(("description".to_owned(), description.as_str().into()));
            properties.push((json.clone(), Node::Object(members)));
        }
        let required = node
            .get("required")
            .map(Node::items)
            .unwrap_or_default()
            .iter();
        let is_property = |name: &&Node| own.iter().any(|(json, _)| name.str() == Some(json));
        let required = required.filter(is_property).cloned().collect();
        let mut members = vec![
            kind,
            ("required".to_owned(), Node::Array(required)),
            ("properties".to_owned(), Node::Object(properties)),
        ];
        members.extend(rest.map(|rest| ("additionalProperties".to_owned(), rest)));
        Some(Shape::Named(members))
    }

    fn refuse<T>(&mut self, at: &At, what: &str) -> Option<T> {
        self.problems.add(at, what);
        None
    }
}

/// A keyword that alone decides what a schema means: a reference, or `allOf` with one reference,
/// which is how OpenAPI adds to one.
fn single(node: &Node) -> Option<(&str, &Node)> {
    if let Some(reference) = node.get("$ref") {
        return Some(("$ref", reference));
    }
    match node.get("allOf").map(Node::items) {
        Some([only]) if node.get("properties").is_none() => single(only),
        _ => None,
    }
}

/// The values a schema lists, null aside.
fn values(node: &Node) -> Option<Vec<&Node>> {
    let values: Vec<&Node> = match (node.get("const"), node.get("enum")) {
        (Some(value), _) => vec![value],
        (None, Some(values)) => values.items().iter().collect(),
        (None, None) => return None,
    };
    Some(
        values
            .into_iter()
            .filter(|value| **value != Node::Null)
            .collect(),
    )
}

/// Listed values: an enum where all are texts, their common type otherwise.
fn listed(values: &[&Node]) -> Shape {
    let texts: Vec<&str> = values.iter().filter_map(|value| value.str()).collect();
    if texts.len() < values.len() {
        let kinds: BTreeSet<&str> = values.iter().map(|value| value.kind()).collect();
        return match kinds.into_iter().collect::<Vec<_>>().as_slice() {
            ["boolean"] => inline(&["boolean"]),
            ["integer"] => inline(&["integer"]),
            ["number"] | ["integer", "number"] => inline(&["number"]),
            ["integer", "string"] => inline(&["integer", "string"]),
            kinds if !kinds.contains(&"object") && !kinds.contains(&"array") => {
                inline(&["string", "number", "boolean"])
            }
            _ => Shape::Inline(Vec::new()),
        };
    }
    if let [text] = texts.as_slice() {
        let constant = ("const".to_owned(), (*text).into());
        return Shape::Inline(vec![("type".to_owned(), "string".into()), constant]);
    }
    let mut taken = BTreeSet::from(["Other".to_owned()]);
    let mut renamed = Vec::new();
    for text in &texts {
        let own = names::pascal(text);
        let own = if names::is_type_name(&own.replace('_', "")) {
            own
        } else {
            "Value".to_owned()
        };
        let mut unique = own.clone();
        let mut number = 2;
        while !taken.insert(unique.clone()) {
            unique = format!("{own}{number}");
            number += 1;
        }
        if unique != names::pascal(text) {
            renamed.push(((*text).to_owned(), unique.as_str().into()));
        }
    }
    let mut members = vec![
        ("type".to_owned(), "string".into()),
        (
            "enum".to_owned(),
            Node::Array(texts.into_iter().map(Node::from).collect()),
        ),
    ];
    if !renamed.is_empty() {
        members.push(("x-names".to_owned(), Node::Object(renamed)));
    }
    Shape::Named(members)
}

/// The types a schema names or, where it names none, shows; null aside.
fn types(node: &Node) -> BTreeSet<&str> {
    let mut types: BTreeSet<&str> = match node.get("type") {
        Some(Node::String(name)) => BTreeSet::from([name.as_str()]),
        Some(names) => names.items().iter().filter_map(Node::str).collect(),
        None if node
            .get("properties")
            .or(node.get("additionalProperties"))
            .is_some() =>
        {
            BTreeSet::from(["object"])
        }
        None if node.get("items").is_some() => BTreeSet::from(["array"]),
        None => BTreeSet::new(),
    };
    types.remove("null");
    types
}

fn string(node: &Node) -> Members {
    let is = |key: &str, value: &str| node.get(key).and_then(Node::str) == Some(value);
    let mut members = vec![("type".to_owned(), "string".into())];
    if is("format", "date-time") {
        members.push(("format".to_owned(), "date-time".into()));
    } else if is("format", "byte") || is("contentEncoding", "base64") {
        members.push(("contentEncoding".to_owned(), "base64".into()));
    } else if is("contentMediaType", "application/json") {
        members.push(("contentMediaType".to_owned(), "application/json".into()));
    }
    members
}

fn integer(node: &Node) -> Members {
    let mut members = vec![("type".to_owned(), "integer".into())];
    if matches!(node.get("minimum"), Some(Node::Number(least)) if least.is_u64()) {
        members.push(("minimum".to_owned(), Node::Number(0.into())));
    }
    members
}

fn inline(types: &[&str]) -> Shape {
    let types = match types {
        [one] => (*one).into(),
        many => Node::Array(many.iter().map(|name| (*name).into()).collect()),
    };
    Shape::Inline(vec![("type".to_owned(), types)])
}

fn reference(name: &str) -> (String, Node) {
    ("$ref".to_owned(), format!("#/$defs/{name}").as_str().into())
}

/// What the registry says of the whole event tells it apart from others.
fn mark(event: &Node, json: &str, members: &mut Members) {
    let key = match json {
        "source" => "x-amazon-events-source",
        "detail-type" => "x-amazon-events-detail-type",
        _ => return,
    };
    let text = ("type".to_owned(), "string".into());
    if let Some(value) = event.get(key)
        && members.first() == Some(&text)
        && !members.iter().any(|(keyword, _)| keyword == "const")
    {
        members.push(("const".to_owned(), value.clone()));
    }
}

/// A field's name that no other field of the struct has.
fn field(json: &str, taken: &mut BTreeSet<String>) -> String {
    let own = names::snake(json);
    let own = if names::is_field_name(&own) {
        own
    } else {
        "member".to_owned()
    };
    let mut unique = own.clone();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{own}_{number}");
        number += 1;
    }
    unique
}

/// A schema's description, or what stands in for it.
fn description(node: &Node, name: &str) -> String {
    let text = |key: &str| node.get(key).and_then(Node::str).map(str::trim);
    let text = text("description")
        .or(text("title"))
        .filter(|text| !text.is_empty());
    text.map_or_else(|| format!("`{name}`."), str::to_owned)
}

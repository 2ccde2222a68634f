//! Checks samples against their types, and types against their samples.

mod formats;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::json::Node;
use super::model::{Body, Model, Resolved, Slot, Struct, Type, Variant};
use super::problem::{At, Problems};
use formats::{is_base64, is_date_time};

/// Reads the samples of a service whose crate is `folder`, a path below `root`, into the model, and
/// checks them.
pub fn read(model: &mut Model, root: &Path, folder: &str) -> Result<Problems> {
    let mut problems = Problems::default();
    let samples = root.join(folder).join("samples");
    let mut files = BTreeSet::new();
    if samples.exists() {
        for entry in fs::read_dir(&samples)? {
            files.insert(entry?.file_name().to_string_lossy().into_owned());
        }
    }
    for types in &mut model.roots {
        for (index, id) in types.samples.iter().enumerate() {
            let file = format!("{id}.json");
            if !files.remove(&file) {
                let what = format!("there is no file {folder}/samples/{file}");
                problems.add(&types.at.down(index), what);
                continue;
            }
            let at = At::file(format!("{folder}/samples/{file}"));
            let text = fs::read_to_string(samples.join(&file))?;
            if !text.ends_with('\n') {
                problems.add(&at, "must end with a line feed");
            }
            match Node::parse(&text) {
                Ok(document) => types.documents.push(document),
                Err(error) => problems.add(&at, error),
            }
        }
    }
    for file in files {
        let at = At::file(format!("{folder}/samples/{file}"));
        problems.add(&at, "is listed under no root type of schema.json");
    }
    if problems.is_empty() {
        problems.append(check(model, folder));
    }
    Ok(problems)
}

fn check(model: &Model, folder: &str) -> Problems {
    let mut checker = Checker {
        model,
        problems: Problems::default(),
        seen: BTreeMap::new(),
    };
    for root in &model.roots {
        for (id, document) in root.samples.iter().zip(&root.documents) {
            let at = At::file(format!("{folder}/samples/{id}.json"));
            checker.value(document, &Type::Ref(root.name.clone()), &at);
        }
    }
    let Checker {
        mut problems, seen, ..
    } = checker;
    if problems.is_empty() {
        coverage(model, &seen, &mut problems);
    }
    problems
}

/// Where each property of each type was first seen.
type Seen = BTreeMap<(String, String), String>;

struct Checker<'a> {
    model: &'a Model,
    problems: Problems,
    seen: Seen,
}

impl Checker<'_> {
    fn slot(&mut self, node: &Node, slot: &Slot, at: &At) {
        if !(slot.nullable && *node == Node::Null) {
            self.value(node, &slot.ty, at);
        }
    }

    fn value(&mut self, node: &Node, ty: &Type, at: &At) {
        let model = self.model;
        let ty = match model.resolve(ty) {
            Resolved::Plain(ty) => ty,
            Resolved::Named(named) => {
                return match &named.body {
                    Body::Struct(body) => self.object(node, &named.name, body, at),
                    Body::Union(variants) => self.union(node, &named.name, variants, at),
                    Body::Enum(values) => match node.str() {
                        Some(text) if !values.iter().any(|value| value.json == text) => {
                            let what = format!("`{text}` is not a known `{}`", named.name);
                            self.problems.add(at, what);
                        }
                        Some(_) => {}
                        None => self.mismatch(node, "string", at),
                    },
                    Body::Alias(_) => {}
                };
            }
        };
        match (ty, node) {
            (Type::Vec(slot), Node::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.slot(item, slot, &at.down(index));
                }
            }
            (Type::Map(slot), Node::Object(members)) => {
                for (name, value) in members {
                    self.slot(value, slot, &at.down(name));
                }
            }
            (Type::Headers, Node::Object(members)) => {
                for (name, value) in members {
                    self.value(value, &Type::Text, &at.down(name));
                }
            }
            (Type::MultiHeaders, Node::Object(members)) => {
                for (name, values) in members {
                    if !matches!(values, Node::Array(_)) {
                        self.mismatch(values, "array", &at.down(name));
                    }
                    for (index, value) in values.items().iter().enumerate() {
                        self.value(value, &Type::Text, &at.down(name).down(index));
                    }
                }
            }
            _ => self.leaf(node, ty, at),
        }
    }

    fn leaf(&mut self, node: &Node, ty: &Type, at: &At) {
        let kind = node.kind();
        let wanted: &[&str] = match ty {
            Type::Text
            | Type::Rfc3339
            | Type::Base64
            | Type::JsonText
            | Type::EpochMillis { number: false, .. } => &["string"],
            Type::I64 | Type::U64 | Type::EpochMillis { text: false, .. } => &["integer"],
            Type::EpochMillis { .. } | Type::Integer => &["integer", "string"],
            Type::F64 | Type::EpochSeconds { text: false } => &["integer", "number"],
            Type::EpochSeconds { text: true } => &["integer", "number", "string"],
            Type::Bool => &["boolean"],
            Type::Scalar => &["boolean", "integer", "number", "string"],
            Type::Vec(_) => &["array"],
            Type::Map(_) | Type::Headers | Type::MultiHeaders => &["object"],
            Type::Json | Type::Secret(_) | Type::Ref(_) => return,
        };
        if !wanted.contains(&kind) {
            return self.mismatch(node, &wanted.join(" or "), at);
        }
        let text = node.str();
        let wrong = match ty {
            Type::Rfc3339 if !text.is_some_and(is_date_time) => "an RFC 3339 date and time",
            Type::Base64 if !text.is_some_and(is_base64) => "base64",
            Type::EpochMillis { .. } | Type::Integer
                if text.is_some_and(|text| text.parse::<i64>().is_err()) =>
            {
                "an integer"
            }
            Type::EpochSeconds { .. } if text.is_some_and(|text| text.parse::<f64>().is_err()) => {
                "a number"
            }
            Type::U64 if matches!(node, Node::Number(number) if !number.is_u64()) => {
                "an integer of at least 0"
            }
            _ => return,
        };
        self.problems.add(at, format_args!("is not {wrong}"));
    }

    fn object(&mut self, node: &Node, name: &str, body: &Struct, at: &At) {
        let Node::Object(members) = node else {
            return self.mismatch(node, "object", at);
        };
        for property in &body.properties {
            if property.required && node.get(&property.json).is_none() {
                let what = format!("the required member `{}` is missing", property.json);
                self.problems.add(at, what);
            }
        }
        for (json, value) in members {
            let at = at.down(json);
            let Some(property) = body
                .properties
                .iter()
                .find(|property| property.json == *json)
            else {
                match &body.other {
                    Some(slot) => self.slot(value, slot, &at),
                    None => self
                        .problems
                        .add(&at, format_args!("is not a member of `{name}`")),
                }
                continue;
            };
            let key = (name.to_owned(), json.clone());
            self.seen.entry(key).or_insert_with(|| at.file.clone());
            self.slot(value, &property.slot, &at);
            if let (Some(constant), Some(text)) = (&property.constant, value.str())
                && match constant.strip_suffix('*') {
                    Some(start) => !text.starts_with(start),
                    None => constant != text,
                }
            {
                self.problems.add(&at, format_args!("must be `{constant}`"));
            }
        }
    }

    /// Takes the first variant that fits, as decoding does; if none fits, says what the closest
    /// one lacks.
    fn union(&mut self, node: &Node, name: &str, variants: &[Variant], at: &At) {
        let mut closest: Option<(usize, &str, Problems)> = None;
        for variant in variants {
            let mut trial = Checker {
                model: self.model,
                problems: Problems::default(),
                seen: BTreeMap::new(),
            };
            trial.value(node, &variant.ty, at);
            if trial.problems.is_empty() {
                for (key, file) in trial.seen {
                    self.seen.entry(key).or_insert(file);
                }
                return;
            }
            let count = trial.problems.len();
            if closest.as_ref().is_none_or(|(least, ..)| count < *least) {
                closest = Some((count, &variant.rust, trial.problems));
            }
        }
        if let Some((_, variant, problems)) = closest {
            let what = format!("is no variant of `{name}`; the closest is `{variant}`, but:");
            self.problems.add(at, what);
            self.problems.append(problems);
        }
    }

    fn mismatch(&mut self, node: &Node, wanted: &str, at: &At) {
        self.problems.add(
            at,
            format_args!("is of type {}, and must be {wanted}", node.kind()),
        );
    }
}

/// Every member occurs in a sample, or says why not.
fn coverage(model: &Model, seen: &Seen, problems: &mut Problems) {
    // Types that only stand below members no sample shows need no samples of their own.
    let mut shown = BTreeSet::new();
    let mut left: Vec<&str> = model.roots.iter().map(|root| root.name.as_str()).collect();
    while let Some(name) = left.pop() {
        let Some(named) = model.find(name) else {
            continue;
        };
        if !shown.insert(named.name.as_str()) {
            continue;
        }
        match &named.body {
            Body::Struct(body) => {
                let sampled = body
                    .properties
                    .iter()
                    .filter(|property| !property.unsampled);
                left.extend(sampled.flat_map(|property| property.slot.ty.references(false)));
                left.extend(body.other.iter().flat_map(|slot| slot.ty.references(false)));
            }
            body => left.extend(body.types().into_iter().flat_map(|ty| ty.references(false))),
        }
    }
    for named in model
        .types
        .iter()
        .filter(|named| shown.contains(named.name.as_str()))
        .filter(|named| !model.foreign.contains_key(&named.name))
    {
        let Body::Struct(body) = &named.body else {
            continue;
        };
        for property in &body.properties {
            match (
                seen.get(&(named.name.clone(), property.json.clone())),
                property.unsampled,
            ) {
                (None, false) => problems.add(
                    &property.at,
                    "occurs in no sample: show it in one, or say why not with `x-unsampled`",
                ),
                (Some(file), true) => problems.add(
                    &property.at,
                    format_args!("occurs in {file}: take `x-unsampled` out"),
                ),
                _ => {}
            }
        }
    }
}

//! The types of one source, in the terms of the code to be written.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use super::super::model::{Body, Model, Named, Property, Slot, Struct, Type, Variant};
use super::super::problem::At;
use super::super::{names, schema};
use super::corrections::{Registry, below};
use super::spec::{Event, Spec, Ty};

/// A source and its kinds of events.
#[derive(Debug)]
pub struct Source {
    /// `aws.codeguru-profiler`.
    pub name: String,
    /// `codeguru-profiler`.
    pub feature: String,
    /// `codeguru_profiler`.
    pub module: String,
    /// The detail types, and the names of their details' types.
    pub events: Vec<(String, String)>,
    pub model: Model,
}

/// All sources, in the order of their names.
pub fn all(mut spec: Spec, registry: &Registry) -> Result<Vec<Source>> {
    registry.apply(&mut spec)?;
    let mut sources: BTreeMap<&str, BTreeMap<&str, &Event>> = BTreeMap::new();
    for event in &spec.events {
        let kinds = sources.entry(&event.source).or_default();
        if let Some(known) = kinds.insert(&event.detail_type, event) {
            ensure!(
                form(&spec, &known.root.id)? == form(&spec, &event.root.id)?,
                "`{}` of {} has two schemas that differ",
                event.detail_type,
                event.source
            );
        }
    }
    sources
        .into_iter()
        .map(|(name, events)| source(&spec, name, &events))
        .collect()
}

/// A Rust name for a type, of whatever name the schemas have for it.
pub fn type_name(name: &str) -> String {
    let name = names::pascal(name).replace('_', "");
    match name.as_str() {
        "Any" => format!("{name}Type"),
        known if schema::is_taken(known) => format!("{name}Type"),
        _ => name,
    }
}

fn source(spec: &Spec, name: &str, events: &BTreeMap<&str, &Event>) -> Result<Source> {
    let feature = name
        .strip_prefix("aws.")
        .context("a source that is not one of AWS")?;
    let mut namer = Namer::new(spec, events)?;
    let mut model = Model::default();
    for event in events.values() {
        for id in below(spec, &event.root.id) {
            if namer.written.insert(namer.name(spec, &id)?) {
                namer.define(spec, name, &id, &mut model)?;
            }
        }
    }
    let kinds = events
        .iter()
        .map(|(kind, event)| Ok(((*kind).to_owned(), namer.name(spec, &event.root.id)?)));
    Ok(Source {
        name: name.to_owned(),
        feature: feature.to_owned(),
        module: feature.replace('-', "_"),
        events: kinds.collect::<Result<_>>()?,
        model,
    })
}

/// Gives each form of a type one name within a source.
struct Namer {
    /// Names by the form of the type.
    names: BTreeMap<String, String>,
    written: BTreeSet<String>,
    /// The kind of event, for the details themselves.
    details: BTreeMap<String, String>,
}

impl Namer {
    fn new(spec: &Spec, events: &BTreeMap<&str, &Event>) -> Result<Self> {
        let mut namer = Self {
            names: BTreeMap::new(),
            written: BTreeSet::new(),
            details: BTreeMap::new(),
        };
        let mut taken = BTreeSet::new();
        for (kind, event) in events {
            let (name, form) = (type_name(kind), form(spec, &event.root.id)?);
            ensure!(
                taken.insert(name.clone()),
                "two kinds of events make `{name}`"
            );
            // Details of one form are types of their own all the same.
            namer.names.insert(format!("{}{form}", event.root.id), name);
            namer
                .details
                .insert(event.root.id.clone(), (*kind).to_owned());
        }
        let mut forms: BTreeMap<String, BTreeMap<String, &str>> = BTreeMap::new();
        for (kind, event) in events {
            for id in below(spec, &event.root.id).iter().skip(1) {
                let definition = spec.types.get(id).context("a type without an id")?;
                let forms = forms.entry(type_name(&definition.name)).or_default();
                forms.entry(form(spec, id)?).or_insert(kind);
            }
        }
        for (name, forms) in forms {
            let alone = forms.len() == 1 && taken.insert(name.clone());
            for (form, kind) in forms {
                let mut unique = name.clone();
                if !alone {
                    unique = type_name(kind) + &name;
                    let base = unique.clone();
                    let mut number = 2;
                    while !taken.insert(unique.clone()) {
                        unique = format!("{base}{number}");
                        number += 1;
                    }
                }
                namer.names.insert(form, unique);
            }
        }
        Ok(namer)
    }

    fn name(&self, spec: &Spec, id: &str) -> Result<String> {
        let form = form(spec, id)?;
        let own = self.details.contains_key(id).then(|| format!("{id}{form}"));
        let name = self.names.get(&own.unwrap_or(form));
        name.cloned()
            .with_context(|| format!("type {id} has no name"))
    }

    fn define(&self, spec: &Spec, source: &str, id: &str, model: &mut Model) -> Result<()> {
        let definition = spec.types.get(id).context("a type without an id")?;
        let name = self.name(spec, id)?;
        let mut properties: Vec<Property> = Vec::new();
        for (json, member) in &definition.properties {
            let mut rust = names::snake(json);
            while properties.iter().any(|known| known.rust == rust) {
                rust.push('_');
            }
            let often = if member.required {
                "always"
            } else {
                "at times"
            };
            properties.push(Property {
                json: json.clone(),
                rust,
                description: format!("`{json}`, {often} there."),
                slot: Slot {
                    ty: self.ty(spec, &member.ty, model)?,
                    nullable: true,
                },
                required: false,
                constant: None,
                unsampled: false,
                generic: false,
                at: At::file("registry.toml"),
            });
        }
        let description = match self.details.get(id) {
            Some(kind) => format!("The detail of `{kind}` of `{source}`."),
            None => format!("`{}`, a part of details of `{source}`.", definition.name),
        };
        let body = Body::Struct(Struct {
            properties,
            other: None,
        });
        push(model, name, description, body);
        Ok(())
    }

    fn ty(&self, spec: &Spec, ty: &Ty, model: &mut Model) -> Result<Type> {
        let mut slot = |ty: &Ty| -> Result<Box<Slot>> {
            let ty = self.ty(spec, ty, model)?;
            Ok(Box::new(Slot {
                ty,
                nullable: false,
            }))
        };
        Ok(match ty {
            Ty::String => Type::Text,
            // A number may be a time in milliseconds, which no float writes back as it came.
            Ty::Number | Ty::Scalar => Type::Scalar,
            Ty::Integer => Type::Integer,
            Ty::Boolean => Type::Bool,
            Ty::Json | Ty::Union { .. } => Type::Json,
            Ty::Array { element } => Type::Vec(slot(element)?),
            Ty::Map { element } => Type::Map(slot(element)?),
            Ty::Ref { reference } => Type::Ref(self.name(spec, &reference.id)?),
            Ty::OneOrMany { element } => {
                let inner = self.name(spec, &element.id)?;
                let name = format!("{inner}OneOrMany");
                if model.find(&name).is_none() {
                    let one = Type::Ref(inner.clone());
                    let many = Slot {
                        ty: one.clone(),
                        nullable: false,
                    };
                    let variant = |rust: &str, ty| Variant {
                        rust: rust.to_owned(),
                        description: String::new(),
                        ty,
                        at: At::file("registry.toml"),
                    };
                    let body = Body::Union(vec![
                        variant("Many", Type::Vec(Box::new(many))),
                        variant("One", one),
                    ]);
                    let description = format!("One `{inner}`, or a list of them.");
                    push(model, name.clone(), description, body);
                }
                Type::Ref(name)
            }
        })
    }
}

fn push(model: &mut Model, name: String, description: String, body: Body) {
    let at = At::file("registry.toml");
    model.types.push(Named {
        name,
        description,
        body,
        at,
    });
}

/// All that makes a type what it is, as text: its name, and its members down to the leaves.
fn form(spec: &Spec, id: &str) -> Result<String> {
    let definition = spec
        .types
        .get(id)
        .with_context(|| format!("there is no type {id}"))?;
    let mut text = format!("{}{{", type_name(&definition.name));
    for (name, member) in &definition.properties {
        text += &format!("{name}:{}{},", of(spec, &member.ty)?, member.required);
    }
    Ok(text + "}")
}

fn of(spec: &Spec, ty: &Ty) -> Result<String> {
    Ok(match ty {
        Ty::Array { element } => format!("[{}]", of(spec, element)?),
        Ty::Map { element } => format!("<{}>", of(spec, element)?),
        Ty::Ref { reference } => form(spec, &reference.id)?,
        Ty::OneOrMany { element } => format!("+{}", form(spec, &element.id)?),
        Ty::Union { types } => format!("|{types:?}"),
        plain => format!("{plain:?}"),
    })
}

#[cfg(test)]
mod tests;

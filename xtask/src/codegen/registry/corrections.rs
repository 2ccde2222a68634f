//! `registry.toml`: which package, and what its schemas get wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::source::type_name;
use super::spec::{Definition, Event, Member, Reference, Spec, Ty};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    pub package: String,
    pub version: String,
    pub sha256: String,
    #[serde(default)]
    change: Vec<Change>,
    #[serde(default)]
    add: Vec<Add>,
    #[serde(default)]
    event: Vec<NewEvent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Change {
    source: Option<String>,
    detail_type: Option<String>,
    #[serde(rename = "type")]
    ty: Option<String>,
    members: Vec<String>,
    becomes: String,
    #[expect(dead_code, reason = "it is there to be read")]
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Add {
    source: Option<String>,
    detail_type: Option<String>,
    #[serde(rename = "type")]
    ty: Option<String>,
    members: BTreeMap<String, String>,
}

/// Where: in the details of some events, or in a type they hold.
#[derive(Debug)]
struct Place<'a> {
    source: Option<&'a str>,
    detail_type: Option<&'a str>,
    ty: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NewEvent {
    source: String,
    detail_type: String,
    types: BTreeMap<String, BTreeMap<String, String>>,
}

impl Registry {
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("registry.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Puts the schemas right. What changes nothing is refused: it has been overtaken.
    pub fn apply(&self, spec: &mut Spec) -> Result<()> {
        for change in &self.change {
            let Change {
                members, becomes, ..
            } = change;
            let place = Place::new(&change.source, &change.detail_type, &change.ty);
            for member in members {
                let mut found = false;
                for id in place.types(spec) {
                    let names = names(spec, &id);
                    let definition = spec.types.get_mut(&id);
                    let member = definition.and_then(|known| known.properties.get_mut(member));
                    if let Some(member) = member {
                        member.ty = parse(becomes, &names)?;
                        found = true;
                    }
                }
                ensure!(found, "registry.toml: nothing has `{member}` at {place:?}");
            }
        }
        for Add {
            source,
            detail_type,
            ty,
            members,
        } in &self.add
        {
            let place = Place::new(source, detail_type, ty);
            let ids = place.types(spec);
            ensure!(
                !ids.is_empty(),
                "registry.toml: there is no type at {place:?}"
            );
            for id in ids {
                let names = names(spec, &id);
                for (name, ty) in members {
                    let member = Member {
                        ty: parse(ty, &names)?,
                        required: false,
                    };
                    let definition = spec.types.get_mut(&id).context("a type without an id")?;
                    let known = definition.properties.insert(name.clone(), member);
                    ensure!(
                        known.is_none(),
                        "registry.toml: `{name}` is there already: {place:?}"
                    );
                }
            }
        }
        self.event.iter().try_for_each(|event| event.add(spec))
    }
}

impl<'a> Place<'a> {
    fn new(
        source: &'a Option<String>,
        detail_type: &'a Option<String>,
        ty: &'a Option<String>,
    ) -> Self {
        let (source, detail_type, ty) = (source.as_deref(), detail_type.as_deref(), ty.as_deref());
        Self {
            source,
            detail_type,
            ty,
        }
    }

    /// The types it means.
    fn types(&self, spec: &Spec) -> Vec<String> {
        let fits = |wanted: Option<&str>, is: &str| wanted.is_none_or(|wanted| wanted == is);
        let events = spec.events.iter().filter(|event| {
            fits(self.source, &event.source) && fits(self.detail_type, &event.detail_type)
        });
        let mut ids = Vec::new();
        for event in events {
            match self.ty {
                None => ids.push(event.root.id.clone()),
                Some(name) => ids.extend(below(spec, &event.root.id).into_iter().filter(|id| {
                    let known = spec.types.get(id);
                    known.is_some_and(|known| type_name(&known.name) == name)
                })),
            }
        }
        ids.sort();
        ids.dedup();
        ids
    }
}

impl NewEvent {
    fn add(&self, spec: &mut Spec) -> Result<()> {
        let Self {
            source,
            detail_type,
            types,
        } = self;
        let same = |event: &Event| event.source == *source && event.detail_type == *detail_type;
        ensure!(
            !spec.events.iter().any(same),
            "registry.toml: `{detail_type}` of {source} is in the schemas now"
        );
        let id = |name: &str| format!("{source}/{detail_type}/{name}");
        let names = types.keys().map(|name| (name.clone(), id(name))).collect();
        for (name, members) in types {
            let member = |(member, ty): (&String, &String)| -> Result<_> {
                Ok((
                    member.clone(),
                    Member {
                        ty: parse(ty, &names)?,
                        required: false,
                    },
                ))
            };
            let properties = members.iter().map(member).collect::<Result<_>>()?;
            let definition = Definition::new(id(name), name.clone(), properties);
            spec.types.insert(id(name), definition);
        }
        let (source, detail_type) = (source.clone(), detail_type.clone());
        let root = Reference { id: id("Root") };
        spec.events.push(Event {
            source,
            detail_type,
            root,
        });
        Ok(())
    }
}

/// The names of a type's neighbours: those its members have, and their ids.
fn names(spec: &Spec, id: &str) -> BTreeMap<String, String> {
    let ids = below(spec, id).into_iter();
    ids.filter_map(|id| Some((type_name(&spec.types.get(&id)?.name), id)))
        .collect()
}

/// A type and all it holds.
pub fn below(spec: &Spec, id: &str) -> Vec<String> {
    let mut ids = vec![id.to_owned()];
    let mut next = 0;
    while let Some(id) = ids.get(next) {
        let members = spec.types.get(id).map(|known| &known.properties);
        let held: Vec<String> = members
            .into_iter()
            .flatten()
            .flat_map(|(_, member)| member.ty.references())
            .map(|reference| reference.id.clone())
            .collect();
        held.into_iter().for_each(|id| {
            if !ids.contains(&id) {
                ids.push(id);
            }
        });
        next += 1;
    }
    ids
}

impl Ty {
    /// The types it refers to.
    pub fn references(&self) -> Vec<&Reference> {
        match self {
            Self::Ref { reference } | Self::OneOrMany { element: reference } => vec![reference],
            Self::Array { element } | Self::Map { element } => element.references(),
            _ => Vec::new(),
        }
    }
}

fn parse(text: &str, names: &BTreeMap<String, String>) -> Result<Ty> {
    let reference = |name: &str| match names.get(name) {
        Some(id) => Ok(Reference { id: id.clone() }),
        None => bail!("registry.toml: `{name}` is no type here"),
    };
    let inner = |text: &str| parse(text, names).map(Box::new);
    Ok(match text {
        "string" => Ty::String,
        "boolean" => Ty::Boolean,
        "json" => Ty::Json,
        "scalar" => Ty::Scalar,
        _ => match text.split_once(" of ") {
            Some(("list", element)) => Ty::Array {
                element: inner(element)?,
            },
            Some(("map", element)) => Ty::Map {
                element: inner(element)?,
            },
            Some(("one or many", name)) => Ty::OneOrMany {
                element: reference(name)?,
            },
            _ => Ty::Ref {
                reference: reference(text)?,
            },
        },
    })
}

//! The part of the package that is about events.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// All kinds of events, and the types of their details.
#[derive(Debug)]
pub struct Spec {
    pub events: Vec<Event>,
    pub types: BTreeMap<String, Definition>,
}

/// A kind of event.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub source: String,
    pub detail_type: String,
    #[serde(rename = "rootProperty")]
    pub root: Reference,
}

/// An object.
#[derive(Clone, Debug, Deserialize)]
pub struct Definition {
    #[serde(rename = "$id")]
    id: String,
    pub name: String,
    pub properties: BTreeMap<String, Member>,
}

/// A member of an object.
#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    #[serde(rename = "type")]
    pub ty: Ty,
    #[serde(default)]
    pub required: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase", tag = "type")]
pub enum Ty {
    String,
    Number,
    Integer,
    Boolean,
    Json,
    Array {
        element: Box<Ty>,
    },
    Map {
        element: Box<Ty>,
    },
    Union {
        types: Vec<Ty>,
    },
    Ref {
        reference: Reference,
    },
    /// What corrections alone can say: a string, a number or a boolean.
    #[serde(skip)]
    Scalar,
    /// What corrections alone can say: one of these, or a list of them.
    #[serde(skip)]
    OneOrMany {
        element: Reference,
    },
}

#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub struct Reference {
    #[serde(rename = "$ref")]
    pub id: String,
}

#[derive(Deserialize)]
struct Database {
    schema: Schema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    event: Entities<Event>,
    event_type_definition: Entities<Definition>,
}

#[derive(Deserialize)]
struct Entities<T> {
    entities: Vec<T>,
}

/// Reads the database.
pub fn read(json: &[u8]) -> Result<Spec> {
    let database: Database =
        serde_json::from_slice(json).context("the package's database has another form")?;
    let types = database.schema.event_type_definition.entities.into_iter();
    Ok(Spec {
        events: database.schema.event.entities,
        types: types
            .map(|definition| (definition.id.clone(), definition))
            .collect(),
    })
}

impl Definition {
    pub fn new(id: String, name: String, properties: BTreeMap<String, Member>) -> Self {
        Self {
            id,
            name,
            properties,
        }
    }
}

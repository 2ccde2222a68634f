//! What a schema says, in the terms of the code to be written.

use std::collections::BTreeMap;

use super::json::Node;
use super::problem::At;

/// All types of one schema.
#[derive(Debug, Default)]
pub struct Model {
    /// The named types in the order of the schema.
    pub types: Vec<Named>,
    /// The root types: events, then answers.
    pub roots: Vec<Root>,
    /// Types no root reaches that users need all the same.
    pub parts: Vec<String>,
    /// Types another service's crate has, and that crate's name in Rust.
    pub foreign: BTreeMap<String, String>,
}

impl Model {
    pub fn find(&self, name: &str) -> Option<&Named> {
        self.types.iter().find(|named| named.name == name)
    }

    /// Whether a null is a value of the type itself.
    pub fn holds_null(&self, ty: &Type) -> bool {
        matches!(self.resolve(ty), Resolved::Plain(Type::Json))
    }

    /// The type with all aliases followed.
    pub fn resolve<'a>(&'a self, ty: &'a Type) -> Resolved<'a> {
        let mut ty = ty;
        loop {
            match ty {
                Type::Secret(inner) => ty = inner,
                Type::Ref(name) => match self.find(name) {
                    Some(Named {
                        body: Body::Alias(inner),
                        ..
                    }) => ty = inner,
                    Some(named) => return Resolved::Named(named),
                    None => return Resolved::Plain(ty),
                },
                _ => return Resolved::Plain(ty),
            }
        }
    }
}

/// A type behind its aliases.
pub enum Resolved<'a> {
    Named(&'a Named),
    Plain(&'a Type),
}

/// A type documents are of.
#[derive(Debug)]
pub struct Root {
    pub name: String,
    pub response: bool,
    pub samples: Vec<String>,
    /// The samples' contents, once they are read.
    pub documents: Vec<Node>,
    pub at: At,
}

/// One entry of `$defs`.
#[derive(Debug)]
pub struct Named {
    pub name: String,
    pub description: String,
    pub body: Body,
    pub at: At,
}

#[derive(Debug)]
pub enum Body {
    Struct(Struct),
    Enum(Vec<EnumValue>),
    Union(Vec<Variant>),
    Alias(Type),
}

#[derive(Debug)]
pub struct Struct {
    pub properties: Vec<Property>,
    /// The type of all members that are not listed, where they are kept.
    pub other: Option<Slot>,
}

#[derive(Debug)]
pub struct Property {
    pub json: String,
    pub rust: String,
    pub description: String,
    pub slot: Slot,
    pub required: bool,
    pub constant: Option<String>,
    pub unsampled: bool,
    /// Whether its type is the struct's parameter.
    pub generic: bool,
    pub at: At,
}

/// A value of a type, or null where that is allowed.
#[derive(Clone, Debug)]
pub struct Slot {
    pub ty: Type,
    pub nullable: bool,
}

#[derive(Debug)]
pub struct EnumValue {
    pub json: String,
    pub rust: String,
    pub description: String,
}

#[derive(Debug)]
pub struct Variant {
    pub rust: String,
    pub description: String,
    pub ty: Type,
    pub at: At,
}

/// A type that a value can have.
#[derive(Clone, Debug)]
pub enum Type {
    Text,
    Rfc3339,
    Base64,
    JsonText,
    Json,
    I64,
    U64,
    F64,
    Bool,
    EpochMillis { number: bool, text: bool },
    EpochSeconds { text: bool },
    Integer,
    Scalar,
    Vec(Box<Slot>),
    Map(Box<Slot>),
    Headers,
    MultiHeaders,
    Secret(Box<Type>),
    Ref(String),
}

impl Type {
    /// The leaf type that needs the raw text of its value, if this is one.
    pub fn lazy(&self) -> Option<&'static str> {
        match self {
            Self::JsonText => Some("JsonText"),
            Self::Json => Some("Json"),
            Self::EpochSeconds { .. } => Some("EpochSeconds"),
            _ => None,
        }
    }

    /// The named types a value of this type holds; `direct` leaves out those behind a list or map.
    pub fn references(&self, direct: bool) -> Vec<&str> {
        match self {
            Self::Ref(name) => vec![name],
            Self::Secret(inner) => inner.references(direct),
            Self::Vec(slot) | Self::Map(slot) if !direct => slot.ty.references(direct),
            _ => Vec::new(),
        }
    }
}

impl Body {
    /// All types that stand in this body.
    pub fn types(&self) -> Vec<&Type> {
        match self {
            Self::Struct(body) => body
                .properties
                .iter()
                .map(|property| &property.slot.ty)
                .chain(body.other.iter().map(|slot| &slot.ty))
                .collect(),
            Self::Enum(_) => Vec::new(),
            Self::Union(variants) => variants.iter().map(|variant| &variant.ty).collect(),
            Self::Alias(ty) => vec![ty],
        }
    }
}

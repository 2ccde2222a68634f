//! Objects as structs.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::super::model::{Model, Named, Property, Struct};
use super::super::names;
use super::{direct_type, doc, ident, slot_type};

/// How a field tells that its member is not there.
#[derive(Clone, Copy, PartialEq)]
enum Absence {
    /// It cannot: the member is required.
    Never,
    Option,
    Nullable,
}

struct Field<'a> {
    property: &'a Property,
    ty: TokenStream,
    absence: Absence,
}

pub(super) fn structure(model: &Model, named: &Named, body: &Struct) -> TokenStream {
    let fields: Vec<Field<'_>> = body
        .properties
        .iter()
        .map(|property| field(model, &named.name, property))
        .collect();
    let name = ident(&named.name);
    let docs = doc(&named.description, 0);
    let pairs: Vec<(&str, &str)> = body
        .properties
        .iter()
        .map(|p| (p.rust.as_str(), p.json.as_str()))
        .collect();
    let rule = names::best_rule(&pairs).filter(|_| body.other.is_none());
    let declared = fields.iter().map(|field| {
        let Field {
            property,
            ty,
            absence,
        } = field;
        let rust = ident(&property.rust);
        let docs = doc(&property.description, 4);
        let attribute = if body.other.is_none() {
            attribute(property, *absence, rule)
        } else {
            quote!()
        };
        quote! { #docs #attribute pub #rust: #ty }
    });
    let parameter = fields.iter().any(|field| field.property.generic);
    let parameter = parameter.then(|| quote!(<T = Json>));
    let rule = rule.map(|rule| quote! { #[serde(rename_all = #rule)] });
    let Some(other) = &body.other else {
        return quote! {
            #docs
            #[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
            #rule
            pub struct #name #parameter { #(#declared,)* }
        };
    };
    let values = slot_type(other);
    let other = doc("All other members, in the order they came.", 4);
    let serde = by_hand(&named.name, &fields);
    quote! {
        #docs
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct #name { #(#declared,)* #other pub other: Map<#values> }
        #serde
    }
}

fn field<'a>(model: &Model, owner: &str, property: &'a Property) -> Field<'a> {
    let (ty, _) = match property.generic {
        true => (quote!(T), false),
        false => direct_type(model, owner, &property.slot.ty),
    };
    let null = property.slot.nullable || model.holds_null(&property.slot.ty);
    let (ty, absence) = match (property.required, null) {
        (true, _) if property.slot.nullable => (quote!(Option<#ty>), Absence::Never),
        (true, _) => (ty, Absence::Never),
        (false, false) => (quote!(Option<#ty>), Absence::Option),
        (false, true) => (quote!(Nullable<#ty>), Absence::Nullable),
    };
    Field {
        property,
        ty,
        absence,
    }
}

/// serde's attribute of a field, where it needs one.
fn attribute(property: &Property, absence: Absence, rule: Option<&str>) -> TokenStream {
    let mut parts = Vec::new();
    if names::renamed(rule.unwrap_or_default(), &property.rust) != property.json {
        let json = &property.json;
        parts.push(quote!(rename = #json));
    }
    match absence {
        Absence::Never => {}
        Absence::Option => parts.push(quote!(skip_serializing_if = "Option::is_none")),
        Absence::Nullable => {
            parts.push(quote!(
                default,
                skip_serializing_if = "Nullable::is_missing"
            ));
        }
    }
    if parts.is_empty() {
        quote!()
    } else {
        quote! { #[serde(#(#parts),*)] }
    }
}

/// serde's traits for a struct that keeps the members it does not know. Derived code would collect
/// all of them in a buffer first, and the leaf types need to see the document itself.
fn by_hand(name: &str, fields: &[Field<'_>]) -> TokenStream {
    let ident_ = ident(name);
    let expecting = format!("struct {name}");
    let names = fields.iter().map(|field| &field.property.json);
    let demanded =
        |field: &Field<'_>| field.absence == Absence::Never && !field.property.slot.nullable;
    let locals: Vec<Ident> = fields
        .iter()
        .map(|field| format_ident!("read_{}", field.property.rust))
        .collect();
    let slots = fields
        .iter()
        .zip(&locals)
        .map(|(field, local)| match field.absence {
            Absence::Nullable => quote! { let mut #local = Nullable::Missing; },
            _ => quote! { let mut #local = None; },
        });
    let arms = fields
        .iter()
        .zip(&locals)
        .enumerate()
        .map(|(index, (field, local))| {
            // The last one takes all that is left, so that the compiler sees that none is forgotten.
            let place = if index + 1 == fields.len() {
                quote!(_)
            } else {
                let index = Literal::usize_unsuffixed(index);
                quote!(#index)
            };
            let read = match demanded(field) {
                true => quote! { Some(map.next_value()?) },
                false => quote! { map.next_value()? },
            };
            quote! { lambda_with::Name::Known(#place) => #local = #read, }
        });
    let none = fields
        .is_empty()
        .then(|| quote! { lambda_with::Name::Known(_) => {} });
    let values = fields.iter().zip(&locals).map(|(field, local)| {
        let (rust, json) = (ident(&field.property.rust), &field.property.json);
        match demanded(field) {
            true => quote! {
                #rust: #local.ok_or_else(|| serde::de::Error::missing_field(#json))?
            },
            false => quote! { #rust: #local },
        }
    });
    let entries = fields.iter().map(|field| {
        let (rust, json) = (ident(&field.property.rust), &field.property.json);
        let entry = quote! { map.serialize_entry(#json, &self.#rust)?; };
        match field.absence {
            Absence::Never => entry,
            Absence::Option => quote! { if self.#rust.is_some() { #entry } },
            Absence::Nullable => quote! { if !self.#rust.is_missing() { #entry } },
        }
    });
    quote! {
        impl<'de> Deserialize<'de> for #ident_ {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;
                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = #ident_;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(#expecting)
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut other = Map::default();
                        #(#slots)*
                        let names = lambda_with::Names(&[#(#names),*]);
                        while let Some(name) = map.next_key_seed(names)? {
                            match name {
                                #(#arms)*
                                #none
                                lambda_with::Name::Other(name) => {
                                    other.insert(name, map.next_value()?);
                                }
                            }
                        }
                        Ok(#ident_ { #(#values,)* other })
                    }
                }
                deserializer.deserialize_map(Members)
            }
        }
        impl Serialize for #ident_ {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                #(#entries)*
                for (name, value) in &self.other {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

//! What is true of a service, and what marks its documents.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::model::{Body, Model, Resolved, Root, Struct, Type};
use super::super::services::Facts;
use super::{doc, ident};

/// How many objects below the top one are looked into for members that mark a type.
const DEPTH: usize = 2;

/// `SERVICE`.
pub(super) fn constant(model: &Model, facts: &Facts) -> TokenStream {
    let Facts {
        id,
        name,
        mode,
        principal,
        guide,
        ..
    } = facts;
    let mode = ident(mode.variant());
    let principal = match principal {
        Some(principal) => quote!(Some(#principal)),
        None => quote!(None),
    };
    let samples = model.roots.iter().flat_map(|root| {
        root.samples.iter().map(|id| {
            let (of, path) = (&root.name, format!("../samples/{id}.json"));
            quote! { Sample { id: #id, of: #of, json: include_str!(#path) } }
        })
    });
    let shapes = model.roots.iter().map(|root| {
        let root = ident(&root.name);
        quote! { #root::SHAPE }
    });
    let docs = doc(
        &format!("What is true of {name} whatever is connected to it."),
        0,
    );
    quote! {
        #docs
        pub const SERVICE: Service = Service {
            id: #id,
            name: #name,
            mode: Mode::#mode,
            principal: #principal,
            guide: #guide,
            samples: &[#(#samples),*],
            shapes: &[#(#shapes),*],
            readme: include_str!("../README.md"),
        };
    }
}

/// `Shaped` for a root type.
pub(super) fn shape(model: &Model, root: &Root) -> TokenStream {
    let (name, response) = (&root.name, root.response);
    let owner = ident(name);
    let members = marks(model, root).into_iter().map(|mark| {
        let pointer = mark.pointer;
        match mark.constant {
            Some(constant) => quote!(Member::constant(#pointer, #constant)),
            None => quote!(Member::there(#pointer)),
        }
    });
    quote! {
        impl Shaped for #owner {
            const SHAPE: Shape = Shape {
                name: #name,
                response: #response,
                members: &[#(#members),*],
                rewrite: lambda_with::rewriter::<#owner>(),
            };
        }
    }
}

/// A member every document of a type has.
#[derive(Clone, Debug, PartialEq)]
struct Mark {
    pointer: String,
    constant: Option<String>,
}

/// Members every document has: the schema says so, and all samples show it. A list may be empty, so
/// that without samples nothing in it counts.
fn marks(model: &Model, root: &Root) -> Vec<Mark> {
    let mut marks = Vec::new();
    add_marks(model, &Type::Ref(root.name.clone()), "", 0, &mut marks);
    marks.retain(|mark| match root.documents.as_slice() {
        [] => !mark.pointer.split('/').any(|step| step == "0"),
        documents => documents
            .iter()
            .all(|document| document.at(&mark.pointer).is_some()),
    });
    marks
}

fn add_marks(model: &Model, ty: &Type, pointer: &str, depth: usize, marks: &mut Vec<Mark>) {
    let Resolved::Named(named) = model.resolve(ty) else {
        return;
    };
    match &named.body {
        Body::Struct(body) => add_struct(model, body, pointer, depth, marks),
        // Only what all variants share marks the union.
        Body::Union(variants) => {
            let mut each = variants.iter().map(|variant| {
                let mut marks = Vec::new();
                add_marks(model, &variant.ty, pointer, depth, &mut marks);
                marks
            });
            let mut common = each.next().unwrap_or_default();
            for other in each {
                common.retain(|mark| other.contains(mark));
            }
            marks.extend(common);
        }
        Body::Enum(_) | Body::Alias(_) => {}
    }
}

fn add_struct(model: &Model, body: &Struct, pointer: &str, depth: usize, marks: &mut Vec<Mark>) {
    for property in body.properties.iter().filter(|property| property.required) {
        let step = property.json.replace('~', "~0").replace('/', "~1");
        let pointer = format!("{pointer}/{step}");
        marks.push(Mark {
            pointer: pointer.clone(),
            constant: property.constant.clone(),
        });
        if depth == DEPTH || property.slot.nullable {
            continue;
        }
        match model.resolve(&property.slot.ty) {
            Resolved::Plain(Type::Vec(item)) if !item.nullable => {
                add_marks(model, &item.ty, &format!("{pointer}/0"), depth + 1, marks);
            }
            _ => add_marks(model, &property.slot.ty, &pointer, depth + 1, marks),
        }
    }
}

//! What is true of a schema as a whole: references lead somewhere, nothing is left over.

use std::collections::BTreeSet;

use super::super::model::{Body, Model, Type, Variant};
use super::super::problem::At;
use super::Reader;

impl Reader {
    pub(super) fn verify(&mut self) {
        self.references();
        self.aliases();
        if self.problems.is_empty() {
            self.unused();
            self.roots();
            self.lazy_in_unions();
        }
    }

    fn references(&mut self) {
        for (name, at) in std::mem::take(&mut self.references) {
            if self.model.find(&name).is_none() {
                self.problems
                    .add(&at, format_args!("there is no `#/$defs/{name}`"));
            }
        }
    }

    fn aliases(&mut self) {
        for named in &self.model.types {
            let mut seen = vec![named.name.as_str()];
            let mut body = &named.body;
            while let Body::Alias(Type::Ref(name)) = body {
                if seen.contains(&name.as_str()) {
                    self.problems
                        .add(&named.at, "refers to itself and to nothing else");
                    break;
                }
                seen.push(name);
                let Some(next) = self.model.find(name) else {
                    break;
                };
                body = &next.body;
            }
        }
    }

    fn unused(&mut self) {
        let roots = self.model.roots.iter().map(|root| root.name.as_str());
        let from: Vec<&str> = roots
            .chain(self.model.parts.iter().map(String::as_str))
            .collect();
        let used = reachable(&self.model, &from);
        for named in &self.model.types {
            if !used.contains(named.name.as_str()) {
                let what = "is used by no root type: take it out, or list it in `x-parts`";
                self.problems.add(&named.at, what);
            }
        }
    }

    fn roots(&mut self) {
        let mut samples = BTreeSet::new();
        for root in &self.model.roots {
            let body = self.model.find(&root.name).map(|named| &named.body);
            if !matches!(body, Some(Body::Struct(_) | Body::Union(_))) {
                self.problems.add(
                    &root.at,
                    "a root type must be an object or a union of objects",
                );
            }
            for (index, id) in root.samples.iter().enumerate() {
                if !samples.insert(id.as_str()) {
                    let what = format!("the sample `{id}` is listed twice");
                    self.problems.add(&root.at.down(index), what);
                }
            }
        }
    }

    /// A union that comes back in itself is read through serde's buffer, which has no raw text; any
    /// other tries its variants on the text itself.
    fn lazy_in_unions(&mut self) {
        for named in &self.model.types {
            let Body::Union(variants) = &named.body else {
                continue;
            };
            let reached = reachable(&self.model, &inside(variants));
            if !reached.contains(named.name.as_str()) {
                continue;
            }
            let union = &named.name;
            let mut check = |ty: &Type, at: &At| {
                for leaf in leaves(ty).into_iter().filter_map(Type::lazy) {
                    let what = format!(
                        "{leaf} cannot stand in `{union}`, a union that holds itself: it needs its \
                         raw text, which is not kept while the variants of such a union are tried"
                    );
                    self.problems.add(at, what);
                }
            };
            for inner in self
                .model
                .types
                .iter()
                .filter(|named| reached.contains(&*named.name))
            {
                match &inner.body {
                    Body::Struct(body) => {
                        for property in &body.properties {
                            check(&property.slot.ty, &property.at);
                        }
                        if let Some(slot) = &body.other {
                            check(&slot.ty, &inner.at.down("additionalProperties"));
                        }
                    }
                    Body::Union(variants) => {
                        variants
                            .iter()
                            .for_each(|variant| check(&variant.ty, &variant.at));
                    }
                    Body::Alias(ty) => check(ty, &inner.at),
                    Body::Enum(_) => {}
                }
            }
        }
    }
}

/// The named types that stand in a union's variants.
pub fn inside(variants: &[Variant]) -> Vec<&str> {
    variants
        .iter()
        .flat_map(|variant| variant.ty.references(false))
        .collect()
}

/// The named types that can be reached from some of them, these included.
pub fn reachable<'a>(model: &'a Model, from: &[&str]) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<&str> = from.to_vec();
    while let Some(name) = left.pop() {
        let Some(named) = model.find(name) else {
            continue;
        };
        if reached.insert(named.name.as_str()) {
            left.extend(
                named
                    .body
                    .types()
                    .into_iter()
                    .flat_map(|ty| ty.references(false)),
            );
        }
    }
    reached
}

/// The types a type is made of, named ones aside.
fn leaves(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::Secret(inner) => leaves(inner),
        Type::Vec(slot) | Type::Map(slot) => leaves(&slot.ty),
        _ => vec![ty],
    }
}

//! A CloudFormation template that several functions and connections write into.

use std::collections::{BTreeMap, BTreeSet};

use lambda_with::Resource;
use serde::Serialize;
use serde_json::{Map, Value};

use super::substitute::Substitution;
use crate::failure::Failure;

/// The template, in the order people write it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Template {
    #[serde(rename = "AWSTemplateFormatVersion")]
    version: &'static str,
    description: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) parameters: BTreeMap<String, Value>,
    resources: BTreeMap<String, Entry>,
}

/// One resource of the template.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    depends_on: BTreeSet<String>,
    properties: Value,
}

impl Template {
    pub(super) fn new(description: String) -> Self {
        Self {
            version: "2010-09-09",
            description,
            parameters: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    /// Adds what belongs to one function.
    ///
    /// Resources that are there already are united: two notifications of one bucket are one bucket.
    /// Those that only happen to have the same id get the function's name in front.
    pub(super) fn add(
        &mut self,
        owner: &str,
        resources: Vec<Resource>,
        mut substitution: Substitution,
    ) -> Result<(), Failure> {
        let resolved = |resource: &Resource, substitution: &Substitution| {
            substitution.apply(resource.properties.clone())
        };
        substitution
            .known
            .extend(resources.iter().map(|resource| resource.id.clone()));
        substitution.known.extend(self.parameters.keys().cloned());
        for resource in &resources {
            if let Some(entry) = self.resources.get(&resource.id) {
                let same = entry.kind == resource.kind
                    && unite(entry.properties.clone(), resolved(resource, &substitution)).is_some();
                if !same {
                    let id = format!("{owner}{}", resource.id);
                    substitution.renamed.insert(resource.id.clone(), id);
                }
            }
        }
        for resource in resources {
            let id = substitution.rename(&resource.id);
            let properties = resolved(&resource, &substitution);
            let depends_on = resource.depends_on.iter().map(|id| substitution.rename(id));
            let entry = Entry {
                kind: resource.kind,
                depends_on: depends_on.collect(),
                properties,
            };
            let united = match self.resources.remove(&id) {
                None => entry,
                Some(there) if there.kind == entry.kind => {
                    let properties = unite(there.properties, entry.properties);
                    let properties = properties.ok_or_else(|| clash(&id))?;
                    let depends_on = &there.depends_on | &entry.depends_on;
                    Entry {
                        kind: there.kind,
                        depends_on,
                        properties,
                    }
                }
                Some(_) => return Err(clash(&id)),
            };
            self.resources.insert(id, united);
        }
        Ok(())
    }

    /// Drops dependencies on what is not part of the template.
    pub(super) fn finish(&mut self) {
        let ids: BTreeSet<String> = self.resources.keys().cloned().collect();
        for entry in self.resources.values_mut() {
            entry.depends_on.retain(|id| ids.contains(id));
        }
    }
}

fn clash(id: &str) -> Failure {
    Failure::new(format!(
        "two connections want the resource `{id}` with different properties"
    ))
    .fix("`lambda-with check` says where connections get in each other's way")
}

/// Objects member by member, lists joined; nothing where values differ.
pub(super) fn unite(left: Value, right: Value) -> Option<Value> {
    match (left, right) {
        (Value::Object(mut left), Value::Object(right)) if !is_reference(&left, &right) => {
            for (name, value) in right {
                let united = match left.remove(&name) {
                    Some(there) => unite(there, value)?,
                    None => value,
                };
                left.insert(name, united);
            }
            Some(Value::Object(left))
        }
        (Value::Array(mut left), Value::Array(right)) => {
            for item in right {
                if !left.contains(&item) {
                    left.push(item);
                }
            }
            Some(Value::Array(left))
        }
        (left, right) => (left == right).then_some(left),
    }
}

/// Whether the two are functions such as `Fn::GetAtt`, which can only be equal or not.
fn is_reference(left: &Map<String, Value>, right: &Map<String, Value>) -> bool {
    let function = |map: &Map<String, Value>| {
        map.keys()
            .any(|key| key == "Ref" || key.starts_with("Fn::"))
    };
    function(left) || function(right)
}

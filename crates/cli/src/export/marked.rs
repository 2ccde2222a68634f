//! The template as it is written to a file: every resource says that it is ours, and why it may do
//! what it may do to any resource.

use lambda_with::RoleStatement;
use serde_json::{Map, Value, json};

use super::document::{Document, Language, MARK};
use super::references;
use crate::config::Config;
use crate::needs::Needs;

/// Resources of a template by their logical ids.
pub(super) type Resources = Map<String, Value>;

/// A finished template as a document. `transform` is the macro that expands it.
pub(super) fn document(config: &Config, mut template: Value, transform: Option<&str>) -> Document {
    let mut document = Document::new(Language::Template);
    let mut head = |name: &'static str, value: Value, needed: bool| {
        if !value.is_null() {
            document.head.push((name, value, needed));
        }
    };
    head(
        "AWSTemplateFormatVersion",
        template["AWSTemplateFormatVersion"].take(),
        false,
    );
    head("Transform", json!(transform), true);
    head("Description", template["Description"].take(), false);

    if let Value::Object(parameters) = template["Parameters"].take()
        && !parameters.is_empty()
    {
        let names: Vec<&String> = parameters.keys().collect();
        document.insert(&["Metadata", MARK], json!({ "Parameters": names }));
        for (name, parameter) in parameters {
            document.insert(&["Parameters", &name], parameter);
        }
    }
    let reasons = reasons(config);
    for (id, mut resource) in resources(&mut template) {
        let why = why(&reasons, &resource["Properties"]);
        resource["Metadata"][MARK] = match why.as_slice() {
            [] => json!("generated"),
            why => json!({ "Any resource": why }),
        };
        if resource["Type"] == "AWS::S3::Bucket" {
            // What is in a bucket must outlive the connection and the stack.
            resource["DeletionPolicy"] = json!("Retain");
            resource["UpdateReplacePolicy"] = json!("Retain");
        }
        document.insert(&["Resources", &id], resource);
    }
    document
}

/// The resources of a template, taken out of it.
pub(super) fn resources(template: &mut Value) -> Resources {
    match template["Resources"].take() {
        Value::Object(resources) => resources,
        _ => Map::new(),
    }
}

/// Gives every deployment of a REST API an id that changes with the API. A deployment is a picture
/// of the API at the time it is made: with the same id, changed methods would never go live.
pub(super) fn redeploy(resources: &mut Resources) {
    let deployments: Vec<String> = resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::ApiGateway::Deployment")
        .map(|(id, _)| id.clone())
        .collect();
    for id in deployments {
        let to = format!(
            "{id}{}",
            checksum(&content(
                resources,
                &resources[&id]["Properties"]["RestApiId"]
            ))
        );
        if let Some(deployment) = resources.remove(&id) {
            resources.insert(to.clone(), deployment);
        }
        for resource in resources.values_mut() {
            references::rename(resource, &id, &to);
        }
    }
}

/// All of a REST API that a deployment makes a picture of.
pub(super) fn content(resources: &Resources, api: &Value) -> String {
    let kinds = ["Authorizer", "Method", "Resource", "RestApi"]
        .map(|kind| format!("AWS::ApiGateway::{kind}"));
    let belongs = |id: &String, resource: &Value| {
        kinds.iter().any(|kind| resource["Type"] == *kind)
            && (resource["Properties"]["RestApiId"] == *api || *api == json!({ "Ref": id }))
    };
    let parts = resources
        .iter()
        .filter(|(id, resource)| belongs(id, resource));
    parts
        .map(|(id, resource)| format!("{id}{}", resource["Properties"]))
        .collect()
}

/// FNV-1a: the same in every release, on every machine.
pub(super) fn checksum(text: &str) -> String {
    let sum = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{sum:016x}")
}

/// Actions that are allowed on any resource, with the reason.
pub(super) fn reasons(config: &Config) -> Vec<(Vec<&'static str>, String)> {
    let mut reasons: Vec<(Vec<&str>, String)> = Vec::new();
    for defined in &config.functions {
        let needs = Needs::of(defined);
        let callers = needs.callers.iter().flat_map(|(_, caller)| &caller.allows);
        for RoleStatement {
            actions,
            resources,
            reason,
            ..
        } in needs.role.iter().chain(callers)
        {
            let text = format!("{}: {reason}", actions.join(", "));
            if resources.iter().any(|resource| resource == "*")
                && !reasons.iter().any(|(_, there)| *there == text)
            {
                reasons.push((actions.clone(), text));
            }
        }
    }
    reasons
}

/// Why policies in `value` allow what they allow on any resource.
pub(super) fn why<'a>(reasons: &'a [(Vec<&'static str>, String)], value: &Value) -> Vec<&'a str> {
    let allowed: Vec<&str> = unlimited(value).flatten().collect();
    let concerns = |known: &[&str]| known.iter().any(|action| allowed.contains(action));
    let reasons = reasons.iter().filter(|(known, _)| concerns(known));
    reasons.map(|(_, text)| text.as_str()).collect()
}

/// The actions of every statement with the resource `*`, wherever in `value` policies stand.
fn unlimited(value: &Value) -> Box<dyn Iterator<Item = Vec<&str>> + '_> {
    match value {
        Value::Object(members) => {
            let resource = members
                .get("Resource")
                .filter(|_| members.contains_key("Effect"));
            let any = |value: &Value| {
                value == "*"
                    || value
                        .as_array()
                        .is_some_and(|list| list.contains(&json!("*")))
            };
            let here = resource
                .filter(|resource| any(resource))
                .and_then(|_| members.get("Action"))
                .map(texts);
            Box::new(here.into_iter().chain(members.values().flat_map(unlimited)))
        }
        Value::Array(items) => Box::new(items.iter().flat_map(unlimited)),
        _ => Box::new(std::iter::empty()),
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

//! `export --format sam`.

use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::cloudformation;
use super::document::Document;
use super::marked::{self, Resources};
use super::references;
use crate::config::{Code, Config};

const TRANSFORM: &str = "AWS::Serverless-2016-10-31";

/// What the event `SQS` can express besides `Queue`.
const SQS: [&str; 8] = [
    "BatchSize",
    "Enabled",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KmsKeyArn",
    "MaximumBatchingWindowInSeconds",
    "MetricsConfig",
    "ScalingConfig",
];

/// The whole definition as a SAM template that lies in `folder`.
///
/// The functions and the queues they read become SAM's own; all else stays plain CloudFormation,
/// because what SAM would generate for it lets in more than is meant.
pub(super) fn sam(config: &Config, folder: &Path) -> anyhow::Result<Document> {
    let mut template: Value = serde_json::from_str(&cloudformation(config)?)?;
    let mut resources = marked::resources(&mut template);
    let functions: Vec<String> = resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Function")
        .map(|(id, _)| id.clone())
        .collect();
    for id in functions {
        let Some(mut function) = resources.remove(&id) else {
            continue;
        };
        function["Type"] = json!("AWS::Serverless::Function");
        code(config, &mut function, &mut template["Parameters"], folder);
        tracing(&mut function);
        alias(&id, &mut function, &mut resources);
        events(&id, &mut function, &mut resources);
        resources.insert(id, function);
    }
    marked::redeploy(&mut resources);
    template["Resources"] = Value::Object(resources);
    Ok(marked::document(config, template, Some(TRANSFORM)))
}

/// SAM has a word of its own for the tracing mode.
fn tracing(function: &mut Value) {
    let Some(properties) = function["Properties"].as_object_mut() else {
        return;
    };
    if let Some(tracing) = properties.remove("TracingConfig") {
        properties.insert("Tracing".to_owned(), tracing["Mode"].clone());
    }
}

/// What `sam build` makes the function of.
fn code(config: &Config, function: &mut Value, parameters: &mut Value, folder: &Path) {
    let name = function["Properties"]["FunctionName"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let defined = config
        .functions
        .iter()
        .find(|defined| defined.function.name() == name);
    let Some(properties) = function["Properties"].as_object_mut() else {
        return;
    };
    let code = properties.remove("Code").unwrap_or_default();
    let (bucket, key) = (&code["S3Bucket"], &code["S3Key"]);
    match defined.map(|defined| &defined.code) {
        Some(Code::Bin(bin)) => {
            let source = relative(folder, config.source.directory());
            properties.insert("CodeUri".to_owned(), json!(source));
            for reference in [bucket, key] {
                if let (Some((id, _)), Some(parameters)) =
                    (references::target(reference), parameters.as_object_mut())
                {
                    parameters.remove(id);
                }
            }
            function["Metadata"] = json!({
                "BuildMethod": "rust-cargolambda",
                "BuildProperties": { "Binary": bin },
            });
        }
        _ => {
            properties.insert(
                "CodeUri".to_owned(),
                json!({ "Bucket": bucket, "Key": key }),
            );
        }
    }
}

/// The alias, if any, as SAM publishes it: with a version for every change of the code.
fn alias(id: &str, function: &mut Value, resources: &mut Resources) {
    let of_function = |kind: &str| {
        let function = json!({ "Ref": id });
        let found = resources.iter().find(|(_, resource)| {
            resource["Type"] == kind && resource["Properties"]["FunctionName"] == function
        });
        found.map(|(id, _)| id.clone())
    };
    let (alias, version) = (
        of_function("AWS::Lambda::Alias"),
        of_function("AWS::Lambda::Version"),
    );
    let Some(alias) = alias else { return };
    let Some(removed) = resources.remove(&alias) else {
        return;
    };
    version.and_then(|version| resources.remove(&version));
    let name = removed["Properties"]["Name"].as_str().unwrap_or_default();
    function["Properties"]["AutoPublishAlias"] = json!(name);
    let generated = format!("{id}Alias{}", name.replace('-', "D").replace('_', "U"));
    for resource in resources.values_mut() {
        references::rename(resource, &alias, &format!("{id}.Alias"));
        let before = resource.get_mut("DependsOn").and_then(Value::as_array_mut);
        let before = before
            .into_iter()
            .flatten()
            .filter(|before| **before == alias);
        before.for_each(|before| *before = json!(generated));
    }
}

/// Mappings of queues that SAM's event can express exactly.
fn events(id: &str, function: &mut Value, resources: &mut Resources) {
    let targets = [
        json!({ "Fn::GetAtt": [id, "Arn"] }),
        json!({ "Ref": format!("{id}.Alias") }),
    ];
    let fits = |resource: &Value| {
        let properties = &resource["Properties"];
        let known = |name: &String| {
            ["EventSourceArn", "FunctionName"].contains(&name.as_str())
                || SQS.contains(&name.as_str())
        };
        resource["Type"] == "AWS::Lambda::EventSourceMapping"
            && targets.contains(&properties["FunctionName"])
            && properties["EventSourceArn"]
                .as_str()
                .is_some_and(|arn| arn.split(':').nth(2) == Some("sqs"))
            && properties
                .as_object()
                .is_some_and(|properties| properties.keys().all(known))
    };
    let mappings: Vec<String> = resources
        .iter()
        .filter(|(_, resource)| fits(resource))
        .map(|(id, _)| id.clone())
        .collect();
    for mapping in mappings {
        let Some(mut resource) = resources.remove(&mapping) else {
            continue;
        };
        let Value::Object(mut properties) = resource["Properties"].take() else {
            continue;
        };
        properties.remove("FunctionName");
        let queue = properties.remove("EventSourceArn").unwrap_or_default();
        properties.insert("Queue".to_owned(), queue);
        let name = mapping.strip_suffix("Mapping").unwrap_or(&mapping);
        function["Properties"]["Events"][name] = json!({ "Type": "SQS", "Properties": properties });
    }
}

/// The way from one folder to another, with slashes.
pub(super) fn relative(from: &Path, to: &Path) -> String {
    let absolute = |path: &Path| {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    };
    let (from, to): (PathBuf, PathBuf) = (absolute(from), absolute(to));
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let common = from
        .iter()
        .zip(&to)
        .take_while(|(from, to)| from == to)
        .count();
    let down = to[common..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    let up = from[common..]
        .iter()
        .filter(|part| **part != Component::CurDir)
        .map(|_| "..".to_owned());
    let parts: Vec<String> = up.chain(down).collect();
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_code() {
        for (from, to, expected) in [
            ("/a/b", "/a/b", "."),
            ("/a", "/a/b/c", "b/c"),
            ("/a/b", "/a", ".."),
            ("/a/b/c", "/a/d", "../../d"),
        ] {
            assert_eq!(
                relative(Path::new(from), Path::new(to)),
                expected,
                "{from} {to}"
            );
        }
    }
}

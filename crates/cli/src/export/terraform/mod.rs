//! `export --format terraform`: JSON syntax, for the provider `hashicorp/aws`.

mod blocks;
mod functions;
mod nested;
mod notification;
mod roles;
mod schema;
mod scope;
mod table;

use serde_json::{Map, Value, json};

use self::blocks::Blocks;
use self::scope::identifier;
use super::cloudformation;
use super::document::{Document, Language, MARK};
use super::marked;
use crate::config::Config;

/// The whole definition as one file of Terraform's JSON syntax.
///
/// It is translated from the template that `--format cloudformation` writes. A property without a
/// translation is an error that names it.
pub(super) fn terraform(config: &Config) -> anyhow::Result<Document> {
    let mut template: Value = serde_json::from_str(&cloudformation(config)?)?;
    let resources = marked::resources(&mut template);
    let parameters = template["Parameters"].take();
    let mut blocks = Blocks::new(config, &resources, &parameters);
    for id in resources.keys() {
        blocks.add(id)?;
    }

    let mut document = Document::new(Language::Terraform);
    let reasons = marked::reasons(config);
    for ((terraform, name), (mut body, mut comments)) in std::mem::take(&mut blocks.resources) {
        // Policies are text here, so they are read once more to see what they say of any resource.
        let policy = body
            .get("policy")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let policy: Value = serde_json::from_str(policy).unwrap_or_default();
        comments.extend(
            marked::why(&reasons, &policy)
                .into_iter()
                .map(|why| format!("any resource: {why}")),
        );
        body.insert("//".to_owned(), json!(comment(&comments)));
        document.insert(&["resource", terraform, &name], Value::Object(body));
    }
    for (name, mut body) in std::mem::take(&mut blocks.functions) {
        body.insert("//".to_owned(), json!(MARK));
        document.insert(&["data", "aws_lambda_function", &name], Value::Object(body));
    }
    for data in &blocks.scope.data {
        document.insert(&["data", data, "current"], json!({ "//": MARK }));
    }
    for id in &blocks.scope.variables {
        let mut body = Map::new();
        body.insert(
            "description".to_owned(),
            parameters[id]["Description"].clone(),
        );
        blocks.variables.insert(identifier(id), body);
    }
    for (name, mut body) in blocks.variables {
        body.insert("//".to_owned(), json!(MARK));
        body.insert("type".to_owned(), json!("string"));
        document.insert(&["variable", &name], Value::Object(body));
    }
    document.notes = blocks.notes;
    Ok(document)
}

fn comment(comments: &[String]) -> String {
    match comments {
        [] => MARK.to_owned(),
        comments => format!("{MARK}: {}", comments.join("; ")),
    }
}

//! Files that an export cannot be put into.

use serde_json::Value;

use super::document::{Document, Language};
use super::members::Members;
use crate::failure::Failure;

/// A file of the other language.
pub(super) fn language(document: &Document, top: &Members) -> Result<(), Failure> {
    let (foreign, what) = match document.language {
        Language::Template => (["resource", "provider", "terraform"], "a file of Terraform"),
        Language::Terraform => (
            ["AWSTemplateFormatVersion", "Resources", "Transform"],
            "a template of CloudFormation",
        ),
    };
    match foreign.iter().find(|name| top.get(name).is_some()) {
        None => Ok(()),
        Some(name) => Err(Failure::new(format!("it is {what}: it has `{name}`"))
            .fix("write to another file, or choose the --format it has")),
    }
}

/// A template that is transformed already must be so by SAM too.
pub(super) fn transform(document: &Document, top: &Members) -> Result<(), Failure> {
    let wanted = document
        .head
        .iter()
        .find(|(name, _, _)| *name == "Transform");
    let (Some((_, wanted, _)), Some(there)) = (wanted, top.get("Transform")) else {
        return Ok(());
    };
    let there: Value = serde_json::from_str(&there.value).unwrap_or_default();
    let listed = there.as_array().is_some_and(|list| list.contains(wanted));
    if there == *wanted || listed {
        return Ok(());
    }
    Err(Failure::new(format!("its `Transform` lacks {wanted}")).fix("add it to the list"))
}

/// Two notifications of one bucket would overwrite each other at every `terraform apply`.
pub(super) fn buckets(document: &Document, text: &str) -> Result<(), Failure> {
    const KIND: &str = "aws_s3_bucket_notification";
    let file: Value = serde_json::from_str(text).unwrap_or_default();
    let of = |tree: &Value| {
        tree["resource"][KIND]
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    let ours = document
        .ours
        .get("resource")
        .and_then(|tree| tree.get(KIND))
        .and_then(Value::as_object);
    for (name, block) in of(&file) {
        let foreign = !document
            .language
            .is_ours(&["resource", KIND, &name], &block, &[]);
        let same = ours
            .into_iter()
            .flatten()
            .find(|(_, ours)| ours["bucket"] == block["bucket"]);
        if let Some((_, ours)) = same.filter(|_| foreign) {
            return Err(Failure::new(format!(
                "`{KIND}.{name}` has the notifications of the bucket {} too, and each would undo the other",
                ours["bucket"]
            ))
            .fix("move its entries to lambda-with.toml, or the connections out of it"));
        }
    }
    Ok(())
}

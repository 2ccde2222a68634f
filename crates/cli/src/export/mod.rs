//! The definition as infrastructure code.

mod cloudformation;
mod document;
mod file;
mod function;
mod marked;
mod members;
mod merge;
mod print;
mod references;
mod refuse;
mod sam;
mod substitute;
mod template;
mod terraform;
mod url;

use std::path::Path;

use serde_json::Value;

use self::cloudformation::cloudformation;
use crate::args::ExportFormat;
use crate::config::{Code, Config, Defined};

pub(crate) use self::document::Document;
pub(crate) use self::file::{check, text, write};
#[cfg(feature = "aws")]
pub(crate) use self::function::{invocations, members};
#[cfg(feature = "aws")]
pub(crate) use self::url::properties as url;

/// The definition in one of the languages. `folder` is where the file will lie.
pub(crate) fn document(
    config: &Config,
    format: ExportFormat,
    folder: &Path,
) -> anyhow::Result<Document> {
    let mut document = match format {
        ExportFormat::Cloudformation => {
            let mut template: Value = serde_json::from_str(&cloudformation(config)?)?;
            let mut resources = marked::resources(&mut template);
            marked::redeploy(&mut resources);
            template["Resources"] = Value::Object(resources);
            marked::document(config, template, None)
        }
        ExportFormat::Sam => sam::sam(config, folder)?,
        ExportFormat::Terraform => terraform::terraform(config)?,
    };
    document
        .notes
        .extend(config.functions.iter().flat_map(left_out));
    Ok(document)
}

/// What the export cannot hold, because it belongs to something that is made elsewhere.
fn left_out(defined: &Defined) -> impl Iterator<Item = String> {
    let is_elsewhere = matches!(defined.code, Code::Elsewhere);
    defined.connections.iter().filter_map(move |connected| {
        let connection = &connected.connection;
        let (name, function) = (connection.name(), &defined.name);
        let why = if is_elsewhere && connection.configuration(&defined.function).is_some() {
            "what it sets on the function, which is made elsewhere"
        } else if connection.resources(&defined.function).is_empty()
            && connection.configuration(&defined.function).is_none()
        {
            "what invokes the function, which exists already or is in another account"
        } else {
            return None;
        };
        Some(format!("note: of `{name}` of the function `{function}` the export has the permissions, but not {why}"))
    })
}

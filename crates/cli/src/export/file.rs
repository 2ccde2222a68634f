//! Exports as text, and in files.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;

use super::document::Document;
use super::merge::{Change, Merged, fresh, merge};
use crate::failure::Failure;

/// The text of a new file.
pub(crate) fn text(document: &Document) -> String {
    fresh(document).text
}

/// What differs between the file and the definition.
pub(crate) fn check(document: &Document, path: &Path) -> anyhow::Result<Vec<Change>> {
    Ok(merged(document, path)?.1.changes)
}

/// Brings the file up to date, or makes it. Nothing is written where nothing changes.
pub(crate) fn write(document: &Document, path: &Path) -> anyhow::Result<Vec<Change>> {
    let (before, merged) = merged(document, path)?;
    if before.as_deref() != Some(merged.text.as_str()) {
        replace(path, &merged.text)
            .with_context(|| Failure::new(format!("cannot write `{}`", path.display())))?;
    }
    Ok(merged.changes)
}

/// The text that is there, and what it should be.
fn merged(document: &Document, path: &Path) -> anyhow::Result<(Option<String>, Merged)> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Ok((Some(text), fresh(document))),
        Ok(text) => {
            let merged = merge(document, &text)
                .with_context(|| format!("cannot bring `{}` up to date", path.display()))?;
            Ok((Some(text), merged))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok((None, fresh(document))),
        Err(error) => {
            Err(Failure::new(format!("cannot read `{}`: {error}", path.display())).into())
        }
    }
}

/// Writes beside the file and puts it in its place, so that a crash leaves one or the other.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.lambda-with"));
    std::fs::write(&beside, text)?;
    if let Ok(there) = std::fs::metadata(&path) {
        std::fs::set_permissions(&beside, there.permissions())?;
    }
    std::fs::rename(&beside, &path)
}

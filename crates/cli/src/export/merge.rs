//! An export put into a file that is there already: what is ours is brought up to date, all the rest
//! stays as it is.

use serde_json::{Map, Value};

use super::document::{Document, MARK, Place};
use super::members::Members;
use super::print::{print, tree};
use super::refuse;
use crate::failure::Failure;

/// A file brought up to date.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) text: String,
    pub(crate) changes: Vec<Change>,
}

/// One difference between the file and the definition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Change {
    pub(crate) what: &'static str,
    pub(crate) entry: String,
}

/// A new file.
pub(super) fn fresh(document: &Document) -> Merged {
    let mut members = Members::empty("");
    for (name, value, _) in &document.head {
        members.insert(None, name, print(value, Some("  ")), Some("  "), Some(""));
    }
    for (name, value) in &document.ours {
        members.insert(
            None,
            name,
            tree(document, &[name], value, Some("  ")),
            Some("  "),
            Some(""),
        );
    }
    let mut changes = Vec::new();
    added(
        document,
        &[],
        &Value::Object(document.ours.clone()),
        &mut changes,
    );
    Merged {
        text: format!("{members}\n"),
        changes,
    }
}

/// The text of an existing file with our entries as they are now.
pub(crate) fn merge(document: &Document, text: &str) -> Result<Merged, Failure> {
    let body = text.trim_start_matches('\u{feff}').trim();
    let start = text.find(body).unwrap_or_default();
    let mut merge = Merge {
        document,
        parameters: Vec::new(),
        changes: Vec::new(),
    };
    let top = Members::parse(body).map_err(|error| {
        Failure::new(format!("it is not a JSON object: {error}")).fix(
            "only JSON files can be brought up to date; write to a new file, or convert this one",
        )
    })?;
    if let Some(metadata) = top.get("Metadata") {
        let metadata: Value = serde_json::from_str(&metadata.value).unwrap_or_default();
        let names = metadata[MARK]["Parameters"]
            .as_array()
            .into_iter()
            .flatten();
        merge.parameters = names
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
    }
    refuse::language(document, &top)?;
    refuse::transform(document, &top)?;
    refuse::buckets(document, body)?;
    let mut merged = merge.group(top, &[], &document.ours, Some(""))?;
    let indent = merged.indent(Some(""));
    let missing = document
        .head
        .iter()
        .filter(|(name, _, needed)| *needed && merged.get(name).is_none());
    for (name, value, _) in missing.collect::<Vec<_>>() {
        merged.insert(
            Some(0),
            name,
            print(value, indent.as_deref()),
            indent.as_deref(),
            Some(""),
        );
        merge.changes.push(Change {
            what: "added",
            entry: (*name).to_owned(),
        });
    }
    let (before, after) = (&text[..start], &text[start + body.len()..]);
    Ok(Merged {
        text: format!("{before}{merged}{after}"),
        changes: merge.changes,
    })
}

struct Merge<'a> {
    document: &'a Document,
    /// Parameters of the file that are ours.
    parameters: Vec<String>,
    changes: Vec<Change>,
}

impl Merge<'_> {
    fn group(
        &mut self,
        mut there: Members,
        path: &[&str],
        ours: &Map<String, Value>,
        outer: Option<&str>,
    ) -> Result<Members, Failure> {
        let language = self.document.language;
        if let Some(name) = there.twice() {
            let at = join(path, name);
            return Err(Failure::new(format!("it has `{at}` twice")));
        }
        let indent = there.indent(outer);
        let mut gone = Vec::new();
        for member in there.iter_mut() {
            let name = member.name.clone();
            let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
            let wanted = ours.get(&name);
            match language.place(&at) {
                Place::Foreign => {}
                Place::Group => {
                    let inner = match Members::parse(&member.value) {
                        Ok(inner) => inner,
                        Err(_) if wanted.is_none() => continue,
                        Err(_) => {
                            return Err(Failure::new(format!(
                                "its `{}` is not an object",
                                at.join(".")
                            ))
                            .fix("write lists of blocks as one object, keyed by name"));
                        }
                    };
                    let none = Map::new();
                    let wanted = wanted.and_then(Value::as_object).unwrap_or(&none);
                    let had = !inner.is_empty();
                    let inner = self.group(inner, &at, wanted, indent.as_deref())?;
                    if had && inner.is_empty() {
                        gone.push(name);
                    } else {
                        member.value = inner.to_string();
                    }
                }
                Place::Entry => {
                    let value: Value = serde_json::from_str(&member.value).unwrap_or_default();
                    let is_ours = language.is_ours(&at, &value, &self.parameters);
                    let what = match wanted {
                        Some(_) if !is_ours => return Err(taken(&at)),
                        Some(wanted) if *wanted == value => continue,
                        Some(wanted) => {
                            member.value = print(wanted, indent.as_deref());
                            "changed"
                        }
                        None if is_ours => {
                            gone.push(name.clone());
                            "removed"
                        }
                        None => continue,
                    };
                    self.changes.push(Change {
                        what,
                        entry: at.join("."),
                    });
                }
            }
        }
        there.retain(|member| !gone.contains(&member.name));
        let new: Vec<(&String, &Value)> = ours
            .iter()
            .filter(|(name, _)| there.get(name).is_none())
            .collect();
        for (name, value) in new {
            let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
            let text = tree(self.document, &at, value, indent.as_deref());
            there.insert(None, name, text, indent.as_deref(), outer);
            added(self.document, &at, value, &mut self.changes);
        }
        Ok(there)
    }
}

/// Every entry of a part of our tree, as one that is new.
fn added(document: &Document, path: &[&str], value: &Value, changes: &mut Vec<Change>) {
    match (document.language.place(path), value) {
        (Place::Group, Value::Object(members)) => {
            for (name, value) in members {
                let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
                added(document, &at, value, changes);
            }
        }
        _ => changes.push(Change {
            what: "added",
            entry: path.join("."),
        }),
    }
}

fn taken(path: &[&str]) -> Failure {
    Failure::new(format!(
        "`{}` is there already, and was not written by `lambda-with export`",
        path.join(".")
    ))
    .fix("rename it in the file, or remove it there if the definition is to own it")
}

fn join(path: &[&str], name: &str) -> String {
    path.iter()
        .copied()
        .chain([name])
        .collect::<Vec<_>>()
        .join(".")
}

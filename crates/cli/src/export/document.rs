//! What an export consists of, whatever the language.

use serde_json::{Map, Value, json};

/// The languages, and how each marks what is ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Language {
    /// CloudFormation and SAM: `Metadata` of a resource.
    Template,
    /// Terraform: the comment `//` of a block.
    Terraform,
}

/// The name of our mark in `Metadata`, and how our comments begin.
pub(super) const MARK: &str = "lambda-with";

/// What one place of a file is to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// An object that holds entries or further groups.
    Group,
    /// Something that is either ours or another's.
    Entry,
    /// Never ours.
    Foreign,
}

/// An export: everything that is ours, and what a new file begins with.
#[derive(Debug)]
pub(crate) struct Document {
    pub(super) language: Language,
    /// Members at the top of a new file; those marked true are put into an existing one too.
    pub(super) head: Vec<(&'static str, Value, bool)>,
    /// Our entries as a tree: section, (type,) name.
    pub(super) ours: Map<String, Value>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

impl Document {
    pub(super) fn new(language: Language) -> Self {
        Self {
            language,
            head: Vec::new(),
            ours: Map::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn insert(&mut self, path: &[&str], value: Value) {
        let mut node = &mut self.ours;
        let Some((last, groups)) = path.split_last() else {
            return;
        };
        for group in groups {
            let next = node.entry(*group).or_insert_with(|| json!({}));
            let Value::Object(members) = next else { return };
            node = members;
        }
        node.insert((*last).to_owned(), value);
    }
}

impl Language {
    pub(super) fn place(self, path: &[&str]) -> Place {
        match (self, path) {
            (_, [])
            | (Self::Template, ["Parameters" | "Resources" | "Metadata"])
            | (Self::Terraform, ["resource" | "data" | "variable"])
            | (Self::Terraform, ["resource" | "data", _]) => Place::Group,
            (Self::Template, ["Parameters" | "Resources", _] | ["Metadata", MARK])
            | (Self::Terraform, ["resource" | "data", _, _] | ["variable", _]) => Place::Entry,
            _ => Place::Foreign,
        }
    }

    /// Whether the entry at `path` of a file was written by an export. `parameters` are those the
    /// file's own metadata call ours: a parameter has no place for a mark.
    pub(super) fn is_ours(self, path: &[&str], entry: &Value, parameters: &[String]) -> bool {
        match (self, path) {
            (Self::Template, ["Parameters", name]) => parameters.iter().any(|ours| ours == name),
            (Self::Template, ["Metadata", _]) => true,
            (Self::Template, _) => entry["Metadata"].get(MARK).is_some(),
            (Self::Terraform, _) => entry["//"].as_str().is_some_and(|comment| {
                comment
                    .strip_prefix(MARK)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            }),
        }
    }
}

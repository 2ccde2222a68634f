//! Our entries as text.

use serde_json::Value;

use super::document::{Document, Place};
use super::members::Members;

/// The order in which members of a resource are written; others follow by name.
const ORDER: [&str; 6] = [
    "//",
    "Type",
    "Metadata",
    "DependsOn",
    "Properties",
    "Description",
];

/// A part of our tree as text: groups member by member, entries in the usual order.
pub(super) fn tree(
    document: &Document,
    path: &[&str],
    value: &Value,
    indent: Option<&str>,
) -> String {
    let (Place::Group, Value::Object(children)) = (document.language.place(path), value) else {
        return print(value, indent);
    };
    let inner = indent.map(|indent| format!("{indent}  "));
    let mut members = Members::empty(indent.unwrap_or_default());
    for (name, value) in children {
        let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
        let text = tree(document, &at, value, inner.as_deref());
        members.insert(None, name, text, inner.as_deref(), indent);
    }
    members.to_string()
}

/// A value as text whose lines after the first are indented; on one line without an indent.
pub(super) fn print(value: &Value, indent: Option<&str>) -> String {
    let Some(indent) = indent else {
        return value.to_string();
    };
    let Value::Object(members) = value else {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        return text.replace('\n', &format!("\n{indent}"));
    };
    if members.is_empty() {
        return "{}".to_owned();
    }
    let rank = |name: &str| {
        ORDER
            .iter()
            .position(|first| *first == name)
            .unwrap_or(ORDER.len())
    };
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by_key(|(name, _)| rank(name));
    let inner = format!("{indent}  ");
    let mut text = Members::empty(indent);
    for (name, value) in sorted {
        text.insert(
            None,
            name,
            print(value, Some(&inner)),
            Some(&inner),
            Some(indent),
        );
    }
    text.to_string()
}

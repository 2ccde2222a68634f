//! Types a schema takes from another service's: `"x-from": {"kafka": ["KafkaRecord"]}`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::json::Node;
use super::problem::{At, Problems};

const KEY: &str = "x-from";

/// Copies the definitions that `document` takes from other services into it, those they refer to
/// included, and says of each which crate has its Rust type.
pub fn merge(
    document: Node,
    root: &Path,
    at: &At,
    problems: &mut Problems,
) -> Result<(Node, BTreeMap<String, String>)> {
    let mut crates = BTreeMap::new();
    let Node::Object(mut members) = document else {
        return Ok((document, crates));
    };
    let Some(index) = members.iter().position(|(key, _)| key == KEY) else {
        return Ok((Node::Object(members), crates));
    };
    let (_, from) = members.remove(index);
    let mut taken = Vec::new();
    for (service, names) in from.members() {
        let at = at.down(KEY).down(service);
        let path = root.join(format!("crates/{service}/schema.json"));
        if !path.exists() {
            problems.add(&at, format_args!("there is no {}", path.display()));
            continue;
        }
        let other = Node::parse(&fs::read_to_string(&path)?)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut left: Vec<String> = names
            .items()
            .iter()
            .filter_map(Node::str)
            .map(str::to_owned)
            .collect();
        while let Some(name) = left.pop() {
            if crates.contains_key(&name) {
                continue;
            }
            let Some(definition) = other.get("$defs").and_then(|defs| defs.get(&name)) else {
                problems.add(&at, format_args!("crates/{service} has no `{name}`"));
                continue;
            };
            references(definition, &mut left);
            taken.push((name.clone(), definition.clone()));
            crates.insert(name, format!("lambda_with_{}", service.replace('-', "_")));
        }
    }
    if let Some((_, Node::Object(definitions))) = members.iter_mut().find(|(key, _)| key == "$defs")
    {
        for (name, _) in definitions.iter() {
            if crates.contains_key(name) {
                problems.add(
                    &at.down("$defs").down(name),
                    "is taken from another service too",
                );
            }
        }
        definitions.extend(taken);
    }
    Ok((Node::Object(members), crates))
}

/// The names of all definitions a node refers to.
fn references(node: &Node, found: &mut Vec<String>) {
    for (key, value) in node.members() {
        match value.str().and_then(|text| text.strip_prefix("#/$defs/")) {
            Some(name) if key == "$ref" => found.push(name.to_owned()),
            _ => references(value, found),
        }
    }
    node.items().iter().for_each(|item| references(item, found));
}

//! Filter patterns that AWS takes and that never match, or always do.

use lambda_with::Finding;
use serde_json::Value;

use super::warning;

const DESCRIPTORS: [&str; 10] = ["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"];
const IMAGES: [&str; 3] = ["Keys", "NewImage", "OldImage"];

pub(super) fn check(text: &str, pattern: &Value, findings: &mut Vec<Finding>) {
    for image in IMAGES {
        for item in at(pattern, image) {
            attributes(text, item, findings);
        }
    }
}

/// Whether a pattern asks something of an image.
pub(super) fn looks_at(pattern: &Value, image: &str) -> bool {
    at(pattern, image).next().is_some()
}

fn at<'p>(pattern: &'p Value, image: &'p str) -> impl Iterator<Item = &'p Value> {
    alternatives(&pattern["dynamodb"]).filter_map(move |change| change.get(image))
}

/// An object, and those of its `$or`.
fn alternatives(object: &Value) -> impl Iterator<Item = &Value> {
    let or = object["$or"].as_array().into_iter().flatten();
    std::iter::once(object).chain(or)
}

/// What is asked of the attributes of an item, or of a map within it.
fn attributes(text: &str, item: &Value, findings: &mut Vec<Finding>) {
    for part in alternatives(item) {
        for (name, asked) in part.as_object().into_iter().flatten() {
            if name != "$or" {
                attribute(text, name, asked, findings);
            }
        }
    }
}

fn attribute(text: &str, name: &str, asked: &Value, findings: &mut Vec<Finding>) {
    let example = format!("{{\"{name}\":{{\"S\":[…]}}}}");
    if let Some(elements) = asked.as_array() {
        if elements
            .iter()
            .any(|element| element.get("exists").is_some())
        {
            findings.push(
                warning("LW2403", format!("`{text}` asks whether the attribute `{name}` exists"))
                    .why("only leaves exist to a filter, and an attribute is an object: `exists` is false for all of them")
                    .fix(format!("ask for the type within it: {}", example.replace('…', "{\"exists\":true}"))),
            );
        } else {
            findings.push(
                warning(
                    "LW2401",
                    format!("`{text}` asks for `{name}` without its type"),
                )
                .why("an attribute's value stands within its type, so the filter never matches")
                .fix(format!("write {example}")),
            );
        }
        return;
    }
    for part in alternatives(asked) {
        for (descriptor, value) in part.as_object().into_iter().flatten() {
            match descriptor.as_str() {
                "$or" => {}
                "M" => attributes(text, value, findings),
                "N" | "NS" => numbers(text, name, value, findings),
                known if DESCRIPTORS.contains(&known) => {}
                _ => findings.push(
                    warning(
                        "LW2401",
                        format!("`{text}` asks for `{name}` without its type"),
                    )
                    .why(format!(
                        "`{descriptor}` is no type of attributes, so the filter never matches"
                    ))
                    .fix(format!("write {example}, and M for maps")),
                ),
            }
        }
    }
}

fn numbers(text: &str, name: &str, elements: &Value, findings: &mut Vec<Finding>) {
    let odd = |element: &&Value| element.is_number() || element.get("numeric").is_some();
    if let Some(element) = elements.as_array().into_iter().flatten().find(odd) {
        findings.push(
            warning(
                "LW2402",
                format!("`{text}` compares `{name}` with the number {element}"),
            )
            .why("numbers of attributes are text to a filter, so this never matches")
            .fix("write the number as text, such as [\"100\"], or compare in the function"),
        );
    }
}

//! Placeholders in properties, replaced by references.

use std::collections::{BTreeMap, BTreeSet};

use lambda_with::Resource;
use serde_json::{Value, json};

/// What stands for the function, and which other names may be referred to.
#[derive(Debug)]
pub(super) struct Substitution {
    /// The function's ARN as a value.
    pub(super) function: Value,
    /// The function's ARN inside the text of `Fn::Sub`.
    pub(super) function_text: String,
    /// Logical ids and parameters.
    pub(super) known: BTreeSet<String>,
    /// Logical ids that had to change.
    pub(super) renamed: BTreeMap<String, String>,
}

impl Substitution {
    pub(super) fn rename(&self, id: &str) -> String {
        self.renamed
            .get(id)
            .map_or_else(|| id.to_owned(), Clone::clone)
    }

    /// Replaces placeholders everywhere in `value`.
    pub(super) fn apply(&self, value: Value) -> Value {
        match value {
            Value::String(text) => self.text(&text),
            Value::Array(items) => items.into_iter().map(|item| self.apply(item)).collect(),
            Value::Object(members) => {
                let is_reference = members.len() == 1;
                let members = members.into_iter().map(|(name, value)| {
                    let value = match name.as_str() {
                        "Ref" | "Fn::GetAtt" if is_reference => self.target(value),
                        _ => self.apply(value),
                    };
                    (name, value)
                });
                members.collect()
            }
            other => other,
        }
    }

    /// What `Ref` or `Fn::GetAtt` leads to: `A`, `A.B`, or `A` and `B` as a list.
    fn target(&self, target: Value) -> Value {
        match target {
            Value::String(text) => {
                let (id, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
                json!(format!("{}{rest}", self.rename(id)))
            }
            Value::Array(mut parts) => {
                if let Some(id) = parts.first_mut()
                    && let Some(text) = id.as_str()
                {
                    *id = json!(self.rename(text));
                }
                Value::Array(parts)
            }
            other => self.apply(other),
        }
    }

    fn text(&self, text: &str) -> Value {
        if text == Resource::FUNCTION {
            return self.function.clone();
        }
        if let Some(name) = whole(text)
            && !name.contains('.')
            && self.is_known(name)
        {
            return json!({ "Ref": self.rename(name) });
        }
        let mut replaced = String::new();
        let mut references = 0;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            replaced.push_str(before);
            let (id, attribute) = name.split_once('.').unwrap_or((name, ""));
            if name == "Function" {
                replaced.push_str(&self.function_text);
                references += usize::from(self.function_text.contains("${"));
            } else if self.is_known(id) {
                let dot = if attribute.is_empty() { "" } else { "." };
                replaced.push_str(&format!("${{{}{dot}{attribute}}}", self.rename(id)));
                references += 1;
            } else {
                replaced.push_str(&format!("${{!{name}}}"));
            }
            rest = after;
        }
        replaced.push_str(rest);
        match references {
            0 => Value::String(text.replace(Resource::FUNCTION, &self.function_text)),
            _ => json!({ "Fn::Sub": replaced }),
        }
    }

    fn is_known(&self, name: &str) -> bool {
        name.starts_with("AWS::") || self.known.contains(name)
    }
}

fn whole(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    (!name.contains('}')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        let substitution = Substitution {
            function: json!({ "Fn::GetAtt": ["OrdersFunction", "Arn"] }),
            function_text: "${OrdersFunction.Arn}".to_owned(),
            known: ["Api".to_owned(), "Old".to_owned()].into(),
            renamed: [("Old".to_owned(), "New".to_owned())].into(),
        };
        for (text, expected) in [
            ("plain", json!("plain")),
            (
                "${Function}",
                json!({ "Fn::GetAtt": ["OrdersFunction", "Arn"] }),
            ),
            ("${Api}", json!({ "Ref": "Api" })),
            ("${Old}", json!({ "Ref": "New" })),
            ("${AWS::Region}", json!({ "Ref": "AWS::Region" })),
            (
                "a/${Function}/b",
                json!({ "Fn::Sub": "a/${OrdersFunction.Arn}/b" }),
            ),
            (
                "arn:${Old.Id}/${Api}/*",
                json!({ "Fn::Sub": "arn:${New.Id}/${Api}/*" }),
            ),
            ("${stageVariables.x}", json!("${stageVariables.x}")),
            ("${x}/${Api}", json!({ "Fn::Sub": "${!x}/${Api}" })),
        ] {
            assert_eq!(substitution.apply(json!(text)), expected, "{text}");
        }
        let nested = json!({ "a": [{ "Ref": "Old" }, { "Fn::GetAtt": "Old.Arn" }, { "Fn::GetAtt": ["Old", "Arn"] }] });
        let expected = json!({ "a": [{ "Ref": "New" }, { "Fn::GetAtt": "New.Arn" }, { "Fn::GetAtt": ["New", "Arn"] }] });
        assert_eq!(substitution.apply(nested), expected);
    }
}

//! References between the resources of a template: `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`.

use serde_json::{Map, Value, json};

/// A text of `Fn::Sub` in pieces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// What stands between `${` and `}`.
    Reference(&'a str),
}

/// The pieces of a text of `Fn::Sub`; `${!name}` is the plain text `${name}`.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        let (before, reference) = (&rest[..start], &rest[start + 2..start + length]);
        pieces.push(Piece::Text(before));
        match reference.strip_prefix('!') {
            Some(_) => {
                pieces.push(Piece::Text("${"));
                pieces.push(Piece::Text(&rest[start + 3..=start + length]));
            }
            None => pieces.push(Piece::Reference(reference)),
        }
        rest = &rest[start + length + 1..];
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    pieces
}

/// What a value refers to: the logical id, and the attribute of `Fn::GetAtt`.
pub(super) fn target(value: &Value) -> Option<(&str, Option<&str>)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    if let Some(id) = members.get("Ref") {
        return Some((id.as_str()?, None));
    }
    match members.get("Fn::GetAtt")? {
        Value::String(text) => text
            .split_once('.')
            .map(|(id, attribute)| (id, Some(attribute))),
        Value::Array(parts) => match parts.as_slice() {
            [id, attribute] => Some((id.as_str()?, Some(attribute.as_str()?))),
            _ => None,
        },
        _ => None,
    }
}

/// Renames a logical id wherever `value` refers to it; `to` may be `Id.Property`, as SAM has it.
pub(super) fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Value::Object(members) => {
            if let Some(new) = renamed(members, from, to) {
                *members = new;
                return;
            }
            for (name, value) in members.iter_mut() {
                match value {
                    Value::String(text) if name == "Fn::Sub" => {
                        *text = text
                            .replace(&format!("${{{from}}}"), &format!("${{{to}}}"))
                            .replace(&format!("${{{from}."), &format!("${{{to}."));
                    }
                    _ => rename(value, from, to),
                }
            }
        }
        _ => {}
    }
}

fn renamed(members: &Map<String, Value>, from: &str, to: &str) -> Option<Map<String, Value>> {
    let value = Value::Object(members.clone());
    let new = match target(&value)? {
        (id, None) if id == from => json!({ "Ref": to }),
        (id, Some(attribute)) if id == from => json!({ "Fn::GetAtt": [to, attribute] }),
        _ => return None,
    };
    new.as_object().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_pieces() {
        use Piece::{Reference, Text};
        let check =
            |text: &str, expected: &[Piece<'_>]| assert_eq!(pieces(text), expected, "{text}");
        check("", &[]);
        check("plain", &[Text("plain")]);
        check(
            "a/${B.Arn}/c",
            &[Text("a/"), Reference("B.Arn"), Text("/c")],
        );
        check("${A}${!b}", &[Reference("A"), Text("${"), Text("b}")]);
        check("open ${A", &[Text("open ${A")]);
    }

    #[test]
    fn names_change_everywhere() {
        let mut value = json!({
            "a": { "Ref": "Old" },
            "b": [{ "Fn::GetAtt": ["Old", "Arn"] }, { "Fn::GetAtt": "Old.Arn" }],
            "c": { "Fn::Sub": "${Old}/${Old.Arn}/${Older}/Old" },
            "d": { "Ref": "Older" },
            "Ref": "Old",
        });
        rename(&mut value, "Old", "F.Alias");
        let expected = json!({
            "a": { "Ref": "F.Alias" },
            "b": [{ "Fn::GetAtt": ["F.Alias", "Arn"] }, { "Fn::GetAtt": ["F.Alias", "Arn"] }],
            "c": { "Fn::Sub": "${F.Alias}/${F.Alias.Arn}/${Older}/Old" },
            "d": { "Ref": "Older" },
            "Ref": "Old",
        });
        assert_eq!(value, expected);
    }
}

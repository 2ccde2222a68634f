//! Route selection expressions: which text of a message chooses its route.

use lambda_with::{Error, ErrorKind};
use serde_json::Value;

/// An expression, read: text and paths into a message, one after the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Selection(Vec<Part>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    Body(Vec<Step>),
}

/// One step of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    Member(String),
    Element(usize),
}

const BODY: &str = "request.body";

impl Selection {
    /// Reads an expression such as `$request.body.action` or `${request.body.service}/join`.
    pub(super) fn parse(expression: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            let message = format!("`{expression}` is not a route selection expression: {why}");
            let error = Error::new(ErrorKind::Invalid, message);
            error.with("form", "$request.body.NAME or ${request.body.NAME}")
        };
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = expression;
        while let Some(next) = rest.chars().next() {
            rest = &rest[next.len_utf8()..];
            match next {
                '\\' if rest.starts_with('$') => {
                    text.push('$');
                    rest = &rest[1..];
                }
                '$' => {
                    let (variable, after) = match rest.strip_prefix('{') {
                        Some(inner) => inner
                            .split_once('}')
                            .ok_or_else(|| refuse("a brace is not closed"))?,
                        None => rest.split_at(unwrapped(rest)),
                    };
                    rest = after;
                    let path = variable
                        .strip_prefix(BODY)
                        .ok_or_else(|| refuse("only variables of `request.body` can be had"))?;
                    let path = steps(path).ok_or_else(|| refuse("its path is not read here"))?;
                    if !text.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                    }
                    parts.push(Part::Body(path));
                }
                other => text.push(other),
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self(parts))
    }

    /// What the expression makes of a message; nothing where that is not JSON. A path that leads
    /// nowhere makes an empty text.
    pub(super) fn of(&self, message: &str) -> Option<String> {
        let message: Value = serde_json::from_str(message).ok()?;
        let mut key = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => key.push_str(text),
                Part::Body(path) => {
                    let found = path.iter().try_fold(&message, |value, step| match step {
                        Step::Member(name) => value.get(name),
                        Step::Element(index) => value.get(index),
                    });
                    key.push_str(&found.map(written).unwrap_or_default());
                }
            }
        }
        Some(key)
    }
}

/// Where a variable without braces ends.
fn unwrapped(text: &str) -> usize {
    let mut end = 0;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        quoted ^= c == '\'';
        let inside = quoted || c.is_ascii_alphanumeric() || "._-[]'".contains(c);
        if !inside {
            return at;
        }
        end = at + c.len_utf8();
    }
    end
}

/// The steps of `.name`, `['name']` and `[0]`, in any number and order.
fn steps(mut path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !path.is_empty() {
        if let Some(rest) = path.strip_prefix("['") {
            let (name, rest) = rest.split_once("']")?;
            steps.push(Step::Member(name.to_owned()));
            path = rest;
        } else if let Some(rest) = path.strip_prefix('[') {
            let (index, rest) = rest.split_once(']')?;
            steps.push(Step::Element(index.parse().ok()?));
            path = rest;
        } else {
            let rest = path.strip_prefix('.')?;
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            if name.is_empty() || name.contains(['*', '?', '(', '@']) {
                return None;
            }
            steps.push(Step::Member(name.to_owned()));
            path = rest;
        }
    }
    Some(steps)
}

/// A value as text: lists and objects as Java writes them, which no route key looks like.
fn written(value: &Value) -> String {
    let joined = |all: Vec<String>| all.join(", ");
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(all) => format!("[{}]", joined(all.iter().map(written).collect())),
        Value::Object(all) => {
            let members = all.iter().map(|(k, v)| format!("{k}={}", written(v)));
            format!("{{{}}}", joined(members.collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_messages() {
        let check = |expression: &str, message: &str, expected: Option<&str>| {
            let selection = Selection::parse(expression).unwrap();
            let key = selection.of(message);
            assert_eq!(key.as_deref(), expected, "{expression} {message}");
        };
        // The message and the table of the guide.
        let guide = r#"{"service":"chat","action":"join","data":{"room":"room1234"}}"#;
        check("$request.body.action", guide, Some("join"));
        check("${request.body.action}", guide, Some("join"));
        check(
            "${request.body.service}/${request.body.action}",
            guide,
            Some("chat/join"),
        );
        check(
            "${request.body.action}-${request.body.invalidPath}",
            guide,
            Some("join-"),
        );
        check("action", guide, Some("action"));
        check("\\$default", guide, Some("$default"));
        check("$request.body.data.room", guide, Some("room1234"));
        check("$request.body['data']['room']", guide, Some("room1234"));
        check("$request.body.service/x", guide, Some("chat/x"));
        check("$request.body.data", guide, Some("{room=room1234}"));

        let action = "$request.body.action";
        check(action, r#"{"action":7}"#, Some("7"));
        check(action, r#"{"action":true}"#, Some("true"));
        check(action, r#"{"action":null}"#, Some(""));
        check(action, r#"{"action":["a","b"]}"#, Some("[a, b]"));
        check("$request.body.a[1].b", r#"{"a":[0,{"b":"c"}]}"#, Some("c"));
        for other in ["[]", "\"action\"", "7", "{}"] {
            check(action, other, Some(""));
        }
        for broken in ["", "hello", "{", "{\"action\":\"join\"} tail"] {
            check(action, broken, None);
        }
    }

    #[test]
    fn what_cannot_be_read() {
        for (expression, why) in [
            ("$request.header.action", "request.body"),
            ("${request.body.action", "not closed"),
            ("$context.stage", "request.body"),
            ("$request.body..action", "its path"),
            ("$request.body[*]", "its path"),
            ("$request.bodyaction", "its path"),
        ] {
            let error = Selection::parse(expression).unwrap_err().to_string();
            assert!(error.contains(why), "{expression}: {error}");
        }
    }
}

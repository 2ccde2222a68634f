//! A rule, with what others wrote kept as it came.

use lambda_with::{Error, ErrorKind, Json, Map};
use serde::Deserialize;
use serde_json::{Value, json};

/// Members of a rule that are not part of what is written.
const READ_ONLY: [&str; 2] = ["ruleName", "createdAt"];

/// A rule's payload.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document {
    /// Whether the rule is there.
    pub(super) standing: bool,
    /// Whether it is to go.
    pub(super) gone: bool,
    /// All members but the actions, in their order.
    members: Map<Json>,
    pub(super) actions: Vec<Json>,
}

#[derive(Deserialize)]
struct Answer {
    rule: Map<Json>,
}

impl Document {
    /// The rule of an answer to GetTopicRule.
    pub(super) fn parse(answer: &[u8]) -> Result<Self, Error> {
        let refuse = |error: Error| {
            let what = "the answer to GetTopicRule is no rule";
            Error::new(ErrorKind::Decode, what).caused_by(error)
        };
        let Answer { rule: mut members } = lambda_with::decode(bytes(answer)).map_err(refuse)?;
        let actions = members.remove("actions");
        let actions = actions.filter(|actions| *actions != Value::Null);
        let actions = actions.map_or(Ok(Vec::new()), |actions| actions.decode());
        members.retain(|name| !READ_ONLY.contains(&&**name));
        Ok(Self {
            standing: true,
            gone: false,
            members,
            actions: actions.map_err(refuse)?,
        })
    }

    /// The payload as it is written.
    pub(super) fn to_json(&self) -> Result<String, Error> {
        let mut members = self.members.clone();
        members.insert("actions", Json::encode(&self.actions)?);
        Ok(Json::encode(&members)?.as_str().to_owned())
    }

    /// The value of a member; null where it is missing.
    pub(super) fn member(&self, name: &str) -> Value {
        let value = self.members.get(name).map(Json::value);
        value.and_then(Result::ok).unwrap_or_default()
    }

    /// The error action; null where there is none. Emulators answer with an empty one then.
    pub(super) fn error_action(&self) -> Value {
        match self.member("errorAction") {
            Value::Object(members) if members.is_empty() => Value::Null,
            action => action,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &Value) {
        self.members.insert(name, value.into());
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.members.remove(name);
    }
}

/// The action that runs a function.
pub(super) fn action(function: &str) -> Value {
    json!({ "lambda": { "functionArn": function } })
}

/// The function an action runs.
pub(super) fn target(action: &Value) -> Option<&str> {
    action["lambda"]["functionArn"].as_str()
}

fn bytes(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_to_the_letter() {
        let actions = r#"[{"newer": { "n":1.50 }},{"lambda":{"functionArn":"arn:f","x":[ ]}}]"#;
        let answer = format!(
            r#"{{"ruleArn":"arn:r","rule":{{"sql":"SELECT 'é' FROM 'a'","createdAt":1.5E9,
            "actions":{actions},"ruleName":"r","newest":{{"a": 1e400}}}}}}"#
        );
        let document = Document::parse(answer.as_bytes()).unwrap();
        let expected = format!(
            r#"{{"sql":"SELECT 'é' FROM 'a'","newest":{{"a": 1e400}},"actions":{actions}}}"#
        );
        assert_eq!(document.to_json().unwrap(), expected);
        let second = document.actions[1].value().unwrap();
        assert_eq!(target(&second), Some("arn:f"));
        assert_eq!(document.member("sql"), "SELECT 'é' FROM 'a'");
        assert_eq!(document.member("errorAction"), Value::Null);
    }

    #[test]
    fn other_answers() {
        let empty = Document::parse(br#"{"rule":{"actions":null}}"#).unwrap();
        assert_eq!(empty.to_json().unwrap(), r#"{"actions":[]}"#);
        for answer in ["", "{}", r#"{"rule":[]}"#, r#"{"rule":{"actions":{}}}"#] {
            let error = Document::parse(answer.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{answer}");
        }
    }
}

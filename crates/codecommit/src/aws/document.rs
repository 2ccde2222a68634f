//! A repository's triggers, with those of others kept to the letter.

use lambda_with::{Error, ErrorKind};
use lambda_with_aws::Entry;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// One trigger: the JSON exactly as it came, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trigger {
    json: String,
    value: Value,
}

/// Reads the answer of `GetRepositoryTriggers`.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Trigger>, Error> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow, default)]
        triggers: Option<Vec<&'a RawValue>>,
    }
    let unreadable = |error: serde_json::Error| {
        let message = "the repository's triggers cannot be read";
        Error::new(ErrorKind::Decode, message).caused_by(error)
    };
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(unreadable)?;
    let triggers = answer.triggers.unwrap_or_default().into_iter();
    let triggers = triggers.map(|raw| {
        let value = serde_json::from_str(raw.get())?;
        let json = raw.get().to_owned();
        Ok(Trigger { json, value })
    });
    triggers.collect::<Result<_, _>>().map_err(unreadable)
}

/// The body of `PutRepositoryTriggers`.
pub(super) fn request(repository: &str, triggers: &[Trigger]) -> String {
    let triggers: Vec<&str> = triggers.iter().map(|t| t.json.as_str()).collect();
    let repository = Value::from(repository);
    format!(
        r#"{{"repositoryName":{repository},"triggers":[{}]}}"#,
        triggers.join(",")
    )
}

impl Entry for Trigger {
    fn name(&self) -> &str {
        self.value["name"].as_str().unwrap_or_default()
    }

    fn target(&self) -> &str {
        self.value["destinationArn"].as_str().unwrap_or_default()
    }

    fn members(&self) -> Value {
        let list = |name: &str| {
            let list = self.value[name].as_array().into_iter().flatten();
            let mut list: Vec<&str> = list.filter_map(Value::as_str).collect();
            list.sort_unstable();
            json!(list)
        };
        let data = self.value["customData"].as_str();
        json!({
            "destinationArn": self.target(),
            "branches": list("branches"),
            "events": list("events"),
            "customData": data.filter(|data| !data.is_empty()),
        })
    }
}

impl From<Value> for Trigger {
    fn from(value: Value) -> Self {
        let json = value.to_string();
        Self { json, value }
    }
}

//! What comes with the function's code, and is compared only.

use lambda_with::{Error, ErrorKind, Function};
use serde_json::{Map, Value, json};

use super::mapping_members::same;
use super::remote::{self, unqualified};
use crate::change::{Change, Reading};
use crate::error::failed;
use crate::plan::Goal;
use crate::session::Session;
use crate::wire::{Aim, Part, Stage, Work};

/// The members that are compared here, in the terms of `AWS::Lambda::Function`.
const MEMBERS: [&str; 5] = [
    "Environment",
    "MemorySize",
    "ReservedConcurrentExecutions",
    "Timeout",
    "VpcConfig",
];

/// Settings of the function that whoever deploys it sets: where they differ from the definition a
/// warning says so.
#[derive(Debug)]
pub(crate) struct Deployed {
    session: Session,
    function: Function,
    wanted: Map<String, Value>,
}

impl Deployed {
    /// The resource a function is in a definition.
    pub(crate) const KIND: &'static str = "AWS::Lambda::Function";

    pub(crate) fn knows(member: &str) -> bool {
        MEMBERS.contains(&member)
    }

    pub(crate) fn new(session: &Session, function: &Function, wanted: Map<String, Value>) -> Self {
        Self {
            session: session.clone(),
            function: function.clone(),
            wanted,
        }
    }

    async fn reserved(&self) -> Result<Value, Error> {
        let request = self.session.lambda().get_function_concurrency();
        let request = request.function_name(unqualified(&self.function));
        let answer = request.send().await;
        let thing = self.function.arn.as_str();
        let answer = answer.map_err(|error| failed("GetFunctionConcurrency", thing, error))?;
        Ok(json!(answer.reserved_concurrent_executions()))
    }

    async fn look(&self, goal: Goal) -> Result<Reading, Error> {
        let mut reading = Reading::default();
        if goal == Goal::Disconnect {
            return Ok(reading);
        }
        let standing = remote::read(&self.session, &self.function, goal).await?;
        let standing = standing.unwrap_or_default();
        let mut said = Vec::new();
        for (member, wanted) in &self.wanted {
            let found = match member.as_str() {
                "ReservedConcurrentExecutions" => self.reserved().await,
                _ => Ok(standing[member].clone()),
            };
            match found {
                Ok(found) => said.extend(difference(member, &found, wanted)),
                // No reason to stop: it is only compared.
                Err(error) if error.kind() == ErrorKind::Denied => {
                    said.push(format!("{member} may not be read"));
                }
                Err(error) => return Err(error),
            }
        }
        if !said.is_empty() {
            reading.warnings.push(format!(
                "{} differs from the definition, and is set by whoever deploys its code, not by \
                 connect: {}",
                self.function.name(),
                said.join("; ")
            ));
        }
        Ok(reading)
    }
}

impl Part for Deployed {
    fn title(&self) -> String {
        format!("the settings of {}", self.function.name())
    }

    fn stage(&self) -> Stage {
        Stage::Configuration
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(self.look(aim.goal))
    }

    fn apply<'a>(&'a self, _aim: Aim, _done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// How a member differs. Values of environment variables stay unsaid: they may be secrets.
fn difference(member: &str, found: &Value, wanted: &Value) -> Option<String> {
    if member != "Environment" {
        let parts = wanted.as_object();
        let stands = match parts {
            Some(parts) => parts
                .iter()
                .all(|(part, wanted)| same(&found[part], wanted)),
            None => found == wanted,
        };
        let shown = |value: &Value| match value {
            Value::Null => "not set".to_owned(),
            Value::Object(all) => {
                let part = |part: &String| all.get(part).map(|value| format!("{part} {value}"));
                let parts = parts.into_iter().flat_map(Map::keys).filter_map(part);
                parts.collect::<Vec<_>>().join(", ")
            }
            value => value.to_string(),
        };
        return (!stands).then(|| {
            let (found, wanted) = (shown(found), shown(wanted));
            format!("{member} is {found}, not {wanted}")
        });
    }
    // Where they cannot be decrypted, there is an error instead of them.
    if found.get("Error").is_some_and(|error| !error.is_null()) {
        return None;
    }
    let wanted = wanted["Variables"].as_object()?.iter();
    let names: Vec<&str> = wanted
        .filter(|(name, value)| found["Variables"][name.as_str()] != **value)
        .map(|(name, _)| name.as_str())
        .collect();
    (!names.is_empty()).then(|| format!("Environment has other values for {}", names.join(", ")))
}

//! What connections set on the function itself.

use std::collections::BTreeMap;

use lambda_with::{Error, ErrorKind, Function};
use serde_json::{Value, json};

use super::remote;
use crate::change::{Action, Change, Reading};
use crate::error::failed;
use crate::plan::Goal;
use crate::raw::Exchange;
use crate::session::Session;
use crate::shared::unseen;
use crate::wire::{Aim, Part, Pauses, Stage, Work};

/// Members of the function's configuration, in the terms CloudFormation and Lambda's API share.
#[derive(Debug)]
pub(crate) struct Configuration {
    session: Session,
    function: Function,
    wanted: BTreeMap<String, Value>,
}

/// What a member is when nothing is set.
fn unset(member: &str) -> Option<Value> {
    match member {
        "FileSystemConfigs" => Some(json!([])),
        "TracingConfig" => Some(json!({ "Mode": "PassThrough" })),
        _ => None,
    }
}

impl Configuration {
    /// Refuses members that cannot be set without taking something else away.
    pub(crate) fn knows(member: &str) -> Result<(), Error> {
        match unset(member) {
            Some(_) => Ok(()),
            None => Err(Error::new(
                ErrorKind::Invalid,
                format!("the function's {member} is not set from here"),
            )
            .with(
                "fix",
                "set it with `lambda-with export` and your infrastructure code",
            )),
        }
    }

    pub(crate) fn new(
        session: &Session,
        function: &Function,
        wanted: BTreeMap<String, Value>,
    ) -> Self {
        Self {
            session: session.clone(),
            function: function.clone(),
            wanted,
        }
    }

    fn what(&self, member: &str) -> String {
        format!("{member} of {}", self.function.name())
    }

    fn compare(&self, found: &Value, goal: Goal) -> Reading {
        let mut reading = Reading::default();
        if self.function.qualifier().is_some() && goal == Goal::Connect {
            reading.warnings.push(format!(
                "{} is set on $LATEST: publish a version and point `{}` at it afterwards",
                self.wanted
                    .keys()
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" and "),
                self.function.qualifier().unwrap_or_default()
            ));
        }
        for (member, wanted) in &self.wanted {
            let Some(unset) = unset(member) else { continue };
            let found = found
                .get(member)
                .filter(|found| !found.is_null())
                .unwrap_or(&unset);
            let change = |action| Change::new(action, self.what(member));
            let stands = agrees(found, wanted);
            let change = match goal {
                Goal::Connect if stands => change(Action::Keep),
                Goal::Connect if *found == unset => {
                    change(Action::Create).detail(member, Value::Null, wanted.clone())
                }
                Goal::Connect => {
                    change(Action::Update).detail(member, found.clone(), wanted.clone())
                }
                Goal::Disconnect if stands => {
                    change(Action::Remove).detail(member, found.clone(), Value::Null)
                }
                Goal::Disconnect if *found == unset => continue,
                Goal::Disconnect => change(Action::Keep).note("somebody changed it: it is left"),
            };
            reading.changes.push(change);
        }
        reading
    }

    /// The configuration of `$LATEST`, which is what can be changed.
    async fn found(&self) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.session.lambda().get_function_configuration();
        let request = request.function_name(remote::unqualified(&self.function));
        let sent = request.customize().interceptor(exchange.clone()).send();
        let thing = self.function.arn.as_str();
        exchange.document("GetFunctionConfiguration", thing, sent.await)
    }

    /// The configuration once no update is under way.
    async fn idle(&self, aim: Aim) -> Result<Value, Error> {
        let mut pauses = Pauses::new(aim.options.wait);
        loop {
            let found = self.found().await?;
            if found["LastUpdateStatus"] != "InProgress" {
                return Ok(found);
            }
            if !pauses.again().await {
                let what = format!(
                    "an update of {} does not come to its end",
                    self.function.name()
                );
                return Err(
                    Error::new(ErrorKind::Conflict, what).with("fix", "run it again in a while")
                );
            }
        }
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let mut pauses = Pauses::new(aim.options.wait);
        loop {
            match self.update(aim, done).await {
                // Somebody else was faster, which Lambda says with a code.
                Err(error) if is_lost(&error) && pauses.again().await => {}
                result => return result,
            }
        }
    }

    async fn update(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let found = self.idle(aim).await?;
        let changes = self.compare(&found, aim.goal).changes;
        let mut body = serde_json::Map::new();
        for member in self.wanted.keys() {
            let change = changes
                .iter()
                .find(|change| change.what == self.what(member));
            let value = match change.map(|change| change.action) {
                Some(Action::Create | Action::Update) => self.wanted.get(member).cloned(),
                Some(Action::Remove) => unset(member),
                _ => None,
            };
            body.extend(value.map(|value| (member.clone(), value)));
        }
        if body.is_empty() {
            done.extend(changes);
            return Ok(());
        }
        if let Some(revision) = found.get("RevisionId") {
            body.insert("RevisionId".into(), revision.clone());
        }
        let exchange = Exchange::sending(Value::Object(body).to_string());
        let request = self.session.lambda().update_function_configuration();
        let request = request.function_name(remote::unqualified(&self.function));
        let answer = request.customize().interceptor(exchange).send().await;
        answer.map_err(|error| {
            failed(
                "UpdateFunctionConfiguration",
                self.function.arn.as_str(),
                error,
            )
        })?;
        done.extend(changes);
        let after = self.idle(aim).await?;
        if after["LastUpdateStatus"] == "Failed" {
            let reason = after["LastUpdateStatusReason"]
                .as_str()
                .unwrap_or("no reason given");
            let what = format!("the update of {} failed: {reason}", self.function.name());
            return Err(Error::new(ErrorKind::Invalid, what));
        }
        let pending = self
            .compare(&after, aim.goal)
            .changes
            .into_iter()
            .find(Change::is_change);
        pending.map_or(Ok(()), |change| Err(unseen(&change)))
    }
}

impl Part for Configuration {
    fn title(&self) -> String {
        format!("the configuration of {}", self.function.name())
    }

    fn stage(&self) -> Stage {
        Stage::Configuration
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(&self.found().await?, aim.goal)) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}

fn is_lost(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.context("code").is_some()
}

/// Whether all of `wanted` is in `found`, which may say more.
fn agrees(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(f, w)| agrees(f, w))
        }
        (Value::Object(found), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| found.get(name).is_some_and(|found| agrees(found, wanted))),
        _ => found == wanted,
    }
}

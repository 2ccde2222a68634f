//! Schedules.

use std::time::Duration;

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::config::http::HttpResponse;
use aws_sdk_scheduler::error::{ProvideErrorMetadata, SdkError};
use lambda_with::{Arn, Error, ErrorKind, Function, Integration, Rfc3339};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Part, Pauses, Reading, Session, Stage, Work, caller_role,
    failed,
};
use serde_json::{Map, Value, json};

use super::{kept, same_function};
use crate::Schedule;

/// The settings that belong to the definition alone.
const OWN: [&str; 6] = [
    "EndDate",
    "FlexibleTimeWindow",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
];

/// The same of its target.
const OWN_OF_TARGET: [&str; 5] = ["Arn", "DeadLetterConfig", "Input", "RetryPolicy", "RoleArn"];

/// What only answers have.
const ANSWERED: [&str; 3] = ["Arn", "CreationDate", "LastModificationDate"];

/// One schedule.
#[derive(Debug)]
pub(super) struct Standing {
    client: Client,
    connection: String,
    function: Arn,
    name: String,
    group: Option<String>,
    /// The settings as the API has them.
    wanted: Value,
}

impl Standing {
    pub(super) fn new(
        schedule: &Schedule,
        session: &Session,
        function: &Function,
    ) -> Result<Self, Error> {
        let connection = schedule.name();
        let role = match &schedule.role {
            Some(role) => role.clone(),
            None => caller_role(function, &connection)?,
        };
        let mut wanted = schedule.settings(function.arn.as_str(), role.as_str());
        for (name, text) in [("StartDate", &schedule.start), ("EndDate", &schedule.end)] {
            if let Some(text) = text {
                let time = Rfc3339::from(text.as_str()).timestamp()?;
                wanted[name] = json!(time.unix_millis().div_euclid(1000));
            }
        }
        Ok(Self {
            client: Client::new(session.config()),
            connection,
            function: function.arn.clone(),
            name: schedule.name.clone(),
            group: schedule.group.clone(),
            wanted,
        })
    }

    fn what(&self) -> String {
        match &self.group {
            Some(group) => format!("schedule {} of group {group}", self.name),
            None => format!("schedule {}", self.name),
        }
    }

    async fn found(&self) -> Result<Option<Value>, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_schedule().name(&self.name);
        let request = request.set_group_name(self.group.clone()).customize();
        match request.interceptor(exchange.clone()).send().await {
            Ok(_) => serde_json::from_slice(&exchange.answer())
                .map(Some)
                .map_err(|error| {
                    Error::new(ErrorKind::Decode, "Scheduler's answer is not JSON").caused_by(error)
                }),
            Err(error) => {
                let error = self.failed("GetSchedule", error);
                match error.kind() {
                    ErrorKind::NotFound => Ok(None),
                    _ => Err(error),
                }
            }
        }
    }

    fn compare(&self, found: Option<&Value>, goal: Goal) -> Reading {
        let mut reading = Reading::default();
        let change = |action| Change::new(action, self.what()).of(&self.connection);
        let target = |found: &Value| {
            found["Target"]["Arn"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let ours = found.is_some_and(|found| same_function(&target(found), self.function.as_str()));
        match (goal, found) {
            (Goal::Connect, None) => {
                reading
                    .changes
                    .push(change(Action::Create).members(&Value::Null, &self.wanted));
            }
            (Goal::Connect, Some(found)) if ours => {
                let wanted = self.next(found);
                reading.changes.push(kept(
                    change(Action::Update).members(&plain(found), &plain(&wanted)),
                ));
            }
            (Goal::Connect, Some(found)) => reading.refusals.push(format!(
                "{} is somebody else's: it goes to {}; give the connection another name",
                self.what(),
                target(found)
            )),
            (Goal::Disconnect, _) => reading.changes.extend(ours.then(|| change(Action::Remove))),
        }
        reading
    }

    /// The settings to be sent: what stands, with what the definition says.
    fn next(&self, found: &Value) -> Value {
        let others = |value: &Value, own: &[&str]| -> Map<String, Value> {
            let members = value.as_object().into_iter().flatten();
            let members = members.filter(|(name, _)| !own.contains(&name.as_str()));
            members
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        let mut target = others(&found["Target"], &OWN_OF_TARGET);
        target.extend(others(&self.wanted["Target"], &[]));
        let mut next = others(found, &[OWN.as_slice(), &ANSWERED].concat());
        next.extend(others(&self.wanted, &[]));
        next.insert("Target".into(), Value::Object(target));
        Value::Object(next)
    }

    async fn create(&self) -> Result<(), Error> {
        let body = Exchange::sending(self.wanted.to_string());
        let request = self.client.create_schedule().name(&self.name).customize();
        let answer = request.interceptor(body).send().await;
        answer
            .map(drop)
            .map_err(|error| self.failed("CreateSchedule", error))
    }

    async fn update(&self, found: &Value) -> Result<(), Error> {
        let body = Exchange::sending(self.next(found).to_string());
        let request = self.client.update_schedule().name(&self.name).customize();
        let answer = request.interceptor(body).send().await;
        answer
            .map(drop)
            .map_err(|error| self.failed("UpdateSchedule", error))
    }

    async fn delete(&self) -> Result<(), Error> {
        let request = self.client.delete_schedule().name(&self.name);
        let answer = request.set_group_name(self.group.clone()).send().await;
        answer
            .map(drop)
            .map_err(|error| self.failed("DeleteSchedule", error))
    }

    fn failed<E>(&self, operation: &str, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let error = failed(operation, self.what(), error);
        match (error.kind(), &self.group) {
            (ErrorKind::NotFound, Some(group)) if operation == "CreateSchedule" => error.with(
                "fix",
                format!("make the group {group} first, or correct its name"),
            ),
            _ => error,
        }
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let found = self.found().await?;
        let reading = self.compare(found.as_ref(), aim.goal);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Conflict, refusal));
        }
        let Some(change) = reading.changes.into_iter().next() else {
            return Ok(());
        };
        let mut pauses = Pauses::new(aim.options.wait.min(Duration::from_secs(60)));
        loop {
            let written = match (change.action, &found) {
                (Action::Create, _) => self.create().await,
                (Action::Update, Some(found)) => self.update(found).await,
                (Action::Remove, _) => self.delete().await,
                _ => Ok(()),
            };
            match written {
                Ok(()) => break,
                // The role was made a moment ago, and Scheduler has not seen it yet.
                Err(error) if unseen(&error) && pauses.again().await => {}
                Err(error) => return Err(error),
            }
        }
        done.push(change);
        super::settled(aim, || {
            Box::pin(async move {
                let reading = self.compare(self.found().await?.as_ref(), aim.goal);
                Ok(reading.changes.into_iter().find(Change::is_change))
            })
        })
        .await
    }
}

impl Part for Standing {
    fn title(&self) -> String {
        format!("the {}", self.what())
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(self.found().await?.as_ref(), aim.goal)) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}

fn unseen(error: &Error) -> bool {
    let message = error.message();
    error.context("code") == Some("ValidationException")
        && message.contains("role")
        && message.contains("assume")
}

/// Settings in one form for comparing: with Scheduler's defaults filled in, nulls left out, and
/// times in whole seconds.
fn plain(settings: &Value) -> Value {
    let mut plain = settings.clone();
    for (place, name, usual) in [
        ("", "GroupName", json!("default")),
        ("", "ScheduleExpressionTimezone", json!("UTC")),
        ("/Target", "RetryPolicy", json!({})),
        (
            "/Target/RetryPolicy",
            "MaximumEventAgeInSeconds",
            json!(86_400),
        ),
        ("/Target/RetryPolicy", "MaximumRetryAttempts", json!(185)),
        ("", "EndDate", Value::Null),
        ("", "StartDate", Value::Null),
    ] {
        if let Some(Value::Object(members)) = plain.pointer_mut(place) {
            let value = members.entry(name).or_insert(usual.clone());
            if value.is_null() {
                *value = usual;
            }
        }
    }
    for name in ["EndDate", "StartDate"] {
        if let Some(seconds) = plain[name].to_string().split('.').next() {
            plain[name] = seconds
                .parse::<i64>()
                .map_or(Value::Null, |seconds| json!(seconds));
        }
    }
    if let Some(members) = plain["Target"].as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    plain
}

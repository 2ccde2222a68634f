//! Schedules.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::config::http::HttpResponse;
use aws_sdk_scheduler::error::{ProvideErrorMetadata, SdkError};
use lambda_with::{Arn, Error, ErrorKind, Function, Integration, Rfc3339};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Reading, Session, Shared, caller_role, failed, if_there,
    same_function,
};
use serde_json::{Map, Value, json};

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

    fn thing(&self) -> String {
        match &self.group {
            Some(group) => format!("schedule {} of group {group}", self.name),
            None => format!("schedule {}", self.name),
        }
    }

    async fn described(&self) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_schedule().name(&self.name);
        let request = request.set_group_name(self.group.clone()).customize();
        let sent = request.interceptor(exchange.clone()).send().await;
        exchange.document("GetSchedule", self.thing(), sent)
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

    fn failed<E>(&self, operation: &str, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let error = failed(operation, self.thing(), error);
        match (error.kind(), &self.group) {
            (ErrorKind::NotFound, Some(group)) if operation == "CreateSchedule" => error.with(
                "fix",
                format!("make the group {group} first, or correct its name"),
            ),
            _ => error,
        }
    }
}

impl Shared for Standing {
    /// The schedule as GetSchedule shows it, or as UpdateSchedule takes it; nothing where there is none.
    type Document = Option<Value>;

    fn title(&self) -> String {
        format!("the {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Option<Value>, Error> {
        if_there(self.described().await)
    }

    fn compare(&self, found: &Option<Value>, aim: Aim) -> (Reading, Option<Value>) {
        let mut reading = Reading::default();
        let change = |action| Change::new(action, self.thing()).of(&self.connection);
        let target = found
            .as_ref()
            .and_then(|found| found["Target"]["Arn"].as_str());
        let target = target.unwrap_or_default();
        let is_ours = same_function(target, self.function.as_str());
        let next = match (aim.goal, found) {
            (Goal::Connect, None) => {
                let change = change(Action::Create).members(&Value::Null, &self.wanted);
                reading.changes.push(change);
                Some(self.wanted.clone())
            }
            (Goal::Connect, Some(found)) if is_ours => {
                let next = self.next(found);
                let change = change(Action::Update).members(&plain(found), &plain(&next));
                reading.changes.push(change.or_keep());
                Some(next)
            }
            (Goal::Connect, Some(_)) => {
                let thing = self.thing();
                reading.refusals.push(format!(
                    "{thing} is somebody else's: it goes to {target}; give the connection another name"
                ));
                None
            }
            (Goal::Disconnect, _) => {
                reading
                    .changes
                    .extend(is_ours.then(|| change(Action::Remove)));
                None
            }
        };
        (reading, next)
    }

    async fn write(&self, found: &Option<Value>, next: &Option<Value>) -> Result<(), Error> {
        let Some(next) = next else {
            let request = self.client.delete_schedule().name(&self.name);
            let sent = request.set_group_name(self.group.clone()).send().await;
            return sent
                .map(drop)
                .map_err(|error| self.failed("DeleteSchedule", error));
        };
        let exchange = Exchange::sending(next.to_string());
        if found.is_some() {
            let request = self.client.update_schedule().name(&self.name).customize();
            let sent = request.interceptor(exchange).send().await;
            sent.map(drop)
                .map_err(|error| self.failed("UpdateSchedule", error))
        } else {
            let request = self.client.create_schedule().name(&self.name).customize();
            let sent = request.interceptor(exchange).send().await;
            sent.map(drop)
                .map_err(|error| self.failed("CreateSchedule", error))
        }
    }

    /// The role was made a moment ago, and Scheduler has not seen it yet.
    fn is_early(&self, error: &Error) -> bool {
        let message = error.message();
        error.context("code") == Some("ValidationException")
            && message.contains("role")
            && message.contains("assume")
    }
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

//! Rules and their targets.

mod compare;

use std::any::Any;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::http::HttpResponse;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::types::Tag;
use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{Action, Aim, Change, Exchange, Part, Reading, Session, Stage, Work, failed};
use serde_json::{Value, json};

use crate::Rule;

/// The tag of rules made here.
const TAG: &str = "lambda-with";

/// One rule, and the targets in it that are one function's connections.
#[derive(Debug)]
pub(super) struct Targets {
    client: Client,
    function: Function,
    /// The connections; all have the rule's name and bus in common.
    wanted: Vec<Rule>,
    name: String,
    bus: Option<String>,
}

/// What stands.
#[derive(Debug, Default)]
struct Found {
    /// The rule as DescribeRule shows it.
    rule: Option<Value>,
    /// Whether the rule was made here.
    ours: bool,
    /// All its targets.
    targets: Vec<Value>,
}

impl Targets {
    pub(super) fn new(rule: &Rule, session: &Session, function: &Function) -> Self {
        Self {
            client: Client::new(session.config()),
            function: function.clone(),
            wanted: vec![rule.clone()],
            name: rule.name.clone(),
            bus: rule.bus.clone().filter(|bus| bus != "default"),
        }
    }

    fn what(&self) -> String {
        match &self.bus {
            Some(bus) => format!("rule {} of bus {bus}", self.name),
            None => format!("rule {}", self.name),
        }
    }

    async fn found(&self) -> Result<Found, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_rule().name(&self.name);
        let request = request.set_event_bus_name(self.bus.clone()).customize();
        if let Err(error) = request.interceptor(exchange.clone()).send().await {
            let error = self.failed("DescribeRule", error);
            return match error.kind() {
                ErrorKind::NotFound => Ok(Found::default()),
                _ => Err(error),
            };
        }
        let rule = parse(&exchange.answer())?;
        let arn = rule["Arn"].as_str().unwrap_or_default();
        let tags = self
            .client
            .list_tags_for_resource()
            .resource_arn(arn)
            .send();
        let tags = tags
            .await
            .map_err(|error| self.failed("ListTagsForResource", error))?;
        Ok(Found {
            ours: tags.tags().iter().any(|tag| tag.key() == TAG),
            rule: Some(rule),
            targets: self.targets().await?,
        })
    }

    async fn targets(&self) -> Result<Vec<Value>, Error> {
        let mut targets = Vec::new();
        let mut token = None;
        loop {
            let exchange = Exchange::new();
            let request = self.client.list_targets_by_rule().rule(&self.name);
            let request = request
                .set_event_bus_name(self.bus.clone())
                .set_next_token(token);
            let request = request.customize().interceptor(exchange.clone());
            let answer = request.send().await;
            let answer = answer.map_err(|error| self.failed("ListTargetsByRule", error))?;
            let page = parse(&exchange.answer())?;
            targets.extend(page["Targets"].as_array().cloned().unwrap_or_default());
            token = answer.next_token;
            if token.is_none() {
                return Ok(targets);
            }
        }
    }

    /// Writes the rule, with what stands of it.
    async fn put_rule(&self, found: &Found) -> Result<(), Error> {
        let mut body = self.next(found);
        let mut request = self.client.put_rule().name(&self.name);
        if found.rule.is_none() {
            let tag = Tag::builder().key(TAG).value("made").build();
            request = request.tags(tag.map_err(built)?);
            body["Tags"] = json!([{ "Key": TAG, "Value": "made" }]);
        }
        let request = request
            .customize()
            .interceptor(Exchange::sending(body.to_string()));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed("PutRule", error)),
        }
    }

    async fn put_targets(&self, targets: &[Value]) -> Result<(), Error> {
        let body = self.body(json!({ "Targets": targets }));
        let request = self
            .client
            .put_targets()
            .rule(&self.name)
            .set_targets(Some(Vec::new()));
        let request = request
            .customize()
            .interceptor(Exchange::sending(body.to_string()));
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.failed("PutTargets", error))?;
        let entries = answer.failed_entries().iter();
        let entries =
            entries.map(|entry| (entry.target_id(), entry.error_code(), entry.error_message()));
        self.refused("PutTargets", answer.failed_entry_count(), entries)
    }

    async fn remove_targets(&self, ids: Vec<String>) -> Result<(), Error> {
        let request = self
            .client
            .remove_targets()
            .rule(&self.name)
            .set_ids(Some(ids));
        let answer = request.set_event_bus_name(self.bus.clone()).send().await;
        let answer = answer.map_err(|error| self.failed("RemoveTargets", error))?;
        let entries = answer.failed_entries().iter();
        let entries =
            entries.map(|entry| (entry.target_id(), entry.error_code(), entry.error_message()));
        self.refused("RemoveTargets", answer.failed_entry_count(), entries)
    }

    /// A call's body: the rule, its bus, and these members.
    fn body(&self, mut members: Value) -> Value {
        members["Rule"] = json!(self.name);
        if let Some(bus) = &self.bus {
            members["EventBusName"] = json!(bus);
        }
        members
    }

    /// The calls answer 200 where entries failed.
    fn refused<'a>(
        &self,
        operation: &str,
        count: i32,
        mut entries: impl Iterator<Item = (Option<&'a str>, Option<&'a str>, Option<&'a str>)>,
    ) -> Result<(), Error> {
        if count == 0 {
            return Ok(());
        }
        let (id, code, message) = entries.next().unwrap_or_default();
        let what = format!(
            "{operation} for {} failed for target {}: {}",
            self.what(),
            id.unwrap_or("(AWS does not say which)"),
            message.or(code).unwrap_or("AWS gave no message")
        );
        let kind = match code {
            Some("ConcurrentModificationException") => ErrorKind::Conflict,
            Some("LimitExceededException") => ErrorKind::Limit,
            Some("ResourceNotFoundException") => ErrorKind::NotFound,
            _ => ErrorKind::Invalid,
        };
        let error = Error::new(kind, what).with("failed entries", count.to_string());
        Err(match code {
            Some(code) => error.with("code", code),
            None => error,
        })
    }

    fn failed<E>(&self, operation: &str, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let error = failed(operation, self.what(), error);
        match (error.kind(), &self.bus) {
            (ErrorKind::NotFound, Some(bus)) if operation == "PutRule" => error.with(
                "fix",
                format!("make the bus {bus} first, or correct its name"),
            ),
            _ => error,
        }
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let found = self.found().await?;
        let reading = self.compare(&found, aim);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Conflict, refusal));
        }
        let of_rule = |change: &&Change| change.what == self.what();
        let acting = |actions: &[Action]| -> Vec<&Change> {
            let changes = reading.changes.iter().filter(|change| !of_rule(change));
            changes
                .filter(|change| actions.contains(&change.action))
                .collect()
        };
        let rule = reading.changes.iter().find(of_rule);
        if rule.is_some_and(|rule| matches!(rule.action, Action::Create | Action::Update)) {
            self.put_rule(&found).await?;
            done.extend(rule.cloned());
        }
        let removed = acting(&[Action::Remove]);
        let ids = removed
            .iter()
            .filter_map(|change| self.id(change))
            .collect::<Vec<_>>();
        if !ids.is_empty() {
            self.remove_targets(ids).await?;
            done.extend(removed.into_iter().cloned());
        }
        let written = acting(&[Action::Create, Action::Update]);
        if !written.is_empty() {
            let ids: Vec<String> = written
                .iter()
                .filter_map(|change| self.id(change))
                .collect();
            self.put_targets(&self.merged(&found, &ids)).await?;
            done.extend(written.into_iter().cloned());
        }
        if let Some(rule) = rule.filter(|rule| rule.action == Action::Remove) {
            let request = self.client.delete_rule().name(&self.name);
            let answer = request.set_event_bus_name(self.bus.clone()).send().await;
            answer.map_err(|error| self.failed("DeleteRule", error))?;
            done.push(rule.clone());
        }
        done.extend(
            reading
                .changes
                .iter()
                .filter(|change| !change.is_change())
                .cloned(),
        );
        super::settled(aim, || {
            Box::pin(async move {
                let reading = self.compare(&self.found().await?, aim);
                Ok(reading.changes.into_iter().find(Change::is_change))
            })
        })
        .await
    }
}

impl Part for Targets {
    fn title(&self) -> String {
        format!("the targets of {}", self.what())
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(&self.found().await?, aim)) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }

    fn join(&mut self, other: &dyn Part) -> bool {
        let other = (other as &dyn Any).downcast_ref::<Self>();
        let other = other.filter(|other| (&other.name, &other.bus) == (&self.name, &self.bus));
        self.wanted.extend(
            other
                .into_iter()
                .flat_map(|other| other.wanted.iter().cloned()),
        );
        other.is_some()
    }
}

fn parse(body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body).map_err(|error| {
        Error::new(ErrorKind::Decode, "EventBridge's answer is not JSON").caused_by(error)
    })
}

fn built(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Invalid, "the call cannot be put together").caused_by(error)
}

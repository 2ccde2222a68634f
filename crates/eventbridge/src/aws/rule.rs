//! Rules and their targets.

mod compare;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::http::HttpResponse;
use aws_sdk_eventbridge::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::types::Tag;
use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{
    Aim, Entry as _, Exchange, Goal, Reading, Session, Shared, failed, if_there,
};
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
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// The rule as DescribeRule shows it, or as PutRule takes it.
    rule: Option<Value>,
    /// Whether the rule was made here.
    is_made: bool,
    /// All its targets.
    targets: Vec<Target>,
}

/// A target, with members that are not known here.
#[derive(Clone, Debug, PartialEq)]
struct Target(Value);

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

    fn thing(&self) -> String {
        match &self.bus {
            Some(bus) => format!("rule {} of bus {bus}", self.name),
            None => format!("rule {}", self.name),
        }
    }

    async fn described(&self) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_rule().name(&self.name);
        let request = request.set_event_bus_name(self.bus.clone()).customize();
        let sent = request.interceptor(exchange.clone()).send().await;
        exchange.document("DescribeRule", self.thing(), sent)
    }

    async fn is_made(&self, rule: &Value) -> Result<bool, Error> {
        let arn = rule["Arn"].as_str().unwrap_or_default();
        let request = self.client.list_tags_for_resource().resource_arn(arn);
        let tags = request.send().await;
        let tags = tags.map_err(|error| self.failed("ListTagsForResource", error))?;
        Ok(tags.tags().iter().any(|tag| tag.key() == TAG))
    }

    async fn targets(&self) -> Result<Vec<Target>, Error> {
        let (mut targets, mut token) = (Vec::new(), None);
        loop {
            let exchange = Exchange::new();
            let request = self.client.list_targets_by_rule().rule(&self.name);
            let request = request
                .set_event_bus_name(self.bus.clone())
                .set_next_token(token);
            let request = request.customize().interceptor(exchange.clone());
            let sent = request.send().await;
            let mut page = exchange.document("ListTargetsByRule", self.thing(), sent)?;
            if let Value::Array(found) = page["Targets"].take() {
                targets.extend(found.into_iter().map(Target));
            }
            token = page["NextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                return Ok(targets);
            }
        }
    }

    async fn put_rule(&self, mut body: Value, is_new: bool) -> Result<(), Error> {
        let mut request = self.client.put_rule().name(&self.name);
        if is_new {
            let tag = Tag::builder().key(TAG).value("made").build();
            request = request.tags(tag.map_err(|error| {
                Error::new(ErrorKind::Invalid, "the call cannot be put together").caused_by(error)
            })?);
            body["Tags"] = json!([{ "Key": TAG, "Value": "made" }]);
        }
        let exchange = Exchange::sending(body.to_string());
        let sent = request.customize().interceptor(exchange).send().await;
        sent.map(drop)
            .map_err(|error| self.failed("PutRule", error))
    }

    async fn put_targets(&self, targets: Vec<&Value>) -> Result<(), Error> {
        let body = self.body(json!({ "Targets": targets }));
        let request = self.client.put_targets().rule(&self.name);
        let request = request.set_targets(Some(Vec::new())).customize();
        let request = request.interceptor(Exchange::sending(body.to_string()));
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
            self.thing(),
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
        let error = failed(operation, self.thing(), error);
        match (error.kind(), &self.bus) {
            (ErrorKind::NotFound, Some(bus)) if operation == "PutRule" => error.with(
                "fix",
                format!("make the bus {bus} first, or correct its name"),
            ),
            _ => error,
        }
    }

    /// The targets, and the rule's end.
    async fn write_targets(&self, found: &Found, next: &Found) -> Result<(), Error> {
        let is_in = |target: &&Target| next.targets.iter().any(|t| t.name() == target.name());
        let gone = found.targets.iter().filter(|target| !is_in(target));
        let gone: Vec<String> = gone.map(|target| target.name().to_owned()).collect();
        if !gone.is_empty() {
            self.remove_targets(gone).await?;
        }
        let new = next.targets.iter();
        let new = new.filter(|target| !found.targets.contains(target));
        let new: Vec<&Value> = new.map(|Target(target)| target).collect();
        if !new.is_empty() {
            self.put_targets(new).await?;
        }
        if next.rule.is_none() {
            let request = self.client.delete_rule().name(&self.name);
            let answer = request.set_event_bus_name(self.bus.clone()).send().await;
            answer.map_err(|error| self.failed("DeleteRule", error))?;
        }
        Ok(())
    }
}

impl Shared for Targets {
    type Document = Found;

    fn title(&self) -> String {
        format!("the targets of {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Found, Error> {
        let Some(rule) = if_there(self.described().await)? else {
            return Ok(Found::default());
        };
        Ok(Found {
            is_made: self.is_made(&rule).await?,
            rule: Some(rule),
            targets: self.targets().await?,
        })
    }

    fn compare(&self, found: &Found, aim: Aim) -> (Reading, Found) {
        match aim.goal {
            Goal::Connect => self.connected(found, aim),
            Goal::Disconnect => self.disconnected(found, aim),
        }
    }

    async fn write(&self, found: &Found, next: &Found) -> Result<(), Error> {
        if let Some(rule) = next.rule.as_ref().filter(|_| next.rule != found.rule) {
            self.put_rule(rule.clone(), found.rule.is_none()).await?;
        }
        let rest = self.write_targets(found, next).await;
        rest.map_err(|error| match next.rule == found.rule {
            true => error,
            false => error.with("written", self.thing()),
        })
    }

    fn join(&mut self, other: &Self) -> bool {
        let same = (&self.name, &self.bus) == (&other.name, &other.bus);
        self.wanted
            .extend(other.wanted.iter().filter(|_| same).cloned());
        same
    }
}

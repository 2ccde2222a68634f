//! Rules: their actions, error actions and settings.

mod compare;

use aws_sdk_iot::Client;
use aws_sdk_iot::types::TopicRulePayload;
use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Part, Patience, Reading, Session, Shared, Stage, Work, failed,
    rewrite,
};

use super::document::Document;
use crate::Rule;

/// What one function has to do with one rule.
#[derive(Debug)]
pub(super) struct TopicRule {
    client: Client,
    name: String,
    function: Function,
    wanted: Vec<Rule>,
}

/// What is to be, as [`rewrite`] asks for it.
struct Rewrite<'a> {
    part: &'a TopicRule,
    aim: Aim,
}

impl TopicRule {
    pub(super) fn new(session: &Session, function: &Function, rule: &Rule) -> Self {
        Self {
            client: Client::new(session.config()),
            name: rule.rule.clone(),
            function: function.clone(),
            wanted: vec![rule.clone()],
        }
    }

    fn what(&self) -> String {
        format!("rule {}", self.name)
    }

    async fn found(&self) -> Result<Document, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_topic_rule().rule_name(&self.name);
        let request = request.customize().interceptor(exchange.clone());
        let error = match request.send().await {
            Ok(_) => return Document::parse(&exchange.answer()),
            Err(error) => failed("GetTopicRule", self.what(), error),
        };
        match error.kind() {
            ErrorKind::NotFound => Ok(Document::default()),
            // AWS IoT answers so for rules that do not exist.
            ErrorKind::Denied if error.context("code") == Some("UnauthorizedException") => {
                match self.is_listed().await {
                    Ok(false) => Ok(Document::default()),
                    _ => Err(error),
                }
            }
            _ => Err(error),
        }
    }

    async fn is_listed(&self) -> Result<bool, Error> {
        let pages = self.client.list_topic_rules().into_paginator();
        let mut rules = pages.items().send();
        while let Some(rule) = rules.next().await {
            let rule = rule.map_err(|error| failed("ListTopicRules", self.what(), error))?;
            if rule.rule_name() == Some(&self.name) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn put(&self, document: &Document) -> Result<(), Error> {
        let payload = TopicRulePayload::builder()
            .sql("")
            .set_actions(Some(Vec::new()));
        let payload = payload.build().map_err(|error| {
            Error::new(ErrorKind::Invalid, "no rule can be written").caused_by(error)
        })?;
        let exchange = Exchange::sending(document.to_json()?);
        if document.standing {
            let request = self.client.replace_topic_rule().rule_name(&self.name);
            let request = request.topic_rule_payload(payload).customize();
            let sent = request.interceptor(exchange).send().await;
            sent.map(drop)
                .map_err(|error| failed("ReplaceTopicRule", self.what(), error))
        } else {
            let request = self.client.create_topic_rule().rule_name(&self.name);
            let request = request.topic_rule_payload(payload).customize();
            let sent = request.interceptor(exchange).send().await;
            sent.map(drop)
                .map_err(|error| failed("CreateTopicRule", self.what(), error))
        }
    }

    async fn delete(&self) -> Result<(), Error> {
        let request = self.client.delete_topic_rule().rule_name(&self.name);
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("DeleteTopicRule", self.what(), error))
    }
}

impl Shared for Rewrite<'_> {
    type Document = Document;

    async fn read(&self) -> Result<Document, Error> {
        self.part.found().await
    }

    fn change(&self, document: &Document) -> Result<Option<Document>, Error> {
        let (reading, next) = self.part.compare(document, self.aim);
        match reading.refusals.into_iter().next() {
            Some(refusal) => Err(Error::new(ErrorKind::Invalid, refusal)),
            None => Ok((next != *document).then_some(next)),
        }
    }

    async fn write(&self, document: &Document) -> Result<(), Error> {
        match document.gone {
            true => self.part.delete().await,
            false => self.part.put(document).await,
        }
    }
}

impl Part for TopicRule {
    fn title(&self) -> String {
        self.what()
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(&self.found().await?, aim).0) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(async move {
            let patience = Patience {
                settle: aim.options.settle,
                ..Patience::default()
            };
            match rewrite(&self.what(), &Rewrite { part: self, aim }, patience).await {
                Ok((found, _)) => {
                    done.extend(self.compare(&found, aim).0.changes);
                    Ok(())
                }
                Err(error) => {
                    let written = error.context("written").is_some();
                    let change = Change::new(Action::Update, self.what());
                    done.extend(written.then(|| change.note("written, not confirmed")));
                    Err(error)
                }
            }
        })
    }

    fn join(&mut self, other: &dyn Part) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Self>();
        let other = other.filter(|other| other.name == self.name);
        let wanted = other.into_iter().flat_map(|other| other.wanted.iter());
        self.wanted.extend(wanted.cloned());
        other.is_some()
    }
}

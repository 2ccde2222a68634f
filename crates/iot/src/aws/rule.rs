//! Rules: their actions, error actions and settings.

mod compare;

use aws_sdk_iot::Client;
use aws_sdk_iot::types::TopicRulePayload;
use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{Aim, Exchange, Goal, Reading, Session, Shared, failed};

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

impl TopicRule {
    pub(super) fn new(session: &Session, function: &Function, rule: &Rule) -> Self {
        Self {
            client: Client::new(session.config()),
            name: rule.rule.clone(),
            function: function.clone(),
            wanted: vec![rule.clone()],
        }
    }

    fn thing(&self) -> String {
        format!("rule {}", self.name)
    }

    async fn is_listed(&self) -> Result<bool, Error> {
        let pages = self.client.list_topic_rules().into_paginator();
        let mut rules = pages.items().send();
        while let Some(rule) = rules.next().await {
            let rule = rule.map_err(|error| failed("ListTopicRules", self.thing(), error))?;
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
                .map_err(|error| failed("ReplaceTopicRule", self.thing(), error))
        } else {
            let request = self.client.create_topic_rule().rule_name(&self.name);
            let request = request.topic_rule_payload(payload).customize();
            let sent = request.interceptor(exchange).send().await;
            sent.map(drop)
                .map_err(|error| failed("CreateTopicRule", self.thing(), error))
        }
    }

    async fn delete(&self) -> Result<(), Error> {
        let request = self.client.delete_topic_rule().rule_name(&self.name);
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("DeleteTopicRule", self.thing(), error))
    }
}

impl Shared for TopicRule {
    type Document = Document;

    const UNGUARDED: bool = true;

    fn title(&self) -> String {
        format!("the {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Document, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_topic_rule().rule_name(&self.name);
        let sent = request.customize().interceptor(exchange.clone()).send();
        let error = match exchange.answered(sent.await) {
            Ok(answer) => return Document::parse(&answer),
            Err(error) => failed("GetTopicRule", self.thing(), error),
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

    fn compare(&self, found: &Document, aim: Aim) -> (Reading, Document) {
        let (mut reading, mut next) = (Reading::default(), found.clone());
        match aim.goal {
            Goal::Connect => self.connected(found, &mut next, aim, &mut reading),
            Goal::Disconnect => self.disconnected(&mut next, &mut reading),
        }
        (reading, next)
    }

    async fn write(&self, _found: &Document, next: &Document) -> Result<(), Error> {
        match next.gone {
            true => self.delete().await,
            false => self.put(next).await,
        }
    }

    fn join(&mut self, other: &Self) -> bool {
        let same = self.name == other.name;
        self.wanted
            .extend(other.wanted.iter().filter(|_| same).cloned());
        same
    }
}

//! The account's policy for subscriptions.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::{AccountPolicy as Standing, PolicyType, Scope};
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{
    Action, Aim, Change, Goal, Part, Pauses, Reading, Session, Stage, Work, failed,
};
use serde_json::{Value, json};

use super::{same_function, unseen};
use crate::AccountPolicy;

/// The one policy of an account and Region.
#[derive(Debug)]
pub(super) struct Policy {
    client: Client,
    function: Function,
    wanted: AccountPolicy,
}

impl Policy {
    pub(super) fn new(policy: &AccountPolicy, session: &Session, function: &Function) -> Self {
        Self {
            client: Client::new(session.config()),
            function: function.clone(),
            wanted: policy.clone(),
        }
    }

    async fn found(&self) -> Result<Vec<Standing>, Error> {
        let kind = PolicyType::SubscriptionFilterPolicy;
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.client.describe_account_policies();
            let sent = request
                .policy_type(kind.clone())
                .set_next_token(next)
                .send();
            let page = sent
                .await
                .map_err(|error| failed("DescribeAccountPolicies", self.title(), error))?;
            found.extend(page.account_policies.unwrap_or_default());
            next = page.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    fn compare(&self, found: &[Standing], goal: Goal) -> Reading {
        let mut reading = Reading::default();
        let ours = |policy: &&Standing| {
            let shown = shown(policy);
            let goes = shown["DestinationArn"].as_str().unwrap_or_default();
            policy.policy_name() == Some(self.wanted.policy())
                && same_function(goes, self.function.arn.as_str())
        };
        let standing = found.iter().find(ours);
        let what = format!("account policy {}", self.wanted.policy());
        let change = |action| Change::new(action, what.as_str()).of(self.wanted.name());
        let should = self.shown();
        let change = match (goal, standing) {
            (Goal::Connect, Some(standing)) => match shown(standing) {
                stands if stands == should => change(Action::Keep),
                stands => change(Action::Update).members(&stands, &should),
            },
            (Goal::Disconnect, Some(_)) => change(Action::Remove),
            (Goal::Disconnect, None) => return reading,
            (Goal::Connect, None) => {
                if let Some(other) = found.first() {
                    let goes = shown(other)["DestinationArn"].clone();
                    let name = other.policy_name().unwrap_or_default();
                    reading.refusals.push(format!(
                        "{what} cannot stand beside account policy {name}, which goes to {goes}: an account has one in each Region"
                    ));
                }
                change(Action::Create).members(&Value::Null, &should)
            }
        };
        reading.changes.push(change);
        reading
    }

    fn shown(&self) -> Value {
        let mut shown = self.wanted.document(self.function.arn.as_str());
        shown["selectionCriteria"] = self.wanted.selection().unwrap_or_default().into();
        shown
    }

    async fn put(&self) -> Result<(), Error> {
        let document = self.wanted.document(self.function.arn.as_str());
        let request = self
            .client
            .put_account_policy()
            .policy_name(self.wanted.policy())
            .policy_document(document.to_string())
            .policy_type(PolicyType::SubscriptionFilterPolicy)
            .scope(Scope::All)
            .set_selection_criteria(self.wanted.selection());
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("PutAccountPolicy", self.title(), error))
    }

    async fn delete(&self) -> Result<(), Error> {
        let request = self.client.delete_account_policy();
        let request = request
            .policy_name(self.wanted.policy())
            .policy_type(PolicyType::SubscriptionFilterPolicy);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed("DeleteAccountPolicy", self.title(), error) {
                error if error.kind() == ErrorKind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let reading = self.compare(&self.found().await?, aim.goal);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Invalid, refusal));
        }
        for change in reading.changes {
            match change.action {
                Action::Keep => {}
                Action::Remove => self.delete().await?,
                Action::Create | Action::Update => {
                    let mut pauses = Pauses::new(aim.options.wait.min(Duration::from_secs(20)));
                    while let Err(error) = self.put().await {
                        if !(unseen(&error) && pauses.again().await) {
                            return Err(error);
                        }
                    }
                }
            }
            done.push(change);
        }
        let stands = self.compare(&self.found().await?, aim.goal);
        match stands.changes.iter().find(|change| change.is_change()) {
            None => Ok(()),
            Some(change) => {
                let message = format!("{} does not stand as written: {change}", change.what);
                Err(Error::new(ErrorKind::Conflict, message).with("fix", "run this again"))
            }
        }
    }
}

impl Part for Policy {
    fn title(&self) -> String {
        "the account's policy for subscriptions".into()
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(&self.found().await?, aim.goal)) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}

/// What a policy says, for comparing and for the eye.
fn shown(policy: &Standing) -> Value {
    let document = policy.policy_document().unwrap_or_default();
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    json!({
        "DestinationArn": document["DestinationArn"],
        "FilterPattern": document["FilterPattern"].as_str().unwrap_or_default(),
        "selectionCriteria": policy.selection_criteria().unwrap_or_default(),
    })
}

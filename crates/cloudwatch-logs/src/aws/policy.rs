//! The account's policy for subscriptions.

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::{AccountPolicy as Described, PolicyType, Scope};
use lambda_with::{Error, Function, Integration};
use lambda_with_aws::{Occupied, Session, Slot, failed, same_function};
use serde_json::{Value, json};

use super::unseen;
use crate::AccountPolicy;

/// The one policy of an account and Region.
#[derive(Debug)]
pub(super) struct Policy {
    client: Client,
    connection: String,
    function: Function,
    policy: AccountPolicy,
}

impl Policy {
    pub(super) fn new(policy: &AccountPolicy, session: &Session, function: &Function) -> Self {
        Self {
            client: Client::new(session.config()),
            connection: policy.name(),
            function: function.clone(),
            policy: policy.clone(),
        }
    }

    async fn described(&self) -> Result<Vec<Described>, Error> {
        let request = self.client.describe_account_policies();
        let request = request.policy_type(PolicyType::SubscriptionFilterPolicy);
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = request.clone().set_next_token(next).send().await;
            let page =
                page.map_err(|error| failed("DescribeAccountPolicies", self.what(), error))?;
            found.extend(page.account_policies.unwrap_or_default());
            next = page.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }
}

impl Slot for Policy {
    fn what(&self) -> String {
        format!("account policy {}", self.policy.policy())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        let mut wanted = self.policy.document(self.function.arn.as_str());
        wanted["selectionCriteria"] = self.policy.selection().unwrap_or_default().into();
        wanted
    }

    /// An account has one policy in each Region, so that another one takes our place.
    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let found = self.described().await?.into_iter();
        let found: Vec<_> = found.map(|policy| (members(&policy), policy)).collect();
        let is_ours = |(members, policy): &&(Value, Described)| {
            let goes = members["DestinationArn"].as_str().unwrap_or_default();
            policy.policy_name() == Some(self.policy.policy())
                && same_function(goes, self.function.arn.as_str())
        };
        if let Some((members, _)) = found.iter().find(is_ours) {
            return Ok(Some(Occupied::ours(members.clone())));
        }
        Ok(found.into_iter().next().map(|(members, policy)| {
            let goes = members["DestinationArn"].as_str().unwrap_or_default();
            let name = policy.policy_name().unwrap_or_default();
            let by = format!("{goes}, as account policy {name}");
            Occupied::theirs(members, by)
        }))
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        let document = self.policy.document(self.function.arn.as_str());
        let request = self
            .client
            .put_account_policy()
            .policy_name(self.policy.policy())
            .policy_document(document.to_string())
            .policy_type(PolicyType::SubscriptionFilterPolicy)
            .scope(Scope::All)
            .set_selection_criteria(self.policy.selection());
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("PutAccountPolicy", self.what(), error))
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        let request = self.client.delete_account_policy();
        let request = request
            .policy_name(self.policy.policy())
            .policy_type(PolicyType::SubscriptionFilterPolicy);
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("DeleteAccountPolicy", self.what(), error))
    }

    fn instead(&self) -> &'static str {
        "an account has one in each Region: have that removed first"
    }

    fn is_early(&self, error: &Error) -> bool {
        unseen(error)
    }
}

/// What a policy says, for comparing and for the eye.
fn members(policy: &Described) -> Value {
    let document = policy.policy_document().unwrap_or_default();
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    json!({
        "DestinationArn": document["DestinationArn"],
        "FilterPattern": document["FilterPattern"].as_str().unwrap_or_default(),
        "selectionCriteria": policy.selection_criteria().unwrap_or_default(),
    })
}

//! The calls.

use lambda_with::{Error, ErrorKind};
use lambda_with_aws::{Goal, failed};

use super::Subscription;
use super::standing::Standing;

impl Subscription {
    /// The topic's subscriptions that run this function, in whatever version.
    pub(super) async fn found(&self, goal: Goal) -> Result<Vec<Standing>, Error> {
        let request = self.client.list_subscriptions_by_topic();
        let topic = self.sns.topic.as_str();
        let mut pages = request.topic_arn(topic).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    let error = failed("ListSubscriptionsByTopic", format!("topic {topic}"), error);
                    return match error.kind() {
                        ErrorKind::NotFound if goal == Goal::Disconnect => Ok(Vec::new()),
                        ErrorKind::NotFound => {
                            Err(error.with("fix", "create the topic, or correct its ARN"))
                        }
                        _ => Err(error),
                    };
                }
            };
            for subscription in page.subscriptions.unwrap_or_default() {
                let endpoint = subscription.endpoint.unwrap_or_default();
                if subscription.protocol.as_deref() == Some("lambda")
                    && plain(&endpoint) == plain(self.function.arn.as_str())
                {
                    let arn = subscription.subscription_arn.unwrap_or_default();
                    found.push(self.standing(arn, endpoint).await?);
                }
            }
        }
        Ok(found)
    }

    async fn standing(&self, arn: String, endpoint: String) -> Result<Standing, Error> {
        if !arn.starts_with("arn:") || endpoint != self.function.arn.as_str() {
            return Ok(Standing::new(arn, endpoint, &Default::default()));
        }
        let request = self.client.get_subscription_attributes();
        match request.subscription_arn(&arn).send().await {
            Ok(answer) => {
                let attributes = answer.attributes.unwrap_or_default();
                Ok(Standing::new(arn, endpoint, &attributes))
            }
            Err(error) => Err(failed("GetSubscriptionAttributes", self.what(), error)),
        }
    }

    pub(super) async fn subscribe(&self) -> Result<(), Error> {
        let mut request = self
            .client
            .subscribe()
            .topic_arn(self.sns.topic.as_str())
            .protocol("lambda")
            .endpoint(self.function.arn.as_str())
            .return_subscription_arn(true);
        for (name, value) in self.sns.attributes() {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            request = request.attributes(name, text);
        }
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("Subscribe", self.what(), error))
    }

    pub(super) async fn set(
        &self,
        arn: &str,
        name: &str,
        value: Option<String>,
    ) -> Result<(), Error> {
        let request = self.client.set_subscription_attributes();
        let request = request
            .subscription_arn(arn)
            .attribute_name(name)
            .set_attribute_value(value);
        let sent = request.send().await;
        sent.map(drop).map_err(|error| {
            let what = format!("{name} of the {}", self.what());
            failed("SetSubscriptionAttributes", what, error)
        })
    }

    pub(super) async fn unsubscribe(&self, arn: &str) -> Result<(), Error> {
        let request = self.client.unsubscribe().subscription_arn(arn);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed("Unsubscribe", self.what(), error) {
                error if error.kind() == ErrorKind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }
}

/// A function's ARN without version or alias.
fn plain(arn: &str) -> &str {
    let end = arn.match_indices(':').nth(6).map(|(at, _)| at);
    end.map_or(arn, |end| &arn[..end])
}

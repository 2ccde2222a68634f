//! The calls.

use lambda_with::Error;
use lambda_with_aws::{failed, if_there, same_function};

use super::Subscription;
use super::standing::Standing;

impl Subscription {
    pub(super) async fn found(&self) -> Result<Vec<Standing>, Error> {
        let topic = self.sns.topic.as_str();
        let request = self.client.list_subscriptions_by_topic().topic_arn(topic);
        let mut subscriptions = request.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(subscription) = subscriptions.next().await {
            let subscription = subscription.map_err(|error| {
                failed("ListSubscriptionsByTopic", format!("topic {topic}"), error)
            })?;
            let endpoint = subscription.endpoint.unwrap_or_default();
            if subscription.protocol.as_deref() == Some("lambda")
                && same_function(&endpoint, self.function.arn.as_str())
            {
                let arn = subscription.subscription_arn.unwrap_or_default();
                found.extend(self.standing(arn, endpoint).await?);
            }
        }
        Ok(found)
    }

    /// The subscription with its attributes; nothing where it has gone since it was listed.
    async fn standing(&self, arn: String, endpoint: String) -> Result<Option<Standing>, Error> {
        if !arn.starts_with("arn:") || endpoint != self.function.arn.as_str() {
            return Ok(Some(Standing::new(arn, endpoint, &Default::default())));
        }
        let request = self.client.get_subscription_attributes();
        let answer = request.subscription_arn(&arn).send().await;
        let answer =
            answer.map_err(|error| failed("GetSubscriptionAttributes", self.thing(), error));
        Ok(if_there(answer)?
            .map(|answer| Standing::new(arn, endpoint, &answer.attributes.unwrap_or_default())))
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
            .map_err(|error| failed("Subscribe", self.thing(), error))
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
            let what = format!("{name} of the {}", self.thing());
            failed("SetSubscriptionAttributes", what, error)
        })
    }

    pub(super) async fn unsubscribe(&self, arn: &str) -> Result<(), Error> {
        let sent = self.client.unsubscribe().subscription_arn(arn).send().await;
        sent.map(drop)
            .map_err(|error| failed("Unsubscribe", self.thing(), error))
    }
}

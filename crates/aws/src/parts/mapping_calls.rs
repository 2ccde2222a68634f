//! The calls about event source mappings, with bodies as they are on the wire.

use lambda_with::Error;
use serde_json::{Map, Value, json};

use super::mapping::Mapping;
use crate::error::{failed, if_there};
use crate::raw::Exchange;

impl Mapping {
    /// The mapping of this source and this function, member for member as AWS shows it.
    pub(super) async fn found(&self) -> Result<Option<Value>, Error> {
        let mut marker: Option<String> = None;
        loop {
            let exchange = Exchange::new();
            let request = self
                .session
                .lambda()
                .list_event_source_mappings()
                .set_marker(marker);
            let request = match self.source() {
                Some(source) => request.event_source_arn(source),
                None => request.function_name(self.function.arn.as_str()),
            };
            let sent = request.customize().interceptor(exchange.clone()).send();
            let page = exchange.document("ListEventSourceMappings", self.what(), sent.await);
            let Some(page) = if_there(page)? else {
                return Ok(None);
            };
            let mappings = page["EventSourceMappings"].as_array();
            if let Some(found) = mappings.into_iter().flatten().find(|found| self.is(found)) {
                // A list leaves out filters that are encrypted.
                return self.at(found["UUID"].as_str().unwrap_or_default()).await;
            }
            marker = page["NextMarker"]
                .as_str()
                .filter(|next| !next.is_empty())
                .map(str::to_owned);
            if marker.is_none() {
                return Ok(None);
            }
        }
    }

    async fn at(&self, uuid: &str) -> Result<Option<Value>, Error> {
        let exchange = Exchange::new();
        let request = self.session.lambda().get_event_source_mapping().uuid(uuid);
        let sent = request.customize().interceptor(exchange.clone()).send();
        let found = if_there(exchange.document("GetEventSourceMapping", self.what(), sent.await))?;
        match found {
            Some(found) => self.tagged(found).await.map(Some),
            None => Ok(None),
        }
    }

    /// The mapping with those of its tags that are wanted, which it does not show itself.
    async fn tagged(&self, mut found: Value) -> Result<Value, Error> {
        let arn = found["EventSourceMappingArn"].as_str().map(str::to_owned);
        let (Some(arn), Some(wanted)) = (arn, self.wanted.get("Tags")) else {
            return Ok(found);
        };
        let answer = self.session.lambda().list_tags().resource(arn).send().await;
        let answer = answer.map_err(|error| failed("ListTags", self.what(), error));
        let Some(answer) = if_there(answer)? else {
            return Ok(found);
        };
        let tags = answer.tags.into_iter().flatten();
        let tags = tags.filter(|(key, _)| wanted.get(key).is_some());
        found["Tags"] = json!(tags.collect::<std::collections::BTreeMap<_, _>>());
        Ok(found)
    }

    /// Adds tags, and leaves others as they are.
    pub(super) async fn tag(&self, arn: &str, tags: &Value) -> Result<(), Error> {
        let tags = tags.as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tags = tags.map(|(key, value)| (key.clone(), text(value)));
        let request = self.session.lambda().tag_resource().resource(arn);
        let answer = request.set_tags(Some(tags.collect())).send().await;
        answer.map_err(|error| failed("TagResource", self.what(), error))?;
        Ok(())
    }

    pub(super) async fn create(&self) -> Result<(), Error> {
        let body = Exchange::sending(Value::Object(self.wanted.clone()).to_string());
        let request = self.session.lambda().create_event_source_mapping();
        let request = request.function_name(self.function.arn.as_str());
        let answer = request.customize().interceptor(body).send().await;
        answer.map_err(|error| failed("CreateEventSourceMapping", self.what(), error))?;
        Ok(())
    }

    pub(super) async fn update(
        &self,
        uuid: &str,
        members: Map<String, Value>,
    ) -> Result<(), Error> {
        let body = Exchange::sending(Value::Object(members).to_string());
        let request = self
            .session
            .lambda()
            .update_event_source_mapping()
            .uuid(uuid);
        let answer = request.customize().interceptor(body).send().await;
        answer.map_err(|error| failed("UpdateEventSourceMapping", self.what(), error))?;
        Ok(())
    }

    pub(super) async fn delete(&self, uuid: &str) -> Result<(), Error> {
        let answer = self
            .session
            .lambda()
            .delete_event_source_mapping()
            .uuid(uuid)
            .send()
            .await;
        let answer = answer.map_err(|error| failed("DeleteEventSourceMapping", self.what(), error));
        if_there(answer).map(drop)
    }
}

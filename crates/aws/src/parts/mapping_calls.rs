//! The calls about event source mappings, with bodies as they are on the wire.

use lambda_with::{Error, ErrorKind};
use serde_json::{Map, Value};

use super::mapping::Mapping;
use super::remote;
use crate::error::failed;
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
            match request
                .customize()
                .interceptor(exchange.clone())
                .send()
                .await
            {
                Ok(_) => {}
                Err(error) => {
                    let error = failed("ListEventSourceMappings", self.what(), error);
                    let gone = error.kind() == ErrorKind::NotFound;
                    return if gone { Ok(None) } else { Err(error) };
                }
            }
            let page = remote::parse(&exchange.answer(), "ListEventSourceMappings")?;
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
        match request
            .customize()
            .interceptor(exchange.clone())
            .send()
            .await
        {
            Ok(_) => remote::parse(&exchange.answer(), "GetEventSourceMapping").map(Some),
            Err(error) => {
                let error = failed("GetEventSourceMapping", self.what(), error);
                if error.kind() == ErrorKind::NotFound {
                    Ok(None)
                } else {
                    Err(error)
                }
            }
        }
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
        answer.map_err(|error| failed("DeleteEventSourceMapping", self.what(), error))?;
        Ok(())
    }
}

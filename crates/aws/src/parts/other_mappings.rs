//! Mappings of the function that the definition does not speak of.

use lambda_with::{Error, Function};
use serde_json::Value;

use super::mapping::Mapping;
use crate::change::{Orphan, Reading};
use crate::error::if_there;
use crate::raw::Exchange;
use crate::session::Session;

/// Names what is left of earlier definitions, or made by others; removes nothing, because nothing
/// tells the one from the other.
#[derive(Debug)]
pub(crate) struct OtherMappings {
    session: Session,
    function: Function,
    wanted: Vec<Mapping>,
}

impl OtherMappings {
    pub(crate) fn new(session: &Session, function: &Function, wanted: Vec<Mapping>) -> Self {
        Self {
            session: session.clone(),
            function: function.clone(),
            wanted,
        }
    }

    async fn list(&self) -> Result<Vec<Value>, Error> {
        let mut all = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let exchange = Exchange::new();
            let request = self.session.lambda().list_event_source_mappings();
            let request = request
                .function_name(self.function.arn.as_str())
                .set_marker(marker.take());
            let sent = request.customize().interceptor(exchange.clone()).send();
            let thing = self.function.arn.as_str();
            let page = exchange.document("ListEventSourceMappings", thing, sent.await);
            let Some(mut page) = if_there(page)? else {
                return Ok(all);
            };
            if let Some(mappings) = page["EventSourceMappings"].as_array_mut() {
                all.append(mappings);
            }
            marker = page["NextMarker"]
                .as_str()
                .filter(|next| !next.is_empty())
                .map(str::to_owned);
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    pub(crate) async fn read(&self) -> Result<Reading, Error> {
        let mut reading = Reading::default();
        for found in self.list().await? {
            let function = found["FunctionArn"] == self.function.arn.as_str();
            if !function || self.wanted.iter().any(|wanted| wanted.is(&found)) {
                continue;
            }
            let uuid = found["UUID"].as_str().unwrap_or_default();
            let source = found["EventSourceArn"]
                .as_str()
                .unwrap_or("a self-managed source");
            reading.orphans.push(Orphan {
                what: format!("event source mapping of {source}, not in this definition"),
                fix: format!("`aws lambda delete-event-source-mapping --uuid {uuid}`"),
            });
        }
        Ok(reading)
    }
}

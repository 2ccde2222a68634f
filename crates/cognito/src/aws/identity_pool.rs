//! The sync trigger of an identity pool.

use std::collections::HashMap;

use aws_sdk_cognitosync::Client;
use lambda_with::{Arn, Error, Function};
use lambda_with_aws::{Occupied, Session, Slot, failed};
use serde_json::{Value, json};

/// The one event there is.
const EVENT: &str = "SyncTrigger";

/// The sync trigger of one identity pool.
#[derive(Debug)]
pub(super) struct SyncTrigger {
    client: Client,
    connection: String,
    pool: String,
    function: Arn,
}

impl SyncTrigger {
    pub(super) fn new(
        session: &Session,
        function: &Function,
        connection: String,
        pool: &str,
    ) -> Self {
        Self {
            client: Client::new(session.config()),
            connection,
            pool: pool.to_owned(),
            function: function.arn.clone(),
        }
    }

    fn thing(&self) -> String {
        format!("identity pool {}", self.pool)
    }

    async fn events(&self) -> Result<HashMap<String, String>, Error> {
        let request = self.client.get_cognito_events();
        let answer = request.identity_pool_id(&self.pool).send().await;
        let answer = answer.map_err(|error| failed("GetCognitoEvents", self.thing(), error))?;
        Ok(answer.events.unwrap_or_default())
    }

    /// Sets our event alone; an empty function takes it away.
    async fn set(&self, function: &str) -> Result<(), Error> {
        let request = self.client.set_cognito_events();
        let request = request.identity_pool_id(&self.pool);
        let answer = request.events(EVENT, function).send().await;
        answer.map_err(|error| failed("SetCognitoEvents", self.thing(), error))?;
        Ok(())
    }
}

impl Slot for SyncTrigger {
    fn what(&self) -> String {
        format!("{EVENT} of {}", self.thing())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        json!({ EVENT: self.function })
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let events = self.events().await?;
        let function = events.get(EVENT).filter(|function| !function.is_empty());
        Ok(function.map(|function| {
            let members = json!({ EVENT: function });
            Occupied::running(members, function, &self.function)
        }))
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        self.set(self.function.as_str()).await
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        self.set("").await
    }
}

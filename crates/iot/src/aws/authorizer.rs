//! Custom authorizers.

use std::collections::HashMap;

use aws_sdk_iot::Client;
use aws_sdk_iot::types::AuthorizerStatus;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{Exchange, Occupied, Session, Slot, failed, if_there};
use serde_json::{Map, Value, json};

use crate::Authorizer;

/// One authorizer.
#[derive(Debug)]
pub(super) struct CustomAuthorizer {
    client: Client,
    connection: String,
    function: Function,
    authorizer: Authorizer,
}

impl CustomAuthorizer {
    pub(super) fn new(session: &Session, function: &Function, authorizer: &Authorizer) -> Self {
        Self {
            client: Client::new(session.config()),
            connection: authorizer.name(),
            function: function.clone(),
            authorizer: authorizer.clone(),
        }
    }

    fn thing(&self) -> String {
        format!("authorizer {}", self.authorizer.name)
    }

    fn settings(&self) -> Map<String, Value> {
        let mut settings = self.authorizer.settings();
        let function = self.function.arn.as_str();
        settings.insert("authorizerFunctionArn".into(), json!(function));
        settings
    }

    async fn described(&self) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_authorizer();
        let request = request.authorizer_name(&self.authorizer.name).customize();
        let sent = request.interceptor(exchange.clone()).send().await;
        let mut answer = exchange.document("DescribeAuthorizer", self.thing(), sent)?;
        Ok(answer["authorizerDescription"].take())
    }

    async fn create(&self) -> Result<(), Error> {
        let wanted = self.wanted();
        let request = self.client.create_authorizer();
        let request = request
            .authorizer_name(&self.authorizer.name)
            .authorizer_function_arn(self.function.arn.as_str())
            .set_status(status(&wanted))
            .set_token_key_name(text(&wanted["tokenKeyName"]))
            .set_token_signing_public_keys(keys(&wanted))
            .signing_disabled(self.authorizer.signing_disabled)
            .enable_caching_for_http(self.authorizer.cache_for_http);
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("CreateAuthorizer", self.thing(), error))
    }

    async fn update(&self, members: &Value) -> Result<(), Error> {
        let request = self.client.update_authorizer();
        let request = request
            .authorizer_name(&self.authorizer.name)
            .set_authorizer_function_arn(text(&members["authorizerFunctionArn"]))
            .set_status(status(members))
            .set_token_key_name(text(&members["tokenKeyName"]))
            .set_token_signing_public_keys(keys(members))
            .set_enable_caching_for_http(members["enableCachingForHttp"].as_bool());
        let sent = request.send().await;
        sent.map(drop)
            .map_err(|error| failed("UpdateAuthorizer", self.thing(), error))
    }
}

impl Slot for CustomAuthorizer {
    fn what(&self) -> String {
        self.thing()
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        Value::Object(self.settings())
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let Some(mut found) = if_there(self.described().await)? else {
            return Ok(None);
        };
        // A switch that the answer leaves out is off.
        for (name, wanted) in self.settings() {
            if wanted.is_boolean() && found[&name].is_null() {
                found[name] = json!(false);
            }
        }
        let runs = text(&found["authorizerFunctionArn"]).unwrap_or_default();
        Ok(Some(Occupied::running(found, &runs, &self.function.arn)))
    }

    async fn fill(&self, found: Option<&Occupied>) -> Result<(), Error> {
        let Some(found) = found else {
            return self.create().await;
        };
        let mut differing = self.settings();
        differing.retain(|name, value| found.members.get(name) != Some(value));
        self.update(&Value::Object(differing)).await
    }

    async fn empty(&self, found: &Occupied) -> Result<(), Error> {
        // AWS IoT deletes only what is switched off.
        let is_on = found.members["status"] != "INACTIVE";
        if is_on {
            self.update(&json!({ "status": "INACTIVE" })).await?;
        }
        let request = self.client.delete_authorizer();
        let sent = request.authorizer_name(&self.authorizer.name).send().await;
        sent.map(drop).map_err(|error| {
            let error = match failed("DeleteAuthorizer", self.thing(), error) {
                // No race that is won by trying again.
                error if error.kind() == ErrorKind::Conflict => {
                    let what = format!("{} is in use: {}", self.thing(), error.message());
                    let fix =
                        "make another one the default of the account and of domain configurations";
                    Error::new(ErrorKind::Invalid, what)
                        .with("fix", fix)
                        .caused_by(error)
                }
                error => error,
            };
            match is_on {
                true => error.with("written", self.thing()),
                false => error,
            }
        })
    }

    fn instead(&self) -> &'static str {
        "give the connection another name"
    }

    fn refusal(&self, found: &Occupied) -> Option<String> {
        let differs = found.members["signingDisabled"] != self.authorizer.signing_disabled;
        differs.then(|| {
            format!(
                "whether {} checks signatures cannot be changed; disconnect and connect again, or \
                 give the connection another name",
                self.thing()
            )
        })
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn status(members: &Value) -> Option<AuthorizerStatus> {
    members["status"].as_str().map(AuthorizerStatus::from)
}

fn keys(members: &Value) -> Option<HashMap<String, String>> {
    let keys = members["tokenSigningPublicKeys"].as_object()?;
    let key = |(name, key): (&String, &Value)| Some((name.clone(), text(key)?));
    Some(keys.iter().filter_map(key).collect())
}

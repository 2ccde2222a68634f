//! The triggers of a user pool, which stand in a configuration that is written as a whole.

use aws_sdk_cognitoidentityprovider::Client;
use lambda_with::{Arn, Error, ErrorKind, Function, Integration, Resource};
use lambda_with_aws::{Exchange, Occupied, Session, Slot, failed, same_function};
use serde_json::{Map, Value, json};

use crate::UserPool;

/// What describes a pool and cannot be changed. Everything else goes back as it came, members that
/// are newer than this list too: `UpdateUserPool` resets what is left out.
const FIXED: [&str; 17] = [
    "AliasAttributes",
    "Arn",
    "CreationDate",
    "CustomDomain",
    "Domain",
    "EmailConfigurationFailure",
    "EstimatedNumberOfUsers",
    "Id",
    "LastModifiedDate",
    "Name",
    "SchemaAttributes",
    "SmsConfigurationFailure",
    "Status",
    "UserPoolId",
    "UsernameAttributes",
    "UsernameConfiguration",
    "LambdaConfig",
];

/// The triggers of one user pool that one connection serves.
#[derive(Debug)]
pub(super) struct Triggers {
    client: Client,
    connection: String,
    pool: String,
    function: Arn,
    wanted: Map<String, Value>,
}

impl Triggers {
    pub(super) fn new(session: &Session, function: &Function, pool: &UserPool, id: &str) -> Self {
        let mut wanted = pool.settings();
        for value in wanted.values_mut() {
            match value {
                Value::String(text) if text.as_str() == Resource::FUNCTION => {
                    *text = function.arn.to_string();
                }
                Value::Object(members) => {
                    members.insert("LambdaArn".into(), json!(function.arn));
                }
                _ => {}
            }
        }
        Self {
            client: Client::new(session.config()),
            connection: Integration::name(pool),
            pool: id.to_owned(),
            function: function.arn.clone(),
            wanted,
        }
    }

    fn thing(&self) -> String {
        format!("user pool {}", self.pool)
    }

    fn is_ours(&self, function: &str) -> bool {
        same_function(function, self.function.as_str())
    }

    /// The pool as it is described, letter for letter.
    async fn described(&self) -> Result<Map<String, Value>, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_user_pool().user_pool_id(&self.pool);
        let request = request.customize().interceptor(exchange.clone());
        let sent = request.send().await;
        let document = exchange.document("DescribeUserPool", self.thing(), sent)?;
        match document.get("UserPool") {
            Some(Value::Object(pool)) => Ok(pool.clone()),
            _ => {
                let what = format!("{} was described without its members", self.thing());
                Err(Error::new(ErrorKind::Decode, what))
            }
        }
    }

    /// Writes the pool with other triggers.
    async fn update(&self, change: impl FnOnce(&mut Map<String, Value>)) -> Result<(), Error> {
        let pool = self.described().await?;
        let mut triggers = match pool.get("LambdaConfig") {
            Some(Value::Object(triggers)) => triggers.clone(),
            _ => Map::new(),
        };
        change(&mut triggers);
        let kept = pool
            .into_iter()
            .filter(|(name, _)| !FIXED.contains(&&**name));
        let mut request: Map<String, Value> = kept.collect();
        request.insert("UserPoolId".into(), json!(self.pool));
        request.insert("LambdaConfig".into(), Value::Object(triggers));
        unused(&mut request);
        let call = self.client.update_user_pool().user_pool_id(&self.pool);
        let exchange = Exchange::sending(Value::Object(request).to_string());
        let answer = call.customize().interceptor(exchange).send().await;
        answer.map_err(|error| failed("UpdateUserPool", self.thing(), error))?;
        Ok(())
    }
}

impl Slot for Triggers {
    const UNGUARDED: bool = true;

    fn what(&self) -> String {
        let names: Vec<&str> = self.wanted.keys().map(String::as_str).collect();
        format!("{} of {}", names.join(", "), self.thing())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        Value::Object(self.wanted.clone())
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let pool = self.described().await?;
        let standing = pool.get("LambdaConfig").and_then(Value::as_object);
        let there = self.wanted.keys().filter_map(|name| {
            let value = standing?.get(name).filter(|value| !value.is_null())?;
            Some((name.clone(), value.clone()))
        });
        let members: Map<String, Value> = there.collect();
        let served = members.iter().filter_map(|(_, value)| serves(value));
        let mut by = served.clone().filter(|arn| !self.is_ours(arn));
        Ok(match (by.next().map(str::to_owned), served.count()) {
            (Some(by), _) => Some(Occupied::theirs(Value::Object(members), by)),
            (None, 0) => None,
            (None, _) => Some(Occupied::ours(Value::Object(members))),
        })
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        let wanted = self.wanted.clone();
        self.update(|triggers| triggers.extend(wanted)).await
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        self.update(|triggers| {
            let ours = |value: &Value| serves(value).is_some_and(|arn| self.is_ours(arn));
            triggers.retain(|name, value| !(self.wanted.contains_key(name) && ours(value)));
            let senders = ["CustomEmailSender", "CustomSMSSender"];
            if !senders.iter().any(|sender| triggers.contains_key(*sender))
                && self.wanted.contains_key("KMSKeyID")
            {
                triggers.remove("KMSKeyID");
            }
            // Described twice: the older member repeats the ARN of the newer one.
            if self.wanted.contains_key("PreTokenGenerationConfig")
                && triggers.get("PreTokenGeneration").is_some_and(ours)
            {
                triggers.remove("PreTokenGeneration");
            }
        })
        .await
    }
}

/// The function a trigger runs; nothing for the key.
fn serves(value: &Value) -> Option<&str> {
    let arn = value.get("LambdaArn").unwrap_or(value).as_str()?;
    arn.contains(":lambda:").then_some(arn)
}

/// Amazon Cognito describes the days a password lasts in two places and refuses to be told both.
fn unused(request: &mut Map<String, Value>) {
    let days = request
        .get("Policies")
        .and_then(|policies| policies.pointer("/PasswordPolicy/TemporaryPasswordValidityDays"));
    if days.is_some()
        && let Some(Value::Object(admin)) = request.get_mut("AdminCreateUserConfig")
    {
        admin.remove("UnusedAccountValidityDays");
    }
}

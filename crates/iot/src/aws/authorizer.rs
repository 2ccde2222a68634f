//! Custom authorizers.

use std::collections::HashMap;

use aws_sdk_iot::Client;
use aws_sdk_iot::types::AuthorizerStatus;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Part, Reading, Session, Stage, Work, failed,
};
use serde_json::{Map, Value, json};

use super::{parse, plain};
use crate::Authorizer;

/// One authorizer.
#[derive(Debug)]
pub(super) struct CustomAuthorizer {
    client: Client,
    function: Function,
    authorizer: Authorizer,
}

impl CustomAuthorizer {
    pub(super) fn new(session: &Session, function: &Function, authorizer: &Authorizer) -> Self {
        Self {
            client: Client::new(session.config()),
            function: function.clone(),
            authorizer: authorizer.clone(),
        }
    }

    fn what(&self) -> String {
        format!("authorizer {}", self.authorizer.name)
    }

    fn wanted(&self) -> Map<String, Value> {
        let mut wanted = self.authorizer.settings();
        let function = self.function.arn.as_str();
        wanted.insert("authorizerFunctionArn".into(), json!(function));
        wanted
    }

    /// What stands; null where there is none.
    async fn found(&self) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_authorizer();
        let request = request.authorizer_name(&self.authorizer.name).customize();
        match request.interceptor(exchange.clone()).send().await {
            Ok(_) => {
                let mut answer = parse("DescribeAuthorizer", &exchange.answer())?;
                Ok(answer["authorizerDescription"].take())
            }
            Err(error) => match failed("DescribeAuthorizer", self.what(), error) {
                error if error.kind() == ErrorKind::NotFound => Ok(Value::Null),
                error => Err(error),
            },
        }
    }

    /// The members that stand, of those that are wanted. Where the answer leaves out a switch, it
    /// is off.
    fn standing(&self, found: &Value) -> Map<String, Value> {
        let of = |(name, wanted): (String, Value)| {
            let value = match (&found[&name], wanted) {
                (Value::Null, Value::Bool(_)) => json!(false),
                (value, _) => value.clone(),
            };
            (name, value)
        };
        self.wanted().into_iter().map(of).collect()
    }

    fn compare(&self, found: &Value, aim: Aim) -> Reading {
        let mut reading = Reading::default();
        let runs = found["authorizerFunctionArn"].as_str().unwrap_or_default();
        let is_ours = plain(runs) == plain(self.function.arn.as_str());
        let change = |action| Change::new(action, self.what()).of(self.authorizer.name());
        let (wanted, standing) = (self.wanted(), self.standing(found));
        match (aim.goal, found) {
            (Goal::Connect, Value::Null) => {
                let wanted = Value::Object(wanted);
                let change = change(Action::Create).members(&Value::Null, &wanted);
                reading.changes.push(change);
            }
            (Goal::Connect, _) if !is_ours => reading.refusals.push(format!(
                "{} is somebody else's: it runs {runs}; give the connection another name",
                self.what()
            )),
            (Goal::Connect, _) => {
                if wanted["signingDisabled"] != standing["signingDisabled"] {
                    reading.refusals.push(format!(
                        "whether {} checks signatures cannot be changed; disconnect and connect \
                         again, or give the connection another name",
                        self.what()
                    ));
                }
                let action = match wanted == standing {
                    true => Action::Keep,
                    false => Action::Update,
                };
                let (standing, wanted) = (Value::Object(standing), Value::Object(wanted));
                reading
                    .changes
                    .push(change(action).members(&standing, &wanted));
            }
            (Goal::Disconnect, Value::Null) => {}
            (Goal::Disconnect, _) if !is_ours => {}
            (Goal::Disconnect, _) => reading.changes.push(change(Action::Remove)),
        }
        reading
    }

    async fn write(&self, found: &Value, action: Action) -> Result<(), Error> {
        match action {
            Action::Keep => Ok(()),
            Action::Create => self.create().await,
            Action::Update => self.update(&self.differing(found)).await,
            Action::Remove => {
                // AWS IoT deletes only what is switched off.
                if found["status"] != "INACTIVE" {
                    let off = json!({ "status": "INACTIVE" });
                    self.update(&off).await?;
                }
                let request = self.client.delete_authorizer();
                let sent = request.authorizer_name(&self.authorizer.name).send().await;
                sent.map(drop).map_err(|error| {
                    match failed("DeleteAuthorizer", self.what(), error) {
                        error if error.kind() == ErrorKind::Conflict => error.with(
                            "fix",
                            "make another one the default of the account and of domain configurations",
                        ),
                        error => error,
                    }
                })
            }
        }
    }

    fn differing(&self, found: &Value) -> Value {
        let standing = self.standing(found);
        let mut wanted = self.wanted();
        wanted.retain(|name, value| standing.get(name) != Some(value));
        Value::Object(wanted)
    }

    async fn create(&self) -> Result<(), Error> {
        let wanted = Value::Object(self.wanted());
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
            .map_err(|error| failed("CreateAuthorizer", self.what(), error))
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
            .map_err(|error| failed("UpdateAuthorizer", self.what(), error))
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let found = self.found().await?;
        let reading = self.compare(&found, aim);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Invalid, refusal));
        }
        for change in reading.changes {
            self.write(&found, change.action).await?;
            let is_change = change.is_change();
            done.push(change);
            if is_change {
                let left = self.compare(&self.found().await?, aim);
                if left.changes.iter().any(Change::is_change) {
                    let what = format!("{} does not stand as it was written", self.what());
                    let error = Error::new(ErrorKind::Conflict, what);
                    return Err(error.with("fix", "see who else changes it, and run this again"));
                }
            }
        }
        Ok(())
    }
}

impl Part for CustomAuthorizer {
    fn title(&self) -> String {
        self.what()
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(&self.found().await?, aim)) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
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

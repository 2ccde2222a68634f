//! Retries and destinations of asynchronous invocations.

use std::collections::BTreeMap;

use lambda_with::{Error, ErrorKind, Function};
use serde_json::{Value, json};

use super::mapping_members::same;
use super::remote::unqualified;
use crate::change::{Action, Change, Reading};
use crate::error::{failed, if_there};
use crate::plan::Goal;
use crate::raw::Exchange;
use crate::session::Session;
use crate::shared::Shared;
use crate::wire::{Aim, Stage};

/// The member whose members are settings of their own.
const DESTINATIONS: &str = "DestinationConfig";

/// Every setting by itself: `DestinationConfig.OnFailure` beside `MaximumRetryAttempts`.
type Settings = BTreeMap<String, Value>;

/// The settings the definition speaks of in the configuration of a function's asynchronous
/// invocations, which holds those of others as well.
#[derive(Clone, Debug)]
pub(crate) struct Asynchronous {
    session: Session,
    function: Function,
    wanted: Settings,
}

impl Asynchronous {
    /// The resource such a configuration is in a definition.
    pub(crate) const KIND: &'static str = "AWS::Lambda::EventInvokeConfig";

    pub(crate) fn new(session: &Session, function: &Function, properties: &Value) -> Self {
        let mut wanted = settings(properties);
        wanted.retain(|name, _| name != "FunctionName" && name != "Qualifier");
        Self {
            session: session.clone(),
            function: function.clone(),
            wanted,
        }
    }

    fn what(&self) -> String {
        let function = self.function.arn.resource().trim_start_matches("function:");
        format!("asynchronous invocations of {function}")
    }
}

impl Shared for Asynchronous {
    type Document = Option<Settings>;

    const UNGUARDED: bool = true;

    fn title(&self) -> String {
        format!("the {}", self.what())
    }

    fn stage(&self) -> Stage {
        Stage::Configuration
    }

    async fn read(&self, _goal: Goal) -> Result<Option<Settings>, Error> {
        let exchange = Exchange::new();
        let request = self.session.lambda().get_function_event_invoke_config();
        let request = request
            .function_name(unqualified(&self.function))
            .set_qualifier(self.function.qualifier().map(str::to_owned));
        let sent = request.customize().interceptor(exchange.clone()).send();
        let found = exchange.document("GetFunctionEventInvokeConfig", self.what(), sent.await);
        Ok(if_there(found)?.map(|found| {
            let mut found = settings(&found);
            found.retain(|name, _| name != "FunctionArn" && name != "LastModified");
            found
        }))
    }

    fn compare(&self, found: &Option<Settings>, aim: Aim) -> (Reading, Option<Settings>) {
        let mut next = found.clone().unwrap_or_default();
        let null = Value::Null;
        let (connects, stands) = (aim.goal == Goal::Connect, found.is_some());
        let mut change = Change::new(
            match (connects, stands) {
                (true, false) => Action::Create,
                _ => Action::Update,
            },
            self.what(),
        );
        for (name, wanted) in &self.wanted {
            let standing = next.get(name).unwrap_or(&null).clone();
            match (connects, same(&standing, wanted)) {
                (true, true) | (false, false) => continue,
                (true, false) => {
                    change = change.detail(name, standing, wanted.clone());
                    next.insert(name.clone(), wanted.clone());
                }
                (false, true) => {
                    change = change.detail(name, standing, Value::Null);
                    next.remove(name);
                }
            }
        }
        let mut change = change.or_keep();
        let empties = !connects && change.is_change() && next.iter().all(is_default);
        if empties {
            change.action = Action::Remove;
        }
        let reading = Reading {
            changes: (connects || change.is_change())
                .then_some(change)
                .into_iter()
                .collect(),
            ..Reading::default()
        };
        let next = (connects || stands && !empties).then_some(next);
        (reading, next)
    }

    /// Lambda takes the whole only: what is left out goes.
    async fn write(&self, _found: &Option<Settings>, next: &Option<Settings>) -> Result<(), Error> {
        let lambda = self.session.lambda();
        let function = unqualified(&self.function);
        let qualifier = self.function.qualifier().map(str::to_owned);
        match next {
            Some(next) => {
                let body = Exchange::sending(document(next).to_string());
                let request = lambda
                    .put_function_event_invoke_config()
                    .function_name(function);
                let request = request
                    .set_qualifier(qualifier)
                    .customize()
                    .interceptor(body);
                let answer = request.send().await;
                answer
                    .map_err(|error| failed("PutFunctionEventInvokeConfig", self.what(), error))?;
            }
            None => {
                let request = lambda.delete_function_event_invoke_config();
                let request = request.function_name(function).set_qualifier(qualifier);
                let answer = request.send().await;
                answer.map_err(|error| {
                    failed("DeleteFunctionEventInvokeConfig", self.what(), error)
                })?;
            }
        }
        Ok(())
    }

    /// The role's policy takes a while to count.
    fn is_early(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Invalid
            && error
                .message()
                .contains("execution role does not have permissions")
    }
}

fn settings(document: &Value) -> Settings {
    let mut settings = Settings::new();
    for (name, value) in document.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(members) if name == DESTINATIONS => {
                let member = |(member, value): (&String, &Value)| {
                    (format!("{DESTINATIONS}.{member}"), value.clone())
                };
                settings.extend(members.iter().map(member));
            }
            _ => {
                settings.insert(name.clone(), value.clone());
            }
        }
    }
    settings.retain(|_, value| !same(value, &Value::Null));
    settings
}

fn document(settings: &Settings) -> Value {
    let mut document = json!({});
    for (name, value) in settings {
        match name.split_once('.') {
            Some((outer, inner)) => document[outer][inner] = value.clone(),
            None => document[name] = value.clone(),
        }
    }
    document
}

/// Whether a setting is as if there were no configuration.
fn is_default((name, value): (&String, &Value)) -> bool {
    match name.as_str() {
        "MaximumRetryAttempts" => *value == json!(2),
        "MaximumEventAgeInSeconds" => *value == json!(21_600),
        _ => false,
    }
}

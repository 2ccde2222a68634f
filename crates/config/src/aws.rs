//! Setting up a rule.

use std::time::Duration;

use aws_sdk_config::Client;
use aws_sdk_config::types::ConfigRule;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Part, Pauses, Reading, Session, Stage, Wire, Work, failed,
};
use serde_json::{Map, Value, json};

use crate::Config;

/// The rule is put under its name, which replaces the whole of it. A rule of that name that is
/// another function's, or AWS's own, is somebody else's and stays.
///
/// The permission, which follows from the definition, comes first: AWS Config asks for it.
impl Wire for Config {
    const KINDS: &'static [&'static str] = &["AWS::Config::ConfigRule"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        if self.resources(function).is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Box::new(Rule {
            client: Client::new(session.config()),
            function: function.clone(),
            wanted: self.clone(),
        })])
    }
}

/// One rule.
#[derive(Debug)]
struct Rule {
    client: Client,
    function: Function,
    wanted: Config,
}

impl Rule {
    /// The rule of this name as it stands, unless it is being deleted.
    async fn found(&self) -> Result<Option<Value>, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_config_rules();
        let request = request.config_rule_names(&self.wanted.rule).customize();
        if let Err(error) = request.interceptor(exchange.clone()).send().await {
            let error = failed("DescribeConfigRules", self.title(), error);
            return match error.kind() {
                ErrorKind::NotFound => Ok(None),
                _ => Err(error),
            };
        }
        let unreadable = |error: serde_json::Error| {
            Error::new(ErrorKind::Decode, "the rule cannot be read").caused_by(error)
        };
        let mut answer: Value = serde_json::from_slice(&exchange.answer()).map_err(unreadable)?;
        let rule = answer["ConfigRules"].get_mut(0).map(Value::take);
        let deleting = |rule: &Value| {
            let state = rule["ConfigRuleState"].as_str();
            state.is_some_and(|state| state.starts_with("DELETING"))
        };
        Ok(rule.filter(|rule| !deleting(rule)))
    }

    fn compare(&self, found: Option<&Value>, goal: Goal) -> Reading {
        let mut reading = Reading::default();
        let what = self.title();
        let change = |action| Change::new(action, what.as_str()).of(self.wanted.name());
        let should = shown(&self.wanted.definition(self.function.arn.as_str()));
        let change = match (goal, found) {
            (Goal::Connect, None) => change(Action::Create).members(&Value::Null, &should),
            (Goal::Connect, Some(rule)) if self.runs(rule) => match shown(rule) {
                stands if stands == should => change(Action::Keep),
                stands => change(Action::Update).members(&stands, &should),
            },
            (Goal::Connect, Some(rule)) => {
                let goes = rule["Source"]["SourceIdentifier"]
                    .as_str()
                    .unwrap_or_default();
                reading.refusals.push(format!(
                    "{what} is somebody else's: it is evaluated by {goes}; give the connection another rule"
                ));
                return reading;
            }
            (Goal::Disconnect, Some(rule)) if self.runs(rule) => change(Action::Remove),
            (Goal::Disconnect, _) => return reading,
        };
        reading.changes.push(change);
        reading
    }

    /// Whether it is evaluated by this function, in whatever version.
    fn runs(&self, rule: &Value) -> bool {
        let plain = |arn: &str| arn.split(':').take(7).collect::<Vec<_>>().join(":");
        let goes = rule["Source"]["SourceIdentifier"].as_str();
        goes.is_some_and(|goes| plain(goes) == plain(self.function.arn.as_str()))
    }

    async fn put(&self) -> Result<(), Error> {
        let mut rule = self.wanted.definition(self.function.arn.as_str());
        if let Some(parameters) = rule.get_mut("InputParameters") {
            *parameters = parameters.to_string().into();
        }
        let exchange = Exchange::sending(json!({ "ConfigRule": rule }).to_string());
        let request = self.client.put_config_rule();
        let request = request.config_rule(ConfigRule::builder().build());
        let sent = request.customize().interceptor(exchange).send().await;
        sent.map(drop).map_err(|error| {
            let error = failed("PutConfigRule", self.title(), error);
            match error.context("code") {
                Some("NoAvailableConfigurationRecorderException") => {
                    error.with("fix", "turn AWS Config on in this account and Region")
                }
                _ => error,
            }
        })
    }

    async fn delete(&self) -> Result<(), Error> {
        let request = self.client.delete_config_rule();
        match request.config_rule_name(&self.wanted.rule).send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed("DeleteConfigRule", self.title(), error) {
                error if error.kind() == ErrorKind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let reading = self.compare(self.found().await?.as_ref(), aim.goal);
        if let Some(refusal) = reading.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Invalid, refusal));
        }
        for change in reading.changes {
            let mut pauses = Pauses::new(aim.options.wait.min(Duration::from_secs(20)));
            loop {
                let written = match change.action {
                    Action::Keep => Ok(()),
                    Action::Remove => self.delete().await,
                    Action::Create | Action::Update => self.put().await,
                };
                match written {
                    Ok(()) => break,
                    Err(error) if passing(&error) && pauses.again().await => {}
                    Err(error) => return Err(error),
                }
            }
            done.push(change);
        }
        let stands = self.compare(self.found().await?.as_ref(), aim.goal);
        match stands.changes.iter().find(|change| change.is_change()) {
            None => Ok(()),
            Some(change) => {
                let message = format!("{} does not stand as written: {change}", change.what);
                Err(Error::new(ErrorKind::Conflict, message).with("fix", "run this again"))
            }
        }
    }
}

impl Part for Rule {
    fn title(&self) -> String {
        format!("rule {}", self.wanted.rule)
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move { Ok(self.compare(self.found().await?.as_ref(), aim.goal)) })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}

/// Whether it passes by itself: the permission, granted a moment ago, is not seen yet, or an earlier
/// rule of the name is still being evaluated or deleted.
fn passing(error: &Error) -> bool {
    matches!(
        error.context("code"),
        Some("InsufficientPermissionsException" | "ResourceInUseException")
    )
}

/// What a rule says, for comparing and for the eye: lists in order, and what AWS Config adds left out.
fn shown(rule: &Value) -> Value {
    let details = rule["Source"]["SourceDetails"].as_array();
    let mut details: Vec<Value> = details.cloned().unwrap_or_default();
    for detail in &mut details {
        if detail["MessageType"] == "ScheduledNotification"
            && detail.get("MaximumExecutionFrequency").is_none()
        {
            detail["MaximumExecutionFrequency"] = "TwentyFour_Hours".into();
        }
    }
    details.sort_by_key(ToString::to_string);
    let modes = rule["EvaluationModes"].as_array().into_iter().flatten();
    let mut modes: Vec<&str> = modes.filter_map(|mode| mode["Mode"].as_str()).collect();
    modes.sort_unstable();
    if modes.is_empty() {
        modes.push("DETECTIVE");
    }
    let mut scope = rule["Scope"].as_object().cloned().unwrap_or_default();
    scope.retain(|_, value| !value.is_null() && *value != json!([]));
    if let Some(Value::Array(types)) = scope.get_mut("ComplianceResourceTypes") {
        types.sort_by_key(ToString::to_string);
    }
    let parameters = match &rule["InputParameters"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    };
    let parameters = Some(parameters).filter(|parameters| !parameters.is_null());
    json!({
        "SourceIdentifier": rule["Source"]["SourceIdentifier"],
        "SourceDetails": details,
        "Scope": scope,
        "InputParameters": parameters.unwrap_or_else(|| Map::new().into()),
        "MaximumExecutionFrequency": rule["MaximumExecutionFrequency"].as_str().unwrap_or("TwentyFour_Hours"),
        "EvaluationModes": modes,
        "Description": rule["Description"].as_str().unwrap_or_default(),
    })
}

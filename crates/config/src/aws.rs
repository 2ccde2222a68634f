//! Setting up a rule.

use aws_sdk_config::Client;
use aws_sdk_config::types::ConfigRule;
use lambda_with::{Error, Function, Integration};
use lambda_with_aws::{Exchange, Occupied, Part, Session, Slot, Wire, failed, if_there};
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
        let rule = Rule {
            client: Client::new(session.config()),
            connection: self.name(),
            function: function.clone(),
            config: self.clone(),
        };
        Ok(vec![rule.part()])
    }
}

/// One rule.
#[derive(Debug)]
struct Rule {
    client: Client,
    connection: String,
    function: Function,
    config: Config,
}

impl Rule {
    async fn described(&self) -> Result<Value, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_config_rules();
        let request = request.config_rule_names(&self.config.rule).customize();
        let sent = request.interceptor(exchange.clone()).send().await;
        let mut answer = exchange.document("DescribeConfigRules", self.what(), sent)?;
        Ok(answer["ConfigRules"][0].take())
    }
}

impl Slot for Rule {
    fn what(&self) -> String {
        format!("rule {}", self.config.rule)
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        shown(&self.config.definition(self.function.arn.as_str()))
    }

    /// A rule that is being deleted counts as gone.
    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let rule = if_there(self.described().await)?.unwrap_or_default();
        let state = rule["ConfigRuleState"].as_str();
        if rule.is_null() || state.is_some_and(|state| state.starts_with("DELETING")) {
            return Ok(None);
        }
        let goes = rule["Source"]["SourceIdentifier"].as_str();
        let goes = goes.unwrap_or_default();
        Ok(Some(Occupied::running(
            shown(&rule),
            goes,
            &self.function.arn,
        )))
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        let mut rule = self.config.definition(self.function.arn.as_str());
        if let Some(parameters) = rule.get_mut("InputParameters") {
            *parameters = parameters.to_string().into();
        }
        let exchange = Exchange::sending(json!({ "ConfigRule": rule }).to_string());
        let request = self.client.put_config_rule();
        let request = request.config_rule(ConfigRule::builder().build());
        let sent = request.customize().interceptor(exchange).send().await;
        sent.map(drop).map_err(|error| {
            let error = failed("PutConfigRule", self.what(), error);
            match error.context("code") {
                Some("NoAvailableConfigurationRecorderException") => {
                    error.with("fix", "turn AWS Config on in this account and Region")
                }
                _ => error,
            }
        })
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        let request = self.client.delete_config_rule();
        let sent = request.config_rule_name(&self.config.rule).send().await;
        sent.map(drop)
            .map_err(|error| failed("DeleteConfigRule", self.what(), error))
    }

    fn instead(&self) -> &'static str {
        "give the connection another rule"
    }

    /// The permission, granted a moment ago, is not seen yet, or an earlier rule of the name is still
    /// being evaluated or deleted.
    fn is_early(&self, error: &Error) -> bool {
        matches!(
            error.context("code"),
            Some("InsufficientPermissionsException" | "ResourceInUseException")
        )
    }
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

//! A connection of a rule.

use lambda_with::{
    Example, Finding, Function, Integration, Payload, Permission, Resource, Service,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{SERVICE, check, name, permission};

/// The version of the SQL that rules have unless set, which is the one AWS recommends.
pub const SQL_VERSION: &str = "2016-03-23";

/// A rule that runs a function for every message its SQL selects.
///
/// ```toml
/// [[functions.loads.with]]
/// service = "iot"
/// kind = "rule"
/// rule = "crane_load"
/// sql = "SELECT *, topic(2) AS crane FROM 'harbor/+/load'"
/// ```
///
/// ```
/// use lambda_with_iot::Rule;
///
/// let loads = Rule::new("crane_load", "SELECT *, topic(2) AS crane FROM 'harbor/+/load'");
/// assert_eq!(loads.sql_version, "2016-03-23");
/// ```
///
/// The event is what the SQL selects, without an envelope: decode it as a type of your own. Without
/// `sql` the rule is one that exists already, and the function is added to it. Rule and function
/// are in the same Region.
/// See <https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The rule's name: 1 to 128 letters, digits and underscores.
    pub rule: String,
    /// What runs the function: messages unless set, or the failures of the rule's other actions.
    #[serde(default)]
    pub on: On,
    /// The SQL: `SELECT … FROM 'TOPIC FILTER' WHERE …`. Without it the rule exists already, and
    /// stays as it is but for the function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// The version of the SQL, [`SQL_VERSION`] unless set; `2015-10-08` is the old one.
    #[serde(default = "sql_version")]
    pub sql_version: String,
    /// A description of the rule. What stands is left alone unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the rule does nothing for now. What stands is left alone unless set; new rules work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// What the rule does with messages for which an action could not be invoked, as AWS IoT's API
    /// has it: `{ sqs = { queueUrl = "…", roleArn = "…", useBase64 = false } }`. Another connection
    /// with `on = "error"` does the same with a function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_action: Option<Value>,
    /// The account that owns the rule; the function's unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// What of a rule runs the function.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// Every message the SQL selects.
    #[default]
    Message,
    /// A message for which one of the rule's actions could not be invoked: the function receives
    /// [`RuleError`](crate::RuleError).
    Error,
}

impl Rule {
    /// A rule with this SQL, in the version AWS recommends.
    pub fn new(rule: impl Into<String>, sql: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            on: On::Message,
            sql: Some(sql.into()),
            sql_version: sql_version(),
            description: None,
            disabled: None,
            error_action: None,
            account: None,
        }
    }

    pub(crate) fn owner<'a>(&'a self, function: &'a Function) -> &'a str {
        self.account.as_deref().unwrap_or(function.account())
    }

    /// The rule's payload but for its actions, in the terms of AWS IoT's API. Empty without `sql`.
    pub(crate) fn settings(&self) -> Map<String, Value> {
        let mut settings = Map::new();
        let Some(sql) = &self.sql else {
            return settings;
        };
        settings.insert("sql".into(), json!(sql));
        settings.insert("awsIotSqlVersion".into(), json!(self.sql_version));
        if let Some(description) = &self.description {
            settings.insert("description".into(), json!(description));
        }
        if let Some(disabled) = self.disabled {
            settings.insert("ruleDisabled".into(), json!(disabled));
        }
        if let Some(action) = &self.error_action {
            settings.insert("errorAction".into(), action.clone());
        }
        settings
    }
}

impl Integration for Rule {
    /// Decode it as the type your SQL selects, [`LifecycleEvent`](crate::LifecycleEvent) for the
    /// topics of lifecycle events, [`RuleError`](crate::RuleError) for an error action.
    type Event = Payload;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let mut exact: Vec<&str> = self.account.as_deref().into_iter().collect();
        if self.on == On::Error {
            exact.push("error");
        }
        name::connection("rule", &self.rule, &exact)
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let owner = self.owner(function);
        permission(self.name(), function, owner, "rule", &self.rule)
    }

    /// The rule, or nothing where it exists already or belongs to another account.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        if self.sql.is_none() || self.owner(function) != function.account() {
            return Vec::new();
        }
        let mut payload = capitalized(Value::Object(self.settings()));
        let action = json!({ "Lambda": { "FunctionArn": Resource::FUNCTION } });
        payload["Actions"] = match self.on {
            On::Message => json!([action]),
            On::Error => json!([]),
        };
        if self.on == On::Error {
            payload["ErrorAction"] = action;
        }
        let properties = json!({ "RuleName": self.rule, "TopicRulePayload": payload });
        let id = Resource::logical_id(&[&name::connection("rule", &self.rule, &[])]);
        vec![Resource::new(id, "AWS::IoT::TopicRule", properties)]
    }

    /// A failure of this rule, or a lifecycle event where the SQL listens to them. None for other
    /// rules: what they select is known to nobody here.
    fn example(&self, _function: &Function) -> Option<Example> {
        if self.on == On::Error {
            let failure = Example::named(&SERVICE, "rule-error")?;
            return Some(failure.with("/ruleName", self.rule.as_str()));
        }
        let topic = self.sql.as_deref()?.split_once("'$aws/events/")?.1;
        let events = [
            ("presence/disconnected/", "disconnected"),
            ("presence/connect_failed/", "connect-failed"),
            ("presence/", "connected"),
            ("subscriptions/unsubscribed/", "unsubscribed"),
            ("subscriptions/", "subscribed"),
            ("#", "connected"),
        ];
        let fits = |(start, _): &&(&str, &str)| topic.starts_with(start);
        Example::named(&SERVICE, events.iter().find(fits)?.1)
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::rule(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::rules_differ(self, other)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::rule_twice(self, other)
    }
}

fn sql_version() -> String {
    SQL_VERSION.into()
}

/// The same with the names of members as CloudFormation writes them.
fn capitalized(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let mut letters = name.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                (
                    first.into_iter().chain(letters).collect(),
                    capitalized(value),
                )
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(items) => items.into_iter().map(capitalized).collect(),
        other => other,
    }
}

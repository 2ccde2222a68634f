//! The connection: a rule.

use lambda_with::name::{checksum, slug};
use lambda_with::{
    Finding, Function, Integration, Permission, Resource, RoleStatement, Service, Statement,
    is_account, switch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{ConfigEvent, SERVICE, check};

/// A custom rule that a function evaluates.
///
/// ```toml
/// [[functions.volumes.with]]
/// service = "config"
/// rule = "volumes-encrypted"
/// resource_types = ["AWS::EC2::Volume"]
/// triggers = ["changes", "schedule"]
/// frequency = "TwentyFour_Hours"
/// parameters = { minimumSize = "40" }
/// ```
///
/// ```
/// use lambda_with_config::{Config, ConfigTrigger};
///
/// let volumes = Config::new("volumes-encrypted");
/// assert_eq!(volumes.triggers, [ConfigTrigger::Changes]);
/// ```
///
/// See <https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The rule's name.
    pub rule: String,
    /// The account of the rule, twelve digits; the function's unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What makes AWS Config evaluate the rule; changes unless set.
    #[serde(default = "changes")]
    pub triggers: Vec<ConfigTrigger>,
    /// How often the rule is evaluated on schedule or by snapshots, out of [`Config::FREQUENCIES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// The types of resources whose changes matter, at most 100; all unless set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_types: Vec<String>,
    /// The one resource that matters, of the one type named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// The tag of resources that matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_key: Option<String>,
    /// The value of that tag; any unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_value: Option<String>,
    /// The rule's parameters, sent along as JSON.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// Whether resources are also judged before they are made; false unless set.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub proactive: bool,
    /// What the rule is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The bucket of AWS Config, where the function reads snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_bucket: Option<String>,
}

/// What makes AWS Config evaluate a rule.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigTrigger {
    /// A resource changed, be it too large for an event or not.
    Changes,
    /// Time has passed.
    Schedule,
    /// A snapshot was written.
    Snapshots,
}

impl Config {
    /// How often a rule can be evaluated.
    pub const FREQUENCIES: [&'static str; 5] = [
        "One_Hour",
        "Three_Hours",
        "Six_Hours",
        "Twelve_Hours",
        "TwentyFour_Hours",
    ];

    /// A rule for changes of all resources.
    pub fn new(rule: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            account: None,
            triggers: changes(),
            frequency: None,
            resource_types: Vec::new(),
            resource_id: None,
            tag_key: None,
            tag_value: None,
            parameters: Map::new(),
            proactive: false,
            description: None,
            snapshot_bucket: None,
        }
    }

    /// The rule in CloudFormation's terms, with the function it is to run.
    pub(crate) fn definition(&self, function: &str) -> Value {
        let detail = |kind: &str| json!({ "EventSource": "aws.config", "MessageType": kind });
        let mut details = Vec::new();
        for trigger in &self.triggers {
            match trigger {
                ConfigTrigger::Changes => details.extend([
                    detail("ConfigurationItemChangeNotification"),
                    detail("OversizedConfigurationItemChangeNotification"),
                ]),
                ConfigTrigger::Schedule => {
                    let mut scheduled = detail("ScheduledNotification");
                    if let Some(frequency) = &self.frequency {
                        scheduled["MaximumExecutionFrequency"] = frequency.as_str().into();
                    }
                    details.push(scheduled);
                }
                ConfigTrigger::Snapshots => {
                    details.push(detail("ConfigurationSnapshotDeliveryCompleted"));
                }
            }
        }
        let mut rule = json!({
            "ConfigRuleName": self.rule,
            "Source": {
                "Owner": "CUSTOM_LAMBDA",
                "SourceIdentifier": function,
                "SourceDetails": details,
            },
        });
        let mut scope = Map::new();
        if !self.resource_types.is_empty() {
            scope.insert("ComplianceResourceTypes".into(), json!(self.resource_types));
        }
        for (name, value) in [
            ("ComplianceResourceId", &self.resource_id),
            ("TagKey", &self.tag_key),
            ("TagValue", &self.tag_value),
        ] {
            scope.extend(value.iter().map(|value| (name.into(), json!(value))));
        }
        if !scope.is_empty() {
            rule["Scope"] = scope.into();
        }
        if let Some(description) = &self.description {
            rule["Description"] = description.as_str().into();
        }
        if !self.parameters.is_empty() {
            rule["InputParameters"] = self.parameters.clone().into();
        }
        if let Some(frequency) = &self.frequency
            && self.triggers.contains(&ConfigTrigger::Snapshots)
        {
            rule["MaximumExecutionFrequency"] = frequency.as_str().into();
        }
        if self.proactive {
            rule["EvaluationModes"] = json!([{ "Mode": "DETECTIVE" }, { "Mode": "PROACTIVE" }]);
        }
        rule
    }

    /// What the execution role must allow.
    fn grants(&self, function: &Function) -> Vec<RoleStatement> {
        let mut grants = vec![RoleStatement::new(
            ["config:PutEvaluations"],
            "*",
            "the function answers; the action knows no resources",
        )];
        if self.triggers.contains(&ConfigTrigger::Changes) {
            grants.push(RoleStatement::new(
                ["config:GetResourceConfigHistory"],
                "*",
                "items too large for an event are read; the action knows no resources",
            ));
        }
        let bucket = self.snapshot_bucket.as_deref();
        if let Some(bucket) = bucket.filter(|bucket| check::is_bucket(bucket)) {
            let objects = format!("arn:{}:s3:::{bucket}/*/Config/*", function.partition());
            grants.push(RoleStatement::new(
                ["s3:GetObject"],
                objects,
                "the function reads snapshots",
            ));
        }
        grants
    }
}

impl Integration for Config {
    type Event = ConfigEvent;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let account = self.account.as_deref().unwrap_or_default();
        let mut name = slug(&format!("config-{account}-{}", self.rule));
        if name != format!("config-{}", self.rule) || name.len() > 80 {
            name.truncate(71);
            let exact = checksum(&self.rule);
            name = format!("{}-{exact}", name.trim_end_matches('-'));
        }
        name
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let account = self.account.as_deref().unwrap_or(function.account());
        // Without the account every customer's rules would be let in.
        if !is_account(account) {
            return Vec::new();
        }
        let statement =
            Statement::service(self.name(), "config.amazonaws.com").source_account(account);
        let grants = self.grants(function).into_iter();
        [Permission::ResourceBased(statement)]
            .into_iter()
            .chain(grants.map(Permission::ExecutionRole))
            .collect()
    }

    /// The rule, or nothing where it belongs to another account.
    ///
    /// It depends on the permission: a rule whose function may not be invoked is refused.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        if self.account.as_deref().unwrap_or(function.account()) != function.account() {
            return Vec::new();
        }
        let definition = self.definition(Resource::FUNCTION);
        let id = Resource::logical_id(&[&self.name(), "rule"]);
        let mut rule = Resource::new(id, "AWS::Config::ConfigRule", definition);
        rule.depends_on.push(Resource::permission_id(&self.name()));
        vec![rule]
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::same_rule(self, other).into_iter().collect()
    }
}

fn changes() -> Vec<ConfigTrigger> {
    vec![ConfigTrigger::Changes]
}

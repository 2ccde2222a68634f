//! A listener's rules.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, HostHeaderConditionConfig,
    HttpRequestMethodConditionConfig, PathPatternConditionConfig, Rule as Described, RuleCondition,
};
use lambda_with::{Arn, Error};
use lambda_with_aws::{Occupied, Slot, failed};
use serde_json::{Map, Value, json};

use crate::Rule;

const PATHS: &str = "path-pattern";
const HOSTS: &str = "host-header";
const METHODS: &str = "http-request-method";

/// One rule of a listener, known by its priority. It is ours when it leads to our target group and
/// nowhere else; who signs in before that is not looked at.
#[derive(Debug)]
pub(super) struct OfListener {
    pub(super) client: Client,
    pub(super) connection: String,
    pub(super) listener: Arn,
    pub(super) group: Arn,
    pub(super) rule: Rule,
}

impl OfListener {
    fn thing(&self) -> String {
        let resource = self.listener.resource();
        format!(
            "listener {}",
            resource.strip_prefix("listener/").unwrap_or(resource)
        )
    }

    async fn described(&self) -> Result<Option<Described>, Error> {
        let priority = self.rule.priority.to_string();
        let request = self.client.describe_rules();
        let request = request.listener_arn(self.listener.as_str());
        let mut marker = None;
        loop {
            let answer = request.clone().set_marker(marker).send().await;
            let answer = answer.map_err(|error| failed("DescribeRules", self.thing(), error))?;
            marker = answer.next_marker;
            let rules = answer.rules.unwrap_or_default().into_iter();
            let mut ours = rules.filter(|rule| rule.priority() == Some(&*priority));
            match ours.next() {
                None if marker.is_some() => {}
                found => return Ok(found),
            }
        }
    }

    /// The conditions by their fields, in the form in which the rule is compared.
    fn conditions(&self) -> Map<String, Value> {
        let mut all: Map<String, Value> = [
            (PATHS, &self.rule.paths),
            (HOSTS, &self.rule.hosts),
            (METHODS, &self.rule.methods),
        ]
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(field, values)| (field.to_owned(), sorted(values)))
        .collect();
        if all.is_empty() {
            // A rule cannot be without a condition.
            all.insert(PATHS.into(), json!(["*"]));
        }
        all
    }

    /// The conditions as requests have them.
    fn asked(&self) -> Vec<RuleCondition> {
        let rule = &self.rule;
        let condition = |field: &str| RuleCondition::builder().field(field);
        let given = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
        let mut all = Vec::new();
        let none = rule.hosts.is_empty() && rule.methods.is_empty();
        let every = none.then(|| vec!["*".to_owned()]);
        if let Some(paths) = given(&rule.paths).or(every) {
            let config = PathPatternConditionConfig::builder().set_values(Some(paths));
            all.push(condition(PATHS).path_pattern_config(config.build()).build());
        }
        if let Some(hosts) = given(&rule.hosts) {
            let config = HostHeaderConditionConfig::builder().set_values(Some(hosts));
            all.push(condition(HOSTS).host_header_config(config.build()).build());
        }
        if let Some(methods) = given(&rule.methods) {
            let config = HttpRequestMethodConditionConfig::builder().set_values(Some(methods));
            let config = config.build();
            all.push(
                condition(METHODS)
                    .http_request_method_config(config)
                    .build(),
            );
        }
        all
    }
}

impl Slot for OfListener {
    fn what(&self) -> String {
        format!("rule {} of {}", self.rule.priority, self.thing())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        json!({ "Conditions": self.conditions(), "TargetGroupArn": self.group })
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let Some(described) = self.described().await? else {
            return Ok(None);
        };
        let arn = described.rule_arn().unwrap_or_default();
        let group = leads_to(described.actions());
        let members = json!({
            "Conditions": standing(described.conditions()),
            "RuleArn": arn,
            "TargetGroupArn": group,
        });
        Ok(Some(if group == Some(self.group.as_str()) {
            Occupied::ours(members)
        } else {
            let by = group.unwrap_or("another action").to_owned();
            Occupied::theirs(members, by)
        }))
    }

    fn instead(&self) -> &'static str {
        "give the rule another priority"
    }

    async fn fill(&self, found: Option<&Occupied>) -> Result<(), Error> {
        if let Some(found) = found {
            let request = self.client.modify_rule().rule_arn(rule_arn(found));
            let answer = request.set_conditions(Some(self.asked())).send().await;
            return answer
                .map(drop)
                .map_err(|error| failed("ModifyRule", self.thing(), error));
        }
        let forward = Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .target_group_arn(self.group.as_str());
        let request = self.client.create_rule();
        let request = request
            .listener_arn(self.listener.as_str())
            .priority(i32::try_from(self.rule.priority).unwrap_or(i32::MAX))
            .set_conditions(Some(self.asked()))
            .actions(forward.build());
        let answer = request.send().await;
        answer.map_err(|error| failed("CreateRule", self.thing(), error))?;
        Ok(())
    }

    async fn empty(&self, found: &Occupied) -> Result<(), Error> {
        let request = self.client.delete_rule().rule_arn(rule_arn(found));
        let answer = request.send().await;
        answer.map_err(|error| failed("DeleteRule", self.thing(), error))?;
        Ok(())
    }
}

fn rule_arn(found: &Occupied) -> &str {
    found.members["RuleArn"].as_str().unwrap_or_default()
}

/// The only target group that requests are forwarded to.
fn leads_to(actions: &[Action]) -> Option<&str> {
    let forward = actions.last()?;
    if forward.r#type() != Some(&ActionTypeEnum::Forward) {
        return None;
    }
    let groups = forward
        .forward_config()
        .map(ForwardActionConfig::target_groups);
    match groups {
        None | Some([]) => forward.target_group_arn(),
        Some([group]) => group.target_group_arn(),
        Some(_) => None,
    }
}

/// The conditions that stand, by their fields. Those not known here show as nothing, and differ.
fn standing(conditions: &[RuleCondition]) -> Map<String, Value> {
    let values = |condition: &RuleCondition| match condition.field() {
        Some(PATHS) => condition.path_pattern_config().map(|c| sorted(c.values())),
        Some(HOSTS) => condition.host_header_config().map(|c| sorted(c.values())),
        Some(METHODS) => {
            let config = condition.http_request_method_config();
            config.map(|c| sorted(c.values()))
        }
        _ => None,
    };
    let short = |condition: &RuleCondition| {
        let values = condition.values();
        (!values.is_empty()).then(|| sorted(values))
    };
    let conditions = conditions.iter().map(|condition| {
        let field = condition.field().unwrap_or_default().to_owned();
        let found = values(condition).or_else(|| short(condition));
        (field, found.unwrap_or_default())
    });
    conditions.collect()
}

fn sorted(values: &[String]) -> Value {
    let mut values = values.to_vec();
    values.sort_unstable();
    json!(values)
}

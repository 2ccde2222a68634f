#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod respond;
mod rule;
#[cfg(feature = "serve")]
pub mod serve;

use lambda_with::{
    Arn, Example, Finding, Function, Integration, Patience, Permission, Resource, Service,
    Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use crate::generated::*;
pub use crate::rule::Rule;

/// The principal under which load balancers invoke.
const PRINCIPAL: &str = "elasticloadbalancing.amazonaws.com";

/// A target group whose one target is the function, and the rules that lead to it.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "alb"
/// target_group = "orders"
/// listener = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
/// rules = [{ priority = 10, paths = ["/orders", "/orders/*"] }]
/// multi_value_headers = true
/// health_check = { path = "/health" }
/// ```
///
/// ```
/// use lambda_with_alb::{Alb, Rule};
///
/// let orders = Alb { rules: vec![Rule::new(10)], ..Alb::new("orders") };
/// assert!(!orders.multi_value_headers);
/// ```
///
/// Function and target group are in the same account and Region.
/// See <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alb {
    /// The target group: the name of one to create, or the ARN of one that exists already.
    pub target_group: String,
    /// The listener that gets the rules. Without it nothing leads to the target group but what
    /// others set up, and the local front door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener: Option<Arn>,
    /// Which requests go to the function. Without any, nothing is added to the listener, and the
    /// local front door hands over what no other rule takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Whether headers and query parameters keep all their values, in requests and answers; false
    /// unless set, and then the last one is left, of several cookies too.
    #[serde(default)]
    pub multi_value_headers: bool,
    /// The health check, off unless set: each is an invocation that is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
}

/// How the load balancer asks whether the function is well: `GET` of a path, in the form of every
/// other request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthCheck {
    /// The path, `/` unless set.
    pub path: String,
    /// Seconds from one check to the next: 5 to 300, 35 unless set.
    pub interval: u32,
    /// Seconds to wait for the answer: 2 to 120, 30 unless set.
    pub timeout: u32,
    /// Checks that must succeed in a row before the function counts as well: 2 to 10, 5 unless set.
    pub healthy_after: u32,
    /// Checks that must fail in a row before it counts as ill: 2 to 10, 2 unless set.
    pub unhealthy_after: u32,
    /// The statuses that are a success: `200`, which it is unless set, `200,204` or `200-299`.
    pub success: String,
}

impl Alb {
    /// A new target group of this name, or the one with this ARN, without rules.
    pub fn new(target_group: impl Into<String>) -> Self {
        Self {
            target_group: target_group.into(),
            listener: None,
            rules: Vec::new(),
            multi_value_headers: false,
            health_check: None,
        }
    }

    /// The ARN of a target group that exists already.
    pub(crate) fn arn(&self) -> Option<Arn> {
        self.target_group
            .starts_with("arn:")
            .then(|| self.target_group.parse().ok())?
    }

    /// The target group's name.
    pub(crate) fn group_name(&self) -> &str {
        match self.target_group.starts_with("arn:") {
            true => self.target_group.split('/').nth(1).unwrap_or_default(),
            false => &self.target_group,
        }
    }

    /// The ARN the load balancer presents when it invokes. That of a new group ends with digits which
    /// nobody knows yet: `id` stands for them.
    pub(crate) fn source(&self, function: &Function, id: &str) -> Option<Arn> {
        if self.target_group.starts_with("arn:") {
            return self.arn().filter(|arn| !arn.is_pattern());
        }
        let wild = self.target_group.is_empty() || self.target_group.contains(['*', '?', '/']);
        let resource = format!("targetgroup/{}/{id}", self.target_group);
        let (partition, region) = (function.partition(), function.region());
        let arn = Arn::new(
            partition,
            "elasticloadbalancing",
            region,
            function.account(),
            &resource,
        );
        arn.ok().filter(|_| !wild)
    }

    fn logical_id(&self) -> String {
        Resource::logical_id(&[&self.name(), "target", "group"])
    }

    fn group(&self) -> Resource {
        let mut properties = Map::new();
        properties.insert("Name".into(), json!(self.target_group));
        properties.insert("TargetType".into(), json!("lambda"));
        properties.insert("Targets".into(), json!([{ "Id": Resource::FUNCTION }]));
        let multi = json!({
            "Key": "lambda.multi_value_headers.enabled",
            "Value": self.multi_value_headers.to_string(),
        });
        properties.insert("TargetGroupAttributes".into(), json!([multi]));
        properties.insert(
            "HealthCheckEnabled".into(),
            json!(self.health_check.is_some()),
        );
        if let Some(check) = &self.health_check {
            properties.insert("HealthCheckPath".into(), json!(check.path));
            properties.insert("HealthCheckIntervalSeconds".into(), json!(check.interval));
            properties.insert("HealthCheckTimeoutSeconds".into(), json!(check.timeout));
            properties.insert("HealthyThresholdCount".into(), json!(check.healthy_after));
            properties.insert(
                "UnhealthyThresholdCount".into(),
                json!(check.unhealthy_after),
            );
            properties.insert("Matcher".into(), json!({ "HttpCode": check.success }));
        }
        let kind = "AWS::ElasticLoadBalancingV2::TargetGroup";
        let mut group = Resource::new(self.logical_id(), kind, Value::Object(properties));
        group.depends_on.push(Resource::permission_id(&self.name()));
        group
    }
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/".into(),
            interval: 35,
            timeout: 30,
            healthy_after: 5,
            unhealthy_after: 2,
            success: "200".into(),
        }
    }
}

impl Integration for Alb {
    type Event = AlbRequest;
    type Response = AlbResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(self)
    }

    /// The target group may invoke. The ARN of one that is yet to be created is a pattern that leaves
    /// its last digits open: the group needs the permission first.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        // A name that is empty or a pattern would admit other groups of the account. `check` finds
        // it, and until it is put right nothing is granted.
        let Some(arn) = self.source(function, "*") else {
            return Vec::new();
        };
        let account = arn.account().to_owned();
        let statement = Statement::service(self.name(), PRINCIPAL).source_arn(arn);
        vec![Permission::ResourceBased(statement.source_account(account))]
    }

    /// The target group with the function in it, and the listener's rules.
    ///
    /// A group that exists already gets the rules alone: CloudFormation registers targets nowhere
    /// but in a group of its own. `lambda-with connect` registers the function then.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let group = match self.target_group.starts_with("arn:") {
            true => self.target_group.clone(),
            false => format!("${{{}}}", self.logical_id()),
        };
        let mut all = Vec::new();
        if !self.target_group.starts_with("arn:") {
            all.push(self.group());
        }
        if let Some(listener) = &self.listener {
            all.extend(self.rules.iter().map(|rule| {
                let properties = json!({
                    "ListenerArn": listener,
                    "Priority": rule.priority,
                    "Conditions": rule.properties(),
                    "Actions": [{ "Type": "forward", "TargetGroupArn": group }],
                });
                let priority = rule.priority.to_string();
                let id = Resource::logical_id(&[&self.name(), "rule", &priority]);
                Resource::new(id, "AWS::ElasticLoadBalancingV2::ListenerRule", properties)
            }));
        }
        all
    }

    /// A request of the form the group's requests have, for a path the first rule takes.
    fn example(&self, function: &Function) -> Option<Example> {
        let sample = match self.multi_value_headers {
            true => "multi-value",
            false => "get",
        };
        let mut example = Example::named(&SERVICE, sample)?;
        if let Some(group) = self.source(function, "0123456789abcdef") {
            example = example.with("/requestContext/elb/targetGroupArn", group.as_str());
        }
        let first = self.rules.first();
        if let Some(path) = first.and_then(|rule| rule.paths.first()) {
            let path = path.replace('*', "harbor").replace('?', "h");
            example = example.with("/path", format!("/{}", path.trim_start_matches('/')));
        }
        if let Some(host) = first.and_then(|rule| rule.hosts.first()) {
            let host = host.replace('*', "harbor").replace('?', "h");
            let pointer = match self.multi_value_headers {
                true => "/multiValueHeaders/host/0",
                false => "/headers/host",
            };
            example = example.with(pointer, host);
        }
        if let Some(method) = first.and_then(|rule| rule.methods.first()) {
            example = example.with("/httpMethod", method.as_str());
        }
        Some(example)
    }

    fn patience(&self) -> Patience {
        Patience::default().otherwise("the client gets 502")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }
}

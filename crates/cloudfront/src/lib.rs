#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
mod name;
mod respond;
mod simulate;
mod trigger;

use lambda_with::{
    Example, Finding, Function, Integration, Patience, Permission, Resource, RoleStatement, Sample,
    Service, switch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;
pub use crate::simulate::Settled;
pub use crate::trigger::Trigger;

/// The managed policy `CachingOptimized`.
const CACHING: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";

/// A behaviour of a distribution that runs a function at one point of each request.
///
/// ```toml
/// [[functions.greeter.with]]
/// service = "cloudfront"
/// distribution = "E2HARBOREXAMPL"
/// event = "viewer-request"
/// path_pattern = "/bookings/*"
/// include_body = true
/// runtime = "nodejs24.x"
/// ```
///
/// ```
/// use lambda_with_cloudfront::{CloudFront, Trigger};
///
/// let site = CloudFront { origin: Some("origin.harbor.example.com".into()), ..CloudFront::new("harbor", Trigger::OriginResponse) };
/// assert!(site.path_pattern.is_none());
/// ```
///
/// The function is a numbered version in `us-east-1`, in the distribution's account.
/// See <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-the-edge.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CloudFront {
    /// The distribution's id; with `origin` a name for the one to be made.
    pub distribution: String,
    /// The point at which the function runs.
    pub event: Trigger,
    /// The paths the behaviour is for, such as `/bookings/*`; the default behaviour unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_pattern: Option<String>,
    /// Whether the function sees the request's body. Only in request events.
    #[serde(default, skip_serializing_if = "switch::is_off")]
    pub include_body: bool,
    /// The host name CloudFront asks, for a distribution to be made by exports. Without it nothing
    /// is exported: the distribution exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The function's runtime, `nodejs…` or `python…`. Nothing is set by this: it is how `check`
    /// knows that the function can run at the edge at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
}

impl CloudFront {
    /// The default behaviour of a distribution.
    pub fn new(distribution: impl Into<String>, event: Trigger) -> Self {
        Self {
            distribution: distribution.into(),
            event,
            path_pattern: None,
            include_body: false,
            origin: None,
            runtime: None,
        }
    }

    /// The entry of the behaviour's `LambdaFunctionAssociations`, as `UpdateDistribution` takes it.
    #[must_use]
    pub fn association(&self, function: &Function) -> Value {
        self.entry(function.arn.as_str())
    }

    /// What whoever sets the association must be allowed, besides changing the distribution.
    ///
    /// The asterisk of the second action is part of it. Lambda puts the permission for its copies
    /// into the function's policy by itself.
    #[must_use]
    pub fn needed_to_associate(function: &Function) -> Vec<RoleStatement> {
        let actions = ["lambda:GetFunction", "lambda:EnableReplication*"];
        let copies = "Lambda copies the version to the edge";
        let role = RoleStatement::new(
            ["iam:CreateServiceLinkedRole"],
            format!(
                "arn:{}:iam::{}:role/*",
                function.partition(),
                function.account()
            ),
            "the first association of an account makes two roles",
        );
        let services = [
            "replicator.lambda.amazonaws.com",
            "logger.cloudfront.amazonaws.com",
        ];
        let linked = services.map(|service| {
            let role = role.clone();
            role.when("StringEquals", "iam:AWSServiceName", service)
        });
        let mut needed = vec![RoleStatement::new(actions, function.arn.as_str(), copies)];
        needed.extend(linked);
        needed
    }

    fn entry(&self, arn: &str) -> Value {
        let mut entry = json!({ "EventType": self.event, "LambdaFunctionARN": arn });
        if self.event.is_request() {
            entry["IncludeBody"] = json!(self.include_body);
        }
        entry
    }

    /// A behaviour that runs the function.
    fn behaviour(&self, origin: &str) -> Value {
        let mut behaviour = plain_behaviour(origin);
        behaviour["LambdaFunctionAssociations"] = json!([self.entry(Resource::FUNCTION)]);
        if self.include_body {
            behaviour["AllowedMethods"] =
                json!(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);
        }
        behaviour
    }
}

impl Integration for CloudFront {
    type Event = CloudFrontEvent;
    type Response = CloudFrontAnswer;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(self)
    }

    /// What the function's role needs: its log groups are in whatever Region is nearest.
    ///
    /// No service is let in by a statement of ours: see [`CloudFront::needed_to_associate`].
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let group = format!(
            "arn:{}:logs:*:{}:log-group:/aws/lambda/us-east-1.{}",
            function.partition(),
            function.account(),
            function.name()
        );
        let actions = [
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ];
        let reason = "a function at the edge logs in the Region nearest to the viewer";
        let mut logs = RoleStatement::new(actions, format!("{group}:*"), reason);
        logs.resources.push(group);
        let edge = Permission::ExecutionTrust {
            service: "edgelambda.amazonaws.com".into(),
        };
        vec![Permission::ExecutionRole(logs), edge]
    }

    /// The distribution with its behaviour, where `origin` says what it serves.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let Some(domain) = &self.origin else {
            return Vec::new();
        };
        let mut origin = json!({ "DomainName": domain, "Id": domain });
        if check::is_bucket(domain) {
            origin["S3OriginConfig"] = json!({});
        } else {
            origin["CustomOriginConfig"] = json!({
                "HTTPPort": 80,
                "HTTPSPort": 443,
                "OriginProtocolPolicy": "https-only",
                "OriginSSLProtocols": ["TLSv1.2"],
            });
        }
        let mut config = json!({
            "Comment": self.distribution,
            "DefaultCacheBehavior": self.behaviour(domain),
            "Enabled": true,
            "Origins": [origin],
            "Restrictions": { "GeoRestriction": { "RestrictionType": "none" } },
            "ViewerCertificate": { "CloudFrontDefaultCertificate": true },
        });
        if let Some(pattern) = &self.path_pattern {
            let mut behaviour = self.behaviour(domain);
            behaviour["PathPattern"] = json!(pattern);
            config["CacheBehaviors"] = json!([behaviour]);
            config["DefaultCacheBehavior"] = plain_behaviour(domain);
        }
        let id = Resource::logical_id(&[&self.distribution, "distribution"]);
        let properties = json!({ "DistributionConfig": config });
        vec![Resource::new(
            id,
            "AWS::CloudFront::Distribution",
            properties,
        )]
    }

    /// A request or response at this point, for a path of the behaviour.
    fn example(&self, _function: &Function) -> Option<Example> {
        let config = "/Records/0/cf/config";
        let fits = |sample: &Sample| {
            let event = sample.at(&format!("{config}/eventType"));
            let body = sample.at("/Records/0/cf/request/body").is_some();
            event == Some(json!(self.event)) && body == self.include_body
        };
        let mut example = Example::first(&SERVICE, fits)?;
        if check::is_id(&self.distribution) {
            let id = self.distribution.as_str();
            example = example.with(format!("{config}/distributionId"), id);
        }
        if let Some(pattern) = &self.path_pattern {
            let path = pattern.replace('*', "harbor").replace('?', "h");
            let path = format!("/{}", path.trim_start_matches('/'));
            example = example.with("/Records/0/cf/request/uri", path);
        }
        Some(example)
    }

    fn patience(&self) -> Patience {
        Patience::of_seconds(check::MAX_TIMEOUT).otherwise("the viewer gets 503")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }
}

/// A behaviour that runs nothing. What CloudFormation would fill in is said, because Terraform asks.
fn plain_behaviour(origin: &str) -> Value {
    json!({
        "AllowedMethods": ["GET", "HEAD"],
        "CachePolicyId": CACHING,
        "CachedMethods": ["GET", "HEAD"],
        "TargetOriginId": origin,
        "ViewerProtocolPolicy": "redirect-to-https",
    })
}

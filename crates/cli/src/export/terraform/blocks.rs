//! Terraform's blocks, made of a template's resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::scope::Scope;
use super::{nested, notification, roles, schema, table};
use crate::config::Config;
use crate::export::marked::{self, Resources};
use crate::export::references;
use crate::failure::Failure;

/// The arguments of a block.
pub(super) type Body = Map<String, Value>;

/// What is made so far.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) config: &'a Config,
    /// Resources by type and name, with what their comments say.
    pub(super) resources: BTreeMap<(&'static str, String), (Body, Vec<String>)>,
    /// Data sources of functions that are elsewhere.
    pub(super) functions: BTreeMap<String, Body>,
    pub(super) variables: BTreeMap<String, Body>,
    pub(super) notes: Vec<String>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(config: &'a Config, resources: &'a Resources, parameters: &'a Value) -> Self {
        Self {
            scope: Scope::new(resources, parameters),
            config,
            resources: BTreeMap::new(),
            functions: BTreeMap::new(),
            variables: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// Adds what one resource of the template becomes.
    pub(super) fn add(&mut self, id: &str) -> Result<(), Failure> {
        let kind = self.scope.kind(id).to_owned();
        let mut properties = self.properties(id);
        match kind.as_str() {
            // A version is the function's own argument `publish`.
            "AWS::Lambda::Version" => return Ok(()),
            "AWS::S3::Bucket" => return self.notification(id, &properties),
            _ => {}
        }
        let Some(found) = table::find(&kind) else {
            return Err(
                Failure::new(format!("`{kind}` has no translation to Terraform"))
                    .fix("export this function as CloudFormation"),
            );
        };
        let mut extra = Body::new();
        let mut depends_on = self.depends_on(id);
        match kind.as_str() {
            "AWS::Lambda::Function" => {
                properties.remove("Code");
                let role = properties
                    .get("Role")
                    .and_then(references::target)
                    .map(|(role, _)| role.to_owned());
                let beside = |role: &String| self.addresses(role).into_iter().skip(1);
                depends_on.extend(role.iter().flat_map(beside));
                extra = self.code(id, &properties);
                if let Some(allowed) = properties.remove("RecursiveLoop") {
                    let name = self.scope.name(id).to_owned();
                    let function = format!("${{aws_lambda_function.{name}.function_name}}");
                    let body = json!({ "function_name": function, "recursive_loop": allowed });
                    let body = body.as_object().cloned().unwrap_or_default();
                    let kind = "aws_lambda_function_recursion_config";
                    self.insert(kind, name, body, Vec::new());
                }
            }
            "AWS::Lambda::Permission" => {
                let function = properties.remove("FunctionName").unwrap_or_default();
                extra = self.function(&function)?;
                extra.extend(self.statement_id(id));
            }
            "AWS::Lambda::Url" => {
                let function = properties.remove("TargetFunctionArn").unwrap_or_default();
                extra = self.function(&function)?;
            }
            "AWS::CloudFormation::CustomResource" | "AWS::Lex::BotAlias" => {
                in_a_stack(id, &kind, &mut properties);
            }
            "AWS::CloudFront::Distribution" => nested::distribution(&mut properties),
            "AWS::Connect::IntegrationAssociation" => nested::association(&mut properties),
            "AWS::ElasticLoadBalancingV2::ListenerRule" => nested::listener_rule(&mut properties),
            "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                self.target_group(id, &mut properties, &depends_on)?;
            }
            "AWS::KinesisFirehose::DeliveryStream" => nested::delivery_stream(&mut properties),
            "AWS::Lambda::EventSourceMapping" => nested::mapping(&mut properties),
            "AWS::IAM::Role" => self.policies(id, &mut properties)?,
            "AWS::IAM::RolePolicy" => extra.extend(self.role_elsewhere(&mut properties)),
            "AWS::IoT::TopicRule" => flattened(&mut properties),
            "AWS::SES::ReceiptRule" => receipt_rule(&mut properties),
            "AWS::ApiGateway::Method" => self.integration(id, &mut properties)?,
            "AWS::Events::Rule" => self.targets(id, &mut properties)?,
            "AWS::ApiGateway::Deployment" => {
                let api = properties.get("RestApiId").cloned().unwrap_or_default();
                let content = marked::content(self.scope.resources, &api);
                let sum = marked::checksum(&content);
                extra.insert("triggers".to_owned(), json!({ "redeployment": sum }));
                extra.insert(
                    "lifecycle".to_owned(),
                    json!({ "create_before_destroy": true }),
                );
            }
            "AWS::ApiGatewayV2::Integration" => {
                // CloudFormation takes it for granted where a function is integrated.
                properties
                    .entry("IntegrationMethod")
                    .or_insert(json!("POST"));
            }
            _ => {}
        }
        let fields = schema::fields(found.fields);
        let mut body = self.scope.arguments(&fields, &properties, &kind)?;
        body.extend(extra);
        self.insert(
            found.terraform,
            self.scope.name(id).to_owned(),
            body,
            depends_on,
        );
        Ok(())
    }

    pub(super) fn properties(&self, id: &str) -> Body {
        self.scope.resources[id]["Properties"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    }

    pub(super) fn insert(
        &mut self,
        kind: &'static str,
        name: String,
        mut body: Body,
        mut depends_on: Vec<String>,
    ) {
        depends_on.sort();
        depends_on.dedup();
        if !depends_on.is_empty() {
            body.insert("depends_on".to_owned(), json!(depends_on));
        }
        self.resources.insert((kind, name), (body, Vec::new()));
    }

    fn depends_on(&self, id: &str) -> Vec<String> {
        let before = self.scope.resources[id]["DependsOn"]
            .as_array()
            .into_iter()
            .flatten();
        before
            .filter_map(Value::as_str)
            .flat_map(|id| self.addresses(id))
            .collect()
    }

    /// All that a resource of the template becomes; the resource itself comes first.
    fn addresses(&self, id: &str) -> Vec<String> {
        let (kind, name) = (self.scope.kind(id), self.scope.name(id));
        let of = |terraform: &str| format!("{terraform}.{name}");
        let mut all: Vec<String> = table::find(kind)
            .map(|kind| of(kind.terraform))
            .into_iter()
            .collect();
        match kind {
            "AWS::S3::Bucket" => all.push(of("aws_s3_bucket_notification")),
            "AWS::ApiGateway::Method" => all.push(of("aws_api_gateway_integration")),
            "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                all.push(of("aws_lb_target_group_attachment"));
            }
            "AWS::IAM::Role" => all.extend(roles::addresses(name, &self.properties(id))),
            _ => {}
        }
        all
    }

    /// The integration of a method, which Terraform has beside it.
    fn integration(&mut self, id: &str, properties: &mut Body) -> Result<(), Failure> {
        let Some(Value::Object(integration)) = properties.remove("Integration") else {
            return Ok(());
        };
        let fields = schema::fields(table::INTEGRATION);
        let mut body =
            self.scope
                .arguments(&fields, &integration, "AWS::ApiGateway::Method.Integration")?;
        for (property, argument) in [("RestApiId", "rest_api_id"), ("ResourceId", "resource_id")] {
            let value = properties.get(property).cloned().unwrap_or_default();
            body.insert(argument.to_owned(), self.scope.value(&value)?);
        }
        let name = self.scope.name(id).to_owned();
        let method = format!("${{aws_api_gateway_method.{name}.http_method}}");
        body.insert("http_method".to_owned(), json!(method));
        self.insert("aws_api_gateway_integration", name, body, Vec::new());
        Ok(())
    }

    /// The targets of a rule, which Terraform has beside it.
    fn targets(&mut self, id: &str, properties: &mut Body) -> Result<(), Failure> {
        let fields = schema::fields(table::TARGET);
        let targets = properties.remove("Targets").unwrap_or_default();
        for target in targets.as_array().into_iter().flatten() {
            let members = target.as_object().cloned().unwrap_or_default();
            let target_id = target["Id"].as_str().unwrap_or_default();
            let mut body = self
                .scope
                .arguments(&fields, &members, "AWS::Events::Rule.Targets")?;
            let rule = self.scope.name(id);
            let name = super::scope::identifier(&format!("{rule}_{target_id}"));
            let name_of = format!("${{aws_cloudwatch_event_rule.{rule}.name}}");
            body.insert("rule".to_owned(), json!(name_of));
            if let Some(bus) = properties.get("EventBusName") {
                body.insert("event_bus_name".to_owned(), self.scope.value(bus)?);
            }
            self.insert("aws_cloudwatch_event_target", name, body, Vec::new());
        }
        Ok(())
    }

    /// The notification of a bucket that is made elsewhere.
    fn notification(&mut self, id: &str, properties: &Body) -> Result<(), Failure> {
        let bucket = properties
            .get("BucketName")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let body = notification::body(self.config, &mut self.scope, bucket, properties)?;
        let (name, depends_on) = (self.scope.name(id).to_owned(), self.depends_on(id));
        self.notes.push(format!(
            "note: `aws_s3_bucket_notification.{name}` replaces all notifications of the bucket `{bucket}`, \
             those made elsewhere included: add them to the definition, or keep the bucket out of Terraform"
        ));
        let key = ("aws_s3_bucket_notification", name);
        self.insert(key.0, key.1.clone(), body, depends_on);
        if let Some((_, comments)) = self.resources.get_mut(&key) {
            comments.push(
                "replaces all notifications of the bucket, those made elsewhere included"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// The payload's members beside the name of the rule, its actions by their kinds.
fn flattened(rule: &mut Body) {
    let Some(Value::Object(payload)) = rule.remove("TopicRulePayload") else {
        return;
    };
    for (member, value) in payload {
        match (member.as_str(), value) {
            ("Actions", Value::Array(actions)) => {
                let actions = actions.into_iter().filter_map(|action| match action {
                    Value::Object(members) => members.into_iter().next(),
                    _ => None,
                });
                for (kind, settings) in actions {
                    match rule.entry(kind).or_insert(json!([])) {
                        Value::Array(all) => all.push(settings),
                        other => *other = settings,
                    }
                }
            }
            ("RuleDisabled", disabled) => {
                rule.insert("Enabled".to_owned(), json!(disabled != json!(true)));
            }
            (_, value) => drop(rule.insert(member, value)),
        }
    }
    // The provider demands it.
    rule.entry("Enabled").or_insert(json!(true));
}

/// A stack of its own, because no provider answers for a custom resource as CloudFormation does, and
/// none knows the aliases of bots.
fn in_a_stack(id: &str, kind: &str, properties: &mut Body) {
    let resource = json!({ "Type": kind, "Properties": std::mem::take(properties) });
    properties.insert("Name".to_owned(), json!(format!("lambda-with-{id}")));
    let template = json!({ "Resources": { id: resource } });
    properties.insert("TemplateBody".to_owned(), template);
}

/// The rule's members beside the name of its set, its actions by their kinds with their places.
fn receipt_rule(properties: &mut Body) {
    let Some(Value::Object(mut rule)) = properties.remove("Rule") else {
        return;
    };
    let actions = rule.remove("Actions");
    properties.extend(rule);
    let actions = actions.as_ref().and_then(Value::as_array).into_iter();
    for (position, action) in (1..).zip(actions.flatten()) {
        for (kind, settings) in action.as_object().into_iter().flatten() {
            let mut settings = settings.clone();
            settings["Position"] = json!(position);
            if let Value::Array(all) = properties.entry(kind).or_insert(json!([])) {
                all.push(settings);
            }
        }
    }
}

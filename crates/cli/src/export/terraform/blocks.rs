//! Terraform's blocks, made of a template's resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::scope::Scope;
use super::{notification, roles, schema, table};
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
            }
            "AWS::Lambda::Permission" => {
                let function = properties.remove("FunctionName").unwrap_or_default();
                extra = self.function(&function)?;
                extra.extend(self.statement_id(id));
            }
            "AWS::IAM::Role" => self.policies(id, &mut properties)?,
            "AWS::IAM::RolePolicy" => extra.extend(self.role_elsewhere(&mut properties)),
            "AWS::ApiGateway::Method" => self.integration(id, &mut properties)?,
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

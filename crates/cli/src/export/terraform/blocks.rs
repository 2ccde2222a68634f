//! Terraform's blocks, made of a template's resources.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::scope::{Scope, identifier, literal};
use super::{notification, schema, table};
use crate::config::{Code, Config, Defined};
use crate::export::marked::{self, Resources};
use crate::export::references;
use crate::failure::Failure;

/// The arguments of a block.
type Body = Map<String, Value>;

/// What is made so far.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    pub(super) scope: Scope<'a>,
    config: &'a Config,
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
                depends_on.extend(
                    role.iter()
                        .flat_map(|role| self.addresses(role).split_off(1)),
                );
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
                let content = marked::content(self.scope.resources, &properties["RestApiId"]);
                let sum = marked::checksum(&content);
                extra.insert("triggers".to_owned(), json!({ "redeployment": sum }));
                extra.insert(
                    "lifecycle".to_owned(),
                    json!({ "create_before_destroy": true }),
                );
            }
            "AWS::ApiGatewayV2::Integration" => {
                if properties
                    .get("IntegrationType")
                    .is_some_and(|kind| kind == "AWS_PROXY")
                {
                    properties
                        .entry("IntegrationMethod")
                        .or_insert(json!("POST"));
                }
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

    fn properties(&self, id: &str) -> Body {
        self.scope.resources[id]["Properties"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    }

    fn insert(
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
            "AWS::IAM::Role" => {
                let properties = self.properties(id);
                let parts = |property: &str| {
                    properties
                        .get(property)
                        .and_then(Value::as_array)
                        .cloned()
                        .unwrap_or_default()
                };
                let managed = parts("ManagedPolicyArns");
                let managed = managed
                    .iter()
                    .map(|arn| format!("aws_iam_role_policy_attachment.{}", attachment(name, arn)));
                let own = parts("Policies");
                let own = own
                    .iter()
                    .map(|policy| format!("aws_iam_role_policy.{}", inline(name, policy)));
                all.extend(managed.chain(own));
            }
            _ => {}
        }
        all
    }

    /// Where the function's code comes from, and whether versions are made of it.
    fn code(&mut self, id: &str, properties: &Body) -> Body {
        let function = properties
            .get("FunctionName")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let defined = self
            .config
            .functions
            .iter()
            .find(|defined| defined.function.name() == function);
        let variable = format!("{}_package", self.scope.name(id));
        let mut described = Body::new();
        let what = format!("The zip file that holds the code of {function}");
        described.insert("description".to_owned(), json!(what));
        if let Some(Code::Bin(bin)) = defined.map(|defined| &defined.code) {
            let package = format!("target/lambda/{bin}/bootstrap.zip");
            described.insert("default".to_owned(), json!(literal(&package)));
        }
        let mut body = Body::new();
        body.insert("filename".to_owned(), json!(format!("${{var.{variable}}}")));
        let sum = format!("${{filebase64sha256(var.{variable})}}");
        body.insert("source_code_hash".to_owned(), json!(sum));
        let versions = self.scope.resources.iter().any(|(_, resource)| {
            resource["Type"] == "AWS::Lambda::Version"
                && resource["Properties"]["FunctionName"] == json!({ "Ref": id })
        });
        if versions {
            body.insert("publish".to_owned(), json!(true));
        }
        self.variables.insert(variable, described);
        body
    }

    /// The function of a permission: its name, and the version or alias.
    fn function(&mut self, function: &Value) -> Result<Body, Failure> {
        let mut body = Body::new();
        let mut set = |name: &str, value: String| body.insert(name.to_owned(), json!(value));
        match references::target(function) {
            Some((id, None)) if self.scope.kind(id) == "AWS::Lambda::Alias" => {
                let alias = format!("aws_lambda_alias.{}", self.scope.name(id));
                set("function_name", format!("${{{alias}.function_name}}"));
                set("qualifier", format!("${{{alias}.name}}"));
            }
            Some((id, _)) => {
                let name = self.scope.reference(id, None)?;
                set("function_name", format!("${{{name}}}"));
            }
            None => {
                let found = self
                    .config
                    .functions
                    .iter()
                    .find(|defined| *function == defined.function.arn.as_str());
                let Some(defined) = found else {
                    return Err(Failure::new(format!(
                        "{function} is none of the functions of the definition"
                    )));
                };
                let name = self.elsewhere(defined);
                set(
                    "function_name",
                    format!("${{data.aws_lambda_function.{name}.function_name}}"),
                );
                if let Some(qualifier) = defined.function.qualifier() {
                    set("qualifier", literal(qualifier));
                }
            }
        }
        Ok(body)
    }

    /// The data source of a function that is elsewhere.
    fn elsewhere(&mut self, defined: &Defined) -> String {
        let name = identifier(&lambda_with::Resource::logical_id(&[&defined.name]));
        let mut body = Body::new();
        body.insert(
            "function_name".to_owned(),
            json!(literal(defined.function.name())),
        );
        if let Some(qualifier) = defined.function.qualifier() {
            body.insert("qualifier".to_owned(), json!(literal(qualifier)));
        }
        self.functions.insert(name.clone(), body);
        name
    }

    /// The statement's own id, which CloudFormation has no property for.
    fn statement_id(&self, id: &str) -> Option<(String, Value)> {
        let needs = self.config.functions.iter().map(crate::needs::Needs::of);
        let sids: Vec<String> = needs
            .flat_map(|needs| needs.statements)
            .map(|statement| statement.sid)
            .collect();
        let named = |sid: &&String| lambda_with::Resource::permission_id(sid) == id;
        // One that two functions would have taken has the function's name in front.
        let ends = |sid: &&String| id.ends_with(&lambda_with::Resource::permission_id(sid));
        let sid = sids.iter().find(named).or_else(|| sids.iter().find(ends))?;
        Some(("statement_id".to_owned(), json!(literal(sid))))
    }

    /// The policies of a role, which Terraform has beside it.
    fn policies(&mut self, id: &str, properties: &mut Body) -> Result<(), Failure> {
        let name = self.scope.name(id).to_owned();
        let role = json!(format!("${{aws_iam_role.{name}.name}}"));
        let mut list = |property: &str| match properties.remove(property) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        for arn in list("ManagedPolicyArns") {
            let mut body = Body::new();
            body.insert("role".to_owned(), role.clone());
            body.insert("policy_arn".to_owned(), self.scope.value(&arn)?);
            self.insert(
                "aws_iam_role_policy_attachment",
                attachment(&name, &arn),
                body,
                Vec::new(),
            );
        }
        for policy in list("Policies") {
            let mut body = Body::new();
            body.insert("role".to_owned(), role.clone());
            body.insert("name".to_owned(), self.scope.value(&policy["PolicyName"])?);
            let document = self.scope.value(&policy["PolicyDocument"])?;
            body.insert("policy".to_owned(), json!(document.to_string()));
            self.insert(
                "aws_iam_role_policy",
                inline(&name, &policy),
                body,
                Vec::new(),
            );
        }
        Ok(())
    }

    /// The role of a function that is elsewhere: the function knows it.
    fn role_elsewhere(&mut self, properties: &mut Body) -> Option<(String, Value)> {
        let policy = properties.get("PolicyName")?.as_str()?;
        let (role, _) = properties.get("RoleName").and_then(references::target)?;
        let defined = self.config.functions.iter().find(|defined| {
            policy == format!("{}-connections", defined.name)
                && matches!(defined.code, Code::Elsewhere)
        })?;
        if self.scope.resources.contains_key(role) {
            return None;
        }
        properties.remove("RoleName");
        let name = self.elsewhere(defined);
        let role = format!("${{basename(data.aws_lambda_function.{name}.role)}}");
        Some(("role".to_owned(), json!(role)))
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

fn attachment(role: &str, policy: &Value) -> String {
    let text = policy
        .as_str()
        .or_else(|| policy["Fn::Sub"].as_str())
        .unwrap_or_default();
    let last = text.rsplit('/').next().unwrap_or_default();
    format!(
        "{role}_{}",
        identifier(&lambda_with::Resource::logical_id(&[last]))
    )
}

fn inline(role: &str, policy: &Value) -> String {
    let name = policy["PolicyName"].as_str().unwrap_or_default();
    format!(
        "{role}_{}",
        identifier(&lambda_with::Resource::logical_id(&[name]))
    )
}

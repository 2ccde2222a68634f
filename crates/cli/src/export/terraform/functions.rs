//! The functions themselves, in the definition's file or elsewhere.

use lambda_with::Resource;
use serde_json::{Value, json};

use super::blocks::{Blocks, Body};
use super::scope::{identifier, literal};
use crate::config::{Code, Defined};
use crate::export::references;
use crate::failure::Failure;
use crate::needs::Needs;

impl Blocks<'_> {
    /// Where the function's code comes from, and whether versions are made of it.
    pub(super) fn code(&mut self, id: &str, properties: &Body) -> Body {
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
    pub(super) fn function(&mut self, function: &Value) -> Result<Body, Failure> {
        let mut body = Body::new();
        let mut set = |name: &str, value: String| body.insert(name.to_owned(), json!(value));
        match references::target(function) {
            Some((id, None)) if self.scope.kind(id) == "AWS::Lambda::Alias" => {
                let alias = format!("aws_lambda_alias.{}", self.scope.name(id));
                set("function_name", format!("${{{alias}.function_name}}"));
                set("qualifier", format!("${{{alias}.name}}"));
            }
            Some((id, None)) if self.scope.kind(id) == "AWS::Lambda::Version" => {
                let version = self.scope.reference(id, Some("Version"))?;
                let (function, _) = version.rsplit_once('.').unwrap_or_default();
                set("function_name", format!("${{{function}.function_name}}"));
                set("qualifier", format!("${{{version}}}"));
            }
            Some((id, _)) => {
                let name = self.scope.reference(id, None)?;
                set("function_name", format!("${{{name}}}"));
            }
            None => {
                let found = self.config.functions.iter().find(|defined| {
                    let known = &defined.function;
                    *function == known.arn.as_str() || *function == known.name()
                });
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
        let mut name = identifier(&Resource::logical_id(&[&defined.name]));
        let mut body = Body::new();
        body.insert(
            "function_name".to_owned(),
            json!(literal(defined.function.name())),
        );
        if let Some(qualifier) = defined.function.qualifier() {
            body.insert("qualifier".to_owned(), json!(literal(qualifier)));
        }
        // A provider has one Region, here that of the first function; at the edge another is meant.
        let region = defined.function.region();
        let first = self.config.functions.first();
        if first.is_some_and(|first| first.function.region() != region) {
            body.insert("region".to_owned(), json!(literal(region)));
        }
        // `a-b` and `a_b` are two functions.
        while self
            .functions
            .get(&name)
            .is_some_and(|there| *there != body)
        {
            name.push('_');
        }
        self.functions.insert(name.clone(), body);
        name
    }

    /// The statement's own id, which CloudFormation has no property for.
    pub(super) fn statement_id(&self, id: &str) -> Option<(String, Value)> {
        let needs = self.config.functions.iter().map(Needs::of);
        let sids: Vec<String> = needs
            .flat_map(|needs| needs.statements)
            .map(|statement| statement.sid)
            .collect();
        let named = |sid: &&String| Resource::permission_id(sid) == id;
        // One that two functions would have taken has the function's name in front.
        let ends = |sid: &&String| id.ends_with(&Resource::permission_id(sid));
        let sid = sids.iter().find(named).or_else(|| sids.iter().find(ends))?;
        Some(("statement_id".to_owned(), json!(literal(sid))))
    }

    /// The role of a function that is elsewhere: the function knows it.
    pub(super) fn role_elsewhere(&mut self, properties: &mut Body) -> Option<(String, Value)> {
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
}

#![doc = include_str!("../README.md")]

mod check;
mod ext;
mod generated;
#[cfg(feature = "reply")]
mod https;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod lenient;
mod name;
mod provide;
mod respond;

use std::collections::BTreeMap;

use lambda_with::{
    Arn, CallerRole, Example, Finding, Function, Integration, Permission, Principal, Resource,
    RoleStatement, Service, Statement, is_account,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;
#[cfg(feature = "reply")]
pub use crate::https::Https;
pub use crate::provide::{Answer, CustomResource, Partly, Put, provide};
pub use crate::respond::Provided;

/// A custom resource of a stack that a function makes, changes and removes.
///
/// ```toml
/// [[functions.berths.with]]
/// service = "cloudformation"
/// resource = "Berths"
/// service_timeout = 120
/// properties = { Quay = "north", Count = 24 }
/// ```
///
/// ```
/// use lambda_with_cloudformation::CloudFormation;
///
/// let berths = CloudFormation { service_timeout: Some(120), ..CloudFormation::new("Berths") };
/// assert_eq!(berths.resource, "Berths");
/// ```
///
/// The stack and the function are in the same Region; their accounts may differ.
/// See <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CloudFormation {
    /// The resource's logical id: its name in the template, letters and digits.
    pub resource: String,
    /// Seconds CloudFormation waits for an answer, 1 to 3,600; an hour unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_timeout: Option<u32>,
    /// The account whose stacks have the resource, twelve digits; the function's unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The stack's service role, where it has one: it invokes the function. Without one, whoever
    /// works with the stack does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
    /// The resource's properties, which the function is told. Numbers and booleans reach it as
    /// strings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
}

/// The type of the resource in a template.
const KIND: &str = "AWS::CloudFormation::CustomResource";

impl CloudFormation {
    /// A resource without properties, in stacks of the function's account.
    pub fn new(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            service_timeout: None,
            account: None,
            role: None,
            properties: BTreeMap::new(),
        }
    }

    /// The other account, where it is one.
    fn other_account(&self, function: &Function) -> Option<&str> {
        let account = self.account.as_deref();
        account.filter(|account| *account != function.account())
    }
}

impl Integration for CloudFormation {
    type Event = CustomResourceEvent;
    type Response = CustomResourceResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(&self.resource)
    }

    /// What the stack's service role needs, and the entry of another account. CloudFormation calls
    /// as that role or as whoever works with the stack; in the function's account its policy needs
    /// no statement.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let mut permissions = Vec::new();
        if let Some(role) = self.role.as_ref().filter(|role| role.is_role()) {
            let invoke = RoleStatement::new(
                ["lambda:InvokeFunction"],
                function.arn.as_str(),
                "the stack invokes the function",
            );
            let mut caller = CallerRole::new("cloudformation.amazonaws.com", [invoke]);
            caller.role = Some(role.clone());
            permissions.push(Permission::CallerRole(caller));
        }
        let account = self.other_account(function);
        if let Some(account) = account.filter(|account| is_account(account)) {
            let principal = Principal::Aws(account.to_owned());
            permissions.push(Permission::ResourceBased(Statement::new(
                self.name(),
                principal,
            )));
        }
        permissions
    }

    /// The custom resource, or nothing where the stack is in another account.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        if self.other_account(function).is_some() {
            return Vec::new();
        }
        let mut properties = json!(self.properties);
        properties["ServiceToken"] = Resource::FUNCTION.into();
        if let Some(seconds) = self.service_timeout {
            properties["ServiceTimeout"] = seconds.into();
        }
        vec![Resource::new(&self.resource, KIND, properties)]
    }

    /// The request to create the resource, with the properties of the connection.
    fn example(&self, function: &Function) -> Option<Example> {
        let mut properties = text_leaves(&json!(self.properties));
        properties["ServiceToken"] = function.arn.as_str().into();
        if let Some(seconds) = self.service_timeout {
            properties["ServiceTimeout"] = seconds.to_string().into();
        }
        let example = Example::named(&SERVICE, "create")?
            .with("/ServiceToken", function.arn.as_str())
            .with("/LogicalResourceId", self.resource.as_str())
            .with("/ResourceType", KIND)
            .with("/ResourceProperties", properties);
        Some(example)
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }
}

/// Properties as CloudFormation sends them: numbers and booleans as strings.
fn text_leaves(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        Value::Array(items) => items.iter().map(text_leaves).collect(),
        Value::Object(members) => {
            let texts = members
                .iter()
                .map(|(name, value)| (name.clone(), text_leaves(value)));
            Value::Object(texts.collect())
        }
        plain => plain.clone(),
    }
}

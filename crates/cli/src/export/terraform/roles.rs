//! Roles, whose policies Terraform has beside them.

use lambda_with::Resource;
use serde_json::{Value, json};

use super::blocks::{Blocks, Body};
use super::scope::identifier;
use crate::failure::Failure;

/// What a role has beside it.
pub(super) fn addresses(name: &str, properties: &Body) -> Vec<String> {
    let parts = |property: &str| {
        properties
            .get(property)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let managed = parts("ManagedPolicyArns").map(|arn| attachment(name, arn));
    let own = parts("Policies").map(|policy| inline(name, policy));
    let managed = managed.map(|name| format!("aws_iam_role_policy_attachment.{name}"));
    managed
        .chain(own.map(|name| format!("aws_iam_role_policy.{name}")))
        .collect()
}

impl Blocks<'_> {
    /// The policies of a role, which Terraform has beside it.
    pub(super) fn policies(&mut self, id: &str, properties: &mut Body) -> Result<(), Failure> {
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
}

fn attachment(role: &str, policy: &Value) -> String {
    let text = policy
        .as_str()
        .or_else(|| policy["Fn::Sub"].as_str())
        .unwrap_or_default();
    let last = text.rsplit('/').next().unwrap_or_default();
    format!("{role}_{}", identifier(&Resource::logical_id(&[last])))
}

fn inline(role: &str, policy: &Value) -> String {
    let name = policy["PolicyName"].as_str().unwrap_or_default();
    format!("{role}_{}", identifier(&Resource::logical_id(&[name])))
}

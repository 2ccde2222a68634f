//! `export --format cloudformation`.

use std::collections::BTreeSet;

use lambda_with::policy::Policy;
use lambda_with::{CallerRole, Principal, Resource, Statement};
use serde_json::{Value, json};

use super::function::{self, Names};
use super::template::Template;
use super::url;
use crate::config::{Config, Connected, Defined};
use crate::failure::Failure;
use crate::needs::Needs;

/// The whole definition as one template, as JSON text.
pub(crate) fn cloudformation(config: &Config) -> anyhow::Result<String> {
    let names: Vec<&str> = config
        .functions
        .iter()
        .map(|defined| defined.name.as_str())
        .collect();
    let mut template = Template::new(format!("Connections of {}", names.join(", ")));
    // An authorizer of one function refers to the API of another.
    let known: BTreeSet<String> = config.functions.iter().flat_map(ids).collect();
    for defined in &config.functions {
        add(defined, &known, &mut template)?;
    }
    template.finish();
    let mut text = serde_json::to_string_pretty(&template)?;
    text.push('\n');
    Ok(text)
}

/// The logical ids of what the function's connections make.
fn ids(defined: &Defined) -> impl Iterator<Item = String> {
    let resources = |connected: &Connected| connected.connection.resources(&defined.function);
    let resources = defined.connections.iter().flat_map(resources);
    resources.map(|resource| resource.id)
}

fn add(
    defined: &Defined,
    known: &BTreeSet<String>,
    template: &mut Template,
) -> Result<(), Failure> {
    let names = Names::of(defined);
    let needs = Needs::of(defined);
    let mut resources = function::resources(defined, &names, &needs, template)?;
    let statements = needs.statements.iter();
    resources.extend(statements.map(|statement| permission(statement, &names)));
    resources.extend(url::resource(defined, &names));
    let callers = needs.callers.iter();
    resources.extend(callers.map(|(connection, caller)| caller_role(connection, caller)));
    for connected in &defined.connections {
        for mut resource in connected.connection.resources(&defined.function) {
            // Lambda checks that the role may read before it makes the mapping.
            if resource.kind == "AWS::Lambda::EventSourceMapping" && needs.role_policy().is_some() {
                resource
                    .depends_on
                    .push(format!("{}RolePolicy", names.stem));
            }
            resources.push(resource);
        }
    }
    let mut substitution = names.substitution(defined);
    substitution.known.extend(known.iter().cloned());
    template.add(&names.stem, resources, substitution)
}

fn permission(statement: &Statement, names: &Names) -> Resource {
    let principal = match &statement.principal {
        Principal::Service(name) | Principal::Aws(name) => name.as_str(),
        _ => "*",
    };
    let mut properties = json!({
        "Action": statement.action,
        "FunctionName": Resource::FUNCTION,
        "Principal": principal,
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            properties[name] = value;
        }
    };
    set(
        "SourceArn",
        statement.source_arn.as_ref().map(|arn| json!(arn)),
    );
    set(
        "SourceAccount",
        statement
            .source_account
            .as_ref()
            .map(|account| json!(account)),
    );
    set(
        "PrincipalOrgID",
        statement.principal_org_id.as_ref().map(|id| json!(id)),
    );
    set(
        "EventSourceToken",
        statement
            .event_source_token
            .as_ref()
            .map(|token| json!(token)),
    );
    set(
        "FunctionUrlAuthType",
        statement.function_url_auth_type.map(|auth| json!(auth)),
    );
    set(
        "InvokedViaFunctionUrl",
        statement.invoked_via_function_url.map(|via| json!(via)),
    );
    // The statements of all functions' URLs have the same ids.
    let id = Resource::permission_id(&statement.sid);
    let of_url =
        statement.function_url_auth_type.is_some() || statement.invoked_via_function_url.is_some();
    let owner = if of_url { names.stem.as_str() } else { "" };
    Resource::new(
        format!("{owner}{id}"),
        "AWS::Lambda::Permission",
        properties,
    )
}

/// The role a service assumes, or what is added to the one there is.
fn caller_role(connection: &str, caller: &CallerRole) -> Resource {
    let policy = Policy::of_role(&caller.allows);
    let id = Resource::logical_id(&[connection, "role"]);
    match &caller.role {
        // The role may be that of other connections too.
        Some(role) => {
            let role = crate::needs::role_name(role);
            let properties = json!({
                "PolicyDocument": policy,
                "PolicyName": connection,
                "RoleName": role,
            });
            let id = Resource::logical_id(&[connection, role, "role", "policy"]);
            Resource::new(id, "AWS::IAM::RolePolicy", properties)
        }
        None => {
            let properties = json!({
                "AssumeRolePolicyDocument": Policy::trust(caller),
                "Policies": [{ "PolicyName": "invoke", "PolicyDocument": policy }],
            });
            Resource::new(id, "AWS::IAM::Role", properties)
        }
    }
}

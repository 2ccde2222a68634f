//! The function itself: its code, its role, its version and alias, its destinations.

use lambda_with::Resource;
use lambda_with::rules::recursion::RecursiveLoop;
use serde_json::{Map, Value, json};

use super::substitute::Substitution;
use super::template::{Template, unite};
use crate::config::{Code, Defined};
use crate::failure::Failure;
use crate::needs::{Needs, managed};

/// The names one function goes by in the template.
#[derive(Debug)]
pub(super) struct Names {
    /// The function's logical id.
    pub(super) function: String,
    /// What the ids of all that hangs on the function begin with.
    pub(super) stem: String,
    /// Whether the template makes the function.
    pub(super) owned: bool,
    /// The alias that is meant, which the template makes.
    pub(super) alias: Option<String>,
    /// Whether a numbered version is meant, which the template publishes.
    version: bool,
}

impl Names {
    pub(super) fn of(defined: &Defined) -> Self {
        let function = Resource::logical_id(&[&defined.name, "function"]);
        let stem = Resource::logical_id(&[&defined.name]);
        let owned = !matches!(defined.code, Code::Elsewhere);
        let qualifier = defined.function.qualifier().filter(|_| owned);
        let is_version = |q: &&str| q.bytes().all(|b| b.is_ascii_digit());
        let alias = qualifier.filter(|q| !is_version(q) && *q != "$LATEST");
        Self {
            function,
            stem,
            owned,
            alias: alias.map(str::to_owned),
            version: qualifier.is_some_and(|q| is_version(&q)),
        }
    }

    /// How the function's ARN is written in this template.
    pub(super) fn substitution(&self, defined: &Defined) -> Substitution {
        let (function, function_text) = match &self.alias {
            _ if !self.owned => {
                let arn = defined.function.arn.as_str();
                (json!(arn), arn.to_owned())
            }
            Some(_) => {
                let id = format!("{}Alias", self.stem);
                (json!({ "Ref": id }), format!("${{{id}}}"))
            }
            // Its number is drawn when it is published.
            None if self.version => {
                let id = format!("{}Version", self.stem);
                (json!({ "Ref": id }), format!("${{{id}}}"))
            }
            None => {
                let id = &self.function;
                (
                    json!({ "Fn::GetAtt": [id, "Arn"] }),
                    format!("${{{id}.Arn}}"),
                )
            }
        };
        Substitution {
            function,
            function_text,
            known: Default::default(),
            renamed: Default::default(),
        }
    }
}

/// The function and all that hangs on it alone, where the template makes it.
pub(super) fn resources(
    defined: &Defined,
    names: &Names,
    needs: &Needs,
    template: &mut Template,
) -> Result<Vec<Resource>, Failure> {
    let (id, stem) = (&names.function, &names.stem);
    let mut resources = Vec::new();
    let role = role(defined, names, needs, template, &mut resources);
    if names.owned {
        let mut function = Resource::new(id, "AWS::Lambda::Function", function(defined, &role)?);
        if needs.role_policy().is_some() {
            function.depends_on.push(format!("{stem}RolePolicy"));
        }
        for (name, what) in [("Bucket", "The bucket"), ("Key", "The object")] {
            let description = format!(
                "{what} that holds the code of {} as a zip file",
                defined.name
            );
            let parameter = json!({ "Type": "String", "Description": description });
            template
                .parameters
                .insert(format!("{stem}Code{name}"), parameter);
        }
        resources.push(function);
    }
    if names.alias.is_some() || names.version {
        let version = json!({ "FunctionName": { "Ref": id } });
        resources.push(Resource::new(
            format!("{stem}Version"),
            "AWS::Lambda::Version",
            version,
        ));
    }
    if let Some(alias) = &names.alias {
        let properties = json!({
            "FunctionName": { "Ref": id },
            "FunctionVersion": { "Fn::GetAtt": [format!("{stem}Version"), "Version"] },
            "Name": alias,
        });
        resources.push(Resource::new(
            format!("{stem}Alias"),
            "AWS::Lambda::Alias",
            properties,
        ));
    }
    resources.extend(asynchronous(defined, names));
    Ok(resources)
}

/// The execution role, or a policy added to the one there is. Returns what refers to the role.
fn role(
    defined: &Defined,
    names: &Names,
    needs: &Needs,
    template: &mut Template,
    resources: &mut Vec<Resource>,
) -> Value {
    let id = &names.stem;
    let (role_name, role) = match &defined.function.role {
        Some(arn) => (json!(crate::needs::role_name(arn)), json!(arn)),
        None if names.owned => {
            let managed: Vec<String> = managed(defined)
                .map(|name| format!("arn:${{AWS::Partition}}:iam::aws:policy/{name}"))
                .collect();
            let properties = json!({
                "AssumeRolePolicyDocument": needs.trust(),
                "ManagedPolicyArns": managed,
            });
            let name = format!("{id}Role");
            resources.push(Resource::new(&name, "AWS::IAM::Role", properties));
            (
                json!({ "Ref": name }),
                json!({ "Fn::GetAtt": [name, "Arn"] }),
            )
        }
        None => {
            let name = format!("{id}RoleName");
            if needs.role_policy().is_some() {
                let description = format!("The name of the role that {} runs as", defined.name);
                let parameter = json!({ "Type": "String", "Description": description });
                template.parameters.insert(name.clone(), parameter);
            }
            (json!({ "Ref": name }), Value::Null)
        }
    };
    if let Some(policy) = needs.role_policy() {
        let properties = json!({
            "PolicyName": format!("{}-connections", defined.name),
            "RoleName": role_name,
            "PolicyDocument": policy,
        });
        resources.push(Resource::new(
            format!("{id}RolePolicy"),
            "AWS::IAM::RolePolicy",
            properties,
        ));
    }
    role
}

fn function(defined: &Defined, role: &Value) -> Result<Value, Failure> {
    let function = &defined.function;
    let id = Resource::logical_id(&[&defined.name]);
    let mut properties = json!({
        "FunctionName": function.name(),
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Code": {
            "S3Bucket": { "Ref": format!("{id}CodeBucket") },
            "S3Key": { "Ref": format!("{id}CodeKey") },
        },
        "Role": role,
    });
    properties
        .as_object_mut()
        .into_iter()
        .for_each(|properties| properties.extend(members(defined)));
    for connected in &defined.connections {
        if let Some(configuration) = connected.connection.configuration(function) {
            properties = unite(properties, configuration).ok_or_else(|| {
                let name = connected.connection.name();
                Failure::new(format!(
                    "connection `{name}` sets the function `{}` otherwise than the file or another connection",
                    defined.name
                ))
            })?;
        }
    }
    Ok(properties)
}

/// What the file says of the function itself, in the terms of `AWS::Lambda::Function`.
pub(crate) fn members(defined: &Defined) -> Map<String, Value> {
    let function = &defined.function;
    let mut members = Map::new();
    let mut set = |member: &str, value| members.insert(member.to_owned(), value);
    set("Timeout", json!(function.timeout));
    set("MemorySize", json!(function.memory));
    if !defined.env.is_empty() {
        set("Environment", json!({ "Variables": defined.env }));
    }
    if let Some(reserved) = function.reserved_concurrency {
        set("ReservedConcurrentExecutions", json!(reserved));
    }
    if defined.recursive_loop != RecursiveLoop::default() {
        set("RecursiveLoop", json!(defined.recursive_loop));
    }
    if !function.subnets.is_empty() || !function.security_groups.is_empty() {
        let network = json!({
            "SubnetIds": function.subnets,
            "SecurityGroupIds": function.security_groups,
        });
        set("VpcConfig", network);
    }
    members
}

/// Retries and destinations of asynchronous invocations.
fn asynchronous(defined: &Defined, names: &Names) -> Option<Resource> {
    let mut properties = invocations(defined)?;
    properties["FunctionName"] = match names.owned {
        true => json!({ "Ref": names.function }),
        false => json!(defined.function.name()),
    };
    properties["Qualifier"] = match names.version {
        true => json!({ "Fn::GetAtt": [format!("{}Version", names.stem), "Version"] }),
        false => json!(defined.function.qualifier().unwrap_or("$LATEST")),
    };
    let id = format!("{}EventInvokeConfig", names.stem);
    let mut resource = Resource::new(id, "AWS::Lambda::EventInvokeConfig", properties);
    resource
        .depends_on
        .extend(names.alias.iter().map(|_| format!("{}Alias", names.stem)));
    Some(resource)
}

/// The same, whatever function they belong to; nothing where the file says nothing of them.
pub(crate) fn invocations(defined: &Defined) -> Option<Value> {
    let mut properties = json!({});
    let destinations = [
        ("OnFailure", &defined.on_failure),
        ("OnSuccess", &defined.on_success),
    ];
    for (name, arn) in destinations {
        if let Some(arn) = arn {
            properties["DestinationConfig"][name] = json!({ "Destination": arn });
        }
    }
    if let Some(attempts) = defined.maximum_retry_attempts {
        properties["MaximumRetryAttempts"] = json!(attempts);
    }
    if let Some(age) = defined.maximum_event_age {
        properties["MaximumEventAgeInSeconds"] = json!(age);
    }
    let set = properties.as_object().is_some_and(|all| !all.is_empty());
    set.then_some(properties)
}

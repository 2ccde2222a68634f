//! All that must be granted for one function, gathered from its connections and destinations.

use lambda_with::policy::Policy;
use lambda_with::{Arn, CallerRole, FunctionUrlAuthType, Permission, RoleStatement, Statement};
use serde::Serialize;

use crate::config::Defined;

/// The managed policy that lets a function write its log.
pub(crate) const BASIC_EXECUTION: &str = "service-role/AWSLambdaBasicExecutionRole";

/// The managed policy that lets a function attach itself to subnets.
pub(crate) const VPC_ACCESS: &str = "service-role/AWSLambdaVPCAccessExecutionRole";

/// What one function needs.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Statements of the function's resource-based policy.
    pub(crate) statements: Vec<Statement>,
    /// Statements of the execution role.
    pub(crate) role: Vec<RoleStatement>,
    /// Roles that services assume to invoke, each with the name of its connection.
    pub(crate) callers: Vec<(String, CallerRole)>,
    /// Services that must be able to assume the execution role, beside Lambda.
    pub(crate) trusted: Vec<String>,
}

/// The policies of one function, as JSON prints them.
#[derive(Serialize)]
pub(crate) struct Policies {
    function: String,
    arn: Arn,
    /// Who may invoke the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_based_policy: Option<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_role: Option<RolePolicies>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caller_roles: Vec<RolePolicies>,
}

/// The two policies of a role.
#[derive(Serialize)]
struct RolePolicies {
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Arn>,
    trust: Policy,
    managed: Vec<String>,
    policy: Policy,
}

impl Needs {
    pub(crate) fn of(defined: &Defined) -> Self {
        let mut needs = Self::default();
        for connected in &defined.connections {
            for permission in connected.connection.permissions(&defined.function) {
                match permission {
                    Permission::ResourceBased(same) if needs.statements.contains(&same) => {}
                    Permission::ResourceBased(statement) => needs.statements.push(statement),
                    Permission::ExecutionRole(statement) => needs.role.push(statement),
                    Permission::CallerRole(role) => {
                        needs.callers.push((connected.connection.name(), role));
                    }
                    Permission::ExecutionTrust { service } => needs.trusted.push(service),
                    _ => {}
                }
            }
        }
        let url = defined.url.as_ref();
        if url.is_some_and(|url| url.auth_type == FunctionUrlAuthType::None) {
            needs.statements.extend(Statement::public_url());
        }
        needs.role.extend(Self::destinations(defined));
        needs.trusted.dedup();
        needs
    }

    /// Statements of the execution role that let Lambda send records of asynchronous invocations.
    pub(crate) fn destinations(defined: &Defined) -> impl Iterator<Item = RoleStatement> {
        let destinations = [&defined.on_failure, &defined.on_success];
        destinations.into_iter().flatten().filter_map(send)
    }

    /// Whether the execution role needs a policy of its own.
    pub(crate) fn role_policy(&self) -> Option<Policy> {
        (!self.role.is_empty()).then(|| Policy::of_role(&self.role))
    }

    /// Who may assume the execution role.
    pub(crate) fn trust(&self) -> Policy {
        Policy::execution_trust(self.trusted.iter().map(String::as_str))
    }

    pub(crate) fn policies(&self, defined: &Defined) -> Policies {
        let function = &defined.function;
        let partition = function.partition();
        Policies {
            function: defined.name.clone(),
            arn: function.arn.clone(),
            resource_based_policy: (!self.statements.is_empty())
                .then(|| Policy::of_function(&function.arn, &self.statements)),
            execution_role: self.role_policy().map(|policy| RolePolicies {
                connection: None,
                role: function.role.clone(),
                trust: self.trust(),
                managed: managed(defined)
                    .map(|name| managed_arn(partition, name))
                    .collect(),
                policy,
            }),
            caller_roles: self
                .callers
                .iter()
                .map(|(connection, caller)| RolePolicies {
                    connection: Some(connection.clone()),
                    role: caller.role.clone(),
                    trust: Policy::trust(caller),
                    managed: Vec::new(),
                    policy: Policy::of_role(&caller.allows),
                })
                .collect(),
        }
    }
}

/// The managed policies every role of such a function has.
pub(crate) fn managed(defined: &Defined) -> impl Iterator<Item = &'static str> {
    let in_vpc = !defined.function.subnets.is_empty();
    std::iter::once(BASIC_EXECUTION).chain(in_vpc.then_some(VPC_ACCESS))
}

pub(crate) fn managed_arn(partition: &str, name: &str) -> String {
    format!("arn:{partition}:iam::aws:policy/{name}")
}

/// The name of a role, without its path.
pub(crate) fn role_name(role: &Arn) -> &str {
    role.resource().rsplit('/').next().unwrap_or_default()
}

/// What sending to a destination takes.
fn send(destination: &Arn) -> Option<RoleStatement> {
    let reason = "Lambda sends the record of an asynchronous invocation here";
    let arn = destination.as_str();
    Some(match destination.service() {
        "sqs" => RoleStatement::new(["sqs:SendMessage"], arn, reason),
        "sns" => RoleStatement::new(["sns:Publish"], arn, reason),
        "lambda" => RoleStatement::new(["lambda:InvokeFunction"], arn, reason),
        "events" => RoleStatement::new(["events:PutEvents"], arn, reason),
        "s3" => {
            let mut statement = RoleStatement::new(["s3:PutObject", "s3:ListBucket"], arn, reason);
            statement.resources.push(format!("{arn}/*"));
            statement
        }
        _ => return None,
    })
}

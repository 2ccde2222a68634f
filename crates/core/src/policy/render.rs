//! Permissions as documents.

use super::{Effect, Policy, PolicyStatement, Principals, Values};
use crate::permission::FunctionUrlAuthType;
use crate::{Arn, CallerRole, Map, Principal, RoleStatement, Statement};

impl Policy {
    /// The resource-based policy of a function with these statements, as `GetPolicy` returns it.
    ///
    /// `function` is the function's ARN, with the version or alias the policy belongs to.
    #[must_use]
    pub fn of_function<'a>(
        function: &Arn,
        statements: impl IntoIterator<Item = &'a Statement>,
    ) -> Self {
        let statements = statements
            .into_iter()
            .map(|statement| PolicyStatement::of_function(statement, function))
            .collect();
        Self {
            id: Some("default".into()),
            statements,
            ..Self::default()
        }
    }

    /// The policy of a role that allows just this.
    ///
    /// Statements with the same actions and conditions become one with all their resources, then
    /// those with the same resources and conditions one with all their actions.
    #[must_use]
    pub fn of_role<'a>(statements: impl IntoIterator<Item = &'a RoleStatement>) -> Self {
        let mut parts: Vec<Part<'a>> = Vec::new();
        for statement in statements {
            let mut actions = statement.actions.clone();
            actions.sort_unstable();
            actions.dedup();
            let conditions = &statement.conditions;
            match parts
                .iter_mut()
                .find(|p| p.actions == actions && p.conditions == conditions)
            {
                Some(part) => part
                    .resources
                    .extend(statement.resources.iter().map(String::as_str)),
                None => parts.push(Part {
                    actions,
                    resources: statement.resources.iter().map(String::as_str).collect(),
                    conditions,
                }),
            }
        }
        let mut merged: Vec<Part<'a>> = Vec::new();
        for mut part in parts {
            part.resources.sort_unstable();
            part.resources.dedup();
            match merged
                .iter_mut()
                .find(|p| p.resources == part.resources && p.conditions == part.conditions)
            {
                Some(other) => {
                    other.actions.extend(part.actions);
                    other.actions.sort_unstable();
                    other.actions.dedup();
                }
                None => merged.push(part),
            }
        }
        Self {
            statements: merged.iter().map(Part::statement).collect(),
            ..Self::default()
        }
    }

    /// The trust policy of a role that a service assumes in order to invoke.
    ///
    /// With a resource and an account, the service may assume it on behalf of that resource and
    /// that account only, which is what keeps other customers of the service out.
    ///
    /// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>.
    #[must_use]
    pub fn trust(role: &CallerRole) -> Self {
        let mut statement = PolicyStatement::assumes(&role.trusts);
        let values = |key, value: &Option<String>| Some((key, Values::from(value.as_deref()?)));
        let equal = [
            values("aws:SourceAccount", &role.source_account),
            values("sts:ExternalId", &role.external_id),
        ];
        statement.require("StringEquals", equal.into_iter().flatten());
        let arn = role.source_arn.as_ref();
        let arn = arn.map(|arn| ("aws:SourceArn", Values::from(arn.as_str())));
        statement.require("ArnLike", arn);
        Self {
            statements: vec![statement],
            ..Self::default()
        }
    }

    /// The trust policy of a function's execution role: Lambda may assume it, and so may these
    /// services.
    ///
    /// ```
    /// use lambda_with::policy::Policy;
    ///
    /// let trust = Policy::execution_trust(["edgelambda.amazonaws.com"]);
    /// assert_eq!(trust.statements.len(), 2);
    /// ```
    #[must_use]
    pub fn execution_trust<'a>(services: impl IntoIterator<Item = &'a str>) -> Self {
        let services = std::iter::once("lambda.amazonaws.com").chain(services);
        Self {
            statements: services.map(PolicyStatement::assumes).collect(),
            ..Self::default()
        }
    }
}

impl PolicyStatement {
    /// The statement `AddPermission` makes of this request for `function`.
    ///
    /// An account's twelve digits become the ARN of its root, in the function's partition.
    #[must_use]
    pub fn of_function(statement: &Statement, function: &Arn) -> Self {
        let mut written = Self {
            sid: Some(statement.sid.as_str().into()),
            effect: Effect::Allow,
            principal: Some(principals(&statement.principal, function)),
            action: Some(statement.action.into()),
            resource: Some(function.as_str().into()),
            ..Self::default()
        };
        let text = |key, value: Option<&str>| value.map(|value| (key, Values::from(value)));
        let auth_type = statement
            .function_url_auth_type
            .map(|auth_type| match auth_type {
                FunctionUrlAuthType::AwsIam => "AWS_IAM",
                FunctionUrlAuthType::None => "NONE",
            });
        let via_url = statement
            .invoked_via_function_url
            .map(|via| if via { "true" } else { "false" });
        written.require(
            "StringEquals",
            [
                text("AWS:SourceAccount", statement.source_account.as_deref()),
                text("lambda:FunctionUrlAuthType", auth_type),
                text("aws:PrincipalOrgID", statement.principal_org_id.as_deref()),
                text(
                    "lambda:EventSourceToken",
                    statement.event_source_token.as_deref(),
                ),
            ]
            .into_iter()
            .flatten(),
        );
        written.require(
            "ArnLike",
            text(
                "AWS:SourceArn",
                statement.source_arn.as_ref().map(Arn::as_str),
            ),
        );
        written.require("Bool", text("lambda:InvokedViaFunctionUrl", via_url));
        written
    }

    /// Lets a service assume the role this is attached to.
    fn assumes(service: &str) -> Self {
        Self {
            principal: Some(Principals::Of(Map::from_iter([(
                "Service",
                Values::from(service),
            )]))),
            action: Some("sts:AssumeRole".into()),
            ..Self::default()
        }
    }

    fn require<'a>(
        &mut self,
        operator: &'static str,
        keys: impl IntoIterator<Item = (&'a str, Values)>,
    ) {
        let keys: Map<Values> = keys.into_iter().collect();
        if !keys.is_empty() {
            self.condition.insert(operator, keys);
        }
    }
}

struct Part<'a> {
    actions: Vec<&'static str>,
    resources: Vec<&'a str>,
    conditions: &'a [(&'static str, &'static str, String)],
}

impl Part<'_> {
    fn statement(&self) -> PolicyStatement {
        let mut operators: Vec<&str> = Vec::new();
        for (operator, _, _) in self.conditions {
            if !operators.contains(operator) {
                operators.push(operator);
            }
        }
        let mut statement = PolicyStatement {
            action: Some(short(&self.actions)),
            resource: Some(short(&self.resources)),
            ..PolicyStatement::default()
        };
        for operator in operators {
            let mut keys: Vec<(&str, Vec<&str>)> = Vec::new();
            for (_, key, value) in self.conditions.iter().filter(|(o, _, _)| *o == operator) {
                match keys.iter_mut().find(|(k, _)| k == key) {
                    Some((_, values)) => values.push(value),
                    None => keys.push((key, vec![value])),
                }
            }
            let keys: Map<Values> = keys
                .iter()
                .map(|(key, values)| (*key, short(values)))
                .collect();
            statement.condition.insert(operator, keys);
        }
        statement
    }
}

/// A lone value as itself, several as a list.
fn short(values: &[&str]) -> Values {
    match values {
        [value] => (*value).into(),
        values => values.iter().copied().collect(),
    }
}

fn principals(principal: &Principal, function: &Arn) -> Principals {
    let (kind, value) = match principal {
        Principal::Anyone => return Principals::Anyone,
        Principal::Service(service) => ("Service", service.clone()),
        Principal::Aws(account) if account.bytes().all(|byte| byte.is_ascii_digit()) => (
            "AWS",
            format!("arn:{}:iam::{account}:root", function.partition()),
        ),
        Principal::Aws(arn) if arn == "*" => return Principals::Anyone,
        Principal::Aws(arn) => ("AWS", arn.clone()),
    };
    Principals::Of(Map::from_iter([(kind, Values::from(value))]))
}

#[cfg(test)]
mod tests;

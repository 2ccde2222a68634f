//! May this service invoke? May Lambda poll? Asked of the account as it is.

use lambda_with::policy::{Decision, Effect, Policy, PolicyStatement, Values};
use lambda_with::{Caller, Error, ErrorKind, Function, RoleStatement};
use serde::Serialize;

use crate::error::failed;
use crate::parts::{decoded, policy, remote, role_name};
use crate::plan::Goal;
use crate::session::Session;

/// Whether `caller` may invoke the function, by the policy the function has now.
///
/// A refusal names the condition that fails and the statement that would help. What organizations
/// and the caller's own account forbid is not seen here.
///
/// # Errors
///
/// When the policy cannot be read, or the function does not exist.
pub async fn may_invoke(
    session: &Session,
    function: &Function,
    caller: &Caller,
) -> Result<Decision, Error> {
    remote::read(session, function, Goal::Connect).await?;
    let found = policy(session, function)
        .await?
        .map(|(policy, _)| policy)
        .unwrap_or_default();
    Ok(lambda_with::policy::may_invoke(
        &found,
        &function.arn,
        caller,
        "lambda:InvokeFunction",
    ))
}

/// An action the execution role is not allowed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Missing {
    /// The action, such as `sqs:ReceiveMessage`.
    pub action: String,
    /// On what.
    pub resource: String,
    /// Why it is needed, in half a sentence.
    pub reason: String,
    /// What stands in the way: nothing allows it, or what denies it.
    pub why: String,
}

/// Which of `needed` the function's execution role is not allowed; none means that Lambda may poll.
///
/// Looks at the role's inline and attached policies: statements that allow or deny, with wildcards.
/// A statement that allows under a condition counts as not allowing, and `why` says so; one that
/// denies under a condition is passed over. Permission boundaries, organizations and the source's
/// own policy are not seen here.
///
/// # Errors
///
/// When the role or one of its policies cannot be read, or the function does not exist.
pub async fn may_poll(
    session: &Session,
    function: &Function,
    needed: &[RoleStatement],
) -> Result<Vec<Missing>, Error> {
    let role = match &function.role {
        Some(role) => role.clone(),
        None => {
            let standing = remote::read(session, function, Goal::Connect).await?;
            standing.as_ref().and_then(remote::role).ok_or_else(|| {
                let what = format!("the function `{}` has no role", function.name());
                Error::new(ErrorKind::Invalid, what)
            })?
        }
    };
    let policies = policies_of(session, role_name(&role)).await?;
    Ok(missing(&policies, needed))
}

/// Every policy of a role, with a name for it.
async fn policies_of(session: &Session, role: &str) -> Result<Vec<(String, Policy)>, Error> {
    let iam = session.iam();
    let thing = format!("role {role}");
    let mut policies = Vec::new();
    let mut pages = iam
        .list_role_policies()
        .role_name(role)
        .into_paginator()
        .items()
        .send();
    while let Some(name) = pages.next().await {
        let name = name.map_err(|error| failed("ListRolePolicies", &thing, error))?;
        if let Some(policy) = crate::parts::inline(session, role, &name).await? {
            policies.push((format!("inline policy {name}"), policy));
        }
    }
    let mut attached = Vec::new();
    let mut marker = None;
    loop {
        let request = iam
            .list_attached_role_policies()
            .role_name(role)
            .set_marker(marker);
        let page = request.send().await;
        let page = page.map_err(|error| failed("ListAttachedRolePolicies", &thing, error))?;
        attached.extend(
            page.attached_policies()
                .iter()
                .filter_map(|p| p.policy_arn.clone()),
        );
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    for arn in attached {
        let answer = iam.get_policy().policy_arn(&arn).send().await;
        let answer = answer.map_err(|error| failed("GetPolicy", &arn, error))?;
        let version = answer
            .policy()
            .and_then(|policy| policy.default_version_id());
        let request = iam.get_policy_version().policy_arn(&arn);
        let answer = request.version_id(version.unwrap_or("v1")).send().await;
        let answer = answer.map_err(|error| failed("GetPolicyVersion", &arn, error))?;
        let document = answer
            .policy_version()
            .and_then(|version| version.document());
        policies.push((format!("policy {arn}"), decoded(document.unwrap_or("{}"))?));
    }
    Ok(policies)
}

fn missing(policies: &[(String, Policy)], needed: &[RoleStatement]) -> Vec<Missing> {
    let mut missing = Vec::new();
    for statement in needed {
        for resource in &statement.resources {
            for action in &statement.actions {
                if let Some(why) = refusal(policies, action, resource) {
                    missing.push(Missing {
                        action: (*action).to_owned(),
                        resource: resource.clone(),
                        reason: statement.reason.to_owned(),
                        why,
                    });
                }
            }
        }
    }
    missing
}

/// What keeps the role from an action, if anything does.
fn refusal(policies: &[(String, Policy)], action: &str, resource: &str) -> Option<String> {
    let mut conditional = None;
    let mut allowed = false;
    for (name, policy) in policies {
        for statement in policy
            .statements
            .iter()
            .filter(|s| speaks_of(s, action, resource))
        {
            match (statement.effect, statement.condition.is_empty()) {
                (Effect::Deny, true) => return Some(format!("{name} denies it")),
                (Effect::Allow, true) => allowed = true,
                (Effect::Allow, false) => {
                    conditional = Some(format!("{name} allows it only under a condition"));
                }
                (Effect::Deny, false) => {}
            }
        }
    }
    (!allowed).then(|| conditional.unwrap_or_else(|| "no policy of the role allows it".into()))
}

fn speaks_of(statement: &PolicyStatement, action: &str, resource: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let acts = |pattern: &str| like(&pattern.to_ascii_lowercase(), &action);
    let about = |pattern: &str| like(pattern, resource);
    one_of(&statement.action, &statement.not_action, acts)
        && one_of(&statement.resource, &statement.not_resource, about)
}

fn one_of(
    positive: &Option<Values>,
    negative: &Option<Values>,
    fits: impl Fn(&str) -> bool,
) -> bool {
    let any = |values: &Values| values.iter().any(|value| fits(&value.to_string()));
    match (positive, negative) {
        (Some(values), _) => any(values),
        (None, Some(values)) => !any(values),
        (None, None) => false,
    }
}

/// Whether `text` fits `pattern`, where `*` is any run of characters and `?` is one.
fn like(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            let rest = pattern.trim_start_matches('*');
            rest.is_empty() || text.char_indices().any(|(at, _)| like(rest, &text[at..]))
        }
        (Some(p), Some(t)) if p == '?' || p == t => {
            like(&pattern[p.len_utf8()..], &text[t.len_utf8()..])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(documents: &[&str]) -> Vec<String> {
        let policies: Vec<(String, Policy)> = documents
            .iter()
            .enumerate()
            .map(|(index, document)| (format!("policy {index}"), document.parse().unwrap()))
            .collect();
        let needed = RoleStatement::new(
            ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
            "arn:aws:sqs:eu-west-1:123456789012:orders",
            "Lambda polls",
        );
        let missing = missing(&policies, &[needed]);
        missing
            .iter()
            .map(|missing| format!("{}: {}", missing.action, missing.why))
            .collect()
    }

    #[test]
    fn roles() {
        let receive = "sqs:ReceiveMessage";
        let none = "no policy of the role allows it";
        for (documents, expected) in [
            (
                vec![],
                vec![
                    format!("{receive}: {none}"),
                    format!("sqs:DeleteMessage: {none}"),
                ],
            ),
            (
                vec![r#"{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#],
                vec![],
            ),
            (
                vec![
                    r#"{"Statement":[{"Effect":"Allow","Action":["SQS:Receive*","sqs:Delete?essage"],"Resource":"arn:aws:sqs:*:123456789012:ord*"}]}"#,
                ],
                vec![],
            ),
            (
                vec![
                    r#"{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#,
                    r#"{"Statement":{"Effect":"Deny","Action":"sqs:Receive*","Resource":"*"}}"#,
                ],
                vec![format!("{receive}: policy 1 denies it")],
            ),
            (
                vec![
                    r#"{"Statement":[{"Effect":"Allow","NotAction":"sqs:ReceiveMessage","Resource":"*"},{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:eu-west-1:123456789012:other"}]}"#,
                ],
                vec![format!("{receive}: {none}")],
            ),
            (
                vec![
                    r#"{"Statement":{"Effect":"Allow","Action":"sqs:Receive*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}}"#,
                    r#"{"Statement":{"Effect":"Allow","Action":"sqs:Delete*","Resource":"*"}}"#,
                ],
                vec![format!(
                    "{receive}: policy 0 allows it only under a condition"
                )],
            ),
        ] {
            assert_eq!(check(&documents), expected, "{documents:?}");
        }
    }
}

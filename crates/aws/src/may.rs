//! May this service invoke? May Lambda poll? Asked of the account as it is.

use lambda_with::policy::{Decision, Missing, Policy};
use lambda_with::{Caller, Error, ErrorKind, Function, RoleStatement};

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

/// Which of `needed` the function's execution role is not allowed; none means that Lambda may poll.
///
/// Looks at the role's inline and attached policies, by the rules of
/// [`may_poll`](lambda_with::policy::may_poll).
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
    Ok(lambda_with::policy::may_poll(&policies, needed))
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

//! `AddPermission`, `GetPolicy`, `RemovePermission`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::PoisonError;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use lambda_with::policy::{Policy, PolicyStatement, Values};
use lambda_with::{Arn, Error, ErrorKind, Principal, Statement};
use serde::Deserialize;
use serde_json::json;

use super::{empty, keep, ok, parse, unknown};
use crate::function::LATEST;
use crate::function::versions::number;
use crate::handle::FunctionHandle;
use crate::http::call::Call;
use crate::http::json as json_response;
use crate::local::Handle;
use crate::refusal::{Refusal, json_bytes};

/// What `AddPermission` takes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddPermission {
    #[serde(default)]
    statement_id: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
    revision_id: Option<String>,
}

pub(super) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    name: &str,
    rest: &[&str],
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    match (method, rest) {
        (&Method::POST, []) => add(handle, call, name, parse(body)?),
        (&Method::GET, []) => get(handle, call, name),
        (&Method::DELETE, [sid]) => remove(handle, call, name, sid),
        _ => Err(unknown()),
    }
}

/// A function under a qualifier that exists; here an alias that does not has words of its own.
fn known(handle: &Handle, call: &Call, name: &str) -> Result<FunctionHandle, Refusal> {
    super::known(handle, call, name).map_err(|refusal| {
        let is_alias = |arn: &str| {
            let qualifier = arn.split(':').nth(7).unwrap_or_default();
            !qualifier.is_empty() && !qualifier.starts_with('$') && number(qualifier).is_none()
        };
        refusal.instead("Function not found: ", |arn| match is_alias(arn) {
            true => format!("Cannot find alias arn: {arn}"),
            false => format!("Function not found: {arn}"),
        })
    })
}

fn add(
    handle: &Handle,
    call: &Call,
    name: &str,
    asked: AddPermission,
) -> Result<Response<Bytes>, Refusal> {
    let function = known(handle, call, name)?;
    if function.qualifier.as_deref() == Some(LATEST) {
        return Err(Refusal::parameter(
            "We currently do not support adding policies for $LATEST.",
        ));
    }
    let mut policies = function
        .function
        .policies
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let known = policies.get(&function.qualifier);
    check_revision(asked.revision_id.as_deref(), known)?;
    let mut policy = match known {
        Some(policy) => policy.clone(),
        None => Policy {
            id: Some("default".into()),
            ..Policy::default()
        },
    };
    let statement = statement(asked, &function.function.arn(function.qualifier.as_deref()))?;
    policy
        .add(statement.clone())
        .map_err(|error| refusal(&error))?;
    policies.insert(function.qualifier.clone(), policy);
    drop(policies);
    keep(&function)?;
    let text = String::from_utf8_lossy(&json_bytes(&statement)).into_owned();
    Ok(json_response(
        StatusCode::CREATED,
        json_bytes(&json!({ "Statement": text })),
    ))
}

fn statement(asked: AddPermission, resource: &str) -> Result<PolicyStatement, Refusal> {
    let invalid = |message: &str| Refusal::parameter(message);
    let arn = |text: String| {
        text.parse::<Arn>()
            .map_err(|error| Refusal::parameter(error.to_string()))
    };
    let resource = arn(resource.to_owned())?;
    let mut statement = Statement::new(asked.statement_id, principal(&asked.principal)?);
    statement.source_arn = asked.source_arn.map(arn).transpose()?;
    statement.source_account = asked.source_account;
    statement.principal_org_id = asked.principal_org_id;
    statement.event_source_token = asked.event_source_token;
    statement.invoked_via_function_url = asked.invoked_via_function_url;
    statement.function_url_auth_type = match asked.function_url_auth_type {
        None => None,
        Some(kind) => Some(serde_json::from_value(json!(kind)).map_err(|_| {
            Refusal::validation(
                "functionUrlAuthType",
                &kind,
                "enum value set: [NONE, AWS_IAM]",
            )
        })?),
    };
    let action = asked.action;
    if action != "*" && !action.strip_prefix("lambda:").is_some_and(is_action) {
        let constraint = r"regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])";
        return Err(Refusal::validation("action", &action, constraint));
    }
    if statement
        .source_account
        .as_ref()
        .is_some_and(|account| !is_account(account))
    {
        return Err(invalid("The source account must be twelve digits."));
    }
    let mut written = PolicyStatement::of_function(&statement, &resource);
    written.action = Some(Values::from(action));
    Ok(written)
}

fn principal(text: &str) -> Result<Principal, Refusal> {
    let host = |text: &str| {
        text.ends_with(".amazonaws.com")
            || text.ends_with(".amazonaws.com.cn")
            || text.ends_with(".amazon.com")
    };
    match text {
        "*" => Ok(Principal::Anyone),
        account if is_account(account) => Ok(Principal::Aws(account.to_owned())),
        arn if arn.starts_with("arn:") && arn.parse::<Arn>().is_ok() => {
            Ok(Principal::Aws(arn.to_owned()))
        }
        service if host(service) => Ok(Principal::Service(service.to_owned())),
        _ => Err(Refusal::parameter(
            "The provided principal was invalid. Please check the principal and try again.",
        )),
    }
}

fn get(handle: &Handle, call: &Call, name: &str) -> Result<Response<Bytes>, Refusal> {
    let missing = || Refusal::not_found("The resource you requested does not exist.");
    let function = known(handle, call, name).map_err(|_| missing())?;
    let policies = function
        .function
        .policies
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    let policy = policies.get(&function.qualifier).ok_or_else(missing)?;
    Ok(ok(
        &json!({ "Policy": policy.to_json(), "RevisionId": revision(policy) }),
    ))
}

fn remove(handle: &Handle, call: &Call, name: &str, sid: &str) -> Result<Response<Bytes>, Refusal> {
    let function = known(handle, call, name).map_err(|refusal| match handle.function(name) {
        Ok(_) => refusal,
        Err(error) => {
            let arn = error
                .message()
                .trim_start_matches("Function not found: ")
                .trim_end_matches(":$LATEST");
            Refusal::not_found(format!("No policy found for: {arn}"))
        }
    })?;
    let mut policies = function
        .function
        .policies
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let Some(policy) = policies.get_mut(&function.qualifier) else {
        return Err(Refusal::not_found(
            "No policy is associated with the given resource.",
        ));
    };
    check_revision(call.parameter("RevisionId"), Some(policy))?;
    policy.remove(sid).map_err(|error| refusal(&error))?;
    if policy.statements.is_empty() {
        policies.remove(&function.qualifier);
    }
    drop(policies);
    keep(&function)?;
    Ok(empty())
}

fn check_revision(asked: Option<&str>, policy: Option<&Policy>) -> Result<(), Refusal> {
    match asked {
        Some(asked) if policy.map(revision).as_deref() != Some(asked) => Err(Refusal::user(
            StatusCode::PRECONDITION_FAILED,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id",
        )),
        _ => Ok(()),
    }
}

/// An id that changes with the policy, in the form of a UUID.
fn revision(policy: &Policy) -> String {
    let mut hasher = DefaultHasher::new();
    policy.to_json().hash(&mut hasher);
    let high = hasher.finish();
    "again".hash(&mut hasher);
    uuid::Uuid::from_u64_pair(high, hasher.finish()).to_string()
}

fn refusal(error: &Error) -> Refusal {
    match error.kind() {
        ErrorKind::Invalid => Refusal::malformed(error.message()),
        ErrorKind::Limit => Refusal::user(
            StatusCode::BAD_REQUEST,
            "PolicyLengthExceededException",
            error.message(),
        ),
        _ => Refusal::from(error),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_action(name: &str) -> bool {
    name == "*" || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

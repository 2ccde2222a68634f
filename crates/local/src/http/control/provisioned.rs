//! `PutProvisionedConcurrencyConfig` and its kin.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html>.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use lambda_with::{ErrorKind, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{empty, keep, ok, page, parse, required, unknown, whole};
use crate::function::LATEST;
use crate::function::provisioned::{Allocation, Provisioned};
use crate::function::versions::number;
use crate::handle::FunctionHandle;
use crate::http::call::Call;
use crate::http::json as json_response;
use crate::local::Handle;
use crate::refusal::{Refusal, json_bytes};

/// The most configurations of one page.
const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    provisioned_concurrent_executions: Option<i64>,
}

pub(super) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    name: &str,
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    match *method {
        Method::PUT => put(handle, call, name, &parse(body)?),
        Method::GET if call.parameter("List") == Some("ALL") => list(handle, call, name),
        Method::GET => {
            let (function, qualifier) = published(handle, call, name, UNFIT)?;
            let all = function.function.provisioned();
            let (known, allocation) = all.get(&qualifier).ok_or_else(missing)?;
            Ok(ok(&shown(known, *allocation)))
        }
        Method::DELETE => {
            let (function, qualifier) = published(handle, call, name, UNFIT)?;
            function.function.withdraw(&qualifier);
            keep(&function)?;
            Ok(empty())
        }
        _ => Err(unknown()),
    }
}

fn put(handle: &Handle, call: &Call, name: &str, asked: &Put) -> Result<Response<Bytes>, Refusal> {
    const MEMBER: &str = "provisionedConcurrentExecutions";
    let asked = asked.provisioned_concurrent_executions;
    let asked = asked.ok_or_else(|| required(MEMBER))?;
    let requested = usize::try_from(asked).ok().filter(|number| *number > 0);
    let requested = requested.ok_or_else(|| {
        Refusal::validation(
            MEMBER,
            &asked.to_string(),
            "value greater than or equal to 1",
        )
    })?;
    let (function, qualifier) = published(handle, call, name, UNPUBLISHED)?;
    let given = function.function.provision(&qualifier, requested);
    given.map_err(|error| match error.kind() {
        ErrorKind::Limit => Refusal::exceeded(error.message()),
        _ => Refusal::from(&error),
    })?;
    keep(&function)?;
    let all = function.function.provisioned();
    let (known, _) = all.get(&qualifier).ok_or_else(missing)?;
    // It may be there by now: Lambda begins a minute or two later.
    let begun = shown(known, Allocation::InProgress);
    Ok(json_response(StatusCode::ACCEPTED, json_bytes(&begun)))
}

fn list(handle: &Handle, call: &Call, name: &str) -> Result<Response<Bytes>, Refusal> {
    let FunctionHandle { function, .. } = whole(handle, call, name, None)?;
    let all = function.provisioned().into_iter();
    let all = all.map(|(qualifier, (known, allocation))| {
        let mut shown = shown(&known, allocation);
        shown["FunctionArn"] = json!(function.arn(Some(&qualifier)));
        shown
    });
    let (configs, next) = page(call, all.collect(), PAGE);
    let mut answer = json!({ "ProvisionedConcurrencyConfigs": configs });
    if let Some(next) = next {
        answer["NextMarker"] = json!(next);
    }
    Ok(ok(&answer))
}

const UNFIT: &str = "The function resource provided must be an alias or a published version.";
const UNPUBLISHED: &str =
    "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";

/// The function, and the version or alias of it that is asked for; `unfit` is said of any other.
fn published(
    handle: &Handle,
    call: &Call,
    name: &str,
    unfit: &str,
) -> Result<(FunctionHandle, String), Refusal> {
    let asked = call.parameter("Qualifier");
    if asked == Some(LATEST) {
        return Err(Refusal::parameter(unfit));
    }
    let is_alias = asked.is_some_and(|qualifier| number(qualifier).is_none());
    let function = whole(handle, call, name, asked).map_err(|refusal| match is_alias {
        true => refusal.instead("Function not found: ", |arn| {
            format!("Cannot find alias arn: {arn}")
        }),
        false => refusal,
    })?;
    let qualifier = function.qualifier.clone();
    let qualifier = qualifier.ok_or_else(|| required("qualifier"))?;
    let is_there = {
        let state = function.function.versions.lock();
        state.aliases.contains_key(&qualifier) || state.version(&qualifier).is_some()
    };
    if qualifier == LATEST {
        return Err(Refusal::parameter(unfit));
    }
    if !is_there {
        let arn = function.function.arn(Some(&qualifier));
        return Err(Refusal::not_found(match number(&qualifier) {
            Some(_) => format!("Function not found: {arn}"),
            None => format!("Cannot find alias arn: {arn}"),
        }));
    }
    Ok((function, qualifier))
}

fn missing() -> Refusal {
    Refusal::user(
        StatusCode::NOT_FOUND,
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
    )
}

fn shown(known: &Provisioned, allocation: Allocation) -> Value {
    let allocated = known.allocated(allocation);
    let modified = Timestamp::from_unix_millis(known.modified).to_rfc3339_millis();
    let mut shown = json!({
        "RequestedProvisionedConcurrentExecutions": known.requested,
        "AvailableProvisionedConcurrentExecutions": allocated,
        "AllocatedProvisionedConcurrentExecutions": allocated,
        "Status": match allocation {
            Allocation::InProgress => "IN_PROGRESS",
            Allocation::Ready => "READY",
            Allocation::Failed => "FAILED",
        },
        "LastModified": format!("{}+0000", modified.get(..19).unwrap_or(&modified)),
    });
    if allocation == Allocation::Failed {
        shown["StatusReason"] = json!("FUNCTION_ERROR_INIT_FAILURE");
    }
    shown
}

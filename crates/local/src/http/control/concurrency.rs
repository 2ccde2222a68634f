//! `PutFunctionConcurrency` and its kin.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>.

use bytes::Bytes;
use http::{Method, Response};
use serde::Deserialize;
use serde_json::json;

use super::{empty, known, ok, parse, unknown};
use crate::function::CONCURRENCY;
use crate::http::invoke_api::Call;
use crate::local::Handle;
use crate::refusal::Refusal;

/// What of an account's concurrency cannot be reserved.
const UNRESERVED: u32 = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    reserved_concurrent_executions: Option<i64>,
}

pub(super) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    name: &str,
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    let function = known(handle, call, name)?;
    if function.qualifier.is_some() {
        return Err(Refusal::parameter(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
        ));
    }
    match *method {
        Method::GET => Ok(ok(&match function.function.reserved() {
            Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
            None => json!({}),
        })),
        Method::PUT => {
            let reserved = asked(&parse(body)?)?;
            let others = handle
                .functions()
                .filter(|other| other.function.name() != function.function.name());
            let others: u32 = others.filter_map(|other| other.function.reserved()).sum();
            let account = u32::try_from(CONCURRENCY).unwrap_or(u32::MAX);
            if reserved > account.saturating_sub(UNRESERVED.saturating_add(others)) {
                return Err(Refusal::parameter(format!(
                    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
                )));
            }
            function.function.reserve(Some(reserved));
            Ok(ok(&json!({ "ReservedConcurrentExecutions": reserved })))
        }
        Method::DELETE => {
            function.function.reserve(None);
            Ok(empty())
        }
        _ => Err(unknown()),
    }
}

fn asked(put: &Put) -> Result<u32, Refusal> {
    let refuse = |value: &str, constraint: &str| {
        Err(Refusal::validation(
            "reservedConcurrentExecutions",
            value,
            constraint,
        ))
    };
    match put.reserved_concurrent_executions {
        None => Err(Refusal::malformed(
            "1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null",
        )),
        Some(number) => match u32::try_from(number) {
            Ok(number) => Ok(number),
            Err(_) => refuse(&number.to_string(), "value greater than or equal to 0"),
        },
    }
}

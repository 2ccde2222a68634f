//! `PutFunctionConcurrency` and its kin.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>.

use bytes::Bytes;
use http::{Method, Response};
use serde::Deserialize;
use serde_json::json;

use super::{empty, known, ok, parse, unknown};
use crate::handle::FunctionHandle;
use crate::http::call::Call;
use crate::local::Handle;
use crate::refusal::Refusal;

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
            reserve(&function, Some(reserved))?;
            Ok(ok(&json!({ "ReservedConcurrentExecutions": reserved })))
        }
        Method::DELETE => {
            reserve(&function, None)?;
            Ok(empty())
        }
        _ => Err(unknown()),
    }
}

fn reserve(function: &FunctionHandle, reserved: Option<usize>) -> Result<(), Refusal> {
    let place = &function.function.place;
    let done = place.with(|account, function| account.reserve(function, reserved));
    done.map_err(|error| Refusal::exceeded(error.message()))
}

fn asked(put: &Put) -> Result<usize, Refusal> {
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
        Some(number) => match usize::try_from(number) {
            Ok(number) => Ok(number),
            Err(_) => refuse(&number.to_string(), "value greater than or equal to 0"),
        },
    }
}

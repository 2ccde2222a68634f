//! The calls of Lambda's HTTP API around invocations: functions, policies, settings for events.
//!
//! What they change is kept in memory: after a restart the functions are again as the engine's
//! [`Options`](crate::Options) say.

mod concurrency;
mod event_invoke;
pub(crate) mod mappings;
mod policy;
mod recursion;

pub(crate) use self::event_invoke::Config as EventInvoke;
pub(crate) use self::mappings::of_properties;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::function::LATEST;
use crate::handle::FunctionHandle;
use crate::http::json as json_response;
use crate::invoke_api::Call;
use crate::local::Handle;
use crate::refusal::{Refusal, json_bytes};

/// Answers one call.
pub(crate) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    segments: &[&str],
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    match (method, segments) {
        (&Method::GET, ["2015-03-31", "functions"]) => {
            let functions: Vec<Value> = handle
                .functions()
                .map(|function| configuration(&function))
                .collect();
            Ok(ok(&json!({ "Functions": functions })))
        }
        (&Method::GET, ["2015-03-31", "functions", name]) => {
            let function = known(handle, call, name)?;
            let mut answer = json!({ "Configuration": configuration(&function), "Tags": {} });
            if let Some(reserved) = function.function.reserved() {
                answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
            }
            Ok(ok(&answer))
        }
        (&Method::GET, ["2015-03-31", "functions", name, "configuration"]) => {
            Ok(ok(&configuration(&known(handle, call, name)?)))
        }
        (_, ["2015-03-31", "functions", name, "policy", rest @ ..]) => {
            policy::answer(handle, call, method, name, rest, body)
        }
        (
            _,
            [
                "2019-09-25",
                "functions",
                name,
                "event-invoke-config",
                rest @ ..,
            ],
        ) => event_invoke::answer(handle, call, method, name, rest, body),
        (&Method::PUT | &Method::DELETE, ["2017-10-31", "functions", name, "concurrency"])
        | (&Method::GET, ["2019-09-30", "functions", name, "concurrency"]) => {
            concurrency::answer(handle, call, method, name, body)
        }
        (_, ["2024-08-31", "functions", name, "recursion-config"]) => {
            recursion::answer(handle, call, method, name, body)
        }
        _ => Err(unknown()),
    }
}

/// A function under a qualifier that exists.
fn known(handle: &Handle, call: &Call, name: &str) -> Result<FunctionHandle, Refusal> {
    let function = call.function(handle, name)?;
    function
        .function
        .check_qualifier(function.qualifier.as_deref())
        .map_err(|error| Refusal::from(&error))?;
    Ok(function)
}

/// A function as `GetFunctionConfiguration` shows it, as far as the engine knows it.
fn configuration(function: &FunctionHandle) -> Value {
    let definition = function.definition();
    let mut configuration = json!({
        "FunctionName": definition.name(),
        "FunctionArn": function.function.arn(function.qualifier.as_deref()),
        "Timeout": definition.timeout,
        "MemorySize": definition.memory,
        "Version": LATEST,
        "PackageType": "Zip",
        "State": "Active",
        "LastUpdateStatus": "Successful",
    });
    if let Some(role) = &definition.role {
        configuration["Role"] = json!(role);
    }
    configuration
}

fn ok(body: &Value) -> Response<Bytes> {
    json_response(StatusCode::OK, json_bytes(body))
}

fn empty() -> Response<Bytes> {
    json_response(StatusCode::NO_CONTENT, Bytes::new())
}

fn unknown() -> Refusal {
    Refusal::user(
        StatusCode::NOT_FOUND,
        "UnknownOperationException",
        "the local engine does not offer this call",
    )
}

/// The body of a call as a value, empty ones as an empty object.
fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        Refusal::content(format!("Could not parse request body into json: {error}"))
    })
}

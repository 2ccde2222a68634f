//! The calls of Lambda's HTTP API around invocations: functions, versions, policies, settings for
//! events.
//!
//! Versions and aliases, and the settings that are theirs alone, are kept in the engine's directory.
//! All else that is changed is kept in memory: after a restart the functions are again as the engine's
//! [`Options`](crate::Options) say.

mod account;
mod aliases;
mod concurrency;
mod event_invoke;
mod functions;
pub(crate) mod mappings;
mod policy;
mod provisioned;
mod recursion;
mod variables;
mod versions;

pub(crate) use self::event_invoke::Config as EventInvoke;
pub(crate) use self::mappings::of_properties;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use lambda_with::ErrorKind;
use serde_json::Value;

use crate::handle::FunctionHandle;
use crate::http::call::Call;
use crate::http::json as json_response;
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
        (_, ["2015-03-31", "functions"]) => {
            functions::answer(handle, call, method, None, &[], body)
        }
        (_, ["2015-03-31", "functions", name])
        | (_, ["2015-03-31", "functions", name, "configuration"]) => {
            functions::answer(handle, call, method, Some(name), &segments[3..], body)
        }
        (_, ["2015-03-31", "functions", name, "versions"]) => {
            versions::answer(handle, call, method, name, body)
        }
        (_, ["2015-03-31", "functions", name, "aliases", rest @ ..]) => {
            aliases::answer(handle, call, method, name, rest, body)
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
        (_, ["2019-09-30", "functions", name, "provisioned-concurrency"]) => {
            provisioned::answer(handle, call, method, name, body)
        }
        (_, ["2016-08-19", "account-settings"]) => account::answer(handle, method),
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

/// A function, whatever the qualifier; one that is not there is named with `qualifier`.
fn whole(
    handle: &Handle,
    call: &Call,
    name: &str,
    qualifier: Option<&str>,
) -> Result<FunctionHandle, Refusal> {
    call.function(handle, name)
        .map_err(|refusal| match handle.function(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let message = error.message().trim_end_matches(":$LATEST");
                let qualifier = qualifier.map(|qualifier| format!(":{qualifier}"));
                Refusal::not_found(format!("{message}{}", qualifier.unwrap_or_default()))
            }
            _ => refusal,
        })
}

/// Writes down what a call has changed of versions and aliases.
fn keep(function: &FunctionHandle) -> Result<(), Refusal> {
    let kept = function.function.keep();
    kept.map_err(|error| Refusal::from(&error))
}

/// The part of a list that is asked for, and where the next begins.
fn page<T>(call: &Call, all: Vec<T>, most: usize) -> (Vec<T>, Option<String>) {
    let number = |name: &str| call.parameter(name).and_then(|text| text.parse().ok());
    let from: usize = number("Marker").unwrap_or(0);
    let most = number("MaxItems").unwrap_or(most).clamp(1, most);
    let next = from.saturating_add(most);
    let marker = (next < all.len()).then(|| next.to_string());
    (all.into_iter().skip(from).take(most).collect(), marker)
}

/// A revision the caller has seen, held against the one there is.
fn check_revision(asked: Option<&str>, revision: &str) -> Result<(), Refusal> {
    match asked {
        Some(asked) if asked != revision => Err(Refusal::user(
            StatusCode::PRECONDITION_FAILED,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
        )),
        _ => Ok(()),
    }
}

fn required(member: &str) -> Refusal {
    Refusal::malformed(&format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

fn ok(body: &Value) -> Response<Bytes> {
    json_response(StatusCode::OK, json_bytes(body))
}

fn created(body: &Value) -> Response<Bytes> {
    json_response(StatusCode::CREATED, json_bytes(body))
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

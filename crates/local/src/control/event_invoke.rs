//! `PutFunctionEventInvokeConfig` and its kin.

use std::sync::PoisonError;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Response};
use lambda_with::Arn;
use lambda_with::rules::retry;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{empty, known, ok, parse, unknown};
use crate::function::LATEST;
use crate::handle::FunctionHandle;
use crate::invoke_api::Call;
use crate::local::Handle;
use crate::options::Asynchronous;
use crate::refusal::Refusal;

/// The pattern AWS prints for a destination that is no ARN.
const DESTINATION: &str = r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)";

/// What an event invoke configuration says; members left out are `None`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Config {
    maximum_retry_attempts: Option<u8>,
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Option<Destinations>,
    #[serde(skip)]
    modified: f64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Destinations {
    on_success: Destination,
    on_failure: Destination,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Destination {
    destination: Option<String>,
}

pub(super) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    name: &str,
    rest: &[&str],
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    let function =
        known(handle, call, name).map_err(|_| Refusal::not_found("The function doesn't exist."))?;
    match (method, rest) {
        (&Method::PUT, []) => put(handle, &function, parse(body)?),
        (&Method::POST, []) => {
            let mut merged = kept(&function).unwrap_or_default();
            let asked: Config = parse(body)?;
            merged.maximum_retry_attempts = asked
                .maximum_retry_attempts
                .or(merged.maximum_retry_attempts);
            merged.maximum_event_age_in_seconds = asked
                .maximum_event_age_in_seconds
                .or(merged.maximum_event_age_in_seconds);
            merged.destination_config = asked.destination_config.or(merged.destination_config);
            put(handle, &function, merged)
        }
        (&Method::GET, []) => kept(&function)
            .map(|config| ok(&shown(&function, &config)))
            .ok_or_else(|| none(&function)),
        (&Method::GET, ["list"]) => {
            let all: Vec<Value> = kept(&function)
                .map(|config| shown(&function, &config))
                .into_iter()
                .collect();
            Ok(ok(&json!({ "FunctionEventInvokeConfigs": all })))
        }
        (&Method::DELETE, []) => {
            kept(&function).ok_or_else(|| none(&function))?;
            let key = key(&function);
            lock(&function).remove(&key);
            let mut settings = function
                .function
                .asynchronous
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            let dead_letter = settings
                .get(&key)
                .and_then(|known| known.dead_letter.clone());
            settings.insert(
                key,
                Asynchronous {
                    dead_letter,
                    ..Asynchronous::default()
                },
            );
            Ok(empty())
        }
        _ => Err(unknown()),
    }
}

fn put(
    handle: &Handle,
    function: &FunctionHandle,
    mut config: Config,
) -> Result<Response<Bytes>, Refusal> {
    if config.maximum_retry_attempts.is_none()
        && config.maximum_event_age_in_seconds.is_none()
        && config.destination_config.is_none()
    {
        return Err(Refusal::parameter(
            "You must specify at least one of error handling or destination setting.",
        ));
    }
    let asynchronous = settings(handle, function, &config)?;
    config.modified = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| (since.as_secs_f64() * 1000.0).round() / 1000.0);
    let answer = shown(function, &config);
    lock(function).insert(key(function), config);
    function
        .function
        .asynchronous
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key(function), asynchronous);
    Ok(ok(&answer))
}

/// The settings the engine works with.
fn settings(
    handle: &Handle,
    function: &FunctionHandle,
    config: &Config,
) -> Result<Asynchronous, Refusal> {
    let default = retry::Config::default();
    let retries = config
        .maximum_retry_attempts
        .unwrap_or(default.maximum_retry_attempts);
    if retries > 2 {
        let constraint = "value less than or equal to 2";
        return Err(Refusal::validation(
            "maximumRetryAttempts",
            &retries.to_string(),
            constraint,
        ));
    }
    let age = config
        .maximum_event_age_in_seconds
        .map_or(default.maximum_event_age, |seconds| {
            Duration::from_secs(seconds.into())
        });
    let retry = retry::Config::new(retries, age).map_err(|_| {
        let value = age.as_secs().to_string();
        let bound = if age < default.maximum_event_age {
            "greater than or equal to 60"
        } else {
            "less than or equal to 21600"
        };
        Refusal::validation(
            "maximumEventAgeInSeconds",
            &value,
            &format!("value {bound}"),
        )
    })?;
    let destinations = config.destination_config.clone().unwrap_or_default();
    let on_success = destination(handle, function, "onSuccess", destinations.on_success)?;
    let on_failure = destination(handle, function, "onFailure", destinations.on_failure)?;
    let dead_letter = function
        .function
        .asynchronous(function.qualifier.as_deref())
        .dead_letter;
    Ok(Asynchronous {
        retry,
        on_success,
        on_failure,
        dead_letter,
    })
}

fn destination(
    handle: &Handle,
    function: &FunctionHandle,
    member: &str,
    asked: Destination,
) -> Result<Option<Arn>, Refusal> {
    let Some(text) = asked.destination.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let pattern = || {
        let member = format!("destinationConfig.{member}.destination");
        Refusal::validation(
            &member,
            &text,
            &format!("regular expression pattern: {DESTINATION}"),
        )
    };
    let arn: Arn = text.parse().map_err(|_| pattern())?;
    match arn.service() {
        "lambda" => match handle.engine.find(&text) {
            Ok((found, _)) if found.name() == function.function.name() => Err(Refusal::parameter(
                "You can't specify the function as a destination for itself.",
            )),
            Ok(_) => Ok(Some(arn)),
            Err(_) => Err(Refusal::parameter(format!(
                "The destination ARN {arn} is invalid."
            ))),
        },
        "sqs" | "sns" | "events" => Ok(Some(arn)),
        "s3" if member == "onFailure" => Ok(Some(arn)),
        _ => {
            let (success, failure) = match member {
                "onSuccess" => (format!("OnSuccess(destination={arn})"), "null".to_owned()),
                _ => ("null".to_owned(), format!("OnFailure(destination={arn})")),
            };
            Err(Refusal::parameter(format!(
                "The provided destination config DestinationConfig(onSuccess={success}, onFailure={failure}) is invalid."
            )))
        }
    }
}

/// A configuration as the calls show it.
fn shown(function: &FunctionHandle, config: &Config) -> Value {
    let one = |destination: &Destination| match &destination.destination {
        Some(arn) => json!({ "Destination": arn }),
        None => json!({}),
    };
    let destinations = config.destination_config.clone().unwrap_or_default();
    let mut shown = json!({
        "LastModified": config.modified,
        "FunctionArn": function.function.arn(Some(function.qualifier.as_deref().unwrap_or(LATEST))),
        "DestinationConfig": {
            "OnSuccess": one(&destinations.on_success),
            "OnFailure": one(&destinations.on_failure),
        },
    });
    if let Some(retries) = config.maximum_retry_attempts {
        shown["MaximumRetryAttempts"] = json!(retries);
    }
    if let Some(age) = config.maximum_event_age_in_seconds {
        shown["MaximumEventAgeInSeconds"] = json!(age);
    }
    shown
}

fn none(function: &FunctionHandle) -> Refusal {
    let arn = function
        .function
        .arn(Some(function.qualifier.as_deref().unwrap_or(LATEST)));
    Refusal::not_found(format!(
        "The function {arn} doesn't have an EventInvokeConfig"
    ))
}

fn kept(function: &FunctionHandle) -> Option<Config> {
    lock(function).get(&key(function)).cloned()
}

fn key(function: &FunctionHandle) -> Option<String> {
    function
        .qualifier
        .clone()
        .filter(|qualifier| qualifier != LATEST)
}

fn lock(
    function: &FunctionHandle,
) -> std::sync::MutexGuard<'_, std::collections::BTreeMap<Option<String>, Config>> {
    function
        .function
        .event_invoke
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

//! `PutFunctionEventInvokeConfig` and its kin.

use std::sync::PoisonError;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Response};
use lambda_with::rules::retry;
use lambda_with::{Arn, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{empty, keep, known, ok, page, parse, unknown, whole};
use crate::function::LATEST;
use crate::function::versions::number;
use crate::handle::FunctionHandle;
use crate::http::call::Call;
use crate::local::Handle;
use crate::options::Asynchronous;
use crate::refusal::Refusal;

/// The pattern AWS prints for a destination that is no ARN.
const DESTINATION: &str = r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)";

/// The most configurations of one page.
const PAGE: usize = 50;

/// What an event invoke configuration says; members left out are `None`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Config {
    maximum_retry_attempts: Option<u8>,
    maximum_event_age_in_seconds: Option<u32>,
    destination_config: Option<Destinations>,
    #[serde(rename = "LastModified")]
    modified: f64,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Destinations {
    on_success: Destination,
    on_failure: Destination,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
struct Destination {
    destination: Option<String>,
}

impl Config {
    /// What the engine works with.
    pub(crate) fn settings(&self) -> Result<Asynchronous, Error> {
        let default = retry::Config::default();
        let retries = self.maximum_retry_attempts;
        let age = self.maximum_event_age_in_seconds;
        let arn = |destination: Option<&Destination>| {
            let text = destination.and_then(|of| of.destination.as_deref());
            text.filter(|text| !text.is_empty())
                .map(str::parse)
                .transpose()
        };
        let destinations = self.destination_config.as_ref();
        Ok(Asynchronous {
            retry: retry::Config::new(
                retries.unwrap_or(default.maximum_retry_attempts),
                age.map_or(default.maximum_event_age, |seconds| {
                    Duration::from_secs(seconds.into())
                }),
            )?,
            on_success: arn(destinations.map(|of| &of.on_success))?,
            on_failure: arn(destinations.map(|of| &of.on_failure))?,
            ..Asynchronous::default()
        })
    }
}

pub(super) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    name: &str,
    rest: &[&str],
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    // A qualifier that is not there has no configuration, and cannot be given one.
    let function = match (known(handle, call, name), method) {
        (Ok(function), _) => function,
        (Err(refusal), _) if !refusal.is_missing() => return Err(refusal),
        (Err(_), &Method::GET | &Method::DELETE) if rest.is_empty() => {
            return match whole(handle, call, name, Some(LATEST)) {
                Ok(function) => Err(none(&function)),
                Err(refusal) => Err(refusal.instead("Function not found: ", |arn| {
                    format!("The function {arn} doesn't have an EventInvokeConfig")
                })),
            };
        }
        _ => return Err(Refusal::not_found("The function doesn't exist.")),
    };
    match (method, rest) {
        (&Method::PUT, []) => put(handle, &function, parse(body)?),
        (&Method::POST, []) => {
            let mut merged = kept(&function).ok_or_else(|| none(&function))?;
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
            let mut all: Vec<(Option<String>, Config)> = lock(&function)
                .iter()
                .map(|(qualifier, config)| (qualifier.clone(), config.clone()))
                .collect();
            // The function, its versions, its aliases.
            all.sort_by_key(|(qualifier, _)| match qualifier.as_deref() {
                None => (0, 0),
                Some(qualifier) => number(qualifier).map_or((2, 0), |version| (1, version)),
            });
            let all = all.into_iter().map(|(qualifier, config)| {
                let function = FunctionHandle {
                    qualifier,
                    ..function.clone()
                };
                shown(&function, &config)
            });
            let (configs, next) = page(call, all.collect(), PAGE);
            let mut answer = json!({ "FunctionEventInvokeConfigs": configs });
            if let Some(next) = next {
                answer["NextMarker"] = json!(next);
            }
            Ok(ok(&answer))
        }
        (&Method::DELETE, []) => {
            let key = key(&function);
            let removed = lock(&function).remove(&key);
            removed.ok_or_else(|| none(&function))?;
            function
                .function
                .asynchronous
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&key);
            keep(&function)?;
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
    check(handle, function, &config)?;
    let settings = config.settings();
    let asynchronous = settings.map_err(|error| Refusal::from(&error))?;
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
    keep(function)?;
    Ok(ok(&answer))
}

/// Refuses what Lambda refuses.
fn check(handle: &Handle, function: &FunctionHandle, config: &Config) -> Result<(), Refusal> {
    for (member, value, least, most) in [
        (
            "maximumRetryAttempts",
            config.maximum_retry_attempts.map(u32::from),
            0,
            2,
        ),
        (
            "maximumEventAgeInSeconds",
            config.maximum_event_age_in_seconds,
            60,
            21_600,
        ),
    ] {
        let bound = match value {
            Some(value) if value < least => format!("greater than or equal to {least}"),
            Some(value) if value > most => format!("less than or equal to {most}"),
            _ => continue,
        };
        let value = value.unwrap_or_default().to_string();
        let constraint = format!("value {bound}");
        return Err(Refusal::validation(member, &value, &constraint));
    }
    let destinations = config.destination_config.clone().unwrap_or_default();
    destination(handle, function, "onSuccess", destinations.on_success)?;
    destination(handle, function, "onFailure", destinations.on_failure)
}

fn destination(
    handle: &Handle,
    function: &FunctionHandle,
    member: &str,
    asked: Destination,
) -> Result<(), Refusal> {
    let Some(text) = asked.destination.filter(|text| !text.is_empty()) else {
        return Ok(());
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
            Ok(_) => Ok(()),
            Err(_) => Err(Refusal::parameter(format!(
                "The destination ARN {arn} is invalid."
            ))),
        },
        "sqs" | "sns" | "events" => Ok(()),
        "s3" if member == "onFailure" => Ok(()),
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

//! `CreateEventSourceMapping` and its kin.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>.

mod asked;
mod shown;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::{Error, ErrorKind};
use serde_json::{Map, Value, json};

pub(crate) use self::asked::of_properties;
use self::shown::{State, shown};
use super::{parse, unknown};
use crate::handle::FunctionHandle;
use crate::http::call::Call;
use crate::http::json as json_response;
use crate::local::Handle;
use crate::poller::Poller;
use crate::poller::mappings::{Known, Opening};
use crate::refusal::{Refusal, json_bytes};
use crate::trace;

/// The most mappings of one page.
const PAGE: usize = 100;

/// The members an update can change.
const CREATE_ONLY: [&str; 7] = [
    "EventSourceArn",
    "Queues",
    "SelfManagedEventSource",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Tags",
    "Topics",
];

pub(crate) async fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    rest: &[&str],
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    match (method, rest) {
        (&Method::POST, []) => create(handle, call, parse(body)?).await,
        (&Method::GET, []) => list(handle, call),
        (&Method::GET, [uuid]) => {
            let known = handle.engine.mappings.lock();
            let known = known.get(*uuid).ok_or_else(missing)?;
            Ok(reply(StatusCode::OK, &shown(uuid, known, State::Settled)))
        }
        (&Method::PUT, [uuid]) => update(handle, call, uuid, parse(body)?).await,
        (&Method::DELETE, [uuid]) => {
            let known = handle.engine.mappings.lock().remove(*uuid);
            let mut known = known.ok_or_else(missing)?;
            stop(known.poller.take()).await;
            Ok(accepted(uuid, &known, State::Deleting))
        }
        _ => Err(unknown()),
    }
}

async fn create(
    handle: &Handle,
    call: &Call,
    mut asked: Map<String, Value>,
) -> Result<Response<Bytes>, Refusal> {
    let function = function(handle, call, &mut asked)?;
    asked::clear(&mut asked);
    let (kind, mapping) = asked::read(&asked, &function.function.definition)?;
    let uuid = trace::request_id();
    let twin = {
        let known = handle.engine.mappings.lock();
        let mut twins = known.iter().filter(|(_, other)| {
            other.function.name() == function.function.name()
                && other.qualifier == function.qualifier
                && asked::same_source(&other.asked, &asked)
        });
        twins.next().map(|(uuid, _)| uuid.clone())
    };
    if let Some(twin) = twin {
        return Err(asked::duplicate(kind, &mapping, &function, &twin));
    }
    let poller = open(&uuid, &function, kind, &mapping).await?;
    let known = Known {
        function: function.function,
        qualifier: function.qualifier,
        kind,
        asked,
        modified: handle.engine.clock.timestamp(),
        is_read: true,
        poller,
    };
    let state = match mapping.enabled {
        Some(false) => State::Settled,
        _ => State::Creating,
    };
    let answer = accepted(&uuid, &known, state);
    handle.engine.mappings.lock().insert(uuid, known);
    Ok(answer)
}

async fn update(
    handle: &Handle,
    call: &Call,
    uuid: &str,
    mut changes: Map<String, Value>,
) -> Result<Response<Bytes>, Refusal> {
    let (mut function, before, is_read) = {
        let known = handle.engine.mappings.lock();
        let known = known.get(uuid).ok_or_else(missing)?;
        let function = FunctionHandle {
            engine: handle.engine.clone(),
            function: known.function.clone(),
            qualifier: known.qualifier.clone(),
        };
        (function, known.asked.clone(), known.is_read)
    };
    if changes.contains_key("FunctionName") {
        function = self::function(handle, call, &mut changes)?;
    }
    let mut asked = before.clone();
    let changes = changes
        .into_iter()
        .filter(|(name, value)| !value.is_null() && !CREATE_ONLY.contains(&name.as_str()));
    asked.extend(changes);
    asked::clear(&mut asked);
    let (kind, mapping) = asked::read(&asked, &function.function.definition)?;
    let enabled = |asked: &Map<String, Value>| asked.get("Enabled") != Some(&json!(false));
    let state = match (enabled(&before), enabled(&asked)) {
        (true, false) => State::Disabling,
        (false, true) => State::Enabling,
        (false, false) => State::Settled,
        (true, true) => State::Updating,
    };
    // The old one ends first: two readers of one source would do everything twice.
    let old = {
        let mut known = handle.engine.mappings.lock();
        known.get_mut(uuid).and_then(|known| known.poller.take())
    };
    stop(old).await;
    let opened = match is_read {
        true => open(uuid, &function, kind, &mapping).await,
        false => Ok(None),
    };
    let poller = match opened {
        Ok(poller) => poller,
        Err(refusal) => {
            // As if nothing had been asked.
            let (kind, mapping) = asked::read(&before, &function.function.definition)?;
            let poller = open(uuid, &function, kind, &mapping).await?;
            if let Some(known) = handle.engine.mappings.lock().get_mut(uuid) {
                known.poller = poller;
            }
            return Err(refusal);
        }
    };
    let mut all = handle.engine.mappings.lock();
    let known = all.get_mut(uuid).ok_or_else(missing)?;
    known.function = function.function;
    known.qualifier = function.qualifier;
    known.asked = asked;
    known.modified = handle.engine.clock.timestamp();
    known.poller = poller;
    Ok(accepted(uuid, known, state))
}

fn list(handle: &Handle, call: &Call) -> Result<Response<Bytes>, Refusal> {
    let number = |name: &str| call.parameter(name).and_then(|text| text.parse().ok());
    let wanted = call
        .parameter("FunctionName")
        .filter(|name| !name.is_empty());
    let wanted = wanted.map(|name| call.function(handle, name));
    let wanted = match wanted {
        Some(Ok(function)) => Some(function),
        Some(Err(_)) => return Err(Refusal::not_found("Function not found")),
        None => None,
    };
    let source = call.parameter("EventSourceArn");
    let all = handle.engine.mappings.lock();
    let all: Vec<Value> = all
        .iter()
        .filter(|(_, known)| {
            wanted.as_ref().is_none_or(|wanted| {
                wanted.function.name() == known.function.name()
                    && wanted
                        .qualifier
                        .as_ref()
                        .is_none_or(|q| known.qualifier.as_ref() == Some(q))
            })
        })
        .filter(|(_, known)| {
            source.is_none_or(|source| known.asked.get("EventSourceArn") == Some(&json!(source)))
        })
        .map(|(uuid, known)| shown(uuid, known, State::Settled))
        .collect();
    let from: usize = number("Marker").unwrap_or(0);
    let most = number("MaxItems").unwrap_or(PAGE).clamp(1, PAGE);
    let page: Vec<&Value> = all.iter().skip(from).take(most).collect();
    let mut answer = json!({ "EventSourceMappings": page });
    if from + page.len() < all.len() {
        answer["NextMarker"] = json!((from + page.len()).to_string());
    }
    Ok(reply(StatusCode::OK, &answer))
}

/// Begins to read the source, unless the mapping is switched off.
async fn open(
    uuid: &str,
    function: &FunctionHandle,
    kind: SourceKind,
    mapping: &Mapping,
) -> Result<Option<Poller>, Refusal> {
    if mapping.enabled == Some(false) {
        return Ok(None);
    }
    let opening = Opening {
        uuid: uuid.to_owned(),
        ..Opening::new(function.clone(), kind, mapping.clone())
    };
    let Some(opened) = function.engine.mappings.open(opening) else {
        return Err(Refusal::parameter(
            "this engine has not been told how to read sources",
        ));
    };
    opened
        .await
        .map(Some)
        .map_err(|error| cannot_read(&error, kind, mapping))
}

/// What is said of a source that cannot be read.
fn cannot_read(error: &Error, kind: SourceKind, mapping: &Mapping) -> Refusal {
    let source = mapping.source.as_ref().map(ToString::to_string);
    Refusal::parameter(match error.kind() {
        ErrorKind::NotFound if kind.is_sqs() => {
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.".to_owned()
        }
        ErrorKind::NotFound if kind.is_stream() => {
            format!("Stream not found: {}", source.unwrap_or_default())
        }
        _ => error.to_string(),
    })
}

async fn stop(poller: Option<Poller>) {
    if let Some(poller) = poller {
        poller.stop().await;
    }
}

/// The function a request names.
fn function(
    handle: &Handle,
    call: &Call,
    asked: &mut Map<String, Value>,
) -> Result<FunctionHandle, Refusal> {
    let name = asked.remove("FunctionName").unwrap_or_default();
    let Some(name) = name.as_str() else {
        return Err(Refusal::malformed(
            "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null",
        ));
    };
    let unknown = || Refusal::parameter("Function does not exist");
    let function = call.function(handle, name).map_err(|_| unknown())?;
    let exists = function
        .function
        .check_qualifier(function.qualifier.as_deref());
    exists.map_err(|_| unknown())?;
    Ok(function)
}

fn missing() -> Refusal {
    Refusal::not_found("The resource you requested does not exist.")
}

fn accepted(uuid: &str, known: &Known, state: State) -> Response<Bytes> {
    reply(StatusCode::ACCEPTED, &shown(uuid, known, state))
}

fn reply(status: StatusCode, body: &Value) -> Response<Bytes> {
    json_response(status, json_bytes(body))
}

//! `CreateAlias` and its kin.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html>.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use lambda_with::rules::routing::Routing;
use lambda_with::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{check_revision, created, empty, keep, ok, page, parse, required, unknown, whole};
use crate::function::provisioned::check_routing;
use crate::function::versions::{Alias, State, number};
use crate::function::{Function, LATEST};
use crate::handle::FunctionHandle;
use crate::http::call::Call;
use crate::local::Handle;
use crate::refusal::Refusal;

/// The most aliases of one page.
const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    name: Option<String>,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<RoutingConfig>,
    revision_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoutingConfig {
    additional_version_weights: Option<BTreeMap<String, f64>>,
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
        (&Method::POST, []) => create(handle, call, name, parse(body)?),
        (&Method::GET, []) => list(handle, call, name),
        (&Method::GET, [alias]) => {
            let function = whole(handle, call, name, None)?.function;
            let state = function.versions.lock();
            match state.aliases.get(*alias) {
                Some(known) => Ok(ok(&shown(&function, alias, known))),
                None => Err(Refusal::not_found(format!(
                    "Cannot find alias arn: {}",
                    function.arn(Some(alias))
                ))),
            }
        }
        (&Method::PUT, [alias]) => update(handle, call, name, alias, parse(body)?),
        (&Method::DELETE, [alias]) => {
            let function = whole(handle, call, name, None)?;
            let removed = function.function.versions.lock().aliases.remove(*alias);
            if removed.is_some() {
                function.function.forget(alias);
                keep(&function)?;
            }
            Ok(empty())
        }
        _ => Err(unknown()),
    }
}

fn create(
    handle: &Handle,
    call: &Call,
    name: &str,
    asked: Asked,
) -> Result<Response<Bytes>, Refusal> {
    let alias = asked.name.clone().ok_or_else(|| required("name"))?;
    let is_alias = (1..=128).contains(&alias.len())
        && !alias.bytes().all(|byte| byte.is_ascii_digit())
        && alias
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !is_alias {
        let constraint = r"regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)";
        return Err(Refusal::validation("name", &alias, constraint));
    }
    let version = asked.function_version.clone();
    let version = version.ok_or_else(|| required("functionVersion"))?;
    let weights = weights(&asked).unwrap_or_default();
    let routing = routing(&version, weights)?;
    let function = whole(handle, call, name, Some(&version))?;
    let known = {
        let mut state = function.function.versions.lock();
        check_versions(&function.function, &state, &routing)?;
        if state.aliases.contains_key(&alias) {
            let arn = function.function.arn(Some(&alias));
            return Err(Refusal::user(
                StatusCode::CONFLICT,
                "ResourceConflictException",
                format!("Alias already exists: {arn}"),
            ));
        }
        let known = Alias::new(description(asked.description)?.unwrap_or_default(), routing);
        state.aliases.insert(alias.clone(), known.clone());
        known
    };
    keep(&function)?;
    Ok(created(&shown(&function.function, &alias, &known)))
}

fn update(
    handle: &Handle,
    call: &Call,
    name: &str,
    alias: &str,
    asked: Asked,
) -> Result<Response<Bytes>, Refusal> {
    let function = whole(handle, call, name, None)?;
    let known = function.function.reroute(|provisioned| {
        let mut state = function.function.versions.lock();
        let Some(before) = state.aliases.get(alias) else {
            let arn = function.function.arn(Some(alias));
            return Err(Refusal::not_found(format!("Alias not found: {arn}")));
        };
        check_revision(asked.revision_id.as_deref(), &before.revision)?;
        let version = asked.function_version.clone();
        let version = version.unwrap_or_else(|| before.routing.version.clone());
        // What is not mentioned stays.
        let before_weights = before.routing.additional.iter().cloned().collect();
        let routing = routing(&version, weights(&asked).unwrap_or(before_weights))?;
        check_versions(&function.function, &state, &routing)?;
        if provisioned.contains_key(alias) {
            let leads = check_routing(provisioned, routing.versions());
            leads.map_err(|error| Refusal::from(&error))?;
        }
        let description = description(asked.description)?;
        let description = description.unwrap_or_else(|| before.description.clone());
        let known = Alias::new(description, routing);
        state.aliases.insert(alias.to_owned(), known.clone());
        Ok(known)
    })?;
    keep(&function)?;
    Ok(ok(&shown(&function.function, alias, &known)))
}

fn list(handle: &Handle, call: &Call, name: &str) -> Result<Response<Bytes>, Refusal> {
    let FunctionHandle { function, .. } = whole(handle, call, name, None)?;
    let wanted = call.parameter("FunctionVersion");
    let all: Vec<Value> = {
        let state = function.versions.lock();
        let all = state.aliases.iter();
        all.filter(|(_, alias)| {
            wanted.is_none_or(|wanted| alias.routing.versions().any(|version| version == wanted))
        })
        .map(|(name, alias)| shown(&function, name, alias))
        .collect()
    };
    let (aliases, next) = page(call, all, PAGE);
    let mut answer = json!({ "Aliases": aliases });
    if let Some(next) = next {
        answer["NextMarker"] = json!(next);
    }
    Ok(ok(&answer))
}

/// The weights a call names; nothing where it names none.
fn weights(asked: &Asked) -> Option<BTreeMap<String, f64>> {
    let config = asked.routing_config.as_ref()?;
    Some(
        config
            .additional_version_weights
            .clone()
            .unwrap_or_default(),
    )
}

fn routing(version: &str, weights: BTreeMap<String, f64>) -> Result<Routing, Refusal> {
    if version != LATEST && (version.is_empty() || number(version).is_none()) {
        let constraint = r"regular expression pattern: (\$LATEST(\.PUBLISHED)?|[0-9]+)";
        return Err(Refusal::validation("functionVersion", version, constraint));
    }
    Routing::new(version, weights).map_err(|error| match error.kind() {
        ErrorKind::Limit => Refusal::malformed(error.message()),
        _ => Refusal::from(&error),
    })
}

/// Both versions must be there, and run as the same role.
fn check_versions(function: &Function, state: &State, routing: &Routing) -> Result<(), Refusal> {
    let mut roles = Vec::new();
    for name in routing.versions() {
        let Some(version) = state.version(name) else {
            let message = format!("Function not found: {}", function.arn(Some(name)));
            return Err(Refusal::from(&Error::new(ErrorKind::NotFound, message)));
        };
        roles.push(version.settings.definition.role.clone());
    }
    match roles.as_slice() {
        [one, other] if one != other => Err(Refusal::parameter(
            "Specified versions must be associated with the same execution role",
        )),
        _ => Ok(()),
    }
}

fn description(asked: Option<String>) -> Result<Option<String>, Refusal> {
    match asked {
        Some(text) if text.chars().count() > 256 => {
            let constraint = "length less than or equal to 256";
            Err(Refusal::validation("description", &text, constraint))
        }
        asked => Ok(asked),
    }
}

fn shown(function: &Function, name: &str, alias: &Alias) -> Value {
    let mut shown = json!({
        "AliasArn": function.arn(Some(name)),
        "Name": name,
        "FunctionVersion": alias.routing.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
    });
    if let Some((version, weight)) = &alias.routing.additional {
        shown["RoutingConfig"] = json!({ "AdditionalVersionWeights": { version: weight } });
    }
    shown
}

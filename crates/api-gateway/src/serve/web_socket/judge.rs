//! The Lambda authorizer of a WebSocket API: who may connect.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use lambda_with::policy::{Decision, Policy, may_invoke};
use lambda_with::{Caller, Error, Integer, Json, Outcome, Text};
use serde_json::{Map, Value, json};

use super::super::api::Api;
use super::super::refusal;
use super::{Call, Client};
use crate::{Authorizer, AuthorizerContext, resources};

/// As many bytes an authorizer's answer has at most.
const MAX_ANSWER: usize = 8 * 1024;

/// How long an authorizer is waited for. API Gateway documents no limit of its own: this is the
/// longest it waits for anything.
const PATIENCE: Duration = Duration::from_secs(29);

/// An authorizer, and where it leads.
#[derive(Clone, Debug)]
pub(super) struct Judge<T> {
    pub(super) target: T,
    name: String,
    id: String,
    identity_sources: Vec<String>,
}

impl<T> Judge<T> {
    pub(super) fn new(authorizer: &Authorizer, target: T) -> Self {
        let id = authorizer.authorizer_id.clone();
        Self {
            target,
            name: authorizer.name.clone(),
            id: id
                .unwrap_or_else(|| format!("${{{}}}", resources::authorizer_id(&authorizer.name))),
            identity_sources: authorizer.identity_sources.clone(),
        }
    }

    /// The question to ask; nothing where the client lacks what identifies it.
    pub(super) fn call(&self, api: &Api, client: &Client) -> Option<Call<'_, T>> {
        let there = |source: &String| has(source, api, client);
        if !self.identity_sources.iter().all(there) {
            return None;
        }
        Some(Call {
            target: &self.target,
            route_key: &self.name,
            event: client.question(api, &route_arn(api)),
            delivery: api.delivery_at(&format!("authorizers/{}", self.id)),
            trace_header: client.trace_header.clone(),
            timeout: PATIENCE,
            two_way: false,
            request_id: client.handshake.request_id.clone(),
            connection_id: client.id.clone(),
        })
    }
}

/// What is known of the caller from here on, or the response that turns it away.
pub(super) fn judge(
    api: &Api,
    client: &Client,
    result: Option<Result<&Outcome, &Error>>,
    took: Duration,
) -> Result<AuthorizerContext, Box<Response<Bytes>>> {
    let refuse = |code, message| Err(Box::new(turned_away(client, code, message)));
    let payload = match result {
        Some(Ok(Outcome::Success { payload, .. })) if payload.len() <= MAX_ANSWER => payload,
        Some(Ok(Outcome::FunctionError { payload, .. })) => {
            let error: Option<Value> = serde_json::from_slice(payload).ok();
            return match error.is_some_and(|error| error["errorMessage"] == "Unauthorized") {
                true => refuse(401, "Unauthorized"),
                false => refuse(500, INTERNAL),
            };
        }
        _ => return refuse(500, INTERNAL),
    };
    let Some((principal, policy, others)) = read(payload) else {
        return refuse(500, INTERNAL);
    };
    let Ok(arn) = route_arn(api).parse() else {
        return refuse(500, INTERNAL);
    };
    // Whoever has the policy is meant by it.
    match may_invoke(&policy, &arn, &Caller::FunctionUrl, "execute-api:Invoke") {
        Decision::Denied(_) => return refuse(403, "Forbidden"),
        Decision::Allowed { .. } => {}
    }
    let millis = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
    Ok(AuthorizerContext {
        principal_id: Text::from(principal).into(),
        integration_latency: Some(Integer::from(millis)),
        other: others
            .into_iter()
            .map(|(name, value)| (name, Json::from(Value::String(value))))
            .collect(),
        ..AuthorizerContext::default()
    })
}

pub(super) fn turned_away(client: &Client, code: u16, message: &str) -> Response<Bytes> {
    let (id, trace) = (&client.handshake.request_id, &client.trace_header);
    refusal::response(true, code, message, id, trace)
}

/// The principal, the policy, and the context as text.
type Said = (String, Policy, Vec<(String, String)>);

/// What an authorizer said; nothing where API Gateway takes none of it.
fn read(payload: &[u8]) -> Option<Said> {
    let answer: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let principal = answer.get("principalId")?.as_str()?.to_owned();
    let mut document = answer.get("policyDocument")?.clone();
    let statements = match document.get_mut("Statement")? {
        Value::Array(all) => all.iter_mut().collect(),
        one => vec![one],
    };
    for statement in statements {
        let statement = statement.as_object_mut()?;
        statement.insert("Principal".to_owned(), json!("*"));
    }
    let policy: Policy = document.to_string().parse().ok()?;
    let context = match answer.get("context") {
        None | Some(Value::Null) => None,
        Some(context) => Some(context.as_object()?),
    };
    let text = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return None,
        };
        Some((name.clone(), text))
    };
    let context: Option<Vec<_>> = context.into_iter().flatten().map(text).collect();
    Some((principal, policy, context?))
}

/// Whether the client sent what an identity source names.
fn has(source: &str, api: &Api, client: &Client) -> bool {
    let value = if let Some(name) = source.strip_prefix("route.request.header.") {
        client.header(name)
    } else if let Some(name) = source.strip_prefix("route.request.querystring.") {
        client.parameter(name)
    } else if let Some(name) = source.strip_prefix("stageVariables.") {
        api.stage_variables.get(name).map(String::as_str)
    } else {
        // Every request has a context.
        return true;
    };
    value.is_some_and(|value| !value.is_empty())
}

/// The ARN of the handshake, with the API's id as it is here.
fn route_arn(api: &Api) -> String {
    let (partition, region, account) = (&api.partition, &api.region, &api.account);
    let place = format!("{}/{}/$connect", api.id, api.stage);
    format!("arn:{partition}:execute-api:{region}:{account}:{place}")
}

const INTERNAL: &str = "Internal server error";

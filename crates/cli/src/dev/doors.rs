//! HTTP APIs and load balancers on this machine.

use std::net::IpAddr;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use lambda_with::{
    Arn, Caller, Delivery, Error, Function, Invocation, Invoke, Outcome, Permission, Statement,
    Timestamp,
};
use lambda_with_alb::{Alb, Rule, serve as alb};
use lambda_with_api_gateway::{HttpApi, RestApi, WebSocketApi, serve as gateway};
use lambda_with_local::FunctionHandle;
use uuid::Uuid;

use crate::config::Defined;
use crate::failure::told;
use crate::needs::Needs;
use crate::services::Connection;

/// One API or load balancer, with a function behind every route or rule.
pub(super) struct Door {
    front: Front,
}

/// A function, and the version or alias of it that the connection is to.
pub(super) type Target = (FunctionHandle, Option<String>);

enum Front {
    Http(gateway::FrontDoor<Target>),
    Rest(gateway::FrontDoor<Target>),
    Alb {
        listener: Option<Arn>,
        front: alb::FrontDoor<Target>,
    },
}

/// A request that was answered.
pub(super) struct Answered {
    /// The route it took.
    pub(super) route: String,
    pub(super) response: Response<Bytes>,
    /// What came of the invocation; nothing where the function took too long for the API.
    pub(super) result: Option<Result<Outcome, Error>>,
}

impl Answered {
    /// What came of the request, as a sentence; an error where the fault is not the client's.
    pub(super) fn outcome(&self) -> Result<String, String> {
        let status = self.response.status();
        match &self.result {
            Some(Err(error)) => Err(format!("answered {status}: {error}")),
            Some(Ok(Outcome::FunctionError { payload, .. })) => Err(format!(
                "answered {status}: the function failed{}",
                told(payload)
            )),
            _ if status.is_server_error() => Err(format!("answered {status}")),
            _ => Ok(format!("answered {status}")),
        }
    }
}

impl Door {
    /// The door of the API or load balancer this connection belongs to, without routes; nothing for
    /// a connection that is not served over plain HTTP.
    pub(super) fn of(connection: &dyn Connection, function: &Function) -> Option<Self> {
        let any = connection.as_any();
        let front = if let Some(api) = any.downcast_ref::<HttpApi>() {
            Front::Http(gateway::FrontDoor::http(api, function))
        } else if let Some(api) = any.downcast_ref::<RestApi>() {
            Front::Rest(gateway::FrontDoor::rest(api, function))
        } else {
            let listener = any.downcast_ref::<Alb>()?.listener.clone();
            let front = alb::FrontDoor::new();
            Front::Alb { listener, front }
        };
        Some(Self { front })
    }

    /// Adds the connection's routes.
    pub(super) fn add(
        &mut self,
        connection: &dyn Connection,
        function: &Function,
        target: FunctionHandle,
    ) -> Result<(), Error> {
        let any = connection.as_any();
        let target = (target, function.qualifier().map(str::to_owned));
        match &mut self.front {
            Front::Http(front) => match any.downcast_ref() {
                Some(api) => front.add_http(api, target),
                None => Ok(()),
            },
            Front::Rest(front) => match any.downcast_ref() {
                Some(api) => front.add_rest(api, target),
                None => Ok(()),
            },
            Front::Alb { front, .. } => match any.downcast_ref() {
                Some(alb) => front.add(alb, function, target),
                None => Ok(()),
            },
        }
    }

    /// Whether both are doors of one API or listener.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let same = |one: &gateway::FrontDoor<_>, other: &gateway::FrontDoor<_>| {
            one.api_id() == other.api_id() && one.stage() == other.stage()
        };
        match (&self.front, &other.front) {
            (Front::Http(one), Front::Http(other)) | (Front::Rest(one), Front::Rest(other)) => {
                same(one, other)
            }
            (
                Front::Alb { listener: one, .. },
                Front::Alb {
                    listener: other, ..
                },
            ) => one == other,
            _ => false,
        }
    }

    /// What it is, for people.
    pub(super) fn title(&self) -> &'static str {
        match &self.front {
            Front::Http(_) | Front::Rest(_) => "HTTP API",
            Front::Alb { .. } => "Load balancer",
        }
    }

    /// The routes as they were written; those of a load balancer as `METHOD HOST/PATH`.
    pub(super) fn routes(&self) -> Vec<String> {
        match &self.front {
            Front::Http(front) | Front::Rest(front) => {
                front.routes().map(|(route, _)| route.to_owned()).collect()
            }
            Front::Alb { front, .. } => front.rules().map(|(rule, _)| written(rule)).collect(),
        }
    }

    /// What every path begins with: the stage, unless it is the default one.
    pub(super) fn base(&self) -> String {
        match &self.front {
            Front::Http(front) | Front::Rest(front) if front.stage() != "$default" => {
                format!("/{}", front.stage())
            }
            _ => String::new(),
        }
    }

    /// Invokes the function of the request's route and answers for it.
    pub(super) async fn answer(
        &self,
        request: &Request<Bytes>,
        peer: IpAddr,
        port: u16,
    ) -> Answered {
        let scheme = "http";
        let now = Timestamp::from(SystemTime::now());
        let request_id = Uuid::new_v4().to_string();
        let refused = |response| Answered {
            route: format!("{} {}", request.method(), request.uri().path()),
            response,
            result: None,
        };
        match &self.front {
            Front::Http(front) | Front::Rest(front) => {
                let arrival = gateway::Arrival {
                    peer,
                    port,
                    scheme,
                    now,
                    request_id,
                };
                let admitted = match front.admit(request, &arrival) {
                    Ok(admitted) => admitted,
                    Err(response) => return refused(response),
                };
                let mut delivery = admitted.delivery.clone();
                let source = delivery.source_arn.take();
                delivery.source_arn = source.map(|arn| on_this_machine(arn, front.api_id()));
                let trace = &admitted.trace_header;
                let (function, qualifier) = admitted.target;
                let invocation = invocation(&admitted.event, delivery, trace, qualifier);
                let invoked = function.invoke(invocation);
                let result = tokio::time::timeout(admitted.timeout, invoked).await.ok();
                let response = match &result {
                    Some(result) => admitted.answer(result.as_ref()),
                    None => admitted.timed_out(),
                };
                let route = admitted.route_key.to_owned();
                Answered {
                    route,
                    response,
                    result,
                }
            }
            Front::Alb { front, .. } => {
                let arrival = alb::Arrival {
                    peer,
                    port,
                    scheme,
                    now,
                    request_id,
                };
                let admitted = match front.admit(request, &arrival) {
                    Ok(admitted) => admitted,
                    Err(response) => return refused(response),
                };
                let rule = front
                    .rules()
                    .find(|(rule, _)| rule.map(|rule| rule.priority) == admitted.priority);
                let route = written(rule.and_then(|(rule, _)| rule));
                let mut delivery = admitted.delivery.clone();
                // A group of the template has no id yet; the policy has an asterisk in its place.
                let source = delivery.source_arn.take();
                delivery.source_arn = source.map(|arn| concrete(&arn));
                let trace = &admitted.trace_header;
                let (function, qualifier) = admitted.target;
                let invocation = invocation(&admitted.event, delivery, trace, qualifier);
                let result = function.invoke(invocation).await;
                let response = admitted.answer(result.as_ref());
                Answered {
                    route,
                    response,
                    result: Some(result),
                }
            }
        }
    }
}

pub(super) fn invocation(
    event: &Bytes,
    delivery: Delivery,
    trace: &str,
    qualifier: &Option<String>,
) -> Invocation {
    Invocation {
        qualifier: qualifier.clone(),
        caller: Caller::Service(delivery),
        trace_header: Some(trace.to_owned()),
        ..Invocation::new(event.clone())
    }
}

/// An ARN with a plain letter for every wildcard.
pub(super) fn concrete(arn: &Arn) -> Arn {
    let text = arn.as_str().replace('*', "x");
    text.parse().unwrap_or_else(|_| arn.clone())
}

/// A rule of a load balancer as a route: its first method, host and path.
fn written(rule: Option<&Rule>) -> String {
    let first = |values: &[String]| values.first().cloned();
    let method = rule.and_then(|rule| first(&rule.methods));
    let host = rule.and_then(|rule| first(&rule.hosts)).unwrap_or_default();
    let path = rule.and_then(|rule| first(&rule.paths));
    let (method, path) = (method.as_deref(), path.as_deref());
    format!("{} {host}{}", method.unwrap_or("ANY"), path.unwrap_or("/*"))
}

/// The function's policy, with the id an API has on this machine where it has none on AWS yet.
pub(super) fn policy(defined: &Defined) -> Vec<Statement> {
    let mut policy = Needs::of(defined).statements;
    for connected in &defined.connections {
        let Some(id) = api_id(&*connected.connection, &defined.function) else {
            continue;
        };
        for permission in connected.connection.permissions(&defined.function) {
            let Permission::ResourceBased(wanted) = permission else {
                continue;
            };
            for statement in policy.iter_mut().filter(|other| **other == wanted) {
                let arn = statement.source_arn.take();
                statement.source_arn = arn.map(|arn| on_this_machine(arn, &id));
            }
        }
    }
    policy
}

/// The id of the connection's API, which is made from its name where it has none.
pub(super) fn api_id(connection: &dyn Connection, function: &Function) -> Option<String> {
    if let Some(api) = connection.as_any().downcast_ref::<WebSocketApi>() {
        let front = gateway::web_socket::Door::<Target>::new(api, function).ok()?;
        return Some(front.api_id().to_owned());
    }
    match Door::of(connection, function)?.front {
        Front::Http(front) | Front::Rest(front) => Some(front.api_id().to_owned()),
        Front::Alb { .. } => None,
    }
}

/// The ARN with an API's id in the place of the reference to an API of a template.
pub(super) fn on_this_machine(arn: Arn, id: &str) -> Arn {
    let text = arn.as_str().split_once("${").and_then(|(before, rest)| {
        let (_, after) = rest.split_once('}')?;
        Some(format!("{before}{id}{after}"))
    });
    text.and_then(|text| text.parse().ok()).unwrap_or(arn)
}

/// A request that takes a route: variables and wildcards are filled in, and a body comes with those
/// methods that have one.
pub(super) fn request(route: &str, base: &str) -> Result<Request<Bytes>, http::Error> {
    let (method, place) = route.split_once(' ').unwrap_or(("GET", "/"));
    let method = if method == "ANY" { "GET" } else { method };
    let (host, path) = place.split_at(place.find('/').unwrap_or(0));
    let path = path.replace(['*', '?'], "1");
    let host = match host {
        "" => "127.0.0.1".to_owned(),
        host => host.replace(['*', '?'], "1"),
    };
    let mut filled = String::new();
    let mut rest = path.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        filled.push_str(if name.ends_with('+') { "a/b" } else { "1" });
        rest = after;
    }
    filled.push_str(rest);
    let body = match method {
        "POST" | "PUT" | "PATCH" => Bytes::from_static(b"{}"),
        _ => Bytes::new(),
    };
    Request::builder()
        .method(method)
        .uri(format!("{base}{filled}"))
        .header("host", host)
        .header("accept", "*/*")
        .header("content-type", "application/json")
        .header(
            "user-agent",
            concat!("lambda-with/", env!("CARGO_PKG_VERSION")),
        )
        .body(body)
}

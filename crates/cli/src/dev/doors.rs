//! HTTP APIs on this machine.

use std::net::IpAddr;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use lambda_with::{
    Arn, Caller, Error, Function, Invocation, Invoke, Outcome, Permission, Statement, Timestamp,
};
use lambda_with_api_gateway::serve::{Arrival, FrontDoor};
use lambda_with_api_gateway::{HttpApi, RestApi};
use lambda_with_local::FunctionHandle;
use uuid::Uuid;

use crate::config::Defined;
use crate::failure::told;
use crate::needs::Needs;
use crate::services::Connection;

/// One API, with a function behind every route.
pub(super) struct Door {
    front: FrontDoor<FunctionHandle>,
    rest: bool,
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
    /// The door of the API this connection belongs to, without routes; nothing for a connection
    /// that is not served over plain HTTP.
    pub(super) fn of(connection: &dyn Connection, function: &Function) -> Option<Self> {
        let any = connection.as_any();
        if let Some(api) = any.downcast_ref::<HttpApi>() {
            Some(Self {
                front: FrontDoor::http(api, function),
                rest: false,
            })
        } else {
            let api = any.downcast_ref::<RestApi>()?;
            Some(Self {
                front: FrontDoor::rest(api, function),
                rest: true,
            })
        }
    }

    /// Adds the connection's routes.
    pub(super) fn add(
        &mut self,
        connection: &dyn Connection,
        target: FunctionHandle,
    ) -> Result<(), Error> {
        let any = connection.as_any();
        match (any.downcast_ref::<HttpApi>(), any.downcast_ref::<RestApi>()) {
            (Some(api), _) => self.front.add_http(api, target),
            (_, Some(api)) => self.front.add_rest(api, target),
            _ => Ok(()),
        }
    }

    /// Whether both are doors of one API.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.rest == other.rest
            && self.front.api_id() == other.front.api_id()
            && self.front.stage() == other.front.stage()
    }

    /// The routes as they were written.
    pub(super) fn routes(&self) -> Vec<&str> {
        self.front.routes().map(|(route, _)| route).collect()
    }

    /// What every path begins with: the stage, unless it is the default one.
    pub(super) fn base(&self) -> String {
        match self.front.stage() {
            "$default" => String::new(),
            stage => format!("/{stage}"),
        }
    }

    /// Invokes the function of the request's route and answers for it.
    pub(super) async fn answer(
        &self,
        request: &Request<Bytes>,
        peer: IpAddr,
        port: u16,
    ) -> Answered {
        let arrival = Arrival {
            peer,
            port,
            scheme: "http",
            now: Timestamp::from(SystemTime::now()),
            request_id: Uuid::new_v4().to_string(),
        };
        let admitted = match self.front.admit(request, &arrival) {
            Ok(admitted) => admitted,
            Err(response) => {
                return Answered {
                    route: request.uri().path().to_owned(),
                    response,
                    result: None,
                };
            }
        };
        let mut delivery = admitted.delivery.clone();
        delivery.source_arn = delivery
            .source_arn
            .map(|arn| on_this_machine(arn, self.front.api_id()));
        let invocation = Invocation {
            caller: Caller::Service(delivery),
            trace_header: Some(admitted.trace_header.clone()),
            ..Invocation::new(admitted.event.clone())
        };
        let route = admitted.route_key.to_owned();
        let invoked = admitted.target.invoke(invocation);
        match tokio::time::timeout(admitted.timeout, invoked).await {
            Ok(result) => {
                let response = admitted.answer(result.as_ref());
                Answered {
                    route,
                    response,
                    result: Some(result),
                }
            }
            Err(_) => Answered {
                route,
                response: admitted.timed_out(),
                result: None,
            },
        }
    }
}

/// The function's policy, with the id an API has on this machine where it has none on AWS yet.
pub(super) fn policy(defined: &Defined) -> Vec<Statement> {
    let mut policy = Needs::of(defined).statements;
    for connected in &defined.connections {
        let Some(door) = Door::of(&*connected.connection, &defined.function) else {
            continue;
        };
        for permission in connected.connection.permissions(&defined.function) {
            let Permission::ResourceBased(wanted) = permission else {
                continue;
            };
            for statement in policy.iter_mut().filter(|other| **other == wanted) {
                let arn = statement.source_arn.take();
                statement.source_arn = arn.map(|arn| on_this_machine(arn, door.front.api_id()));
            }
        }
    }
    policy
}

/// The ARN with an API's id in the place of the reference to an API of a template.
fn on_this_machine(arn: Arn, id: &str) -> Arn {
    let text = arn.as_str().split_once("${").and_then(|(before, rest)| {
        let (_, after) = rest.split_once('}')?;
        Some(format!("{before}{id}{after}"))
    });
    text.and_then(|text| text.parse().ok()).unwrap_or(arn)
}

/// A request that takes a route: variables are filled in, and a body comes with those methods that
/// have one.
pub(super) fn request(route: &str, base: &str) -> Result<Request<Bytes>, http::Error> {
    let (method, path) = route.split_once(' ').unwrap_or(("GET", "/"));
    let method = if method == "ANY" { "GET" } else { method };
    let mut filled = String::new();
    let mut rest = path;
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
        .header("host", "127.0.0.1")
        .header("accept", "*/*")
        .header("content-type", "application/json")
        .header(
            "user-agent",
            concat!("lambda-with/", env!("CARGO_PKG_VERSION")),
        )
        .body(body)
}

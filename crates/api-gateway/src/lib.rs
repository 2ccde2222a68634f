#![doc = include_str!("../README.md")]

mod authorizer;
#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
mod http_api;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod permission;
mod resources;
mod respond;
mod rest_api;
mod route;
#[cfg(feature = "serve")]
pub mod serve;
mod web_socket_api;

use lambda_with::{Finding, Function, Integration, Payload, Permission, Resource, Service};
use serde::{Deserialize, Serialize};

pub use crate::authorizer::{Authorizer, AuthorizerKind};
pub use crate::generated::*;
pub use crate::http_api::{HttpApi, PayloadFormat};
pub use crate::respond::Unauthorized;
pub use crate::rest_api::{Endpoint, RestApi};
pub use crate::web_socket_api::WebSocketApi;

/// A connection of any kind of API, told apart by `api`.
///
/// ```toml
/// [[functions.orders.with]]
/// service = "api-gateway"
/// api = "http"                  # or "rest", "websocket", "authorizer"
/// ```
///
/// ```
/// use lambda_with::Integration;
/// use lambda_with_api_gateway::{ApiGateway, HttpApi};
///
/// let orders = ApiGateway::Http(HttpApi::default());
/// assert_eq!(orders.name(), "http-api");
/// ```
///
/// It only passes on what the kinds of API do; a program that knows the kind uses that.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "api")]
#[non_exhaustive]
pub enum ApiGateway {
    /// A REST API.
    Rest(RestApi),
    /// An HTTP API.
    Http(HttpApi),
    /// A WebSocket API.
    WebSocket(WebSocketApi),
    /// A Lambda authorizer.
    Authorizer(Authorizer),
}

macro_rules! each {
    ($value:expr, $connection:ident => $result:expr) => {
        match $value {
            ApiGateway::Rest($connection) => $result,
            ApiGateway::Http($connection) => $result,
            ApiGateway::WebSocket($connection) => $result,
            ApiGateway::Authorizer($connection) => $result,
        }
    };
}

impl Integration for ApiGateway {
    /// Decode it as the event type of the kind of API.
    type Event = Payload;
    /// The JSON of the answer type of the kind of API.
    type Response = Payload;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        each!(self, connection => connection.name())
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        each!(self, connection => connection.permissions(function))
    }

    fn resources(&self, function: &Function) -> Vec<Resource> {
        each!(self, connection => connection.resources(function))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        each!(self, connection => connection.check(function))
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        match (self, other) {
            (Self::Rest(a), Self::Rest(b)) => a.conflicts(b),
            (Self::Http(a), Self::Http(b)) => a.conflicts(b),
            (Self::WebSocket(a), Self::WebSocket(b)) => a.conflicts(b),
            (Self::Authorizer(a), Self::Authorizer(b)) => a.conflicts(b),
            _ => Vec::new(),
        }
    }
}

//! The front door: an HTTP request becomes the event API Gateway would send, and the function's
//! answer the response API Gateway would give. Feature `serve`.
//!
//! ```
//! use bytes::Bytes;
//! use lambda_with::{Function, Outcome};
//! use lambda_with_api_gateway::HttpApi;
//! use lambda_with_api_gateway::serve::{Arrival, FrontDoor};
//!
//! let function = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:pets".parse()?)?;
//! let api = HttpApi { routes: vec!["GET /pets/{id}".into()], ..HttpApi::default() };
//! let mut door = FrontDoor::http(&api, &function);
//! door.add_http(&api, "pets")?;
//!
//! let request = http::Request::get("/pets/7").body(Bytes::new())?;
//! let admitted = door.admit(&request, &Arrival::default()).map_err(|_| "no such route")?;
//! assert_eq!((*admitted.target, admitted.route_key), ("pets", "GET /pets/{id}"));
//!
//! // Here the function is invoked with `admitted.event`, on behalf of `admitted.delivery`.
//! let outcome = Outcome::Success {
//!     payload: Bytes::from_static(b"{\"id\":7}"),
//!     executed_version: "$LATEST".into(),
//!     log_tail: None,
//! };
//! let response = admitted.answer(Ok(&outcome));
//! assert_eq!(response.headers()["content-type"], "application/json");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here reads a socket or a clock. What API Gateway does beyond the two translations is not
//! done: authorizers are asked only by a [`web_socket::Door`], and nothing is throttled, cached or mapped. Header names arrive
//! here in lower case; REST APIs and payload format 1.0 show them capitalized (`X-Api-Key`),
//! as most clients send them.

mod admitted;
mod answer;
mod api;
mod event;
mod incoming;
mod matching;
mod refusal;
mod url;
pub mod web_socket;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use lambda_with::{Error, ErrorKind, Function, Timestamp};

pub use self::admitted::Admitted;
use self::api::{Api, Entry, Flavour};
use self::incoming::Incoming;
use self::matching::{matched, specificity};
pub use self::url::{Cors, FunctionUrl, HTTP_INTEGRATION, InvokeMode, Prelude};
use crate::route::Route;
use crate::{HttpApi, PayloadFormat, RestApi};

/// As many bytes a body has at most.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// As many bytes an event has at most: what Lambda takes.
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// The front door of one API, or of a function's URL. `T` is where a route leads: a name, a handle, whatever finds the
/// function.
#[derive(Clone, Debug)]
pub struct FrontDoor<T> {
    api: Api,
    /// The most specific first.
    entries: Vec<Entry<T>>,
}

/// What only the server knows about a request.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who opened the connection: the source address.
    pub peer: IpAddr,
    /// The port the client connected to.
    pub port: u16,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// When the request arrived.
    pub now: Timestamp,
    /// A new id, such as a UUID. REST APIs show it as it is, HTTP APIs make a short text of it.
    pub request_id: String,
}

impl<T: Clone> FrontDoor<T> {
    /// The front door of an HTTP API, without routes as yet. The Region is the function's, and so is
    /// the account unless the API names one.
    #[must_use]
    pub fn http(api: &HttpApi, function: &Function) -> Self {
        let account = api.account.as_deref();
        let mut made = Api::new(api.api_id.as_deref(), api.reference(), account, function);
        made.stage.clone_from(&api.stage);
        Self {
            api: made,
            entries: Vec::new(),
        }
    }

    /// The front door of a REST API, without methods as yet.
    #[must_use]
    pub fn rest(api: &RestApi, function: &Function) -> Self {
        let account = api.account.as_deref();
        let mut made = Api::new(api.api_id.as_deref(), api.reference(), account, function);
        made.rest = true;
        made.stage.clone_from(&api.stage);
        Self {
            api: made,
            entries: Vec::new(),
        }
    }

    /// Adds the routes of a connection, all of which lead to `target`, and its stage variables.
    /// Several functions may share one API.
    ///
    /// # Errors
    ///
    /// When a route cannot be read (`Invalid`) or is there already (`Conflict`); the error names it.
    /// No route is added then.
    pub fn add_http(&mut self, api: &HttpApi, target: T) -> Result<(), Error> {
        let flavour = match api.payload_format {
            PayloadFormat::V1 => Flavour::HttpV1,
            PayloadFormat::V2 => Flavour::HttpV2,
        };
        let timeout = Duration::from_millis(api.timeout_in_millis.into());
        self.add(&api.routes, |route| Entry {
            route,
            flavour,
            timeout,
            authorizer: api.authorizer.clone(),
            target: target.clone(),
        })?;
        self.api.stage_variables.extend(api.stage_variables.clone());
        Ok(())
    }

    /// Adds the methods of a connection, all of which lead to `target`, its stage variables and its
    /// binary media types.
    ///
    /// # Errors
    ///
    /// As for [`add_http`](Self::add_http).
    pub fn add_rest(&mut self, api: &RestApi, target: T) -> Result<(), Error> {
        let timeout = Duration::from_millis(api.timeout_in_millis.into());
        self.add(&api.routes, |route| Entry {
            route,
            flavour: Flavour::Rest,
            timeout,
            authorizer: api.authorizer.clone(),
            target: target.clone(),
        })?;
        self.api.stage_variables.extend(api.stage_variables.clone());
        for kind in &api.binary_media_types {
            if !self.api.binary_media_types.contains(kind) {
                self.api.binary_media_types.push(kind.clone());
            }
        }
        Ok(())
    }

    fn add(&mut self, keys: &[String], entry: impl Fn(Route) -> Entry<T>) -> Result<(), Error> {
        let mut entries = self.entries.clone();
        for key in keys {
            let route = Route::parse(key)?;
            if self.api.rest && route.method().is_none() {
                let message = format!("`{key}` is not a route of a REST API");
                return Err(Error::new(ErrorKind::Invalid, message));
            }
            if entries.iter().any(|entry| entry.route.same_as(&route)) {
                let message = format!("the route `{key}` is there already");
                return Err(Error::new(ErrorKind::Conflict, message).with("api", &self.api.id));
            }
            entries.push(entry(route));
        }
        entries.sort_by_cached_key(|entry| specificity(&entry.route));
        self.entries = entries;
        Ok(())
    }
}

impl<T> FrontDoor<T> {
    /// The API's id. An API that is yet to be created has one made from its name.
    #[must_use]
    pub fn api_id(&self) -> &str {
        &self.api.id
    }

    /// The stage: `$default`, or what stands in front of every path.
    #[must_use]
    pub fn stage(&self) -> &str {
        &self.api.stage
    }

    /// The routes as they were written, the most specific first.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &T)> {
        self.entries
            .iter()
            .map(|entry| (entry.route.key(), &entry.target))
    }

    /// Finds the route and makes the event.
    ///
    /// # Errors
    ///
    /// The response API Gateway gives without asking a function: 404 for a route an HTTP API does
    /// not have, 403 for a method or stage a REST API does not have, 413 for a body over 10 MB or an
    /// event over 6 MB, 431 for headers over the API's limit.
    #[expect(
        clippy::result_large_err,
        reason = "a response is what the caller sends on"
    )]
    pub fn admit(
        &self,
        request: &Request<Bytes>,
        arrival: &Arrival,
    ) -> Result<Admitted<'_, T>, Response<Bytes>> {
        let incoming = Incoming::new(request, arrival, &self.api);
        let refuse = |code, message| Err(refusal::of_api(&self.api, &incoming, code, message));
        if !self.api.url && incoming.head_bytes() > if self.api.rest { 20_480 } else { 10_240 } {
            return refuse(431, "Request Header Fields Too Large");
        }
        let too_large = if self.api.rest {
            "Request Too Long"
        } else {
            "Request Entity Too Large"
        };
        if request.body().len() > MAX_BODY {
            return refuse(413, too_large);
        }
        let Some(path) = incoming.path_in_stage() else {
            return match self.api.rest {
                true => refuse(403, "Forbidden"),
                false => refuse(404, "Not Found"),
            };
        };
        let Some((entry, variables)) =
            matched(&self.entries, request.method(), path, self.api.rest)
        else {
            return match self.api.rest {
                true => refuse(403, "Missing Authentication Token"),
                false => refuse(404, "Not Found"),
            };
        };
        let event = event::event(
            &self.api,
            &incoming,
            &entry.route,
            entry.flavour,
            &variables,
        );
        if event.len() > MAX_EVENT {
            return refuse(413, too_large);
        }
        Ok(Admitted {
            target: &entry.target,
            route_key: entry.route.key(),
            authorizer: entry.authorizer.as_deref(),
            event: event.into(),
            delivery: self.api.delivery(request.method().as_str(), &entry.route),
            trace_header: incoming.trace_header.clone(),
            timeout: entry.timeout,
            flavour: entry.flavour,
            binary_media_types: &self.api.binary_media_types,
            accept: incoming.header("accept").unwrap_or_default(),
            request_id: arrival.request_id.clone(),
        })
    }
}

impl Default for Arrival {
    /// From this machine, in the first moment of 1970.
    fn default() -> Self {
        Self {
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 80,
            scheme: "http",
            now: Timestamp::from_unix_millis(0),
            request_id: "00000000-0000-4000-8000-000000000000".into(),
        }
    }
}

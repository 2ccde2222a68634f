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
//! done: authorizers are not asked, and nothing is throttled, cached or mapped. Header names arrive
//! here in lower case; REST APIs and payload format 1.0 show them capitalized (`X-Api-Key`),
//! as most clients send them.

mod answer;
mod event;
mod incoming;
mod matching;
mod refusal;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use lambda_with::{Arn, Delivery, Error, ErrorKind, Function, Outcome, Timestamp};

use self::incoming::Incoming;
use self::matching::{matched, specificity};
use crate::route::Route;
use crate::{HttpApi, PayloadFormat, RestApi, permission};

/// As many bytes a body has at most.
const MAX_BODY: usize = 10 * 1024 * 1024;

/// As many bytes an event has at most: what Lambda takes.
const MAX_EVENT: usize = 6 * 1024 * 1024;

/// The front door of one API. `T` is where a route leads: a name, a handle, whatever finds the
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

/// A request that was let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Admitted<'a, T> {
    /// Where the route leads.
    pub target: &'a T,
    /// The route, as it was written.
    pub route_key: &'a str,
    /// The event, as JSON text.
    pub event: Bytes,
    /// On whose behalf API Gateway invokes.
    pub delivery: Delivery,
    /// The X-Ray header, which the client sent or which was made here.
    pub trace_header: String,
    /// How long API Gateway waits for the function; then it gives [`timed_out`](Self::timed_out).
    pub timeout: Duration,
    flavour: Flavour,
    binary_media_types: &'a [String],
    /// The request's `Accept` header.
    accept: String,
    request_id: String,
}

/// What is common to all routes.
#[derive(Clone, Debug)]
struct Api {
    id: String,
    /// The id, or the reference the permission of an API yet to be created has in its place.
    reference: String,
    rest: bool,
    partition: String,
    region: String,
    account: String,
    stage: String,
    stage_variables: BTreeMap<String, String>,
    binary_media_types: Vec<String>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    route: Route,
    flavour: Flavour,
    timeout: Duration,
    target: T,
}

/// The three forms of events and answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Flavour {
    Rest,
    HttpV1,
    HttpV2,
}

impl<T: Clone> FrontDoor<T> {
    /// The front door of an HTTP API, without routes as yet. The account is the function's unless
    /// the API names one, and so is the Region.
    #[must_use]
    pub fn http(api: &HttpApi, function: &Function) -> Self {
        let account = api.account.as_deref();
        let mut made = Api::new(&api.api_id, &api.name, api.reference(), account, function);
        made.stage.clone_from(&api.stage);
        made.stage_variables.clone_from(&api.stage_variables);
        Self {
            api: made,
            entries: Vec::new(),
        }
    }

    /// The front door of a REST API, without methods as yet.
    #[must_use]
    pub fn rest(api: &RestApi, function: &Function) -> Self {
        let account = api.account.as_deref();
        let mut made = Api::new(&api.api_id, &api.name, api.reference(), account, function);
        made.rest = true;
        made.stage.clone_from(&api.stage);
        made.stage_variables.clone_from(&api.stage_variables);
        made.binary_media_types.clone_from(&api.binary_media_types);
        Self {
            api: made,
            entries: Vec::new(),
        }
    }

    /// Adds the routes of a connection, all of which lead to `target`. Several functions may share
    /// one API.
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
        self.add(&api.routes, flavour, api.timeout_in_millis, &target)
    }

    /// Adds the methods of a connection, all of which lead to `target`. Binary media types and stage
    /// variables are united with those known.
    ///
    /// # Errors
    ///
    /// As for [`add_http`](Self::add_http).
    pub fn add_rest(&mut self, api: &RestApi, target: T) -> Result<(), Error> {
        self.add(&api.routes, Flavour::Rest, api.timeout_in_millis, &target)?;
        for kind in &api.binary_media_types {
            if !self.api.binary_media_types.contains(kind) {
                self.api.binary_media_types.push(kind.clone());
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        keys: &[String],
        flavour: Flavour,
        timeout: u32,
        target: &T,
    ) -> Result<(), Error> {
        let mut entries = self.entries.clone();
        for key in keys {
            let route = Route::parse(key)?;
            if flavour == Flavour::Rest && route.method().is_none() {
                let message = format!("`{key}` is not a route of a REST API");
                return Err(Error::new(ErrorKind::Invalid, message));
            }
            if entries.iter().any(|entry| entry.route.same_as(&route)) {
                let message = format!("the route `{key}` is there already");
                return Err(Error::new(ErrorKind::Conflict, message).with("api", &self.api.id));
            }
            let timeout = Duration::from_millis(timeout.into());
            entries.push(Entry {
                route,
                flavour,
                timeout,
                target: target.clone(),
            });
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
        if incoming.head_bytes() > if self.api.rest { 20_480 } else { 10_240 } {
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

impl<T> Admitted<'_, T> {
    /// What the client gets for the function's answer, or for an invocation that Lambda refused.
    ///
    /// A function that failed, and an answer API Gateway cannot read, is a 500 from an HTTP API and a
    /// 502 from a REST API; what Lambda refuses is a 500 from both, unless the event is too large
    /// (413).
    #[must_use]
    pub fn answer(&self, result: Result<&Outcome, &Error>) -> Response<Bytes> {
        let answered = match result {
            Ok(Outcome::Success { payload, .. }) => match self.flavour {
                Flavour::HttpV2 => answer::v2(payload),
                Flavour::HttpV1 => answer::v1(payload),
                Flavour::Rest => answer::rest(payload, self.takes_bytes()),
            },
            Ok(_) => None,
            Err(error) => {
                return match (error.kind(), self.flavour) {
                    (ErrorKind::Limit, Flavour::Rest) => self.refuse(413, "Request Too Long"),
                    (ErrorKind::Limit, _) => self.refuse(413, "Request Entity Too Large"),
                    (_, Flavour::Rest) => self.refuse(500, "Internal server error"),
                    _ => self.refuse(500, "Internal Server Error"),
                };
            }
        };
        match (answered, self.flavour) {
            (Some(response), _) => refusal::with_ids(
                response,
                self.flavour == Flavour::Rest,
                &self.request_id,
                &self.trace_header,
            ),
            (None, Flavour::Rest) => self.refuse(502, "Internal server error"),
            (None, _) => self.refuse(500, "Internal Server Error"),
        }
    }

    /// What the client gets when the function has not answered in time: 503 from an HTTP API, 504
    /// from a REST API.
    #[must_use]
    pub fn timed_out(&self) -> Response<Bytes> {
        match self.flavour {
            Flavour::Rest => self.refuse(504, "Endpoint request timed out"),
            _ => self.refuse(503, "Service Unavailable"),
        }
    }

    fn refuse(&self, code: u16, message: &str) -> Response<Bytes> {
        let rest = self.flavour == Flavour::Rest;
        refusal::response(rest, code, message, &self.request_id, &self.trace_header)
    }

    /// Whether a REST API decodes base64 for this client: it looks at the first type it accepts.
    fn takes_bytes(&self) -> bool {
        let first = self.accept.split(',').next().unwrap_or_default();
        incoming::is_one_of(self.binary_media_types, first)
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

impl Api {
    fn new(
        id: &Option<String>,
        name: &str,
        reference: String,
        account: Option<&str>,
        function: &Function,
    ) -> Self {
        Self {
            id: id
                .clone()
                .unwrap_or_else(|| format!("local{}", crate::name::checksum(&[name]))),
            reference,
            rest: false,
            partition: function.partition().into(),
            region: function.region().into(),
            account: account.unwrap_or(function.account()).into(),
            stage: String::new(),
            stage_variables: BTreeMap::new(),
            binary_media_types: Vec::new(),
        }
    }

    /// The host name AWS gives the API.
    fn domain_name(&self) -> String {
        let suffix = if self.partition == "aws-cn" {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        format!("{}.execute-api.{}.{suffix}", self.id, self.region)
    }

    fn delivery(&self, method: &str, route: &Route) -> Delivery {
        let place = match route.method() {
            Some(_) => format!("{method}{}", route.path()),
            None => route.key().to_owned(),
        };
        let resource = format!("{}/{}/{place}", self.reference, self.stage);
        let arn = Arn::new(
            &self.partition,
            "execute-api",
            &self.region,
            &self.account,
            &resource,
        );
        Delivery {
            principal: permission::PRINCIPAL.into(),
            source_arn: arn.ok(),
            source_account: Some(self.account.clone()),
            event_source_token: None,
        }
    }
}

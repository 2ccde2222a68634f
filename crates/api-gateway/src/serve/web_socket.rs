//! The front door of a WebSocket API: handshakes, messages, and the management API.
//!
//! See <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html>.

mod call;
mod client;
mod judge;
mod management;
mod selection;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use lambda_with::{Error, ErrorKind, Function, Outcome};

pub use self::call::Call;
use self::call::no_route;
pub use self::client::Client;
use self::client::Happened;
use self::judge::{Judge, judge, turned_away};
pub use self::management::{Action, Command};
use self::selection::Selection;
use super::Arrival;
use super::api::Api;
use super::incoming::{Incoming, trace};
use crate::{Authorizer, AuthorizerKind, WebSocketApi};

/// As many bytes a frame has at most; a larger one closes the connection with 1009.
pub const MAX_FRAME: usize = 32 * 1024;

/// As many bytes a message has at most; a larger one closes the connection with 1009.
pub const MAX_MESSAGE: usize = 128 * 1024;

/// A connection over which nothing comes or goes for so long is closed with 1001.
pub const IDLE: Duration = Duration::from_secs(10 * 60);

/// A connection that is open for so long is closed with 1001.
pub const LIFETIME: Duration = Duration::from_secs(2 * 60 * 60);

/// As many bytes the URL of a handshake has at most.
const MAX_URL: usize = 4096;

/// The front door of one WebSocket API. `T` is where a route leads: a name, a handle, whatever finds
/// the function.
///
/// ```
/// use bytes::Bytes;
/// use lambda_with::Function;
/// use lambda_with_api_gateway::WebSocketApi;
/// use lambda_with_api_gateway::serve::Arrival;
/// use lambda_with_api_gateway::serve::web_socket::Door;
///
/// let function = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:chat".parse()?)?;
/// let api = WebSocketApi { routes: vec!["send".into()], ..WebSocketApi::default() };
/// let mut door = Door::new(&api, &function)?;
/// door.add(&api, "chat")?;
///
/// let handshake = http::Request::get("/prod?room=7").body(Bytes::new())?;
/// let client = door.admit(&handshake, &Arrival::default()).map_err(|_| "no such stage")?;
/// assert!(door.connect(&client).is_none()); // no route `$connect`: everybody is let in
///
/// let call = door.message(&client, r#"{"action":"send"}"#, &Arrival::default())?;
/// assert_eq!((*call.target, call.route_key), ("chat", "send"));
/// let refused = door.message(&client, "hello", &Arrival::default()).unwrap_err();
/// assert!(refused.starts_with(r#"{"message": "Forbidden", "connectionId":"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It opens no socket and knows no clock: it makes events of what happened, and frames and responses
/// of answers.
#[derive(Clone, Debug)]
pub struct Door<T> {
    api: Api,
    selection: Selection,
    entries: Vec<Entry<T>>,
    authorizer: Option<String>,
    judge: Option<Judge<T>>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    key: String,
    timeout: Duration,
    two_way: bool,
    target: T,
}

impl<T: Clone> Door<T> {
    /// The door of an API, without routes as yet. The Region is the function's, and so is the account
    /// unless the API names one.
    ///
    /// # Errors
    ///
    /// When the route selection expression cannot be read (`Invalid`).
    pub fn new(api: &WebSocketApi, function: &Function) -> Result<Self, Error> {
        let account = api.account.as_deref();
        let mut made = Api::new(api.api_id.as_deref(), api.reference(), account, function);
        // Headers and errors are those of REST APIs.
        made.rest = true;
        made.stage.clone_from(&api.stage);
        Ok(Self {
            api: made,
            selection: Selection::parse(&api.route_selection_expression)?,
            entries: Vec::new(),
            authorizer: None,
            judge: None,
        })
    }

    /// Adds the routes of a connection, all of which lead to `target`, its stage variables and the
    /// name of its authorizer. Several functions may share one API.
    ///
    /// # Errors
    ///
    /// When a route is there already (`Conflict`).
    pub fn add(&mut self, api: &WebSocketApi, target: T) -> Result<(), Error> {
        for key in &api.routes {
            if self.entries.iter().any(|entry| entry.key == *key) {
                let message = format!("the route `{key}` is there already");
                return Err(Error::new(ErrorKind::Conflict, message).with("api", &self.api.id));
            }
            self.entries.push(Entry {
                key: key.clone(),
                timeout: Duration::from_millis(api.timeout_in_millis.into()),
                two_way: api.two_way.contains(key),
                target: target.clone(),
            });
        }
        self.api.stage_variables.extend(api.stage_variables.clone());
        // Only the handshake is authorized, and only the connection that has it says by whom.
        if api.routes.iter().any(|key| key == "$connect") {
            self.authorizer = api.authorizer.clone();
        }
        Ok(())
    }

    /// Has this authorizer asked about every handshake, if it is the one the API names.
    pub fn add_authorizer(&mut self, authorizer: &Authorizer, target: T) {
        let named = self.authorizer.as_deref() == Some(&authorizer.name);
        let of_the_kind = authorizer.kind == AuthorizerKind::WebSocket;
        if named && of_the_kind && authorizer.reference() == self.api.reference {
            self.judge = Some(Judge::new(authorizer, target));
        }
    }
}

impl<T> Door<T> {
    /// The API's id. An API that is yet to be created has one made from its name.
    #[must_use]
    pub fn api_id(&self) -> &str {
        &self.api.id
    }

    /// The stage, which is the path of a handshake.
    #[must_use]
    pub fn stage(&self) -> &str {
        &self.api.stage
    }

    /// The keys of the routes.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &T)> {
        let entries = self.entries.iter();
        entries.map(|entry| (entry.key.as_str(), &entry.target))
    }

    /// Who would judge a handshake on AWS: `AWS_IAM`, or the name of an authorizer. Nobody is asked
    /// unless the authorizer was [added](Self::add_authorizer).
    #[must_use]
    pub fn authorizer(&self) -> Option<&str> {
        self.authorizer.as_deref()
    }

    /// Reads a handshake.
    ///
    /// # Errors
    ///
    /// The response: 403 for another stage, 414 for a URL over 4,096 bytes.
    #[expect(
        clippy::result_large_err,
        reason = "a response is what the caller sends on"
    )]
    pub fn admit(
        &self,
        request: &Request<Bytes>,
        arrival: &Arrival,
    ) -> Result<Client, Response<Bytes>> {
        let client = Client::new(request, arrival, &self.api);
        if request.uri().to_string().len() > MAX_URL {
            return Err(turned_away(&client, 414, "Request URI too long"));
        }
        match Incoming::new(request, arrival, &self.api).path_in_stage() {
            Some("/") => Ok(client),
            _ => Err(turned_away(&client, 403, "Forbidden")),
        }
    }

    /// The response to a request for the stage that asks for no WebSocket.
    #[must_use]
    pub fn no_upgrade(&self, client: &Client) -> Response<Bytes> {
        turned_away(client, 426, "Upgrade Required")
    }

    /// What to ask the authorizer about a handshake; nothing without one.
    ///
    /// # Errors
    ///
    /// The response 401 for a client without the authorizer's identity sources.
    #[expect(
        clippy::result_large_err,
        reason = "a response is what the caller sends on"
    )]
    pub fn authorize(&self, client: &Client) -> Result<Option<Call<'_, T>>, Response<Bytes>> {
        let Some(judge) = &self.judge else {
            return Ok(None);
        };
        let call = judge.call(&self.api, client);
        let refused = || turned_away(client, 401, "Unauthorized");
        call.map(Some).ok_or_else(refused)
    }

    /// Takes note of what the authorizer said: its context stands in all events of the client.
    ///
    /// # Errors
    ///
    /// The response: 403 where its policy does not allow, 401 for the error `Unauthorized`, 500 for
    /// any other and for an answer API Gateway does not take.
    #[expect(
        clippy::result_large_err,
        reason = "a response is what the caller sends on"
    )]
    pub fn judged(
        &self,
        client: &mut Client,
        result: Option<Result<&Outcome, &Error>>,
        took: Duration,
    ) -> Result<(), Response<Bytes>> {
        let context = judge(&self.api, client, result, took).map_err(|response| *response)?;
        client.authorizer = Some(context);
        Ok(())
    }

    /// The invocation of `$connect`; nothing without that route. Its
    /// [`connected`](Call::connected) tells whether the client is let in.
    #[must_use]
    pub fn connect(&self, client: &Client) -> Option<Call<'_, T>> {
        let arrival = client.handshake.clone();
        let mut call = self.call("$connect", client, &arrival, &Happened::Connect)?;
        call.trace_header.clone_from(&client.trace_header);
        Some(call)
    }

    /// The invocation of the route a message takes. Its [`reply`](Call::reply) is for the sender.
    ///
    /// # Errors
    ///
    /// What the sender gets where there is no route for the message, and no `$default`.
    pub fn message(
        &self,
        client: &Client,
        message: &str,
        arrival: &Arrival,
    ) -> Result<Call<'_, T>, String> {
        let happened = Happened::Message(message);
        let key = self.selection.of(message);
        // No message is a handshake.
        let key = key.filter(|key| !["$connect", "$disconnect"].contains(&key.as_str()));
        key.and_then(|key| self.call(&key, client, arrival, &happened))
            .or_else(|| self.call("$default", client, arrival, &happened))
            .ok_or_else(|| no_route(client, arrival))
    }

    /// The invocation of `$disconnect`, with the close code and reason; nothing without that route.
    /// What it answers is nobody's.
    #[must_use]
    pub fn disconnect(
        &self,
        client: &Client,
        code: u16,
        reason: &str,
        arrival: &Arrival,
    ) -> Option<Call<'_, T>> {
        let happened = Happened::Disconnect(code, reason);
        self.call("$disconnect", client, arrival, &happened)
    }

    fn call(
        &self,
        key: &str,
        client: &Client,
        arrival: &Arrival,
        happened: &Happened<'_>,
    ) -> Option<Call<'_, T>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(Call {
            target: &entry.target,
            route_key: &entry.key,
            event: client.event(&self.api, &entry.key, arrival, happened),
            delivery: self.api.delivery_at(&format!("{}/{key}", self.api.stage)),
            trace_header: trace(arrival),
            timeout: entry.timeout,
            two_way: entry.two_way,
            request_id: arrival.request_id.clone(),
            connection_id: client.id().to_owned(),
        })
    }
}

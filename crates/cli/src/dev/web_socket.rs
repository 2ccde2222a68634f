//! WebSocket APIs on this machine.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use lambda_with::{Delivery, Error, Invoke, Outcome, Timestamp};
use lambda_with_api_gateway::serve::Arrival;
use lambda_with_api_gateway::serve::web_socket::{
    Action, Call, Client, Command, Door, IDLE, LIFETIME, MAX_FRAME, MAX_MESSAGE,
};
use lambda_with_api_gateway::{Authorizer, WebSocketApi};
use lambda_with_local::web_socket::{Limits, Link, Received, Upgrade, WebSocket};
use lambda_with_local::{Body, FrontDoor, Handle, Peer, is_from_website};
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

use super::doors::{Target, invocation, on_this_machine};
use crate::config::Config;
use crate::failure::told;
use crate::output::Output;

/// As many messages of one client are at work at once: the burst an account is allowed.
const BURST: usize = 5000;

/// The access key the engine gives functions.
const OF_FUNCTIONS: &str = "lambda-with-local";

const LIMITS: Limits = Limits {
    frame: MAX_FRAME,
    message: MAX_MESSAGE,
    idle: IDLE,
    lifetime: LIFETIME,
};

/// One WebSocket API, with a function behind every route.
pub(super) struct SocketDoor {
    front: Door<Target>,
    /// Whether the definition lets a function manage connections.
    managed: bool,
    open: Mutex<HashMap<String, Open>>,
    output: Output,
}

/// A client that is connected.
#[derive(Clone)]
struct Open {
    client: Arc<Client>,
    link: Link,
}

type Result<T, E = Response<Body>> = std::result::Result<T, E>;

/// What came of an invocation; nothing where it took too long.
type Asked = Option<Result<Outcome, Error>>;

/// The door of every WebSocket API, with the routes of all functions that run here.
pub(super) fn doors(
    config: &Config,
    handle: &Handle,
    output: Output,
) -> Result<Vec<SocketDoor>, Error> {
    let mut doors: Vec<SocketDoor> = Vec::new();
    for defined in &config.functions {
        let Ok(function) = handle.function(&defined.name) else {
            continue;
        };
        let qualifier = defined.function.qualifier().map(str::to_owned);
        for connected in &defined.connections {
            let Some(api) = connected.connection.as_any().downcast_ref::<WebSocketApi>() else {
                continue;
            };
            let front = Door::new(api, &defined.function)?;
            let same = |other: &SocketDoor| {
                let (one, other) = (&front, &other.front);
                one.api_id() == other.api_id() && one.stage() == other.stage()
            };
            let index = doors.iter().position(same).unwrap_or_else(|| {
                doors.push(SocketDoor {
                    front,
                    managed: false,
                    open: Mutex::default(),
                    output,
                });
                doors.len() - 1
            });
            doors[index].managed |= api.manage_connections;
            doors[index]
                .front
                .add(api, (function.clone(), qualifier.clone()))?;
        }
    }
    for defined in &config.functions {
        let Ok(function) = handle.function(&defined.name) else {
            continue;
        };
        let target = (function, defined.function.qualifier().map(str::to_owned));
        for connected in &defined.connections {
            let authorizer = connected.connection.as_any().downcast_ref::<Authorizer>();
            for door in &mut doors {
                if let Some(authorizer) = authorizer {
                    door.front.add_authorizer(authorizer, target.clone());
                }
            }
        }
    }
    Ok(doors)
}

impl SocketDoor {
    pub(super) fn stage(&self) -> &str {
        self.front.stage()
    }

    /// The keys of the routes.
    pub(super) fn routes(&self) -> Vec<String> {
        let routes = self.front.routes();
        routes.map(|(key, _)| key.to_owned()).collect()
    }

    pub(super) fn into_front(self) -> impl FrontDoor {
        let door = Arc::new(self);
        move |request: Request<Bytes>, peer: Peer| {
            let door = Arc::clone(&door);
            async move { door.answer(request, peer).await }
        }
    }

    async fn answer(self: Arc<Self>, mut request: Request<Bytes>, peer: Peer) -> Response<Body> {
        if let Some(command) = self.front.command(&request) {
            let response = match command {
                // Programs on this machine need not sign; pages are not let in for that.
                Ok(command) if is_from_website(&request) => self.front.denied(&command),
                Ok(command) => self.manage(&command).await,
                Err(refused) => refused,
            };
            return response.map(Body::from);
        }
        let arrival = arrival(peer.remote.ip(), peer.local.port());
        self.open(&mut request, &arrival)
            .await
            .unwrap_or_else(|refused| refused)
    }

    /// Opens a socket, where authorizer and `$connect` let the client in.
    async fn open(
        self: Arc<Self>,
        request: &mut Request<Bytes>,
        arrival: &Arrival,
    ) -> Result<Response<Body>> {
        let refused = |response: Response<Bytes>| response.map(Body::from);
        let mut client = self.front.admit(request, arrival).map_err(refused)?;
        let Some(upgrade) = Upgrade::take(request) else {
            return Err(refused(self.front.no_upgrade(&client)));
        };
        if let Some(call) = self.front.authorize(&client).map_err(refused)? {
            let begun = Instant::now();
            // The policy has the same references in the place of ids.
            let asked = self.ask(&call, call.delivery.clone()).await;
            self.front
                .judged(&mut client, of(&asked), begun.elapsed())
                .map_err(refused)?;
        }
        let mut subprotocol = None;
        if let Some(call) = self.front.connect(&client) {
            let asked = self.ask(&call, self.delivery(&call)).await;
            subprotocol = call.connected(of(&asked)).map_err(|response| {
                let succeeded = matches!(asked, Some(Ok(Outcome::Success { .. })));
                if succeeded && response.status().is_server_error() {
                    let status = response.status();
                    self.output
                        .note(&format!("WebSocket $connect: answered {status}"));
                }
                refused(response)
            })?;
        }
        let open = Open {
            client: Arc::new(client),
            link: upgrade.link(),
        };
        // Before the client knows of it, so that it is found by all who heard of it from the client.
        self.sockets()
            .insert(open.client.id().to_owned(), open.clone());
        let door = Arc::clone(&self);
        Ok(upgrade.accept(subprotocol, LIMITS, move |socket| {
            door.session(open, socket)
        }))
    }

    /// Serves a client until it or somebody else ends it.
    async fn session(self: Arc<Self>, open: Open, mut socket: WebSocket) {
        let mut at_work = JoinSet::new();
        let (code, reason) = loop {
            match socket.next().await {
                Received::Text(_) if at_work.len() >= BURST => {
                    let link = open.link.clone();
                    at_work.spawn(async move {
                        link.close(1008).await;
                    });
                }
                Received::Text(text) => {
                    at_work.spawn(Arc::clone(&self).message(open.clone(), text));
                }
                Received::Closed { code, reason } => break (code, reason),
            }
            while at_work.try_join_next().is_some() {}
        };
        self.sockets().remove(open.client.id());
        let arrival = arrival(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let call = self.front.disconnect(&open.client, code, &reason, &arrival);
        if let Some(call) = call {
            self.ask(&call, self.delivery(&call)).await;
        }
        while at_work.join_next().await.is_some() {}
    }

    async fn message(self: Arc<Self>, open: Open, text: String) {
        let arrival = arrival(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let reply = match self.front.message(&open.client, &text, &arrival) {
            Ok(call) => {
                let asked = self.ask(&call, self.delivery(&call)).await;
                call.reply(of(&asked))
            }
            Err(no_route) => Some(no_route),
        };
        if let Some(reply) = reply {
            // A client that is gone misses it.
            open.link.send(reply).await;
        }
    }

    /// Does what the management API is asked to.
    async fn manage(&self, command: &Command) -> Response<Bytes> {
        if !self.managed && command.access_key.as_deref() == Some(OF_FUNCTIONS) {
            self.output.note(
                "a function used @connections, which its role would not let it: set `manage_connections` in its connection",
            );
            return self.front.denied(command);
        }
        let open = self.sockets().get(&command.connection_id).cloned();
        let Some(open) = open else {
            return Command::gone();
        };
        let active = SystemTime::now() - open.link.idle();
        let there = match &command.action {
            Action::Post(text) => open.link.send(text.clone()).await,
            Action::Get => open.link.is_open(),
            Action::Delete => open.link.close(1000).await,
        };
        match there {
            true => command.done(&open.client, Timestamp::from(active)),
            false => Command::gone(),
        }
    }

    /// Invokes, and says on standard error what did not go well.
    async fn ask(&self, call: &Call<'_, Target>, delivery: Delivery) -> Asked {
        let (function, qualifier) = call.target;
        let invocation = invocation(&call.event, delivery, &call.trace_header, qualifier);
        let asked = timeout(call.timeout, function.invoke(invocation))
            .await
            .ok();
        let why = match &asked {
            Some(Ok(Outcome::FunctionError { payload, .. })) => {
                format!("the function failed{}", told(payload))
            }
            Some(Ok(_)) => return asked,
            Some(Err(error)) => error.to_string(),
            None => format!("no answer within {} s", call.timeout.as_secs_f64()),
        };
        self.output
            .note(&format!("WebSocket {}: {why}", call.route_key));
        asked
    }

    fn delivery(&self, call: &Call<'_, Target>) -> Delivery {
        let mut delivery = call.delivery.clone();
        let source = delivery.source_arn.take();
        delivery.source_arn = source.map(|arn| on_this_machine(arn, self.front.api_id()));
        delivery
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of(asked: &Asked) -> Option<Result<&Outcome, &Error>> {
    asked.as_ref().map(|result| result.as_ref())
}

fn arrival(peer: IpAddr, port: u16) -> Arrival {
    Arrival {
        peer,
        port,
        scheme: "http",
        now: Timestamp::from(SystemTime::now()),
        request_id: Uuid::new_v4().to_string(),
    }
}

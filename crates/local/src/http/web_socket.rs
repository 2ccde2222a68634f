//! WebSockets that front doors open.

mod session;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::http::Body;

pub(crate) use self::session::Session;
pub use self::session::WebSocket;

/// Messages that wait to be sent to one client.
const WAITING: usize = 64;

/// A client's wish to go on with WebSocket frames, which a front door may grant.
///
/// ```no_run
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use lambda_with_local::web_socket::{Limits, Received, Upgrade};
/// use lambda_with_local::{Body, Peer};
///
/// async fn echo(mut request: Request<Bytes>, _: Peer) -> Response<Body> {
///     let Some(upgrade) = Upgrade::take(&mut request) else {
///         return Response::new(Bytes::new().into());
///     };
///     let link = upgrade.link();
///     upgrade.accept(None, Limits::default(), |mut socket| async move {
///         while let Received::Text(text) = socket.next().await {
///             link.send(text).await;
///         }
///     })
/// }
/// ```
#[derive(Debug)]
pub struct Upgrade {
    on: OnUpgrade,
    accept: HeaderValue,
    link: Link,
    pushes: mpsc::Receiver<Push>,
}

/// What a WebSocket may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// As many bytes a frame has, in either direction; a larger one closes with 1009.
    pub frame: usize,
    /// As many bytes a message of the client has; a larger one closes with 1009.
    pub message: usize,
    /// Nothing came or went for so long: closes with 1001.
    pub idle: Duration,
    /// It is open for so long: closes with 1001.
    pub lifetime: Duration,
}

/// What came of waiting for a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Received {
    /// A message.
    Text(String),
    /// The end, by whichever side.
    Closed {
        /// The close code: the client's, 1005 where it gave none, 1006 where it just went away; else
        /// the one it was sent: 1000 when asked to close, 1001, 1003 for bytes, 1009, 1012 when the
        /// engine ends.
        code: u16,
        /// Why, as far as it was said.
        reason: String,
    },
}

/// A client's socket as everybody but its session holds it; a cheap clone.
#[derive(Clone, Debug)]
pub struct Link {
    pushes: mpsc::Sender<Push>,
    active: Arc<Mutex<Instant>>,
}

/// What others want of a socket; answered when it was done.
#[derive(Debug)]
enum Push {
    Text(String, oneshot::Sender<()>),
    Close(u16, oneshot::Sender<()>),
}

impl Upgrade {
    /// Takes the wish off a request; nothing where it is none by RFC 6455.
    pub fn take(request: &mut Request<Bytes>) -> Option<Self> {
        let headers = request.headers();
        let wanted = request.method() == Method::GET
            && says(headers, CONNECTION, "upgrade")
            && says(headers, UPGRADE, "websocket")
            && says(headers, SEC_WEBSOCKET_VERSION, "13");
        let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| wanted)?;
        let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
        let on = request.extensions_mut().remove()?;
        let (sender, pushes) = mpsc::channel(WAITING);
        Some(Self {
            on,
            accept,
            link: Link {
                pushes: sender,
                active: Arc::new(Mutex::new(Instant::now())),
            },
            pushes,
        })
    }

    /// What sends to the client, once the session runs.
    #[must_use]
    pub fn link(&self) -> Link {
        self.link.clone()
    }

    /// The response that opens the socket, with a subprotocol where one was chosen.
    ///
    /// `session` runs once the client has the response, and exactly once: where the client went away
    /// before, it finds the socket closed. When the engine shuts down, sockets are closed and sessions
    /// are given the time that is left to end.
    pub fn accept<F, S>(
        self,
        subprotocol: Option<HeaderValue>,
        limits: Limits,
        session: F,
    ) -> Response<Body>
    where
        F: FnOnce(WebSocket) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let mut response = Response::new(Body::from(Bytes::new()));
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(subprotocol) = subprotocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        let (on, link, pushes) = (self.on, self.link, self.pushes);
        let session = Session::new(move |stop| async move {
            let stream = match on.await {
                Ok(stream) => Some(stream),
                Err(error) => {
                    tracing::debug!(%error, "a client went away before its socket was open");
                    None
                }
            };
            session(WebSocket::new(stream, limits, link, pushes, stop).await).await;
        });
        response.extensions_mut().insert(session);
        response
    }
}

impl Link {
    /// Sends a message; false when the socket is closed. On return it is on its way.
    pub async fn send(&self, text: String) -> bool {
        self.push(|done| Push::Text(text, done)).await
    }

    /// Closes the socket; false when it is closed already.
    pub async fn close(&self, code: u16) -> bool {
        self.push(|done| Push::Close(code, done)).await
    }

    /// Whether the client is still there, as far as is known.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.pushes.is_closed()
    }

    /// How long ago something came or went.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.active().elapsed()
    }

    async fn push(&self, push: impl FnOnce(oneshot::Sender<()>) -> Push) -> bool {
        let (done, receiver) = oneshot::channel();
        self.pushes.send(push(done)).await.is_ok() && receiver.await.is_ok()
    }

    fn active(&self) -> Instant {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl Default for Limits {
    /// 32 KB, 128 KB, ten minutes and two hours, as API Gateway has them.
    fn default() -> Self {
        Self {
            frame: 32 * 1024,
            message: 128 * 1024,
            idle: Duration::from_secs(10 * 60),
            lifetime: Duration::from_secs(2 * 60 * 60),
        }
    }
}

/// Whether a header has this word in its list.
fn says(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(word))
}

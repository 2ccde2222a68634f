//! Serving HTTP on 127.0.0.1, and the front doors that users hang into it.

pub(crate) mod call;
pub(crate) mod control;
mod event_stream;
pub(crate) mod invoke_api;
pub mod web_socket;
pub(crate) mod website;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::http::web_socket::Session;

/// Connections served at once by one listener; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;

/// The largest request line with headers, as Lambda takes it.
pub(crate) const MAX_HEAD: usize = 1024 * 1024;

/// The largest request a front door takes: API Gateway's limit of 10 MB.
const MAX_FRONT_DOOR_BODY: usize = 10 * 1024 * 1024;

/// The body of a response: whole, or in pieces as they come.
///
/// ```
/// use bytes::Bytes;
/// use lambda_with_local::Body;
/// use tokio::sync::mpsc;
///
/// let whole = Body::from(Bytes::from_static(b"hello"));
/// let (pieces, receiver) = mpsc::channel(1);
/// let in_pieces = Body::pieces(receiver);
/// # drop((whole, in_pieces, pieces));
/// ```
#[derive(Debug)]
pub struct Body(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Full<Bytes>),
    Pieces(mpsc::Receiver<io::Result<Bytes>>),
}

impl Body {
    /// A body that ends when the sender is dropped. An error breaks the connection off, which tells
    /// the client that the body is not complete.
    #[must_use]
    pub fn pieces(receiver: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self(Kind::Pieces(receiver))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Whole(Full::new(bytes)))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.get_mut().0 {
            Kind::Whole(whole) => Pin::new(whole)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Kind::Pieces(pieces) => pieces
                .poll_recv(context)
                .map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(whole) => whole.is_end_stream(),
            Kind::Pieces(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(whole) => whole.size_hint(),
            Kind::Pieces(_) => SizeHint::default(),
        }
    }
}

/// Answers HTTP requests on behalf of a service such as API Gateway.
///
/// Bodies of requests arrive whole, at most 10 MB; a larger one is answered with 413 before it gets
/// here. Closures from a request and a [`Peer`] to a future response are front doors; the response's
/// body is [`Bytes`] or a [`Body`].
pub trait FrontDoor: Send + Sync + 'static {
    /// Answers one request.
    fn answer(
        &self,
        request: Request<Bytes>,
        peer: Peer,
    ) -> impl Future<Output = Response<Body>> + Send;
}

impl<F, R, B> FrontDoor for F
where
    F: Fn(Request<Bytes>, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = Response<B>> + Send,
    B: Into<Body>,
{
    async fn answer(&self, request: Request<Bytes>, peer: Peer) -> Response<Body> {
        self(request, peer).await.map(Into::into)
    }
}

/// The two ends of the connection a request came by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Peer {
    /// The client.
    pub remote: SocketAddr,
    /// The address it connected to.
    pub local: SocketAddr,
}

/// Serves every connection to `listener` until told to stop, and then lets open requests end.
///
/// What `outlasts` its client goes on when that has said all, or is gone: whoever asked for an
/// invocation, and hung up, still has the function run. What waits for its client ends with it.
pub(crate) async fn serve<S, R, B>(
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
    outlasts: bool,
    service: S,
) where
    S: Fn(Request<Incoming>, SocketAddr) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<B>> + Send + 'static,
    B: Into<Body> + 'static,
{
    let mut connections = JoinSet::new();
    while !*stop.borrow_and_update() {
        while connections.try_join_next().is_some() {}
        if connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: some connection must end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without it small answers would wait for acknowledgements; nothing depends on it.
        let _ = stream.set_nodelay(true);
        let (stop, service) = (stop.clone(), service.clone());
        connections.spawn(connection(stream, remote, stop, outlasts, service));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection<S, R, B>(
    stream: TcpStream,
    remote: SocketAddr,
    mut stop: watch::Receiver<bool>,
    outlasts: bool,
    service: S,
) where
    S: Fn(Request<Incoming>, SocketAddr) -> R,
    R: Future<Output = Response<B>>,
    B: Into<Body>,
{
    let session = Mutex::new(None::<Session>);
    {
        let answer = service_fn(|request| {
            let response = service(request, remote);
            let session = &session;
            async move {
                let mut response = response.await.map(Into::into);
                *kept(session) = response.extensions_mut().remove();
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .half_close(outlasts)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = pin!(connection.with_upgrades());
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _ = stop.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
    let session = kept(&session).take();
    if let Some(session) = session {
        session.run(stop).await;
    }
}

fn kept(session: &Mutex<Option<Session>>) -> MutexGuard<'_, Option<Session>> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves a front door on `listener` until told to stop.
pub(crate) async fn serve_front_door<D: FrontDoor>(
    listener: TcpListener,
    local: SocketAddr,
    stop: watch::Receiver<bool>,
    door: D,
) {
    let door = Arc::new(door);
    serve(
        listener,
        stop,
        true,
        move |request: Request<Incoming>, remote| {
            let door = door.clone();
            async move {
                let (parts, body) = request.into_parts();
                match read(body, MAX_FRONT_DOOR_BODY).await {
                    Ok(body) => {
                        door.answer(Request::from_parts(parts, body), Peer { remote, local })
                            .await
                    }
                    Err(Unread::TooLarge) => json(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        r#"{"message":"Request Entity Too Large"}"#,
                    )
                    .map(Body::from),
                    Err(Unread::Broken) => {
                        json(StatusCode::BAD_REQUEST, r#"{"message":"Bad Request"}"#)
                            .map(Body::from)
                    }
                }
            }
        },
    )
    .await;
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unread {
    /// It is larger than allowed.
    TooLarge,
    /// The connection broke, or the framing is wrong.
    Broken,
}

/// Reads a body of at most `limit` bytes. What goes beyond is read and thrown away, so that the
/// client has sent its request and reads the answer.
pub(crate) async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Unread> {
    let mut all = Chunks::None;
    let mut length = 0;
    if usize::try_from(body.size_hint().lower()).map_or(true, |lower| lower > limit) {
        length = limit + 1;
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unread::Broken)?;
        if let Ok(data) = frame.into_data() {
            length = length.saturating_add(data.len());
            all = if length > limit {
                Chunks::None
            } else {
                all.and(data)
            };
        }
    }
    if length > limit {
        Err(Unread::TooLarge)
    } else {
        Ok(all.into_bytes())
    }
}

/// A body that comes in one piece is not copied.
enum Chunks {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Chunks {
    fn and(self, data: Bytes) -> Self {
        match self {
            Self::None => Self::One(data),
            Self::One(first) => {
                let mut many = BytesMut::with_capacity(2 * (first.len() + data.len()));
                many.extend_from_slice(&first);
                many.extend_from_slice(&data);
                Self::Many(many)
            }
            Self::Many(mut many) => {
                many.extend_from_slice(&data);
                Self::Many(many)
            }
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(data) => data,
            Self::Many(many) => many.freeze(),
        }
    }
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

//! The engine's side of a socket that is open.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Limits, Link, Push, Received};

/// How long a client that does not read is waited for.
const STUCK: Duration = Duration::from_secs(10);

/// How long the client's own end is waited for after the last frame.
const FAREWELL: Duration = Duration::from_secs(2);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A socket a client has opened; see [`Upgrade`](super::Upgrade).
pub struct WebSocket {
    /// Nothing once it is closed.
    stream: Option<WebSocketStream<Box<dyn Stream>>>,
    closed: Received,
    limits: Limits,
    link: Link,
    pushes: mpsc::Receiver<Push>,
    end: Instant,
    stop: watch::Receiver<bool>,
}

/// What ended a socket.
struct End {
    code: u16,
    reason: String,
    /// Whether the client is still to be told.
    told: bool,
}

impl WebSocket {
    pub(super) async fn new(
        stream: Option<hyper::upgrade::Upgraded>,
        limits: Limits,
        link: Link,
        pushes: mpsc::Receiver<Push>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let stream = stream.map(|stream| Box::new(TokioIo::new(stream)) as Box<dyn Stream>);
        Self::over(stream, limits, link, pushes, stop).await
    }

    async fn over(
        stream: Option<Box<dyn Stream>>,
        limits: Limits,
        link: Link,
        mut pushes: mpsc::Receiver<Push>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let config = WebSocketConfig::default()
            .max_frame_size(Some(limits.frame))
            .max_message_size(Some(limits.message));
        link.touch();
        let stream = match stream {
            Some(stream) => {
                Some(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await)
            }
            None => {
                pushes.close();
                None
            }
        };
        Self {
            stream,
            closed: End::lost().received(),
            limits,
            end: Instant::now() + limits.lifetime,
            link,
            pushes,
            stop,
        }
    }

    /// Waits for a message or the end, and meanwhile sends what others want sent. After the end it
    /// gives the end again.
    pub async fn next(&mut self) -> Received {
        let Some(stream) = &mut self.stream else {
            return self.closed.clone();
        };
        let end = loop {
            let idle = self.link.active() + self.limits.idle;
            tokio::select! {
                message = stream.next() => match read(message) {
                    Ok(Some(text)) => {
                        self.link.touch();
                        return Received::Text(text);
                    }
                    Ok(None) => self.link.touch(),
                    Err(end) => break end,
                },
                push = self.pushes.recv() => match push {
                    Some(Push::Text(text, done)) => {
                        let sent = send(stream, text, self.limits.frame);
                        if !matches!(timeout(STUCK, sent).await, Ok(Ok(()))) {
                            break End::lost();
                        }
                        self.link.touch();
                        // Nobody may be waiting any more.
                        let _ = done.send(());
                    }
                    Some(Push::Close(code, done)) => {
                        // Later ones find it closed.
                        self.pushes.close();
                        let _ = done.send(());
                        break End::told(code, "");
                    }
                    None => break End::told(1000, ""),
                },
                () = sleep_until(idle.min(self.end)) => break End::told(1001, "Going away"),
                () = stopped(&mut self.stop) => break End::told(1012, "Service restart"),
            }
        };
        self.pushes.close();
        while self.pushes.try_recv().is_ok() {}
        self.closed = end.received();
        if let Some(stream) = self.stream.take() {
            // What cannot be said any more need not be.
            let _ = timeout(FAREWELL, farewell(stream, end)).await;
        }
        self.closed.clone()
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("open", &self.stream.is_some())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl End {
    fn told(code: u16, reason: &str) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
            told: true,
        }
    }

    fn lost() -> Self {
        Self {
            code: 1006,
            reason: "Connection closed abnormally".to_owned(),
            told: false,
        }
    }

    fn received(&self) -> Received {
        Received::Closed {
            code: self.code,
            reason: self.reason.clone(),
        }
    }
}

/// Until the engine ends.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A text, nothing for a ping and its like, or the end.
fn read(message: Option<Result<Message, Error>>) -> Result<Option<String>, End> {
    match message {
        Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
        Some(Ok(Message::Binary(_))) => Err(End::told(1003, "Binary messages are not supported")),
        Some(Ok(Message::Close(frame))) => Err(End {
            code: frame.as_ref().map_or(1005, |frame| frame.code.into()),
            reason: frame.map_or_else(String::new, |frame| frame.reason.as_str().to_owned()),
            told: false,
        }),
        Some(Ok(_)) => Ok(None),
        Some(Err(Error::Capacity(_))) => Err(End::told(1009, "Message too big")),
        Some(Err(Error::Utf8(_))) => Err(End::told(1007, "Invalid UTF-8")),
        Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) | None => {
            Err(End::lost())
        }
        Some(Err(Error::Protocol(_))) => Err(End::told(1002, "Protocol error")),
        Some(Err(_)) => Err(End::lost()),
    }
}

/// Sends a message in frames that are not too large.
async fn send(
    stream: &mut WebSocketStream<Box<dyn Stream>>,
    text: String,
    frame: usize,
) -> Result<(), Error> {
    let mut rest = Bytes::from(text);
    let mut kind = Data::Text;
    while rest.len() > frame {
        let piece = Frame::message(rest.split_to(frame), OpCode::Data(kind), false);
        stream.feed(Message::Frame(piece)).await?;
        kind = Data::Continue;
    }
    let piece = Frame::message(rest, OpCode::Data(kind), true);
    stream.send(Message::Frame(piece)).await
}

/// Says the last word, and lets the client read it: bytes of it that nobody has read would take it
/// away again.
async fn farewell(mut stream: WebSocketStream<Box<dyn Stream>>, end: End) {
    if end.told {
        let frame = CloseFrame {
            code: end.code.into(),
            reason: end.reason.into(),
        };
        let _ = stream.close(Some(frame)).await;
    } else {
        let _ = stream.flush().await;
    }
    let mut raw = stream.into_inner();
    let _ = raw.shutdown().await;
    let mut rest = [0; 4096];
    while matches!(raw.read(&mut rest).await, Ok(1..)) {}
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

type Start = Box<dyn FnOnce(watch::Receiver<bool>) -> Running + Send>;

/// What runs on a connection after its response: travels in the response's extensions.
#[derive(Clone)]
pub(crate) struct Session(Arc<Mutex<Option<Start>>>);

impl Session {
    pub(super) fn new<F, S>(start: F) -> Self
    where
        F: FnOnce(watch::Receiver<bool>) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let start: Start = Box::new(move |stop| Box::pin(start(stop)));
        Self(Arc::new(Mutex::new(Some(start))))
    }

    /// Runs it, the first time.
    pub(crate) async fn run(self, stop: watch::Receiver<bool>) {
        let start = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(start) = start {
            start(stop).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    type Client = WebSocketStream<tokio::io::DuplexStream>;

    /// A socket's session, which notes what it receives, and the client at the other end.
    async fn open() -> (
        Client,
        Link,
        watch::Sender<bool>,
        mpsc::UnboundedReceiver<Received>,
    ) {
        let (near, far) = duplex(1024 * 1024);
        let (sender, pushes) = mpsc::channel(4);
        let link = Link {
            pushes: sender,
            active: Arc::new(Mutex::new(Instant::now())),
        };
        let (stop, stopped) = watch::channel(false);
        let limits = Limits::default();
        let mut socket =
            WebSocket::over(Some(Box::new(near)), limits, link.clone(), pushes, stopped).await;
        let (noted, notes) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let received = socket.next().await;
                let ended = matches!(received, Received::Closed { .. });
                noted.send(received).unwrap();
                if ended {
                    break;
                }
            }
        });
        // A client that takes no larger frames than the gateway does.
        let config = WebSocketConfig::default().max_frame_size(Some(32 * 1024));
        let client = WebSocketStream::from_raw_socket(far, Role::Client, Some(config)).await;
        (client, link, stop, notes)
    }

    /// The close code a client is told.
    async fn told(client: &mut Client) -> Option<u16> {
        while let Some(message) = client.next().await {
            if let Ok(Message::Close(frame)) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        None
    }

    fn code(received: Option<Received>) -> u16 {
        match received {
            Some(Received::Closed { code, .. }) => code,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_for_ten_minutes_and_open_for_two_hours() {
        let begun = Instant::now();
        let (mut client, link, _stop, mut notes) = open().await;
        assert_eq!(told(&mut client).await, Some(1001));
        assert_eq!(code(notes.recv().await), 1001);
        assert_eq!(begun.elapsed().as_secs() / 60, 10);
        assert!(!link.send("late".into()).await && !link.close(1000).await);

        // A message of either side, and a ping, begins the ten minutes again.
        let begun = Instant::now();
        let (mut client, link, _stop, mut notes) = open().await;
        let minutes = |minutes: u64| tokio::time::sleep(Duration::from_secs(60 * minutes));
        minutes(9).await;
        client.send(Message::text("up")).await.unwrap();
        minutes(9).await;
        assert!(link.send("down".into()).await);
        minutes(9).await;
        client.send(Message::Ping(Bytes::new())).await.unwrap();
        assert_eq!(told(&mut client).await, Some(1001));
        assert_eq!(notes.recv().await, Some(Received::Text("up".into())));
        assert_eq!(begun.elapsed().as_secs() / 60, 37);

        let begun = Instant::now();
        let (mut client, _link, _stop, mut notes) = open().await;
        let mut ticks = 0;
        while ticks < 30 {
            minutes(5).await;
            ticks += 1;
            if client.send(Message::text("tick")).await.is_err() {
                break;
            }
            let received = notes.recv().await;
            if received != Some(Received::Text("tick".into())) {
                assert_eq!(code(received), 1001);
                break;
            }
        }
        // The 24th tick comes with the end, or just after it.
        assert!((23..=25).contains(&ticks), "{ticks}");
        assert!(begun.elapsed().as_secs() <= 125 * 60);
    }

    #[tokio::test(start_paused = true)]
    async fn limits_are_those_of_the_gateway() {
        let check = |frames: Vec<usize>, expected: Result<usize, u16>| async move {
            let (mut client, _link, _stop, mut notes) = open().await;
            let last = frames.len() - 1;
            for (index, size) in frames.iter().enumerate() {
                let kind = if index == 0 {
                    Data::Text
                } else {
                    Data::Continue
                };
                let data = Bytes::from("x".repeat(*size));
                let frame = Frame::message(data, OpCode::Data(kind), index == last);
                client.send(Message::Frame(frame)).await.unwrap();
            }
            match expected {
                Ok(length) => {
                    let text = "x".repeat(length);
                    assert_eq!(notes.recv().await, Some(Received::Text(text)), "{frames:?}");
                }
                Err(expected) => {
                    assert_eq!(told(&mut client).await, Some(expected), "{frames:?}");
                    assert_eq!(code(notes.recv().await), expected, "{frames:?}");
                }
            }
        };
        let frame = 32 * 1024;
        check(vec![frame], Ok(frame)).await;
        check(vec![frame + 1], Err(1009)).await;
        check(vec![frame; 4], Ok(4 * frame)).await;
        check(vec![frame, frame, frame, frame, 1], Err(1009)).await;

        // What is sent has small frames too, or the client would not read it.
        let (mut client, link, _stop, _notes) = open().await;
        let text = "x".repeat(100_000);
        assert!(link.send(text.clone()).await);
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text(text));
    }

    #[tokio::test(start_paused = true)]
    async fn every_end_has_its_code() {
        let (mut client, _link, _stop, mut notes) = open().await;
        client.send(Message::binary(vec![1, 2])).await.unwrap();
        assert_eq!(told(&mut client).await, Some(1003));
        assert_eq!(code(notes.recv().await), 1003);

        let (mut client, link, _stop, mut notes) = open().await;
        assert!(link.is_open());
        assert!(link.close(1000).await);
        assert!(!link.is_open() && !link.send("late".into()).await);
        assert_eq!(told(&mut client).await, Some(1000));
        assert_eq!(code(notes.recv().await), 1000);

        let (mut client, _link, stop, mut notes) = open().await;
        stop.send(true).unwrap();
        assert_eq!(told(&mut client).await, Some(1012));
        assert_eq!(code(notes.recv().await), 1012);

        let (mut client, _link, _stop, mut notes) = open().await;
        client.close(None).await.unwrap();
        assert_eq!(code(notes.recv().await), 1005);

        let (mut client, _link, _stop, mut notes) = open().await;
        let frame = CloseFrame {
            code: 4001.into(),
            reason: "done".into(),
        };
        client.close(Some(frame)).await.unwrap();
        let (code_given, reason) = (4001, "done".to_owned());
        let closed = Received::Closed {
            code: code_given,
            reason,
        };
        assert_eq!(notes.recv().await, Some(closed));

        let (client, link, _stop, mut notes) = open().await;
        drop(client);
        assert_eq!(code(notes.recv().await), 1006);
        assert!(!link.send("late".into()).await);
    }
}

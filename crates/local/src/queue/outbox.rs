//! Messages on their way to destinations: on disk until they are there, or kept in the file.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::destination::{Attribute, Kind, Message, try_again};
use lambda_with::rules::retry;
use lambda_with::rules::stream::Destination;
use lambda_with::{Arn, Error, ErrorKind};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::history::What;
use crate::options::Destinations;
use crate::queue::deliver;
use crate::queue::worker::drain;
use crate::queue::{Event, Place, framed, unframed};

/// The queue of messages; no function can have this name.
pub(crate) const OUTBOX: &str = "/";

/// How many messages are being sent at once.
const AT_ONCE: usize = 32;

/// How long a destination may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// How long to wait after the file could not be written.
const PAUSE: Duration = Duration::from_secs(60);

/// Who sends messages, if anybody does.
pub(crate) struct Sender(pub(crate) Option<Destinations>);

/// A message as it stands on disk, but for its body and what an event has too.
#[derive(Deserialize, Serialize)]
struct Head {
    kind: Kind,
    function: Arn,
    to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Vec<u8>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Attribute>,
}

impl Engine {
    /// Hands a message over. On return it is on disk, or in the file where nobody sends messages.
    pub(crate) async fn post(&self, request_id: &str, message: Message) {
        if self.sender.0.is_none() {
            self.happened(deliver::name(&message), request_id, || sent(&message));
            self.deliveries.keep(&message, None);
            return;
        }
        let queued = match encode(&message) {
            Ok(payload) => {
                let event = Event {
                    request_id: request_id.to_owned(),
                    payload,
                    qualifier: None,
                    trace_header: message.trace_header.clone(),
                    state: retry::State::accepted(self.clock.now()),
                };
                self.enqueue(OUTBOX, event).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = queued {
            self.give_up(request_id, &message, &error);
        }
    }

    /// Keeps a message that is not sent; says whether that could be done.
    pub(crate) fn give_up(&self, request_id: &str, message: &Message, error: &Error) -> bool {
        let (function, destination) = (deliver::name(message), message.to.to_string());
        tracing::warn!(%error, function, destination, "a record is not sent, but kept in deliveries.jsonl");
        self.happened(function, request_id, || What::Undelivered {
            to: message.to.clone(),
            body: message.body.clone(),
            because: error.to_string(),
        });
        self.deliveries.keep(message, Some(error))
    }
}

/// Sends what is handed over until told to stop; what stays on disk is sent after the next start.
pub(crate) async fn work(engine: Arc<Engine>, woken: Arc<Notify>, stop: watch::Receiver<bool>) {
    let send = |place, event| {
        let engine = engine.clone();
        async move { attempt(&engine, place, event).await }
    };
    drain(&engine, OUTBOX, AT_ONCE, &woken, stop, send).await;
}

/// One attempt at one message, and what follows from it.
async fn attempt(engine: &Engine, place: Place, mut event: Event) {
    let message = match decode(&event) {
        Ok(message) => message,
        Err(error) => return tracing::error!(%error, "a message on disk is passed over"),
    };
    let (request_id, function) = (event.request_id.clone(), deliver::name(&message));
    let Err(error) = engine.sender.send(&message).await else {
        engine.happened(function, &request_id, || sent(&message));
        return engine.finish(OUTBOX, place).await;
    };
    let now = engine.clock.now();
    event.state.attempts = event.state.attempts.saturating_add(1);
    let passes = matches!(
        error.kind(),
        ErrorKind::Unavailable | ErrorKind::Throttled | ErrorKind::Conflict
    );
    let again = try_again(event.state.accepted_at, event.state.attempts, now);
    if let Some(due) = again.filter(|_| passes) {
        if event.state.attempts == 1 {
            let destination = message.to.to_string();
            tracing::warn!(%error, function, destination, "a record could not be sent, and is tried again for an hour");
        }
        return engine.put_back(OUTBOX, place, event, due).await;
    }
    match engine.give_up(&request_id, &message, &error) {
        true => engine.finish(OUTBOX, place).await,
        false => engine.put_back(OUTBOX, place, event, now + PAUSE).await,
    }
}

impl Sender {
    async fn send(&self, message: &Message) -> Result<(), Error> {
        let unavailable = |what: &str| Error::new(ErrorKind::Unavailable, what);
        let Some(send) = self.0.clone() else {
            let what = "nobody sends records since the engine was started anew";
            return Err(Error::new(ErrorKind::Invalid, what));
        };
        let message = message.clone();
        // A task of its own, so that a panic is the failure of this message alone.
        let mut task = JoinSet::new();
        task.spawn(async move { send(message).await });
        match tokio::time::timeout(ANSWER, task.join_next()).await {
            Ok(Some(Ok(sent))) => sent,
            Ok(Some(Err(error))) => Err(unavailable("what sends records ended").caused_by(error)),
            Ok(None) => Err(unavailable("nothing was sent")),
            Err(_) => Err(unavailable(&format!(
                "the destination did not answer within {} s",
                ANSWER.as_secs()
            ))),
        }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.0.is_some()).finish()
    }
}

fn sent(message: &Message) -> What {
    let body = message.body.clone();
    match &message.to {
        Destination::Arn(to) => What::Sent {
            to: Some(to.clone()),
            body,
        },
        Destination::Topic(topic) => What::Produced {
            topic: topic.clone(),
            body,
        },
    }
}

fn encode(message: &Message) -> Result<Bytes, Error> {
    let head = Head {
        kind: message.kind,
        function: message.function.clone(),
        to: message.to.to_string(),
        key: message.key.as_ref().map(|key| key.to_vec()),
        attributes: message.attributes.clone(),
    };
    framed(&head, &message.body)
}

fn decode(event: &Event) -> Result<Message, Error> {
    let (head, body) = unframed::<Head>(&event.payload)?;
    Ok(Message {
        kind: head.kind,
        function: head.function,
        to: head.to.parse()?,
        key: head.key.map(Bytes::from),
        body: event.payload.slice_ref(body),
        attributes: head.attributes,
        trace_header: event.trace_header.clone(),
    })
}

//! One subscriber: what it hears, what waits for it, and the task that brings it there.

use std::sync::Arc;
use std::time::Duration;

use lambda_with::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::buffer::{Buffer, Buffering, Dropped};
use super::destination::{Destination, Failed, Target};
use super::event::{Api, Event, Stream, What};
use crate::clock::Clock;

/// How often a batch is sent that is answered with an error.
const ATTEMPTS: u32 = 5;

/// How long the first wait before another attempt is; each further one is twice as long, up to `SLOWEST`.
const FIRST: Duration = Duration::from_millis(25);
const SLOWEST: Duration = Duration::from_secs(1);

/// What an extension asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Subscription {
    pub(crate) api: Api,
    pub(crate) streams: Vec<Stream>,
    pub(crate) buffering: Buffering,
    pub(crate) target: Target,
}

impl Subscription {
    /// Lines are text whatever they hold, unless the function's log is `json`.
    pub(crate) fn lines_are_text_unless(&mut self, json: bool) {
        if let (Api::Telemetry { json: record }, false) = (&mut self.api, json) {
            *record = false;
        }
    }
}

/// An extension that has subscribed.
#[derive(Clone, Debug)]
pub(crate) struct Subscriber {
    pub(crate) name: String,
    subscription: Arc<Subscription>,
    buffer: Arc<watch::Sender<Buffer>>,
}

impl Subscriber {
    pub(crate) fn new(name: &str, subscription: Subscription) -> Self {
        Self {
            name: name.to_owned(),
            subscription: Arc::new(subscription),
            buffer: Arc::new(watch::Sender::new(Buffer::default())),
        }
    }

    pub(crate) fn api(&self) -> Api {
        self.subscription.api
    }

    /// Lets the event wait for its batch, if it is one the extension wants.
    pub(crate) fn push(&self, event: &Event) {
        let stream = event.stream();
        if !self.subscription.streams.contains(&stream) {
            return;
        }
        if let Some(written) = event.write(self.subscription.api) {
            let platform = stream == Stream::Platform;
            self.buffer.send_modify(|buffer| {
                buffer.push(&self.subscription.buffering, written, platform);
            });
        }
    }

    /// Sends what waits now without waiting for more; returns when it has arrived.
    pub(crate) async fn flush(&self) {
        let mut events = 0;
        self.buffer.send_modify(|buffer| events = buffer.hurry());
        let mut changes = self.buffer.subscribe();
        // Only fails when the sender is gone, which is here.
        let _ = changes.wait_for(|buffer| buffer.has_arrived(events)).await;
    }

    /// Brings batches to the extension until dropped.
    pub(crate) async fn deliver(self, clock: Clock) {
        let buffering = &self.subscription.buffering;
        let mut destination = Destination::new(self.subscription.target.clone());
        let mut changes = self.buffer.subscribe();
        loop {
            // These fail when the sender is gone, which is here.
            let _ = changes.wait_for(|buffer| !buffer.is_empty()).await;
            let longest = self.buffer.borrow().timeout(buffering);
            let due = changes.wait_for(|buffer| buffer.is_due(buffering));
            let _ = timeout(longest, due).await;
            let mut batch = Vec::new();
            self.buffer
                .send_modify(|buffer| batch = buffer.take(buffering));
            let arrived = self.send(&mut destination, &batch).await;
            let mut dropped = None;
            self.buffer.send_modify(|buffer| {
                if !arrived {
                    buffer.drop(batch);
                }
                dropped = buffer.sent();
            });
            if let Some(dropped) = dropped {
                self.push(&logs_dropped(dropped, clock.timestamp()));
            }
        }
    }

    /// Tries until the batch has arrived; whether it has.
    async fn send(&self, destination: &mut Destination, batch: &[bytes::Bytes]) -> bool {
        let mut wait = FIRST;
        let mut refused = 0;
        loop {
            match destination.send(batch).await {
                Ok(()) => return true,
                Err(Failed::Unreachable(why)) => {
                    let extension = &self.name;
                    tracing::debug!(extension, why, "telemetry could not be delivered");
                }
                Err(Failed::Refused(status)) => {
                    refused += 1;
                    if refused == ATTEMPTS {
                        let extension = &self.name;
                        tracing::warn!(extension, status, "telemetry was refused and is dropped");
                        return false;
                    }
                }
            }
            sleep(wait).await;
            wait = (2 * wait).min(SLOWEST);
        }
    }
}

fn logs_dropped(dropped: Dropped, time: Timestamp) -> Event {
    let record = json!({
        "droppedBytes": dropped.bytes,
        "droppedRecords": dropped.records,
        "reason": "Some logs were dropped because the downstream consumer is slower than the logs production rate",
    });
    Event {
        time,
        what: What::Platform("logsDropped", record),
    }
}

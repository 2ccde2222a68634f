//! The Telemetry API of one environment, and the older Logs API: extensions hear what goes on.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html>.

mod buffer;
mod destination;
mod event;
mod record;
mod request;
mod subscriber;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

pub(crate) use self::event::Stream;
use self::event::{Event, What};
pub(crate) use self::record::{millis, outcome, record, tracing};
pub(crate) use self::request::read;
use self::subscriber::Subscriber;
pub(crate) use self::subscriber::Subscription;
use crate::clock::Clock;

/// How much is kept during the initialization for whoever subscribes later in it.
const MAX_EARLY: usize = 1024 * 1024;

/// Why there is no subscription.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotSubscribed {
    /// The initialization is over.
    Closed,
    /// It has subscribed through the other API.
    OtherApi,
}

/// What the extensions of one environment hear.
#[derive(Debug)]
pub(crate) struct Telemetry {
    clock: Clock,
    /// Whether anybody hears anything, or may be going to.
    heard: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether the initialization lasts.
    open: bool,
    early: Vec<Event>,
    early_bytes: usize,
    subscribers: Vec<Subscriber>,
    // A set, because it ends its tasks when it is dropped.
    tasks: JoinSet<()>,
}

impl Telemetry {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            heard: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Whether it is worth telling anything.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard.load(Ordering::Acquire)
    }

    /// Begins anew, for a new life of the environment.
    pub(crate) fn open(&self) {
        *self.lock() = State {
            open: true,
            ..State::default()
        };
        self.heard.store(true, Ordering::Release);
    }

    /// Lets nobody subscribe any more.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.open = false;
        state.early = Vec::new();
        self.heard
            .store(!state.subscribers.is_empty(), Ordering::Release);
    }

    /// Ends all subscriptions.
    pub(crate) fn end(&self) {
        *self.lock() = State::default();
        self.heard.store(false, Ordering::Release);
    }

    /// Subscribes an extension, which is told too what came before. Once subscribed, it stays so.
    pub(crate) fn subscribe(&self, name: &str, asked: Subscription) -> Result<(), NotSubscribed> {
        let types: Vec<&str> = asked.streams.iter().map(|stream| stream.name()).collect();
        let (api, telemetry) = (asked.api, asked.api.is_telemetry());
        let known = {
            let mut state = self.lock();
            if !state.open {
                return Err(NotSubscribed::Closed);
            }
            let known = state.subscribers.iter().find(|known| known.name == name);
            let known = known.map(|known| known.api().is_telemetry());
            if known.is_some_and(|known| known != telemetry) {
                return Err(NotSubscribed::OtherApi);
            }
            if known.is_none() {
                let subscriber = Subscriber::new(name, asked);
                for event in &state.early {
                    subscriber.push(event);
                }
                state.tasks.spawn(subscriber.clone().deliver(self.clock));
                state.subscribers.push(subscriber);
            }
            known.is_some()
        };
        let name = json!({
            "name": name,
            "state": if known { "Already subscribed" } else { "Subscribed" },
            "types": types,
        });
        let kind = match api.is_telemetry() {
            true => "telemetrySubscription",
            false => "logsSubscription",
        };
        self.tell(kind, || name);
        Ok(())
    }

    /// Tells of an event of the platform.
    pub(crate) fn tell(&self, name: &'static str, record: impl FnOnce() -> Value) {
        if self.is_heard() {
            self.push(What::Platform(name, record()));
        }
    }

    /// Passes on a line somebody printed, or a piece of one.
    pub(crate) fn line(&self, stream: Stream, text: &str, whole: bool) {
        if self.is_heard() {
            let end = if whole { "\n" } else { "" };
            self.push(What::Line(stream, format!("{text}{end}")));
        }
    }

    /// Brings everything to the subscribers, as far as that is possible in time.
    pub(crate) async fn flush(&self, until: Instant) {
        let subscribers = self.lock().subscribers.clone();
        let mut flushing = JoinSet::new();
        for subscriber in subscribers {
            flushing.spawn(async move { subscriber.flush().await });
        }
        let all = async { while flushing.join_next().await.is_some() {} };
        // A subscriber that is gone gets nothing more.
        let _ = timeout_at(until, all).await;
    }

    fn push(&self, what: What) {
        let mut state = self.lock();
        // Under the lock, so that times are in order.
        let time = self.clock.timestamp();
        let event = Event { time, what };
        for subscriber in &state.subscribers {
            subscriber.push(&event);
        }
        if state.open && state.early_bytes < MAX_EARLY {
            state.early_bytes += event.size();
            state.early.push(event);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

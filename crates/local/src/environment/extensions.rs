//! The extensions of one environment: who has registered, what each is at, what it waits for.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

/// How many extensions an environment has at most.
const MAX: usize = 10;

/// What an extension can be told of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Lifecycle {
    Invoke,
    Shutdown,
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invoke => "INVOKE",
            Self::Shutdown => "SHUTDOWN",
        })
    }
}

/// A call that does not fit: the type of the error, and its text.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Refused(pub(crate) &'static str, pub(crate) String);

/// The kind of error an extension reports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Report {
    Init,
    Exit,
}

/// The extensions of one life of an environment.
#[derive(Debug, Default)]
pub(crate) struct Extensions(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    all: Vec<Extension>,
    /// Whether the runtime is ready, so that nobody can register any more.
    closed: bool,
    shutdown: Option<Bytes>,
    /// The first error an extension reported.
    fatal: Option<&'static str>,
}

#[derive(Debug)]
struct Extension {
    id: Uuid,
    name: String,
    external: bool,
    events: Vec<Lifecycle>,
    stage: Stage,
    /// Where the event goes that it waits for.
    next: Option<oneshot::Sender<Bytes>>,
    /// An event it was not there to receive.
    missed: Option<Bytes>,
    error: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Started,
    Registered,
    Ready,
    Running,
    InitError,
    ExitError,
    LaunchError,
}

impl Extensions {
    /// Forgets all, for a new life of the environment.
    pub(crate) fn reset(&self) {
        self.0.send_replace(State::default());
    }

    /// An external extension whose process is started and that has to register.
    pub(crate) fn expect(&self, name: &str) -> Result<(), Refused> {
        self.add(name, true, Stage::Started, Vec::new()).map(|_| ())
    }

    /// Takes note that an external extension could not be started.
    pub(crate) fn not_started(&self, name: &str, error: &str) {
        self.0.send_modify(|state| {
            let named = state.all.iter_mut().find(|known| known.name == name);
            if let Some(extension) = named {
                extension.stage = Stage::LaunchError;
                extension.error = Some(error.to_owned());
            }
        });
    }

    /// Registers an extension; one that was not expected is internal. Returns its id.
    pub(crate) fn register(&self, name: &str, events: Vec<Lifecycle>) -> Result<Uuid, Refused> {
        let mut result = None;
        self.0.send_modify(|state| {
            let expected = |known: &&mut Extension| known.external && known.name == name;
            if let Some(extension) = state.all.iter_mut().find(expected) {
                result = Some(if extension.stage == Stage::Started {
                    extension.stage = Stage::Registered;
                    extension.events.clone_from(&events);
                    Ok(extension.id)
                } else {
                    Err(extension.stays("Registered"))
                });
            }
        });
        if let Some(result) = result {
            return result;
        }
        if events.contains(&Lifecycle::Shutdown) {
            let message = "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension";
            return Err(Refused("Extension.InvalidEventType", message.to_owned()));
        }
        self.add(name, false, Stage::Registered, events)
    }

    /// The extension of this id is done with what it was told, and waits for more.
    pub(crate) fn next(&self, id: Uuid) -> Result<oneshot::Receiver<Bytes>, Refused> {
        self.change(id, |state, index| {
            let shutdown = state.shutdown.clone();
            let extension = &mut state.all[index];
            let gone = |next: &oneshot::Sender<Bytes>| next.is_closed();
            match extension.stage {
                Stage::Registered | Stage::Running => {}
                Stage::Ready if extension.next.as_ref().is_some_and(gone) => {}
                _ => return Err(extension.stays("Ready")),
            }
            let (sender, receiver) = oneshot::channel();
            let shutdown = shutdown.filter(|_| extension.hears(Lifecycle::Shutdown));
            if let Some(event) = extension.missed.take().or(shutdown) {
                extension.stage = Stage::Running;
                // Received at once: the other end is in this function's hand.
                let _ = sender.send(event);
            } else {
                extension.stage = Stage::Ready;
                extension.next = Some(sender);
            }
            Ok(receiver)
        })
    }

    /// The extension of this id reports an error, after which it can do nothing more.
    pub(crate) fn report(&self, id: Uuid, report: Report, error: &str) -> Result<(), Refused> {
        self.change(id, |state, index| {
            let extension = &mut state.all[index];
            let stage = match report {
                Report::Init => Stage::InitError,
                Report::Exit => Stage::ExitError,
            };
            match (report, extension.stage) {
                (Report::Init, Stage::Registered)
                | (Report::Exit, Stage::Registered | Stage::Ready | Stage::Running) => {
                    extension.stage = stage;
                    extension.error = Some(error.to_owned());
                }
                (_, reported) if reported == stage => {}
                _ => return Err(extension.stays(stage.name())),
            }
            state.fatal.get_or_insert(match report {
                Report::Init => "Extension.InitError",
                Report::Exit => "Extension.ExitError",
            });
            Ok(())
        })
    }

    /// Waits until all external extensions have registered.
    pub(crate) async fn registered(&self) {
        self.wait(|state| state.all.iter().all(|one| one.stage != Stage::Started))
            .await;
    }

    /// Lets nobody register any more, and waits until all have asked for their first event.
    pub(crate) async fn ready(&self) {
        self.0.send_modify(|state| state.closed = true);
        self.wait(|state| state.all.iter().all(Extension::is_idle))
            .await;
    }

    /// Waits until all that are told of invocations are done with the last one.
    pub(crate) async fn idle(&self) {
        self.wait(|state| {
            let mut told = state.all.iter().filter(|one| one.hears(Lifecycle::Invoke));
            told.all(Extension::is_idle)
        })
        .await;
    }

    /// Whether any extension is told of invocations.
    pub(crate) fn follow_invocations(&self) -> bool {
        let state = self.0.borrow();
        state.all.iter().any(|one| one.hears(Lifecycle::Invoke))
    }

    /// Tells of an invocation.
    pub(crate) fn invoke(&self, event: impl FnOnce() -> Bytes) {
        if self.follow_invocations() {
            let event = event();
            self.tell(Lifecycle::Invoke, &event);
        }
    }

    /// Tells of the end, also those that ask later.
    pub(crate) fn shut_down(&self, event: &Bytes) {
        self.0
            .send_modify(|state| state.shutdown = Some(event.clone()));
        self.tell(Lifecycle::Shutdown, event);
    }

    /// Whether this external extension wants to be told of the end.
    pub(crate) fn hears_shutdown(&self, name: &str) -> bool {
        let state = self.0.borrow();
        let mut named = state.all.iter().filter(|one| one.name == name);
        named.any(|one| one.hears(Lifecycle::Shutdown))
    }

    /// How long the end may take.
    pub(crate) fn shutdown_time(&self) -> Duration {
        let state = self.0.borrow();
        Duration::from_millis(match state.all.iter().any(|one| one.external) {
            true => 2_000,
            false if state.all.is_empty() => 0,
            false => 500,
        })
    }

    /// The kind of the first error an extension reported.
    pub(crate) fn fatal(&self) -> Option<&'static str> {
        self.0.borrow().fatal
    }

    /// What the log says about the initialization of each.
    pub(crate) fn log(&self) -> Vec<String> {
        self.0.borrow().all.iter().map(Extension::log).collect()
    }

    /// What telemetry says about it.
    pub(crate) fn records(&self) -> Vec<Value> {
        let state = self.0.borrow();
        state.all.iter().map(Extension::record).collect()
    }

    /// The name of the extension of this id.
    pub(crate) fn name(&self, id: Uuid) -> Result<String, Refused> {
        self.change(id, |state, index| Ok(state.all[index].name.clone()))
    }

    fn add(
        &self,
        name: &str,
        external: bool,
        stage: Stage,
        events: Vec<Lifecycle>,
    ) -> Result<Uuid, Refused> {
        let id = Uuid::new_v4();
        let mut refused = None;
        self.0.send_modify(|state| {
            let known = state.all.iter().any(|one| one.name == name);
            refused = if state.closed {
                let message = "Extension registration closed already".to_owned();
                Some(Refused("Extension.RegistrationClosed", message))
            } else if state.all.len() >= MAX {
                let message = format!("Extension limit ({MAX}) reached");
                Some(Refused("Extension.TooManyExtensions", message))
            } else if known {
                let message = "Extension with this name already registered".to_owned();
                Some(Refused("Extension.InvalidExtensionState", message))
            } else {
                state.all.push(Extension {
                    id,
                    name: name.to_owned(),
                    external,
                    events,
                    stage,
                    next: None,
                    missed: None,
                    error: None,
                });
                None
            };
        });
        refused.map_or(Ok(id), Err)
    }

    fn tell(&self, lifecycle: Lifecycle, event: &Bytes) {
        self.0.send_modify(|state| {
            let told = state.all.iter_mut().filter(|one| one.hears(lifecycle));
            for extension in told.filter(|one| one.stage == Stage::Ready) {
                extension.stage = Stage::Running;
                let next = extension.next.take();
                let sent = next.is_some_and(|next| next.send(event.clone()).is_ok());
                if !sent {
                    extension.missed = Some(event.clone());
                }
            }
        });
    }

    fn change<T>(
        &self,
        id: Uuid,
        change: impl FnOnce(&mut State, usize) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let unknown = || {
            Refused(
                "Extension.UnknownExtensionIdentifier",
                format!("Unknown extension {id}"),
            )
        };
        let mut result = Err(unknown());
        self.0.send_modify(|state| {
            let index = state.all.iter().position(|one| one.id == id);
            if let Some(index) = index.filter(|index| state.all[*index].stage != Stage::Started) {
                result = change(state, index);
            }
        });
        result
    }

    async fn wait(&self, until: impl FnMut(&State) -> bool) {
        // Only fails when the sender is gone, which is here.
        let _ = self.0.subscribe().wait_for(until).await;
    }
}

impl Extension {
    fn hears(&self, lifecycle: Lifecycle) -> bool {
        self.events.contains(&lifecycle)
    }

    fn is_idle(&self) -> bool {
        self.stage == Stage::Ready
    }

    fn stays(&self, wanted: &str) -> Refused {
        let (from, id) = (self.stage.name(), self.id);
        let message = format!(
            "State transition from {from} to {wanted} failed for extension {id}. Error: State transition is not allowed"
        );
        Refused("Extension.InvalidExtensionState", message)
    }

    fn record(&self) -> Value {
        let events: Vec<String> = self.events.iter().map(ToString::to_string).collect();
        let mut record = json!({ "name": self.name, "state": self.stage.name(), "events": events });
        if let Some(error) = &self.error {
            record["errorType"] = json!(error);
        }
        record
    }

    fn log(&self) -> String {
        let events: Vec<String> = self.events.iter().map(ToString::to_string).collect();
        let (name, state, events) = (&self.name, self.stage.name(), events.join(","));
        let error = self.error.as_ref();
        let error = error.map_or_else(String::new, |error| format!("\tError Type: {error}"));
        format!("EXTENSION\tName: {name}\tState: {state}\tEvents: [{events}]{error}")
    }
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Registered => "Registered",
            Self::Ready => "Ready",
            Self::Running => "Running",
            Self::InitError => "InitError",
            Self::ExitError => "ExitError",
            Self::LaunchError => "LaunchError",
        }
    }
}

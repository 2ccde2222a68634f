//! The event source mappings an engine knows, and how it opens the sources of new ones.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::{Error, Timestamp};
use serde_json::{Map, Value};

use crate::function::Function;
use crate::handle::FunctionHandle;
use crate::local::Handle;
use crate::poller::Poller;
use crate::trace;

/// An event source mapping whose source is to be read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opening {
    /// The mapping's id; checkpoints are kept under it.
    pub uuid: String,
    /// What is invoked.
    pub function: FunctionHandle,
    /// What is read.
    pub kind: SourceKind,
    /// How.
    pub mapping: Mapping,
}

/// A source that is being opened.
pub type Opened = Pin<Box<dyn Future<Output = Result<Poller, Error>> + Send>>;

/// The mappings of an engine.
#[derive(Default)]
pub(crate) struct Mappings {
    known: Mutex<BTreeMap<String, Known>>,
    opener: OnceLock<Arc<dyn Fn(Opening) -> Opened + Send + Sync>>,
}

/// One mapping.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) function: Arc<Function>,
    pub(crate) qualifier: Option<String>,
    pub(crate) kind: SourceKind,
    /// The settings, in the words of the API.
    pub(crate) asked: Map<String, Value>,
    pub(crate) modified: Timestamp,
    /// Whether its source can be read here.
    pub(crate) is_read: bool,
    pub(crate) poller: Option<Poller>,
}

impl Handle {
    /// Says how the sources of mappings are opened that clients create through Lambda's HTTP API;
    /// without it they cannot create any. The first one stays.
    ///
    /// ```
    /// use lambda_with::Error;
    /// use lambda_with_local::{Local, Mapping, Opening, Options, ScriptedSource};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let local = Local::start(Options::in_memory()).await?;
    /// local.handle().open_with(|opening: Opening| {
    ///     Box::pin(async move { Ok(opening.function.poll(ScriptedSource::broker(), Mapping::default())) })
    /// });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A source that is not there is `NotFound`.
    pub fn open_with(&self, opener: impl Fn(Opening) -> Opened + Send + Sync + 'static) {
        // Fails when there is one.
        let _ = self.engine.mappings.opener.set(Arc::new(opener));
    }

    /// Makes a mapping known that was not created through the API, so that clients find it there:
    /// its id, its settings, and the poller. Without a poller it is `Disabled`.
    pub fn attach(&self, opening: Opening, poller: Option<Poller>) {
        let mut asked = match crate::http::control::of_properties(&opening.mapping.properties()) {
            Value::Object(asked) => asked,
            _ => Map::new(),
        };
        asked.remove("FunctionName");
        let known = Known {
            function: opening.function.function,
            qualifier: opening.function.qualifier,
            kind: opening.kind,
            asked,
            modified: self.engine.clock.timestamp(),
            is_read: poller.is_some(),
            poller,
        };
        self.engine.mappings.lock().insert(opening.uuid, known);
    }
}

impl Opening {
    /// A mapping of this function, under a new id.
    #[must_use]
    pub fn new(function: FunctionHandle, kind: SourceKind, mapping: Mapping) -> Self {
        Self {
            uuid: trace::request_id(),
            function,
            kind,
            mapping,
        }
    }
}

impl Mappings {
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a source; nothing where nobody said how.
    pub(crate) fn open(&self, opening: Opening) -> Option<Opened> {
        self.opener.get().map(|opener| opener(opening))
    }
}

impl fmt::Debug for Mappings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mappings").field(&self.known).finish()
    }
}

//! What a service adds to the wiring that follows from its definition.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use lambda_with::{Error, Function, Integration};

use crate::change::{Change, Reading};
use crate::plan::Goal;
use crate::session::Session;

/// Work under way, as [`Part`]s give it.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A connection with steps of its own.
///
/// Permissions, event source mappings and what is set on the function itself follow from
/// [`Integration`]: a service of which that is all needs no implementation, its connections go to
/// [`Wiring::add`](crate::Wiring::add). A service that must be told of the function by its own API
/// implements this in `src/aws.rs`, behind its feature `aws`.
pub trait Wire: Integration {
    /// The kinds of [`resources`](Integration::resources) that [`parts`](Self::parts) sets up.
    const KINDS: &'static [&'static str];

    /// The steps, beside those that follow from the definition.
    ///
    /// # Errors
    ///
    /// `Invalid` when the connection lacks what the calls need.
    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error>;
}

/// A piece of the wiring that is read, compared and written together.
pub trait Part: Any + fmt::Debug + Send + Sync {
    /// What it is, for messages: `the policy of orders`.
    fn title(&self) -> String;

    /// Where it stands in the order: connecting goes up, disconnecting down.
    fn stage(&self) -> Stage;

    /// Compares what stands with the aim. Writes nothing.
    fn read(&self, aim: Aim) -> Work<'_, Reading>;

    /// Reads again, writes what differs, and reads back. What was done goes to `done` as it is
    /// done, so that a failure half way leaves nothing unnamed.
    ///
    /// Doing it again changes nothing, and doing it after an interruption completes it.
    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()>;

    /// Takes over what `other` would do, where both write the same document. Says whether it did.
    fn join(&mut self, other: &dyn Part) -> bool {
        let _ = other;
        false
    }
}

/// The order in which parts are written.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Stage {
    /// Roles that services assume.
    CallerRole,
    /// What the function's own role may do.
    ExecutionRole,
    /// The function's configuration.
    Configuration,
    /// The function's resource-based policy.
    Policy,
    /// What makes events come: notifications, mappings, rules.
    Source,
}

/// Where things are to go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Aim {
    /// There, or gone.
    pub goal: Goal,
    /// How to go about it.
    pub options: Options,
}

/// How wiring goes about its work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Options {
    /// Whether connecting also removes what is left over from earlier definitions; it is only named
    /// unless set.
    pub prune: bool,
    /// Whether connecting deletes an event source mapping and makes it anew where it differs in what
    /// cannot be changed; it is refused unless set, because the mapping's position in its source is
    /// lost with it.
    pub replace: bool,
    /// How long to wait for what AWS does behind a call: permissions to spread, a mapping to come
    /// up. 60 seconds unless set.
    pub wait: Duration,
    /// How long a document that nothing guards must stand after a write before it counts as written:
    /// longer than another writer takes from its reading to its writing, because nothing else tells
    /// that it overwrote ours. One second unless set.
    pub settle: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prune: false,
            replace: false,
            wait: Duration::from_secs(60),
            settle: Duration::from_secs(1),
        }
    }
}

/// The pauses between looking and looking again, ever longer until the time is over.
///
/// ```
/// use std::time::Duration;
/// use lambda_with_aws::Pauses;
///
/// # async fn example() {
/// let mut pauses = Pauses::new(Duration::ZERO);
/// assert!(!pauses.again().await);
/// # }
/// ```
#[derive(Debug)]
pub struct Pauses {
    end: tokio::time::Instant,
    next: Duration,
}

impl Pauses {
    /// Pauses that end when this time is over.
    #[must_use]
    pub fn new(wait: Duration) -> Self {
        Self {
            end: tokio::time::Instant::now() + wait,
            next: Duration::from_millis(100),
        }
    }

    /// Waits until it is time to look again; false, at once, when the time is over.
    pub async fn again(&mut self) -> bool {
        if tokio::time::Instant::now() >= self.end {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(Duration::from_secs(3));
        true
    }
}

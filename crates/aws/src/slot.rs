//! A place in a service's configuration that one connection fills.

use std::fmt;
use std::future::Future;

use lambda_with::{Arn, Error};
use serde_json::Value;

use crate::change::{Action, Change, Reading};
use crate::entries::same_function;
use crate::plan::Goal;
use crate::shared::Shared;
use crate::wire::{Aim, Part};

/// A place in a service's configuration that one connection fills: a rotation, a schedule, one trigger
/// of a user pool. It is the commonest form of what is [`Shared`].
///
/// A service says how its place is read, filled and emptied; [`Slot::part`] makes the steps of a
/// [`Wire`](crate::Wire) of it: compare, write only what differs, read again until it shows, keep off
/// what others put there.
pub trait Slot: fmt::Debug + Send + Sync + Sized + 'static {
    /// As for [`Shared::UNGUARDED`]: filling it writes more than the place, and two may do so at once.
    const UNGUARDED: bool = false;

    /// What it is, for messages: `trigger PreSignUp of user pool eu-west-1_AbC`.
    fn what(&self) -> String;

    /// The name of the connection.
    fn connection(&self) -> &str;

    /// The members that are to stand there. Members that are not named here are not compared.
    fn wanted(&self) -> Value;

    /// What stands there now; nothing where the place is empty.
    ///
    /// # Errors
    ///
    /// `NotFound` when what holds the place is not there: connecting fails then, and disconnecting has
    /// nothing to do.
    fn read(&self) -> impl Future<Output = Result<Option<Occupied>, Error>> + Send;

    /// Fills it with what is wanted, and keeps everything else as it is.
    ///
    /// # Errors
    ///
    /// `Conflict` when somebody else was faster: it is read and compared again then. When the service
    /// refuses.
    fn fill(&self, found: Option<&Occupied>) -> impl Future<Output = Result<(), Error>> + Send;

    /// Empties it, and keeps everything else as it is.
    ///
    /// # Errors
    ///
    /// As for [`fill`](Self::fill).
    fn empty(&self, found: &Occupied) -> impl Future<Output = Result<(), Error>> + Send;

    /// What to do where somebody else's stands there.
    fn instead(&self) -> &'static str {
        "have that removed first"
    }

    /// Why what stands cannot be made into what is wanted.
    fn refusal(&self, found: &Occupied) -> Option<String> {
        let _ = found;
        None
    }

    /// As for [`Shared::is_early`].
    fn is_early(&self, error: &Error) -> bool {
        let _ = error;
        false
    }

    /// The steps of a wiring that fill and empty it.
    fn part(self) -> Box<dyn Part> {
        Filled(self).part()
    }
}

/// What stands in a [`Slot`].
#[derive(Clone, Debug, PartialEq)]
pub struct Occupied {
    /// The members that stand there.
    pub members: Value,
    /// Where they lead, where that is not to us: another function's ARN.
    pub by: Option<String>,
}

impl Occupied {
    /// Members that are ours.
    #[must_use]
    pub fn ours(members: Value) -> Self {
        Self { members, by: None }
    }

    /// Members that belong to somebody else.
    #[must_use]
    pub fn theirs(members: Value, by: impl Into<String>) -> Self {
        Self {
            members,
            by: Some(by.into()),
        }
    }

    /// Members of a place that runs `target`: ours where that is our function, in whatever version.
    #[must_use]
    pub fn running(members: Value, target: &str, function: &Arn) -> Self {
        match same_function(target, function.as_str()) {
            true => Self::ours(members),
            false => Self::theirs(members, target),
        }
    }
}

/// A slot as something shared: the document is what stands in it.
#[derive(Debug)]
struct Filled<S>(S);

impl<S: Slot> Shared for Filled<S> {
    type Document = Option<Occupied>;

    const UNGUARDED: bool = S::UNGUARDED;

    fn title(&self) -> String {
        format!("the {}", self.0.what())
    }

    async fn read(&self, _goal: Goal) -> Result<Self::Document, Error> {
        self.0.read().await
    }

    fn compare(&self, found: &Self::Document, aim: Aim) -> (Reading, Self::Document) {
        let slot = &self.0;
        let mut reading = Reading::default();
        let change = |action| Change::new(action, slot.what()).of(slot.connection());
        let taken = found.as_ref().and_then(|found| found.by.as_ref());
        let ours = found.as_ref().filter(|found| found.by.is_none());
        match (aim.goal, taken) {
            (Goal::Connect, Some(by)) => {
                let (what, instead) = (slot.what(), slot.instead());
                let what = format!("{what} is somebody else's: it goes to {by}; {instead}");
                reading.refusals.push(what);
            }
            (Goal::Connect, None) => {
                let (action, members) = match ours {
                    Some(found) => (Action::Update, &found.members),
                    None => (Action::Create, &Value::Null),
                };
                let change = change(action).members(members, &slot.wanted()).or_keep();
                let refusal = ours.filter(|_| change.is_change());
                reading
                    .refusals
                    .extend(refusal.and_then(|found| slot.refusal(found)));
                reading.changes.push(change);
            }
            (Goal::Disconnect, _) => {
                reading.changes.extend(ours.map(|_| change(Action::Remove)));
            }
        }
        let next = (aim.goal == Goal::Connect).then(|| Occupied::ours(slot.wanted()));
        (reading, next)
    }

    async fn write(&self, found: &Self::Document, next: &Self::Document) -> Result<(), Error> {
        match (found, next) {
            (Some(found), None) => self.0.empty(found).await,
            (found, _) => self.0.fill(found.as_ref()).await,
        }
    }

    fn is_early(&self, error: &Error) -> bool {
        self.0.is_early(error)
    }
}

//! A place in a service's configuration that one connection fills.

use std::fmt;
use std::future::Future;

use lambda_with::{Error, ErrorKind};
use serde_json::Value;

use crate::change::{Action, Change, Reading};
use crate::plan::Goal;
use crate::wire::{Aim, Part, Pauses, Stage, Work};

/// A place in a service's configuration that one connection fills: a subscription, a rotation, one
/// trigger of a user pool.
///
/// A service says how its place is read, filled and emptied; [`Slot::part`] makes the steps of a
/// [`Wire`](crate::Wire) of it: compare, write only what differs, read again until it shows, keep off
/// what others put there.
pub trait Slot: fmt::Debug + Send + Sync + Sized + 'static {
    /// What it is, for messages: `trigger PreSignUp of user pool eu-west-1_AbC`.
    fn what(&self) -> String;

    /// The name of the connection.
    fn connection(&self) -> &str;

    /// The members that are to stand there. Members that are not named here are not compared.
    fn wanted(&self) -> Value;

    /// What stands there now. Nothing where the place is empty, or is gone while disconnecting.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn read(&self, goal: Goal) -> impl Future<Output = Result<Option<Occupied>, Error>> + Send;

    /// Fills it with what is wanted, and keeps everything else as it is.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    fn fill(&self, found: Option<&Occupied>) -> impl Future<Output = Result<(), Error>> + Send;

    /// Empties it, and keeps everything else as it is.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    fn empty(&self, found: &Occupied) -> impl Future<Output = Result<(), Error>> + Send;

    /// Whether the service refused only because it has not seen the permission yet, which was granted
    /// a moment ago.
    fn is_early(&self, error: &Error) -> bool {
        let _ = error;
        false
    }

    /// The steps of a wiring that fill and empty it.
    fn part(self) -> Box<dyn Part> {
        Box::new(Filled(self))
    }
}

/// What stands in a [`Slot`].
#[derive(Clone, Debug, PartialEq)]
pub struct Occupied {
    /// The members that stand there.
    pub members: Value,
    /// Who put them there, where it was not us: another function's ARN.
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
}

/// A slot as a part of a wiring.
#[derive(Debug)]
struct Filled<S>(S);

impl<S: Slot> Filled<S> {
    fn compare(&self, found: Option<&Occupied>, goal: Goal) -> Reading {
        let slot = &self.0;
        let mut reading = Reading::default();
        let change = |action| Change::new(action, slot.what()).of(slot.connection());
        let ours = found.filter(|found| found.by.is_none());
        match (goal, found.and_then(|found| found.by.as_ref())) {
            (Goal::Connect, Some(by)) => {
                let what = format!(
                    "{} is taken by {by}, which was not set up here",
                    slot.what()
                );
                reading.refusals.push(what);
            }
            (Goal::Connect, None) => {
                let none = Value::Null;
                let found = ours.map_or(&none, |found| &found.members);
                let change = change(Action::Keep).members(found, &slot.wanted());
                let action = match (ours, change.details.is_empty()) {
                    (None, _) => Action::Create,
                    (Some(_), false) => Action::Update,
                    (Some(_), true) => Action::Keep,
                };
                reading.changes.push(Change { action, ..change });
            }
            (Goal::Disconnect, _) => {
                reading.changes.extend(ours.map(|_| change(Action::Remove)));
            }
        }
        reading
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let slot = &self.0;
        let mut found = slot.read(aim.goal).await?;
        let first = self.compare(found.as_ref(), aim.goal);
        if let Some(refusal) = first.refusals.into_iter().next() {
            return Err(Error::new(ErrorKind::Conflict, refusal));
        }
        let Some(change) = first.changes.into_iter().next() else {
            return Ok(());
        };
        let mut pauses = Pauses::new(aim.options.wait);
        let mut written = false;
        while self.differs(found.as_ref(), aim.goal)? {
            if written {
                // AWS may go on showing what stood before for a while, or somebody overwrote it.
                if !pauses.again().await {
                    done.push(change.note("written, not confirmed"));
                    return Err(self.unseen());
                }
                found = slot.read(aim.goal).await?;
                if !self.differs(found.as_ref(), aim.goal)? {
                    break;
                }
            }
            let wrote = match (aim.goal, &found) {
                (Goal::Connect, found) => slot.fill(found.as_ref()).await,
                (Goal::Disconnect, Some(found)) => slot.empty(found).await,
                (Goal::Disconnect, None) => Ok(()),
            };
            match wrote {
                Ok(()) => written = true,
                Err(error) => {
                    let again = slot.is_early(&error) || error.kind() == ErrorKind::Conflict;
                    if !(again && pauses.again().await) {
                        done.extend(written.then(|| change.note("written, not confirmed")));
                        return Err(error);
                    }
                }
            }
            found = slot.read(aim.goal).await?;
        }
        done.push(change);
        Ok(())
    }

    /// Whether something is to be written.
    fn differs(&self, found: Option<&Occupied>, goal: Goal) -> Result<bool, Error> {
        let reading = self.compare(found, goal);
        match reading.refusals.into_iter().next() {
            Some(refusal) => Err(Error::new(ErrorKind::Conflict, refusal)),
            None => Ok(reading.changes.iter().any(Change::is_change)),
        }
    }

    fn unseen(&self) -> Error {
        let what = self.0.what();
        let message = format!("AWS took the change, but does not show it: {what}");
        Error::new(ErrorKind::Unavailable, message).with("fix", "run it again")
    }
}

impl<S: Slot> Part for Filled<S> {
    fn title(&self) -> String {
        format!("the {}", self.0.what())
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            let found = self.0.read(aim.goal).await?;
            Ok(self.compare(found.as_ref(), aim.goal))
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }
}

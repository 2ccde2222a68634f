//! What connections share with others, and how ours comes into it and out again.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use lambda_with::{Error, ErrorKind};

use crate::change::{Change, Reading};
use crate::plan::Goal;
use crate::wire::{Aim, Part, Pauses, Stage, Work};

/// The most writes, where somebody else overwrites each.
const WRITES: u32 = 10;

/// Something of a service's that several owners write: a bucket's notifications, a rule with its
/// targets, a role's trust policy.
///
/// A service says how it is read, what differs in it and how it is written; [`Shared::part`] makes the
/// steps of a [`Wire`](crate::Wire) of it: read, compare, write only where something of ours differs,
/// read again until it shows, write again after a lost race. Where one connection fills one place a
/// [`Slot`](crate::Slot) is all there is to write; [`Entries`](crate::Entries) compares lists.
pub trait Shared: fmt::Debug + Send + Sync + Sized + 'static {
    /// What stands, with all that others wrote.
    type Document: PartialEq + Send + Sync;

    /// Whether it is written as a whole, with nothing that tells two writers apart. A write counts then
    /// once it has stood for [`Options::settle`](crate::Options::settle).
    const UNGUARDED: bool = false;

    /// What it is, for messages: `the notifications of bucket uploads`.
    fn title(&self) -> String;

    /// Where it stands in the order.
    fn stage(&self) -> Stage {
        Stage::Source
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// `NotFound` when what holds it is not there: connecting fails then, and disconnecting has
    /// nothing to do.
    fn read(&self, goal: Goal) -> impl Future<Output = Result<Self::Document, Error>> + Send;

    /// What is to be done, and the document that comes of it.
    fn compare(&self, found: &Self::Document, aim: Aim) -> (Reading, Self::Document);

    /// Makes `next` of what was found, and keeps everything else as it is.
    ///
    /// # Errors
    ///
    /// `Conflict` when somebody else was faster: it is read and compared again then. When the service
    /// refuses; where a call before the last had gone through, with what it was about in the context
    /// `written`.
    fn write(
        &self,
        found: &Self::Document,
        next: &Self::Document,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Whether the service refused only because it has not seen yet what was done a moment ago, such
    /// as the permission that was granted.
    fn is_early(&self, error: &Error) -> bool {
        let _ = error;
        false
    }

    /// Takes over what `other` would do, where both are about the same document. Says whether it did.
    fn join(&mut self, other: &Self) -> bool {
        let _ = other;
        false
    }

    /// The steps of a wiring that bring ours in and out.
    fn part(self) -> Box<dyn Part> {
        Box::new(Reconciled(self))
    }
}

/// Something shared as a part of a wiring.
#[derive(Debug)]
struct Reconciled<S>(S);

impl<S: Shared> Reconciled<S> {
    /// What stands; nothing where there is nothing left to disconnect from.
    async fn found(&self, goal: Goal) -> Result<Option<S::Document>, Error> {
        match self.0.read(goal).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Err(_) if goal == Goal::Disconnect => Ok(None),
            Err(error) if error.context("fix").is_some() => Err(error),
            Err(error) => Err(error.with("fix", "create it first, or correct its name")),
        }
    }

    async fn look(&self, aim: Aim) -> Result<Reading, Error> {
        let found = self.found(aim.goal).await?;
        let reading = found.map(|found| self.0.compare(&found, aim).0);
        Ok(reading.unwrap_or_default())
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let Some(found) = self.found(aim.goal).await? else {
            return Ok(());
        };
        let (reading, next) = self.0.compare(&found, aim);
        let mut written = false;
        if pending(&reading)?.is_some()
            && let Err(error) = self.write(aim, &found, &next, &mut written).await
        {
            done.extend(self.standing(aim, reading, &error, written).await);
            return Err(error);
        }
        done.extend(reading.changes);
        Ok(())
    }

    /// Those changes that stand although not all could be made, by what can be read now and by what
    /// went through before the error.
    async fn standing(&self, aim: Aim, all: Reading, error: &Error, written: bool) -> Vec<Change> {
        let left = self.look(aim).await;
        let note = |change: &Change| {
            let is_left = |other: &Change| other.is_change() && other.what == change.what;
            match &left {
                Ok(left) if left.refusals.is_empty() && !left.changes.iter().any(is_left) => {
                    Some("")
                }
                _ if written || error.context("written") == Some(&*change.what) => {
                    Some("written, not confirmed")
                }
                Ok(_) => None,
                Err(_) => Some("perhaps: it cannot be read"),
            }
        };
        let changes = all.changes.into_iter().filter(Change::is_change);
        changes
            .filter_map(|change| match note(&change)? {
                "" => Some(change),
                note => Some(change.note(note)),
            })
            .collect()
    }

    /// Writes until nothing differs. `written` says whether a write went through.
    async fn write(
        &self,
        aim: Aim,
        found: &S::Document,
        next: &S::Document,
        written: &mut bool,
    ) -> Result<(), Error> {
        let mut pauses = Pauses::new(aim.options.wait);
        let mut writes = 0;
        let mut again = None;
        loop {
            let (found, next) = match &again {
                Some((found, next)) => (found, next),
                None => (found, next),
            };
            let wrote = match self.0.write(found, next).await {
                Ok(()) => true,
                Err(error) if is_gone(&error, aim.goal) => true,
                Err(error) => {
                    let passes = error.kind() == ErrorKind::Conflict || self.0.is_early(&error);
                    if !(passes && pauses.again().await) {
                        return Err(error);
                    }
                    false
                }
            };
            if wrote {
                *written = true;
                writes += 1;
                if S::UNGUARDED {
                    tokio::time::sleep(aim.options.settle + uneven(writes)).await;
                }
            }
            let now = loop {
                let Some(now) = self.found(aim.goal).await? else {
                    return Ok(());
                };
                let (reading, then) = self.0.compare(&now, aim);
                let Some(change) = pending(&reading)? else {
                    return Ok(());
                };
                if writes == WRITES {
                    return Err(self.overwritten());
                }
                if wrote && !S::UNGUARDED {
                    if !pauses.again().await {
                        return Err(unseen(change));
                    }
                    // AWS may go on showing what stood before for a while.
                    if now == *found {
                        continue;
                    }
                }
                break (now, then);
            };
            again = Some(now);
        }
    }

    fn overwritten(&self) -> Error {
        let what = format!(
            "{} was overwritten {WRITES} times by somebody else",
            self.0.title()
        );
        let fix = "find out what else writes it, stop that, and run this again";
        Error::new(ErrorKind::Conflict, what).with("fix", fix)
    }
}

impl<S: Shared> Part for Reconciled<S> {
    fn title(&self) -> String {
        self.0.title()
    }

    fn stage(&self) -> Stage {
        self.0.stage()
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(self.look(aim))
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }

    fn join(&mut self, other: &dyn Part) -> bool {
        let other = (other as &dyn Any).downcast_ref::<Self>();
        other.is_some_and(|other| self.0.join(&other.0))
    }
}

/// The error of a change that AWS took, but does not show.
pub(crate) fn unseen(change: &Change) -> Error {
    let members: Vec<&str> = change.details.iter().map(|d| &*d.member).collect();
    let members = match members.as_slice() {
        [] => String::new(),
        members => format!(" ({})", members.join(", ")),
    };
    let what = &change.what;
    let what = format!("AWS took the change, but does not show it: {what}{members}");
    let fix = "run it again; if it stays, find out what else changes it";
    Error::new(ErrorKind::Unavailable, what).with("fix", fix)
}

/// The first change that is to be made; an error where something stands in the way.
fn pending(reading: &Reading) -> Result<Option<&Change>, Error> {
    match reading.refusals.first() {
        Some(refusal) => Err(Error::new(ErrorKind::Conflict, refusal.as_str())),
        None => Ok(reading.changes.iter().find(|change| change.is_change())),
    }
}

/// What was to go is gone.
fn is_gone(error: &Error, goal: Goal) -> bool {
    error.kind() == ErrorKind::NotFound && goal == Goal::Disconnect
}

/// A pause of another length in every process and attempt, so that two do not keep step.
fn uneven(attempt: u32) -> Duration {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.map_or(0, |now| now.subsec_nanos()) ^ std::process::id().rotate_left(9);
    Duration::from_millis(u64::from(nanos % 97) * u64::from(attempt - 1))
}

#[cfg(test)]
mod tests;

//! Lists of entries, some of which are connections of one function.

use std::fmt;

use lambda_with::Function;
use serde_json::Value;

use crate::change::{Action, Change, Orphan, Reading};
use crate::plan::Goal;
use crate::wire::Aim;

/// One entry of a list that connections share with others: a notification of a bucket, a filter of a
/// log group, a target of a rule.
pub trait Entry: Clone {
    /// What it is known by in its list.
    fn name(&self) -> &str;

    /// The ARN it leads to.
    fn target(&self) -> &str;

    /// What it says, for comparing and for the eye, null for what it does not say. What has no order
    /// is sorted.
    fn members(&self) -> Value;

    /// Itself in the place of an entry that stands, members of which may be others'.
    #[must_use]
    fn in_place_of(self, standing: &Self) -> Self {
        let _ = standing;
        self
    }
}

/// The entries of one function in a list.
///
/// An entry is ours when it has the name of a connection and leads to its function, in whatever
/// version. One that leads to the function and has another name is left over: from an earlier
/// definition where its name is one that is made here.
pub struct Entries<'a, E> {
    /// The function.
    pub function: &'a Function,
    /// What is to stand, each with the name of its connection.
    pub wanted: Vec<(String, E)>,
    /// Says what an entry of this name is, for messages: `notification n of bucket uploads`.
    pub what: &'a dyn Fn(&str) -> String,
    /// Whether a name is one that is made here.
    pub is_made: &'a dyn Fn(&str) -> bool,
    /// The member of a connection that gives its entry another name.
    pub member: &'static str,
}

impl<E: Entry> Entries<'_, E> {
    /// What is to be done, and the list that comes of it: what stands in its order, what is new at its
    /// end.
    #[must_use]
    pub fn compare(&self, found: &[E], aim: Aim) -> (Reading, Vec<E>) {
        let (mut reading, mut next) = (Reading::default(), found.to_vec());
        if aim.goal == Goal::Connect {
            self.left_over(&mut next, aim, &mut reading);
        }
        for (connection, wanted) in &self.wanted {
            let change = self.compare_one(wanted, &mut next, aim.goal, &mut reading.refusals);
            let change = change.map(|change| change.of(connection));
            reading.changes.extend(change);
        }
        (reading, next)
    }

    fn compare_one(
        &self,
        wanted: &E,
        next: &mut Vec<E>,
        goal: Goal,
        refusals: &mut Vec<String>,
    ) -> Option<Change> {
        let what = (self.what)(wanted.name());
        let change = |action| Change::new(action, what.as_str());
        let place = next.iter().position(|entry| entry.name() == wanted.name());
        let is_ours = |at: &usize| same_function(next[*at].target(), self.function.arn.as_str());
        match (goal, place, place.filter(is_ours)) {
            (Goal::Connect, None, _) => {
                next.push(wanted.clone());
                Some(change(Action::Create).members(&Value::Null, &wanted.members()))
            }
            (Goal::Connect, _, Some(at)) => {
                let change = change(Action::Update).members(&next[at].members(), &wanted.members());
                let change = change.or_keep();
                if change.is_change() {
                    next[at] = wanted.clone().in_place_of(&next[at]);
                }
                Some(change)
            }
            (Goal::Connect, Some(at), None) => {
                let (goes, member) = (next[at].target(), self.member);
                refusals.push(format!(
                    "{what} is somebody else's: it goes to {goes}; give the connection another {member}"
                ));
                None
            }
            (Goal::Disconnect, _, Some(at)) => {
                next.remove(at);
                Some(change(Action::Remove))
            }
            (Goal::Disconnect, _, None) => None,
        }
    }

    /// Entries that lead to this very function and are not in the definition.
    fn left_over(&self, next: &mut Vec<E>, aim: Aim, reading: &mut Reading) {
        next.retain(|entry| {
            let wanted = |(_, wanted): &(String, E)| wanted.name() == entry.name();
            if entry.target() != self.function.arn.as_str() || self.wanted.iter().any(wanted) {
                return true;
            }
            let what = (self.what)(entry.name());
            let is_made = (self.is_made)(entry.name());
            if is_made && aim.options.prune {
                let change = Change::new(Action::Remove, what);
                reading.changes.push(change.note("orphan"));
                return false;
            }
            let fix = match is_made {
                true => "connect with --prune",
                false => "remove it by hand, if nobody else made it",
            };
            reading.orphans.push(Orphan {
                what: format!("{what}, not in this definition, runs this function"),
                fix: fix.into(),
            });
            true
        });
    }
}

impl<E: fmt::Debug> fmt::Debug for Entries<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries")
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}

/// Whether two ARNs are of one function, in whatever version.
///
/// ```
/// use lambda_with_aws::same_function;
///
/// let orders = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
/// assert!(same_function(&format!("{orders}:live"), orders));
/// assert!(!same_function(&format!("{orders}-2"), orders));
/// ```
#[must_use]
pub fn same_function(one: &str, other: &str) -> bool {
    unqualified(one) == unqualified(other)
}

fn unqualified(arn: &str) -> &str {
    let end = arn.match_indices(':').nth(6).map(|(at, _)| at);
    end.map_or(arn, |end| &arn[..end])
}

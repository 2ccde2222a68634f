//! How things stand.

use std::fmt;

use lambda_with::Arn;
use serde::Serialize;

use crate::change::{Action, Budget, Change, Detail, Orphan};
use crate::plan::{Plan, indented, tail};

/// How one function's wiring stands against its definition.
///
/// `Display` gives it as text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The function.
    pub function: Arn,
    /// Everything the definition speaks of.
    pub things: Vec<Standing>,
    /// What is left over from earlier definitions.
    pub orphans: Vec<Orphan>,
    /// What works and will hurt.
    pub warnings: Vec<String>,
    /// What AWS, or this crate, will not do: connecting stops before the first write.
    pub refusals: Vec<String>,
    /// What is refused although all we grant stands: who may not do what, and what is in the way.
    pub denied: Vec<String>,
    /// The space of the function's resource-based policy.
    pub policy: Option<Budget>,
}

/// How one thing stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Standing {
    /// How.
    pub state: State,
    /// The thing, and where it differs.
    #[serde(flatten)]
    pub thing: Thing,
}

/// Whether a thing is as the definition says.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As defined.
    Connected,
    /// Not there.
    Missing,
    /// There, but somebody changed it, or the definition did.
    Drifted,
    /// There, though it should not be.
    Surplus,
}

/// A [`Change`] seen as a state.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Thing {
    /// The thing, with the place it stands in.
    pub what: String,
    /// The connection it belongs to.
    pub connection: Option<String>,
    /// The members that differ.
    pub details: Vec<Detail>,
    /// A word on it.
    pub note: Option<String>,
}

impl Status {
    /// Whether everything stands as defined and nothing is left over.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.orphans.is_empty()
            && self.refusals.is_empty()
            && self.denied.is_empty()
            && self
                .things
                .iter()
                .all(|thing| thing.state == State::Connected)
    }
}

impl From<Plan> for Status {
    fn from(plan: Plan) -> Self {
        let standing = |change: Change| Standing {
            state: match change.action {
                Action::Keep => State::Connected,
                Action::Create => State::Missing,
                Action::Update => State::Drifted,
                Action::Remove => State::Surplus,
            },
            thing: Thing {
                what: change.what,
                connection: change.connection,
                details: change.details,
                note: change.note,
            },
        };
        Self {
            function: plan.function,
            things: plan.changes.into_iter().map(standing).collect(),
            orphans: plan.orphans,
            warnings: plan.warnings,
            refusals: plan.refusals,
            denied: Vec::new(),
            policy: plan.policy,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.function.resource().trim_start_matches("function:");
        writeln!(f, "{name}:")?;
        for Standing { state, thing } in &self.things {
            let word = match state {
                State::Connected => "connected",
                State::Missing => "missing",
                State::Drifted => "drifted",
                State::Surplus => "surplus",
            };
            let change = Change {
                action: Action::Keep,
                what: thing.what.clone(),
                connection: None,
                details: match state {
                    State::Drifted => thing.details.clone(),
                    _ => Vec::new(),
                },
                note: thing.note.clone(),
            };
            writeln!(
                f,
                "  {word:<9} {}",
                indented(&change).trim_start_matches("= ")
            )?;
        }
        for denied in &self.denied {
            writeln!(f, "  denied    {denied}")?;
        }
        tail(
            f,
            self.policy,
            [&self.refusals, &self.warnings],
            &self.orphans,
        )
    }
}

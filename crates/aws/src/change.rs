//! What differs between a definition and what stands.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// What is done, or would be, to one thing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It stands as it should.
    Keep,
    /// It is missing.
    Create,
    /// It stands, but differs.
    Update,
    /// It stands, and should not.
    Remove,
}

/// One thing, and what is done to it.
///
/// ```
/// use lambda_with_aws::{Action, Change};
/// use serde_json::json;
///
/// let change = Change::new(Action::Update, "event source mapping of queue orders")
///     .detail("BatchSize", json!(5), json!(10));
/// assert_eq!(change.to_string(), "~ event source mapping of queue orders\n    BatchSize: 5 → 10");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// The thing, with the place it stands in.
    pub what: String,
    /// The connection it belongs to; nothing where it belongs to all of the function's.
    pub connection: Option<String>,
    /// The members that differ.
    pub details: Vec<Detail>,
    /// A word on it: its state, or why it is left.
    pub note: Option<String>,
}

/// One member that differs. `null` stands for a member that is not there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Detail {
    /// Its name, as AWS writes it.
    pub member: String,
    /// What stands.
    pub found: Value,
    /// What should.
    pub wanted: Value,
}

/// Something that looks like a connection of this function, but is not in the definition.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Orphan {
    /// The thing, with the place it stands in.
    pub what: String,
    /// How to be rid of it.
    pub fix: String,
}

/// How much of a policy's space is used.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Budget {
    /// The size in bytes once all is done.
    pub bytes: usize,
    /// The most AWS takes.
    pub limit: usize,
}

/// What one part of the wiring found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Everything that belongs to the part, kept things included.
    pub changes: Vec<Change>,
    /// What is left over from earlier.
    pub orphans: Vec<Orphan>,
    /// What works and will hurt.
    pub warnings: Vec<String>,
    /// What cannot be done: connecting stops before the first write.
    pub refusals: Vec<String>,
    /// The space of the function's policy, from the part that knows.
    pub policy: Option<Budget>,
}

impl Action {
    pub(crate) fn past(self) -> &'static str {
        match self {
            Self::Keep => "kept",
            Self::Create => "created",
            Self::Update => "updated",
            Self::Remove => "removed",
        }
    }
}

impl Change {
    /// An action on a thing.
    pub fn new(action: Action, what: impl Into<String>) -> Self {
        Self {
            action,
            what: what.into(),
            connection: None,
            details: Vec::new(),
            note: None,
        }
    }

    /// Names the connection it belongs to.
    #[must_use]
    pub fn of(mut self, connection: impl Into<String>) -> Self {
        self.connection = Some(connection.into());
        self
    }

    /// Adds a member that differs.
    #[must_use]
    pub fn detail(mut self, member: impl Into<String>, found: Value, wanted: Value) -> Self {
        self.details.push(Detail {
            member: member.into(),
            found: sorted(found),
            wanted: sorted(wanted),
        });
        self
    }

    /// Adds a word on it.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Adds every member of `wanted` that differs from `found`, both being JSON objects.
    #[must_use]
    pub fn members(mut self, found: &Value, wanted: &Value) -> Self {
        for (member, wanted) in sorted(wanted.clone()).as_object().into_iter().flatten() {
            let found = found.get(member).unwrap_or(&Value::Null);
            if found != wanted {
                self = self.detail(member, found.clone(), wanted.clone());
            }
        }
        self
    }

    /// An update in which no member differs keeps what stands.
    #[must_use]
    pub fn or_keep(mut self) -> Self {
        if self.action == Action::Update && self.details.is_empty() {
            self.action = Action::Keep;
        }
        self
    }

    /// Whether anything is done.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.action != Action::Keep
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            Action::Keep => '=',
            Action::Create => '+',
            Action::Update => '~',
            Action::Remove => '-',
        };
        write!(f, "{sign} {}", self.what)?;
        self.rest(f)
    }
}

impl Change {
    /// Note and details, as they follow the first words.
    pub(crate) fn rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(note) = &self.note {
            write!(f, " ({note})")?;
        }
        for Detail {
            member,
            found,
            wanted,
        } in &self.details
        {
            match (found, wanted) {
                (Value::Null, wanted) => write!(f, "\n    {member}: {wanted}")?,
                (found, Value::Null) => write!(f, "\n    {member}: {found} → nothing")?,
                (found, wanted) => write!(f, "\n    {member}: {found} → {wanted}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "orphan: {}\n    fix: {}", self.what, self.fix)
    }
}

impl Budget {
    /// From four fifths on it is worth a warning.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let Self { bytes, limit } = self;
        (bytes * 5 >= limit * 4).then(|| {
            format!(
                "the function's policy takes {bytes} of {limit} bytes: {} % are used",
                bytes * 100 / limit
            )
        })
    }
}

/// The same value with the members of every object in the order of their names, which serde_json
/// keeps or does not, depending on a feature that any crate may turn on.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members
                .into_iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            Value::Object(members.into_iter().collect())
        }
        other => other,
    }
}

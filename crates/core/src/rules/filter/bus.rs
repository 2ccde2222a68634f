//! Event patterns of rules.

use std::fmt;
use std::str::FromStr;

use super::Language;
use super::document::Document;
use super::pattern::Pattern;
use crate::{Error, ErrorKind};

/// The pattern of a rule of an event bus.
///
/// ```
/// use lambda_with::rules::filter::{Document, EventPattern};
///
/// let pattern = EventPattern::parse(
///     r#"{"source":["harbor.gates"],"detail":{"file":[{"wildcard":"scans/*.png"}]}}"#,
/// )?;
/// let event = Document::parse(br#"{"source":"harbor.gates","detail":{"file":"scans/7/a.png"}}"#)?;
/// assert!(pattern.matches(&event));
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// It is held against the whole event. Beside what filters of event source mappings know there are
/// `wildcard`, `cidr`, and `anything-but` with `prefix`, `suffix`, `equals-ignore-case` or
/// `wildcard`, each with one text or a list.
///
/// See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>.
#[derive(Clone, PartialEq)]
pub struct EventPattern {
    text: String,
    pattern: Pattern,
}

impl EventPattern {
    /// The most characters the API takes. An account's quota is less: [`USUAL_CHARS`](Self::USUAL_CHARS).
    pub const MAX_CHARS: usize = 4096;
    /// The most characters unless the account's quota was raised.
    pub const USUAL_CHARS: usize = 2048;
    /// The most patterns that a pattern with `$or` may stand for.
    pub const MAX_COMBINATIONS: u64 = 1000;

    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// `Invalid` with AWS's message `Event pattern is not valid.` and, in the context `reason`, what
    /// is wrong; `Limit` for more than 4,096 characters. AWS also refuses wildcards it finds too
    /// complex, by a measure it does not publish.
    pub fn parse(pattern: &str) -> Result<Self, Error> {
        let chars = pattern.chars().count();
        if chars > Self::MAX_CHARS {
            let message = format!("the event pattern has {chars} characters");
            let allowed = Self::MAX_CHARS.to_string();
            return Err(Error::new(ErrorKind::Limit, message).with("allowed", allowed));
        }
        let invalid = |reason: &str| {
            Error::new(ErrorKind::Invalid, "Event pattern is not valid.")
                .with("reason", reason)
                .with("pattern", pattern)
        };
        let document = match Document::parse(pattern.as_bytes()) {
            Ok(document) => document,
            Err(error) => return Err(invalid(error.message())),
        };
        let parsed = Pattern::new(document.members(), Language::Bus).map_err(|e| invalid(&e))?;
        let combinations = parsed.combinations();
        if combinations > Self::MAX_COMBINATIONS {
            let most = Self::MAX_COMBINATIONS;
            let reason = format!("its `$or` stand for {combinations} patterns, more than {most}");
            return Err(invalid(&reason));
        }
        Ok(Self {
            text: pattern.to_owned(),
            pattern: parsed,
        })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the event matches.
    #[must_use]
    pub fn matches(&self, event: &Document) -> bool {
        self.pattern.matches(event.members(), None)
    }

    /// The members it looks at, at the top level.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.pattern.keys()
    }

    /// How many wildcards it holds; a bus takes 30 rules with any.
    #[must_use]
    pub fn wildcards(&self) -> usize {
        self.pattern.wildcards()
    }
}

impl FromStr for EventPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Debug for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventPattern({})", self.text)
    }
}

#[cfg(test)]
mod tests;

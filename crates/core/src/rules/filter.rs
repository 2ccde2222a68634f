//! Event filtering: which records of a polled source, and which events of a bus, reach the function.
//!
//! ```
//! use lambda_with::rules::filter::{DataKey, FilterCriteria};
//!
//! let criteria = FilterCriteria::parse([r#"{"body":{"total":[{"numeric":[">",100]}]}}"#])?;
//! assert!(criteria.accepts(&DataKey::SQS, br#"{"body":"{\"total\":250}"}"#));
//! assert!(!criteria.accepts(&DataKey::SQS, br#"{"body":"{\"total\":99}"}"#));
//! assert!(!criteria.accepts(&DataKey::SQS, br#"{"body":"250"}"#));
//! # Ok::<(), lambda_with::Error>(())
//! ```
//!
//! A record is accepted when one filter matches it, a filter when all its members match, a member
//! when one element of its list matches one value of the record. Rule elements are those the
//! Lambda guide lists: text, number, `true`, `false`, `null`, `prefix`, `suffix`,
//! `equals-ignore-case`, `anything-but`, `numeric`, `exists`, and `$or` between members.
//!
//! - Numbers are compared by their text (`300` is not `300.0`), by value only with `numeric`.
//! - `exists` knows leaves only: a member that is an object does not exist.
//! - Of a list in a record one value must match; of a list of objects one object as a whole.
//! - Of members written twice the last counts; `{"a.b": …}` is `{"a": {"b": …}}`.
//!
//! [`EventPattern`] is the same for rules of an event bus, whose language has more operators.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>.

mod bus;
mod cidr;
mod data;
mod document;
mod element;
mod pattern;
mod wildcard;

use std::fmt;
use std::str::FromStr;

pub use self::bus::EventPattern;
pub use self::data::{DataKey, Encoding, Mismatch};
pub use self::document::Document;
use self::pattern::Pattern;
use crate::{Error, ErrorKind};

/// The filters of one mapping; without any, every record is accepted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterCriteria {
    filters: Vec<Filter>,
}

/// One filter: a pattern that records are held against.
#[derive(Clone, PartialEq)]
pub struct Filter {
    text: String,
    pattern: Pattern,
}

/// Whose patterns these are: both speak one language, but mappings know fewer operators.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Language {
    /// Event source mappings.
    Mapping,
    /// Rules of an event bus.
    Bus,
}

impl FilterCriteria {
    /// The most filters of one mapping, unless the account's quota was raised.
    pub const USUAL: usize = 5;
    /// The most filters of one mapping at all.
    pub const MOST: usize = 10;

    /// Reads the patterns of all filters.
    ///
    /// # Errors
    ///
    /// `Limit` for more than ten, otherwise as [`Filter::parse`].
    pub fn parse<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, Error> {
        let filters: Vec<Filter> = patterns
            .into_iter()
            .map(|pattern| Filter::parse(pattern.as_ref()))
            .collect::<Result<_, _>>()?;
        if filters.len() > Self::MOST {
            let message = format!("a mapping has {} filters", filters.len());
            return Err(Error::new(ErrorKind::Limit, message).with(
                "allowed",
                format!("{}, on request {}", Self::USUAL, Self::MOST),
            ));
        }
        Ok(Self { filters })
    }

    /// The filters, in order.
    #[must_use]
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Checks that the patterns suit a source with this data key.
    ///
    /// # Errors
    ///
    /// `Invalid`, as AWS refuses it, when the source's data is always JSON and a pattern takes it
    /// for plain text.
    pub fn check(&self, data_key: &DataKey) -> Result<(), Error> {
        for filter in &self.filters {
            if !data_key.plain && filter.pattern.takes_for_text(data_key.name) {
                let reason = format!("`{}` must be an object in the pattern", data_key.name);
                return Err(invalid(&filter.text, &reason));
            }
        }
        Ok(())
    }

    /// The members the patterns look at, at the top level.
    ///
    /// AWS documents filtering on the data key alone; other members work, and may cease to.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.filters.iter().flat_map(|filter| filter.pattern.keys())
    }

    /// Whether one of the filters matches the record, given as JSON text.
    ///
    /// The data of the record is decoded as `data_key` says. A record that is not a JSON object is
    /// accepted only when there are no filters.
    #[must_use]
    pub fn accepts(&self, data_key: &DataKey, record: &[u8]) -> bool {
        if self.filters.is_empty() {
            return true;
        }
        data_key
            .document(record)
            .is_ok_and(|document| self.filters.iter().any(|filter| filter.matches(&document)))
    }
}

impl Filter {
    /// The most characters of a pattern.
    pub const MAX_CHARS: usize = 4096;

    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// `Invalid` with AWS's message `Invalid filter pattern definition.` and, in the context
    /// `reason`, what is wrong; `Limit` for a pattern of more than 4,096 characters.
    pub fn parse(pattern: &str) -> Result<Self, Error> {
        let chars = pattern.chars().count();
        if chars > Self::MAX_CHARS {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("the filter pattern has {chars} characters"),
            )
            .with("allowed", Self::MAX_CHARS.to_string()));
        }
        match Document::parse(pattern.as_bytes()) {
            Ok(document) => match Pattern::new(document.members(), Language::Mapping) {
                Ok(parsed) => Ok(Self {
                    text: pattern.to_owned(),
                    pattern: parsed,
                }),
                Err(reason) => Err(invalid(pattern, &reason)),
            },
            Err(error) => Err(invalid(pattern, error.message())),
        }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the document matches.
    #[must_use]
    pub fn matches(&self, document: &Document) -> bool {
        self.pattern.matches(document.members(), document.data())
    }
}

impl FromStr for Filter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({})", self.text)
    }
}

fn invalid(pattern: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Invalid, "Invalid filter pattern definition.")
        .with("reason", reason)
        .with("pattern", pattern)
}

#[cfg(test)]
mod tests;

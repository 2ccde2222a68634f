//! Why a document could not be read, before it is known where in it.

use std::fmt;

use serde::de;

/// A message, and the offset of the value or byte it is about.
#[derive(Debug)]
pub(super) struct Failure(Box<(String, Option<usize>)>);

impl Failure {
    pub(super) fn new(message: impl Into<String>, offset: usize) -> Self {
        Self(Box::new((message.into(), Some(offset))))
    }

    /// Sets the offset unless something further inside has set it already.
    pub(super) fn within(mut self, offset: usize) -> Self {
        self.0.1.get_or_insert(offset);
        self
    }

    pub(super) fn message(&self) -> &str {
        &self.0.0
    }

    pub(super) fn offset(&self) -> usize {
        self.0.1.unwrap_or_default()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new((message.to_string(), None)))
    }
}

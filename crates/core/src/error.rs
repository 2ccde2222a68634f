//! The one error of the vocabulary.

use std::error::Error as StdError;
use std::fmt;

/// What went wrong, in the terms a caller can act on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A text is not what its place demands: an ARN without a service, a time that is no time.
    Invalid,
    /// A JSON document is malformed, or does not have the shape of the type asked for.
    Decode,
    /// A value breaks a limit the service or Lambda sets.
    Limit,
    /// The caller may not do this; the message names the failing condition.
    Denied,
    /// The thing named does not exist.
    NotFound,
    /// Somebody else holds or changed the thing; trying again may succeed.
    Conflict,
    /// Too many requests at once; trying again later may succeed.
    Throttled,
    /// The other side failed or could not be reached.
    Unavailable,
}

/// An error with a kind, a message, the context it arose in, and its cause.
///
/// ```
/// use lambda_with::{Arn, ErrorKind};
///
/// let error = "not-an-arn".parse::<Arn>().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Invalid);
/// assert!(error.to_string().contains("not-an-arn"));
/// ```
///
/// The text is lower case, has no full stop, and names the thing it speaks of. Context pairs follow
/// in brackets, so that a log line alone is enough to find the place.
pub struct Error {
    // Boxed, because most results that carry this type succeed.
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A new error of `kind`; `message` names the thing and says what is wrong with it.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                context: Vec::new(),
                source: None,
            }),
        }
    }

    /// Adds one pair of context: which file, which field, which step.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.inner.context.push((key, value.into()));
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The kind, to decide what to do.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The message alone, without context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The value of one pair of context.
    #[must_use]
    pub fn context(&self, key: &str) -> Option<&str> {
        self.inner
            .context
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Conflict | ErrorKind::Throttled | ErrorKind::Unavailable
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)?;
        for (index, (key, value)) in self.inner.context.iter().enumerate() {
            let open = if index == 0 { " (" } else { ", " };
            write!(f, "{open}{key}: {value}")?;
        }
        if self.inner.context.is_empty() {
            Ok(())
        } else {
            f.write_str(")")
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("context", &self.inner.context)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

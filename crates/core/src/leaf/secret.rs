//! Values that must not reach a log.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use super::Text;

/// A credential, password or token: used like the value itself, and never shown by `Debug`.
///
/// ```
/// use lambda_with::{Secret, Text};
///
/// let token: Secret<Text> = Secret::from("hunter2");
/// assert_eq!(*token, "hunter2");
/// assert_eq!(format!("{token:?}"), "[redacted]");
/// ```
///
/// It is written to JSON in clear, so that an event can be passed on.
#[derive(Clone, Copy, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Secret<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Secret<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<Text> {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Secret<Text> {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debug_hides_it() {
        let mut secret: Secret<Text> = serde_json::from_str(r#""hunter2""#).unwrap();
        assert_eq!(serde_json::to_string(&secret).unwrap(), r#""hunter2""#);
        assert_eq!(
            format!("{:?} {:#?}", secret, Some(&secret))
                .matches("hunter2")
                .count(),
            0
        );
        assert_eq!(secret.len(), 7);
        *secret = "other".into();
        assert_eq!(secret.into_inner(), "other");
    }
}

//! Times written as text.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Text, Timestamp};
use crate::Error;

/// A date and time as text, kept as it came and read on demand.
///
/// ```
/// use lambda_with::Rfc3339;
///
/// let time: Rfc3339 = serde_json::from_str(r#""2026-03-02T10:15:30.120Z""#)?;
/// assert_eq!(time.as_str(), "2026-03-02T10:15:30.120Z");
/// assert_eq!(time.timestamp()?.unix_millis(), 1_772_446_530_120);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The number of decimals and the offset stay what they were. Comparing two compares texts; compare
/// [timestamps](Rfc3339::timestamp) to compare instants.
#[derive(Clone, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Rfc3339(Text);

impl Rfc3339 {
    /// The instant.
    ///
    /// # Errors
    ///
    /// When the text is not an RFC 3339 time; see [`Timestamp`] for what is taken.
    pub fn timestamp(&self) -> Result<Timestamp, Error> {
        self.0.parse()
    }

    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Rfc3339 {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Rfc3339 {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Rfc3339 {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Text> for Rfc3339 {
    fn from(text: Text) -> Self {
        Self(text)
    }
}

impl From<Timestamp> for Rfc3339 {
    /// Written in UTC with three decimals.
    fn from(time: Timestamp) -> Self {
        Self(time.to_rfc3339_millis().into())
    }
}

impl PartialEq<str> for Rfc3339 {
    fn eq(&self, other: &str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<&str> for Rfc3339 {
    fn eq(&self, other: &&str) -> bool {
        self.0 == **other
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_back_as_it_came() {
        for json in [
            r#""1970-01-01T00:00:00.000Z""#,
            r#""2026-03-02T10:15:30.123456Z""#,
            r#""2026-03-02T10:15:30+00:00""#,
            r#""yesterday""#,
            r#""""#,
        ] {
            let time: Rfc3339 = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&time).unwrap(), json);
            assert_eq!(format!("{time:?}"), json);
        }
    }

    #[test]
    fn a_bad_time_is_an_error_when_asked_for() {
        assert!(Rfc3339::from("yesterday").timestamp().is_err());
        assert!(Rfc3339::default().timestamp().is_err());
        let time = Timestamp::from_unix_millis(1_772_446_530_120);
        assert_eq!(Rfc3339::from(time), "2026-03-02T10:15:30.120Z");
        assert_eq!(Rfc3339::from(time).timestamp().unwrap(), time);
    }
}

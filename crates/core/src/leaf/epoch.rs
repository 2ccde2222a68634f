//! Times counted from the epoch.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::number::Written;
use super::{Timestamp, decimal};
use crate::{Error, ErrorKind};

/// Milliseconds since the epoch, as a number or as a string, written back as they came.
///
/// ```
/// use lambda_with::EpochMillis;
///
/// let sent: EpochMillis = serde_json::from_str(r#""1545082649183""#)?;
/// assert_eq!(sent.timestamp()?.to_rfc3339_millis(), "2018-12-17T21:37:29.183Z");
/// assert_eq!(serde_json::to_string(&sent)?, r#""1545082649183""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Under plain serde a number that is no 64-bit integer keeps its value and may change its digits.
/// Two are equal when they are written the same way. The default is the number 0.
#[derive(Clone, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct EpochMillis(Written);

impl EpochMillis {
    /// Milliseconds written as a string.
    #[must_use]
    pub fn text(millis: i64) -> Self {
        Self(Written::Text(millis.to_string().into()))
    }

    /// The instant, exactly.
    ///
    /// # Errors
    ///
    /// When it came as a string that is no number, or is beyond 64 bits of seconds.
    pub fn timestamp(&self) -> Result<Timestamp, Error> {
        match self.0 {
            Written::Integer(millis) => Ok(Timestamp::from_unix_millis(millis)),
            Written::Number(_) | Written::Text(_) => read(&self.0, -3, "milliseconds"),
        }
    }
}

impl From<i64> for EpochMillis {
    fn from(millis: i64) -> Self {
        Self(Written::Integer(millis))
    }
}

impl From<Timestamp> for EpochMillis {
    /// Written as a number, rounded down to the millisecond.
    fn from(time: Timestamp) -> Self {
        time.unix_millis().into()
    }
}

impl fmt::Display for EpochMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EpochMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Seconds since the epoch, whole or with decimals, written back exactly as they came.
///
/// ```
/// use lambda_with::EpochSeconds;
///
/// let arrived: EpochSeconds = serde_json::from_str("1428537600.980")?;
/// assert_eq!(arrived.timestamp()?.nanos(), 980_000_000);
/// assert_eq!(serde_json::to_string(&arrived)?, "1428537600.980");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// No float comes in between where serde_json reads. Other formats, and serde's buffer for
/// flattened and untagged types, hand over an `f64`; it is then written as the shortest decimal
/// that means it, which is what was sent as long as that had no more than 15 digits.
///
/// Two are equal when they are written the same way. The default is the number 0.
#[derive(Clone, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct EpochSeconds(#[serde(deserialize_with = "Written::exactly")] Written);

impl EpochSeconds {
    /// The instant, exactly; digits below a nanosecond are dropped.
    ///
    /// # Errors
    ///
    /// When it came as a string that is no number, or is beyond 64 bits of seconds.
    pub fn timestamp(&self) -> Result<Timestamp, Error> {
        match self.0 {
            Written::Integer(seconds) => Ok(Timestamp::from_unix_seconds(seconds)),
            Written::Number(_) | Written::Text(_) => read(&self.0, 0, "seconds"),
        }
    }
}

impl From<i64> for EpochSeconds {
    fn from(seconds: i64) -> Self {
        Self(Written::Integer(seconds))
    }
}

impl From<Timestamp> for EpochSeconds {
    /// Written as a number, with as many decimals as it needs.
    fn from(time: Timestamp) -> Self {
        if time.nanos() == 0 {
            return time.seconds().into();
        }
        let nanos = i128::from(time.seconds()) * 1_000_000_000 + i128::from(time.nanos());
        let sign = if nanos < 0 { "-" } else { "" };
        let nanos = nanos.unsigned_abs();
        let text = format!(
            "{sign}{}.{:09}",
            nanos / 1_000_000_000,
            nanos % 1_000_000_000
        );
        Self(Written::Number(text.trim_end_matches('0').into()))
    }
}

impl fmt::Display for EpochSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for EpochSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

fn read(written: &Written, unit: i32, units: &str) -> Result<Timestamp, Error> {
    written
        .with_str(|text| decimal::timestamp(text, unit))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Invalid,
                format!("`{written}` is not a time in {units}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode;

    #[test]
    fn milliseconds() {
        for (json, millis) in [
            ("1545082649183", Some(1_545_082_649_183)),
            (r#""1545082649183""#, Some(1_545_082_649_183)),
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("1545082649183.0", Some(1_545_082_649_183)),
            ("1.545082649183E12", Some(1_545_082_649_183)),
            (r#""1.5""#, Some(1)),
            (r#""""#, None),
            (r#""now""#, None),
        ] {
            let tree: serde_json::Value = serde_json::from_str(json).unwrap();
            for time in [
                serde_json::from_str(json).unwrap(),
                decode::<EpochMillis>(json).unwrap(),
            ] {
                let found = time.timestamp().ok().map(Timestamp::unix_millis);
                assert_eq!(found, millis, "{json}");
                assert_eq!(serde_json::to_value(&time).unwrap(), tree);
                assert_eq!(format!("{time:?}"), serde_json::to_string(&time).unwrap());
            }
        }
        assert_eq!(
            EpochMillis::text(5),
            serde_json::from_str(r#""5""#).unwrap()
        );
        assert_eq!(EpochMillis::from(Timestamp::from_unix_millis(5)), 5.into());
        let error = EpochMillis(Written::Text("now".into()))
            .timestamp()
            .unwrap_err();
        assert_eq!(error.to_string(), "`now` is not a time in milliseconds");
    }

    #[test]
    fn seconds() {
        for (json, seconds, nanos) in [
            ("1545082649", 1_545_082_649, 0),
            ("1545082649.183", 1_545_082_649, 183_000_000),
            ("1545082649.18300", 1_545_082_649, 183_000_000),
            ("1428537600.98", 1_428_537_600, 980_000_000),
            ("1545082649.000000001", 1_545_082_649, 1),
            ("1.5450826491830E9", 1_545_082_649, 183_000_000),
            ("1.5e9", 1_500_000_000, 0),
            ("-1.5", -2, 500_000_000),
            (r#""1545082649.183""#, 1_545_082_649, 183_000_000),
        ] {
            for time in [
                serde_json::from_str(json).unwrap(),
                decode::<EpochSeconds>(json).unwrap(),
            ] {
                let instant = time.timestamp().unwrap();
                assert_eq!(
                    (instant.seconds(), instant.nanos()),
                    (seconds, nanos),
                    "{json}"
                );
                assert_eq!(serde_json::to_string(&time).unwrap(), json);
                let tree = serde_json::from_str::<serde_json::Value>(json).unwrap();
                assert_eq!(serde_json::to_value(&time).unwrap(), tree);
                let again: EpochSeconds = serde_json::from_value(tree).unwrap();
                assert!(
                    (again.timestamp().unwrap().nanos().abs_diff(nanos)) < 2,
                    "{json}"
                );
            }
        }
        let error = EpochSeconds(Written::Text("soon".into()))
            .timestamp()
            .unwrap_err();
        assert_eq!(error.to_string(), "`soon` is not a time in seconds");
    }

    proptest! {
        #[test]
        fn every_instant_comes_back(seconds: i64, nanos in 0_u32..1_000_000_000) {
            let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
            let time = Timestamp::from_unix_nanos(nanos).unwrap();
            let json = serde_json::to_string(&EpochSeconds::from(time)).unwrap();
            let read: EpochSeconds = decode(json.clone()).unwrap();
            prop_assert_eq!(read.timestamp().unwrap(), time);
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }

        #[test]
        fn fifteen_digits_survive_a_float(millis in 0_i64..999_999_999_999_999) {
            // As serde hands numbers to flattened and untagged types.
            let text = format!("{}.{:03}", millis / 1000, millis % 1000);
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let read: EpochSeconds = serde_json::from_value(value).unwrap();
            prop_assert_eq!(read.timestamp().unwrap().unix_millis(), millis);
        }
    }
}

//! Ids of traces and segments.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;

use lambda_with::{Error, ErrorKind, Text, Timestamp};

thread_local! {
    /// Keys from the system's randomness, and how often they were used.
    static RANDOM: (RandomState, Cell<u64>) = (RandomState::new(), Cell::new(0));
}

/// The id of a trace: `1-69a56802-0f1e2d3c4b5a69788796a5b4`.
///
/// ```
/// use lambda_with_x_ray::TraceId;
///
/// let id: TraceId = "1-4efaaf4d-1e8720b39541901950019ee5".parse()?;
/// assert_eq!(id.w3c(), "4efaaf4d1e8720b39541901950019ee5");
/// assert_eq!(TraceId::from_w3c(&id.w3c())?, id);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The first eight digits are the seconds since the epoch at which the request came in, where X-Ray
/// made the id; the ids of W3C Trace Context, which X-Ray takes as well, have any digits there.
/// See <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TraceId(u128);

impl TraceId {
    /// A fresh id for a request that came in at this time.
    #[must_use]
    pub fn new(time: Timestamp) -> Self {
        let seconds = u128::from(u32::try_from(time.seconds()).unwrap_or_default());
        let low = u128::from(random());
        let high = u128::from(random() >> 32);
        Self(seconds << 96 | high << 64 | low)
    }

    /// The 32 digits of W3C Trace Context as a trace of X-Ray.
    ///
    /// # Errors
    ///
    /// When they are not 32 hexadecimal digits.
    pub fn from_w3c(digits: &str) -> Result<Self, Error> {
        hex(digits, 32).map(Self).ok_or_else(|| {
            refuse(
                digits,
                "a trace id of W3C Trace Context",
                "32 hexadecimal digits",
            )
        })
    }

    /// The id as W3C Trace Context writes it.
    #[must_use]
    pub fn w3c(self) -> String {
        format!("{:032x}", self.0)
    }

    /// When the request came in, if X-Ray made the id.
    #[must_use]
    pub fn time(self) -> Timestamp {
        Timestamp::from_unix_seconds(i64::try_from(self.0 >> 96).unwrap_or_default())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "1-{:08x}-{:024x}",
            self.0 >> 96,
            self.0 & ((1 << 96) - 1)
        )
    }
}

impl FromStr for TraceId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parse = || {
            let (time, rest) = text.strip_prefix("1-")?.split_once('-')?;
            Some(Self(hex(time, 8)? << 96 | hex(rest, 24)?))
        };
        parse().ok_or_else(|| {
            refuse(
                text,
                "a trace id",
                "1-, 8 hexadecimal digits, -, 24 hexadecimal digits",
            )
        })
    }
}

/// The id of a segment or subsegment: 16 hexadecimal digits.
///
/// ```
/// use lambda_with_x_ray::SegmentId;
///
/// let id: SegmentId = "53995c3f42cd8ad8".parse()?;
/// assert_eq!(id.to_string(), "53995c3f42cd8ad8");
/// assert_ne!(SegmentId::random(), SegmentId::random());
/// # Ok::<(), lambda_with::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SegmentId(u64);

impl SegmentId {
    /// A fresh id.
    #[must_use]
    pub fn random() -> Self {
        Self(random())
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<SegmentId> for Text {
    fn from(id: SegmentId) -> Self {
        id.to_string().into()
    }
}

impl FromStr for SegmentId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        hex(text, 16)
            .and_then(|id| u64::try_from(id).ok())
            .map(Self)
            .ok_or_else(|| refuse(text, "a segment id", "16 hexadecimal digits"))
    }
}

/// 64 bits nobody can guess: a keyed hash of a counter, the key from the system's randomness.
fn random() -> u64 {
    RANDOM.with(|(keys, used)| {
        used.set(used.get().wrapping_add(1));
        let mut hasher = keys.build_hasher();
        hasher.write_u64(used.get());
        hasher.finish()
    })
}

fn hex(digits: &str, length: usize) -> Option<u128> {
    let fits = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| u128::from_str_radix(digits, 16).ok())
        .flatten()
}

fn refuse(text: &str, what: &str, form: &'static str) -> Error {
    Error::new(ErrorKind::Invalid, format!("`{text}` is not {what}")).with("form", form)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn fresh_ids_differ_and_tell_the_time() {
        let now = Timestamp::from_unix_seconds(1_772_447_730);
        let ids: HashSet<String> = (0..1000)
            .map(|_| TraceId::new(now).to_string())
            .chain(
                std::thread::spawn(move || {
                    (0..1000)
                        .map(|_| TraceId::new(now).to_string())
                        .collect::<Vec<_>>()
                })
                .join()
                .unwrap(),
            )
            .collect();
        assert_eq!(ids.len(), 2000);
        for id in ids {
            assert!(id.starts_with("1-69a567f2-") && id.len() == 35, "{id}");
            let read: TraceId = id.parse().unwrap();
            assert_eq!((read.to_string(), read.time()), (id, now));
        }
    }

    #[test]
    fn what_is_no_id() {
        for text in [
            "",
            "1-69a56802",
            "2-69a56802-0f1e2d3c4b5a69788796a5b4",
            "1-69a5680-20f1e2d3c4b5a69788796a5b4",
            "1-69a56802-0f1e2d3c4b5a69788796a5b",
            "1-69a56802-0f1e2d3c4b5a69788796a5bg",
            "1-+9a56802-0f1e2d3c4b5a69788796a5b4",
        ] {
            let error = text.parse::<TraceId>().unwrap_err().to_string();
            assert!(error.contains("is not a trace id"), "{error}");
        }
        for text in [
            "",
            "53995c3f42cd8ad",
            "53995c3f42cd8ad88",
            "+3995c3f42cd8ad8",
        ] {
            assert!(text.parse::<SegmentId>().is_err(), "{text}");
        }
        assert!(TraceId::from_w3c("4efaaf4d").is_err());
    }
}

//! Instants.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Error, ErrorKind};

const DAY: i64 = 86_400;

/// An exact instant: seconds and nanoseconds since the epoch, UTC.
///
/// ```
/// use lambda_with::Timestamp;
///
/// let time = Timestamp::from_unix_millis(1_772_446_530_123);
/// assert_eq!(time.to_rfc3339_millis(), "2026-03-02T10:15:30.123Z");
/// assert_eq!("2026-03-02T11:15:30.123+01:00".parse::<Timestamp>()?, time);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// No float is involved anywhere. It displays as RFC 3339 in UTC with as many decimals as it needs,
/// three, six or nine, and parses from RFC 3339, also with an offset without a colon (`+0100`), as
/// some services write it. A leap second is read as the second that follows it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// The instant this many milliseconds after the epoch, or before it.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self {
            seconds: millis.div_euclid(1000),
            nanos: millis.rem_euclid(1000) as u32 * 1_000_000,
        }
    }

    /// The instant this many whole seconds after the epoch, or before it.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    pub(crate) fn from_unix_nanos(nanos: i128) -> Option<Self> {
        let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
        let nanos = u32::try_from(nanos.rem_euclid(1_000_000_000)).ok()?;
        Some(Self { seconds, nanos })
    }

    /// The system's clock.
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Milliseconds since the epoch, rounded down; the nearest `i64` beyond 292 million years.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        let millis = i128::from(self.seconds) * 1000 + i128::from(self.nanos / 1_000_000);
        let nearest = if self.seconds < 0 { i64::MIN } else { i64::MAX };
        i64::try_from(millis).unwrap_or(nearest)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds since that second, below 1,000,000,000.
    #[must_use]
    pub const fn nanos(self) -> u32 {
        self.nanos
    }

    /// RFC 3339 in UTC with three decimals, as most services write it: `2026-03-02T10:15:30.123Z`.
    #[must_use]
    pub fn to_rfc3339_millis(self) -> String {
        format!("{}.{:03}Z", Civil::from(self), self.nanos / 1_000_000)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = Civil::from(*self);
        match self.nanos {
            0 => write!(f, "{civil}Z"),
            nanos if nanos % 1_000_000 == 0 => write!(f, "{civil}.{:03}Z", nanos / 1_000_000),
            nanos if nanos % 1000 == 0 => write!(f, "{civil}.{:06}Z", nanos / 1000),
            nanos => write!(f, "{civil}.{nanos:09}Z"),
        }
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text.as_bytes()).map_err(|why| {
            Error::new(
                ErrorKind::Invalid,
                format!("`{text}` is not an RFC 3339 time: {why}"),
            )
            .with("form", "2026-03-02T10:15:30.123Z")
        })
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let (negative, distance) = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => (false, after),
            Err(before) => (true, before.duration()),
        };
        let seconds = i64::try_from(distance.as_secs()).unwrap_or(i64::MAX);
        match (negative, distance.subsec_nanos()) {
            (false, nanos) => Self { seconds, nanos },
            (true, 0) => Self {
                seconds: -seconds,
                nanos: 0,
            },
            (true, nanos) => Self {
                seconds: -seconds - 1,
                nanos: 1_000_000_000 - nanos,
            },
        }
    }
}

/// Exact where the system's clock counts in nanoseconds, as on Linux and macOS.
///
/// # Panics
///
/// Where the system's time cannot hold it: on Windows before the year 1601 and after 30828.
impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let whole = Duration::from_secs(time.seconds.unsigned_abs());
        let base = if time.seconds < 0 {
            UNIX_EPOCH - whole
        } else {
            UNIX_EPOCH + whole
        };
        base + Duration::from_nanos(time.nanos.into())
    }
}

/// Date and time of day in UTC, by the proleptic Gregorian calendar.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
}

impl From<Timestamp> for Civil {
    fn from(time: Timestamp) -> Self {
        // Counted in 400-year cycles from 1 March of the year 0, so that leap days come last.
        let days = time.seconds.div_euclid(DAY) + 719_468;
        let cycle = days.div_euclid(146_097);
        let of_cycle = days.rem_euclid(146_097);
        let year_of_cycle =
            (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
        let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Self {
            year: cycle * 400 + year_of_cycle + i64::from(month <= 2),
            month,
            day: of_year - (153 * from_march + 2) / 5 + 1,
            second_of_day: time.seconds.rem_euclid(DAY),
        }
    }
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            second_of_day,
        } = self;
        let (hour, minute, second) = (
            second_of_day / 3600,
            second_of_day / 60 % 60,
            second_of_day % 60,
        );
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )
    }
}

fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let of_cycle = year.rem_euclid(400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719_468
}

fn parse(text: &[u8]) -> Result<Timestamp, &'static str> {
    let mut rest = text;
    let year = number(&mut rest, 4).ok_or("it does not begin with a year of four digits")?;
    let month = after(b"-", &mut rest).ok_or("the month is not two digits")?;
    let day = after(b"-", &mut rest).ok_or("the day is not two digits")?;
    let hour = after(b"Tt ", &mut rest).ok_or("the hour is not two digits after a `T`")?;
    let minute = after(b":", &mut rest).ok_or("the minute is not two digits")?;
    let second = after(b":", &mut rest).ok_or("the second is not two digits")?;
    let nanos = fraction(&mut rest).ok_or("no digit follows the decimal point")?;
    let offset = offset(rest).ok_or("it does not end with `Z` or an offset such as `+01:00`")?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) {
        return Err("there is no such month");
    }
    if !(1..=longest).contains(&day) {
        return Err("the month has no such day");
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err("there is no such time of day");
    }
    let seconds = days_since_epoch(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    Ok(Timestamp {
        seconds: seconds - offset,
        nanos,
    })
}

fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(digits)?;
    let mut value = 0;
    for digit in head {
        value = value * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    *rest = tail;
    Some(value)
}

fn after(separators: &[u8], rest: &mut &[u8]) -> Option<i64> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    if separators.contains(first) {
        number(rest, 2)
    } else {
        None
    }
}

fn fraction(rest: &mut &[u8]) -> Option<u32> {
    let Some((b'.' | b',', tail)) = rest.split_first() else {
        return Some(0);
    };
    let length = tail
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .count();
    let (digits, tail) = tail.split_at(length);
    *rest = tail;
    let zeros = std::iter::repeat(&b'0');
    let nanos = digits.iter().chain(zeros).take(9);
    (length > 0).then(|| nanos.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0')))
}

fn offset(text: &[u8]) -> Option<i64> {
    let (first, mut rest) = text.split_first()?;
    let sign = match first {
        b'Z' | b'z' if rest.is_empty() => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = number(&mut rest, 2)?;
    let minutes = number(&mut rest.strip_prefix(b":").unwrap_or(rest), 2)?;
    let length = if text.get(3) == Some(&b':') { 6 } else { 5 };
    let valid = text.len() == length && hours < 24 && minutes < 60;
    valid.then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_to_instant() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1970-01-01T00:00:00.000Z", 0, 0),
            ("2026-03-02T10:15:30.123Z", 1_772_446_530, 123_000_000),
            ("2026-03-02T10:15:30.123456789Z", 1_772_446_530, 123_456_789),
            (
                "2026-03-02T10:15:30.1234567899Z",
                1_772_446_530,
                123_456_789,
            ),
            ("2026-03-02t11:15:30+01:00", 1_772_446_530, 0),
            ("2026-03-02 04:45:30-0530", 1_772_446_530, 0),
            ("2000-02-29T23:59:59Z", 951_868_799, 0),
            ("2016-12-31T23:59:60Z", 1_483_228_800, 0),
            ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
        ] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!((time.seconds(), time.nanos()), (seconds, nanos), "{text}");
        }
    }

    #[test]
    fn refusals_name_the_text_and_the_reason() {
        for (text, why) in [
            ("", "year of four digits"),
            ("26-03-02", "year of four digits"),
            ("2026-3-2T10:15:30Z", "month is not two"),
            ("2026-13-02T10:15:30Z", "no such month"),
            ("2026-00-02T10:15:30Z", "no such month"),
            ("2026-02-29T10:15:30Z", "no such day"),
            ("1900-02-29T10:15:30Z", "no such day"),
            ("2026-04-31T10:15:30Z", "no such day"),
            ("2026-03-02", "hour is not two"),
            ("2026-03-02T24:00:00Z", "no such time"),
            ("2026-03-02T10:15Z", "second is not two"),
            ("2026-03-02T10:15:30.Z", "decimal point"),
            ("2026-03-02T10:15:30", "does not end"),
            ("2026-03-02T10:15:30Zx", "does not end"),
            ("2026-03-02T10:15:30+1", "does not end"),
            ("2026-03-02T10:15:30+01:000", "does not end"),
            ("2026-03-02T10:15:30+01:0", "does not end"),
            ("02/Mar/2026:10:15:30 +0000", "year of four"),
            ("☃☃☃☃", "year of four"),
        ] {
            let error = text.parse::<Timestamp>().unwrap_err().to_string();
            assert!(error.contains(why) && error.contains(text), "{error}");
        }
    }

    #[test]
    fn milliseconds_are_exact() {
        for millis in (0..1000).chain([-1, -999, -1000, i64::MAX, i64::MIN]) {
            assert_eq!(Timestamp::from_unix_millis(millis).unix_millis(), millis);
        }
        assert_eq!(
            Timestamp::from_unix_seconds(i64::MAX).unix_millis(),
            i64::MAX
        );
        assert_eq!(
            Timestamp::from_unix_seconds(i64::MIN).unix_millis(),
            i64::MIN
        );
    }

    #[test]
    fn displays_as_many_decimals_as_needed() {
        for text in [
            "2026-03-02T10:15:30Z",
            "2026-03-02T10:15:30.120Z",
            "2026-03-02T10:15:30.120045Z",
            "2026-03-02T10:15:30.120045006Z",
            "1583-01-31T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn instant_to_text_and_back(seconds in -62_167_219_200_i64..253_402_300_800, nanos in 0_u32..1_000_000_000) {
            let time = Timestamp { seconds, nanos };
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
            let millis = time.to_rfc3339_millis().parse::<Timestamp>().unwrap();
            prop_assert_eq!(millis.unix_millis(), time.unix_millis());
        }

        #[test]
        fn system_time_is_exact(seconds in i64::MIN + 1..i64::MAX, nanos in 0_u32..1_000_000_000) {
            let time = Timestamp { seconds, nanos };
            prop_assert_eq!(Timestamp::from(SystemTime::from(time)), time);
        }

        #[test]
        fn one_day_after_another(day in -800_000_i64..3_000_000) {
            let (one, two) = (Civil::from(Timestamp::from_unix_seconds(day * DAY)),
                              Civil::from(Timestamp::from_unix_seconds((day + 1) * DAY)));
            prop_assert_eq!(days_since_epoch(one.year, one.month, one.day), day);
            prop_assert!((one.year, one.month, one.day) < (two.year, two.month, two.day));
        }

        #[test]
        fn parsing_never_panics(text in "[0-9TtZ:+.,☃ -]{0,40}") {
            let _ = text.parse::<Timestamp>();
        }
    }
}

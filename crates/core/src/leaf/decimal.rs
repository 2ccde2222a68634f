//! Decimal numbers as instants, without a float in between.

use super::Timestamp;

/// The instant `number` units after the epoch, a unit being ten to the power of `unit` seconds.
///
/// `number` is written as JSON writes numbers. Digits below a nanosecond are dropped. `None` when
/// it is no number, or beyond 64 bits of seconds.
pub(crate) fn timestamp(number: &str, unit: i32) -> Option<Timestamp> {
    let (negative, unsigned) = number
        .strip_prefix('-')
        .map_or((false, number), |unsigned| (true, unsigned));
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], unsigned[at + 1..].parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    if digits().all(|digit| digit == b'0') {
        return Some(Timestamp::default());
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(unit);
    if point < -9 {
        return Some(Timestamp::default());
    }
    let nanos = read(digits(), point.checked_add(9)?)?;
    Timestamp::from_unix_nanos(if negative { -nanos } else { nanos })
}

/// The first `count` digits as a number, with zeros where digits run out.
fn read(digits: impl Iterator<Item = u8>, count: i64) -> Option<i128> {
    let mut value: i128 = 0;
    let mut taken = 0;
    for digit in digits.take(usize::try_from(count).ok()?) {
        value = value
            .checked_mul(10)?
            .checked_add(i128::from(digit - b'0'))?;
        taken += 1;
    }
    let zeros = u32::try_from(count - taken).ok()?;
    if value == 0 {
        Some(0)
    } else {
        value.checked_mul(10_i128.checked_pow(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (number, unit, expected) in [
            ("0", 0, Some((0, 0))),
            ("-0", 0, Some((0, 0))),
            ("1545082649.183", 0, Some((1_545_082_649, 183_000_000))),
            ("1480641523.477", 0, Some((1_480_641_523, 477_000_000))),
            ("1428537600.98", 0, Some((1_428_537_600, 980_000_000))),
            ("1.5e9", 0, Some((1_500_000_000, 0))),
            ("1.42853760098E+9", 0, Some((1_428_537_600, 980_000_000))),
            ("15e-1", 0, Some((1, 500_000_000))),
            ("0.0000000019", 0, Some((0, 1))),
            ("0.00000000001", 0, Some((0, 0))),
            ("1e-400000", 0, Some((0, 0))),
            ("-0.5", 0, Some((-1, 500_000_000))),
            ("-1.25", 0, Some((-2, 750_000_000))),
            ("1545082649183", -3, Some((1_545_082_649, 183_000_000))),
            ("-1", -3, Some((-1, 999_000_000))),
            ("7", -3, Some((0, 7_000_000))),
            ("1.5", -3, Some((0, 1_500_000))),
            ("9223372036854775807", 0, Some((i64::MAX, 0))),
            ("-9223372036854775808", 0, Some((i64::MIN, 0))),
            ("9223372036854775808", 0, None),
            ("1e400000", 0, None),
            ("0e400000", 0, Some((0, 0))),
            ("1e99999999999", 0, None),
            ("", 0, None),
            ("-", 0, None),
            ("+1", 0, None),
            ("1.", 0, None),
            (".5", 0, None),
            ("1e", 0, None),
            ("1 ", 0, None),
            ("0x10", 0, None),
            ("NaN", 0, None),
        ] {
            let found = timestamp(number, unit).map(|time| (time.seconds(), time.nanos()));
            assert_eq!(found, expected, "{number}");
        }
    }
}

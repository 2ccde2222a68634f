//! Texts that must be of a form.

/// RFC 3339, section 5.6; also with an offset without a colon, which some services write.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't']) else {
        return false;
    };
    let Some(zone) = time.find(['Z', 'z', '+', '-']) else {
        return false;
    };
    let (time, zone) = time.split_at(zone);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let number = |text: &str, digits: usize, most: u32| {
        text.len() == digits
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse().is_ok_and(|number: u32| number <= most)
    };
    let date: Vec<&str> = date.split('-').collect();
    let time: Vec<&str> = time.split(':').collect();
    let zone = matches!(zone, "Z" | "z")
        || zone[1..]
            .split_once(':')
            .or_else(|| zone[1..].split_at_checked(2))
            .is_some_and(|(h, m)| number(h, 2, 23) && number(m, 2, 59));
    let [year, month, day] = date.as_slice() else {
        return false;
    };
    let [hour, minute, second] = time.as_slice() else {
        return false;
    };
    zone && number(year, 4, 9999)
        && number(month, 2, 12)
        && number(day, 2, 31)
        && number(hour, 2, 23)
        && number(minute, 2, 59)
        && number(second, 2, 60)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// RFC 4648, section 4, with padding.
pub(super) fn is_base64(text: &str) -> bool {
    let bare = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - bare.len() <= 2
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for (text, right) in [
            ("2026-03-02T10:15:30Z", true),
            ("2026-03-02T10:15:30.123+01:00", true),
            ("2026-03-02t10:15:60.000000001z", true),
            ("2026-03-02 10:15:30Z", false),
            ("2026-03-02T10:15:30", false),
            ("2026-13-02T10:15:30Z", false),
            ("2026-03-02T10:15:30.Z", false),
            ("2026-03-02T10:15:30+0100", true),
            ("", false),
        ] {
            assert_eq!(is_date_time(text), right, "{text}");
        }
        for (text, right) in [
            ("", true),
            ("aGVsbG8=", true),
            ("aGVsbG8", false),
            ("aGVs_G8=", false),
            ("====", false),
        ] {
            assert_eq!(is_base64(text), right, "{text}");
        }
    }
}

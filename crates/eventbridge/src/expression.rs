//! Schedule expressions: `rate`, `cron` and `at`.

/// Whose expression it is; the two grammars differ a little.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Of {
    /// A rule of an event bus.
    Rule,
    /// EventBridge Scheduler.
    Scheduler,
}

/// The most characters of an expression.
const MOST: usize = 256;

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field of `cron`: its name, the numbers it takes, names for them, and what it takes besides.
struct Field(
    &'static str,
    u32,
    u32,
    &'static [&'static str],
    &'static [char],
);

const FIELDS: [Field; 6] = [
    Field("minutes", 0, 59, &[], &[]),
    Field("hours", 0, 23, &[], &[]),
    Field("day of month", 1, 31, &[], &['?', 'L', 'W']),
    Field("month", 1, 12, MONTHS, &[]),
    Field("day of week", 1, 7, DAYS, &['?', 'L', '#']),
    Field("year", 1970, 2199, &[], &[]),
];

/// Why an expression is refused.
pub(crate) fn problem(expression: &str, of: Of) -> Option<String> {
    if expression.len() > MOST {
        return Some(format!(
            "it has {} characters, at most {MOST} are taken",
            expression.len()
        ));
    }
    let inner = expression
        .strip_suffix(')')
        .and_then(|start| start.split_once('('));
    match (inner, of) {
        (Some(("rate", inner)), of) => rate(inner, of),
        (Some(("cron", inner)), of) => cron(inner, of),
        (Some(("at", inner)), Of::Scheduler) => at(inner),
        (Some(("at", _)), Of::Rule) => {
            Some("`at` is for schedules of EventBridge Scheduler, not for rules".into())
        }
        (_, Of::Rule) => Some("it is neither rate(…) nor cron(…)".into()),
        (_, Of::Scheduler) => Some("it is none of at(…), rate(…) and cron(…)".into()),
    }
}

/// Whether an expression is for one time only.
pub(crate) fn is_once(expression: &str) -> bool {
    expression.starts_with("at(")
}

fn rate(inner: &str, of: Of) -> Option<String> {
    let mut words = inner.split_ascii_whitespace();
    let (Some(value), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return Some("a rate is a number and a unit".into());
    };
    let number = number(value).filter(|number| *number > 0);
    let Some(number) = number else {
        return Some(format!("`{value}` is no whole number above 0"));
    };
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    if !["minute", "hour", "day"].contains(&singular) {
        return Some(format!("`{unit}` is none of minutes, hours and days"));
    }
    // Scheduler takes both forms with every number.
    let fitting = if number == 1 {
        singular.to_owned()
    } else {
        format!("{singular}s")
    };
    (of == Of::Rule && unit != fitting).then(|| format!("write `{value} {fitting}`"))
}

fn cron(inner: &str, of: Of) -> Option<String> {
    let texts: Vec<&str> = inner.split_ascii_whitespace().collect();
    match (texts.len(), of) {
        (6, _) | (5, Of::Scheduler) => {}
        (5, Of::Rule) => return Some("it has five fields; the sixth is the year, `*`".into()),
        (count, _) => return Some(format!("it has {count} fields, not six")),
    }
    if let Some(problem) = FIELDS
        .iter()
        .zip(&texts)
        .find_map(|(kind, text)| field(kind, text))
    {
        return Some(problem);
    }
    let open = |index: usize| texts.get(index) == Some(&"?");
    match (open(2), open(4)) {
        (true, true) => Some("day of month and day of week are both `?`".into()),
        (false, false) => Some("one of day of month and day of week must be `?`".into()),
        _ => None,
    }
}

fn field(kind: &Field, text: &str) -> Option<String> {
    let Field(name, _, _, _, extra) = kind;
    let items: Vec<&str> = text.split(',').collect();
    let wrong = |item: &&&str| !kind.takes(item);
    if text == "?" && extra.contains(&'?') {
        return None;
    }
    if let Some(item) = items.iter().find(wrong) {
        return Some(format!("{name} cannot be `{item}`"));
    }
    let numbered = text.contains('#') && items.len() > 1;
    numbered.then(|| format!("{name} with `#` takes one value, not a list"))
}

impl Field {
    fn takes(&self, item: &str) -> bool {
        let Self(_, low, high, names, extra) = self;
        let value = |text: &str| {
            let named = names.iter().any(|name| name.eq_ignore_ascii_case(text));
            named || number(text).is_some_and(|number| (*low..=*high).contains(&number))
        };
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, number(step).is_some_and(|step| step > 0)),
            None => (item, true),
        };
        let whole = range == "*";
        let ranges = match range.split_once('-') {
            Some((from, to)) => value(from) && value(to),
            None => value(range),
        };
        let special = |letter: char| extra.contains(&letter);
        let last = special('L')
            && (item == "L" || item.strip_suffix('L').is_some_and(value) && special('#'));
        let weekday = special('W') && (item == "LW" || item.strip_suffix('W').is_some_and(value));
        let nth = item.split_once('#').is_some_and(|(day, week)| {
            special('#') && value(day) && number(week).is_some_and(|week| (1..=5).contains(&week))
        });
        step && (whole || ranges) || last || weekday || nth
    }
}

fn at(inner: &str) -> Option<String> {
    let wrong = || {
        Some(format!(
            "`{inner}` is no time of the form yyyy-mm-ddThh:mm:ss"
        ))
    };
    let bytes = inner.as_bytes();
    let form = b"0000-00-00T00:00:00";
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        form => byte == form,
    };
    if bytes.len() != form.len() || !bytes.iter().zip(form).all(fits) {
        return wrong();
    }
    let part = |from: usize| {
        inner
            .get(from..from + 2)
            .and_then(number)
            .unwrap_or(u32::MAX)
    };
    let year = inner.get(..4).and_then(number).unwrap_or_default();
    let days = match part(5) {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return wrong(),
    };
    let valid = (1..=days).contains(&part(8)) && part(11) < 24 && part(14) < 60 && part(17) < 60;
    if valid { None } else { wrong() }
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(of: Of, expression: &str, expected: &str) {
        let found = problem(expression, of).unwrap_or_default();
        let same = if expected.is_empty() {
            found.is_empty()
        } else {
            found.contains(expected)
        };
        assert!(same, "{expression}: {found:?}, not {expected:?}");
    }

    #[test]
    fn both_take() {
        for expression in [
            "rate(1 minute)",
            "rate(5 minutes)",
            "rate(1 hour)",
            "rate(31 days)",
            "cron(0 10 * * ? *)",
            "cron(15 12 * * ? *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0/10 * ? * MON-FRI *)",
            "cron(0 8 1 * ? *)",
            "cron(0/5 8-17 ? * MON-FRI *)",
            "cron(30 6 L * ? 2026-2030)",
            "cron(0 0 3W JAN,JUL ? *)",
            "cron(0 9 ? * 2#1 *)",
            "cron(0 9 ? * 6L *)",
            "cron(0 9 ? * L *)",
            "cron(*/15 0-23/2 1,15 1/3 ? 1970/2)",
            "cron(0 22 ? * sun *)",
            "cron(5,35 14 * * ? *)",
            "cron(0 0 LW * ? *)",
        ] {
            check(Of::Rule, expression, "");
            check(Of::Scheduler, expression, "");
        }
    }

    #[test]
    fn both_refuse() {
        for (expression, reason) in [
            ("rate(0 minutes)", "no whole number"),
            ("rate(-1 minutes)", "no whole number"),
            ("rate(1.5 hours)", "no whole number"),
            ("rate(5 seconds)", "none of minutes"),
            ("rate(5)", "a number and a unit"),
            ("cron(60 0 * * ? *)", "minutes cannot be `60`"),
            ("cron(0 24 * * ? *)", "hours cannot be `24`"),
            ("cron(0 0 32 * ? *)", "day of month cannot be `32`"),
            ("cron(0 0 0 * ? *)", "day of month cannot be `0`"),
            ("cron(0 0 * 13 ? *)", "month cannot be `13`"),
            ("cron(0 0 ? * 8 *)", "day of week cannot be `8`"),
            ("cron(0 0 ? * 2#6 *)", "day of week cannot be `2#6`"),
            ("cron(0 0 ? * 3#1,6#3 *)", "not a list"),
            ("cron(0 0 * * ? 2200)", "year cannot be `2200`"),
            ("cron(0 0 * * * *)", "one of day of month"),
            ("cron(0 0 1 * MON *)", "one of day of month"),
            ("cron(0 0 ? * ? *)", "both `?`"),
            ("cron(? 0 * * ? *)", "minutes cannot be `?`"),
            ("cron(0 0 * ? ? *)", "month cannot be `?`"),
            ("cron(0/0 0 * * ? *)", "minutes cannot be `0/0`"),
            ("cron(0 0 5L * ? *)", "day of month cannot be `5L`"),
            ("cron(0 0 ? * MONDAY *)", "day of week cannot be `MONDAY`"),
            ("cron(0, 0 * * ? *)", "minutes cannot be ``"),
            ("cron(0 10 * *)", "4 fields"),
            ("cron(0 0 10 * * ? *)", "7 fields"),
            ("0 10 * * ? *", ""),
            ("every(5 minutes)", ""),
        ] {
            for of in [Of::Rule, Of::Scheduler] {
                let reason = if reason.is_empty() { "it is n" } else { reason };
                check(of, expression, reason);
            }
        }
        check(
            Of::Rule,
            &format!("rate({}1 day)", " ".repeat(256)),
            "characters",
        );
    }

    #[test]
    fn they_differ() {
        for (expression, rule, scheduler) in [
            ("rate(1 minutes)", "write `1 minute`", ""),
            ("rate(5 minute)", "write `5 minutes`", ""),
            ("cron(0 6 * * ?)", "five fields", ""),
            ("at(2027-01-31T07:30:00)", "not for rules", ""),
            ("at(2028-02-29T23:59:59)", "not for rules", ""),
            (
                "at(2027-02-29T00:00:00)",
                "not for rules",
                "no time of the form",
            ),
            (
                "at(2027-13-01T00:00:00)",
                "not for rules",
                "no time of the form",
            ),
            (
                "at(2027-01-01T24:00:00)",
                "not for rules",
                "no time of the form",
            ),
            (
                "at(2027-01-01T00:00:00Z)",
                "not for rules",
                "no time of the form",
            ),
            ("at(2027-01-01)", "not for rules", "no time of the form"),
        ] {
            check(Of::Rule, expression, rule);
            check(Of::Scheduler, expression, scheduler);
        }
        assert!(is_once("at(2027-01-31T07:30:00)") && !is_once("rate(1 day)"));
    }
}

//! Names of connections, targets and logical ids: readable, stable and unique.

use lambda_with::name::{checksum_of, slug, with_checksum};
use lambda_with::{Function, Resource};

use crate::{Rule, Schedule};

/// Whether a rule, a schedule or a group can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(is_letter)
}

/// Whether a bus can have this name; those of partners hold slashes.
pub(crate) fn is_bus(name: &str) -> bool {
    (1..=256).contains(&name.len()) && name.bytes().all(|byte| is_letter(byte) || byte == b'/')
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// `rule-NAME` on the default bus; otherwise with the bus and the target's id.
pub(crate) fn of_rule(rule: &Rule) -> String {
    let bus = rule.bus.as_deref().filter(|bus| *bus != "default");
    let target = rule.target_id.as_deref();
    of("rule", bus, &rule.name, target)
}

/// `schedule-NAME` in the default group; otherwise with the group.
pub(crate) fn of_schedule(schedule: &Schedule) -> String {
    let group = schedule
        .group
        .as_deref()
        .filter(|group| *group != "default");
    of("schedule", group, &schedule.name, None)
}

fn of(kind: &str, place: Option<&str>, name: &str, more: Option<&str>) -> String {
    let parts: Vec<&str> = [Some(kind), place, Some(name), more]
        .into_iter()
        .flatten()
        .collect();
    let readable = parts.join("-");
    let short = slug(&readable);
    if short == readable && place.is_none() && more.is_none() && short.len() <= 80 {
        return short;
    }
    let exact = [place.unwrap_or_default(), name, more.unwrap_or_default()];
    with_checksum(&readable, &checksum_of(&exact))
}

/// The id of a function's target: one for each connection of each function.
pub(crate) fn target(function: &Function, connection: &str) -> String {
    let mut id = function.name().to_owned();
    id.truncate(55);
    format!("{id}-{}", checksum_of(&[function.arn.as_str(), connection]))
}

/// The logical id of a rule or schedule, the same for every connection with it.
pub(crate) fn logical_id(kind: &str, place: Option<&str>, name: &str) -> String {
    let place = place.filter(|place| *place != "default");
    Resource::logical_id(&[&of(kind, place, name, None)])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_readable_unique_and_short() {
        let rule = |bus: Option<&str>, name: &str, target: Option<&str>| {
            let mut rule = Rule::scheduled(name, "rate(1 day)");
            rule.bus = bus.map(Into::into);
            rule.target_id = target.map(Into::into);
            of_rule(&rule)
        };
        let mut seen = BTreeSet::new();
        for (name, start) in [
            (rule(None, "nightly-report", None), "rule-nightly-report"),
            (rule(None, "nightly.report", None), "rule-nightly-report-"),
            (rule(None, "nightly_report", None), "rule-nightly-report-"),
            (rule(Some("a"), "b-c", None), "rule-a-b-c-"),
            (rule(Some("a-b"), "c", None), "rule-a-b-c-"),
            (rule(None, "c", Some("t")), "rule-c-t-"),
            (rule(None, &"n".repeat(64), None), "rule-nnnn"),
            (
                rule(Some(&"b".repeat(200)), &"n".repeat(64), None),
                "rule-bbbb",
            ),
            (
                of_schedule(&Schedule::new("tides", "rate(1 day)")),
                "schedule-tides",
            ),
        ] {
            assert!(name.starts_with(start) && name.len() <= 80, "{name}");
            assert!(seen.insert(name));
        }
        assert_eq!(rule(Some("default"), "c", None), rule(None, "c", None));
    }

    #[test]
    fn targets_are_told_apart() {
        let function = |name: &str| {
            let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
            Function::new(arn.parse().unwrap()).unwrap()
        };
        let long = "f".repeat(64);
        for (one, other) in [("orders", "orders:live"), ("orders", "stock")] {
            assert_ne!(
                target(&function(one), "rule-a"),
                target(&function(other), "rule-a")
            );
        }
        assert_ne!(
            target(&function(&long), "rule-a"),
            target(&function(&long), "rule-b")
        );
        assert_eq!(target(&function(&long), "rule-a").len(), 64);
    }

    #[test]
    fn what_can_be_a_name() {
        for (name, is) in [
            ("a", true),
            ("a.B-c_9", true),
            ("", false),
            ("a b", false),
            ("a*", false),
            ("a/b", false),
        ] {
            assert_eq!(is_name(name), is, "{name}");
        }
        assert!(!is_name(&"n".repeat(65)));
        assert!(is_bus("aws.partner/example.com/harbor") && !is_bus("a:b") && !is_bus(""));
    }
}

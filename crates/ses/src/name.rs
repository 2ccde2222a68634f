//! A connection's name: readable, stable, and unique within a function.

use lambda_with::name::{checksum_of, with_checksum};

/// `ses-SET-RULE-` and a checksum of both names, which tells apart what the letters of a name cannot.
pub(crate) fn of(rule_set: &str, rule: &str) -> String {
    with_checksum(
        &format!("ses-{rule_set}-{rule}"),
        &checksum_of(&[rule_set, rule]),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_readable_unique_and_short() {
        let long = "r".repeat(64);
        let rules = [
            ("harbor", "berths"),
            ("harbor-berths", "all"),
            ("harbor", "berths-all"),
            ("harbor", "berths_all"),
            (&long, &long),
        ];
        let names: BTreeSet<String> = rules.iter().map(|(set, rule)| of(set, rule)).collect();
        assert_eq!(names.len(), rules.len());
        assert!(names.iter().all(|name| name.len() <= 80));
        assert!(of("harbor", "berths").starts_with("ses-harbor-berths-"));
    }
}

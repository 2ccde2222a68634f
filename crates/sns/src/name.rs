//! A connection's name: readable, stable, and unique within a function.

use lambda_with::Arn;
use lambda_with::name::{checksum, with_checksum};

/// `sns-TOPIC-` and a checksum of the ARN, which tells apart what the letters of a name cannot, and
/// topics of the same name in two accounts or Regions.
pub(crate) fn of(topic: &Arn) -> String {
    with_checksum(
        &format!("sns-{}", topic.resource()),
        &checksum(topic.as_str()),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use expect_test::expect;

    use super::*;

    #[test]
    fn names_are_readable_unique_and_short() {
        let long = format!("arn:aws:sns:eu-west-1:123456789012:{}", "t".repeat(256));
        let names: Vec<String> = [
            "arn:aws:sns:eu-west-1:123456789012:harbor-orders",
            "arn:aws:sns:eu-west-1:123456789012:harbor_orders",
            "arn:aws:sns:eu-west-1:210987654321:harbor-orders",
            "arn:aws:sns:eu-west-2:123456789012:harbor-orders",
            &long,
        ]
        .iter()
        .map(|arn| of(&arn.parse().unwrap()))
        .collect();
        expect!["sns-harbor-orders-51e05a79"].assert_eq(&names[0]);
        assert!(names.iter().all(|name| name.len() <= 80));
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}

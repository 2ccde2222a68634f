//! A connection's name: readable, stable, and unique within a function.

use lambda_with::name::{checksum, slug};

/// `cloudformation-RESOURCE`, with a checksum where letters were lost.
pub(crate) fn of(resource: &str) -> String {
    let mut name = format!("cloudformation-{}", slug(resource));
    if slug(resource) != resource || name.len() > 80 {
        name.truncate(71);
        name = format!("{}-{}", name.trim_end_matches('-'), checksum(resource));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (resource, name) in [
            ("Berths", "cloudformation-Berths"),
            ("Berths!", "cloudformation-Berths-1872808e"),
            ("", "cloudformation"),
        ] {
            assert_eq!(of(resource).trim_end_matches('-'), name, "{resource}");
        }
        assert_eq!(of(&"B".repeat(255)).len(), 80);
        assert_ne!(of(&"B".repeat(255)), of(&"B".repeat(254)));
    }
}

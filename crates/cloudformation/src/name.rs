//! A connection's name: readable, stable, and unique within a function.

use lambda_with::name::{checksum, slug, with_checksum};

/// `cloudformation-RESOURCE`, with a checksum where letters were lost.
pub(crate) fn of(resource: &str) -> String {
    let name = format!("cloudformation-{resource}");
    match slug(&name) == name && name.len() <= 80 {
        true => name,
        false => with_checksum(&name, &checksum(resource)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (resource, name) in [
            ("Berths", "cloudformation-Berths"),
            ("Berths!", "cloudformation-Berths-1872808e"),
            ("", "cloudformation-811c9dc5"),
        ] {
            assert_eq!(of(resource), name, "{resource}");
        }
        assert_eq!(of(&"B".repeat(255)).len(), 80);
        assert_ne!(of(&"B".repeat(255)), of(&"B".repeat(254)));
    }
}

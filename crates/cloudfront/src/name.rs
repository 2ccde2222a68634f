//! A connection's name: readable, stable, and unique within a function.

use lambda_with::name::checksum;

use crate::CloudFront;

/// `cloudfront-DISTRIBUTION-EVENT`, with a hash where a path pattern or an unusual name must be told
/// apart.
pub(crate) fn of(connection: &CloudFront) -> String {
    let name = &connection.distribution;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut slug: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    slug.truncate(40);
    let event = connection.event;
    match &connection.path_pattern {
        None if slug == *name => format!("cloudfront-{slug}-{event}"),
        pattern => {
            let pattern = pattern.as_deref().unwrap_or_default();
            format!(
                "cloudfront-{slug}-{event}-{}",
                checksum(&format!("{name} {pattern}"))
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Trigger;

    #[test]
    fn names() {
        let plain = CloudFront::new("E2HARBOREXAMPL", Trigger::ViewerRequest);
        assert_eq!(of(&plain), "cloudfront-E2HARBOREXAMPL-viewer-request");
        let mut names = BTreeSet::from([of(&plain)]);
        for (distribution, pattern) in [
            ("E2HARBOREXAMPL", Some("/a/*")),
            ("E2HARBOREXAMPL", Some("/b/*")),
            ("harbor site", None),
            ("harbor.site", None),
            (&"h".repeat(90), None),
        ] {
            let connection = CloudFront {
                path_pattern: pattern.map(Into::into),
                ..CloudFront::new(distribution, Trigger::OriginResponse)
            };
            let name = of(&connection);
            assert!(name.len() <= 80, "{name}");
            assert!(names.insert(name), "{distribution} {pattern:?}");
        }
    }
}

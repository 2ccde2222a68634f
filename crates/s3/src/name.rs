//! Names for connections: readable, stable, and unique within a function.

use lambda_with::name::{checksum_of, slug, with_checksum};

use crate::S3;

/// `s3-BUCKET` for a notification with default settings; otherwise what sets it apart follows, then
/// a checksum of the exact values, because letters other than those of a name are dropped.
pub(crate) fn of(s3: &S3) -> String {
    let plain = S3::new(&s3.bucket, "");
    let mut exact = vec![s3.bucket.as_str()];
    let mut readable = format!("s3-{}", s3.bucket);
    if let Some(id) = &s3.id {
        exact.push(id);
    } else if s3.events != plain.events || s3.prefix.is_some() || s3.suffix.is_some() {
        exact.extend([&s3.prefix, &s3.suffix].map(|filter| filter.as_deref().unwrap_or_default()));
        exact.extend(s3.events.iter().map(String::as_str));
    } else {
        return slug(&readable);
    }
    for part in exact
        .iter()
        .skip(1)
        .take(if s3.id.is_some() { 1 } else { 2 })
    {
        readable.push('-');
        readable.push_str(part);
    }
    with_checksum(&readable, &checksum_of(&exact))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use expect_test::expect;

    use super::*;

    #[test]
    fn names() {
        let plain = S3::new("harbor.uploads", "123456789012");
        let images = S3 {
            prefix: Some("images/".into()),
            ..plain.clone()
        };
        let removed = vec!["s3:ObjectRemoved:*".into()];
        let long = S3 {
            bucket: "b".repeat(63),
            prefix: Some("p/".repeat(60)),
            ..plain.clone()
        };
        let named = |s3: &S3| S3 {
            id: Some("Bilder".into()),
            ..s3.clone()
        };
        let connections = [
            plain.clone(),
            images.clone(),
            S3 {
                prefix: Some("images".into()),
                ..plain.clone()
            },
            S3 {
                suffix: Some("images/".into()),
                ..plain.clone()
            },
            S3 {
                events: removed,
                ..plain.clone()
            },
            named(&plain),
            long,
        ];
        let names: Vec<String> = connections.iter().map(of).collect();
        expect![[r#"
            s3-harbor-uploads
            s3-harbor-uploads-images-f36d6eff
            s3-harbor-uploads-images-35973f9e
            s3-harbor-uploads-images-71a6427d
            s3-harbor-uploads-58c8c2ec
            s3-harbor-uploads-Bilder-9785002d
            s3-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-p-p-b3e5c3d6"#]]
        .assert_eq(&names.join("\n"));
        assert!(names.iter().all(|name| name.len() <= 80));
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert_eq!(
            of(&named(&images)),
            of(&named(&plain)),
            "an id outlives other changes"
        );
    }
}

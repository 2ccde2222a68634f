//! A connection's name: readable, stable, and unique within a function.

use lambda_with::Arn;
use lambda_with::name::{checksum, slug, with_checksum};

/// `firehose-STREAM-` and a checksum of the ARN, which tells apart what the letters of a name
/// cannot.
pub(crate) fn of(stream: &Arn) -> String {
    let mut readable = slug(&format!("firehose-{}", stream_name(stream)));
    // Room for the checksum and for what statement ids add.
    readable.truncate(57);
    with_checksum(&readable, &checksum(stream.as_str()))
}

/// The stream's name, or all of the resource where the ARN is not that of a stream.
pub(crate) fn stream_name(stream: &Arn) -> &str {
    let resource = stream.resource();
    resource.strip_prefix("deliverystream/").unwrap_or(resource)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_readable_unique_and_short() {
        let long = "s".repeat(64);
        let mut seen = HashSet::new();
        for (stream, start) in [
            ("123456789012:deliverystream/clicks", "firehose-clicks-"),
            ("210987654321:deliverystream/clicks", "firehose-clicks-"),
            ("123456789012:deliverystream/cl.icks", "firehose-cl-icks-"),
            ("123456789012:deliverystream/cl_icks", "firehose-cl-icks-"),
            (
                &format!("123456789012:deliverystream/{long}"),
                "firehose-ssss",
            ),
        ] {
            let name = of(&format!("arn:aws:firehose:eu-west-1:{stream}")
                .parse()
                .unwrap());
            assert!(name.starts_with(start) && name.len() <= 66, "{name}");
            assert!(seen.insert(name));
        }
    }
}

//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::s3 as theirs;
use lambda_with::{Error, Json, Nullable};

use crate::S3Event;

/// Takes over an event read by `aws_lambda_events`.
///
/// What that crate has no member for was lost when it read the event.
///
/// # Errors
///
/// When a member Amazon S3 always sends is missing, such as the key.
impl TryFrom<theirs::S3Event> for S3Event {
    type Error = Error;

    fn try_from(event: theirs::S3Event) -> Result<Self, Error> {
        let mut event: Self = Json::encode(&event)?.decode()?;
        // Theirs writes null for what was missing.
        for record in &mut event.records {
            if record.s3.object.version_id == Nullable::Null {
                record.s3.object.version_id = Nullable::Missing;
            }
        }
        Ok(event)
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// What that crate has no member for is lost: the data of restores, replications, transitions,
/// annotations and retentions, and the tags AWS put on the bucket.
///
/// # Errors
///
/// When a time is not RFC 3339, or a size is beyond `i64`.
impl TryFrom<S3Event> for theirs::S3Event {
    type Error = Error;

    fn try_from(event: S3Event) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null, false or nothing for what was missing",
            &["S3Event adds empty values"],
        ),
        (
            "it is older than annotations",
            &[
                "S3Event loses /Records/*/objectAnnotation",
                "S3Event loses /Records/*/s3/object/hasObjectAnnotation",
                "S3Event loses /Records/*/s3/object/objectAnnotation",
            ],
        ),
        (
            "it is older than these members",
            &[
                "S3Event loses /Records/*/objectRetentionEventData",
                "S3Event loses /Records/*/s3/bucket/awsGeneratedTags",
            ],
        ),
        (
            "it has no data of restores, replications and transitions",
            &[
                "S3Event loses /Records/*/glacierEventData",
                "S3Event loses /Records/*/intelligentTieringEventData",
                "S3Event loses /Records/*/lifecycleEventData",
                "S3Event loses /Records/*/replicationEventData",
                "S3Event loses /Records/*/restoreEventData",
            ],
        ),
        (
            "it knows no event without Records",
            &["S3TestEvent is not there"],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "S3Event" => Some(opinion::<theirs::S3Event>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back_loses_only_what_they_lack() {
        let put: S3Event = read(&SERVICE, "put");
        let there = theirs::S3Event::try_from(put.clone()).unwrap();
        assert_eq!(S3Event::try_from(there).unwrap(), put);

        let restore: S3Event = read(&SERVICE, "restore-completed");
        let back = S3Event::try_from(theirs::S3Event::try_from(restore.clone()).unwrap()).unwrap();
        assert_eq!(back.records[0].restored(), None);
        assert_eq!(back.records[0].s3, restore.records[0].s3);
    }

    #[test]
    fn refusals_name_the_member() {
        let mut event: S3Event = read(&SERVICE, "put");
        event.records[0].event_time = "yesterday".into();
        let error = theirs::S3Event::try_from(event).unwrap_err().to_string();
        assert!(error.contains("Records[0].eventTime"), "{error}");

        let mut event = theirs::S3Event::default();
        event.records.push(theirs::S3EventRecord::default());
        let error = S3Event::try_from(event).unwrap_err().to_string();
        assert!(error.contains("Records[0]"), "{error}");
    }
}

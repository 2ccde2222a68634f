//! To and from the event of the crate `aws_lambda_events`.

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
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 writes back differently, over all samples, and why.
    const DIFFERENCES: &[(&str, &str)] = &[
        ("refused test", "it knows no event without Records"),
        (
            "added /Records/0/s3/object/eTag",
            "it writes null for what was missing",
        ),
        (
            "added /Records/0/s3/object/sequencer",
            "it writes null for what was missing",
        ),
        (
            "added /Records/0/s3/object/size",
            "it writes null for what was missing",
        ),
        (
            "added /Records/0/s3/object/urlDecodedKey",
            "a member S3 does not send; never computed",
        ),
        (
            "added /Records/0/s3/object/versionId",
            "it writes null for what was missing",
        ),
        (
            "lost /Records/0/glacierEventData",
            "it has no data of restores",
        ),
        (
            "lost /Records/0/intelligentTieringEventData",
            "it has no data of tiering",
        ),
        (
            "lost /Records/0/lifecycleEventData",
            "it has no data of transitions",
        ),
        (
            "lost /Records/0/objectAnnotation",
            "it is older than annotations",
        ),
        (
            "lost /Records/0/objectRetentionEventData",
            "it is older than the event",
        ),
        (
            "lost /Records/0/replicationEventData",
            "it has no data of replications",
        ),
        (
            "lost /Records/0/restoreEventData",
            "it has no data of restores",
        ),
        (
            "lost /Records/0/s3/bucket/awsGeneratedTags",
            "it is older than the member",
        ),
        (
            "lost /Records/0/s3/object/hasObjectAnnotation",
            "it is older than annotations",
        ),
        (
            "lost /Records/0/s3/object/objectAnnotation",
            "it is older than annotations",
        ),
    ];

    fn compare(path: &str, ours: &Value, theirs: &Value, found: &mut BTreeSet<String>) {
        match (ours, theirs) {
            (Value::Object(a), Value::Object(b)) => {
                for (name, value) in a {
                    match b.get(name) {
                        Some(other) => compare(&format!("{path}/{name}"), value, other, found),
                        None => drop(found.insert(format!("lost {path}/{name}"))),
                    }
                }
                let added = b.keys().filter(|name| !a.contains_key(*name));
                found.extend(added.map(|name| format!("added {path}/{name}")));
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (index, (value, other)) in a.iter().zip(b).enumerate() {
                    compare(&format!("{path}/{index}"), value, other, found);
                }
            }
            _ if ours == theirs => {}
            _ => drop(found.insert(format!("changed {path}"))),
        }
    }

    #[test]
    fn a_second_opinion_on_every_sample() {
        let mut found = BTreeSet::new();
        for sample in SERVICE.samples {
            let document: Value = serde_json::from_str(sample.json).unwrap();
            match serde_json::from_str::<theirs::S3Event>(sample.json) {
                Ok(event) => compare(
                    "",
                    &document,
                    &serde_json::to_value(event).unwrap(),
                    &mut found,
                ),
                Err(_) => drop(found.insert(format!("refused {}", sample.id))),
            }
        }
        let known: BTreeSet<String> = DIFFERENCES.iter().map(|(what, _)| (*what).into()).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn there_and_back_loses_only_what_they_lack() {
        let put: S3Event = serde_json::from_str(SERVICE.sample("put").unwrap().json).unwrap();
        let there = theirs::S3Event::try_from(put.clone()).unwrap();
        assert_eq!(S3Event::try_from(there).unwrap(), put);

        let restore: S3Event =
            serde_json::from_str(SERVICE.sample("restore-completed").unwrap().json).unwrap();
        let back = S3Event::try_from(theirs::S3Event::try_from(restore.clone()).unwrap()).unwrap();
        assert_eq!(back.records[0].restored(), None);
        assert_eq!(back.records[0].s3, restore.records[0].s3);
    }

    #[test]
    fn refusals_name_the_member() {
        let mut event: S3Event = serde_json::from_str(SERVICE.sample("put").unwrap().json).unwrap();
        event.records[0].event_time = "yesterday".into();
        let error = theirs::S3Event::try_from(event).unwrap_err().to_string();
        assert!(error.contains("Records[0].eventTime"), "{error}");

        let mut event = theirs::S3Event::default();
        event.records.push(theirs::S3EventRecord::default());
        let error = S3Event::try_from(event).unwrap_err().to_string();
        assert!(error.contains("Records[0]"), "{error}");
    }
}

//! What users ask of a record, and its members do not answer by themselves.

use std::borrow::Cow;
use std::cmp::Ordering;

use lambda_with::{Error, form};

use crate::{S3Annotation, S3Object, S3Record, S3RestoreEventData};

impl S3Record {
    /// The kind of event without the `s3:` that some senders put before it.
    ///
    /// ```
    /// use lambda_with_s3::S3Record;
    ///
    /// let record = S3Record { event_name: "s3:ObjectCreated:Put".into(), ..S3Record::default() };
    /// assert_eq!(record.event(), "ObjectCreated:Put");
    /// ```
    #[must_use]
    pub fn event(&self) -> &str {
        self.event_name
            .strip_prefix("s3:")
            .unwrap_or(&self.event_name)
    }

    /// Whether this is an event that `name` covers, as configurations name them:
    /// `s3:ObjectCreated:*`, `s3:ObjectCreated:Put`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        let name = name.strip_prefix("s3:").unwrap_or(name);
        match name.strip_suffix('*') {
            Some(group) => self.event().starts_with(group),
            None => self.event() == name,
        }
    }

    /// Whether the record has at least this version of the form: the same major number, and a minor
    /// number not below. False where the version is not two numbers.
    ///
    /// ```
    /// use lambda_with_s3::S3Record;
    ///
    /// let record = S3Record { event_version: "2.10".into(), ..S3Record::default() };
    /// assert!(record.is_version(2, 6) && !record.is_version(3, 0) && !record.is_version(1, 0));
    /// ```
    #[must_use]
    pub fn is_version(&self, major: u32, minor: u32) -> bool {
        let numbers = self.event_version.split_once('.');
        let parsed =
            numbers.and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)));
        parsed.is_some_and(|(a, b)| a == major && b >= minor)
    }

    /// Which of two changes to the same key came later: `Greater` when this one did.
    ///
    /// Records arrive more than once and in no order. `None` where the records are of different
    /// keys, or one of them carries no sequencer: there is no order then. `eventTime` is no
    /// substitute, two changes can share it.
    #[must_use]
    pub fn compare_sequence(&self, other: &Self) -> Option<Ordering> {
        if (&self.s3.bucket.name, &self.s3.object.key)
            != (&other.s3.bucket.name, &other.s3.object.key)
        {
            return None;
        }
        let digits = |object: &S3Object| {
            let digits = object
                .sequencer
                .as_ref()?
                .trim_start_matches('0')
                .to_ascii_uppercase();
            Some((digits.len(), digits))
        };
        Some(digits(&self.s3.object)?.cmp(&digits(&other.s3.object)?))
    }

    /// How long a restored copy stays, whether or not it stands in its envelope.
    #[must_use]
    pub fn restored(&self) -> Option<&S3RestoreEventData> {
        let enveloped = self
            .glacier_event_data
            .as_ref()
            .map(|data| &data.restore_event_data);
        enveloped.or(self.restore_event_data.as_ref())
    }

    /// The annotations that were put or deleted, wherever in the record they stand.
    #[must_use]
    pub fn annotations(&self) -> &[S3Annotation] {
        [
            &self.object_annotation,
            &self.s3.object_annotation,
            &self.s3.object.object_annotation,
        ]
        .into_iter()
        .flatten()
        .next()
        .map_or(&[], Vec::as_slice)
    }
}

impl S3Object {
    /// The key as the object really has it, to ask Amazon S3 for.
    ///
    /// ```
    /// use lambda_with_s3::S3Object;
    ///
    /// let object = S3Object { key: "my+photo+%C3%A9.jpg".into(), ..S3Object::default() };
    /// assert_eq!(object.decoded_key()?, "my photo é.jpg");
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// A `%` that no two hexadecimal digits follow stands for itself.
    ///
    /// # Errors
    ///
    /// When the decoded bytes are not UTF-8, which keys always are.
    pub fn decoded_key(&self) -> Result<Cow<'_, str>, Error> {
        form::decode_text(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequencers_compare_as_numbers() {
        let record = |key: &str, sequencer: Option<&str>| {
            let mut record = S3Record::default();
            record.s3.object.key = key.into();
            record.s3.object.sequencer = sequencer.map(Into::into);
            record
        };
        for (left, right, order) in [
            (Some("0A"), Some("9"), Some(Ordering::Greater)),
            (Some("0a1b"), Some("0A1B"), Some(Ordering::Equal)),
            (Some("FF"), Some("0100"), Some(Ordering::Less)),
            (Some("FF"), None, None),
        ] {
            let actual = record("key", left).compare_sequence(&record("key", right));
            assert_eq!(actual, order, "{left:?} {right:?}");
        }
        assert_eq!(
            record("a", Some("1")).compare_sequence(&record("b", Some("2"))),
            None
        );
    }

    #[test]
    fn versions() {
        for (version, supported) in [
            ("2.6", true),
            ("2.10", true),
            ("2.5", false),
            ("3.0", false),
            ("2", false),
            ("2.x", false),
        ] {
            let record = S3Record {
                event_version: version.into(),
                ..S3Record::default()
            };
            assert_eq!(record.is_version(2, 6), supported, "{version}");
        }
    }

    #[test]
    fn events_match_the_names_of_configurations() {
        for (event, name, matches) in [
            ("ObjectCreated:Put", "s3:ObjectCreated:*", true),
            ("ObjectCreated:Put", "s3:ObjectCreated:Put", true),
            (
                "s3:ObjectRestore:Completed",
                "ObjectRestore:Completed",
                true,
            ),
            ("ObjectCreated:Put", "s3:ObjectCreated:Post", false),
            (
                "LifecycleExpiration:Delete",
                "s3:LifecycleTransition",
                false,
            ),
        ] {
            let record = S3Record {
                event_name: event.into(),
                ..S3Record::default()
            };
            assert_eq!(record.is(name), matches, "{event} {name}");
        }
    }
}

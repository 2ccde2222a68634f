//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use std::slice::from_mut;
use std::time::Duration;

use aws_lambda_events::event::kinesis as theirs;
use lambda_with::{Error, Json};

use crate::generated::{KinesisEvent, KinesisRecord, KinesisWindowEvent};

/// Converts both ways. Either fails on a value that the other side has no form for.
macro_rules! interop {
    ($($ours:ty = $theirs:ty, $value:ident => $records:expr, $their_records:expr;)*) => {$(
        impl TryFrom<$theirs> for $ours {
            type Error = Error;

            fn try_from(value: $theirs) -> Result<Self, Error> {
                let mut $value: Self = Json::encode(&value)?.decode()?;
                for record in $records {
                    let time = &mut record.kinesis.approximate_arrival_timestamp;
                    *time = time.timestamp()?.into();
                }
                Ok($value)
            }
        }

        impl TryFrom<$ours> for $theirs {
            type Error = Error;

            fn try_from(mut $value: $ours) -> Result<Self, Error> {
                let fractions = whole_seconds($records)?;
                let mut $value: Self = Json::encode(&$value)?.decode()?;
                for (record, fraction) in $their_records.iter_mut().zip(fractions) {
                    record.kinesis.approximate_arrival_timestamp.0 += fraction;
                }
                Ok($value)
            }
        }
    )*};
}

interop! {
    KinesisEvent = theirs::KinesisEvent,
        event => &mut event.records, event.records;
    KinesisRecord = theirs::KinesisEventRecord,
        record => from_mut(&mut record), from_mut(&mut record);
    KinesisWindowEvent = theirs::KinesisTimeWindowEvent,
        event => &mut event.records, event.kinesis_event.records;
}

/// Cuts what stands behind the point off the times and gives it back. Theirs would take it for
/// milliseconds, however many digits there are.
fn whole_seconds(records: &mut [KinesisRecord]) -> Result<Vec<Duration>, Error> {
    let cut = |record: &mut KinesisRecord| {
        let data = &mut record.kinesis;
        let time = data.approximate_arrival_timestamp.timestamp()?;
        data.approximate_arrival_timestamp = time.seconds().into();
        Ok(Duration::from_nanos(time.nanos().into()))
    };
    records.iter_mut().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, second_opinion};
    use serde_json::json;

    use super::*;
    use crate::{KinesisEncryptionType, SERVICE};

    fn ours(id: &str) -> KinesisEvent {
        serde_json::from_str(SERVICE.sample(id).unwrap().json).unwrap()
    }

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it has no such type",
            &[
                "KinesisBatchResponse is not there",
                "KinesisFailureRecord is not there",
            ],
        ),
        (
            "it has a type without batchItemFailures",
            &["KinesisWindowResponse is not there"],
        ),
        (
            "it makes up an encryption",
            &[
                "KinesisEvent adds /Records/*/kinesis/encryptionType",
                "KinesisWindowEvent adds /Records/*/kinesis/encryptionType",
            ],
        ),
        (
            "it makes an empty key of none",
            &["KinesisEvent adds empty values"],
        ),
        (
            "it writes times as text, and of .98 seconds .098",
            &[
                "KinesisEvent changes /Records/*/kinesis/approximateArrivalTimestamp",
                "KinesisWindowEvent changes /Records/*/kinesis/approximateArrivalTimestamp",
            ],
        ),
        (
            "it takes states for maps of strings",
            &[
                "KinesisWindowEvent refuses window",
                "KinesisWindowEvent refuses window-early",
                "KinesisWindowEvent refuses window-final",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "KinesisEvent" => Some(opinion::<theirs::KinesisEvent>(sample.json)),
            "KinesisWindowEvent" => Some(opinion::<theirs::KinesisTimeWindowEvent>(sample.json)),
            _ => None,
        });
    }

    /// The conversions put the times right.
    #[test]
    fn events_convert_both_ways() {
        for sample in SERVICE.samples {
            if sample.of != "KinesisEvent" {
                continue;
            }
            let mut event = ours(sample.id);
            let there = theirs::KinesisEvent::try_from(event.clone()).unwrap();
            for (theirs, ours) in there.records.iter().zip(&event.records) {
                let time = &ours.kinesis.approximate_arrival_timestamp;
                let millis = theirs
                    .kinesis
                    .approximate_arrival_timestamp
                    .timestamp_millis();
                assert_eq!(
                    millis,
                    time.timestamp().unwrap().unix_millis(),
                    "{}",
                    sample.id
                );
            }
            for record in &mut event.records {
                let data = &mut record.kinesis;
                data.encryption_type
                    .get_or_insert(KinesisEncryptionType::None);
                data.partition_key.get_or_insert_default();
            }
            assert_eq!(
                KinesisEvent::try_from(there).unwrap(),
                event,
                "{}",
                sample.id
            );
        }
    }

    /// Theirs takes states for maps of strings.
    #[test]
    fn states_of_windows() {
        let sample = SERVICE.sample("window").unwrap();
        let mut event: KinesisWindowEvent = serde_json::from_str(sample.json).unwrap();
        assert!(theirs::KinesisTimeWindowEvent::try_from(event.clone()).is_err());
        event.state = Json::encode(&json!({ "c-17": "3" })).unwrap();
        let there = theirs::KinesisTimeWindowEvent::try_from(event.clone()).unwrap();
        let back = KinesisWindowEvent::try_from(there).unwrap();
        assert_eq!((back.state, back.window), (event.state, event.window));
    }
}

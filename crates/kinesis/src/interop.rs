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
    use serde_json::{Value, json};

    use super::*;
    use crate::{KinesisEncryptionType, SERVICE};

    fn ours(id: &str) -> KinesisEvent {
        serde_json::from_str(SERVICE.sample(id).unwrap().json).unwrap()
    }

    /// What `aws_lambda_events` 1.2.1 makes differently of the samples: times become strings, and of
    /// `.98` seconds `.098`; an encryption is made up where none is told; a missing key becomes an
    /// empty one.
    #[test]
    fn a_second_opinion_on_every_sample() {
        for sample in SERVICE.samples {
            if sample.of != "KinesisEvent" {
                continue;
            }
            let document: Value = serde_json::from_str(sample.json).unwrap();
            let theirs: theirs::KinesisEvent = serde_json::from_str(sample.json).unwrap();
            let mut written = serde_json::to_value(theirs).unwrap();
            let ours = ours(sample.id).records;
            for (index, record) in document["Records"].as_array().unwrap().iter().enumerate() {
                let mut expected = record.clone();
                let data = &mut expected["kinesis"];
                for (name, made_up) in [("encryptionType", "NONE"), ("partitionKey", "")] {
                    if data.get(name).is_none() {
                        data[name] = made_up.into();
                    }
                }
                let time = ours[index]
                    .kinesis
                    .approximate_arrival_timestamp
                    .to_string();
                data["approximateArrivalTimestamp"] = match time.split_once('.') {
                    Some((whole, fraction)) => format!("{whole}.{fraction:0>3}").into(),
                    None => time.into(),
                };
                assert_eq!(written["Records"][index].take(), expected, "{}", sample.id);
            }
        }
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

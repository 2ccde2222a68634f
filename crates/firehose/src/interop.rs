//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::firehose as theirs;
use lambda_with::{Error, Json};
use serde_json::Value;

use crate::generated::{FirehoseEvent, FirehoseResponse};

/// Takes over an event read by `aws_lambda_events`.
///
/// # Errors
///
/// When a member Firehose always sends is missing.
impl TryFrom<theirs::KinesisFirehoseEvent> for FirehoseEvent {
    type Error = Error;

    fn try_from(event: theirs::KinesisFirehoseEvent) -> Result<Self, Error> {
        let mut event = Json::encode(&event)?.value()?;
        // Theirs writes times as texts; Firehose sends numbers.
        for record in records(&mut event) {
            number(record, "approximateArrivalTimestamp");
            match record.get_mut("kinesisRecordMetadata") {
                Some(Value::Null) => drop(remove(record, "kinesisRecordMetadata")),
                Some(metadata) => number(metadata, "approximateArrivalTimestamp"),
                None => {}
            }
        }
        Json::from(event).decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`, which reads some times a millisecond early.
///
/// # Errors
///
/// When the source is Amazon MSK, whose records that crate does not know, or when a subsequence
/// number is an empty text.
impl TryFrom<FirehoseEvent> for theirs::KinesisFirehoseEvent {
    type Error = Error;

    fn try_from(event: FirehoseEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

/// Takes over an answer built with `aws_lambda_events`.
///
/// # Errors
///
/// When a record has no id or no result.
impl TryFrom<theirs::KinesisFirehoseResponse> for FirehoseResponse {
    type Error = Error;

    fn try_from(response: theirs::KinesisFirehoseResponse) -> Result<Self, Error> {
        let mut response = Json::encode(&response)?.value()?;
        // Theirs writes the empty map it demands of every answer.
        for record in records(&mut response) {
            let keys = record.pointer("/metadata/partitionKeys");
            if keys
                .and_then(Value::as_object)
                .is_some_and(serde_json::Map::is_empty)
            {
                remove(record, "metadata");
            }
        }
        Json::from(response).decode()
    }
}

/// Hands an answer to code written for `aws_lambda_events`, which has no tables.
///
/// # Errors
///
/// When the answer is to records from Amazon MSK.
impl TryFrom<FirehoseResponse> for theirs::KinesisFirehoseResponse {
    type Error = Error;

    fn try_from(response: FirehoseResponse) -> Result<Self, Error> {
        let mut response = Json::encode(&response)?.value()?;
        // Theirs demands members that an answer may leave out.
        for record in records(&mut response) {
            let kafka = record.get("kafkaRecordValue").is_some();
            if let Some(record) = record.as_object_mut().filter(|_| !kafka) {
                record.entry("data").or_insert_with(|| "".into());
                record
                    .entry("metadata")
                    .or_insert_with(|| Value::Object(Default::default()));
            }
        }
        Json::from(response).decode()
    }
}

fn records(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let records = document.get_mut("records").and_then(Value::as_array_mut);
    records.into_iter().flatten()
}

fn number(object: &mut Value, name: &str) {
    if let Some(member) = object.get_mut(name)
        && let Some(number) = member.as_str().and_then(|text| text.parse::<i64>().ok())
    {
        *member = number.into();
    }
}

fn remove(object: &mut Value, name: &str) -> Option<Value> {
    object.as_object_mut()?.remove(name)
}

#[cfg(test)]
mod tests {
    use lambda_with::Nullable;
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;
    use crate::{FirehoseResult, SERVICE};

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null or an empty map for what was missing",
            &[
                "FirehoseEvent adds empty values",
                "FirehoseResponse adds empty values",
            ],
        ),
        (
            "it writes a text for a number, at times a millisecond early",
            &[
                "FirehoseEvent changes /records/*/approximateArrivalTimestamp",
                "FirehoseEvent changes /records/*/kinesisRecordMetadata/approximateArrivalTimestamp",
            ],
        ),
        (
            "it demands data, which records from Amazon MSK do not have",
            &["FirehoseEvent refuses msk"],
        ),
        (
            "it has no tables",
            &["FirehoseResponse loses /records/*/metadata/otfMetadata"],
        ),
        (
            "it demands data and metadata of every answer",
            &[
                "FirehoseResponse refuses dropped-and-failed",
                "FirehoseResponse refuses msk-transformed",
                "FirehoseResponse refuses transformed",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "FirehoseEvent" => Some(opinion::<theirs::KinesisFirehoseEvent>(sample.json)),
            "FirehoseResponse" => Some(opinion::<theirs::KinesisFirehoseResponse>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn an_empty_subsequence_number_is_refused_there_and_kept_here() {
        let sample = SERVICE.sample("kinesis").unwrap().json;
        let text = sample.replacen("\"subsequenceNumber\": 0", "\"subsequenceNumber\": \"\"", 1);
        assert!(serde_json::from_str::<theirs::KinesisFirehoseEvent>(&text).is_err());
        let ours: FirehoseEvent = serde_json::from_str(&text).unwrap();
        let error = theirs::KinesisFirehoseEvent::try_from(ours).unwrap_err();
        assert!(error.to_string().contains("subsequenceNumber"), "{error}");
    }

    #[test]
    fn there_and_back() {
        for id in ["direct-put", "kinesis", "cloudwatch-logs"] {
            let mut ours: FirehoseEvent = read(&SERVICE, id);
            for record in &mut ours.records {
                // A fraction of a second can come out a millisecond early.
                record.approximate_arrival_timestamp = 1_772_447_730_000.into();
                if let Nullable::Value(metadata) = &mut record.kinesis_record_metadata {
                    metadata.approximate_arrival_timestamp = 1_772_447_730_000.into();
                }
            }
            let there = theirs::KinesisFirehoseEvent::try_from(ours.clone()).unwrap();
            assert_eq!(FirehoseEvent::try_from(there).unwrap(), ours, "{id}");
        }
        for id in ["transformed", "partitioned"] {
            let ours: FirehoseResponse = read(&SERVICE, id);
            let there = theirs::KinesisFirehoseResponse::try_from(ours.clone()).unwrap();
            assert_eq!(FirehoseResponse::try_from(there).unwrap(), ours, "{id}");
        }
        let dropped = SERVICE.sample("dropped-and-failed").unwrap().json;
        let dropped: FirehoseResponse = serde_json::from_str(dropped).unwrap();
        let there = theirs::KinesisFirehoseResponse::try_from(dropped).unwrap();
        assert_eq!(there.records[1].result.as_deref(), Some("Dropped"));
        let back = FirehoseResponse::try_from(there).unwrap();
        assert_eq!(back.records[2].result, FirehoseResult::ProcessingFailed);

        let msk: FirehoseEvent = read(&SERVICE, "msk");
        let error = theirs::KinesisFirehoseEvent::try_from(msk).unwrap_err();
        assert!(error.to_string().contains("data"), "{error}");
    }
}

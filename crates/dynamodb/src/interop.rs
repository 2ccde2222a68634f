//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use std::slice::from_mut;

use aws_lambda_events::event::dynamodb as theirs;
use lambda_with::{Error, Json};

use crate::generated::{DynamoDbEvent, DynamoDbRecord, DynamoDbWindowEvent};

/// Converts both ways. Either fails on a value that the other side has no form for.
macro_rules! interop {
    ($($ours:ty = $theirs:ty, $value:ident => $records:expr;)*) => {$(
        impl TryFrom<$theirs> for $ours {
            type Error = Error;

            fn try_from(value: $theirs) -> Result<Self, Error> {
                let mut $value: Self = Json::encode(&value)?.decode()?;
                for record in $records {
                    // Theirs has an empty item for none.
                    for image in [&mut record.dynamodb.new_image, &mut record.dynamodb.old_image] {
                        *image = image.take().filter(|image| !image.is_empty());
                    }
                }
                Ok($value)
            }
        }

        impl TryFrom<$ours> for $theirs {
            type Error = Error;

            fn try_from(value: $ours) -> Result<Self, Error> {
                Json::encode(&value)?.decode()
            }
        }
    )*};
}

interop! {
    DynamoDbEvent = theirs::Event, event => &mut event.records;
    DynamoDbRecord = theirs::EventRecord, record => from_mut(&mut record);
    DynamoDbWindowEvent = theirs::TimeWindowEvent, event => &mut event.records;
}

#[cfg(test)]
mod tests {
    use lambda_with::Nullable;
    use lambda_with_testing::{opinion, second_opinion};
    use serde_json::json;

    use super::*;
    use crate::SERVICE;

    fn samples() -> impl Iterator<Item = &'static str> {
        let events = SERVICE
            .samples
            .iter()
            .filter(|sample| sample.of == "DynamoDbEvent");
        events.map(|sample| sample.json)
    }

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it has no such type",
            &[
                "DynamoDbBatchResponse is not there",
                "DynamoDbFailureRecord is not there",
                "DynamoDbKinesisRecord is not there",
                "DynamoDbWindowResponse is not there",
            ],
        ),
        (
            "it cuts off fractions of seconds, and makes 0 of no time",
            &[
                "DynamoDbEvent adds /Records/*/dynamodb/ApproximateCreationDateTime",
                "DynamoDbEvent changes /Records/*/dynamodb/ApproximateCreationDateTime",
            ],
        ),
        (
            "it writes null for what was not there, and empty images",
            &[
                "DynamoDbEvent adds empty values",
                "DynamoDbWindowEvent adds empty values",
            ],
        ),
        (
            "it takes states for maps of strings",
            &[
                "DynamoDbWindowEvent refuses window",
                "DynamoDbWindowEvent refuses window-early",
                "DynamoDbWindowEvent refuses window-final",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "DynamoDbEvent" => Some(opinion::<theirs::Event>(sample.json)),
            "DynamoDbWindowEvent" => Some(opinion::<theirs::TimeWindowEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn events_convert_both_ways() {
        for sample in samples() {
            let mut ours: DynamoDbEvent = serde_json::from_str(sample).unwrap();
            let there = theirs::Event::try_from(ours.clone()).unwrap();
            for record in &mut ours.records {
                let time = &mut record.dynamodb.approximate_creation_date_time;
                let seconds = time
                    .as_ref()
                    .map_or(0, |time| time.timestamp().unwrap().seconds());
                *time = Some(seconds.into());
                if record.user_identity == Nullable::Missing {
                    record.user_identity = Nullable::Null;
                }
            }
            assert_eq!(DynamoDbEvent::try_from(there).unwrap(), ours);
        }
    }

    /// Theirs takes states for maps of strings.
    #[test]
    fn states_of_windows() {
        let sample = SERVICE.sample("window").unwrap();
        let mut event: DynamoDbWindowEvent = serde_json::from_str(sample.json).unwrap();
        assert!(theirs::TimeWindowEvent::try_from(event.clone()).is_err());
        event.state = Json::encode(&json!({ "placed": "3" })).unwrap();
        let there = theirs::TimeWindowEvent::try_from(event.clone()).unwrap();
        let back = DynamoDbWindowEvent::try_from(there).unwrap();
        assert_eq!((back.state, back.window), (event.state, event.window));
    }
}

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
    use serde_json::{Value, json};

    use super::*;
    use crate::SERVICE;

    fn samples() -> impl Iterator<Item = &'static str> {
        let events = SERVICE
            .samples
            .iter()
            .filter(|sample| sample.of == "DynamoDbEvent");
        events.map(|sample| sample.json)
    }

    /// What `aws_lambda_events` 1.2.1 makes differently of the samples: fractions of times are cut
    /// off, a missing time becomes 0, a missing image an empty one, and members that are not there
    /// become null.
    #[test]
    fn a_second_opinion_on_every_sample() {
        for sample in samples() {
            let mut expected: Value = serde_json::from_str(sample).unwrap();
            for record in expected["Records"].as_array_mut().unwrap() {
                for name in ["recordFormat", "tableName"] {
                    record[name] = Value::Null;
                }
                if record.get("userIdentity").is_none() {
                    record["userIdentity"] = Value::Null;
                }
                let change = record["dynamodb"].as_object_mut().unwrap();
                let time = change
                    .entry("ApproximateCreationDateTime")
                    .or_insert(json!(0));
                *time = Value::from(time.as_f64().unwrap().trunc())
                    .to_string()
                    .replace(".0", "")
                    .parse()
                    .unwrap();
                for image in ["NewImage", "OldImage"] {
                    change.entry(image).or_insert(json!({}));
                }
            }
            let theirs: theirs::Event = serde_json::from_str(sample).unwrap();
            assert_eq!(serde_json::to_value(theirs).unwrap(), expected);
        }
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

//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use aws_lambda_events::event::kafka as theirs;
use lambda_with::{Error, Json};
use lambda_with_kafka::interop;

use crate::generated::MskEvent;

impl TryFrom<theirs::KafkaEvent> for MskEvent {
    type Error = Error;

    fn try_from(mut event: theirs::KafkaEvent) -> Result<Self, Error> {
        let records = std::mem::take(&mut event.records);
        let mut converted: Self = Json::encode(&event)?.decode()?;
        converted.records = interop::ours(records)?;
        Ok(converted)
    }
}

impl TryFrom<MskEvent> for theirs::KafkaEvent {
    type Error = Error;

    fn try_from(mut event: MskEvent) -> Result<Self, Error> {
        let records = std::mem::take(&mut event.records);
        let mut converted: Self = Json::encode(&event)?.decode()?;
        converted.records = interop::theirs(records)?;
        Ok(converted)
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
            "it has no such type",
            &[
                "KafkaBatchResponse is not there",
                "KafkaFailure is not there",
            ],
        ),
        (
            "it writes times as text",
            &[
                "MskEvent changes /records/berths-1/*/timestamp",
                "MskEvent changes /records/orders-0/*/timestamp",
                "MskEvent changes /records/orders-1/*/timestamp",
                "MskEvent changes /records/orders-2/*/timestamp",
                "MskEvent changes /records/weather-0/*/timestamp",
            ],
        ),
        (
            "it knows no schema registry",
            &[
                "MskEvent loses /records/weather-0/*/keySchemaMetadata",
                "MskEvent loses /records/weather-0/*/valueSchemaMetadata",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "MskEvent" => Some(opinion::<theirs::KafkaEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn events_convert_both_ways() {
        for sample in SERVICE.samples.iter().filter(|it| it.of == "MskEvent") {
            let event: MskEvent = read(&SERVICE, sample.id);
            let there = theirs::KafkaEvent::try_from(event.clone()).unwrap();
            let back = MskEvent::try_from(there).unwrap();
            assert_eq!(back.records.len(), event.records.len());
            for (partition, records) in event.records.iter() {
                let those = back.records.get(partition).unwrap();
                assert_eq!(records.len(), those.len());
                for (record, other) in records.iter().zip(those) {
                    assert_eq!(record.identifier(), other.identifier());
                    assert_eq!((&record.key, &record.value), (&other.key, &other.value));
                    assert_eq!(record.headers, other.headers);
                    assert_eq!(record.timestamp, other.timestamp);
                }
            }
        }
    }
}

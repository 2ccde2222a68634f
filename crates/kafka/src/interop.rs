//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_lambda_events::event::kafka as theirs;
use lambda_with::{Error, Json, Map};

use crate::generated::{KafkaEvent, KafkaRecord};

impl TryFrom<theirs::KafkaEvent> for KafkaEvent {
    type Error = Error;

    fn try_from(mut event: theirs::KafkaEvent) -> Result<Self, Error> {
        let records = std::mem::take(&mut event.records);
        let mut converted: Self = Json::encode(&event)?.decode()?;
        converted.records = ours(records)?;
        Ok(converted)
    }
}

impl TryFrom<KafkaEvent> for theirs::KafkaEvent {
    type Error = Error;

    fn try_from(mut event: KafkaEvent) -> Result<Self, Error> {
        let records = std::mem::take(&mut event.records);
        let mut converted: Self = Json::encode(&event)?.decode()?;
        converted.records = theirs(records)?;
        Ok(converted)
    }
}

impl TryFrom<theirs::KafkaRecord> for KafkaRecord {
    type Error = Error;

    fn try_from(record: theirs::KafkaRecord) -> Result<Self, Error> {
        let mut ours: Self = Json::encode(&record)?.decode()?;
        // Theirs writes the milliseconds as text.
        ours.timestamp = ours.timestamp.timestamp()?.unix_millis().into();
        Ok(ours)
    }
}

impl TryFrom<KafkaRecord> for theirs::KafkaRecord {
    type Error = Error;

    fn try_from(mut record: KafkaRecord) -> Result<Self, Error> {
        // Theirs reads milliseconds through a float, and half of them come out one too early.
        let time = record.timestamp.timestamp()?;
        record.timestamp = (time.seconds() * 1000).into();
        let mut theirs: Self = Json::encode(&record)?.decode()?;
        theirs.timestamp.0 += Duration::from_nanos(time.nanos().into());
        Ok(theirs)
    }
}

/// Records of an event, by partition.
///
/// # Errors
///
/// When one has no form here.
pub fn ours(
    records: HashMap<String, Vec<theirs::KafkaRecord>>,
) -> Result<Map<Vec<KafkaRecord>>, Error> {
    let mut ours = Map::new();
    for (partition, records) in records.into_iter().collect::<BTreeMap<_, _>>() {
        let records: Result<_, _> = records.into_iter().map(KafkaRecord::try_from).collect();
        ours.insert(partition, records?);
    }
    Ok(ours)
}

/// Records of an event, by partition.
///
/// # Errors
///
/// When one has no form there.
pub fn theirs(
    records: Map<Vec<KafkaRecord>>,
) -> Result<HashMap<String, Vec<theirs::KafkaRecord>>, Error> {
    let convert = |(partition, records): (lambda_with::Text, Vec<KafkaRecord>)| {
        let records = records.into_iter().map(theirs::KafkaRecord::try_from);
        let records: Result<Vec<_>, Error> = records.collect();
        Ok((partition.to_string(), records?))
    };
    records.into_iter().map(convert).collect()
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
            "it writes null for what was not there",
            &["KafkaEvent adds empty values"],
        ),
        (
            "it writes times as text",
            &[
                "KafkaEvent changes /records/berths-1/*/timestamp",
                "KafkaEvent changes /records/orders-0/*/timestamp",
                "KafkaEvent changes /records/orders-1/*/timestamp",
                "KafkaEvent changes /records/orders-2/*/timestamp",
                "KafkaEvent changes /records/weather-0/*/timestamp",
            ],
        ),
        (
            "it knows no schema registry",
            &[
                "KafkaEvent loses /records/weather-0/*/keySchemaMetadata",
                "KafkaEvent loses /records/weather-0/*/valueSchemaMetadata",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "KafkaEvent" => Some(opinion::<theirs::KafkaEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn events_convert_both_ways() {
        for sample in SERVICE.samples.iter().filter(|it| it.of == "KafkaEvent") {
            let event: KafkaEvent = read(&SERVICE, sample.id);
            let there = theirs::KafkaEvent::try_from(event.clone()).unwrap();
            let back = KafkaEvent::try_from(there).unwrap();
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

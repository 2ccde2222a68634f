//! To and from the event of the crate `aws_lambda_events`.

use aws_lambda_events::event::sns as theirs;
use lambda_with::{Error, Json};

use crate::SnsEvent;

/// Takes over an event read by `aws_lambda_events`.
///
/// # Errors
///
/// When the message holds half an escape, which that crate cannot.
impl TryFrom<theirs::SnsEvent> for SnsEvent {
    type Error = Error;

    fn try_from(event: theirs::SnsEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// Addresses are written with `Url`, whatever they were written with before.
///
/// # Errors
///
/// When the time is not RFC 3339, or the message is not signed.
impl TryFrom<SnsEvent> for theirs::SnsEvent {
    type Error = Error;

    fn try_from(event: SnsEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lambda_with_testing::{edit, sample};
    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 reads or writes differently, over all events, and why.
    const DIFFERENCES: &[(&str, &str)] = &[
        ("refused unsigned", "it takes the signature for granted"),
        (
            "lost url-in-capitals /SigningCertURL",
            "it writes the other form",
        ),
        (
            "lost url-in-capitals /UnsubscribeURL",
            "it writes the other form",
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_event() {
        let mut found = BTreeSet::new();
        for id in SERVICE
            .samples
            .iter()
            .filter(|sample| sample.of == "SnsEvent")
            .map(|sample| sample.id)
        {
            let document = sample(&SERVICE, id);
            let Ok(event) = serde_json::from_value::<theirs::SnsEvent>(document.clone()) else {
                found.insert(format!("refused {id}"));
                continue;
            };
            let written = serde_json::to_value(event).unwrap();
            let written = &written["Records"][0]["Sns"];
            for (name, value) in document["Records"][0]["Sns"].as_object().unwrap() {
                let what = match &written[name] {
                    other if other == value => continue,
                    Value::Null => "lost",
                    _ => "changed",
                };
                found.insert(format!("{what} {id} /{name}"));
            }
        }
        let known: BTreeSet<String> = DIFFERENCES.iter().map(|(what, _)| (*what).into()).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn there_and_back() {
        for id in ["notification", "attributes", "s3-put"] {
            let ours: SnsEvent = serde_json::from_value(sample(&SERVICE, id)).unwrap();
            let there = theirs::SnsEvent::try_from(ours.clone()).unwrap();
            assert_eq!(SnsEvent::try_from(there).unwrap(), ours, "{id}");
        }
    }

    #[test]
    fn refusals_name_the_member() {
        let late = edit(
            &SERVICE,
            "notification",
            "/Records/0/Sns/Timestamp",
            Some("late".into()),
        );
        let event: SnsEvent = serde_json::from_str(&late).unwrap();
        let error = theirs::SnsEvent::try_from(event).unwrap_err().to_string();
        assert!(error.contains("Records[0].Sns.Timestamp"), "{error}");
    }
}

//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

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
    use lambda_with_testing::{edit, opinion, read, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null for what was missing, and leaves out lists without anything",
            &[
                "AlarmMessage adds empty values",
                "AlarmMessage leaves out empty values",
            ],
        ),
        (
            "it has no such members",
            &[
                "AlarmMessage loses /AlarmActions",
                "AlarmMessage loses /AlarmConfigurationUpdatedTimestamp",
                "AlarmMessage loses /Trigger/DatapointsToAlarm",
            ],
        ),
        (
            "it knows alarms of one metric alone",
            &[
                "AlarmMessage refuses alarm-message-anomaly",
                "AlarmMessage refuses alarm-message-composite",
                "AlarmMessage refuses alarm-message-metrics",
            ],
        ),
        (
            "it takes the signature for granted",
            &["SnsEvent refuses unsigned"],
        ),
        (
            "it writes the other form",
            &[
                "SnsEvent loses /Records/*/Sns/SigningCertURL",
                "SnsEvent loses /Records/*/Sns/UnsubscribeURL",
            ],
        ),
        (
            "it has no such types",
            &["SnsConfirmation is not there", "SnsEnvelope is not there"],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "AlarmMessage" => Some(opinion::<theirs::CloudWatchAlarmPayload>(sample.json)),
            "SnsEvent" => Some(opinion::<theirs::SnsEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        for id in ["notification", "attributes", "s3-put"] {
            let ours: SnsEvent = read(&SERVICE, id);
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

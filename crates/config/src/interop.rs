//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::config as theirs;
use lambda_with::{Error, Json};
use serde_json::Value;

use crate::ConfigEvent;

/// Takes over an event read by `aws_lambda_events`.
///
/// What that crate has no member for was lost when it read the event: `evaluationMode`.
///
/// # Errors
///
/// When a member AWS Config always sends is missing, such as the token.
impl TryFrom<theirs::ConfigEvent> for ConfigEvent {
    type Error = Error;

    fn try_from(event: theirs::ConfigEvent) -> Result<Self, Error> {
        let mut event: Value = Json::encode(&event)?.decode()?;
        // Theirs writes null for what was missing.
        if let Some(members) = event.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        Json::from(event).decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// What that crate has no member for is lost: `evaluationMode`. It demands `eventLeftScope`, which is
/// false where it is missing.
///
/// # Errors
///
/// When a text holds half a surrogate pair.
impl TryFrom<ConfigEvent> for theirs::ConfigEvent {
    type Error = Error;

    fn try_from(mut event: ConfigEvent) -> Result<Self, Error> {
        event.event_left_scope.get_or_insert(false);
        Json::encode(&event)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SERVICE;
    use lambda_with_testing::{opinion, second_opinion};

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null, false or nothing for what was missing",
            &["ConfigEvent adds empty values"],
        ),
        (
            "it has no such member",
            &["ConfigEvent loses /evaluationMode"],
        ),
        (
            "it leaves what is inside a text a text",
            &[
                "ConfigurationItemChange is not there",
                "OversizedItemChange is not there",
                "ScheduledNotification is not there",
                "SnapshotDelivered is not there",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "ConfigEvent" => Some(opinion::<theirs::ConfigEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back_loses_only_what_they_lack() {
        let samples = SERVICE.samples.iter().filter(|s| s.of == "ConfigEvent");
        let mut lost = 0;
        for sample in samples {
            let mut ours: ConfigEvent = serde_json::from_str(sample.json).unwrap();
            let there = theirs::ConfigEvent::try_from(ours.clone()).unwrap();
            let read: theirs::ConfigEvent = serde_json::from_str(sample.json).unwrap();
            assert_eq!(there, read);
            lost += usize::from(ours.evaluation_mode.take().is_some());
            assert_eq!(ConfigEvent::try_from(there).unwrap(), ours, "{}", sample.id);
        }
        assert_eq!(lost, 4);
    }

    #[test]
    fn what_they_demand_is_filled_in() {
        let mut event: Value = serde_json::from_str(SERVICE.samples[0].json).unwrap();
        event.as_object_mut().unwrap().remove("eventLeftScope");
        assert!(serde_json::from_value::<theirs::ConfigEvent>(event.clone()).is_err());
        let ours: ConfigEvent = serde_json::from_value(event).unwrap();
        assert_eq!(ours.event_left_scope, None);
        assert!(
            !theirs::ConfigEvent::try_from(ours)
                .unwrap()
                .event_left_scope
        );
        let error = ConfigEvent::try_from(theirs::ConfigEvent::default()).unwrap_err();
        assert!(error.to_string().contains("missing field"), "{error}");
    }
}

//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.
//!
//! Its `ConnectResponse` is a map of texts, from and to which this crate's converts anyway.

use aws_lambda_events::event::connect as theirs;
use lambda_with::{Error, Json};
use serde_json::Value;

use crate::generated::ConnectEvent;

/// Takes over an event read by `aws_lambda_events`.
///
/// What that crate has no member for was lost when it read the event.
///
/// # Errors
///
/// When a member Amazon Connect always sends is missing.
impl TryFrom<theirs::ConnectEvent> for ConnectEvent {
    type Error = Error;

    fn try_from(event: theirs::ConnectEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// What that crate has no member for is lost: languages, media streams, references, tags, the
/// number a queue shows. Where there is no customer or no number, an endpoint without members takes
/// its place, and attributes that are null are left out.
///
/// # Errors
///
/// When a parameter is not a text.
impl TryFrom<ConnectEvent> for theirs::ConnectEvent {
    type Error = Error;

    fn try_from(mut event: ConnectEvent) -> Result<Self, Error> {
        let contact = &mut event.details.contact_data;
        contact.attributes = std::mem::take(&mut contact.attributes)
            .into_iter()
            .filter(|(_, value)| value.is_some())
            .collect();
        let mut event = Json::encode(&event)?.value()?;
        for endpoint in ["CustomerEndpoint", "SystemEndpoint"] {
            let endpoint = &mut event["Details"]["ContactData"][endpoint];
            if endpoint.is_null() {
                *endpoint = Value::Object(serde_json::Map::new());
            }
        }
        Json::from(event).decode()
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, read, second_opinion};
    use std::collections::HashMap;

    use super::*;
    use crate::{ConnectResponse, SERVICE};

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it has no such members, whose values are null here",
            &["ConnectEvent leaves out empty values"],
        ),
        (
            "it has no such members",
            &[
                "ConnectEvent loses /Details/ContactData/AwsRegion",
                "ConnectEvent loses /Details/ContactData/CustomerEndpoint/DisplayName",
                "ConnectEvent loses /Details/ContactData/Description",
                "ConnectEvent loses /Details/ContactData/LanguageCode",
                "ConnectEvent loses /Details/ContactData/MediaStreams",
                "ConnectEvent loses /Details/ContactData/Queue/OutboundCallerId",
                "ConnectEvent loses /Details/ContactData/References",
                "ConnectEvent loses /Details/ContactData/SegmentAttributes",
                "ConnectEvent loses /Details/ContactData/SystemEndpoint/DisplayName",
                "ConnectEvent loses /Details/ContactData/Tags",
            ],
        ),
        (
            "it demands endpoints",
            &[
                "ConnectEvent refuses chat",
                "ConnectEvent refuses task",
                "ConnectEvent refuses webrtc",
            ],
        ),
        (
            "it knows parameters that are texts only",
            &["ConnectEvent refuses json-parameters"],
        ),
        (
            "it knows no attribute that is null",
            &["ConnectEvent refuses voice-transfer"],
        ),
    ];

    fn sample(id: &str) -> ConnectEvent {
        read(&SERVICE, id)
    }

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "ConnectEvent" => Some(opinion::<theirs::ConnectEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        let ours = sample("voice-minimal");
        let there = theirs::ConnectEvent::try_from(ours.clone()).unwrap();
        assert_eq!(ConnectEvent::try_from(there).unwrap(), ours);
        for id in ["voice", "voice-transfer", "chat", "task", "email", "webrtc"] {
            let there = theirs::ConnectEvent::try_from(sample(id)).unwrap();
            let back = ConnectEvent::try_from(there).unwrap();
            let (back, ours) = (back.details.contact_data, sample(id).details.contact_data);
            assert_eq!(back.contact_id, ours.contact_id, "{id}");
            assert_eq!(back.channel, ours.channel, "{id}");
        }
        let error = theirs::ConnectEvent::try_from(sample("json-parameters")).unwrap_err();
        assert!(error.to_string().contains("Parameters"), "{error}");
    }

    #[test]
    fn answers_are_theirs_too() {
        let mut ours = ConnectResponse::new();
        ours.set("Balance", 1000).unwrap();
        let there: theirs::ConnectResponse = ours.clone().into();
        assert_eq!(there, HashMap::from([("Balance".into(), "1000".into())]));
        assert_eq!(ConnectResponse::try_from(there).unwrap(), ours);
    }
}

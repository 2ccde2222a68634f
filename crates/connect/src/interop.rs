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
    use std::collections::{BTreeSet, HashMap};

    use super::*;
    use crate::{ConnectResponse, SERVICE};

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &str)] = &[
        ("refused chat", "it demands endpoints"),
        (
            "refused json-parameters",
            "it knows parameters that are texts only",
        ),
        ("refused task", "it demands endpoints"),
        (
            "refused voice-transfer",
            "it knows no attribute that is null",
        ),
        ("refused webrtc", "it demands endpoints"),
        ("lost /AwsRegion", "it has no such member"),
        (
            "lost /CustomerEndpoint/DisplayName",
            "it has no such member",
        ),
        ("lost /CustomerId", "it has no such member"),
        ("lost /Description", "it has no such member"),
        ("lost /LanguageCode", "it has no such member"),
        ("lost /MediaStreams", "it has no such member"),
        ("lost /Name", "it has no such member"),
        ("lost /Queue/OutboundCallerId", "it has no such member"),
        ("lost /References", "it has no such member"),
        ("lost /RelatedContactId", "it has no such member"),
        ("lost /SegmentAttributes", "it has no such member"),
        ("lost /SystemEndpoint/DisplayName", "it has no such member"),
        ("lost /Tags", "it has no such member"),
    ];

    fn compare(path: &str, ours: &Value, theirs: &Value, found: &mut BTreeSet<String>) {
        match (ours, theirs) {
            (Value::Object(a), Value::Object(b)) => {
                for (name, value) in a {
                    match b.get(name) {
                        Some(other) => compare(&format!("{path}/{name}"), value, other, found),
                        None => drop(found.insert(format!("lost {path}/{name}"))),
                    }
                }
                let added = b.keys().filter(|name| !a.contains_key(*name));
                found.extend(added.map(|name| format!("added {path}/{name}")));
            }
            _ if ours == theirs => {}
            _ => drop(found.insert(format!("changed {path}"))),
        }
    }

    fn sample(id: &str) -> ConnectEvent {
        serde_json::from_str(SERVICE.sample(id).unwrap().json).unwrap()
    }

    #[test]
    fn a_second_opinion_on_every_sample() {
        let mut found = BTreeSet::new();
        for sample in SERVICE.samples {
            let document: Value = serde_json::from_str(sample.json).unwrap();
            match serde_json::from_str::<theirs::ConnectEvent>(sample.json) {
                Ok(event) => {
                    let theirs = serde_json::to_value(event).unwrap();
                    let contact = |event: &Value| event["Details"]["ContactData"].clone();
                    compare("", &contact(&document), &contact(&theirs), &mut found);
                    assert_eq!(document["Name"], theirs["Name"]);
                    let parameters = |event: &Value| event["Details"]["Parameters"].clone();
                    assert_eq!(parameters(&document), parameters(&theirs));
                }
                Err(_) => drop(found.insert(format!("refused {}", sample.id))),
            }
        }
        let known: BTreeSet<String> = DIFFERENCES.iter().map(|(what, _)| (*what).into()).collect();
        assert_eq!(found, known);
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

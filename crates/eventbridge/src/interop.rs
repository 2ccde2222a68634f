//! To and from the event of the crate `aws_lambda_events`.

use aws_lambda_events::event::eventbridge as theirs;
use lambda_with::{Error, Json};
use serde_json::Value;

use crate::EventBridgeEvent;

/// Takes over an event read by `aws_lambda_events`.
///
/// The name of a replay was lost when that crate read the event.
///
/// # Errors
///
/// When a member EventBridge always sends is missing, such as the id.
impl TryFrom<theirs::EventBridgeEvent<Value>> for EventBridgeEvent {
    type Error = Error;

    fn try_from(event: theirs::EventBridgeEvent<Value>) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// The name of a replay is lost.
///
/// # Errors
///
/// When the time is not RFC 3339.
impl TryFrom<EventBridgeEvent> for theirs::EventBridgeEvent<Value> {
    type Error = Error;

    fn try_from(event: EventBridgeEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::SERVICE;

    type Theirs = theirs::EventBridgeEvent<Value>;

    /// All that `aws_lambda_events` 1.2.1 writes back differently, over all samples, and why.
    const DIFFERENCES: &[(&str, &str)] = &[("lost replay-name", "it has no member for it")];

    #[test]
    fn every_difference_has_its_reason() {
        let mut found = BTreeSet::new();
        for sample in SERVICE.samples {
            let document: Value = serde_json::from_str(sample.json).unwrap();
            let read: Theirs = serde_json::from_str(sample.json).unwrap();
            let written = serde_json::to_value(&read).unwrap();
            for (name, value) in document.as_object().unwrap() {
                let difference = match written.get(name) {
                    None => "lost",
                    Some(theirs) if theirs != value => "changed",
                    Some(_) => continue,
                };
                found.insert(format!("{difference} {name}"));
            }
            for name in written.as_object().unwrap().keys() {
                if document.get(name).is_none() {
                    found.insert(format!("added {name}"));
                }
            }
        }
        let expected: BTreeSet<String> =
            DIFFERENCES.iter().map(|(what, _)| (*what).into()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn there_and_back() {
        for sample in SERVICE.samples {
            let event: EventBridgeEvent = serde_json::from_str(sample.json).unwrap();
            let there = Theirs::try_from(event.clone()).unwrap();
            let back = EventBridgeEvent::try_from(there).unwrap();
            let replay_name = event.replay_name.clone();
            assert_eq!(
                EventBridgeEvent {
                    replay_name,
                    ..back
                },
                event,
                "{}",
                sample.id
            );
        }
    }

    #[test]
    fn what_one_of_them_refuses() {
        let bare = json!({ "source": "shop.orders", "detail-type": "Order Placed", "detail": {} });
        let theirs: Theirs = serde_json::from_value(bare).unwrap();
        assert!(EventBridgeEvent::try_from(theirs).is_err());
        let mut event: EventBridgeEvent = serde_json::from_str(SERVICE.samples[0].json).unwrap();
        event.time = "yesterday".into();
        assert!(Theirs::try_from(event).is_err());
    }
}

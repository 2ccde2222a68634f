//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

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
    use lambda_with_testing::{opinion, second_opinion};
    use serde_json::json;

    use super::*;
    use crate::SERVICE;

    type Theirs = theirs::EventBridgeEvent<Value>;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[(
        "it has no such member",
        &["EventBridgeEvent loses /replay-name"],
    )];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "EventBridgeEvent" => Some(opinion::<Theirs>(sample.json)),
            _ => None,
        });
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

//! To and from the types of the crate `aws_lambda_events`, which has version 1 only.

use aws_lambda_events::event::lex as theirs;
use lambda_with::{Error, Json};
use serde_json::Value;

use crate::{LexV1Event, LexV1Response};

/// Takes over an event read by `aws_lambda_events`.
///
/// What that crate has no member for was lost when it read the event: the mood, Amazon Kendra's
/// result, contexts and recent intents.
///
/// # Errors
///
/// When a member Amazon Lex always sends is missing.
impl TryFrom<theirs::LexEvent> for LexV1Event {
    type Error = Error;

    fn try_from(event: theirs::LexEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// What that crate has no member for is lost, and details of slots without a value are left out.
///
/// # Errors
///
/// When the confidence is an object.
impl TryFrom<LexV1Event> for theirs::LexEvent {
    type Error = Error;

    fn try_from(mut event: LexV1Event) -> Result<Self, Error> {
        let alternatives = event.alternative_intents.into_option();
        let mut alternatives = alternatives.unwrap_or_default();
        for intent in alternatives.iter_mut().chain([&mut event.current_intent]) {
            let details = std::mem::take(&mut intent.slot_details).into_option();
            let known = details.unwrap_or_default().into_iter();
            intent.slot_details = lambda_with::Nullable::Value(
                known.filter(|(_, detail)| detail.is_some()).collect(),
            );
        }
        event.alternative_intents = Some(alternatives).filter(|all| !all.is_empty()).into();
        Json::encode(&event)?.decode()
    }
}

/// Takes over an answer built with `aws_lambda_events`, without the nulls it writes for what a step
/// does not have.
///
/// # Errors
///
/// When there is no dialog action.
impl TryFrom<theirs::LexResponse> for LexV1Response {
    type Error = Error;

    fn try_from(response: theirs::LexResponse) -> Result<Self, Error> {
        let mut response = Json::encode(&response)?.value()?;
        if let Some(action) = response["dialogAction"].as_object_mut() {
            let empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
            action.retain(|name, value| !(value.is_null() || name == "message" && empty(value)));
        }
        Json::from(response).decode()
    }
}

/// Hands an answer to code written for `aws_lambda_events`.
///
/// Recent intents, contexts and questions for Amazon Kendra are lost.
///
/// # Errors
///
/// None that an answer which passes [`LexV1Response::check`] meets.
impl TryFrom<LexV1Response> for theirs::LexResponse {
    type Error = Error;

    fn try_from(response: LexV1Response) -> Result<Self, Error> {
        let mut response = Json::encode(&response)?.value()?;
        for (parent, name) in [("", "sessionAttributes"), ("/dialogAction", "message")] {
            let parent = response.pointer_mut(parent).and_then(Value::as_object_mut);
            let member = parent.map(|parent| parent.entry(name).or_insert(Value::Null));
            if let Some(member) = member.filter(|member| member.is_null()) {
                *member = Value::Object(serde_json::Map::new());
            }
        }
        Json::from(response).decode()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::{Closing, SERVICE};

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples of V1, and why.
    const DIFFERENCES: &[(&str, &str)] = &[
        (
            "added /alternativeIntents",
            "it writes null for what was missing",
        ),
        (
            "added /currentIntent/nluIntentConfidenceScore",
            "it writes null for what was missing",
        ),
        ("added /dialogAction", "an event has none; it writes null"),
        (
            "added /dialogAction/fulfillmentState",
            "it writes null, or an empty message, for what a step does not have",
        ),
        (
            "added /dialogAction/intentName",
            "it writes null, or an empty message, for what a step does not have",
        ),
        (
            "added /dialogAction/message",
            "it writes null, or an empty message, for what a step does not have",
        ),
        (
            "added /dialogAction/responseCard",
            "it writes null, or an empty message, for what a step does not have",
        ),
        (
            "added /dialogAction/slotToElicit",
            "it writes null, or an empty message, for what a step does not have",
        ),
        (
            "added /dialogAction/slots",
            "it writes null, or an empty message, for what a step does not have",
        ),
        (
            "lost /dialogAction/kendraQueryFilterString",
            "it has no such member",
        ),
        (
            "lost /dialogAction/kendraQueryRequestPayload",
            "it has no such member",
        ),
        ("lost /kendraResponse", "it has no such member"),
        (
            "refused v1-dialog",
            "it knows no detail of a slot that is null",
        ),
        (
            "refused v1-fulfillment",
            "it knows no confidence that is an object",
        ),
        (
            "refused v1-response-confirm-intent",
            "it demands session attributes",
        ),
        (
            "refused v1-response-elicit-intent",
            "it demands session attributes",
        ),
        (
            "refused v1-response-elicit-slot",
            "it demands session attributes",
        ),
        (
            "refused v1-test-console",
            "it knows no detail of a slot that is null",
        ),
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

    fn opinion<T: DeserializeOwned + Serialize>(of: &str, found: &mut BTreeSet<String>) {
        for sample in SERVICE.samples.iter().filter(|sample| sample.of == of) {
            let document: Value = serde_json::from_str(sample.json).unwrap();
            match serde_json::from_str::<T>(sample.json) {
                Ok(theirs) => {
                    let theirs = serde_json::to_value(theirs).unwrap();
                    compare("", &document, &theirs, found);
                }
                Err(_) => drop(found.insert(format!("refused {}", sample.id))),
            }
        }
    }

    #[test]
    fn a_second_opinion_on_every_sample_of_version_1() {
        let mut found = BTreeSet::new();
        opinion::<theirs::LexEvent>("LexV1Event", &mut found);
        opinion::<theirs::LexResponse>("LexV1Response", &mut found);
        let known: BTreeSet<String> = DIFFERENCES.iter().map(|(what, _)| (*what).into()).collect();
        assert_eq!(found, known);
    }

    fn event(sample: &str) -> LexV1Event {
        serde_json::from_str(SERVICE.sample(sample).unwrap().json).unwrap()
    }

    #[test]
    fn events_there_and_back_lose_only_what_they_lack() {
        let event = event("v1-dialog");
        let there = theirs::LexEvent::try_from(event.clone()).unwrap();
        let back = LexV1Event::try_from(there).unwrap();
        assert_eq!(back.current_intent.slots, event.current_intent.slots);
        assert_eq!((&back.bot, &back.user_id), (&event.bot, &event.user_id));
        let details = back.current_intent.slot_details.as_ref().unwrap();
        assert!(details.contains("Port") && !details.contains("Sailing"));
        assert!(back.sentiment_response.as_ref().is_none());
    }

    #[test]
    fn answers_there_and_back_have_no_nulls() {
        let event = event("v1-dialog");
        for answer in [
            event.answer().say("Booked.").close(Closing::Fulfilled),
            event.answer().delegate(),
            event.answer().say("To Skerry?").confirm_intent(),
            event.answer().say("What now?").elicit_intent(),
            event.answer().elicit_slot("Sailing"),
        ] {
            let answer = answer.unwrap();
            let there = theirs::LexResponse::try_from(answer.clone()).unwrap();
            let back = LexV1Response::try_from(there).unwrap();
            assert_eq!(back, answer);
            back.check().unwrap();
        }
    }

    #[test]
    fn refusals_name_the_member() {
        let error = theirs::LexEvent::try_from(event("v1-fulfillment")).unwrap_err();
        assert!(
            error.to_string().contains("nluIntentConfidenceScore"),
            "{error}"
        );
        let error = LexV1Event::try_from(theirs::LexEvent::default()).unwrap_err();
        assert!(error.to_string().contains("messageVersion"), "{error}");
        let error = LexV1Response::try_from(theirs::LexResponse::default()).unwrap_err();
        assert!(error.to_string().contains("dialogAction"), "{error}");
    }
}

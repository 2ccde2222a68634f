//! Conversions to and from the types of `aws_lambda_events`, which has version 1 alone, through the JSON
//! both share.

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
    use super::*;
    use crate::{Closing, SERVICE};
    use lambda_with_testing::{opinion, read, second_opinion};

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it knows version 1 alone",
            &["LexEvent is not there", "LexResponse is not there"],
        ),
        (
            "it writes null, or an empty message, for what an event or a step does not have",
            &[
                "LexV1Event adds empty values",
                "LexV1Response adds empty values",
            ],
        ),
        (
            "it has no such members",
            &[
                "LexV1Event loses /kendraResponse",
                "LexV1Response loses /dialogAction/kendraQueryFilterString",
                "LexV1Response loses /dialogAction/kendraQueryRequestPayload",
            ],
        ),
        (
            "it knows no detail of a slot that is null",
            &[
                "LexV1Event refuses v1-dialog",
                "LexV1Event refuses v1-test-console",
            ],
        ),
        (
            "it knows no confidence that is an object",
            &["LexV1Event refuses v1-fulfillment"],
        ),
        (
            "it demands session attributes",
            &[
                "LexV1Response refuses v1-response-confirm-intent",
                "LexV1Response refuses v1-response-elicit-intent",
                "LexV1Response refuses v1-response-elicit-slot",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "LexV1Event" => Some(opinion::<theirs::LexEvent>(sample.json)),
            "LexV1Response" => Some(opinion::<theirs::LexResponse>(sample.json)),
            _ => None,
        });
    }

    fn event(sample: &str) -> LexV1Event {
        read(&SERVICE, sample)
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

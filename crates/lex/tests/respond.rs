//! Answers: what can be built, and a case for every rule of Amazon Lex.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Error, Json};
use lambda_with_lex::{
    Closing, LexActiveContext, LexButton, LexContentType, LexDialogActionType, LexElicitationStyle,
    LexEvent, LexImageResponseCard, LexIntentState, LexMessage, LexResponse, LexTimeToLive,
    LexV1Event, LexV1Response, SERVICE,
};
use lambda_with_testing::read;
use serde_json::{Value, json};

const STEP: &str =
    "an answer says what is next: Close, ConfirmIntent, Delegate, ElicitIntent or ElicitSlot";
const INTENT: &str = "Close, ConfirmIntent and ElicitSlot name the intent";
const CLOSE: &str = "a closed intent is Fulfilled, Failed or InProgress";
const SLOT: &str = "ElicitSlot names a slot of the intent, and no other step does";
const ASK: &str = "ConfirmIntent and ElicitIntent say something";
const SLOTS: &str = "ConfirmIntent holds the intent's slots";
const MESSAGES: &str = "an answer has at most 10 messages";
const MESSAGE: &str = "a message has a text of 1 to 1,024 characters, or a card";
const CARD: &str = "a card has a title, and texts of at most 250 characters";
const BUTTON: &str = "a card has at most 5 buttons, with texts of 1 to 50 characters";
const CONTEXT: &str = "at most 20 contexts hold, each for 5 to 86,400 seconds and 1 to 20 turns";
const SIZE: &str = "an answer has at most 50 KB as JSON";
const ATTRIBUTES: &str = "session attributes have at most 12 KB as base64";

fn event(sample: &str) -> LexEvent {
    read(&SERVICE, sample)
}

/// Sees that the answer is refused by this rule, or taken where it is empty.
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>, rule: &str) {
    match answer {
        Ok(_) => assert_eq!(rule, ""),
        Err(error) => assert_eq!(error.context("rule"), Some(rule), "{error}"),
    }
}

/// A sample of an answer with one member set or (with null) taken away.
fn edited(sample: &str, pointer: &str, value: Value) -> Value {
    let mut document: Value = read(&SERVICE, sample);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    let parent = parent.as_object_mut().unwrap();
    drop(parent.remove(name));
    if !value.is_null() {
        parent.insert(name.into(), value);
    }
    document
}

fn context(
    name: &str,
    seconds: impl Into<Option<i64>>,
    turns: impl Into<Option<i64>>,
) -> LexActiveContext {
    LexActiveContext {
        name: name.into(),
        time_to_live: LexTimeToLive {
            time_to_live_in_seconds: seconds.into(),
            turns_to_live: turns.into(),
        },
        ..LexActiveContext::default()
    }
}

#[test]
fn what_is_not_changed_goes_back_as_it_came() {
    let event = event("context");
    let answer = event
        .answer()
        .attribute("ticket", "T-118")
        .forget("customer")
        .request_attribute("screen", "2")
        .context(context("booked", 90, 2))
        .slot("Passengers", "2")
        .clear("Port")
        .style(LexElicitationStyle::SpellByWord)
        .say(LexMessage::ssml("<speak>Where to?</speak>"))
        .elicit_slot("Port")
        .unwrap();
    let state = serde_json::to_value(&answer.session_state).unwrap();
    let came = serde_json::to_value(&event.session_state).unwrap();
    assert_eq!(state["runtimeHints"], came["runtimeHints"]);
    assert_eq!(state["originatingRequestId"], came["originatingRequestId"]);
    assert_eq!(state["sessionAttributes"], json!({ "ticket": "T-118" }));
    assert_eq!(state["activeContexts"][0]["timeToLive"]["turnsToLive"], 2);
    assert_eq!(state["activeContexts"].as_array().unwrap().len(), 1);
    let action = json!({ "type": "ElicitSlot", "slotToElicit": "Port", "slotElicitationStyle": "SpellByWord" });
    assert_eq!(state["dialogAction"], action);
    let passengers = json!({ "shape": "Scalar", "value": { "originalValue": "2", "interpretedValue": "2", "resolvedValues": ["2"] } });
    let slots = json!({ "Passengers": passengers, "Port": null, "Sailing": null });
    assert_eq!(state["intent"]["slots"], slots);
    assert_eq!(answer.request_attributes.get("screen").unwrap(), "2");
}

#[test]
fn every_step_can_be_built() {
    use LexDialogActionType as Type;

    let say = || LexMessage::text("Hello.");
    let answer = || event("fulfillment").answer();
    for (built, r#type, state) in [
        (
            answer().delegate(),
            Type::Delegate,
            Some(LexIntentState::ReadyForFulfillment),
        ),
        (
            answer().elicit_slot("Port"),
            Type::ElicitSlot,
            Some(LexIntentState::InProgress),
        ),
        (
            answer().elicit_sub_slot("Port", "Pier"),
            Type::ElicitSlot,
            Some(LexIntentState::InProgress),
        ),
        (
            answer().intent("Timetable").elicit_slot("Day"),
            Type::ElicitSlot,
            Some(LexIntentState::InProgress),
        ),
        (
            answer().say(say()).elicit_intent(),
            Type::ElicitIntent,
            None,
        ),
        (
            answer().say(say()).confirm_intent(),
            Type::ConfirmIntent,
            Some(LexIntentState::InProgress),
        ),
        (
            answer().close(Closing::Fulfilled),
            Type::Close,
            Some(LexIntentState::Fulfilled),
        ),
        (
            answer().close(Closing::Failed),
            Type::Close,
            Some(LexIntentState::Failed),
        ),
        (
            answer().close(Closing::InProgress),
            Type::Close,
            Some(LexIntentState::InProgress),
        ),
    ] {
        let session = built.unwrap().session_state;
        assert_eq!(session.dialog_action.as_ref().unwrap().r#type, r#type);
        let intent = session.intent.as_ref();
        assert_eq!(intent.and_then(|intent| intent.state.clone()), state);
        assert!(intent.is_none_or(|intent| intent.kendra_response.as_ref().is_none()));
    }
}

#[test]
fn what_amazon_lex_refuses_is_not_built() {
    let answer = || event("dialog").answer();
    let text = |length: usize| LexMessage::text("é".repeat(length));
    let card = |edit: fn(&mut LexImageResponseCard)| {
        let mut card = LexImageResponseCard {
            title: "Ferry".into(),
            ..LexImageResponseCard::default()
        };
        edit(&mut card);
        LexMessage::card(card)
    };
    let buttons = |count: usize, length: usize| {
        let text = "b".repeat(length);
        let button = LexButton {
            text: text.as_str().into(),
            value: "b".into(),
        };
        LexMessage::card(LexImageResponseCard {
            title: "Ferry".into(),
            buttons: Some(vec![button; count]).into(),
            ..LexImageResponseCard::default()
        })
    };
    refused(answer().elicit_slot("Cabin"), SLOT);
    refused(answer().elicit_slot(""), SLOT);
    refused(answer().elicit_intent(), ASK);
    refused(answer().confirm_intent(), ASK);
    refused(answer().intent("").close(Closing::Failed), INTENT);
    for (message, rule) in [
        (text(1024), ""),
        (text(1025), MESSAGE),
        (text(0), MESSAGE),
        (LexMessage::custom(""), MESSAGE),
        (card(|_| ()), ""),
        (card(|card| card.title = "".into()), CARD),
        (card(|card| card.title = "t".repeat(251).into()), CARD),
        (
            card(|card| card.subtitle = Some("t".repeat(251).into()).into()),
            CARD,
        ),
        (
            card(|card| card.image_url = Some("t".repeat(251).into()).into()),
            CARD,
        ),
        (buttons(5, 50), ""),
        (buttons(6, 50), BUTTON),
        (buttons(1, 51), BUTTON),
        (buttons(1, 0), BUTTON),
    ] {
        refused(answer().say(message).delegate(), rule);
    }
    let say = |count| (0..count).fold(answer(), |answer, _| answer.say(text(1)));
    refused(say(10).delegate(), "");
    refused(say(11).delegate(), MESSAGES);
    for (seconds, turns, rule) in [
        (Some(5), Some(1), ""),
        (Some(86_400), Some(20), ""),
        (Some(5), None, ""),
        (None, Some(20), ""),
        (Some(4), Some(1), CONTEXT),
        (Some(86_401), None, CONTEXT),
        (Some(5), Some(0), CONTEXT),
        (None, Some(21), CONTEXT),
        (None, None, CONTEXT),
    ] {
        refused(
            answer().context(context("x", seconds, turns)).delegate(),
            rule,
        );
    }
    let contexts = |count: usize| {
        let names = (0..count).map(|index| index.to_string());
        names.fold(answer(), |answer, name| {
            answer.context(context(&name, 60, 1))
        })
    };
    refused(contexts(20).delegate(), "");
    refused(contexts(21).delegate(), CONTEXT);
    // 9,216 bytes are 12 KB as base64; `{"a":""}` has eight.
    refused(answer().attribute("a", "x".repeat(9208)).delegate(), "");
    refused(
        answer().attribute("a", "x".repeat(9209)).delegate(),
        ATTRIBUTES,
    );
    refused(
        answer()
            .request_attribute("a", "x".repeat(49_000))
            .delegate(),
        "",
    );
    refused(
        answer()
            .request_attribute("a", "x".repeat(51_200))
            .delegate(),
        SIZE,
    );
}

#[test]
fn what_is_put_together_by_hand_is_checked() {
    for (sample, pointer, value, rule) in [
        (
            "response-close",
            "/sessionState/dialogAction",
            Value::Null,
            STEP,
        ),
        (
            "response-close",
            "/sessionState/dialogAction/type",
            json!("None"),
            STEP,
        ),
        (
            "response-close",
            "/sessionState/dialogAction/type",
            json!("Fulfil"),
            STEP,
        ),
        (
            "response-close",
            "/sessionState/intent",
            Value::Null,
            INTENT,
        ),
        (
            "response-close",
            "/sessionState/intent/state",
            Value::Null,
            CLOSE,
        ),
        (
            "response-close",
            "/sessionState/intent/state",
            json!("Waiting"),
            CLOSE,
        ),
        (
            "response-close",
            "/sessionState/dialogAction/slotToElicit",
            json!("Port"),
            SLOT,
        ),
        (
            "response-elicit-slot",
            "/sessionState/dialogAction/slotToElicit",
            Value::Null,
            SLOT,
        ),
        (
            "response-elicit-slot",
            "/sessionState/intent",
            Value::Null,
            INTENT,
        ),
        (
            "response-confirm-intent",
            "/sessionState/intent",
            Value::Null,
            INTENT,
        ),
        (
            "response-confirm-intent",
            "/sessionState/intent/slots",
            Value::Null,
            SLOTS,
        ),
        ("response-confirm-intent", "/messages", json!([]), ASK),
        ("response-elicit-intent", "/messages", Value::Null, ASK),
        (
            "response-close",
            "/messages/0/contentType",
            json!("Markdown"),
            MESSAGE,
        ),
        (
            "response-close",
            "/messages/0/contentType",
            json!("ImageResponseCard"),
            MESSAGE,
        ),
        (
            "response-close",
            "/messages/0/content",
            Value::Null,
            MESSAGE,
        ),
        (
            "response-close",
            "/messages/0/imageResponseCard",
            json!({ "title": "x" }),
            MESSAGE,
        ),
        ("response-delegate", "/sessionState/intent", Value::Null, ""),
        ("response-elicit-slot", "/messages", Value::Null, ""),
    ] {
        let document = edited(sample, pointer, value);
        let response: LexResponse = Json::from(document).decode().unwrap();
        refused(response.check(), rule);
    }
}

#[test]
fn rules_of_version_1() {
    const STEP: &str = "an answer is Close, ConfirmIntent, Delegate, ElicitIntent or ElicitSlot";
    const MEMBERS: &str = "a step has the members it needs, and no others";
    const CLOSE: &str = "a closed intent is Fulfilled or Failed";
    const SLOT: &str = "ElicitSlot names a slot of the intent";
    const MESSAGE: &str = "a message is PlainText, SSML or CustomPayload, and has a text";
    const CARD: &str = "a response card is generic and has at most 10 cards of at most 5 buttons";
    const BUTTON: &str = "a button has a text of 1 to 15 characters and a value of 1 to 1,000";
    const RECENT: &str = "at most 3 intents are recent";
    const SIZE: &str = "an answer has at most 25 KB as JSON";

    let json = SERVICE.sample("v1-dialog").unwrap().json;
    let event: LexV1Event = serde_json::from_str(json).unwrap();
    let answer = || event.answer();
    refused(
        answer().slot("Sailing", "08:40").clear("Port").delegate(),
        "",
    );
    refused(answer().close(Closing::InProgress), CLOSE);
    refused(answer().elicit_slot("Cabin"), SLOT);
    refused(answer().say("Hello.").delegate(), MEMBERS);
    refused(answer().say("").elicit_intent(), MESSAGE);
    refused(
        answer()
            .message(LexContentType::ImageResponseCard, "x")
            .elicit_intent(),
        MESSAGE,
    );
    refused(
        answer().attribute("a", "x".repeat(9300)).delegate(),
        ATTRIBUTES,
    );
    refused(answer().say("x".repeat(25_500)).elicit_intent(), SIZE);

    let card = "/dialogAction/responseCard";
    let button = |text: usize, value: usize| json!([{ "buttons": [{ "text": "t".repeat(text), "value": "v".repeat(value) }] }]);
    let buttons = json!([{ "buttons": vec![json!({ "text": "t", "value": "v" }); 6] }]);
    for (sample, pointer, value, rule) in [
        ("close", "/dialogAction/type", json!("None"), STEP),
        (
            "close",
            "/dialogAction/fulfillmentState",
            Value::Null,
            MEMBERS,
        ),
        (
            "close",
            "/dialogAction/fulfillmentState",
            json!("Done"),
            CLOSE,
        ),
        ("close", "/dialogAction/slots", json!({}), MEMBERS),
        (
            "confirm-intent",
            "/dialogAction/intentName",
            Value::Null,
            MEMBERS,
        ),
        (
            "confirm-intent",
            "/dialogAction/slots",
            Value::Null,
            MEMBERS,
        ),
        (
            "elicit-slot",
            "/dialogAction/slotToElicit",
            Value::Null,
            MEMBERS,
        ),
        (
            "elicit-intent",
            "/dialogAction/kendraQueryFilterString",
            json!("{}"),
            MEMBERS,
        ),
        (
            "elicit-intent",
            "/recentIntentSummaryView",
            json!([{}, {}, {}, {}]),
            RECENT,
        ),
        (
            "confirm-intent",
            &format!("{card}/contentType"),
            json!("image/png"),
            CARD,
        ),
        (
            "confirm-intent",
            &format!("{card}/genericAttachments"),
            json!(vec![json!({}); 11]),
            CARD,
        ),
        (
            "confirm-intent",
            &format!("{card}/genericAttachments"),
            buttons,
            CARD,
        ),
        (
            "confirm-intent",
            &format!("{card}/genericAttachments"),
            button(15, 1000),
            "",
        ),
        (
            "confirm-intent",
            &format!("{card}/genericAttachments"),
            button(16, 1),
            BUTTON,
        ),
        (
            "confirm-intent",
            &format!("{card}/genericAttachments"),
            button(1, 1001),
            BUTTON,
        ),
    ] {
        let document = edited(&format!("v1-response-{sample}"), pointer, value);
        let response: LexV1Response = Json::from(document).decode().unwrap();
        refused(response.check(), rule);
    }
}

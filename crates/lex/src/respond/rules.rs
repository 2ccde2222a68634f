//! What Amazon Lex V2 asks of an answer.

use lambda_with::{Error, ErrorKind, Json, Nullable};
use serde::Serialize;

use crate::{
    LexActiveContext, LexContentType, LexDialogAction, LexDialogActionType, LexImageResponseCard,
    LexIntent, LexIntentState, LexMessage, LexResponse,
};

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

const MAX_ANSWER: usize = 50 * 1024;
const MAX_ATTRIBUTES: usize = 12 * 1024;

impl LexResponse {
    /// Whether Amazon Lex takes this answer. What [`Answer`](crate::Answer) builds passes; an answer
    /// put together by hand may not.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn check(&self) -> Result<(), Error> {
        let state = &self.session_state;
        let Some(action) = state.dialog_action.as_ref() else {
            return Err(invalid(STEP, "the session state has no dialog action"));
        };
        let messages = self.messages.as_ref().map_or(&[][..], Vec::as_slice);
        step(action, state.intent.as_ref(), messages)?;
        at_most(MESSAGES, messages.len(), 10)?;
        for (index, message) in messages.iter().enumerate() {
            check_message(message).map_err(|e| e.with("path", format!("messages[{index}]")))?;
        }
        let contexts = state.active_contexts.as_ref();
        check_contexts(contexts.map_or(&[][..], Vec::as_slice))?;
        if let Some(attributes) = state.session_attributes.as_ref() {
            check_attributes(ATTRIBUTES, attributes)?;
        }
        at_most(SIZE, json_bytes(self)?, MAX_ANSWER)
    }
}

pub(super) fn invalid(rule: &'static str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message).with("rule", rule)
}

pub(super) fn at_most(rule: &'static str, count: usize, most: usize) -> Result<(), Error> {
    if count <= most {
        return Ok(());
    }
    let message = format!("{count} is more than {most}");
    Err(Error::new(ErrorKind::Limit, message).with("rule", rule))
}

/// Whether a text has as many characters.
pub(super) fn length(
    rule: &'static str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<(), Error> {
    if text.chars().count() < least {
        return Err(invalid(rule, "a text is empty"));
    }
    at_most(rule, text.chars().count(), most)
}

pub(super) fn json_bytes(value: &impl Serialize) -> Result<usize, Error> {
    Ok(Json::encode(value)?.as_str().len())
}

pub(super) fn check_attributes(
    rule: &'static str,
    attributes: &impl Serialize,
) -> Result<(), Error> {
    at_most(
        rule,
        json_bytes(attributes)?.div_ceil(3) * 4,
        MAX_ATTRIBUTES,
    )
}

fn step(
    action: &LexDialogAction,
    intent: Option<&LexIntent>,
    messages: &[LexMessage],
) -> Result<(), Error> {
    use LexDialogActionType as Type;

    let slot = action.slot_to_elicit.as_deref();
    let named = intent.filter(|intent| !intent.name.is_empty());
    let named = named.ok_or_else(|| invalid(INTENT, "no intent is named"));
    match &action.r#type {
        Type::None | Type::Other(_) => {
            let message = format!("`{}` is no step of an answer", action.r#type.as_str());
            return Err(invalid(STEP, message));
        }
        Type::ElicitSlot => {
            let slot = slot.filter(|slot| !slot.is_empty());
            let slot = slot.ok_or_else(|| invalid(SLOT, "no slot is named"))?;
            // An intent gone over to has no slots here: Amazon Lex knows them.
            let slots = named?.slots.as_ref().filter(|slots| !slots.is_empty());
            if slots.is_some_and(|slots| !slots.contains(slot)) {
                return Err(invalid(SLOT, format!("the intent has no slot `{slot}`")));
            }
        }
        _ if slot.is_some() || action.sub_slot_to_elicit.as_ref().is_some() => {
            return Err(invalid(SLOT, "a slot is named"));
        }
        Type::Close => match &named?.state {
            Some(
                LexIntentState::Fulfilled | LexIntentState::Failed | LexIntentState::InProgress,
            ) => {}
            Some(other) => return Err(invalid(CLOSE, format!("it is {}", other.as_str()))),
            None => return Err(invalid(CLOSE, "it has no state")),
        },
        Type::ConfirmIntent if named?.slots.as_ref().is_none() => {
            return Err(invalid(SLOTS, "the intent has no slots"));
        }
        Type::ConfirmIntent | Type::ElicitIntent if messages.is_empty() => {
            return Err(invalid(ASK, "there is no message"));
        }
        Type::ConfirmIntent | Type::ElicitIntent | Type::Delegate => {}
    }
    Ok(())
}

fn check_message(message: &LexMessage) -> Result<(), Error> {
    let text = message.content.as_deref();
    match (
        &message.content_type,
        text,
        message.image_response_card.as_ref(),
    ) {
        (LexContentType::Other(other), ..) => {
            Err(invalid(MESSAGE, format!("`{other}` is no kind of message")))
        }
        (LexContentType::ImageResponseCard, None, Some(card)) => check_card(card),
        (LexContentType::ImageResponseCard, ..) => Err(invalid(MESSAGE, "a card has a card alone")),
        (_, Some(text), None) => length(MESSAGE, text, 1, 1024),
        _ => Err(invalid(MESSAGE, "a text has a text alone")),
    }
}

fn check_card(card: &LexImageResponseCard) -> Result<(), Error> {
    length(CARD, &card.title, 1, 250)?;
    for text in [&card.subtitle, &card.image_url] {
        if let Nullable::Value(text) = text {
            length(CARD, text, 1, 250)?;
        }
    }
    let buttons = card.buttons.as_ref().map_or(&[][..], Vec::as_slice);
    at_most(BUTTON, buttons.len(), 5)?;
    for button in buttons {
        length(BUTTON, &button.text, 1, 50)?;
        length(BUTTON, &button.value, 1, 50)?;
    }
    Ok(())
}

fn check_contexts(contexts: &[LexActiveContext]) -> Result<(), Error> {
    at_most(CONTEXT, contexts.len(), 20)?;
    for context in contexts {
        let time = &context.time_to_live;
        let (seconds, turns) = (time.time_to_live_in_seconds, time.turns_to_live);
        let what = match (seconds, turns) {
            (None, None) => "for no time".to_owned(),
            (Some(seconds), _) if !(5..=86_400).contains(&seconds) => format!("{seconds} seconds"),
            (_, Some(turns)) if !(1..=20).contains(&turns) => format!("{turns} turns"),
            _ => continue,
        };
        return Err(invalid(CONTEXT, format!("`{}` holds {what}", context.name)));
    }
    Ok(())
}

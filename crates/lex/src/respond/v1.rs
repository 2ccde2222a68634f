//! The answer to version 1, of which each step takes members of its own.

use lambda_with::{Error, Map, Nullable, Text};

use super::Closing;
use super::rules::{at_most, check_attributes, invalid, json_bytes, length};
use crate::{
    LexContentType, LexDialogActionType, LexV1DialogAction, LexV1Event, LexV1Message,
    LexV1Response, LexV1ResponseCard,
};

const STEP: &str = "an answer is Close, ConfirmIntent, Delegate, ElicitIntent or ElicitSlot";
const MEMBERS: &str = "a step has the members it needs, and no others";
const CLOSE: &str = "a closed intent is Fulfilled or Failed";
const SLOT: &str = "ElicitSlot names a slot of the intent";
const MESSAGE: &str = "a message is PlainText, SSML or CustomPayload, and has a text";
const CARD: &str = "a response card is generic and has at most 10 cards of at most 5 buttons";
const BUTTON: &str = "a button has a text of 1 to 15 characters and a value of 1 to 1,000";
const RECENT: &str = "at most 3 intents are recent";
const SIZE: &str = "an answer has at most 25 KB as JSON";
const ATTRIBUTES: &str = "session attributes have at most 12 KB as base64";

const GENERIC: &str = "application/vnd.amazonaws.card.generic";
const MAX_ANSWER: usize = 25 * 1024;

/// The answer to an event of V1 in the making.
///
/// ```
/// use lambda_with_lex::{LexV1Event, SERVICE};
///
/// let json = SERVICE.sample("v1-dialog").ok_or("no such sample")?.json;
/// let event: LexV1Event = lambda_with::decode(json)?;
/// let response = event.answer().say("When would you like to sail?").elicit_slot("Sailing")?;
/// assert_eq!(response.dialog_action.intent_name.as_deref(), Some("BookFerry"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Session attributes go back as they came unless changed. One of `delegate`, `elicit_slot`,
/// `elicit_intent`, `confirm_intent` and `close` ends it, and checks it.
#[derive(Clone, Debug)]
#[must_use = "an answer is made by its last step"]
pub struct V1Answer {
    session_attributes: Nullable<Map<Text>>,
    intent: Text,
    slots: Map<Option<Text>>,
    message: Option<LexV1Message>,
    card: Option<LexV1ResponseCard>,
}

impl LexV1Event {
    /// An answer that begins where the conversation stands.
    pub fn answer(&self) -> V1Answer {
        let slots = self.current_intent.slots.as_ref();
        let attributes = self.session_attributes.as_ref();
        V1Answer {
            session_attributes: attributes.cloned().into(),
            intent: self.current_intent.name.clone(),
            slots: slots.cloned().unwrap_or_default(),
            message: None,
            card: None,
        }
    }
}

impl V1Answer {
    /// Remembers a text for the rest of the conversation.
    pub fn attribute(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        super::insert(&mut self.session_attributes, name, value.into());
        self
    }

    /// Fills a slot.
    pub fn slot(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.slots.insert(name, Some(value.into()));
        self
    }

    /// Empties a slot, so that it is asked for again.
    pub fn clear(mut self, name: impl Into<Text>) -> Self {
        self.slots.insert(name, None);
        self
    }

    /// Tells the user a text.
    pub fn say(self, content: impl Into<Text>) -> Self {
        self.message(LexContentType::PlainText, content)
    }

    /// Tells the user something: `PlainText`, `SSML` or `CustomPayload`.
    pub fn message(mut self, content_type: LexContentType, content: impl Into<Text>) -> Self {
        self.message = Some(LexV1Message {
            content_type,
            content: content.into(),
        });
        self
    }

    /// Shows the user cards.
    pub fn card(mut self, card: LexV1ResponseCard) -> Self {
        self.card = Some(card);
        self
    }

    /// Lets the bot go on by itself. Nothing is said then.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn delegate(self) -> Result<LexV1Response, Error> {
        self.finish(|answer| LexV1DialogAction {
            slots: Some(answer.slots.clone()),
            ..step(LexDialogActionType::Delegate)
        })
    }

    /// Asks for a slot of the intent.
    ///
    /// # Errors
    ///
    /// When the intent has no such slot, or a rule is broken: the error names it as `rule`.
    pub fn elicit_slot(self, slot: impl Into<Text>) -> Result<LexV1Response, Error> {
        self.finish(|answer| LexV1DialogAction {
            intent_name: Some(answer.intent.clone()),
            slots: Some(answer.slots.clone()),
            slot_to_elicit: Some(slot.into()),
            ..step(LexDialogActionType::ElicitSlot)
        })
    }

    /// Asks what the user wants.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn elicit_intent(self) -> Result<LexV1Response, Error> {
        self.finish(|_| step(LexDialogActionType::ElicitIntent))
    }

    /// Asks yes or no.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn confirm_intent(self) -> Result<LexV1Response, Error> {
        self.finish(|answer| LexV1DialogAction {
            intent_name: Some(answer.intent.clone()),
            slots: Some(answer.slots.clone()),
            ..step(LexDialogActionType::ConfirmIntent)
        })
    }

    /// Ends the intent.
    ///
    /// # Errors
    ///
    /// When it is to be in progress, or another rule is broken: the error names it as `rule`.
    pub fn close(self, closing: Closing) -> Result<LexV1Response, Error> {
        let state = match closing {
            Closing::Fulfilled => "Fulfilled",
            Closing::Failed => "Failed",
            Closing::InProgress => "InProgress",
        };
        self.finish(|_| LexV1DialogAction {
            fulfillment_state: Some(Text::from_static(state)),
            ..step(LexDialogActionType::Close)
        })
    }

    fn finish(
        self,
        action: impl FnOnce(&Self) -> LexV1DialogAction,
    ) -> Result<LexV1Response, Error> {
        let mut dialog_action = action(&self);
        dialog_action.message = self.message;
        dialog_action.response_card = self.card;
        let response = LexV1Response {
            session_attributes: self.session_attributes,
            dialog_action,
            ..LexV1Response::default()
        };
        response.check()?;
        Ok(response)
    }
}

impl LexV1Response {
    /// Whether Amazon Lex took this answer.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn check(&self) -> Result<(), Error> {
        let action = &self.dialog_action;
        members(action)?;
        if let Some(message) = &action.message {
            if matches!(
                message.content_type,
                LexContentType::ImageResponseCard | LexContentType::Other(_)
            ) {
                let message = format!("it is `{}`", message.content_type.as_str());
                return Err(invalid(MESSAGE, message));
            }
            length(MESSAGE, &message.content, 1, MAX_ANSWER)?;
        }
        if let Some(card) = &action.response_card {
            check_card(card)?;
        }
        let recent = self.recent_intent_summary_view.as_ref();
        at_most(RECENT, recent.map_or(0, Vec::len), 3)?;
        if let Some(attributes) = self.session_attributes.as_ref() {
            check_attributes(ATTRIBUTES, attributes)?;
        }
        at_most(SIZE, json_bytes(self)?, MAX_ANSWER)
    }
}

fn step(r#type: LexDialogActionType) -> LexV1DialogAction {
    LexV1DialogAction {
        r#type,
        ..LexV1DialogAction::default()
    }
}

fn members(action: &LexV1DialogAction) -> Result<(), Error> {
    use LexDialogActionType as Type;

    let kendra = action.kendra_query_request_payload.is_some()
        || action.kendra_query_filter_string.is_some();
    let speaks = action.message.is_some() || action.response_card.is_some();
    // What a step needs, and what it may have besides.
    let (needs, may): (&[&str], &[&str]) = match &action.r#type {
        Type::Close => (&["fulfillmentState"], &["message"]),
        Type::ConfirmIntent => (&["intentName", "slots"], &["message"]),
        Type::Delegate => (&["slots"], &["kendra"]),
        Type::ElicitIntent => (&[], &["message"]),
        Type::ElicitSlot => (&["intentName", "slots", "slotToElicit"], &["message"]),
        other => {
            let message = format!("`{}` is no step of an answer", other.as_str());
            return Err(invalid(STEP, message));
        }
    };
    for (name, there) in [
        ("fulfillmentState", action.fulfillment_state.is_some()),
        ("intentName", action.intent_name.is_some()),
        ("kendra", kendra),
        ("message", speaks),
        ("slotToElicit", action.slot_to_elicit.is_some()),
        ("slots", action.slots.is_some()),
    ] {
        let r#type = action.r#type.as_str();
        if !there && needs.contains(&name) {
            return Err(invalid(MEMBERS, format!("{type} has no `{name}`")));
        }
        if there && !needs.contains(&name) && !may.contains(&name) {
            return Err(invalid(MEMBERS, format!("{type} has `{name}`")));
        }
    }
    match action.fulfillment_state.as_deref() {
        None | Some("Fulfilled" | "Failed") => {}
        Some(other) => return Err(invalid(CLOSE, format!("it is `{other}`"))),
    }
    match (&action.slot_to_elicit, &action.slots) {
        (Some(slot), Some(slots)) if !slots.contains(slot) => {
            Err(invalid(SLOT, format!("the intent has no slot `{slot}`")))
        }
        _ => Ok(()),
    }
}

fn check_card(card: &LexV1ResponseCard) -> Result<(), Error> {
    if card.content_type != GENERIC {
        return Err(invalid(CARD, format!("it is `{}`", card.content_type)));
    }
    let cards = card.generic_attachments.as_deref().unwrap_or_default();
    at_most(CARD, cards.len(), 10)?;
    for card in cards {
        let buttons = card.buttons.as_deref().unwrap_or_default();
        at_most(CARD, buttons.len(), 5)?;
        for button in buttons {
            length(BUTTON, &button.text, 1, 15)?;
            length(BUTTON, &button.value, 1, 1000)?;
        }
    }
    Ok(())
}

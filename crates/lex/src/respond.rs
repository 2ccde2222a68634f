//! Building the answer to a turn of a conversation: one of five steps, each with what it needs.

mod rules;
mod v1;

use lambda_with::{Error, Map, Nullable, Text};

pub use self::v1::V1Answer;
use crate::{
    LexActiveContext, LexConfirmationState, LexContentType, LexDialogAction, LexDialogActionType,
    LexElicitationStyle, LexEvent, LexImageResponseCard, LexIntent, LexIntentState, LexMessage,
    LexResponse, LexSessionState, LexSlot, LexSlotShape, LexSlotValue, LexSubSlot,
};

/// The answer to an event of V2 in the making. It begins with the event's own session state: what
/// is not changed goes back as it came.
///
/// ```
/// use lambda_with_lex::{Closing, LexEvent, LexMessage, SERVICE};
///
/// let json = SERVICE.sample("fulfillment").ok_or("no such sample")?.json;
/// let event: LexEvent = lambda_with::decode(json)?;
/// let response = event
///     .answer()
///     .attribute("ticket", "T-118")
///     .say(LexMessage::text("Booked."))
///     .close(Closing::Fulfilled)?;
/// # let _ = response;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// One of `delegate`, `elicit_slot`, `elicit_sub_slot`, `elicit_intent`, `confirm_intent` and
/// `close` ends it. Each checks the answer as [`LexResponse::check`] does.
#[derive(Clone, Debug)]
#[must_use = "an answer is made by its last step"]
pub struct Answer {
    state: LexSessionState,
    style: Option<LexElicitationStyle>,
    messages: Vec<LexMessage>,
    request_attributes: Nullable<Map<Text>>,
}

/// How an intent ends, or goes on for a while.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Closing {
    /// It is done.
    Fulfilled,
    /// It cannot be done.
    Failed,
    /// It goes on elsewhere; the conversation does not wait. Version 1 has no such state.
    InProgress,
}

impl LexEvent {
    /// An answer that begins where the conversation stands.
    pub fn answer(&self) -> Answer {
        let from = &self.session_state;
        let intent = self.intent().map(|intent| LexIntent {
            name: intent.name.clone(),
            slots: intent.slots.clone(),
            state: intent.state.clone(),
            confirmation_state: intent.confirmation_state.clone(),
            ..LexIntent::default()
        });
        Answer {
            state: LexSessionState {
                session_attributes: from.session_attributes.clone(),
                active_contexts: from.active_contexts.clone(),
                runtime_hints: from.runtime_hints.clone(),
                intent: intent.into(),
                originating_request_id: from.originating_request_id.clone(),
                ..LexSessionState::default()
            },
            style: None,
            messages: Vec::new(),
            request_attributes: Nullable::Missing,
        }
    }
}

impl Answer {
    /// Remembers a text for the rest of the conversation.
    pub fn attribute(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        insert(&mut self.state.session_attributes, name, value.into());
        self
    }

    /// Remembers it no longer.
    pub fn forget(mut self, name: &str) -> Self {
        if let Nullable::Value(attributes) = &mut self.state.session_attributes {
            attributes.remove(name);
        }
        self
    }

    /// Tells the client something of this request alone.
    pub fn request_attribute(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        insert(&mut self.request_attributes, name, value.into());
        self
    }

    /// Makes a context hold, in place of one of the same name.
    pub fn context(mut self, context: LexActiveContext) -> Self {
        let contexts = std::mem::take(&mut self.state.active_contexts).into_option();
        let mut contexts = contexts.unwrap_or_default();
        contexts.retain(|other| other.name != context.name);
        contexts.push(context);
        self.state.active_contexts = Nullable::Value(contexts);
        self
    }

    /// Goes over to another intent, with none of its slots known.
    pub fn intent(mut self, name: impl Into<Text>) -> Self {
        self.state.intent = Nullable::Value(LexIntent {
            name: name.into(),
            slots: Nullable::Value(Map::new()),
            state: Some(LexIntentState::InProgress),
            ..LexIntent::default()
        });
        self
    }

    /// Fills a slot with one value.
    pub fn slot(self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        let value = value.into();
        let slot = LexSlot {
            shape: Some(LexSlotShape::Scalar),
            value: Nullable::Value(LexSlotValue {
                original_value: Nullable::Value(value.clone()),
                resolved_values: Nullable::Value(vec![value.clone()]),
                interpreted_value: Nullable::Value(value),
            }),
            ..LexSlot::default()
        };
        self.set(name.into(), Some(slot))
    }

    /// Empties a slot, so that it is asked for again.
    pub fn clear(self, name: impl Into<Text>) -> Self {
        self.set(name.into(), None)
    }

    /// Sets or empties a slot of any shape.
    pub fn set(mut self, name: Text, slot: Option<LexSlot>) -> Self {
        if let Nullable::Value(intent) = &mut self.state.intent {
            insert(&mut intent.slots, name, slot);
        }
        self
    }

    /// Tells the user something, after what was said before.
    pub fn say(mut self, message: LexMessage) -> Self {
        self.messages.push(message);
        self
    }

    /// How the user is to say the slot that is asked for.
    pub fn style(mut self, style: LexElicitationStyle) -> Self {
        self.style = Some(style);
        self
    }

    /// Lets the bot go on by itself.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn delegate(self) -> Result<LexResponse, Error> {
        self.finish(LexDialogActionType::Delegate, None, None)
    }

    /// Asks for a slot of the intent, with the bot's own words unless there are messages.
    ///
    /// # Errors
    ///
    /// When the intent has no such slot, or a rule is broken: the error names it as `rule`.
    pub fn elicit_slot(mut self, slot: impl Into<Text>) -> Result<LexResponse, Error> {
        self.state(LexIntentState::InProgress);
        self.finish(LexDialogActionType::ElicitSlot, Some(slot.into()), None)
    }

    /// Asks for a part of a composite slot.
    ///
    /// # Errors
    ///
    /// As for [`elicit_slot`](Self::elicit_slot).
    pub fn elicit_sub_slot(
        mut self,
        slot: impl Into<Text>,
        part: impl Into<Text>,
    ) -> Result<LexResponse, Error> {
        self.state(LexIntentState::InProgress);
        let part = LexSubSlot {
            name: part.into(),
            ..LexSubSlot::default()
        };
        let slot = Some(slot.into());
        self.finish(LexDialogActionType::ElicitSlot, slot, Some(part))
    }

    /// Asks what the user wants, in the words of the messages.
    ///
    /// # Errors
    ///
    /// When nothing is said, or another rule is broken: the error names it as `rule`.
    pub fn elicit_intent(mut self) -> Result<LexResponse, Error> {
        self.state.intent = Nullable::Missing;
        self.finish(LexDialogActionType::ElicitIntent, None, None)
    }

    /// Asks yes or no, in the words of the messages.
    ///
    /// # Errors
    ///
    /// When nothing is said, or another rule is broken: the error names it as `rule`.
    pub fn confirm_intent(mut self) -> Result<LexResponse, Error> {
        self.state(LexIntentState::InProgress);
        if let Nullable::Value(intent) = &mut self.state.intent {
            intent.confirmation_state = Some(LexConfirmationState::None);
        }
        self.finish(LexDialogActionType::ConfirmIntent, None, None)
    }

    /// Ends the intent.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn close(mut self, closing: Closing) -> Result<LexResponse, Error> {
        self.state(match closing {
            Closing::Fulfilled => LexIntentState::Fulfilled,
            Closing::Failed => LexIntentState::Failed,
            Closing::InProgress => LexIntentState::InProgress,
        });
        self.finish(LexDialogActionType::Close, None, None)
    }

    fn state(&mut self, state: LexIntentState) {
        if let Nullable::Value(intent) = &mut self.state.intent {
            intent.state = Some(state);
        }
    }

    fn finish(
        mut self,
        r#type: LexDialogActionType,
        slot: Option<Text>,
        part: Option<LexSubSlot>,
    ) -> Result<LexResponse, Error> {
        self.state.dialog_action = Nullable::Value(LexDialogAction {
            r#type,
            slot_elicitation_style: self.style.filter(|_| slot.is_some()),
            slot_to_elicit: slot.into(),
            sub_slot_to_elicit: part.into(),
        });
        let messages = Some(self.messages).filter(|messages| !messages.is_empty());
        let response = LexResponse {
            session_state: self.state,
            messages: messages.into(),
            request_attributes: self.request_attributes,
        };
        response.check()?;
        Ok(response)
    }
}

impl LexMessage {
    /// A text.
    pub fn text(content: impl Into<Text>) -> Self {
        Self::of(LexContentType::PlainText, content.into())
    }

    /// A text with marks for how it is spoken, `<speak>…</speak>`.
    pub fn ssml(content: impl Into<Text>) -> Self {
        Self::of(LexContentType::Ssml, content.into())
    }

    /// A text for the client, in its own form.
    pub fn custom(content: impl Into<Text>) -> Self {
        Self::of(LexContentType::CustomPayload, content.into())
    }

    /// A card with a picture and buttons.
    #[must_use]
    pub fn card(card: LexImageResponseCard) -> Self {
        Self {
            content_type: LexContentType::ImageResponseCard,
            content: Nullable::Missing,
            image_response_card: Nullable::Value(card),
        }
    }

    fn of(content_type: LexContentType, content: Text) -> Self {
        Self {
            content_type,
            content: Nullable::Value(content),
            image_response_card: Nullable::Missing,
        }
    }
}

fn insert<V>(map: &mut Nullable<Map<V>>, name: impl Into<Text>, value: V) {
    let mut members = std::mem::take(map).into_option().unwrap_or_default();
    members.insert(name, value);
    *map = Nullable::Value(members);
}

//! Constructors of directives: each takes what its kind needs.

use lambda_with::{Error, Integer, Json, Map, Nullable, Text};
use serde::Serialize;

use crate::{
    AudioItem, AudioMetadata, AudioStream, ConnectionStatus, DynamicEntityType, Intent,
    PlayBehavior, SkillDirective, VideoItem,
};

impl SkillDirective {
    /// A directive of any interface by its type and members, such as
    /// `Alexa.Presentation.APL.RenderDocument`.
    ///
    /// ```
    /// use lambda_with_alexa::SkillDirective;
    /// use serde_json::json;
    ///
    /// let menu = json!({ "document": { "type": "Link", "src": "doc://alexa/apl/documents/menu" } });
    /// let menu = SkillDirective::of("Alexa.Presentation.APL.RenderDocument", &menu)?;
    /// assert!(menu.other.contains("document"));
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the members are not an object, or one that is known has another form.
    pub fn of(kind: impl Into<Text>, members: &impl Serialize) -> Result<Self, Error> {
        let mut object: Map<Json> = Json::encode(members)?.decode()?;
        object.insert("type", Json::encode(&kind.into())?);
        Json::encode(&object)?.decode()
    }

    /// Leaves the next step of the dialog to Alexa.
    #[must_use]
    pub fn delegate() -> Self {
        Self::new("Dialog.Delegate")
    }

    /// Asks for a slot, in the words of the answer's speech.
    pub fn elicit_slot(slot: impl Into<Text>) -> Self {
        Self {
            slot_to_elicit: Some(slot.into()),
            ..Self::new("Dialog.ElicitSlot")
        }
    }

    /// Asks whether a slot is right, in the words of the answer's speech.
    pub fn confirm_slot(slot: impl Into<Text>) -> Self {
        Self {
            slot_to_confirm: Some(slot.into()),
            ..Self::new("Dialog.ConfirmSlot")
        }
    }

    /// Asks whether all is right, in the words of the answer's speech.
    #[must_use]
    pub fn confirm_intent() -> Self {
        Self::new("Dialog.ConfirmIntent")
    }

    /// The same directive with another intent, or with slots filled in.
    #[must_use]
    pub fn with_intent(mut self, intent: Intent) -> Self {
        self.updated_intent = Some(intent);
        self
    }

    /// Gives slot types other values for this session.
    pub fn replace_entities(types: impl IntoIterator<Item = DynamicEntityType>) -> Self {
        Self {
            update_behavior: Some("REPLACE".into()),
            types: Some(types.into_iter().collect()),
            ..Self::new("Dialog.UpdateDynamicEntities")
        }
    }

    /// Takes the session's values of slot types away.
    #[must_use]
    pub fn clear_entities() -> Self {
        Self {
            update_behavior: Some("CLEAR".into()),
            ..Self::new("Dialog.UpdateDynamicEntities")
        }
    }

    /// Plays a stream now, and nothing after it.
    #[must_use]
    pub fn play(stream: AudioStream) -> Self {
        Self::audio(PlayBehavior::ReplaceAll, stream)
    }

    /// Plays a stream after the one with the token `previous`.
    pub fn enqueue(mut stream: AudioStream, previous: impl Into<Text>) -> Self {
        stream.expected_previous_token = Some(previous.into());
        Self::audio(PlayBehavior::Enqueue, stream)
    }

    /// The same stream with what a screen shows beside it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: AudioMetadata) -> Self {
        if let Some(item) = &mut self.audio_item {
            item.metadata = Some(metadata);
        }
        self
    }

    /// Stops what plays.
    #[must_use]
    pub fn stop() -> Self {
        Self::new("AudioPlayer.Stop")
    }

    /// Takes away what is to play; with `all` also what plays.
    #[must_use]
    pub fn clear_queue(all: bool) -> Self {
        let behavior = if all { "CLEAR_ALL" } else { "CLEAR_ENQUEUED" };
        Self {
            clear_behavior: Some(behavior.into()),
            ..Self::new("AudioPlayer.ClearQueue")
        }
    }

    /// Shows a video.
    pub fn launch_video(source: impl Into<Text>) -> Self {
        Self {
            video_item: Some(VideoItem {
                source: source.into(),
                metadata: None,
            }),
            ..Self::new("VideoApp.Launch")
        }
    }

    /// Asks another skill or Amazon for a task; the answer comes as `Connections.Response`.
    ///
    /// # Errors
    ///
    /// When the payload cannot be written as JSON.
    pub fn send_request(
        name: impl Into<Text>,
        payload: &impl Serialize,
        token: impl Into<Text>,
    ) -> Result<Self, Error> {
        Ok(Self {
            name: Some(name.into()),
            payload: Nullable::Value(Json::encode(payload)?),
            token: Some(token.into()),
            ..Self::new("Connections.SendRequest")
        })
    }

    /// Starts a task of another skill; the session goes on with `SessionResumedRequest`.
    ///
    /// # Errors
    ///
    /// When the input cannot be written as JSON.
    pub fn start_connection(
        uri: impl Into<Text>,
        input: &impl Serialize,
        token: impl Into<Text>,
    ) -> Result<Self, Error> {
        Ok(Self {
            uri: Some(uri.into()),
            input: Nullable::Value(Json::encode(input)?),
            on_completion: Some("RESUME_SESSION".into()),
            token: Some(token.into()),
            ..Self::new("Connections.StartConnection")
        })
    }

    /// Ends the task this skill was launched with.
    ///
    /// # Errors
    ///
    /// When the result cannot be written as JSON.
    pub fn complete_task(
        code: u16,
        message: impl Into<Text>,
        result: &impl Serialize,
    ) -> Result<Self, Error> {
        Ok(Self {
            status: Some(ConnectionStatus {
                code: Integer::from(i64::from(code)),
                message: Nullable::Value(message.into()),
            }),
            result: Nullable::Value(Json::encode(result)?),
            ..Self::new("Tasks.CompleteTask")
        })
    }

    fn audio(behavior: PlayBehavior, stream: AudioStream) -> Self {
        Self {
            play_behavior: Some(behavior),
            audio_item: Some(AudioItem {
                stream,
                metadata: None,
            }),
            ..Self::new("AudioPlayer.Play")
        }
    }

    fn new(kind: &'static str) -> Self {
        Self {
            kind: kind.into(),
            ..Self::default()
        }
    }
}

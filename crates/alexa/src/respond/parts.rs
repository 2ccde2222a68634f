//! Constructors of what an answer is made of.

use lambda_with::{Error, Json, Map, Rfc3339, Text};
use serde::Serialize;

use crate::{
    AudioStream, CanFulfill, CanFulfillIntent, CanFulfillSlot, Card, CardImage, CardType,
    DynamicEntity, DynamicEntityName, DynamicEntityType, OutputSpeech, SmartHomeProperty,
    SpeechType,
};

impl OutputSpeech {
    /// Text to be read out. A `&str` or `String` is made into the same.
    pub fn text(text: impl Into<Text>) -> Self {
        Self {
            kind: SpeechType::PlainText,
            text: Some(text.into()),
            ..Self::default()
        }
    }

    /// SSML: one `<speak>` element.
    pub fn ssml(ssml: impl Into<Text>) -> Self {
        Self {
            kind: SpeechType::Ssml,
            ssml: Some(ssml.into()),
            ..Self::default()
        }
    }
}

impl From<&str> for OutputSpeech {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for OutputSpeech {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl Card {
    /// A title and a text.
    pub fn simple(title: impl Into<Text>, content: impl Into<Text>) -> Self {
        Self {
            kind: CardType::Simple,
            title: Some(title.into()),
            content: Some(content.into()),
            ..Self::default()
        }
    }

    /// A title, a text and a picture in two sizes.
    pub fn standard(
        title: impl Into<Text>,
        text: impl Into<Text>,
        small_image_url: impl Into<Text>,
        large_image_url: impl Into<Text>,
    ) -> Self {
        Self {
            kind: CardType::Standard,
            title: Some(title.into()),
            text: Some(text.into()),
            image: Some(CardImage {
                small_image_url: Some(small_image_url.into()),
                large_image_url: Some(large_image_url.into()),
            }),
            ..Self::default()
        }
    }

    /// Asks the user to link an account.
    #[must_use]
    pub fn link_account() -> Self {
        Self {
            kind: CardType::LinkAccount,
            ..Self::default()
        }
    }

    /// Asks the user for permissions, such as `alexa::profile:email:read`.
    pub fn ask_for_permissions(names: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        Self {
            kind: CardType::AskForPermissionsConsent,
            permissions: Some(names.into_iter().map(Into::into).collect()),
            ..Self::default()
        }
    }
}

impl CanFulfillIntent {
    /// Whether the skill can fulfill the intent.
    #[must_use]
    pub fn new(can_fulfill: CanFulfill) -> Self {
        Self {
            can_fulfill,
            slots: None,
        }
    }

    /// Says of a slot whether the skill understands its value, and whether it can act on it.
    #[must_use]
    pub fn slot(mut self, name: &str, can_understand: CanFulfill, can_fulfill: bool) -> Self {
        let slot = CanFulfillSlot {
            can_understand,
            can_fulfill: Some(if can_fulfill {
                CanFulfill::Yes
            } else {
                CanFulfill::No
            }),
        };
        self.slots.get_or_insert_with(Map::new).insert(name, slot);
        self
    }
}

impl AudioStream {
    /// A stream from its beginning, with a token of the skill's own.
    pub fn new(url: impl Into<Text>, token: impl Into<Text>) -> Self {
        Self {
            url: url.into(),
            token: token.into(),
            ..Self::default()
        }
    }

    /// The same stream from another place, in milliseconds.
    #[must_use]
    pub fn from_offset(mut self, milliseconds: u64) -> Self {
        self.offset_in_milliseconds = milliseconds;
        self
    }
}

impl DynamicEntityType {
    /// A slot type with values by their ids and names.
    pub fn new(
        name: impl Into<Text>,
        values: impl IntoIterator<Item = (impl Into<Text>, impl Into<Text>)>,
    ) -> Self {
        Self {
            name: name.into(),
            values: values
                .into_iter()
                .map(|(id, value)| DynamicEntity {
                    id: Some(id.into()),
                    name: DynamicEntityName {
                        value: value.into(),
                        synonyms: None,
                    },
                })
                .collect(),
        }
    }
}

impl SmartHomeProperty {
    /// A property as it was at a time, exact to the millisecond.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
    pub fn new(
        namespace: impl Into<Text>,
        name: impl Into<Text>,
        value: &impl Serialize,
        time_of_sample: impl Into<Rfc3339>,
    ) -> Result<Self, Error> {
        Ok(Self {
            namespace: namespace.into(),
            name: name.into(),
            value: Json::encode(value)?,
            time_of_sample: time_of_sample.into(),
            ..Self::default()
        })
    }

    /// How far from that time it may have changed, in milliseconds.
    #[must_use]
    pub fn uncertainty(mut self, milliseconds: u64) -> Self {
        self.uncertainty_in_milliseconds = milliseconds;
        self
    }

    /// Which of several alike it is.
    #[must_use]
    pub fn instance(mut self, instance: impl Into<Text>) -> Self {
        self.instance = Some(instance.into());
        self
    }
}

//! What users ask of a request, and its members do not answer by themselves.

use lambda_with::{Error, ErrorKind, Json, Text, Timestamp};
use serde::de::DeserializeOwned;

use crate::{
    Intent, ProgressiveDirective, ProgressiveHeader, ProgressiveResponse, SkillRequest,
    SkillRequestType, SkillTime, Slot, SlotMatchValue, SlotResolutionCode, SlotResolutions,
    SmartHomeRequest,
};

impl SkillRequest {
    /// Whether the request is meant for this skill. The permission's token says the same; a function
    /// that several skills share must ask.
    ///
    /// ```
    /// use lambda_with::ErrorKind;
    /// use lambda_with_alexa::{SERVICE, SkillRequest};
    ///
    /// let json = SERVICE.sample("intent").ok_or("no such sample")?.json;
    /// let request: SkillRequest = lambda_with::decode(json)?;
    /// request.verify("amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666")?;
    /// let error = request.verify("amzn1.ask.skill.another").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Denied);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is meant for another skill.
    pub fn verify(&self, skill_id: &str) -> Result<(), Error> {
        let theirs = &self.context.system.application.application_id;
        if *theirs == skill_id {
            return Ok(());
        }
        let message = format!("the request is meant for skill `{theirs}`, not `{skill_id}`");
        Err(Error::new(ErrorKind::Denied, message))
    }

    /// The intent, where the request has one of this name.
    #[must_use]
    pub fn intent(&self, name: &str) -> Option<&Intent> {
        let intent = self.request.intent.as_ref();
        intent.filter(|intent| intent.name == name)
    }

    /// A slot of the intent.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&Slot> {
        self.request.intent.as_ref()?.slots.get(name)
    }

    /// What the last answer left in the session under this name.
    ///
    /// # Errors
    ///
    /// When it is not the JSON that `T` reads.
    pub fn attribute<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let session = self.session.as_ref();
        let value = session.and_then(|session| session.attributes.get(name));
        value
            .map(Json::decode)
            .transpose()
            .map_err(|error| error.with("attribute", name))
    }

    /// Whether the device can do this, such as `AudioPlayer`.
    #[must_use]
    pub fn supports(&self, interface: &str) -> bool {
        let device = self.context.system.device.as_ref();
        device.is_some_and(|device| device.supported_interfaces.get(interface).is_some())
    }

    /// What Alexa says while the skill works on its answer: the body of a `POST` to `/v1/directives`
    /// at `apiEndpoint`, with `apiAccessToken` as bearer token.
    ///
    /// ```
    /// use lambda_with_alexa::{SERVICE, SkillRequest};
    ///
    /// let json = SERVICE.sample("intent").ok_or("no such sample")?.json;
    /// let request: SkillRequest = lambda_with::decode(json)?;
    /// let body = request.progressive("<speak>Let me ask the kettle.</speak>")?;
    /// assert_eq!(body.directive.kind, "VoicePlayer.Speak");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the request is neither `LaunchRequest` nor `IntentRequest`, or the speech is not SSML.
    /// The error names the `rule`.
    pub fn progressive(&self, ssml: impl Into<Text>) -> Result<ProgressiveResponse, Error> {
        let kind = &self.request.kind;
        let speech = ssml.into();
        crate::respond::progressive(kind, &speech)?;
        Ok(ProgressiveResponse {
            header: ProgressiveHeader {
                request_id: self.request.request_id.clone(),
            },
            directive: ProgressiveDirective {
                kind: "VoicePlayer.Speak".into(),
                speech,
            },
        })
    }
}

impl SkillRequestType {
    /// Whether this comes from playback, which is answered with [`Playback`](crate::Playback).
    #[must_use]
    pub fn is_playback(&self) -> bool {
        let name = self.as_str();
        name.starts_with("AudioPlayer.") || name.starts_with("PlaybackController.")
    }

    /// Whether Alexa takes no answer: at the end of a session, after an exception, and for events
    /// outside of conversations. Answer with
    /// [`SkillResponse::nothing`](crate::SkillResponse::nothing).
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        const GROUPS: [&str; 5] = [
            "AlexaSkillEvent.",
            "AlexaHouseholdListEvent.",
            "Messaging.",
            "Reminders.",
            "Alexa.Authorization.",
        ];
        matches!(
            self,
            Self::SessionEndedRequest | Self::SystemExceptionEncountered
        ) || GROUPS.iter().any(|group| self.as_str().starts_with(group))
    }
}

impl SkillTime {
    /// The instant.
    ///
    /// # Errors
    ///
    /// When the text is no time.
    pub fn timestamp(&self) -> Result<Timestamp, Error> {
        match self {
            Self::Iso(text) => text.timestamp(),
            Self::Millis(millis) => millis.timestamp(),
        }
    }
}

impl Slot {
    /// All that the user said for the slot: one value, several, or none.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let list = self.slot_value.as_ref();
        let list = list.and_then(|value| value.values.as_ref());
        let several = list
            .into_iter()
            .flatten()
            .filter_map(|value| value.value.as_deref());
        self.value.as_deref().into_iter().chain(several)
    }

    /// What the value means: the best match of the first authority that knows it.
    ///
    /// ```
    /// use lambda_with_alexa::{SERVICE, SkillRequest};
    ///
    /// let json = SERVICE.sample("intent-dialog").ok_or("no such sample")?.json;
    /// let request: SkillRequest = lambda_with::decode(json)?;
    /// let size = request.slot("size").ok_or("no such slot")?;
    /// assert_eq!(size.value.as_deref(), Some("big"));
    /// assert_eq!(size.resolved().ok_or("no match")?.name, "large");
    /// assert_eq!(request.slot("tea").ok_or("no such slot")?.resolved(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resolved(&self) -> Option<&SlotMatchValue> {
        self.resolutions.as_ref()?.best()
    }
}

impl SlotResolutions {
    /// The best match of the first authority that has one.
    #[must_use]
    pub fn best(&self) -> Option<&SlotMatchValue> {
        let all = self.resolutions_per_authority.as_ref()?;
        let matching = all
            .iter()
            .filter(|found| found.status.code == SlotResolutionCode::ErSuccessMatch);
        let first = matching.filter_map(|found| found.values.as_ref()?.first());
        first.map(|found| &found.value).next()
    }
}

impl SmartHomeRequest {
    /// Whether this is the directive `name` of `namespace`.
    #[must_use]
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        let header = &self.directive.header;
        header.namespace == namespace && header.name == name
    }

    /// The token of the linked account, wherever the directive has it.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        let directive = &self.directive;
        let endpoint = directive.endpoint.as_ref();
        let scope = endpoint
            .and_then(|endpoint| endpoint.scope.as_ref())
            .or(directive.payload.scope.as_ref())
            .or(directive.payload.grantee.as_ref())?;
        Some(scope.token.as_str())
    }

    /// A member of the payload, such as `brightness`, read as JSON.
    ///
    /// ```
    /// use lambda_with_alexa::{SERVICE, SmartHomeRequest};
    ///
    /// let json = SERVICE.sample("set-brightness").ok_or("no such sample")?.json;
    /// let request: SmartHomeRequest = lambda_with::decode(json)?;
    /// assert_eq!(request.value::<u8>("brightness")?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is missing, or not the JSON that `T` reads.
    pub fn value<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let header = &self.directive.header;
        let value = self.directive.payload.other.get(name).ok_or_else(|| {
            let message = format!("{}.{} has no `{name}`", header.namespace, header.name);
            Error::new(ErrorKind::NotFound, message)
        })?;
        value.decode().map_err(|error| error.with("payload", name))
    }
}

//! Answers to conversations and to playback.

use lambda_with::{Error, Json, Map, Text};
use serde::Serialize;

use crate::{
    AudioStream, CanFulfillIntent, Card, OutputSpeech, Reprompt, SkillDirective, SkillRequest,
    SkillResponse, SkillResponseBody,
};

/// The answer to a request of a conversation, checked before it goes out.
///
/// ```
/// use lambda_with_alexa::{Card, Reply, SERVICE, SkillRequest};
///
/// let json = SERVICE.sample("intent").ok_or("no such sample")?.json;
/// let request: SkillRequest = lambda_with::decode(json)?;
/// let answer = Reply::say("One large tea, coming up.")
///     .card(Card::simple("Tea", "1 × large"))
///     .end()
///     .to(&request)?;
/// assert_eq!(answer.response.should_end_session, Some(true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Whether the conversation goes on is left to the device unless `ask`, `listen` or `end` says so;
/// the microphone stays closed then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    attributes: Map<Json>,
    response: SkillResponseBody,
}

/// The answer to a request of `AudioPlayer` or `PlaybackController`, which can hold directives for
/// playback and nothing else.
///
/// ```
/// use lambda_with_alexa::{AudioStream, Playback, SERVICE, SkillRequest};
///
/// let json = SERVICE.sample("playback-nearly-finished").ok_or("no such sample")?.json;
/// let request: SkillRequest = lambda_with::decode(json)?;
/// let next = AudioStream::new("https://example.com/cups.mp3", "track-8");
/// let answer = Playback::enqueue(next, "track-7").to(&request)?;
/// assert_eq!(answer.response.should_end_session, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Playback(Option<SkillDirective>);

impl Reply {
    /// Says something: a text, or SSML with [`OutputSpeech::ssml`].
    pub fn say(speech: impl Into<OutputSpeech>) -> Self {
        let mut reply = Self::default();
        reply.response.output_speech = Some(speech.into());
        reply
    }

    /// Says nothing, as where a directive says all.
    #[must_use]
    pub fn silent() -> Self {
        Self::default()
    }

    /// Answers `CanFulfillIntentRequest`.
    #[must_use]
    pub fn can_fulfill(answer: CanFulfillIntent) -> Self {
        let mut reply = Self::default();
        reply.response.can_fulfill_intent = Some(answer);
        reply
    }

    /// Answers `Dialog.API.Invoked`.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
    pub fn api(value: &impl Serialize) -> Result<Self, Error> {
        let mut reply = Self::default();
        reply.response.api_response = Json::encode(value)?.into();
        Ok(reply)
    }

    /// Shows a card in the Alexa app.
    #[must_use]
    pub fn card(mut self, card: Card) -> Self {
        self.response.card = Some(card);
        self
    }

    /// Adds a directive.
    #[must_use]
    pub fn directive(mut self, directive: SkillDirective) -> Self {
        let directives = self.response.directives.get_or_insert_with(Vec::new);
        directives.push(directive);
        self
    }

    /// Remembers something for the next request of the conversation. What is not set again is
    /// forgotten: [`Reply::keep`] takes over what there is.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
    pub fn attribute(
        mut self,
        name: impl Into<Text>,
        value: &impl Serialize,
    ) -> Result<Self, Error> {
        self.attributes.insert(name, Json::encode(value)?);
        Ok(self)
    }

    /// Remembers all that the request brings from the conversation, except what is set already.
    #[must_use]
    pub fn keep(mut self, request: &SkillRequest) -> Self {
        let session = request.session.as_ref();
        let old = session.and_then(|session| session.attributes.as_ref());
        for (name, value) in old.into_iter().flatten() {
            if !self.attributes.contains(name) {
                self.attributes.insert(name.clone(), value.clone());
            }
        }
        self
    }

    /// Listens for an answer, and says this when none comes.
    #[must_use]
    pub fn ask(mut self, reprompt: impl Into<OutputSpeech>) -> Self {
        self.response.reprompt = Some(Reprompt {
            output_speech: Some(reprompt.into()),
            directives: None,
        });
        self.listen()
    }

    /// Listens for an answer.
    #[must_use]
    pub fn listen(mut self) -> Self {
        self.response.should_end_session = Some(false);
        self
    }

    /// Ends the conversation.
    #[must_use]
    pub fn end(mut self) -> Self {
        self.response.should_end_session = Some(true);
        self
    }

    /// The answer to `request`.
    ///
    /// # Errors
    ///
    /// When Alexa would refuse it: the error names the `rule` and the member as `path`.
    pub fn to(self, request: &SkillRequest) -> Result<SkillResponse, Error> {
        let mut answer = SkillResponse::of(self.response);
        if !self.attributes.is_empty() {
            answer.session_attributes = Some(self.attributes);
        }
        answer.check(request)?;
        Ok(answer)
    }
}

impl Playback {
    /// Lets things go on as they are.
    #[must_use]
    pub fn unchanged() -> Self {
        Self(None)
    }

    /// Plays a stream now, and nothing after it.
    #[must_use]
    pub fn play(stream: AudioStream) -> Self {
        Self(Some(SkillDirective::play(stream)))
    }

    /// Plays a stream after the one with the token `previous`.
    pub fn enqueue(stream: AudioStream, previous: impl Into<Text>) -> Self {
        Self(Some(SkillDirective::enqueue(stream, previous)))
    }

    /// Stops what plays.
    #[must_use]
    pub fn stop() -> Self {
        Self(Some(SkillDirective::stop()))
    }

    /// Takes away what is to play; with `all` also what plays.
    #[must_use]
    pub fn clear(all: bool) -> Self {
        Self(Some(SkillDirective::clear_queue(all)))
    }

    /// The answer to `request`.
    ///
    /// # Errors
    ///
    /// When Alexa would refuse it: the error names the `rule` and the member as `path`.
    pub fn to(self, request: &SkillRequest) -> Result<SkillResponse, Error> {
        let answer = SkillResponse::of(SkillResponseBody {
            directives: self.0.map(|directive| vec![directive]),
            ..SkillResponseBody::default()
        });
        answer.check(request)?;
        Ok(answer)
    }
}

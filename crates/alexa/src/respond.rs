//! Building answers, and finding what Alexa would refuse in one.

mod directive;
mod parts;
mod reply;
mod rules;
mod smart_home;
mod smart_home_rules;

use lambda_with::{Error, Text};

pub use self::reply::{Playback, Reply};
pub use self::smart_home::Answer;
use crate::{SkillRequest, SkillRequestType, SkillResponse, SkillResponseBody};

impl SkillResponse {
    /// The answer where Alexa takes none, such as to `SessionEndedRequest`.
    #[must_use]
    pub fn nothing() -> Self {
        Self::of(SkillResponseBody::default())
    }

    /// Whether Alexa takes this answer to `request`. What [`Reply`] and [`Playback`] build is checked
    /// already; an answer put together by hand may not pass.
    ///
    /// ```
    /// use lambda_with_alexa::{SERVICE, SkillRequest, SkillResponse};
    ///
    /// let json = SERVICE.sample("session-ended").ok_or("no such sample")?.json;
    /// let request: SkillRequest = lambda_with::decode(json)?;
    /// SkillResponse::nothing().check(&request)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`, and the member as `path`.
    pub fn check(&self, request: &SkillRequest) -> Result<(), Error> {
        rules::check(self, &request.request.kind)
    }

    pub(crate) fn of(response: SkillResponseBody) -> Self {
        Self {
            version: "1.0".into(),
            response,
            ..Self::default()
        }
    }
}

/// What a progressive response must keep to.
pub(crate) fn progressive(kind: &SkillRequestType, speech: &Text) -> Result<(), Error> {
    rules::progressive(kind, speech)
}

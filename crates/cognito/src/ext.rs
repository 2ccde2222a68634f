//! Methods of the event types: what a handler asks of an event.

use lambda_with::{Map, Scalar, Text};

use crate::generated::*;

macro_rules! attributes {
    ($($event:ident),+ $(,)?) => { $(
        impl $event {
            /// The user's attribute of this name, as text.
            #[must_use]
            pub fn attribute(&self, name: &str) -> Option<&str> {
                text(Some(&self.request.user_attributes), name)
            }
        }
    )+ };
}

macro_rules! metadata {
    ($($event:ident),+ $(,)?) => { $(
        impl $event {
            /// What the app passed on under this name.
            #[must_use]
            pub fn metadata(&self, name: &str) -> Option<&str> {
                self.request.client_metadata.get(name).map(Text::as_str)
            }
        }
    )+ };
}

attributes!(
    PreSignUpEvent,
    PostConfirmationEvent,
    PreAuthenticationEvent,
    PostAuthenticationEvent,
    DefineAuthChallengeEvent,
    CreateAuthChallengeEvent,
    VerifyAuthChallengeEvent,
    PreTokenGenerationEvent,
    CustomMessageEvent,
);

metadata!(
    PreSignUpEvent,
    PostConfirmationEvent,
    PreAuthenticationEvent,
    PostAuthenticationEvent,
    DefineAuthChallengeEvent,
    CreateAuthChallengeEvent,
    VerifyAuthChallengeEvent,
    PreTokenGenerationEvent,
    PreTokenGenerationV2Event,
    CustomMessageEvent,
    CustomEmailSenderEvent,
    CustomSmsSenderEvent,
    UserMigrationEvent,
);

impl PreTokenGenerationV2Event {
    /// The user's attribute of this name, as text. A machine has none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        text(self.request.user_attributes.as_ref(), name)
    }

    /// Whether the tokens are a machine's, which has an access token alone.
    #[must_use]
    pub fn is_client_credentials(&self) -> bool {
        self.trigger_source == TokenGenerationSource::ClientCredentials
    }
}

impl DefineAuthChallengeEvent {
    /// The challenge answered last.
    #[must_use]
    pub fn last(&self) -> Option<&ChallengeResult> {
        self.request.session.as_ref()?.last()
    }

    /// How many of the function's own challenges were answered wrongly.
    #[must_use]
    pub fn failures(&self) -> usize {
        let session = self.request.session.as_ref().into_iter().flatten();
        let own = session.filter(|result| result.challenge_name == ChallengeName::Custom);
        own.filter(|result| !result.challenge_result).count()
    }
}

impl CustomEmailSenderEvent {
    /// The user's attribute of this name, or what is known of an attempt to take the account over.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        text(self.request.user_attributes.as_ref(), name)
    }
}

impl CustomSmsSenderEvent {
    /// The user's attribute of this name, as text.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        text(self.request.user_attributes.as_ref(), name)
    }

    /// What set the trigger off, in whichever letter case: the guide has both `CustomSMSSender_` and
    /// `CustomSmsSender_`.
    #[must_use]
    pub fn source(&self) -> CustomSmsSenderSource {
        let CustomSmsSenderSource::Other(source) = &self.trigger_source else {
            return self.trigger_source.clone();
        };
        match source.split_once('_') {
            Some((trigger, event)) if trigger.eq_ignore_ascii_case("CustomSMSSender") => {
                CustomSmsSenderSource::from(format!("CustomSMSSender_{event}").as_str())
            }
            _ => self.trigger_source.clone(),
        }
    }
}

/// A temporary password as it is to be sent: in the decrypted `code` of a custom sender's event it
/// is written as in HTML.
///
/// ```
/// assert_eq!(lambda_with_cognito::unescaped("a&lt;b&amp;c"), "a<b&c");
/// ```
#[must_use]
pub fn unescaped(code: &str) -> String {
    const NAMES: [(&str, char); 6] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
        ("&apos;", '\''),
        ("&amp;", '&'),
    ];
    let (mut text, mut rest) = (String::with_capacity(code.len()), code);
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let named = NAMES
            .iter()
            .find_map(|(name, c)| Some((rest.strip_prefix(name)?, *c)));
        let (left, character) = named.unwrap_or((&rest[1..], '&'));
        text.push(character);
        rest = left;
    }
    text + rest
}

fn text<'a>(attributes: Option<&'a Map<Scalar>>, name: &str) -> Option<&'a str> {
    match attributes?.get(name)? {
        Scalar::Text(text) => Some(text),
        Scalar::Bool(true) => Some("true"),
        Scalar::Bool(false) => Some("false"),
        Scalar::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SERVICE;

    fn sample<T: serde::de::DeserializeOwned>(id: &str) -> T {
        lambda_with::decode(SERVICE.sample(id).unwrap().json).unwrap()
    }

    #[test]
    fn attributes_and_metadata() {
        let event: PreSignUpEvent = sample("pre-sign-up");
        assert_eq!(event.attribute("email"), Some("seute@example.com"));
        assert_eq!(
            (event.attribute("none"), event.metadata("campaign")),
            (None, Some("spring"))
        );
        let mut event: CustomMessageEvent = sample("custom-message-sign-up");
        event
            .request
            .user_attributes
            .insert("email_verified", false.into());
        assert_eq!(event.attribute("email_verified"), Some("false"));
        let machine: PreTokenGenerationV2Event =
            sample("pre-token-generation-v3-client-credentials");
        assert!(machine.is_client_credentials() && machine.attribute("sub").is_none());
        let attempt: CustomEmailSenderEvent = sample("custom-email-sender-take-over");
        assert_eq!(attempt.attribute("ACCOUNT_TAKE_OVER_ACTION"), Some("BLOCK"));
    }

    #[test]
    fn sessions() {
        let event: DefineAuthChallengeEvent = sample("define-auth-challenge");
        assert_eq!(event.failures(), 1);
        assert_eq!(event.last().map(|last| last.challenge_result), Some(false));
        let start: DefineAuthChallengeEvent = sample("define-auth-challenge-start");
        assert_eq!((start.failures(), start.last()), (0, None));
    }

    #[test]
    fn sources_in_either_spelling() {
        let mut event: CustomSmsSenderEvent = sample("custom-sms-sender-authentication");
        assert_eq!(event.source(), CustomSmsSenderSource::Authentication);
        for (source, expected) in [
            ("CustomSmsSender_SignUp", CustomSmsSenderSource::SignUp),
            (
                "CustomSmsSender_New",
                CustomSmsSenderSource::Other("CustomSMSSender_New".into()),
            ),
            (
                "Elsewhere_SignUp",
                CustomSmsSenderSource::Other("Elsewhere_SignUp".into()),
            ),
        ] {
            event.trigger_source = source.into();
            assert_eq!(event.source(), expected, "{source}");
        }
    }

    #[test]
    fn passwords() {
        for (code, password) in [
            ("493817", "493817"),
            ("&lt;&gt;&quot;&#39;&amp;", "<>\"'&"),
            ("&amp;lt;", "&lt;"),
            ("a&b&", "a&b&"),
            ("é&lt;", "é<"),
        ] {
            assert_eq!(unescaped(code), password, "{code}");
        }
    }
}

//! The events of all triggers as one type, for functions that serve several.

use lambda_with::{Integer, Json, Text};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::Trigger;
use crate::generated::*;

/// An event of any trigger of a user pool, told apart by `triggerSource` and `version`.
///
/// ```
/// use lambda_with_cognito::{SERVICE, UserPoolEvent};
///
/// fn handle(event: UserPoolEvent) -> UserPoolEvent {
///     match event {
///         UserPoolEvent::PreSignUp(event) => event.confirm().into(),
///         // Given back as it came, an event changes nothing.
///         other => other,
///     }
/// }
///
/// let sample = SERVICE.sample("pre-sign-up").ok_or("no such sample")?;
/// let answer = serde_json::to_value(handle(lambda_with::decode(sample.json)?))?;
/// assert_eq!(answer["response"]["autoConfirmUser"], true);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is written as the event alone.
///
/// # Errors
///
/// Reading refuses a trigger that is not known, and names it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum UserPoolEvent {
    /// Pre sign-up.
    PreSignUp(PreSignUpEvent),
    /// Post confirmation.
    PostConfirmation(PostConfirmationEvent),
    /// Pre authentication.
    PreAuthentication(PreAuthenticationEvent),
    /// Post authentication.
    PostAuthentication(PostAuthenticationEvent),
    /// Define auth challenge.
    DefineAuthChallenge(DefineAuthChallengeEvent),
    /// Create auth challenge.
    CreateAuthChallenge(CreateAuthChallengeEvent),
    /// Verify auth challenge response.
    VerifyAuthChallenge(VerifyAuthChallengeEvent),
    /// Pre token generation, version 1.
    PreTokenGeneration(PreTokenGenerationEvent),
    /// Pre token generation, versions 2 and 3.
    PreTokenGenerationV2(PreTokenGenerationV2Event),
    /// Custom message.
    CustomMessage(CustomMessageEvent),
    /// Custom email sender.
    CustomEmailSender(CustomEmailSenderEvent),
    /// Custom SMS sender.
    CustomSmsSender(CustomSmsSenderEvent),
    /// Inbound federation.
    InboundFederation(InboundFederationEvent),
    /// User migration.
    UserMigration(UserMigrationEvent),
}

impl<'de> Deserialize<'de> for UserPoolEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Mark {
            trigger_source: Text,
            version: Option<Integer>,
        }
        let json = Json::deserialize(deserializer)?;
        let mark: Mark = json.decode().map_err(de::Error::custom)?;
        let version = mark
            .version
            .map(|version| version.to_string())
            .unwrap_or_default();
        let Some(trigger) = Trigger::of(&mark.trigger_source, &version) else {
            let message = format!("`{}` is no trigger of a user pool", mark.trigger_source);
            return Err(de::Error::custom(message));
        };
        let event = match trigger {
            Trigger::PreSignUp => json.decode().map(Self::PreSignUp),
            Trigger::PostConfirmation => json.decode().map(Self::PostConfirmation),
            Trigger::PreAuthentication => json.decode().map(Self::PreAuthentication),
            Trigger::PostAuthentication => json.decode().map(Self::PostAuthentication),
            Trigger::DefineAuthChallenge => json.decode().map(Self::DefineAuthChallenge),
            Trigger::CreateAuthChallenge => json.decode().map(Self::CreateAuthChallenge),
            Trigger::VerifyAuthChallenge => json.decode().map(Self::VerifyAuthChallenge),
            Trigger::PreTokenGeneration => json.decode().map(Self::PreTokenGeneration),
            Trigger::PreTokenGenerationV2 | Trigger::PreTokenGenerationV3 => {
                json.decode().map(Self::PreTokenGenerationV2)
            }
            Trigger::CustomMessage => json.decode().map(Self::CustomMessage),
            Trigger::CustomEmailSender => json.decode().map(Self::CustomEmailSender),
            Trigger::CustomSmsSender => json.decode().map(Self::CustomSmsSender),
            Trigger::InboundFederation => json.decode().map(Self::InboundFederation),
            Trigger::UserMigration => json.decode().map(Self::UserMigration),
        };
        event.map_err(de::Error::custom)
    }
}

macro_rules! into_one {
    ($($variant:ident($event:ident)),+ $(,)?) => { $(
        impl From<$event> for UserPoolEvent {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        }
    )+ };
}

into_one!(
    PreSignUp(PreSignUpEvent),
    PostConfirmation(PostConfirmationEvent),
    PreAuthentication(PreAuthenticationEvent),
    PostAuthentication(PostAuthenticationEvent),
    DefineAuthChallenge(DefineAuthChallengeEvent),
    CreateAuthChallenge(CreateAuthChallengeEvent),
    VerifyAuthChallenge(VerifyAuthChallengeEvent),
    PreTokenGeneration(PreTokenGenerationEvent),
    PreTokenGenerationV2(PreTokenGenerationV2Event),
    CustomMessage(CustomMessageEvent),
    CustomEmailSender(CustomEmailSenderEvent),
    CustomSmsSender(CustomSmsSenderEvent),
    InboundFederation(InboundFederationEvent),
    UserMigration(UserMigrationEvent),
);

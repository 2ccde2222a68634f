//! The triggers of a user pool.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A trigger of a user pool: a place where Amazon Cognito asks a function.
///
/// ```
/// use lambda_with_cognito::Trigger;
///
/// assert_eq!(Trigger::of("PreSignUp_SignUp", "1"), Some(Trigger::PreSignUp));
/// assert_eq!(Trigger::of("TokenGeneration_ClientCredentials", "3"), Some(Trigger::PreTokenGenerationV3));
/// ```
///
/// In a definition the names are `pre-sign-up`, `pre-token-generation-v2` and so on.
/// See <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-identity-pools-working-with-aws-lambda-triggers.html>.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Trigger {
    /// Before a user is added.
    PreSignUp,
    /// After a user is confirmed.
    PostConfirmation,
    /// Before a sign-in.
    PreAuthentication,
    /// After a sign-in.
    PostAuthentication,
    /// Which challenge comes next.
    DefineAuthChallenge,
    /// What to ask the user.
    CreateAuthChallenge,
    /// Whether the user's answer is right.
    VerifyAuthChallenge,
    /// Before tokens are made, version 1: the ID token.
    PreTokenGeneration,
    /// Version 2: the access token too. Plans Essentials and Plus.
    PreTokenGenerationV2,
    /// Version 3: tokens of machines too. Plans Essentials and Plus.
    PreTokenGenerationV3,
    /// The words of an email or text message.
    CustomMessage,
    /// An email to be sent.
    CustomEmailSender,
    /// A text message to be sent.
    CustomSmsSender,
    /// Which of a provider's attributes become the user's.
    InboundFederation,
    /// A user the pool does not know.
    UserMigration,
}

impl Trigger {
    /// All triggers in the order of their names in the guide.
    pub const ALL: [Self; 15] = [
        Self::PreSignUp,
        Self::PostConfirmation,
        Self::PreAuthentication,
        Self::PostAuthentication,
        Self::DefineAuthChallenge,
        Self::CreateAuthChallenge,
        Self::VerifyAuthChallenge,
        Self::PreTokenGeneration,
        Self::PreTokenGenerationV2,
        Self::PreTokenGenerationV3,
        Self::CustomMessage,
        Self::CustomEmailSender,
        Self::CustomSmsSender,
        Self::InboundFederation,
        Self::UserMigration,
    ];

    /// The trigger that sends events with this `triggerSource` and `version`; letter case does not
    /// matter. A source that is not known yet is told by what stands before its underscore.
    #[must_use]
    pub fn of(source: &str, version: &str) -> Option<Self> {
        let before = source.split('_').next().unwrap_or_default();
        let found = Self::ALL
            .into_iter()
            .find(|trigger| trigger.source().eq_ignore_ascii_case(before));
        match (found, version) {
            (Some(Self::PreTokenGeneration), "2") => Some(Self::PreTokenGenerationV2),
            (Some(Self::PreTokenGeneration), "3") => Some(Self::PreTokenGenerationV3),
            _ => found,
        }
    }

    /// The name in a definition.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreSignUp => "pre-sign-up",
            Self::PostConfirmation => "post-confirmation",
            Self::PreAuthentication => "pre-authentication",
            Self::PostAuthentication => "post-authentication",
            Self::DefineAuthChallenge => "define-auth-challenge",
            Self::CreateAuthChallenge => "create-auth-challenge",
            Self::VerifyAuthChallenge => "verify-auth-challenge",
            Self::PreTokenGeneration => "pre-token-generation",
            Self::PreTokenGenerationV2 => "pre-token-generation-v2",
            Self::PreTokenGenerationV3 => "pre-token-generation-v3",
            Self::CustomMessage => "custom-message",
            Self::CustomEmailSender => "custom-email-sender",
            Self::CustomSmsSender => "custom-sms-sender",
            Self::InboundFederation => "inbound-federation",
            Self::UserMigration => "user-migration",
        }
    }

    /// The member of a pool's `LambdaConfig`, and the version it names beside the function.
    pub(crate) fn setting(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::PreSignUp => ("PreSignUp", None),
            Self::PostConfirmation => ("PostConfirmation", None),
            Self::PreAuthentication => ("PreAuthentication", None),
            Self::PostAuthentication => ("PostAuthentication", None),
            Self::DefineAuthChallenge => ("DefineAuthChallenge", None),
            Self::CreateAuthChallenge => ("CreateAuthChallenge", None),
            Self::VerifyAuthChallenge => ("VerifyAuthChallengeResponse", None),
            Self::PreTokenGeneration => ("PreTokenGenerationConfig", Some("V1_0")),
            Self::PreTokenGenerationV2 => ("PreTokenGenerationConfig", Some("V2_0")),
            Self::PreTokenGenerationV3 => ("PreTokenGenerationConfig", Some("V3_0")),
            Self::CustomMessage => ("CustomMessage", None),
            Self::CustomEmailSender => ("CustomEmailSender", Some("V1_0")),
            Self::CustomSmsSender => ("CustomSMSSender", Some("V1_0")),
            Self::InboundFederation => ("InboundFederation", Some("V1_0")),
            Self::UserMigration => ("UserMigration", None),
        }
    }

    /// Whether the trigger hands over codes under the pool's key.
    pub(crate) fn is_sender(self) -> bool {
        matches!(self, Self::CustomEmailSender | Self::CustomSmsSender)
    }

    /// Whether the plan Lite is without it.
    pub(crate) fn is_beyond_lite(self) -> bool {
        matches!(
            self,
            Self::PreTokenGenerationV2 | Self::PreTokenGenerationV3
        )
    }

    /// What its sources begin with.
    fn source(self) -> &'static str {
        match self {
            Self::PreTokenGeneration | Self::PreTokenGenerationV2 | Self::PreTokenGenerationV3 => {
                "TokenGeneration"
            }
            _ => self.setting().0,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        for (source, version, expected) in [
            ("PreSignUp_SignUp", "1", Some(Trigger::PreSignUp)),
            ("PreSignUp_SomethingNew", "1", Some(Trigger::PreSignUp)),
            (
                "CustomSMSSender_SignUp",
                "1",
                Some(Trigger::CustomSmsSender),
            ),
            (
                "CustomSmsSender_SignUp",
                "1",
                Some(Trigger::CustomSmsSender),
            ),
            (
                "TokenGeneration_HostedAuth",
                "1",
                Some(Trigger::PreTokenGeneration),
            ),
            (
                "TokenGeneration_HostedAuth",
                "2",
                Some(Trigger::PreTokenGenerationV2),
            ),
            (
                "TokenGeneration_HostedAuth",
                "",
                Some(Trigger::PreTokenGeneration),
            ),
            (
                "VerifyAuthChallengeResponse_Authentication",
                "1",
                Some(Trigger::VerifyAuthChallenge),
            ),
            ("SyncTrigger", "2", None),
            ("", "1", None),
        ] {
            assert_eq!(Trigger::of(source, version), expected, "{source}");
        }
    }

    #[test]
    fn names_are_those_of_definitions() {
        for trigger in Trigger::ALL {
            assert_eq!(serde_json::to_value(trigger).unwrap(), trigger.as_str());
            assert_eq!(trigger.to_string(), trigger.as_str());
        }
    }
}

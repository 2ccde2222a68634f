//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::cognito as theirs;
use lambda_with::{Error, Json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::generated::*;

macro_rules! both_ways {
    ($($theirs:ident = $ours:ident),+ $(,)?) => { $(
        /// Takes over an event that `aws_lambda_events` read.
        ///
        /// What that crate has no member for was lost when it read the event, and empty lists and
        /// nulls stand for what was missing.
        ///
        /// # Errors
        ///
        /// When a member Amazon Cognito always sends is missing.
        impl TryFrom<theirs::$theirs> for $ours {
            type Error = Error;

            fn try_from(event: theirs::$theirs) -> Result<Self, Error> {
                through(&event)
            }
        }

        /// Hands an event to code written for `aws_lambda_events`.
        ///
        /// What that crate has no member for is lost.
        ///
        /// # Errors
        ///
        /// When that crate cannot read it: a source newer than the crate, a response that is empty, a
        /// null it does not expect.
        impl TryFrom<$ours> for theirs::$theirs {
            type Error = Error;

            fn try_from(event: $ours) -> Result<Self, Error> {
                through(&event)
            }
        }
    )+ };
}

both_ways!(
    CognitoEvent = SyncTriggerEvent,
    CognitoEventUserPoolsCreateAuthChallenge = CreateAuthChallengeEvent,
    CognitoEventUserPoolsCustomMessage = CustomMessageEvent,
    CognitoEventUserPoolsDefineAuthChallenge = DefineAuthChallengeEvent,
    CognitoEventUserPoolsMigrateUser = UserMigrationEvent,
    CognitoEventUserPoolsPostAuthentication = PostAuthenticationEvent,
    CognitoEventUserPoolsPostConfirmation = PostConfirmationEvent,
    CognitoEventUserPoolsPreAuthentication = PreAuthenticationEvent,
    CognitoEventUserPoolsPreSignup = PreSignUpEvent,
    CognitoEventUserPoolsPreTokenGen = PreTokenGenerationEvent,
    CognitoEventUserPoolsPreTokenGenV2 = PreTokenGenerationV2Event,
    CognitoEventUserPoolsVerifyAuthChallenge = VerifyAuthChallengeEvent,
);

fn through<A: Serialize, B: DeserializeOwned>(value: &A) -> Result<B, Error> {
    Json::encode(value)?.decode()
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "its answers are false where the event says nothing",
            &[
                "DefineAuthChallengeEvent makes other empty values of null",
                "VerifyAuthChallengeEvent makes other empty values of null",
            ],
        ),
        (
            "its maps and lists have no difference between missing, null and empty",
            &[
                "CreateAuthChallengeEvent adds empty values",
                "CreateAuthChallengeEvent makes other empty values of null",
                "CustomMessageEvent adds empty values",
                "DefineAuthChallengeEvent adds empty values",
                "PostAuthenticationEvent adds empty values",
                "PostConfirmationEvent adds empty values",
                "PreAuthenticationEvent leaves out empty values",
                "PreAuthenticationEvent makes other empty values of null",
                "PreSignUpEvent adds empty values",
                "PreSignUpEvent makes other empty values of null",
                "PreTokenGenerationEvent adds empty values",
                "PreTokenGenerationV2Event adds empty values",
                "UserMigrationEvent adds empty values",
                "UserMigrationEvent leaves out empty values",
                "UserMigrationEvent makes other empty values of null",
            ],
        ),
        (
            "it has no such members",
            &[
                "CustomMessageEvent loses /request/linkParameter",
                "PreAuthenticationEvent loses /request/clientMetadata",
            ],
        ),
        (
            "it wants all lists of groups, and knows no client credentials",
            &["PreTokenGenerationV2Event refuses pre-token-generation-v3-client-credentials"],
        ),
        (
            "it has no such types",
            &[
                "CustomEmailSenderEvent is not there",
                "CustomSmsSenderEvent is not there",
                "InboundFederationEvent is not there",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "CreateAuthChallengeEvent" => Some(opinion::<
                theirs::CognitoEventUserPoolsCreateAuthChallenge,
            >(sample.json)),
            "CustomMessageEvent" => Some(opinion::<theirs::CognitoEventUserPoolsCustomMessage>(
                sample.json,
            )),
            "DefineAuthChallengeEvent" => Some(opinion::<
                theirs::CognitoEventUserPoolsDefineAuthChallenge,
            >(sample.json)),
            "PostAuthenticationEvent" => Some(opinion::<
                theirs::CognitoEventUserPoolsPostAuthentication,
            >(sample.json)),
            "PostConfirmationEvent" => Some(
                opinion::<theirs::CognitoEventUserPoolsPostConfirmation>(sample.json),
            ),
            "PreAuthenticationEvent" => Some(opinion::<
                theirs::CognitoEventUserPoolsPreAuthentication,
            >(sample.json)),
            "PreSignUpEvent" => Some(opinion::<theirs::CognitoEventUserPoolsPreSignup>(
                sample.json,
            )),
            "PreTokenGenerationEvent" => Some(opinion::<theirs::CognitoEventUserPoolsPreTokenGen>(
                sample.json,
            )),
            "PreTokenGenerationV2Event" => Some(opinion::<
                theirs::CognitoEventUserPoolsPreTokenGenV2,
            >(sample.json)),
            "SyncTriggerEvent" => Some(opinion::<theirs::CognitoEvent>(sample.json)),
            "UserMigrationEvent" => Some(opinion::<theirs::CognitoEventUserPoolsMigrateUser>(
                sample.json,
            )),
            "VerifyAuthChallengeEvent" => Some(opinion::<
                theirs::CognitoEventUserPoolsVerifyAuthChallenge,
            >(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        let event: PreSignUpEvent = read(&SERVICE, "pre-sign-up");
        let there = theirs::CognitoEventUserPoolsPreSignup::try_from(event.clone()).unwrap();
        let back = PreSignUpEvent::try_from(there).unwrap();
        assert_eq!(back.trigger_source, event.trigger_source);
        assert_eq!(back.request.user_attributes, event.request.user_attributes);

        let event: PreTokenGenerationV2Event = read(&SERVICE, "pre-token-generation-v2-answered");
        let there = theirs::CognitoEventUserPoolsPreTokenGenV2::try_from(event.clone()).unwrap();
        let back = PreTokenGenerationV2Event::try_from(there).unwrap();
        assert_eq!(back.response, event.response);
    }

    #[test]
    fn what_they_cannot_read_is_named() {
        let mut event: PreSignUpEvent = read(&SERVICE, "pre-sign-up");
        event.trigger_source = "PreSignUp_New".into();
        let error = theirs::CognitoEventUserPoolsPreSignup::try_from(event).unwrap_err();
        assert!(error.to_string().contains("PreSignUp_New"), "{error}");
    }
}

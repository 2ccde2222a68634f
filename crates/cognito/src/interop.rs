//! To and from the events of the crate `aws_lambda_events`.

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
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// All that `aws_lambda_events` 1.2.1 does otherwise, over all samples, by its reason.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "its maps and lists have no difference between missing, null and empty",
            &[
                "CreateAuthChallenge adds nulls, empty maps and false",
                "CreateAuthChallenge makes something else of null",
                "CustomMessage adds nulls, empty maps and false",
                "DefineAuthChallenge adds nulls, empty maps and false",
                "PostAuthentication adds nulls, empty maps and false",
                "PostConfirmation adds nulls, empty maps and false",
                "PreAuthentication makes something else of null",
                "PreSignUp adds nulls, empty maps and false",
                "PreSignUp makes something else of null",
                "PreTokenGeneration adds nulls, empty maps and false",
                "PreTokenGenerationV2 adds nulls, empty maps and false",
                "UserMigration adds nulls, empty maps and false",
                "UserMigration leaves out nulls and empty maps",
                "UserMigration makes something else of null",
            ],
        ),
        (
            "its answers are false where the event says nothing",
            &[
                "DefineAuthChallenge makes something else of null",
                "VerifyAuthChallenge makes something else of null",
            ],
        ),
        (
            "it has no such members",
            &[
                "CustomMessage loses /request/linkParameter",
                "PreAuthentication loses /request/clientMetadata",
                "PreAuthentication loses /request/userNotFound",
                "UserMigration loses /response/enableSMSMFA",
            ],
        ),
        (
            "it wants all lists of groups, and knows no client credentials",
            &[
                "PreTokenGenerationV2 refuses pre-token-generation-v3-client-credentials: missing field `groupsToOverride`",
            ],
        ),
        (
            "it has no such types",
            &[
                "CustomEmailSender is not there",
                "CustomSmsSender is not there",
                "InboundFederation is not there",
            ],
        ),
    ];

    /// What they write for a document, if they read it; `None` where they have no type.
    fn rewritten(of: &str, json: &str) -> Option<Result<Value, serde_json::Error>> {
        fn as_type<T: DeserializeOwned + Serialize>(
            json: &str,
        ) -> Result<Value, serde_json::Error> {
            serde_json::to_value(serde_json::from_str::<T>(json)?)
        }
        Some(match of {
            "CreateAuthChallengeEvent" => {
                as_type::<theirs::CognitoEventUserPoolsCreateAuthChallenge>(json)
            }
            "CustomMessageEvent" => as_type::<theirs::CognitoEventUserPoolsCustomMessage>(json),
            "DefineAuthChallengeEvent" => {
                as_type::<theirs::CognitoEventUserPoolsDefineAuthChallenge>(json)
            }
            "PostAuthenticationEvent" => {
                as_type::<theirs::CognitoEventUserPoolsPostAuthentication>(json)
            }
            "PostConfirmationEvent" => {
                as_type::<theirs::CognitoEventUserPoolsPostConfirmation>(json)
            }
            "PreAuthenticationEvent" => {
                as_type::<theirs::CognitoEventUserPoolsPreAuthentication>(json)
            }
            "PreSignUpEvent" => as_type::<theirs::CognitoEventUserPoolsPreSignup>(json),
            "PreTokenGenerationEvent" => as_type::<theirs::CognitoEventUserPoolsPreTokenGen>(json),
            "PreTokenGenerationV2Event" => {
                as_type::<theirs::CognitoEventUserPoolsPreTokenGenV2>(json)
            }
            "SyncTriggerEvent" => as_type::<theirs::CognitoEvent>(json),
            "UserMigrationEvent" => as_type::<theirs::CognitoEventUserPoolsMigrateUser>(json),
            "VerifyAuthChallengeEvent" => {
                as_type::<theirs::CognitoEventUserPoolsVerifyAuthChallenge>(json)
            }
            "CustomEmailSenderEvent" | "CustomSmsSenderEvent" | "InboundFederationEvent" => {
                return None;
            }
            other => panic!("nothing is known of {other}"),
        })
    }

    fn compare(path: &str, ours: &Value, theirs: &Value, note: &mut impl FnMut(String)) {
        let is_empty = |value: &Value| {
            value.is_null()
                || value.as_object().is_some_and(serde_json::Map::is_empty)
                || value.as_array().is_some_and(Vec::is_empty)
        };
        match (ours, theirs) {
            (Value::Object(a), Value::Object(b)) => {
                for (name, value) in a {
                    match b.get(name) {
                        Some(other) => compare(&format!("{path}/{name}"), value, other, note),
                        None if is_empty(value) => note("leaves out nulls and empty maps".into()),
                        None => note(format!("loses {path}/{name}")),
                    }
                }
                for (name, value) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
                    match is_empty(value) || *value == Value::Bool(false) {
                        true => note("adds nulls, empty maps and false".into()),
                        false => note(format!("adds {path}/{name}: {value}")),
                    }
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (value, other) in a.iter().zip(b) {
                    compare(&format!("{path}/0"), value, other, note);
                }
            }
            _ if ours == theirs => {}
            (Value::Null, _) => note("makes something else of null".into()),
            _ => note(format!("changes {path}")),
        }
    }

    #[test]
    fn a_second_opinion_on_every_sample() {
        let mut found = BTreeSet::new();
        for sample in SERVICE.samples {
            let document: Value = serde_json::from_str(sample.json).unwrap();
            let of = sample.of.trim_end_matches("Event");
            let mut note = |what: String| {
                found.insert(format!("{of} {what}"));
            };
            match rewritten(sample.of, sample.json) {
                Some(Ok(written)) => compare("", &document, &written, &mut note),
                Some(Err(error)) => {
                    let why = error.to_string();
                    note(format!(
                        "refuses {}: {}",
                        sample.id,
                        why.split(" at line").next().unwrap()
                    ));
                }
                None => note("is not there".into()),
            }
        }
        let known: BTreeSet<String> = DIFFERENCES
            .iter()
            .flat_map(|(_, all)| all.iter())
            .map(ToString::to_string)
            .collect();
        let new: Vec<_> = found.difference(&known).collect();
        let gone: Vec<_> = known.difference(&found).collect();
        assert!(
            new.is_empty() && gone.is_empty(),
            "new: {new:#?}\ngone: {gone:#?}"
        );
    }

    fn sample<T: DeserializeOwned>(id: &str) -> T {
        lambda_with::decode(SERVICE.sample(id).unwrap().json).unwrap()
    }

    #[test]
    fn there_and_back() {
        let event: PreSignUpEvent = sample("pre-sign-up");
        let there = theirs::CognitoEventUserPoolsPreSignup::try_from(event.clone()).unwrap();
        let back = PreSignUpEvent::try_from(there).unwrap();
        assert_eq!(back.trigger_source, event.trigger_source);
        assert_eq!(back.request.user_attributes, event.request.user_attributes);

        let event: PreTokenGenerationV2Event = sample("pre-token-generation-v2-answered");
        let there = theirs::CognitoEventUserPoolsPreTokenGenV2::try_from(event.clone()).unwrap();
        let back = PreTokenGenerationV2Event::try_from(there).unwrap();
        assert_eq!(back.response, event.response);
    }

    #[test]
    fn what_they_cannot_read_is_named() {
        let mut event: PreSignUpEvent = sample("pre-sign-up");
        event.trigger_source = "PreSignUp_New".into();
        let error = theirs::CognitoEventUserPoolsPreSignup::try_from(event).unwrap_err();
        assert!(error.to_string().contains("PreSignUp_New"), "{error}");
    }
}

//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::secretsmanager as theirs;
use lambda_with::{Error, Json};

use crate::generated::RotationEvent;

/// Takes over an event read by `aws_lambda_events`, which lost the rotation token.
///
/// # Errors
///
/// Never as things are; both read the same texts.
impl TryFrom<theirs::SecretsManagerSecretRotationEvent> for RotationEvent {
    type Error = Error;

    fn try_from(event: theirs::SecretsManagerSecretRotationEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`. The rotation token is lost.
///
/// # Errors
///
/// Never as things are; both read the same texts.
impl TryFrom<RotationEvent> for theirs::SecretsManagerSecretRotationEvent {
    type Error = Error;

    fn try_from(event: RotationEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[(
        "it is older than the token",
        &["RotationEvent loses /RotationToken"],
    )];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "RotationEvent" => Some(opinion::<theirs::SecretsManagerSecretRotationEvent>(
                sample.json,
            )),
            _ => None,
        });
    }

    #[test]
    fn there_and_back_loses_only_the_token() {
        for sample in SERVICE.samples {
            let mut ours: RotationEvent = serde_json::from_str(sample.json).unwrap();
            let there = theirs::SecretsManagerSecretRotationEvent::try_from(ours.clone()).unwrap();
            assert_eq!(there.step, ours.step.as_str());
            ours.rotation_token = None;
            assert_eq!(RotationEvent::try_from(there).unwrap(), ours);
        }
    }
}

//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

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
    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    /// What `aws_lambda_events` 1.2.1 makes differently of the samples: it is older than the token.
    #[test]
    fn a_second_opinion_on_every_sample() {
        for sample in SERVICE.samples {
            let mut document: Value = serde_json::from_str(sample.json).unwrap();
            let theirs: theirs::SecretsManagerSecretRotationEvent =
                serde_json::from_str(sample.json).unwrap();
            let lost = document.as_object_mut().unwrap().remove("RotationToken");
            assert_eq!(lost.is_none(), sample.id.contains("without-token"));
            assert_eq!(serde_json::to_value(theirs).unwrap(), document);
        }
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

//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::cloudformation as theirs;
use lambda_with::{Error, Json, Nullable};

use crate::generated::{CustomResourceEvent, CustomResourceResponse};

/// Takes over a request read by `aws_lambda_events`.
///
/// # Errors
///
/// When a member CloudFormation always sends is missing.
impl TryFrom<theirs::CloudFormationCustomResourceRequest> for CustomResourceEvent {
    type Error = Error;

    fn try_from(event: theirs::CloudFormationCustomResourceRequest) -> Result<Self, Error> {
        let mut event: Self = Json::encode(&event)?.decode()?;
        // Theirs writes null for what was missing.
        if event.service_token == Nullable::Null {
            event.service_token = Nullable::Missing;
        }
        Ok(event)
    }
}

/// Hands a request to code written for `aws_lambda_events`.
///
/// # Errors
///
/// When it lacks a member that is theirs to require: the properties, the old ones of an update, the
/// physical id of an update or removal, or one of the three types of request.
impl TryFrom<CustomResourceEvent> for theirs::CloudFormationCustomResourceRequest {
    type Error = Error;

    fn try_from(event: CustomResourceEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

/// Takes over an answer built with `aws_lambda_events`.
///
/// # Errors
///
/// Never as things are; both read the same texts.
impl TryFrom<theirs::CloudFormationCustomResourceResponse> for CustomResourceResponse {
    type Error = Error;

    fn try_from(answer: theirs::CloudFormationCustomResourceResponse) -> Result<Self, Error> {
        let mut answer: Self = Json::encode(&answer)?.decode()?;
        // Theirs writes all members, and null for a reason that is missing.
        if answer.reason == Nullable::Null {
            answer.reason = Nullable::Missing;
        }
        if answer.data.as_ref().is_none_or(|data| data.is_empty()) {
            answer.data = Nullable::Missing;
        }
        if answer.no_echo == Nullable::Value(false) {
            answer.no_echo = Nullable::Missing;
        }
        Ok(answer)
    }
}

/// Hands an answer to code written for `aws_lambda_events`, which has `NoEcho` and `Data` in all of
/// them.
///
/// # Errors
///
/// When `Data` holds anything but strings.
impl TryFrom<CustomResourceResponse> for theirs::CloudFormationCustomResourceResponse {
    type Error = Error;

    fn try_from(mut answer: CustomResourceResponse) -> Result<Self, Error> {
        if answer.data.is_none() {
            answer.data = Nullable::Value(Default::default());
        }
        if answer.no_echo.is_none() {
            answer.no_echo = Nullable::Value(false);
        }
        Json::encode(&answer)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null, false or nothing for what was missing",
            &[
                "CustomResourceEvent adds empty values",
                "CustomResourceResponse adds empty values",
            ],
        ),
        (
            "it has all answers say whether they echo",
            &[
                "CustomResourceResponse refuses failed",
                "CustomResourceResponse refuses success",
            ],
        ),
        (
            "it has strings as data alone",
            &["CustomResourceResponse refuses success-data"],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "CustomResourceEvent" => Some(opinion::<theirs::CloudFormationCustomResourceRequest>(
                sample.json,
            )),
            "CustomResourceResponse" => Some(
                opinion::<theirs::CloudFormationCustomResourceResponse>(sample.json),
            ),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        for sample in SERVICE.samples {
            if sample.of == "CustomResourceEvent" {
                let ours: CustomResourceEvent = serde_json::from_str(sample.json).unwrap();
                let there =
                    theirs::CloudFormationCustomResourceRequest::try_from(ours.clone()).unwrap();
                assert_eq!(CustomResourceEvent::try_from(there).unwrap(), ours);
            } else {
                let ours: CustomResourceResponse = serde_json::from_str(sample.json).unwrap();
                let there = theirs::CloudFormationCustomResourceResponse::try_from(ours.clone());
                let Ok(there) = there else {
                    assert_eq!(sample.id, "success-data", "numbers are refused there");
                    continue;
                };
                assert_eq!(CustomResourceResponse::try_from(there).unwrap(), ours);
            }
        }
    }
}

//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

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
    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &str)] = &[
        (
            "create-without-token: /ServiceToken",
            "it writes null for what was missing",
        ),
        (
            "success: missing field `NoEcho`",
            "it has all answers say whether they echo",
        ),
        (
            "success-data: invalid type: integer `24`, expected a string",
            "it has strings as data alone",
        ),
        (
            "success-no-echo: /Reason",
            "it writes null for what was missing",
        ),
        (
            "failed: missing field `NoEcho`",
            "it has all answers say whether they echo",
        ),
    ];

    fn theirs(sample: &lambda_with::Sample) -> Result<Value, serde_json::Error> {
        match sample.of {
            "CustomResourceEvent" => {
                serde_json::from_str::<theirs::CloudFormationCustomResourceRequest>(sample.json)
                    .and_then(serde_json::to_value)
            }
            _ => serde_json::from_str::<theirs::CloudFormationCustomResourceResponse>(sample.json)
                .and_then(serde_json::to_value),
        }
    }

    #[test]
    fn a_second_opinion_on_every_sample() {
        let mut found = Vec::new();
        for sample in SERVICE.samples {
            let ours: Value = serde_json::from_str(sample.json).unwrap();
            let id = sample.id;
            match theirs(sample) {
                Err(error) => {
                    let error = error.to_string();
                    let error = error.split(" at line").next().unwrap_or_default();
                    found.push(format!("{id}: {error}"));
                }
                Ok(theirs) => {
                    let (ours, theirs) = (ours.as_object().unwrap(), theirs.as_object().unwrap());
                    let names = ours
                        .keys()
                        .chain(theirs.keys().filter(|n| !ours.contains_key(*n)));
                    let differ = names.filter(|name| ours.get(*name) != theirs.get(*name));
                    found.extend(differ.map(|name| format!("{id}: /{name}")));
                }
            }
        }
        let known: Vec<&str> = DIFFERENCES.iter().map(|(what, _)| *what).collect();
        assert_eq!(found, known);
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

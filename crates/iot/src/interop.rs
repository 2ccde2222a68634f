//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::iot as theirs;
use lambda_with::{Error, Json, Nullable};

use crate::{AuthorizerRequest, AuthorizerResponse};

/// Takes over a request read by `aws_lambda_events`.
///
/// # Errors
///
/// When a member AWS IoT always sends is missing.
impl TryFrom<theirs::IoTCoreCustomAuthorizerRequest> for AuthorizerRequest {
    type Error = Error;

    fn try_from(request: theirs::IoTCoreCustomAuthorizerRequest) -> Result<Self, Error> {
        let mut request: Self = Json::encode(&request)?.decode()?;
        // Theirs writes null for what was missing, and an empty password.
        absent(&mut request.token);
        let data = &mut request.protocol_data;
        absent(&mut data.tls);
        absent(&mut data.http);
        absent(&mut data.mqtt);
        if let Nullable::Value(tls) = &mut data.tls {
            absent(&mut tls.server_name);
            absent(&mut tls.x509_certificate_pem);
            absent(&mut tls.principal_id);
        }
        if let Nullable::Value(http) = &mut data.http {
            absent(&mut http.query_string);
        }
        if let Nullable::Value(mqtt) = &mut data.mqtt {
            absent(&mut mqtt.client_id);
            absent(&mut mqtt.username);
            if mqtt
                .password
                .as_ref()
                .is_some_and(|it| it.as_str().is_empty())
            {
                mqtt.password = Nullable::Missing;
            }
        }
        absent(&mut request.connection_metadata.id);
        Ok(request)
    }
}

/// Hands a request to code written for `aws_lambda_events`.
///
/// # Errors
///
/// When the password is not base64, or a header cannot be one.
impl TryFrom<AuthorizerRequest> for theirs::IoTCoreCustomAuthorizerRequest {
    type Error = Error;

    fn try_from(request: AuthorizerRequest) -> Result<Self, Error> {
        Json::encode(&request)?.decode()
    }
}

/// Takes over an answer made for `aws_lambda_events`.
///
/// # Errors
///
/// When it cannot be written as JSON.
impl TryFrom<theirs::IoTCoreCustomAuthorizerResponse> for AuthorizerResponse {
    type Error = Error;

    fn try_from(response: theirs::IoTCoreCustomAuthorizerResponse) -> Result<Self, Error> {
        let mut response: Self = Json::encode(&response)?.decode()?;
        absent(&mut response.principal_id);
        Ok(response)
    }
}

/// Hands an answer to code written for `aws_lambda_events`.
///
/// # Errors
///
/// When times or policies are missing, which that crate demands of refusals too; when a policy is
/// text.
impl TryFrom<AuthorizerResponse> for theirs::IoTCoreCustomAuthorizerResponse {
    type Error = Error;

    fn try_from(response: AuthorizerResponse) -> Result<Self, Error> {
        Json::encode(&response)?.decode()
    }
}

fn absent<T>(value: &mut Nullable<T>) {
    if matches!(value, Nullable::Null) {
        *value = Nullable::Missing;
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null, false or nothing for what was missing",
            &["AuthorizerRequest adds empty values"],
        ),
        (
            "it keeps headers in `http::HeaderMap`, which has no letter case",
            &["AuthorizerRequest lower-cases the names of /protocolData/http/headers"],
        ),
        (
            "it has refusals carry times and policies too",
            &["AuthorizerResponse refuses authorizer-deny"],
        ),
        (
            "it has them behind features of their own",
            &["ButtonEvent is not there", "OneClickEvent is not there"],
        ),
        (
            "it has no such types",
            &[
                "LifecycleEvent is not there",
                "ProvisioningRequest is not there",
                "ProvisioningResponse is not there",
                "RuleError is not there",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "AuthorizerRequest" => Some(opinion::<theirs::IoTCoreCustomAuthorizerRequest>(
                sample.json,
            )),
            "AuthorizerResponse" => Some(opinion::<theirs::IoTCoreCustomAuthorizerResponse>(
                sample.json,
            )),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        for id in ["authorizer-mqtt", "authorizer-certificate"] {
            let ours: AuthorizerRequest = read(&SERVICE, id);
            let there = theirs::IoTCoreCustomAuthorizerRequest::try_from(ours.clone()).unwrap();
            assert_eq!(AuthorizerRequest::try_from(there).unwrap(), ours, "{id}");
        }
        let ours: AuthorizerResponse = read(&SERVICE, "authorizer-allow");
        let there = theirs::IoTCoreCustomAuthorizerResponse::try_from(ours.clone()).unwrap();
        assert_eq!(AuthorizerResponse::try_from(there).unwrap(), ours);
        let denied = theirs::IoTCoreCustomAuthorizerResponse::try_from(AuthorizerResponse::deny());
        let error = denied.unwrap_err().to_string();
        assert!(error.contains("disconnectAfterInSeconds"), "{error}");
    }
}

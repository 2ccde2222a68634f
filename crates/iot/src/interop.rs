//! To and from the types of the crate `aws_lambda_events`.

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
    use expect_test::expect;
    use lambda_with_testing::sample;
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    /// What their type makes of a sample: paths that differ.
    fn differences<T: DeserializeOwned + Serialize>(id: &str) -> String {
        let ours = sample(&SERVICE, id);
        match serde_json::from_value::<T>(ours.clone()) {
            Ok(theirs) => {
                let mut found = Vec::new();
                compare(
                    "",
                    &ours,
                    &serde_json::to_value(theirs).unwrap(),
                    &mut found,
                );
                match found.is_empty() {
                    true => format!("{id}: exact"),
                    false => format!("{id}: {}", found.join(", ")),
                }
            }
            Err(error) => format!("{id}: refused, {error}"),
        }
    }

    fn compare(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
        match (ours, theirs) {
            (Value::Object(a), Value::Object(b)) => {
                for (name, value) in a {
                    match b.get(name) {
                        Some(other) => compare(&format!("{path}/{name}"), value, other, found),
                        None => found.push(format!("lost {path}/{name}")),
                    }
                }
                let added = b.iter().filter(|(name, _)| !a.contains_key(*name));
                found.extend(added.map(|(name, value)| format!("added {path}/{name} {value}")));
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (index, (value, other)) in a.iter().zip(b).enumerate() {
                    compare(&format!("{path}/{index}"), value, other, found);
                }
            }
            _ if ours == theirs => {}
            _ => found.push(format!("changed {path} {theirs}")),
        }
    }

    #[test]
    fn a_second_opinion() {
        type Request = theirs::IoTCoreCustomAuthorizerRequest;
        type Response = theirs::IoTCoreCustomAuthorizerResponse;
        let all = [
            differences::<Request>("authorizer-mqtt"),
            differences::<Request>("authorizer-http"),
            differences::<Request>("authorizer-websocket"),
            differences::<Request>("authorizer-certificate"),
            differences::<Response>("authorizer-allow"),
            differences::<Response>("authorizer-deny"),
        ];
        // Nulls for what is missing, an empty password, header names in small letters; and a
        // refusal must carry times and policies.
        expect![[r#"
            authorizer-mqtt: added /protocolData/tls/principalId null, added /protocolData/tls/x509CertificatePem null, added /protocolData/http null, added /token null
            authorizer-http: lost /protocolData/http/headers/Content-Type, lost /protocolData/http/headers/Host, lost /protocolData/http/headers/X-Harbor-Token, added /protocolData/http/headers/content-type "application/json", added /protocolData/http/headers/host "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com", added /protocolData/http/headers/x-harbor-token "crane-7.1789722314", added /protocolData/tls/principalId null, added /protocolData/tls/x509CertificatePem null, added /protocolData/mqtt null
            authorizer-websocket: lost /protocolData/http/headers/Host, lost /protocolData/http/headers/Sec-WebSocket-Protocol, lost /protocolData/http/headers/Upgrade, added /protocolData/http/headers/host "a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com", added /protocolData/http/headers/sec-websocket-protocol "mqtt", added /protocolData/http/headers/upgrade "websocket", added /protocolData/mqtt/password "", added /protocolData/mqtt/username null, added /protocolData/tls/principalId null, added /protocolData/tls/x509CertificatePem null
            authorizer-certificate: added /protocolData/mqtt/password "", added /protocolData/mqtt/username null, added /protocolData/http null, added /token null
            authorizer-allow: exact
            authorizer-deny: refused, missing field `disconnectAfterInSeconds`"#]].assert_eq(&all.join("\n"));
    }

    #[test]
    fn there_and_back() {
        for id in ["authorizer-mqtt", "authorizer-certificate"] {
            let ours: AuthorizerRequest = serde_json::from_value(sample(&SERVICE, id)).unwrap();
            let there = theirs::IoTCoreCustomAuthorizerRequest::try_from(ours.clone()).unwrap();
            assert_eq!(AuthorizerRequest::try_from(there).unwrap(), ours, "{id}");
        }
        let ours: AuthorizerResponse =
            serde_json::from_value(sample(&SERVICE, "authorizer-allow")).unwrap();
        let there = theirs::IoTCoreCustomAuthorizerResponse::try_from(ours.clone()).unwrap();
        assert_eq!(AuthorizerResponse::try_from(there).unwrap(), ours);
        let denied = theirs::IoTCoreCustomAuthorizerResponse::try_from(AuthorizerResponse::deny());
        let error = denied.unwrap_err().to_string();
        assert!(error.contains("disconnectAfterInSeconds"), "{error}");
    }
}

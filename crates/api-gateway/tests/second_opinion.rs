//! What `aws_lambda_events` 1.2.1 makes of every sample, and why it differs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use aws_lambda_events::event::apigw as theirs;
use lambda_with_api_gateway::SERVICE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// All differences over all samples, by their reason.
const DIFFERENCES: &[(&str, &[&str])] = &[
    (
        "its maps have no difference between missing, null and empty",
        &[
            "AuthorizerResponse adds nulls and empty maps",
            "HttpApiRequest adds nulls and empty maps",
            "HttpApiRequest leaves out nulls",
            "HttpApiRequest makes empty maps of nulls",
            "HttpApiResponse adds nulls and empty maps",
            "RequestAuthorizerRequest adds nulls and empty maps",
            "RequestAuthorizerRequest leaves out nulls",
            "RestApiRequest adds nulls and empty maps",
            "RestApiRequest leaves out nulls",
            "RestApiRequest makes empty maps of nulls",
            "RestApiResponse adds nulls and empty maps",
            "WebSocketAuthorizerRequest adds nulls and empty maps",
            "WebSocketRequest adds nulls and empty maps",
        ],
    ),
    (
        "it keeps headers in `http::HeaderMap`, which has no letter case",
        &[
            "RequestAuthorizerRequest lower-cases the names of /headers",
            "RequestAuthorizerRequest lower-cases the names of /multiValueHeaders",
            "RestApiRequest lower-cases the names of /headers",
            "RestApiRequest lower-cases the names of /multiValueHeaders",
            "WebSocketAuthorizerRequest lower-cases the names of /headers",
            "WebSocketAuthorizerRequest lower-cases the names of /multiValueHeaders",
            "WebSocketRequest lower-cases the names of /headers",
            "WebSocketRequest lower-cases the names of /multiValueHeaders",
        ],
    ),
    (
        "it keeps single query values in a map of lists",
        &[
            "RequestAuthorizerRequest makes a list of /queryStringParameters/lang",
            "WebSocketAuthorizerRequest makes a list of /queryStringParameters/room",
            "WebSocketRequest makes a list of /queryStringParameters/room",
        ],
    ),
    (
        "its context of a REST API lacks these members",
        &[
            "RestApiRequest loses /requestContext/deploymentId",
            "RestApiRequest loses /requestContext/extendedRequestId",
            "RestApiRequest loses /requestContext/identity/clientCert",
            "RestApiRequest loses /requestContext/identity/principalOrgId",
            "RestApiRequest loses /requestContext/identity/vpcId",
            "RestApiRequest loses /requestContext/identity/vpceId",
            "RestApiRequest loses /version",
        ],
    ),
    (
        "its context of an authorizer's request is that of the guide's old example",
        &[
            "RequestAuthorizerRequest loses /requestContext/deploymentId",
            "RequestAuthorizerRequest loses /requestContext/domainName",
            "RequestAuthorizerRequest loses /requestContext/domainPrefix",
            "RequestAuthorizerRequest loses /requestContext/extendedRequestId",
            "RequestAuthorizerRequest loses /requestContext/identity/userAgent",
            "RequestAuthorizerRequest loses /requestContext/protocol",
            "RequestAuthorizerRequest loses /requestContext/requestTime",
            "RequestAuthorizerRequest loses /requestContext/requestTimeEpoch",
        ],
    ),
    (
        "it has no request of a WebSocket API's authorizer, only that of a REST API's",
        &[
            "WebSocketAuthorizerRequest loses /requestContext/connectedAt",
            "WebSocketAuthorizerRequest loses /requestContext/connectionId",
            "WebSocketAuthorizerRequest loses /requestContext/domainName",
            "WebSocketAuthorizerRequest loses /requestContext/eventType",
            "WebSocketAuthorizerRequest loses /requestContext/extendedRequestId",
            "WebSocketAuthorizerRequest loses /requestContext/identity/userAgent",
            "WebSocketAuthorizerRequest loses /requestContext/messageDirection",
            "WebSocketAuthorizerRequest loses /requestContext/requestTime",
            "WebSocketAuthorizerRequest loses /requestContext/requestTimeEpoch",
            "WebSocketAuthorizerRequest loses /requestContext/routeKey",
        ],
    ),
    (
        "one type reads requests and authorizers' requests of an HTTP API, with a default method",
        &["HttpApiRequest adds /httpMethod: \"GET\""],
    ),
    (
        "its policy statements have no Sid, and lists only",
        &[
            "AuthorizerResponse loses /policyDocument/Statement/0/Sid",
            "AuthorizerResponse makes a list of /policyDocument/Statement/0/Action",
            "AuthorizerResponse makes a list of /policyDocument/Statement/0/Condition/IpAddress/aws:SourceIp",
            "AuthorizerResponse makes a list of /policyDocument/Statement/0/Resource",
        ],
    ),
    (
        "it does not do without cookies",
        &["HttpApiResponse refuses http-response-binary"],
    ),
    (
        "its headers are text, API Gateway takes numbers and booleans too",
        &["RestApiResponse refuses rest-response"],
    ),
];

/// What they write for a document, if they read it; `None` where they have no type.
fn rewritten(of: &str, json: &str) -> Option<Result<Value, serde_json::Error>> {
    fn as_type<T: DeserializeOwned + Serialize>(json: &str) -> Result<Value, serde_json::Error> {
        serde_json::to_value(serde_json::from_str::<T>(json)?)
    }
    Some(match of {
        "AuthorizerResponse" => as_type::<theirs::ApiGatewayCustomAuthorizerResponse>(json),
        "HttpApiRequest" => as_type::<theirs::ApiGatewayV2httpRequest>(json),
        "HttpApiResponse" => as_type::<theirs::ApiGatewayV2httpResponse>(json),
        "HttpAuthorizerRequest" => as_type::<theirs::ApiGatewayV2CustomAuthorizerV2Request>(json),
        "HttpSimpleAuthorizerResponse" => {
            as_type::<theirs::ApiGatewayV2CustomAuthorizerSimpleResponse>(json)
        }
        "RequestAuthorizerRequest" if json.contains("\"version\"") => {
            as_type::<theirs::ApiGatewayV2CustomAuthorizerV1Request>(json)
        }
        "RequestAuthorizerRequest" | "WebSocketAuthorizerRequest" => {
            as_type::<theirs::ApiGatewayCustomAuthorizerRequestTypeRequest>(json)
        }
        "RestApiRequest" => as_type::<theirs::ApiGatewayProxyRequest>(json),
        "RestApiResponse" => as_type::<theirs::ApiGatewayProxyResponse>(json),
        "TokenAuthorizerRequest" => as_type::<theirs::ApiGatewayCustomAuthorizerRequest>(json),
        "WebSocketRequest" => as_type::<theirs::ApiGatewayWebsocketProxyRequest>(json),
        "MicroserviceRequest" | "UnauthorizedResponse" | "WebSocketResponse" => return None,
        other => panic!("nothing is known of {other}"),
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn compare(path: &str, ours: &Value, theirs: &Value, note: &mut impl FnMut(String)) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in a {
                match b.get(name) {
                    Some(other) => compare(&format!("{path}/{name}"), value, other, note),
                    None if b.contains_key(&name.to_ascii_lowercase()) => {
                        note(format!("lower-cases the names of {path}"));
                    }
                    None if value.is_null() => note("leaves out nulls".into()),
                    None => note(format!("loses {path}/{name}")),
                }
            }
            for (name, value) in b {
                if a.keys().any(|other| other.eq_ignore_ascii_case(name)) {
                } else if is_empty(value) {
                    note("adds nulls and empty maps".into());
                } else {
                    note(format!("adds {path}/{name}: {value}"));
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (value, other) in a.iter().zip(b) {
                compare(&format!("{path}/0"), value, other, note);
            }
        }
        _ if ours == theirs => {}
        (Value::Null, other) if is_empty(other) => note("makes empty maps of nulls".into()),
        (value, Value::Array(list)) if list.as_slice() == [value.clone()] => {
            note(format!("makes a list of {path}"));
        }
        _ => note(format!("changes {path}")),
    }
}

#[test]
fn on_every_sample() {
    let mut found = BTreeSet::new();
    for sample in SERVICE.samples {
        let document: Value = serde_json::from_str(sample.json).unwrap();
        let mut note = |what: String| {
            found.insert(format!("{} {what}", sample.of));
        };
        match rewritten(sample.of, sample.json) {
            Some(Ok(written)) => compare("", &document, &written, &mut note),
            Some(Err(_)) => note(format!("refuses {}", sample.id)),
            None => {}
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

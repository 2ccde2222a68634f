//! Every sample survives being read and written, and so does what other libraries lose.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::decode;
use lambda_with_api_gateway::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads `json` in both ways and compares what is written back.
fn exact<T: DeserializeOwned + Serialize>(name: &str, json: &str) {
    let expected: Value = serde_json::from_str(json).unwrap();
    let plain: T = serde_json::from_str(json).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(
        serde_json::to_value(&plain).unwrap(),
        expected,
        "{name}, by serde_json"
    );
    let shared: T = decode(json.to_owned()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(
        serde_json::to_value(&shared).unwrap(),
        expected,
        "{name}, by decode"
    );
}

fn by_name(of: &str) -> fn(&str, &str) {
    macro_rules! types {
        ($($type:ident),+ $(,)?) => {
            match of {
                $(stringify!($type) => exact::<$type>,)+
                other => panic!("no test reads {other}"),
            }
        };
    }
    types![
        AuthorizerResponse,
        HttpApiRequest,
        HttpApiResponse,
        HttpAuthorizerRequest,
        HttpSimpleAuthorizerResponse,
        MicroserviceRequest,
        RequestAuthorizerRequest,
        RestApiRequest,
        RestApiResponse,
        TokenAuthorizerRequest,
        UnauthorizedResponse,
        WebSocketAuthorizerRequest,
        WebSocketRequest,
        WebSocketResponse,
    ]
}

#[test]
fn samples_are_exact() {
    assert!(SERVICE.samples.len() > 30);
    for sample in SERVICE.samples {
        by_name(sample.of)(sample.id, sample.json);
    }
}

/// A sample with some members changed: a JSON merge patch, in which a null takes a member away and
/// the text `null` stands for null.
fn changed(id: &str, patch: Value) -> String {
    fn merge(document: &mut Value, patch: Value) {
        match (document, patch) {
            (Value::Object(document), Value::Object(patch)) => {
                for (name, value) in patch {
                    match value {
                        Value::Null => drop(document.remove(&name)),
                        Value::String(text) if text == "null" => {
                            document.insert(name, Value::Null);
                        }
                        Value::Object(_) if document.get(&name).is_some_and(Value::is_object) => {
                            merge(&mut document[&name], value);
                        }
                        value => drop(document.insert(name, value)),
                    }
                }
            }
            (document, patch) => *document = patch,
        }
    }
    let mut document: Value = serde_json::from_str(SERVICE.sample(id).unwrap().json).unwrap();
    merge(&mut document, patch);
    document.to_string()
}

#[test]
fn where_sources_disagree() {
    for (id, patch) in [
        // Members that other libraries drop from the context of a REST API.
        (
            "rest-get",
            json!({"requestContext": {"extendedRequestId": "Ex=", "deploymentId": "d1"}}),
        ),
        (
            "rest-private",
            json!({"requestContext": {"identity": {"vpcId": "vpc-1", "vpceId": "vpce-1"}}}),
        ),
        (
            "rest-iam",
            json!({"requestContext": {"identity": {"principalOrgId": "o-1", "clientCert": "null"}}}),
        ),
        // Header names keep their case, and values any characters.
        (
            "rest-get",
            json!({"headers": {"X-ODD": "caf\u{e9} \u{1}"}, "multiValueHeaders": {"X-ODD": ["a", ""]}}),
        ),
        // Nulls and missing members are told apart.
        (
            "rest-get",
            json!({"headers": "null", "multiValueHeaders": "null", "queryStringParameters": "null"}),
        ),
        (
            "rest-get",
            json!({"headers": null, "multiValueQueryStringParameters": null, "body": null}),
        ),
        (
            "rest-get",
            json!({"isBase64Encoded": null, "requestContext": {"authorizer": "null"}}),
        ),
        ("rest-get", json!({"requestContext": {"authorizer": {}}})),
        ("authorizer-http-v1", json!({"headers": "null"})),
        (
            "authorizer-http",
            json!({"headers": "null", "cookies": "null", "identitySource": "null"}),
        ),
        (
            "authorizer-http",
            json!({"headers": null, "cookies": null, "pathParameters": null}),
        ),
        (
            "function-url",
            json!({"queryStringParameters": "null", "stageVariables": "null"}),
        ),
        (
            "function-url",
            json!({"routeKey": null, "requestContext": {"routeKey": null, "stage": null}}),
        ),
        // Claims that are no strings, and what Cognito leaves out.
        (
            "http-jwt",
            json!({"requestContext": {"authorizer": {"jwt": {"claims": {"n": 1.5, "b": true, "l": ["a"]}, "scopes": "null"}}}}),
        ),
        (
            "http-iam",
            json!({"requestContext": {"authorizer": {"iam": {"cognitoIdentity": {"amr": "null"}}}}}),
        ),
        (
            "http-iam",
            json!({"requestContext": {"authorizer": {"iam": {"cognitoIdentity": "null", "principalOrgId": "null"}}}}),
        ),
        (
            "http-lambda-authorizer",
            json!({"requestContext": {"authorizer": {"lambda": "null"}}}),
        ),
        (
            "http-get",
            json!({"requestContext": {"authentication": "null"}}),
        ),
        // Numbers that are sometimes strings.
        (
            "rest-lambda-authorizer",
            json!({"requestContext": {"authorizer": {"integrationLatency": "12"}}}),
        ),
        (
            "websocket-message",
            json!({"requestContext": {"integrationLatency": 123}}),
        ),
        (
            "websocket-message",
            json!({"requestContext": {"integrationLatency": "123"}}),
        ),
        ("rest-response", json!({"statusCode": "200"})),
        // A message has no headers, and a context of its own in the authorizer's request.
        (
            "websocket-message",
            json!({"requestContext": {"messageId": "null", "authorizer": {"deep": {"er": [1]}}}}),
        ),
        (
            "authorizer-websocket",
            json!({"requestContext": {"eventType": "RECONNECT"}}),
        ),
        // One text or a list, with a Sid.
        (
            "authorizer-deny",
            json!({"policyDocument": {"Statement": [{"Sid": "A", "Effect": "Allow", "Action": "a", "Resource": ["b"]}]}}),
        ),
        (
            "authorizer-deny",
            json!({"policyDocument": {"Statement": [{"Effect": "Allow|Deny", "NotAction": ["a"], "NotResource": "b"}]}}),
        ),
        (
            "authorizer-allow",
            json!({"context": {"deep": {"er": [1]}}, "usageIdentifierKey": null}),
        ),
    ] {
        let sample = SERVICE.sample(id).unwrap();
        by_name(sample.of)(id, &changed(id, patch));
    }
}

#[test]
fn secrets_are_not_printed() {
    for (id, secret) in [
        ("rest-iam", "\"ASIAEXAMPLEACCESSKEY\""),
        ("rest-private", "kEy0EXAMPLE"),
        ("authorizer-token", "allow-me"),
    ] {
        let sample = SERVICE.sample(id).unwrap();
        let text = match sample.of {
            "RestApiRequest" => {
                let request: RestApiRequest = decode(sample.json).unwrap();
                format!("{:?}", request.request_context.identity)
            }
            _ => format!(
                "{:?}",
                decode::<TokenAuthorizerRequest>(sample.json).unwrap()
            ),
        };
        assert!(
            text.contains("[redacted]") && !text.contains(secret),
            "{id}: {text}"
        );
    }
}

#[test]
fn documents_are_told_apart() {
    for sample in SERVICE.samples {
        let document: Value = serde_json::from_str(sample.json).unwrap();
        let fitting: Vec<_> = SERVICE
            .shapes
            .iter()
            .filter(|shape| shape.mismatch(&document).is_none())
            .map(|shape| (shape.members.len(), shape.name))
            .collect();
        let most = fitting.iter().map(|(members, _)| *members).max().unwrap();
        let best: Vec<_> = fitting
            .iter()
            .filter(|(members, _)| *members == most)
            .collect();
        // Answers of the three kinds of API have the same one member.
        let ambiguous = sample.of.ends_with("ApiResponse") || sample.of == "WebSocketResponse";
        assert!(best.len() == 1 || ambiguous, "{}: {best:?}", sample.id);
        assert!(
            best.iter().any(|(_, name)| *name == sample.of),
            "{}: {best:?}",
            sample.id
        );
    }
}

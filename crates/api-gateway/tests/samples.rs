//! Every sample survives being read and written, and so does what other libraries lose.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::decode;
use lambda_with_api_gateway::*;
use lambda_with_testing::{Root, read, samples};
use serde_json::{Value, json};

fn roots() -> [Root; 14] {
    [
        Root::of::<RestApiRequest>(),
        Root::of::<HttpApiRequest>(),
        Root::of::<WebSocketRequest>(),
        Root::of::<TokenAuthorizerRequest>(),
        Root::of::<RequestAuthorizerRequest>(),
        Root::of::<WebSocketAuthorizerRequest>(),
        Root::of::<HttpAuthorizerRequest>(),
        Root::of::<MicroserviceRequest>(),
        Root::of::<RestApiResponse>(),
        Root::of::<HttpApiResponse>(),
        Root::of::<WebSocketResponse>(),
        Root::of::<AuthorizerResponse>(),
        Root::of::<HttpSimpleAuthorizerResponse>(),
        Root::of::<UnauthorizedResponse>(),
    ]
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(&SERVICE, &roots());
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
    let mut document: Value = read(&SERVICE, id);
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
        // Not every client tells what it is.
        (
            "http-get",
            json!({"requestContext": {"http": {"userAgent": null}}}),
        ),
        (
            "http-get",
            json!({"requestContext": {"http": {"userAgent": "null"}}}),
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
        let roots = roots();
        let root = roots.iter().find(|root| root.name() == sample.of);
        root.unwrap().exact(&changed(id, patch));
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

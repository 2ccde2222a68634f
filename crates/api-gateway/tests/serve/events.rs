//! From the request to the event.

use expect_test::{ExpectFile, expect_file};
use lambda_with_api_gateway::{HttpApiRequest, RestApiRequest};
use serde_json::{Value, json};

use super::{REST, V1, V2, arrival, door, request};

fn event(toml: &str, text: &str) -> Value {
    let door = door(toml);
    let admitted = door.admit(&request(text), &arrival()).unwrap();
    serde_json::from_slice(&admitted.event).unwrap()
}

const ORDINARY: &str = "PUT /pets/a%20b?tag=x&tag=y&q=brown+dog%21&empty
host: api.example.com
user-agent: curl/8.5.0
content-type: application/json
content-length: 8
cookie: session=s1; theme=dark
x-tag: 1
x-tag: 2
x-forwarded-for: 198.51.100.1
connection: keep-alive

{\"id\":7}";

#[test]
fn whole_events() {
    let check = |toml: &str, text: &str, expected: ExpectFile| {
        let mut event = event(toml, text);
        event.sort_all_objects();
        expected.assert_eq(&format!("{event:#}\n"));
    };
    check(V2, ORDINARY, expect_file!["events/http-2.0.json"]);
    check(V1, ORDINARY, expect_file!["events/http-1.0.json"]);
    let rest = ORDINARY.replace("/pets", "/prod/pets");
    check(REST, &rest, expect_file!["events/rest.json"]);
}

#[test]
fn members_of_events() {
    let check = |toml: &str, text: &str, members: Value| {
        let event = event(toml, text);
        for (pointer, expected) in members.as_object().unwrap() {
            let found = event.pointer(pointer);
            match expected.as_str() {
                Some("missing") => assert_eq!(found, None, "{text}: {pointer}"),
                _ => assert_eq!(found, Some(expected), "{text}: {pointer}"),
            }
        }
    };
    // Nothing that could be left out.
    check(
        V2,
        "GET /",
        json!({
            "/routeKey": "$default", "/rawPath": "/", "/rawQueryString": "", "/cookies": "missing",
            "/queryStringParameters": "missing", "/pathParameters": "missing", "/stageVariables": "missing",
            "/body": "missing", "/isBase64Encoded": false, "/headers/content-length": "0",
            "/headers/host": "q1w2e3r4t5.execute-api.eu-west-1.amazonaws.com",
            "/requestContext/http/userAgent": "", "/requestContext/stage": "$default",
            "/requestContext/domainName": "q1w2e3r4t5.execute-api.eu-west-1.amazonaws.com",
            "/requestContext/domainPrefix": "q1w2e3r4t5", "/requestContext/authorizer": "missing",
        }),
    );
    check(
        V1,
        "GET /",
        json!({
            "/version": "1.0", "/resource": "$default", "/path": "/", "/body": null,
            "/queryStringParameters": null, "/multiValueQueryStringParameters": null,
            "/pathParameters": null, "/stageVariables": null, "/isBase64Encoded": false,
            "/requestContext/resourceId": "$default", "/requestContext/identity/userAgent": "",
            "/requestContext/authorizer": {"claims": null, "scopes": null},
        }),
    );
    check(
        REST,
        "GET /prod",
        json!({
            "/version": "missing", "/resource": "/", "/path": "/", "/requestContext/path": "/prod",
            "/headers/Content-Length": "missing", "/requestContext/identity/userAgent": null,
            "/requestContext/authorizer": "missing", "/pathParameters": null,
            "/requestContext/requestId": "2f1c8a70-5b3d-4e6f-8a90-000000000001",
        }),
    );
    // Paths: decoded in 2.0, as they came in 1.0, without the stage in REST.
    check(
        V2,
        "GET /pets/%E2%98%95%2F1",
        json!({
            "/rawPath": "/pets/☕/1", "/requestContext/http/path": "/pets/☕/1", "/pathParameters/id": "☕/1",
        }),
    );
    check(
        V1,
        "GET /pets/%E2%98%95",
        json!({
            "/path": "/pets/%E2%98%95", "/requestContext/path": "/pets/☕", "/pathParameters/id": "☕",
            "/requestContext/resourceId": "ANY /pets/{id}",
        }),
    );
    check(
        REST,
        "GET /prod/pets/%E2%98%95",
        json!({
            "/path": "/pets/%E2%98%95", "/requestContext/path": "/prod/pets/%E2%98%95",
            "/pathParameters/id": "%E2%98%95",
        }),
    );
    check(
        REST,
        "GET /prod/proxy-value/",
        json!({"/path": "/proxy-value/", "/pathParameters/proxy": "proxy-value"}),
    );
    check(
        REST,
        "GET /prod/a//b",
        json!({"/path": "/a//b", "/pathParameters/proxy": "a//b"}),
    );
    check(
        REST,
        "GET /prod//a",
        json!({"/path": "/a", "/requestContext/path": "/prod//a", "/pathParameters/proxy": "a"}),
    );
    check(
        REST,
        "GET //prod/a",
        json!({"/path": "/a", "/pathParameters/proxy": "a"}),
    );
    let staged = "api = 'http'\nstage = 'dev'\n[stage_variables]\ntable = 'pets'";
    check(
        staged,
        "GET /dev/pets",
        json!({
            "/rawPath": "/dev/pets", "/requestContext/stage": "dev", "/stageVariables": {"table": "pets"},
        }),
    );
    check(
        "api = 'rest'\n[stage_variables]\ntable = 'pets'",
        "GET /prod/x",
        json!({"/stageVariables": {"table": "pets"}}),
    );
    // Query strings.
    check(
        V2,
        "GET /?a=1&a=2&b=%26&c&&=x&d=a=b",
        json!({
            "/rawQueryString": "a=1&a=2&b=%26&c&&=x&d=a=b",
            "/queryStringParameters": {"a": "1,2", "b": "&", "c": "", "": "x", "d": "a=b"},
        }),
    );
    check(
        REST,
        "GET /prod/x?a=1&a=2&b=test+alias%2B",
        json!({
            "/queryStringParameters": {"a": "2", "b": "test alias+"},
            "/multiValueQueryStringParameters": {"a": ["1", "2"], "b": ["test alias+"]},
        }),
    );
    // Cookies.
    let cookies = "GET /\ncookie: a=1;b=2\ncookie: c=3; ";
    check(
        V2,
        cookies,
        json!({"/cookies": ["a=1", "b=2", "c=3"], "/headers/cookie": "missing"}),
    );
    check(
        V1,
        cookies,
        json!({"/headers/Cookie": "c=3; ", "/multiValueHeaders/Cookie": ["a=1;b=2", "c=3; "]}),
    );
    // Bodies: text, JSON, XML and JavaScript are text; everything else is base64.
    let body = |kind: &str| format!("POST /prod/x\n{kind}\n\na b");
    for (kind, base64) in [
        ("content-type: text/plain", false),
        ("content-type: application/json; charset=utf-8", false),
        ("content-type: application/x-www-form-urlencoded", true),
        ("content-type: image/png", true),
        ("x-no: type", true),
    ] {
        let expected = if base64 { "YSBi" } else { "a b" };
        for toml in [V1, V2] {
            check(
                toml,
                &body(kind),
                json!({"/isBase64Encoded": base64, "/body": expected}),
            );
        }
    }
    check(
        REST,
        &body("content-type: image/png"),
        json!({"/isBase64Encoded": true, "/body": "YSBi"}),
    );
    check(
        REST,
        &body("content-type: application/pdf"),
        json!({"/isBase64Encoded": false, "/body": "a b"}),
    );
    check(
        REST,
        &body("x-no: type"),
        json!({"/isBase64Encoded": false, "/body": "a b"}),
    );
    // What the client says of the way it took is kept.
    check(
        V2,
        "GET /\nx-forwarded-for: 1.2.3.4\nx-amzn-trace-id: Root=1-0-0\nhost: 127.0.0.1:3000",
        json!({
            "/headers/x-forwarded-for": "1.2.3.4, 203.0.113.10", "/headers/x-amzn-trace-id": "Root=1-0-0",
            "/headers/host": "127.0.0.1:3000",
            "/requestContext/domainName": "q1w2e3r4t5.execute-api.eu-west-1.amazonaws.com",
            "/requestContext/http/sourceIp": "203.0.113.10",
        }),
    );
}

#[test]
fn events_are_read_by_the_types_they_are_of() {
    lambda_with::decode::<HttpApiRequest>(event(V2, ORDINARY).to_string()).unwrap();
    lambda_with::decode::<RestApiRequest>(event(V1, ORDINARY).to_string()).unwrap();
    lambda_with::decode::<RestApiRequest>(event(REST, "GET /prod").to_string()).unwrap();
}

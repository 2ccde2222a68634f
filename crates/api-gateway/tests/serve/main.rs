//! Requests become the events API Gateway sends, and answers the responses it gives.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod events;
mod url;
mod web_socket;

use bytes::Bytes;
use http::{Request, Response};
use lambda_with::policy::{Policy, may_invoke};
use lambda_with::{Caller, ErrorKind, Function, Integration, Outcome, Permission, Timestamp};
use lambda_with_api_gateway::ApiGateway;
use lambda_with_api_gateway::serve::{Arrival, FrontDoor};
use serde_json::Value;

fn function() -> Function {
    Function::new(
        "arn:aws:lambda:eu-west-1:123456789012:function:pets"
            .parse()
            .unwrap(),
    )
    .unwrap()
}

fn arrival() -> Arrival {
    Arrival {
        peer: [203, 0, 113, 10].into(),
        port: 443,
        scheme: "https",
        now: Timestamp::from_unix_millis(1_767_259_800_123),
        request_id: "2f1c8a70-5b3d-4e6f-8a90-000000000001".into(),
    }
}

fn door(toml: &str) -> FrontDoor<&'static str> {
    match toml::from_str(toml).unwrap() {
        ApiGateway::Http(api) => {
            let mut door = FrontDoor::http(&api, &function());
            door.add_http(&api, "pets").unwrap();
            door
        }
        ApiGateway::Rest(api) => {
            let mut door = FrontDoor::rest(&api, &function());
            door.add_rest(&api, "pets").unwrap();
            door
        }
        other => panic!("{other:?}"),
    }
}

const V2: &str = "api = 'http'\napi_id = 'q1w2e3r4t5'\nroutes = ['ANY /pets/{id}', '$default']";
const V1: &str = "api = 'http'\napi_id = 'q1w2e3r4t5'\nroutes = ['ANY /pets/{id}', '$default']\npayload_format = '1.0'";
const REST: &str = "api = 'rest'\napi_id = 'a1b2c3d4e5'\nroutes = ['ANY /pets/{id}', 'ANY /{proxy+}', 'GET /']\nbinary_media_types = ['image/*']";

/// `METHOD path`, one header on each line that follows, then after an empty line the body.
fn request(text: &str) -> Request<Bytes> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, uri) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(Bytes::from(body.to_owned())).unwrap()
}

/// The status, the headers in alphabetical order without those that name the request, and the body.
fn text(response: &Response<Bytes>) -> String {
    let mut headers: Vec<_> = response
        .headers()
        .iter()
        .filter(|(name, _)| !name.as_str().contains("id") && *name != "x-amzn-errortype")
        .collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    let mut text = response.status().as_u16().to_string();
    for (name, value) in headers {
        text.push_str(&format!(" {name}={}", value.to_str().unwrap()));
    }
    format!("{text} {}", String::from_utf8_lossy(response.body()))
}

fn success(payload: &str) -> Outcome {
    Outcome::Success {
        payload: Bytes::from(payload.to_owned()),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

#[test]
fn responses_name_the_request() {
    let names = |toml: &str| {
        let door = door(toml);
        let admitted = door.admit(&request("GET /prod/x"), &arrival()).unwrap();
        let event: Value = serde_json::from_slice(&admitted.event).unwrap();
        let response = admitted.answer(Ok(&success(r#"{"statusCode":200}"#)));
        (event["requestContext"].clone(), response)
    };
    let (context, response) = names(V2);
    assert_eq!(
        response.headers()["apigw-requestid"],
        context["requestId"].as_str().unwrap()
    );
    let (context, response) = names(REST);
    assert_eq!(
        response.headers()["x-amzn-requestid"],
        context["requestId"].as_str().unwrap()
    );
    assert_eq!(
        response.headers()["x-amz-apigw-id"],
        context["extendedRequestId"].as_str().unwrap()
    );
    let refused = door(REST).admit(&request("GET /"), &arrival()).unwrap_err();
    assert_eq!(refused.headers()["x-amzn-errortype"], "ForbiddenException");
}

#[test]
fn what_is_presented_is_what_is_permitted() {
    for (toml, text, source) in [
        (V2, "GET /pets/7", "q1w2e3r4t5/$default/GET/pets/{id}"),
        (V2, "GET /other", "q1w2e3r4t5/$default/$default"),
        (V1, "PUT /pets/7", "q1w2e3r4t5/$default/PUT/pets/{id}"),
        (REST, "PUT /prod/pets/7", "a1b2c3d4e5/prod/PUT/pets/{id}"),
        (REST, "GET /prod", "a1b2c3d4e5/prod/GET/"),
        ("api = 'rest'", "GET /prod", "${RestApi}/prod/GET/"),
        ("api = 'http'", "GET /", "${HttpApi}/$default/$default"),
    ] {
        let door = door(toml);
        let admitted = door.admit(&request(text), &arrival()).unwrap();
        let arn = admitted.delivery.source_arn.as_ref().unwrap();
        assert_eq!(arn.resource(), source);
        assert_eq!(admitted.delivery.principal, "apigateway.amazonaws.com");

        let connection: ApiGateway = toml::from_str(toml).unwrap();
        let statements: Vec<_> = connection
            .permissions(&function())
            .into_iter()
            .filter_map(|permission| match permission {
                Permission::ResourceBased(statement) => Some(statement),
                _ => None,
            })
            .collect();
        let caller = Caller::Service(admitted.delivery.clone());
        let arn = &function().arn;
        let allowed =
            |policy| may_invoke(&policy, arn, &caller, "lambda:InvokeFunction").is_allowed();
        assert!(
            allowed(Policy::of_function(arn, &statements)),
            "{toml} {text}"
        );
        assert!(!allowed(Policy::of_function(arn, [])), "{toml} {text}");
    }
}

#[test]
fn several_functions_share_an_api() {
    let api = |routes: &str| match toml::from_str(&format!("api = 'http'\nroutes = [{routes}]")) {
        Ok(ApiGateway::Http(api)) => api,
        other => panic!("{other:?}"),
    };
    let mut door = FrontDoor::http(&api("'GET /pets'"), &function());
    door.add_http(&api("'$default', 'GET /pets'"), "pets")
        .unwrap();
    door.add_http(&api("'GET /cats'"), "cats").unwrap();
    let routes: Vec<_> = door.routes().collect();
    assert_eq!(
        routes,
        [
            ("GET /pets", &"pets"),
            ("GET /cats", &"cats"),
            ("$default", &"pets")
        ]
    );
    let admitted = door.admit(&request("GET /cats"), &arrival()).unwrap();
    assert_eq!((*admitted.target, admitted.timeout.as_secs()), ("cats", 30));
    let conflict = door
        .add_http(&api("'GET /dogs', 'GET /cats'"), "other")
        .unwrap_err();
    assert_eq!(
        (conflict.kind(), door.routes().count()),
        (ErrorKind::Conflict, 3)
    );
    assert!(conflict.to_string().contains("GET /cats"), "{conflict}");
    let invalid = door.add_http(&api("'GET dogs'"), "other").unwrap_err();
    assert_eq!(invalid.kind(), ErrorKind::Invalid);
}

#[test]
fn who_would_have_been_asked() {
    for (toml, authorizer) in [
        ("api = 'http'", None),
        ("api = 'http'\nauthorizer = 'AWS_IAM'", Some("AWS_IAM")),
        (
            "api = 'rest'\nstage = 's'\nauthorizer = 'tokens'",
            Some("tokens"),
        ),
    ] {
        let door = door(toml);
        let admitted = door.admit(&request("GET /s/x"), &arrival()).unwrap();
        assert_eq!(admitted.authorizer, authorizer, "{toml}");
    }
}

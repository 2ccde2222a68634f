//! The URL of a function.

use http::HeaderMap;
use lambda_with::{Error, ErrorKind, Outcome};
use lambda_with_api_gateway::serve::{Cors, FrontDoor, FunctionUrl, InvokeMode};
use serde_json::{Value, json};

use super::{arrival, function, request, success, text};

fn url() -> FrontDoor<&'static str> {
    FrontDoor::url(&function(), "pets")
}

#[test]
fn the_event_is_that_of_a_url() {
    let text = "POST /a/b?x=1&x=2\nhost: localhost:3000\ncookie: a=1; b=2\ncontent-type: application/json\nuser-agent: curl\n\n{}";
    let door = url();
    let admitted = door.admit(&request(text), &arrival()).unwrap();
    let event: Value = serde_json::from_slice(&admitted.event).unwrap();
    let id = door.api_id();
    let domain = format!("{id}.lambda-url.eu-west-1.on.aws");
    let expected = json!({
        "accountId": "123456789012",
        "apiId": id,
        "authentication": null,
        "authorizer": null,
        "domainName": domain,
        "domainPrefix": id,
        "http": {"method": "POST", "path": "/a/b", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.10", "userAgent": "curl"},
        "requestId": "2f1c8a70-5b3d-4e6f-8a90-000000000001",
        "routeKey": "$default",
        "stage": "$default",
        "time": "01/Jan/2026:09:30:00 +0000",
        "timeEpoch": 1_767_259_800_123_u64,
    });
    assert_eq!(event["requestContext"], expected);
    for (member, value) in [
        ("version", json!("2.0")),
        ("routeKey", json!("$default")),
        ("rawPath", json!("/a/b")),
        ("rawQueryString", json!("x=1&x=2")),
        ("queryStringParameters", json!({"x": "1,2"})),
        ("cookies", json!(["a=1", "b=2"])),
        ("body", json!("{}")),
        ("isBase64Encoded", json!(false)),
        ("pathParameters", Value::Null),
        ("stageVariables", Value::Null),
    ] {
        assert_eq!(event[member], value, "{member}");
        assert!(event.get(member).is_some(), "{member}");
    }
}

#[test]
fn answers_as_recorded() {
    let json = "content-type=application/json";
    let check = |result: Result<Outcome, Error>, expected: &str| {
        let door = url();
        let admitted = door.admit(&request("GET /"), &arrival()).unwrap();
        let response = admitted.answer(result.as_ref());
        assert!(response.headers().contains_key("x-amzn-requestid"));
        let denied = response.headers().get("x-amzn-errortype");
        let kind = denied.map(|kind| kind.to_str().unwrap());
        assert_eq!(
            kind,
            (response.status() == 403).then_some("AccessDeniedException")
        );
        assert_eq!(text(&response), expected);
    };
    for (payload, body) in [
        (r#""hello""#, "hello"),
        ("3", "3"),
        ("3.1", "3.1"),
        ("true", "true"),
        (r#"["hello",3,true]"#, r#"["hello",3,true]"#),
        (r#"{"a":1}"#, r#"{"a":1}"#),
        (r#"{"statusCode":200,"body":"body123"}"#, "body123"),
    ] {
        check(Ok(success(payload)), &format!("200 {json} {body}"));
    }
    check(
        Ok(success(
            r#"{"statusCode":201,"headers":{"Content-Type":"text/plain"},"cookies":["a=1"],"body":"aGk=","isBase64Encoded":true}"#,
        )),
        "201 content-type=text/plain set-cookie=a=1 hi",
    );
    let failed = Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: "{}".into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    };
    let broken = format!("502 {json} Internal Server Error");
    check(Ok(failed), &broken);
    check(Ok(success(r#"{"statusCode":"what"}"#)), &broken);
    let refused = |kind| Err(Error::new(kind, "why"));
    check(
        refused(ErrorKind::Denied),
        &format!(
            r#"403 {json} {{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}}"#
        ),
    );
    check(
        refused(ErrorKind::Throttled),
        &format!(r#"429 {json} {{"Message":"Rate Exceeded."}}"#),
    );
}

#[test]
fn pages_of_other_origins() {
    let cors = Cors {
        allow_origins: vec![
            "https://app.example.com".into(),
            "https://*.example.org".into(),
        ],
        allow_methods: vec!["GET".into(), "POST".into()],
        allow_headers: vec!["x-custom".into()],
        expose_headers: vec!["date".into()],
        max_age: Some(300),
        allow_credentials: true,
    };
    let preflight = |cors: &Cors, headers: &str| {
        let request = request(&format!("OPTIONS /\n{headers}"));
        cors.preflight(&request).map(|response| text(&response))
    };
    assert_eq!(preflight(&cors, "origin: https://app.example.com"), None);
    let asks = "origin: https://app.example.com\naccess-control-request-method: POST";
    assert_eq!(
        preflight(&cors, asks).unwrap(),
        "200 access-control-allow-credentials=true access-control-allow-headers=x-custom access-control-allow-methods=GET,POST access-control-allow-origin=https://app.example.com access-control-max-age=300 vary=Origin "
    );
    let other = "origin: https://evil.example.net\naccess-control-request-method: POST";
    assert_eq!(preflight(&cors, other).unwrap(), "200 ");
    let applied = |cors: &Cors, origin: &str| {
        let mut headers = HeaderMap::new();
        cors.apply(&request(&format!("GET /\n{origin}")), &mut headers);
        let origin = headers.get("access-control-allow-origin");
        origin.map(|origin| origin.to_str().unwrap().to_owned())
    };
    for (origin, allowed) in [
        ("x: 1", None),
        (
            "origin: https://app.example.com",
            Some("https://app.example.com"),
        ),
        (
            "origin: https://one.example.org",
            Some("https://one.example.org"),
        ),
        ("origin: https://app.example.com.evil", None),
        ("origin: null", None),
    ] {
        assert_eq!(applied(&cors, origin).as_deref(), allowed, "{origin}");
    }
    let any = Cors {
        allow_origins: vec!["*".into()],
        ..Cors::default()
    };
    assert_eq!(applied(&any, "origin: https://a.b").as_deref(), Some("*"));
}

#[test]
fn settings() {
    let read = |toml: &str| toml::from_str::<FunctionUrl>(toml).map_err(|error| error.to_string());
    let url = read(
        "auth_type = 'AWS_IAM'\ninvoke_mode = 'RESPONSE_STREAM'\n[cors]\nallow_origins = ['*']",
    )
    .unwrap();
    assert_eq!(url.invoke_mode, InvokeMode::ResponseStream);
    assert_eq!(url.cors.unwrap().allow_origins, ["*"]);
    for wrong in [
        "",
        "auth_type = 'SOME'",
        "auth_type = 'NONE'\nmode = 'BUFFERED'",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

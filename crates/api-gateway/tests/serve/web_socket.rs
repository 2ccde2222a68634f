//! A WebSocket API: handshakes, messages, ends, and the management API.

use std::time::Duration;

use expect_test::expect_file;
use http::StatusCode;
use lambda_with::policy::{Policy, may_invoke};
use lambda_with::{Arn, Caller, Error, ErrorKind, Integration, Permission};
use lambda_with_api_gateway::serve::web_socket::{Action, Client, Command, Door};
use lambda_with_api_gateway::{Authorizer, SERVICE, WebSocketApi};
use serde_json::{Value, json};

use super::{Outcome, arrival, function, request};

const HANDSHAKE: &str = "GET /prod?room=7&tag=a&tag=b
host: ws.example.com:8080
connection: Upgrade
upgrade: websocket
sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==
sec-websocket-version: 13
sec-websocket-protocol: v1, v2
user-agent: wscat
x-token: let-me-in";

const MEMBERS: &str = "name = 'members'\nkind = 'websocket'\napi_id = 'w9x8y7z6v5'\nauthorizer_id = 'x7y8z9'\nidentity_sources = ['route.request.header.X-Token']";

fn api(toml: &str) -> WebSocketApi {
    toml::from_str(&format!("api_id = 'w9x8y7z6v5'\n{toml}")).unwrap()
}

fn door(toml: &str) -> Door<&'static str> {
    let api = api(toml);
    let mut door = Door::new(&api, &function()).unwrap();
    door.add(&api, "chat").unwrap();
    door
}

fn client(door: &Door<&'static str>) -> Client {
    door.admit(&request(HANDSHAKE), &arrival()).unwrap()
}

fn answered(payload: &Value) -> Outcome {
    Outcome::Success {
        payload: payload.to_string().into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

fn failed(message: &str) -> Outcome {
    Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: json!({ "errorMessage": message }).to_string().into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

#[test]
fn whole_events() {
    let door = door("stage_variables = { table = 'rooms' }");
    let client = client(&door);
    let message = r#"{"action":"send","text":"hi"}"#;
    let events = [
        ("connect", door.connect(&client).unwrap()),
        (
            "message",
            door.message(&client, message, &arrival()).unwrap(),
        ),
        (
            "disconnect",
            door.disconnect(&client, 1001, "Going away", &arrival())
                .unwrap(),
        ),
    ];
    for (name, call) in &events {
        assert_eq!(*call.target, "chat");
        let mut event: Value = serde_json::from_slice(&call.event).unwrap();
        event.sort_all_objects();
        let file = match *name {
            "connect" => expect_file!["events/websocket-connect.json"],
            "message" => expect_file!["events/websocket-message.json"],
            _ => expect_file!["events/websocket-disconnect.json"],
        };
        file.assert_eq(&format!("{event:#}\n"));

        // The same members as in what AWS sends.
        let sample = SERVICE.sample(&format!("websocket-{name}")).unwrap();
        let sample: Value = serde_json::from_str(sample.json).unwrap();
        let names = |value: &Value| -> Vec<String> {
            let members = value["requestContext"].as_object().unwrap().keys();
            let mut names: Vec<String> = members.cloned().collect();
            names.retain(|name| name != "authorizer");
            names.sort();
            names
        };
        assert_eq!(names(&event), names(&sample), "{name}");
    }
    let ids = events.each_ref().map(|(_, call)| {
        let event: Value = serde_json::from_slice(&call.event).unwrap();
        event["requestContext"]["connectionId"].clone()
    });
    assert!(ids.iter().all(|id| *id == client.id()), "{ids:?}");
}

#[test]
fn the_policy_that_follows_from_the_definition_lets_every_route_in() {
    let api = api("routes = ['$connect', '$disconnect', '$default', 'send message']");
    let permissions = api.permissions(&function()).into_iter();
    let statements: Vec<_> = permissions
        .filter_map(|permission| match permission {
            Permission::ResourceBased(statement) => Some(statement),
            _ => None,
        })
        .collect();
    let arn: Arn = function().arn;
    let policy = Policy::of_function(&arn, &statements);
    let mut door = Door::new(&api, &function()).unwrap();
    door.add(&api, "chat").unwrap();
    let client = client(&door);
    let calls = [
        door.connect(&client).unwrap(),
        door.message(&client, r#"{"action":"send message"}"#, &arrival())
            .unwrap(),
        door.message(&client, "plain", &arrival()).unwrap(),
        door.disconnect(&client, 1000, "", &arrival()).unwrap(),
    ];
    for call in calls {
        let caller = Caller::Service(call.delivery.clone());
        let decision = may_invoke(&policy, &arn, &caller, "lambda:InvokeFunction");
        assert!(
            matches!(decision, lambda_with::policy::Decision::Allowed { .. }),
            "{}: {decision:?}",
            call.route_key
        );
    }
}

#[test]
fn messages_take_their_routes() {
    let check = |toml: &str, message: &str, expected: Option<&str>| {
        let door = door(toml);
        let client = client(&door);
        match (door.message(&client, message, &arrival()), expected) {
            (Ok(call), Some(expected)) => assert_eq!(call.route_key, expected, "{message}"),
            (Err(said), None) => {
                let said: Value = serde_json::from_str(&said).unwrap();
                assert_eq!(said["message"], "Forbidden");
                assert_eq!(said["connectionId"], client.id());
                assert_eq!(said["requestId"].as_str().unwrap().len(), 16);
            }
            (call, expected) => panic!("{message}: {call:?} {expected:?}"),
        }
    };
    let plain = "routes = ['$connect', '$disconnect', '$default', 'send']";
    check(plain, r#"{"action":"send"}"#, Some("send"));
    check(plain, r#"{"action":"Send"}"#, Some("$default"));
    check(plain, r#"{"other":"send"}"#, Some("$default"));
    check(plain, r#"{"action":"$default"}"#, Some("$default"));
    // Nobody connects or leaves by saying so.
    check(plain, r#"{"action":"$connect"}"#, Some("$default"));
    check(plain, r#"{"action":"$disconnect"}"#, Some("$default"));
    for message in ["send", "", "[1]", "\u{1f600}"] {
        check(plain, message, Some("$default"));
    }
    let bare = "routes = ['$connect', 'send']";
    check(bare, r#"{"action":"send"}"#, Some("send"));
    check(bare, r#"{"action":"other"}"#, None);
    check(bare, r#"{"action":"$connect"}"#, None);
    check(bare, "send", None);
    let own = "routes = ['chat/join']\nroute_selection_expression = '${request.body.service}/${request.body.action}'";
    check(
        own,
        r#"{"service":"chat","action":"join"}"#,
        Some("chat/join"),
    );
    check(own, r#"{"service":"chat"}"#, None);
}

#[test]
fn what_connect_answers_opens_or_refuses() {
    let door = door("");
    let client = client(&door);
    let call = door.connect(&client).unwrap();
    let refused = Error::new(ErrorKind::Denied, "no");
    let opened = |answer: Value, subprotocol: Option<&str>| {
        let header = call.connected(Some(Ok(&answered(&answer)))).unwrap();
        let header = header.as_ref().map(|value| value.to_str().unwrap());
        assert_eq!(header, subprotocol, "{answer}");
    };
    opened(json!({ "statusCode": 200 }), None);
    opened(json!({ "statusCode": "204", "body": "ignored" }), None);
    let headers = json!({ "sec-websocket-protocol": "v2", "set-cookie": "a=1" });
    opened(json!({ "statusCode": 200, "headers": headers }), Some("v2"));

    let code = |result: Option<Result<&Outcome, &Error>>| {
        let response = call.connected(result).unwrap_err();
        (
            response.status().as_u16(),
            String::from_utf8(response.body().to_vec()).unwrap(),
        )
    };
    let internal = r#"{"message": "Internal server error"}"#.to_owned();
    for status in [300, 401, 403, 500] {
        let answer = answered(&json!({ "statusCode": status, "body": "secret" }));
        assert_eq!(code(Some(Ok(&answer))), (status, String::new()));
    }
    for answer in [
        json!({}),
        json!(null),
        json!("ok"),
        json!({ "statusCode": 99 }),
    ] {
        assert_eq!(
            code(Some(Ok(&answered(&answer)))),
            (502, internal.clone()),
            "{answer}"
        );
    }
    assert_eq!(code(Some(Ok(&failed("as told")))), (502, internal.clone()));
    assert_eq!(code(Some(Err(&refused))), (500, internal));
    let late = r#"{"message": "Endpoint request timed out"}"#.to_owned();
    assert_eq!(code(None), (504, late));
}

#[test]
fn senders_are_answered_where_the_route_is_two_way() {
    let reply = |toml: &str, result: Option<Result<&Outcome, &Error>>| {
        let door = door(toml);
        let client = client(&door);
        let call = door.message(&client, "hello", &arrival()).unwrap();
        call.reply(result)
    };
    let (one, two) = ("", "two_way = ['$default']");
    let answer = answered(&json!({ "statusCode": 200, "body": "hello yourself" }));
    assert_eq!(reply(one, Some(Ok(&answer))), None);
    assert_eq!(reply(two, Some(Ok(&answer))).unwrap(), "hello yourself");
    let poor = answered(&json!({ "statusCode": 500, "body": "poor" }));
    assert_eq!(reply(two, Some(Ok(&poor))).unwrap(), "poor");
    let silent = answered(&json!({ "statusCode": 200 }));
    assert_eq!(reply(two, Some(Ok(&silent))), None);
    let large = answered(&json!({ "statusCode": 200, "body": "x".repeat(128 * 1024 + 1) }));
    let broken = answered(&json!({ "statusCode": 200, "body": { "a": 1 } }));
    let denied = Error::new(ErrorKind::Denied, "no");
    for (toml, result, message) in [
        (one, Some(Ok(&failed("as told"))), "Internal server error"),
        (two, Some(Ok(&failed("as told"))), "Internal server error"),
        (
            one,
            Some(Ok(&answered(&json!(null)))),
            "Internal server error",
        ),
        (two, Some(Ok(&broken)), "Internal server error"),
        (two, Some(Ok(&large)), "Internal server error"),
        (one, Some(Err(&denied)), "Internal server error"),
        (one, None, "Endpoint request timed out"),
    ] {
        let said: Value = serde_json::from_str(&reply(toml, result).unwrap()).unwrap();
        assert_eq!(said["message"], message);
        assert!(said["connectionId"].is_string() && said["requestId"].is_string());
    }
}

#[test]
fn handshakes_elsewhere_are_refused() {
    let door = door("");
    for (line, expected) in [
        ("GET /prod", None),
        ("GET /prod/", None),
        ("GET /", Some(403)),
        ("GET /dev", Some(403)),
        ("GET /prod/more", Some(403)),
        (&format!("GET /prod?a={}", "x".repeat(4096)), Some(414)),
    ] {
        let refused = door.admit(&request(line), &arrival()).err();
        let code = refused.map(|response| response.status().as_u16());
        assert_eq!(code, expected, "{line}");
    }
    let other = request("GET /prod\nhost: 127.0.0.1:3000");
    let client = door.admit(&other, &arrival()).unwrap();
    let event: Value = serde_json::from_slice(&door.connect(&client).unwrap().event).unwrap();
    assert_eq!(event["requestContext"]["domainName"], "127.0.0.1:3000");
    let bare = door.admit(&request("GET /prod"), &arrival()).unwrap();
    let event: Value = serde_json::from_slice(&door.connect(&bare).unwrap().event).unwrap();
    let domain = "w9x8y7z6v5.execute-api.eu-west-1.amazonaws.com";
    assert_eq!(event["requestContext"]["domainName"], domain);
    assert_eq!(event.get("queryStringParameters"), None);
}

/// The code with which an authorizer's answer turns the client away; nothing where it does not.
fn judged(outcome: Option<Result<&Outcome, &Error>>) -> (Option<u16>, Client) {
    let mut door = door("authorizer = 'members'");
    door.add_authorizer(&toml::from_str::<Authorizer>(MEMBERS).unwrap(), "doorman");
    let mut client = client(&door);
    let call = door.authorize(&client).unwrap().unwrap();
    assert_eq!((*call.target, call.route_key), ("doorman", "members"));
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:w9x8y7z6v5/authorizers/x7y8z9";
    assert_eq!(call.delivery.source_arn.as_ref().unwrap().as_str(), arn);
    let refused = door.judged(&mut client, outcome, Duration::from_millis(12));
    (
        refused.err().map(|response| response.status().as_u16()),
        client,
    )
}

#[test]
fn an_authorizer_decides() {
    let route = "arn:aws:execute-api:eu-west-1:123456789012:w9x8y7z6v5/prod/$connect";
    let policy = |statements: Value, context: Value| {
        answered(&json!({
            "principalId": "user-7",
            "policyDocument": { "Version": "2012-10-17", "Statement": statements },
            "context": context,
        }))
    };
    let statement = |effect: &str, resource: &str| json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource });
    let allow = |resource: &str| policy(json!([statement("Allow", resource)]), json!(null));
    let check = |outcome: &Outcome, expected: Option<u16>| {
        assert_eq!(judged(Some(Ok(outcome))).0, expected, "{outcome:?}");
    };
    check(&allow(route), None);
    check(&allow("arn:aws:execute-api:*:*:w9x8y7z6v5/prod/*"), None);
    check(&allow("*"), None);
    check(&policy(statement("Allow", route), json!({})), None);
    check(
        &allow("arn:aws:execute-api:eu-west-1:123456789012:w9x8y7z6v5/prod/GET/*"),
        Some(403),
    );
    check(&policy(json!([]), json!(null)), Some(403));
    let both = json!([statement("Allow", "*"), statement("Deny", route)]);
    check(&policy(both, json!(null)), Some(403));
    check(&failed("Unauthorized"), Some(401));
    check(&failed("unauthorized"), Some(500));
    check(&answered(&json!({ "isAuthorized": true })), Some(500));
    check(
        &policy(json!([statement("Allow", "*")]), json!({ "list": [1] })),
        Some(500),
    );
    let large = json!({ "long": "x".repeat(8 * 1024) });
    check(&policy(json!([statement("Allow", "*")]), large), Some(500));
    assert_eq!(judged(None).0, Some(500));
    assert_eq!(
        judged(Some(Err(&Error::new(ErrorKind::Denied, "no")))).0,
        Some(500)
    );

    // What it says stays with the connection, as text.
    let context = json!({ "tier": "gold", "age": 7, "old": false });
    let (_, client) = judged(Some(Ok(&policy(json!([statement("Allow", "*")]), context))));
    let door = door("");
    let call = door.message(&client, "hello", &arrival()).unwrap();
    let event: Value = serde_json::from_slice(&call.event).unwrap();
    let expected = json!({ "principalId": "user-7", "integrationLatency": 12, "tier": "gold", "age": "7", "old": "false" });
    assert_eq!(event["requestContext"]["authorizer"], expected);
}

#[test]
fn an_authorizer_is_asked_only_about_clients_it_can_know() {
    let mut door = door("authorizer = 'members'");
    let members: Authorizer = toml::from_str(MEMBERS).unwrap();
    let others = Authorizer {
        name: "others".into(),
        ..members.clone()
    };
    door.add_authorizer(&others, "others");
    let client = client(&door);
    assert!(door.authorize(&client).unwrap().is_none(), "another one's");
    door.add_authorizer(&members, "doorman");
    let call = door.authorize(&client).unwrap().unwrap();
    let mut question: Value = serde_json::from_slice(&call.event).unwrap();
    question.sort_all_objects();
    expect_file!["events/websocket-authorizer.json"].assert_eq(&format!("{question:#}\n"));

    let stranger = HANDSHAKE.replace("\nx-token: let-me-in", "");
    let stranger = door.admit(&request(&stranger), &arrival()).unwrap();
    let refused = door.authorize(&stranger).unwrap_err();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn the_management_api() {
    let door = door("");
    let read = |text: &str| {
        door.command(&request(text))
            .map(|read| read.map_err(|r| r.status().as_u16()))
    };
    let id = client(&door).id().to_owned();
    let encoded = id.replace('=', "%3D");
    let command = |action| {
        Some(Ok(Command {
            connection_id: id.clone(),
            action,
            access_key: None,
        }))
    };
    for path in [
        format!("/prod/@connections/{encoded}"),
        format!("/prod/%40connections/{encoded}"),
        format!("/prod/@connections/{id}"),
    ] {
        let post = format!("POST {path}\n\nhello");
        assert_eq!(read(&post), command(Action::Post("hello".into())), "{path}");
        assert_eq!(read(&format!("GET {path}")), command(Action::Get));
        assert_eq!(read(&format!("DELETE {path}")), command(Action::Delete));
        assert_eq!(read(&format!("PUT {path}")), Some(Err(403)));
    }
    assert_eq!(read("GET /prod"), None);
    assert_eq!(
        read(&format!("GET /dev/@connections/{encoded}")),
        Some(Err(403))
    );
    assert_eq!(read("GET /prod/@connections/no!id"), Some(Err(400)));
    assert_eq!(read("GET /prod/@connections/"), Some(Err(400)));
    let body = "x".repeat(128 * 1024);
    let post = format!("POST /prod/@connections/{encoded}\n\n{body}");
    assert!(read(&post).unwrap().is_ok());
    assert_eq!(read(&format!("{post}x")), Some(Err(413)));

    let signed = format!(
        "GET /prod/@connections/{encoded}\nauthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=0"
    );
    let signed = door.command(&request(&signed)).unwrap().unwrap();
    assert_eq!(signed.access_key.as_deref(), Some("AKIDEXAMPLE"));
    let denied = door.denied(&signed);
    let said = String::from_utf8(denied.body().to_vec()).unwrap();
    let resource = format!("w9x8y7z6v5/prod/GET/@connections/{id}");
    assert!(denied.status() == 403 && said.contains(&resource), "{said}");

    let described = signed.done(&client(&door), arrival().now);
    let described: Value = serde_json::from_slice(described.body()).unwrap();
    let expected = json!({
        "connectedAt": "2026-01-01T09:30:00.123Z",
        "identity": { "sourceIp": "203.0.113.10", "userAgent": "wscat" },
        "lastActiveAt": "2026-01-01T09:30:00.123Z",
    });
    assert_eq!(described, expected);
    let gone = Command::gone();
    assert_eq!(
        (gone.status(), &gone.headers()["x-amzn-errortype"]),
        (StatusCode::GONE, &"GoneException".parse().unwrap())
    );
}

#[test]
fn what_no_door_can_have() {
    let twice = api("routes = ['send', 'send']");
    let mut door = Door::new(&twice, &function()).unwrap();
    assert_eq!(
        door.add(&twice, "chat").unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let strange = api("route_selection_expression = '$request.header.action'");
    let error = Door::<()>::new(&strange, &function()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

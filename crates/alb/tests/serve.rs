//! The front door: which rule a request takes, the event made of it, and the response.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use expect_test::{Expect, expect};
use http::{Request, Response};
use lambda_with::policy::{Policy, may_invoke};
use lambda_with::{Caller, Error, ErrorKind, Function, Integration, Outcome, Permission};
use lambda_with_alb::serve::{Arrival, FrontDoor};
use lambda_with_alb::{Alb, AlbRequest, AlbResponse};

fn function() -> Function {
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop";
    Function::new(arn.parse().unwrap()).unwrap()
}

fn alb(toml: &str) -> Alb {
    toml::from_str(toml).unwrap()
}

fn door(connections: &[&str]) -> FrontDoor<String> {
    let mut door = FrontDoor::new();
    for toml in connections {
        let alb = alb(toml);
        door.add(&alb, &function(), alb.target_group.clone())
            .unwrap();
    }
    door
}

fn request(head: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    let mut lines = head.lines().map(str::trim);
    let (method, uri) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(body.into()).unwrap()
}

fn success(answer: &AlbResponse) -> Outcome {
    Outcome::Success {
        payload: serde_json::to_vec(answer).unwrap().into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

const SINGLE: &str = "target_group = 'shop'";
const MULTI: &str = "target_group = 'shop'\nmulti_value_headers = true";

#[test]
fn rules_are_tried_by_priority() {
    let door = door(&[
        "target_group = 'rest'",
        "target_group = 'pages'\nrules = [{ priority = 100, methods = ['GET'] }, { priority = 5, paths = ['/boats/new'] }]",
        "target_group = 'boats'\nrules = [{ priority = 10, paths = ['/boats/*'] }]",
        "target_group = 'admin'\nrules = [{ priority = 1, hosts = ['admin.*'], methods = ['GET', 'POST'] }]",
    ]);
    let order: Vec<&str> = door.rules().map(|(_, target)| target.as_str()).collect();
    assert_eq!(order, ["admin", "pages", "boats", "pages", "rest"]);
    for (head, expected) in [
        ("GET /boats/7", "boats 10"),
        ("GET /boats/7?a=/boats/new", "boats 10"),
        ("GET /boats/new", "pages 5"),
        ("GET /berths", "pages 100"),
        ("PUT /berths", "rest -"),
        ("GET /boats/7\nhost: admin.example.com:8080", "admin 1"),
        ("GET http://ADMIN.example.com/boats/7", "admin 1"),
        ("PUT /boats/7\nhost: admin.example.com", "boats 10"),
    ] {
        let request = request(head, "");
        let admitted = door.admit(&request, &Arrival::default()).unwrap();
        let priority = admitted
            .priority
            .map_or("-".into(), |priority| priority.to_string());
        assert_eq!(
            format!("{} {priority}", admitted.target),
            expected,
            "{head}"
        );
    }
}

#[test]
fn rules_that_contradict_each_other() {
    let mut door = door(&[
        "target_group = 'a'\nrules = [{ priority = 1 }]",
        "target_group = 'b'",
    ]);
    for (toml, kind, named) in [
        (
            "target_group = 'c'\nrules = [{ priority = 2 }, { priority = 1 }]",
            ErrorKind::Conflict,
            "priority 1",
        ),
        ("target_group = 'c'", ErrorKind::Conflict, "no rules"),
        ("target_group = '*'", ErrorKind::Invalid, "`*`"),
    ] {
        let error = door.add(&alb(toml), &function(), "c".into()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(named), "{error}");
        assert_eq!(door.rules().count(), 2);
    }
}

#[test]
fn events() {
    let check = |toml: &str, head: &str, body: &'static [u8], expected: Expect| {
        let (door, request) = (door(&[toml]), request(head, body));
        let admitted = door.admit(&request, &Arrival::default()).unwrap();
        let event: AlbRequest = lambda_with::decode(admitted.event.clone()).unwrap();
        assert_eq!(event.body_bytes().unwrap(), body);
        expected.assert_eq(&serde_json::to_string_pretty(&event).unwrap());
    };
    let search = "GET /tides/caf%C3%A9?q=a%20b&q=c+d&flag\nhost: shop.example.com\ncookie: a=1\ncookie: b=2\nX-Forwarded-For: 198.51.100.7\ntransfer-encoding: chunked";
    check(
        SINGLE,
        search,
        b"",
        expect![[r#"
        {
          "requestContext": {
            "elb": {
              "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/9226aa0b9226aa0b"
            }
          },
          "httpMethod": "GET",
          "path": "/tides/caf%C3%A9",
          "queryStringParameters": {
            "q": "c+d",
            "flag": ""
          },
          "headers": {
            "cookie": "b=2",
            "host": "shop.example.com",
            "x-amzn-trace-id": "Root=1-00000000-578c9fe4c3b8f905a48346c2",
            "x-forwarded-for": "198.51.100.7, 127.0.0.1",
            "x-forwarded-port": "80",
            "x-forwarded-proto": "http"
          },
          "body": "",
          "isBase64Encoded": false
        }"#]],
    );
    check(
        MULTI,
        search,
        b"",
        expect![[r#"
        {
          "requestContext": {
            "elb": {
              "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/9226aa0b9226aa0b"
            }
          },
          "httpMethod": "GET",
          "path": "/tides/caf%C3%A9",
          "multiValueQueryStringParameters": {
            "q": [
              "a%20b",
              "c+d"
            ],
            "flag": [
              ""
            ]
          },
          "multiValueHeaders": {
            "cookie": [
              "a=1",
              "b=2"
            ],
            "host": [
              "shop.example.com"
            ],
            "x-amzn-trace-id": [
              "Root=1-00000000-578c9fe4c3b8f905a48346c2"
            ],
            "x-forwarded-for": [
              "198.51.100.7, 127.0.0.1"
            ],
            "x-forwarded-port": [
              "80"
            ],
            "x-forwarded-proto": [
              "http"
            ]
          },
          "body": "",
          "isBase64Encoded": false
        }"#]],
    );
    check(
        SINGLE,
        "POST /berths\nhost: localhost\ncontent-type: application/json; charset=utf-8",
        b"{\"berth\":7}",
        expect![[r#"
            {
              "requestContext": {
                "elb": {
                  "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/9226aa0b9226aa0b"
                }
              },
              "httpMethod": "POST",
              "path": "/berths",
              "queryStringParameters": {},
              "headers": {
                "content-type": "application/json; charset=utf-8",
                "host": "localhost",
                "x-amzn-trace-id": "Root=1-00000000-578c9fe4c3b8f905a48346c2",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-port": "80",
                "x-forwarded-proto": "http"
              },
              "body": "{\"berth\":7}",
              "isBase64Encoded": false
            }"#]],
    );
    check(
        MULTI,
        "POST /berths\nhost: localhost\ncontent-type: application/x-www-form-urlencoded",
        b"a=1",
        expect![[r#"
            {
              "requestContext": {
                "elb": {
                  "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/9226aa0b9226aa0b"
                }
              },
              "httpMethod": "POST",
              "path": "/berths",
              "multiValueQueryStringParameters": {},
              "multiValueHeaders": {
                "content-type": [
                  "application/x-www-form-urlencoded"
                ],
                "host": [
                  "localhost"
                ],
                "x-amzn-trace-id": [
                  "Root=1-00000000-578c9fe4c3b8f905a48346c2"
                ],
                "x-forwarded-for": [
                  "127.0.0.1"
                ],
                "x-forwarded-port": [
                  "80"
                ],
                "x-forwarded-proto": [
                  "http"
                ]
              },
              "body": "YT0x",
              "isBase64Encoded": true
            }"#]],
    );
}

#[test]
fn what_becomes_base64() {
    for (headers, body, base64) in [
        ("content-type: text/plain", &b"hi"[..], false),
        (
            "content-type: text/plain\ncontent-encoding: gzip",
            b"hi",
            true,
        ),
        ("content-type: image/png", b"hi", true),
        ("content-type: image/png", b"", false),
        ("x-none: 1", b"hi", true),
        ("content-type: image/png", b"\xff", true),
    ] {
        let (door, request) = (
            door(&[SINGLE]),
            request(&format!("POST /\n{headers}"), body),
        );
        let event = door.admit(&request, &Arrival::default()).unwrap().event;
        let event: AlbRequest = lambda_with::decode(event).unwrap();
        assert_eq!(event.is_base64_encoded, Some(base64), "{headers}");
    }
}

#[test]
fn refusals() {
    let door = door(&["target_group = 'boats'\nrules = [{ priority = 1, paths = ['/boats'] }]"]);
    let long = "x".repeat(17 * 1024);
    let wide: String = (0..6)
        .map(|n| format!("\nx-{n}: {}", "x".repeat(12 * 1024)))
        .collect();
    for (head, body, code) in [
        ("GET /berths".into(), Vec::new(), 404),
        ("GET /boats\nupgrade: WebSocket".into(), Vec::new(), 400),
        (
            "POST /boats\ncontent-type: text/plain".into(),
            vec![0xff],
            400,
        ),
        (format!("GET /boats?{long}"), Vec::new(), 413),
        (format!("GET /boats\nx: {long}"), Vec::new(), 413),
        (format!("GET /boats{wide}"), Vec::new(), 413),
        ("POST /boats".into(), vec![0; 1024 * 1024 + 1], 413),
        ("POST /boats".into(), vec![0; 1024 * 1024], 200),
    ] {
        let request = request(&head, body);
        let code_of = |response: Response<Bytes>| response.status().as_u16();
        let found = door
            .admit(&request, &Arrival::default())
            .map_or_else(code_of, |_| 200);
        assert_eq!(found, code, "{}", &head[..20.min(head.len())]);
    }
}

#[test]
fn the_same_page_in_both_modes() {
    for (toml, cookies) in [(SINGLE, 1), (MULTI, 2)] {
        let (door, request) = (door(&[toml]), request("GET /", ""));
        let admitted = door.admit(&request, &Arrival::default()).unwrap();
        let event: AlbRequest = lambda_with::decode(admitted.event.clone()).unwrap();
        let mut page = AlbResponse::html(&event, 200, "<h1>é</h1>").unwrap();
        for n in 0..cookies {
            page = page.with_cookie(&format!("c{n}=1")).unwrap();
        }
        let response = admitted.answer(Ok(&success(&page)));
        assert_eq!(response.body(), "<h1>é</h1>");
        assert_eq!(
            response.headers()["content-type"],
            "text/html; charset=utf-8"
        );
        assert_eq!(
            response.headers().get_all("set-cookie").iter().count(),
            cookies
        );
        let picture = AlbResponse::binary(&event, 200, "image/png", [0x89, 0xff]).unwrap();
        assert_eq!(
            admitted.answer(Ok(&success(&picture))).body(),
            &[0x89, 0xff][..]
        );
    }
}

#[test]
fn failures() {
    let (door, request) = (door(&[SINGLE]), request("GET /", ""));
    let admitted = door.admit(&request, &Arrival::default()).unwrap();
    assert_eq!(admitted.timed_out().status(), 502);
    let failed = Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: Bytes::from_static(br#"{"errorMessage":"no"}"#),
        executed_version: "$LATEST".into(),
        log_tail: None,
    };
    assert_eq!(admitted.answer(Ok(&failed)).status(), 502);
    for (kind, code) in [
        (ErrorKind::Limit, 413),
        (ErrorKind::Denied, 502),
        (ErrorKind::Throttled, 502),
        (ErrorKind::Unavailable, 502),
    ] {
        let response = admitted.answer(Err(&Error::new(kind, "refused")));
        assert_eq!(response.status(), code, "{kind:?}");
    }
}

#[test]
fn the_permission_lets_the_front_door_in() {
    for toml in [
        SINGLE,
        "target_group = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/5c2e1f0a9b7d4386'",
    ] {
        let (door, request, function) = (door(&[toml]), request("GET /", ""), function());
        let statements: Vec<_> = alb(toml)
            .permissions(&function)
            .into_iter()
            .filter_map(|permission| match permission {
                Permission::ResourceBased(statement) => Some(statement),
                _ => None,
            })
            .collect();
        let policy = Policy::of_function(&function.arn, &statements);
        let delivery = door.admit(&request, &Arrival::default()).unwrap().delivery;
        let caller = Caller::Service(delivery);
        assert!(may_invoke(&policy, &function.arn, &caller, "lambda:InvokeFunction").is_allowed());
    }
}

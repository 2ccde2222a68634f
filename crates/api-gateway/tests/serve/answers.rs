//! From the answer to the response.

use bytes::Bytes;
use http::Response;
use lambda_with::{Error, ErrorKind, Outcome};
use lambda_with_api_gateway::serve::Admitted;

use super::{REST, V1, V2, arrival, door, request, success, text};

const SAYS_JSON: &str = "content-type=application/json";
const SAYS_TEXT: &str = "content-type=text/plain; charset=utf-8";

fn check_answer(toml: &str, text_of_request: &str, payload: &str, expected: &str) {
    let door = door(toml);
    let admitted = door.admit(&request(text_of_request), &arrival()).unwrap();
    assert_eq!(
        text(&admitted.answer(Ok(&success(payload)))),
        expected,
        "{toml}\n{payload}"
    );
}

#[test]
fn requests_that_reach_no_function() {
    let check = |toml: &str, text_of_request: &str, expected: &str| {
        let response = door(toml)
            .admit(&request(text_of_request), &arrival())
            .unwrap_err();
        assert_eq!(text(&response), expected, "{text_of_request:.80}");
    };
    let json = "content-type=application/json";
    let http = "api = 'http'\nroutes = ['GET /pets']";
    check(
        http,
        "GET /cats",
        &format!("404 {json} {{\"message\":\"Not Found\"}}"),
    );
    check(
        http,
        "PUT /pets",
        &format!("404 {json} {{\"message\":\"Not Found\"}}"),
    );
    let staged = "api = 'http'\nstage = 'dev'";
    for path in ["/pets", "/developer", "/"] {
        check(
            staged,
            &format!("GET {path}"),
            &format!("404 {json} {{\"message\":\"Not Found\"}}"),
        );
    }
    let rest = "api = 'rest'\nroutes = ['GET /pets']";
    let missing = format!("403 {json} {{\"message\":\"Missing Authentication Token\"}}");
    check(rest, "GET /prod/cats", &missing);
    check(rest, "PUT /prod/pets", &missing);
    check(
        rest,
        "GET /pets",
        &format!("403 {json} {{\"message\":\"Forbidden\"}}"),
    );
    for (size, content) in [
        (10 * 1024 * 1024 + 1, "text/plain"),
        (5 * 1024 * 1024, "image/png"),
    ] {
        let large = |path: &str| {
            format!(
                "POST {path}\ncontent-type: {content}\n\n{}",
                "x".repeat(size)
            )
        };
        let entity = format!("413 {json} {{\"message\":\"Request Entity Too Large\"}}");
        check(V2, &large("/x"), &entity);
        check(V1, &large("/x"), &entity);
        check(
            REST,
            &large("/prod/x"),
            &format!("413 {json} {{\"message\":\"Request Too Long\"}}"),
        );
    }
    let header = |bytes: usize| format!("GET /\nx-large: {}", "x".repeat(bytes));
    check(
        V2,
        &header(10_240),
        &format!("431 {json} {{\"message\":\"Request Header Fields Too Large\"}}"),
    );
    check(
        REST,
        &header(20_480),
        &format!("431 {json} {{\"message\":\"Request Header Fields Too Large\"}}"),
    );
    assert!(
        door(V2)
            .admit(&request(&header(10_000)), &arrival())
            .is_ok()
    );
}

#[test]
fn answers_in_format_2() {
    let check = |payload: &str, expected: String| check_answer(V2, "GET /", payload, &expected);
    // Without a status the answer is the body.
    check(r#"{"id":7}"#, format!("200 {SAYS_JSON} {{\"id\":7}}"));
    check(
        r#"{"body":"x"}"#,
        format!("200 {SAYS_JSON} {{\"body\":\"x\"}}"),
    );
    check("[1, 2]", format!("200 {SAYS_JSON} [1, 2]"));
    check("42", format!("200 {SAYS_JSON} 42"));
    check("true", format!("200 {SAYS_JSON} true"));
    check("null", format!("200 {SAYS_JSON} null"));
    check(r#""a \"b\"""#, format!("200 {SAYS_JSON} a \"b\""));
    check(r#""""#, format!("200 {SAYS_JSON} "));
    check(r#"{"half":"#, format!("200 {SAYS_JSON} {{\"half\":"));
    // With one it is read.
    check(r#"{"statusCode":201}"#, format!("201 {SAYS_TEXT} "));
    check(
        r#"{"statusCode":"201","body":"x"}"#,
        format!("201 {SAYS_TEXT} x"),
    );
    check(
        r#"{"statusCode":200,"headers":{"Content-Type":"application/xml"},"body":"<a/>"}"#,
        "200 content-type=application/xml <a/>".into(),
    );
    check(
        r#"{"statusCode":200,"headers":{"x-n":1,"x-b":true}}"#,
        format!("200 {SAYS_TEXT} x-b=true x-n=1 "),
    );
    check(
        r#"{"statusCode":200,"headers":null,"cookies":null,"body":null,"isBase64Encoded":null}"#,
        format!("200 {SAYS_TEXT} "),
    );
    check(
        r#"{"statusCode":200,"cookies":["a=1","b=2; Secure"]}"#,
        format!("200 {SAYS_TEXT} set-cookie=a=1 set-cookie=b=2; Secure "),
    );
    check(
        r#"{"statusCode":200,"multiValueHeaders":{"x":["1"]},"other":1}"#,
        format!("200 {SAYS_TEXT} "),
    );
    check(
        r#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#,
        format!("200 {SAYS_TEXT} hi"),
    );
    check(
        r#"{"statusCode":204,"body":"x"}"#,
        format!("204 {SAYS_TEXT} "),
    );
    check(
        r#"{"statusCode":200,"headers":{"content-length":"9","connection":"close"},"body":"x"}"#,
        format!("200 {SAYS_TEXT} x"),
    );
    for payload in [
        r#"{"statusCode":0}"#,
        r#"{"statusCode":null}"#,
        r#"{"statusCode":200.5}"#,
        r#"{"statusCode":"ok"}"#,
        r#"{"statusCode":600}"#,
        r#"{"statusCode":200,"headers":[]}"#,
        r#"{"statusCode":200,"headers":{"x":{}}}"#,
        r#"{"statusCode":200,"headers":{"a b":"1"}}"#,
        r#"{"statusCode":200,"headers":{"x":"a\r\nb: c"}}"#,
        r#"{"statusCode":200,"cookies":"a=1"}"#,
        r#"{"statusCode":200,"body":{"id":7}}"#,
        r#"{"statusCode":200,"isBase64Encoded":"yes"}"#,
        r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
    ] {
        check(
            payload,
            format!("500 {SAYS_JSON} {{\"message\":\"Internal Server Error\"}}"),
        );
    }
}

#[test]
fn answers_in_format_1() {
    let check = |payload: &str, expected: String| check_answer(V1, "GET /", payload, &expected);
    check(
        r#"{"statusCode":200,"body":"x"}"#,
        format!("200 {SAYS_TEXT} x"),
    );
    check(
        r#"{"statusCode":200,"other":1}"#,
        format!("200 {SAYS_TEXT} "),
    );
    check(
        r#"{"statusCode":200,"headers":{"a":"single"},"multiValueHeaders":{"A":["multi-1","multi-2"],"set-cookie":["x=1","y=2"]}}"#,
        format!("200 a=single a=multi-1 a=multi-2 {SAYS_TEXT} set-cookie=x=1 set-cookie=y=2 "),
    );
    check(
        r#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#,
        format!("200 {SAYS_TEXT} hi"),
    );
    for payload in [
        "{}",
        "null",
        "\"text\"",
        "[",
        r#"{"id":7}"#,
        r#"{"statusCode":0}"#,
    ] {
        check(
            payload,
            format!("500 {SAYS_JSON} {{\"message\":\"Internal Server Error\"}}"),
        );
    }
}

#[test]
fn answers_to_a_rest_api() {
    let check =
        |payload: &str, expected: String| check_answer(REST, "GET /prod", payload, &expected);
    check(
        r#"{"statusCode":200,"body":"x"}"#,
        format!("200 {SAYS_JSON} x"),
    );
    check(r#"{"statusCode":"201"}"#, format!("201 {SAYS_JSON} "));
    check(
        r#"{"headers":{"test-header":"value"}}"#,
        format!("200 {SAYS_JSON} test-header=value "),
    );
    check(
        r#"{"statusCode":200,"headers":{"header-bool":true}}"#,
        format!("200 {SAYS_JSON} header-bool=true "),
    );
    check(
        r#"{"statusCode":200,"headers":null}"#,
        format!("200 {SAYS_JSON} "),
    );
    check(
        r#"{"statusCode":200,"headers":{"test":"solo"},"multiValueHeaders":{"Test":["multi","solo"]}}"#,
        format!("200 {SAYS_JSON} test=multi test=solo "),
    );
    for payload in [
        "{}",
        "null",
        "\"text\"",
        "[",
        r#"{"statusCode":200,"wrongValue":"value"}"#,
        r#"{"statusCode":200,"cookies":["a=1"]}"#,
        r#"{"statusCode":200,"multiValueHeaders":{"x":"value"}}"#,
        r#"{"statusCode":"test"}"#,
        r#"{"statusCode":0}"#,
        r#"{"statusCode":200,"body":{"id":7}}"#,
    ] {
        check(
            payload,
            format!("502 {SAYS_JSON} {{\"message\": \"Internal server error\"}}"),
        );
    }
    // Base64 is decoded for clients that accept bytes, by the first type they name.
    let base64 = r#"{"statusCode":200,"headers":{"content-type":"image/png"},"body":"aGk=","isBase64Encoded":true}"#;
    for (accept, body) in [
        ("image/png", "hi"),
        ("image/webp, */*", "hi"),
        ("*/*", "aGk="),
        ("text/html, image/png", "aGk="),
    ] {
        let expected = format!("200 content-type=image/png {body}");
        check_answer(
            REST,
            &format!("GET /prod\naccept: {accept}"),
            base64,
            &expected,
        );
    }
}

#[test]
fn what_goes_wrong() {
    let failed = Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: Bytes::from_static(b"{\"statusCode\":200}"),
        executed_version: "$LATEST".into(),
        log_tail: None,
    };
    let error = |kind| Error::new(kind, "no");
    let check = |of: fn(&Admitted<'_, &str>, &Outcome, &Error) -> Response<Bytes>,
                 kind: ErrorKind,
                 expected: [&str; 3]| {
        for (toml, expected) in [V2, V1, REST].into_iter().zip(expected) {
            let door = door(toml);
            let admitted = door.admit(&request("GET /prod/x"), &arrival()).unwrap();
            let response = of(&admitted, &failed, &error(kind));
            assert_eq!(
                text(&response),
                format!("{}{SAYS_JSON} {}", &expected[..4], &expected[4..])
            );
        }
    };
    let internal = r#"500 {"message":"Internal Server Error"}"#;
    check(
        |a, failed, _| a.answer(Ok(failed)),
        ErrorKind::Invalid,
        [
            internal,
            internal,
            r#"502 {"message": "Internal server error"}"#,
        ],
    );
    for kind in [
        ErrorKind::Denied,
        ErrorKind::NotFound,
        ErrorKind::Throttled,
        ErrorKind::Unavailable,
    ] {
        check(
            |a, _, error| a.answer(Err(error)),
            kind,
            [
                internal,
                internal,
                r#"500 {"message": "Internal server error"}"#,
            ],
        );
    }
    let large = r#"413 {"message":"Request Entity Too Large"}"#;
    check(
        |a, _, error| a.answer(Err(error)),
        ErrorKind::Limit,
        [large, large, r#"413 {"message":"Request Too Long"}"#],
    );
    let slow = r#"503 {"message":"Service Unavailable"}"#;
    check(
        |a, _, _| a.timed_out(),
        ErrorKind::Invalid,
        [
            slow,
            slow,
            r#"504 {"message": "Endpoint request timed out"}"#,
        ],
    );
}

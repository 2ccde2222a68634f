//! The Runtime API, spoken to by the test itself in place of a runtime.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::{ARN, eventually, function, options};
use lambda_with::{Invocation, Invoke, Outcome};
use lambda_with_local::{Command, FunctionHandle, FunctionOptions, Local, Run};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// An engine whose only function tells where its Runtime API is, and sleeps.
async fn start(dir: &Path) -> (Local, FunctionHandle) {
    let script = format!(
        "echo $AWS_LAMBDA_RUNTIME_API > {}/api; exec sleep 1000",
        dir.display()
    );
    let mut definition = function();
    definition.timeout = 20;
    let command = Command::new("sh").args(["-c", &script]);
    let mut run = FunctionOptions::new(definition, Run::Command(command));
    run.max_environments = 1;
    let (options, _) = options(dir, run);
    let local = Local::start(options).await.unwrap();
    let echo = local.handle().function("echo").unwrap();
    (local, echo)
}

fn invoke(echo: &FunctionHandle, payload: &'static str) -> JoinHandle<Outcome> {
    let echo = echo.clone();
    tokio::spawn(async move { echo.invoke(Invocation::new(payload)).await.unwrap() })
}

async fn api(dir: &Path) -> String {
    let path = dir.join("api");
    let read = || std::fs::read_to_string(&path).unwrap_or_default();
    eventually("the process has started", 60, || read().ends_with('\n')).await;
    read().trim().to_owned()
}

/// Sends a request as it stands, and reads the response to the end of the connection.
async fn raw(api: &str, request: String) -> (u16, String, String) {
    let mut stream = TcpStream::connect(api).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

async fn call(api: &str, line: &str, headers: &str, body: &str) -> (u16, String, String) {
    let length = body.len();
    raw(api, format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")).await
}

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next";

/// Asks for an event: request id, attempt id, all headers, and the event.
async fn next(api: &str) -> (String, String, String, String) {
    let (status, head, body) = call(api, NEXT, "", "").await;
    assert_eq!(status, 200, "{head}");
    let header = |name: &str| {
        let value = head
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")));
        value
            .unwrap_or_else(|| panic!("{name} is missing: {head}"))
            .to_owned()
    };
    (
        header("lambda-runtime-aws-request-id"),
        header("lambda-runtime-invocation-id"),
        head.clone(),
        body,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_must_fit_the_event_at_hand() {
    let dir = tempfile::tempdir().unwrap();
    let (local, echo) = start(dir.path()).await;
    let outcome = invoke(&echo, r#"{"a":1}"#);
    let api = api(dir.path()).await;
    let early = call(
        &api,
        "POST /2018-06-01/runtime/invocation/x/response",
        "",
        "1",
    )
    .await;
    assert_eq!(
        (early.0, early.2.contains("InvalidStateTransition")),
        (403, true)
    );
    let (id, attempt, head, event) = next(&api).await;
    assert_eq!(event, r#"{"a":1}"#);
    assert!(
        head.contains(&format!("lambda-runtime-invoked-function-arn: {ARN}\r\n")),
        "{head}"
    );
    for name in [
        "lambda-runtime-deadline-ms: ",
        "lambda-runtime-trace-id: Root=1-",
        "content-type: application/json",
    ] {
        assert!(head.contains(name), "{head}");
    }

    let wrong = "POST /2018-06-01/runtime/invocation/00000000-0000-0000-0000-000000000000/response";
    let response = format!("POST /2018-06-01/runtime/invocation/{id}/response");
    let other = "lambda-runtime-invocation-id: other\r\n";
    let same = format!("lambda-runtime-invocation-id: {attempt}\r\n");
    for (line, headers, status, text) in [
        (NEXT, "", 403, "InvalidStateTransition"),
        (wrong, "", 400, "InvalidRequestID"),
        (&*response, other, 400, "InvalidInvocationId"),
        (
            "POST /2018-06-01/runtime/init/error",
            "",
            403,
            "InvalidStateTransition",
        ),
        ("GET /2018-06-01/runtime/nothing", "", 404, "NotFound"),
        ("DELETE /", "", 404, "NotFound"),
        (&*response, &*same, 202, "OK"),
        (&*response, "", 403, "InvalidStateTransition"),
    ] {
        let (found, _, body) = call(&api, line, headers, "[2]").await;
        assert_eq!(
            (found, body.contains(text)),
            (status, true),
            "{line}: {body}"
        );
    }
    let Outcome::Success { payload, .. } = outcome.await.unwrap() else {
        panic!("it answered")
    };
    assert_eq!(&payload[..], b"[2]");
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_extensions_must_fit_what_they_are_at() {
    const EXTENSION: &str = "/2020-01-01/extension";
    let dir = tempfile::tempdir().unwrap();
    let (local, echo) = start(dir.path()).await;
    let outcome = invoke(&echo, "1");
    let api = api(dir.path()).await;
    let register = format!("POST {EXTENSION}/register");
    let named = |name: &str| {
        format!("lambda-extension-name: {name}\r\nlambda-extension-accept-feature: accountId\r\n")
    };
    let (status, head, body) =
        call(&api, &register, &named("one"), r#"{"events":["INVOKE"]}"#).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        body,
        r#"{"accountId":"123456789012","functionName":"echo","functionVersion":"$LATEST","handler":"bootstrap"}"#
    );
    let id = head
        .lines()
        .find_map(|line| line.strip_prefix("lambda-extension-identifier: "))
        .unwrap();
    let mine = format!("lambda-extension-identifier: {id}\r\n");
    let other = format!("lambda-extension-identifier: {}\r\n", uuid(9));
    let next = format!("GET {EXTENSION}/event/next");
    let init_error = format!("POST {EXTENSION}/init/error");
    let exit_error = format!("POST {EXTENSION}/exit/error");
    let with_kind = format!("{mine}lambda-extension-function-error-type: Extension.Odd\r\n");
    for (line, headers, body, status, kind) in [
        (
            &register,
            String::new(),
            "{}",
            403,
            "Extension.InvalidExtensionName",
        ),
        (
            &register,
            named("two"),
            "no json",
            403,
            "InvalidRequestFormat",
        ),
        (
            &register,
            named("two"),
            r#"{"events":["SLEEP"]}"#,
            403,
            "Extension.InvalidEventType",
        ),
        (
            &register,
            named("two"),
            r#"{"events":["SHUTDOWN"]}"#,
            403,
            "ShutdownEventNotSupportedForInternalExtension",
        ),
        (
            &register,
            named("one"),
            "{}",
            403,
            "Extension.InvalidExtensionState",
        ),
        (
            &next,
            String::new(),
            "",
            403,
            "Extension.MissingExtensionIdentifier",
        ),
        (
            &next,
            "lambda-extension-identifier: 1\r\n".into(),
            "",
            403,
            "Extension.InvalidExtensionIdentifier",
        ),
        (
            &next,
            other,
            "",
            403,
            "Extension.UnknownExtensionIdentifier",
        ),
        (
            &init_error,
            mine.clone(),
            "{}",
            403,
            "Extension.MissingHeader",
        ),
        (&exit_error, with_kind.clone(), "{}", 202, "OK"),
        (
            &next,
            mine.clone(),
            "",
            403,
            "State transition from ExitError to Ready failed",
        ),
        (
            &format!("GET {EXTENSION}/nothing"),
            mine.clone(),
            "",
            404,
            "NotFound",
        ),
    ] {
        let (found, _, answer) = call(&api, line, &headers, body).await;
        assert_eq!(
            (found, answer.contains(kind)),
            (status, true),
            "{line} {headers}: {answer}"
        );
    }
    // Ten at most, whether they are still there or not.
    for number in 2..=10 {
        let (status, ..) = call(&api, &register, &named(&number.to_string()), "{}").await;
        assert_eq!(status, 200, "{number}");
    }
    let (status, _, body) = call(&api, &register, &named("11"), "{}").await;
    assert_eq!(
        (status, body.contains("Extension limit (10) reached")),
        (403, true)
    );
    // The one that has given up never gets ready, and so the invocation never begins.
    assert!(!outcome.is_finished());
    local.shutdown().await;
    assert!(outcome.await.is_err());
}

fn uuid(last: u8) -> String {
    format!("00000000-0000-4000-8000-00000000000{last}")
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_streams_and_broken_answers() {
    let dir = tempfile::tempdir().unwrap();
    let (local, echo) = start(dir.path()).await;
    let mut outcome = invoke(&echo, "1");
    let api = api(dir.path()).await;

    let (id, ..) = next(&api).await;
    let error = format!("POST /2018-06-01/runtime/invocation/{id}/error");
    let header = "lambda-runtime-function-error-type: Function.Boom\r\n";
    assert_eq!(call(&api, &error, header, "no json").await.0, 202);
    let Outcome::FunctionError { payload, .. } = outcome.await.unwrap() else {
        panic!("it failed")
    };
    let object: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(object["errorType"], "Function.Boom");

    outcome = invoke(&echo, "2");
    let (id, ..) = next(&api).await;
    let error = format!("POST /2018-06-01/runtime/invocation/{id}/error");
    let object = json!({"errorType": "E", "errorMessage": "m", "stackTrace": ["a"]}).to_string();
    assert_eq!(call(&api, &error, "", &object).await.0, 202);
    let Outcome::FunctionError { payload, .. } = outcome.await.unwrap() else {
        panic!("it failed")
    };
    assert_eq!(
        payload, object,
        "the error object arrives as it was written"
    );

    outcome = invoke(&echo, "3");
    let (id, ..) = next(&api).await;
    let stream = format!(
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         lambda-runtime-function-response-mode: streaming\r\ntransfer-encoding: chunked\r\n\
         trailer: lambda-runtime-function-error-type\r\n\r\n5\r\n[\"a\",\r\n4\r\n\"b\"]\r\n0\r\n\r\n"
    );
    assert_eq!(raw(&api, stream).await.0, 202);
    let Outcome::Success { payload, .. } = outcome.await.unwrap() else {
        panic!("it answered")
    };
    assert_eq!(&payload[..], b"[\"a\",\"b\"]");

    outcome = invoke(&echo, "4");
    let (id, ..) = next(&api).await;
    let mut broken = TcpStream::connect(&api).await.unwrap();
    let head = format!(
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n[1"
    );
    broken.write_all(head.as_bytes()).await.unwrap();
    drop(broken);
    let Outcome::FunctionError { payload, .. } = outcome.await.unwrap() else {
        panic!("it broke")
    };
    assert!(
        String::from_utf8_lossy(&payload).contains("Runtime.TruncatedResponse"),
        "{payload:?}"
    );

    let answer = {
        let echo = echo.clone();
        tokio::spawn(async move {
            let mut answer = echo.invoke_streamed(Invocation::new("4")).await.unwrap();
            let mut pieces = Vec::new();
            while let Some(piece) = answer.next().await {
                pieces.push(String::from_utf8_lossy(&piece).into_owned());
            }
            let (kind, error) = (
                answer.content_type().map(str::to_owned),
                answer.error().cloned(),
            );
            (kind, pieces, error.unwrap(), answer.end().await.unwrap())
        })
    };
    let (id, ..) = next(&api).await;
    let trailers = format!(
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         lambda-runtime-function-response-mode: streaming\r\ncontent-type: text/plain\r\n\
         trailer: lambda-runtime-function-error-type, lambda-runtime-function-error-body\r\n\
         transfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\
         lambda-runtime-function-error-type: Runtime.APIKeyNotFound\r\n\
         lambda-runtime-function-error-body: eyJhIjoxfQ==\r\n\r\n"
    );
    assert_eq!(raw(&api, trailers).await.0, 202);
    let (kind, pieces, error, outcome_of_stream) = answer.await.unwrap();
    assert_eq!(
        (kind.as_deref(), pieces),
        (Some("text/plain"), vec!["one".to_owned()])
    );
    assert_eq!(
        (error.error_type.as_str(), &error.body[..]),
        ("Runtime.APIKeyNotFound", &br#"{"a":1}"#[..])
    );
    assert!(!outcome_of_stream.is_function_error());

    outcome = invoke(&echo, "5");
    let (id, ..) = next(&api).await;
    let response = format!("POST /2018-06-01/runtime/invocation/{id}/response");
    let mode = "lambda-runtime-function-response-mode: sideways\r\n";
    let (status, _, body) = call(&api, &response, mode, "1").await;
    assert_eq!(
        (status, body.contains("InvalidFunctionResponseMode")),
        (400, true)
    );
    assert!(outcome.await.unwrap().is_function_error());

    // What is no HTTP at all does no harm.
    let mut noise = TcpStream::connect(&api).await.unwrap();
    noise.write_all(&[0xff; 100_000]).await.unwrap();
    drop(noise);
    outcome = invoke(&echo, "5");
    let (id, ..) = next(&api).await;
    let response = format!("POST /2018-06-01/runtime/invocation/{id}/response");
    assert_eq!(call(&api, &response, "", "5").await.0, 202);
    assert!(matches!(outcome.await.unwrap(), Outcome::Success { .. }));
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_initialization_is_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let (local, echo) = start(dir.path()).await;
    let outcome = invoke(&echo, "1");
    let api = api(dir.path()).await;
    let object = r#"{"errorMessage":"no module","errorType":"Runtime.ImportModuleError","requestId":"","stackTrace":[]}"#;
    let (status, ..) = call(&api, "POST /2018-06-01/runtime/init/error", "", object).await;
    assert_eq!(status, 202);
    let Outcome::FunctionError { payload, .. } = outcome.await.unwrap() else {
        panic!("it failed")
    };
    assert_eq!(payload, object);
    local.shutdown().await;
}

#[tokio::test]
async fn browsers_take_no_events() {
    let dir = tempfile::tempdir().unwrap();
    let (local, echo) = start(dir.path()).await;
    let waiting = invoke(&echo, "{}");
    let api = api(dir.path()).await;
    for headers in [
        "origin: http://localhost:3000\r\n",
        "sec-fetch-site: cross-site\r\n",
    ] {
        let (status, head, _) = call(&api, NEXT, headers, "").await;
        assert_eq!(status, 403, "{headers}: {head}");
    }
    let (request_id, ..) = next(&api).await;
    let line = format!("POST /2018-06-01/runtime/invocation/{request_id}/response");
    assert_eq!(call(&api, &line, "", "1").await.0, 202);
    assert_eq!(common::answer(waiting.await.unwrap()), 1);
    local.shutdown().await;
}

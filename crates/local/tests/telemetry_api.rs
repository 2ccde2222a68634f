//! The Telemetry API and the Logs API, spoken to by the test itself in place of a runtime and an extension.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{eventually, function, invocation, options};
use lambda_with::Invoke;
use lambda_with_local::{Command, FunctionOptions, Local, Run};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Events as they came: the type, and the record.
fn events(lines: &[String]) -> Vec<(String, Value)> {
    let mut last = String::new();
    let mut events = Vec::new();
    for line in lines {
        let event: Value = serde_json::from_str(line).unwrap();
        let time = event["time"].as_str().unwrap().to_owned();
        assert!(last <= time, "{last} before {line}");
        last = time;
        let kind = event["type"].as_str().unwrap().to_owned();
        events.push((kind, event["record"].clone()));
    }
    events
}

fn kinds(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(kind, _)| kind.as_str()).collect()
}

/// An engine whose only function tells where its APIs are; the test is its runtime and its extension.
struct Apis {
    local: Local,
    address: String,
    extension: String,
    outcome: tokio::task::JoinHandle<lambda_with::Outcome>,
    _dir: tempfile::TempDir,
}

impl Apis {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("api");
        let script = format!(
            "echo '{{\"level\":\"INFO\"}}'; echo plain; echo $AWS_LAMBDA_RUNTIME_API > {}; exec sleep 1000",
            at.display()
        );
        let command = Command::new("sh").args(["-c", &script]);
        let mut run = FunctionOptions::new(function(), Run::Command(command));
        run.max_environments = 1;
        run.environment = vec![("AWS_LAMBDA_LOG_FORMAT".to_owned(), "JSON".to_owned())];
        let (options, _) = options(dir.path(), run);
        let local = Local::start(options).await.unwrap();
        let echo = local.handle().function("echo").unwrap();
        let outcome =
            tokio::spawn(async move { echo.invoke(invocation(&json!(1))).await.unwrap() });
        let address = || std::fs::read_to_string(&at).unwrap_or_default();
        eventually("the process has started", 60, || address().ends_with('\n')).await;
        let mut apis = Self {
            local,
            address: address().trim().to_owned(),
            extension: "lambda-extension-name: inside\r\n".to_owned(),
            outcome,
            _dir: dir,
        };
        let register = "POST /2020-01-01/extension/register";
        let (_, registered) = apis.call(register, r#"{"events":["INVOKE"]}"#).await;
        let identifier = registered
            .lines()
            .find(|line| line.contains("-identifier: "));
        apis.extension = format!("{}\r\n", identifier.unwrap());
        apis
    }

    async fn call(&self, line: &str, body: &str) -> (u16, String) {
        let (extension, length) = (&self.extension, body.len());
        let request = format!(
            "{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n{extension}\r\n{body}"
        );
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    /// Becomes ready, as runtime and as extension, and answers the invocation.
    async fn run(&self) {
        let (_, event) = tokio::join!(
            self.call("GET /2020-01-01/extension/event/next", ""),
            async {
                self.call("GET /2018-06-01/runtime/invocation/next", "")
                    .await
                    .1
            }
        );
        let id = event
            .lines()
            .find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: "));
        let answer = format!(
            "POST /2018-06-01/runtime/invocation/{}/response",
            id.unwrap()
        );
        assert_eq!(self.call(&answer, "[1]").await.0, 202);
    }
}

impl Apis {
    /// As a runtime, asks for more, which never comes.
    async fn waits<T>(&self, until: impl Future<Output = T>) -> T {
        tokio::select! {
            done = until => done,
            _ = self.call("GET /2018-06-01/runtime/invocation/next", "") => panic!("nothing comes"),
        }
    }
}

fn subscription(version: &str, destination: &Value) -> String {
    json!({
        "schemaVersion": version,
        "types": ["platform", "function"],
        "buffering": {"timeoutMs": 25},
        "destination": destination,
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_over_tcp_too_and_lines_as_json() {
    let apis = Apis::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = subscription("2022-12-13", &json!({"protocol": "TCP", "port": port}));
    let (status, answer) = apis.call("PUT /2022-07-01/telemetry", &asked).await;
    assert_eq!(
        (status, answer.ends_with("\r\n\r\n\"OK\"")),
        (200, true),
        "{answer}"
    );
    let (stream, _) = listener.accept().await.unwrap();
    let mut received = BufReader::new(stream).lines();
    let mut heard = Vec::new();
    apis.run().await;
    apis.waits(async {
        let last = |line: &String| line.contains("platform.runtimeDone");
        while !heard.last().is_some_and(last) {
            heard.push(received.next_line().await.unwrap().unwrap());
        }
    })
    .await;
    let events = events(&heard);
    assert_eq!(
        kinds(&events),
        [
            "platform.initStart",
            "function",
            "function",
            "platform.telemetrySubscription",
            "platform.initRuntimeDone",
            "platform.extension",
            "platform.initReport",
            "platform.start",
            "platform.runtimeDone",
        ]
    );
    assert_eq!(events[0].1["instanceMaxMemory"], 128 * 1024 * 1024);
    assert!(
        events[0].1["instanceId"]
            .as_str()
            .unwrap()
            .contains("/[$LATEST]")
    );
    assert_eq!(
        events[1].1,
        json!({"level": "INFO"}),
        "it is part of the event"
    );
    assert_eq!(events[2].1, "plain\n");
    assert_eq!(common::answer(apis.outcome.await.unwrap()), json!([1]));
    apis.local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_that_do_not_fit_are_refused() {
    const TELEMETRY: &str = "PUT /2022-07-01/telemetry";
    const LOGS: &str = "PUT /2020-08-15/logs";
    let mut apis = Apis::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let http = |host: &str| json!({"protocol": "HTTP", "URI": format!("http://{host}:{port}/in")});
    let good = subscription("2025-01-29", &http("sandbox.localdomain"));
    let mine = apis.extension.clone();
    for (headers, status, kind) in [
        ("", 403, "Extension.MissingExtensionIdentifier"),
        (
            "lambda-extension-identifier: 1\r\n",
            403,
            "Extension.InvalidExtensionIdentifier",
        ),
        (
            "lambda-extension-identifier: 00000000-0000-4000-8000-000000000009\r\n",
            403,
            "Extension.UnknownExtensionIdentifier",
        ),
    ] {
        headers.clone_into(&mut apis.extension);
        let (found, answer) = apis.call(TELEMETRY, &good).await;
        assert_eq!((found, answer.contains(kind)), (status, true), "{answer}");
    }
    apis.extension = mine;
    let check = async |line: &str, body: &str, status: u16, text: &str| {
        let (found, answer) = apis.call(line, body).await;
        assert_eq!(
            (found, answer.contains(text)),
            (status, true),
            "{line} {body}: {answer}"
        );
    };
    check(TELEMETRY, "{}", 400, r#""errorType":"ValidationError""#).await;
    check(
        TELEMETRY,
        "{}",
        400,
        "types should not be empty; destination is not provided",
    )
    .await;
    check(LOGS, "[]", 400, r#""errorType":"Logs.ValidationError""#).await;
    let elsewhere = subscription("2025-01-29", &http("example.com"));
    check(
        TELEMETRY,
        &elsewhere,
        400,
        "URI host should be sandbox.localdomain",
    )
    .await;
    check("GET /2022-07-01/telemetry", "", 404, "NotFound").await;
    check("PUT /2022-07-01/telemetry/", &good, 200, "\"OK\"").await;
    check(TELEMETRY, &good, 200, "\"OK\"").await;
    let old = subscription("2021-03-18", &http("sandbox"));
    check(LOGS, &old, 400, "has subscribed through another API").await;
    let heard = tokio::spawn(receive(listener));
    apis.run().await;
    check(TELEMETRY, &good, 403, "Telemetry.SubscriptionClosed").await;
    check(LOGS, &old, 403, "Logs API subscription is closed already").await;
    let (head, events) = apis.waits(async { heard.await.unwrap() }).await;
    apis.local.shutdown().await;
    assert!(head.starts_with("POST /in HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains(&format!("host: sandbox.localdomain:{port}\r\n")),
        "{head}"
    );
    let states = events
        .iter()
        .filter(|(kind, _)| kind == "platform.telemetrySubscription");
    let states: Vec<&Value> = states.map(|(_, record)| &record["state"]).collect();
    assert_eq!(
        states,
        ["Subscribed", "Already subscribed"],
        "one subscription: {events:?}"
    );
}

/// Refuses the first batch and takes the others, until the invocation is over. Returns the head of the
/// last request, and all events.
async fn receive(listener: TcpListener) -> (String, Vec<(String, Value)>) {
    let mut events: Vec<String> = Vec::new();
    let mut answer = "503 Service Unavailable";
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.unwrap() == 0 {
                break;
            }
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        let response =
            format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(response.as_bytes()).await.unwrap();
        if answer.starts_with("503") {
            answer = "200 OK";
            continue;
        }
        let batch: Vec<Value> = serde_json::from_slice(&body).unwrap();
        events.extend(batch.iter().map(Value::to_string));
        if events
            .iter()
            .any(|event| event.contains("platform.runtimeDone"))
        {
            return (head, self::events(&events));
        }
    }
}

//! Records of invocations at their destinations, read back with boto3.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::engine::Server;
use crate::run::venv;

const FUNCTION: &str = r#"
def handler(event, context):
    if "well" in event:
        return event
    raise ValueError("told to")
"#;

/// A moto server, and boto3 beside it.
struct Moto {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    endpoint: String,
}

impl Moto {
    fn start() -> Self {
        let mut child = Command::new(venv("bin/python"))
            .args(["-W", "ignore", "-c", include_str!("records.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let endpoint = said.next().unwrap().unwrap();
        Self {
            child,
            said,
            endpoint,
        }
    }

    /// What arrives once this engine's functions, if there is one, were invoked.
    fn arrived(mut self, invoke: &str) -> Value {
        writeln!(self.child.stdin.take().unwrap(), "{invoke}").unwrap();
        let line = self.said.next().expect("something arrives").unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with functions that fail, each with these settings.
fn folder(functions: &[(&str, &str)], rest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), FUNCTION).unwrap();
    let python = Value::from(venv("bin/python").to_str().unwrap());
    let mut toml = "region = \"eu-west-1\"\n".to_owned();
    for (name, settings) in functions {
        toml.push_str(&format!(
            "[functions.{name}]\ncommand = [{python}, \"-m\", \"awslambdaric\", \"app.handler\"]\n\
             timeout = 60\nmaximum_retry_attempts = 0\n{settings}\n"
        ));
    }
    std::fs::write(folder.path().join("lambda-with.toml"), toml + rest).unwrap();
    folder
}

fn kept(folder: &Path) -> Vec<Value> {
    let file = folder.join(".lambda-with/deliveries.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[track_caller]
fn eventually<T>(what: &str, get: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = get() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn parsed(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap_or_default()).unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn records_arrive_where_they_are_to_go() {
    let queue = "arn:aws:sqs:eu-west-1:123456789012:failed";
    let bus = "arn:aws:events:eu-west-1:123456789012:event-bus/harbor";
    let stream = "\n[[functions.stream.with]]\nservice = \"kinesis\"\n\
                  stream = \"arn:aws:kinesis:eu-west-1:123456789012:stream/clicks\"\n\
                  starting_position = \"TRIM_HORIZON\"\nmaximum_retry_attempts = 0\n\
                  on_failure = \"arn:aws:s3:::failed\"\n";
    let folder = folder(
        &[
            (
                "queue",
                &format!("on_failure = {queue:?}\non_success = {bus:?}"),
            ),
            (
                "topic",
                "on_failure = \"arn:aws:sns:eu-west-1:123456789012:failed\"",
            ),
            ("bucket", "on_failure = \"arn:aws:s3:::failed\""),
            (
                "nowhere",
                "on_failure = \"arn:aws:sqs:eu-west-1:123456789012:nowhere\"",
            ),
            ("stream", ""),
        ],
        stream,
    );
    let moto = Moto::start();
    let args = ["--port", "0", "--endpoint-url", &moto.endpoint];
    let server = Server::start(folder.path(), &args);
    let records = server.up["records"].as_array().unwrap();
    assert_eq!(records.len(), 6, "{records:?}");
    assert!(
        records
            .iter()
            .all(|to| to["sent_to"] == moto.endpoint.as_str())
    );
    assert_eq!(records[0]["on"], "success");
    assert_eq!(records[5]["of"], "kinesis");
    let arrived = moto.arrived(server.up["invoke"].as_str().unwrap());

    let check = |record: &Value, function: &str| {
        assert_eq!(
            record["requestContext"]["condition"], "RetriesExhausted",
            "{record}"
        );
        assert_eq!(record["requestPayload"], json!({ "fail": function }));
        assert_eq!(record["responsePayload"]["errorMessage"], "told to");
    };
    check(&parsed(&arrived["queue"]["Body"]), "queue");
    let header = arrived["queue"]["Attributes"]["AWSTraceHeader"].as_str();
    assert!(
        header.is_some_and(|header| header.starts_with("Root=1-")),
        "{arrived}"
    );
    let notification = parsed(&arrived["topic"]["Body"]);
    check(&parsed(&notification["Message"]), "topic");
    let event = parsed(&arrived["bus"]["Body"]);
    assert_eq!(event["source"], "lambda");
    assert_eq!(
        event["detail-type"],
        "Lambda Function Invocation Result - Success"
    );
    let function = "arn:aws:lambda:eu-west-1:123456789012:function:queue:$LATEST";
    assert_eq!(event["resources"], json!([bus, function]));
    assert_eq!(event["detail"]["responsePayload"], json!({ "well": 1 }));
    let key = arrived["bucket"]["key"].as_str().unwrap();
    assert!(key.starts_with("aws/lambda/async/bucket/20"), "{key}");
    check(&arrived["bucket"]["body"], "bucket");
    let key = arrived["stream"]["key"].as_str().unwrap();
    assert!(key.contains("/shardId-000000000000/20"), "{key}");
    let body = &arrived["stream"]["body"];
    assert_eq!(body["KinesisBatchInfo"]["batchSize"], 1, "{body}");
    let payload = parsed(&body["payload"]);
    assert_eq!(payload["Records"][0]["kinesis"]["data"], "ZmFpbA==");

    let refused = eventually("what is refused is kept", || kept(folder.path()).pop());
    assert_eq!(
        refused["destination"],
        "arn:aws:sqs:eu-west-1:123456789012:nowhere"
    );
    assert_eq!(refused["kind"], "on-failure");
    let why = refused["error"].as_str().unwrap();
    assert!(
        why.starts_with("GetQueueUrl on queue nowhere failed"),
        "{why}"
    );
    assert_eq!(kept(folder.path()).len(), 1);
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_record_survives_kill_nine_and_arrives_after_the_restart() {
    let settings = "on_failure = \"arn:aws:sqs:eu-west-1:123456789012:failed\"";
    let folder = folder(&[("queue", settings)], "");
    // A destination that is there and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let args = ["--port", "0", "--endpoint-url", &endpoint];
    let server = Server::start(folder.path(), &args);
    server
        .invoke(&["queue", "--async", "--data", r#"{"fail":"queue"}"#])
        .ok();
    let held = silent.accept().unwrap();
    drop(server); // with -9
    drop(held);

    let moto = Moto::start();
    let args = ["--port", "0", "--endpoint-url", &moto.endpoint];
    let server = Server::start(folder.path(), &args);
    let arrived = moto.arrived("");
    let record = parsed(&arrived["queue"]["Body"]);
    assert_eq!(record["requestPayload"], json!({ "fail": "queue" }));
    assert!(kept(folder.path()).is_empty());
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_function_elsewhere_is_invoked() {
    let there = folder(&[("sink", "")], "");
    let elsewhere = Server::start(there.path(), &["--port", "0"]);
    let sink = "arn:aws:lambda:eu-west-1:123456789012:function:sink";
    let here = folder(&[("queue", &format!("on_failure = {sink:?}"))], "");
    let endpoint = elsewhere.up["invoke"].as_str().unwrap();
    let args = ["--port", "0", "--endpoint-url", endpoint];
    let server = Server::start(here.path(), &args);
    assert_eq!(server.up["records"][0]["sent_to"], endpoint);
    server
        .invoke(&["queue", "--async", "--data", r#"{"fail":"queue"}"#])
        .ok();
    // It fails too, and has no destination.
    let line = eventually("the record has arrived", || kept(there.path()).pop());
    assert_eq!(line["kind"], "dropped");
    let record = &line["body"]["requestPayload"];
    assert_eq!(record["requestPayload"], json!({ "fail": "queue" }));
    assert_eq!(server.end(), Some(0));
    assert_eq!(elsewhere.end(), Some(0));
    assert!(kept(here.path()).is_empty());
}

#[test]
fn nothing_is_sent_unless_a_place_is_named() {
    let settings = "on_failure = \"arn:aws:sqs:eu-west-1:123456789012:failed\"\n\
                    on_success = \"arn:aws:lambda:eu-west-1:123456789012:function:other\"";
    let folder = folder(&[("queue", settings), ("other", "")], "");
    let server = Server::start(folder.path(), &["--port", "0"]);
    let places: Vec<&Value> = server.up["records"].as_array().unwrap().iter().collect();
    assert_eq!(places[0]["sent_to"], "other of this engine");
    assert_eq!(places[1]["sent_to"], Value::Null);
    server
        .invoke(&["queue", "--async", "--data", r#"{"fail":"queue"}"#])
        .ok();
    let line = eventually("the record is kept", || kept(folder.path()).pop());
    assert_eq!(
        line["destination"],
        "arn:aws:sqs:eu-west-1:123456789012:failed"
    );
    assert_eq!(line["error"], Value::Null);
    assert_eq!(line["body"]["requestPayload"], json!({ "fail": "queue" }));
    assert_eq!(server.end(), Some(0));
}

//! Functions' URLs, as curl sees them, and a function with an extension.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::curl::curl;
use crate::engine::Server;
use crate::formats::exported;
use crate::run::{defined, run, venv};

const FUNCTION: &str = r#"
def handler(event, context):
    if event["rawPath"] == "/fail":
        raise ValueError("as told")
    if event["rawPath"] == "/text":
        return "hello"
    return {"statusCode": 201, "cookies": ["a=1"], "body": __import__("json").dumps(event)}
"#;

/// Streams by the Runtime API alone: status, headers, and three pieces with pauses; it breaks off where
/// it is told to.
const STREAMS: &str = r#"
import http.client, json, os, sys, time

HOST = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    api = http.client.HTTPConnection(HOST)
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse()
    event, request = json.loads(answer.read()), answer.headers["lambda-runtime-aws-request-id"]
    api = http.client.HTTPConnection(HOST)
    api.putrequest("POST", f"/2018-06-01/runtime/invocation/{request}/response")
    api.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    api.putheader("Content-Type", "application/vnd.awslambda.http-integration-response")
    api.putheader("Transfer-Encoding", "chunked")
    api.endheaders()
    head = json.dumps({"statusCode": 202, "headers": {"content-type": "text/plain", "x-kind": "streamed"}, "cookies": ["b=2"]})
    def send(data):
        api.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    send(head.encode() + b"\0" * 8)
    for piece in [b"one\n", b"two\n", b"three\n"]:
        send(piece)
        if event["rawPath"] == "/break":
            time.sleep(0.3)
            sys.exit(1)
        while not os.path.exists("read-" + piece.decode().strip()):
            time.sleep(0.01)
    api.send(b"0\r\n\r\n")
    api.getresponse().read()
"#;

const EXTENSION: &str = r#"#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension
id=$(curl -s -D - -X POST $api/register -H 'Lambda-Extension-Name: scout' -d '{"events":["INVOKE","SHUTDOWN"]}' | tr -d '\r' | sed -n 's/^lambda-extension-identifier: //ip')
while event=$(curl -s -f $api/event/next -H "Lambda-Extension-Identifier: $id"); do
    echo "$event" >> "$NOTED"
    case $event in *SHUTDOWN*) exit ;; esac
done
"#;

const TOML: &str = r#"
[functions.app]
command = [PYTHON, "-m", "awslambdaric", "app.handler"]
extensions = "extensions"
timeout = 60
env = { NOTED = NOTES }

[functions.app.url]
auth_type = "NONE"

[functions.app.url.cors]
allow_origins = ["https://app.example.com"]

[[functions.app.with]]
service = "sqs"
queue = "arn:aws:sqs:us-east-1:123456789012:orders"

[functions.hidden]
command = [PYTHON, "-m", "awslambdaric", "app.handler"]
timeout = 60
url = { auth_type = "AWS_IAM" }

[functions.streams]
command = [PYTHON, "streams.py"]
timeout = 60
url = { auth_type = "NONE", invoke_mode = "RESPONSE_STREAM" }
"#;

/// A folder with the three functions.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::create_dir(path.join("extensions")).unwrap();
    for (name, text) in [
        ("app.py", FUNCTION),
        ("streams.py", STREAMS),
        ("extensions/scout", EXTENSION),
    ] {
        std::fs::write(path.join(name), text).unwrap();
    }
    let executable = PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path.join("extensions/scout"), executable).unwrap();
    let quoted = |text: &std::path::Path| Value::from(text.to_str().unwrap()).to_string();
    let toml = TOML
        .replace("PYTHON", &quoted(&venv("bin/python")))
        .replace("NOTES", &quoted(&path.join("noted")));
    std::fs::write(path.join("lambda-with.toml"), toml).unwrap();
    folder
}

#[test]
fn functions_are_called_by_their_urls() {
    let folder = folder();
    let server = Server::start(folder.path(), &["--port", "0"]);
    let urls: Vec<String> = server.up["apis"]
        .as_array()
        .unwrap()
        .iter()
        .map(|api| api["url"].as_str().unwrap().to_owned())
        .collect();
    let [app, hidden, streams] = urls.as_slice() else {
        panic!("{}", server.up)
    };
    let text = |url: &str, args: &[&str]| String::from_utf8(curl(url, args)).unwrap();

    let answer = text(&format!("{app}/a%20b?x=1"), &["-i", "-d", "hi"]);
    let (head, event) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("set-cookie: a=1"), "{head}");
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(
        (&event["routeKey"], &event["requestContext"]["authorizer"]),
        (&json!("$default"), &Value::Null)
    );
    assert_eq!(event["queryStringParameters"], json!({"x": "1"}));
    assert_eq!(text(&format!("{app}/text"), &[]), "hello");
    let failed = text(&format!("{app}/fail"), &["-w", " %{http_code}"]);
    assert_eq!(failed, "Internal Server Error 502");

    // Web pages of other origins.
    let origin = "Origin: https://app.example.com";
    let asks = "Access-Control-Request-Method: POST";
    let preflight = text(app, &["-i", "-X", "OPTIONS", "-H", origin, "-H", asks]);
    assert!(preflight.starts_with("HTTP/1.1 200 "), "{preflight}");
    for args in [&["-i", "-X", "OPTIONS", "-H", asks][..], &["-i"]] {
        let answer = text(app, &[args, &["-H", origin]].concat());
        let allowed = "access-control-allow-origin: https://app.example.com";
        assert!(answer.contains(allowed), "{answer}");
    }

    // Each piece arrives before the next is written, and a break is seen.
    let mut child = Command::new("curl")
        .args(["-s", "-N", "-i", streams])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    let stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    for line in std::io::BufRead::lines(stdout) {
        let line = line.unwrap();
        if ["one", "two", "three"].contains(&&*line) {
            std::fs::write(folder.path().join(format!("read-{line}")), "").unwrap();
        }
        lines.push(line);
    }
    child.wait().unwrap();
    assert!(lines[0].starts_with("HTTP/1.1 202 "), "{lines:?}");
    for wanted in [
        "one",
        "two",
        "three",
        "content-type: text/plain",
        "x-kind: streamed",
        "set-cookie: b=2",
    ] {
        assert!(
            lines.iter().any(|line| line == wanted),
            "{wanted}: {lines:?}"
        );
    }
    let broken = Command::new("curl")
        .args(["-s", &format!("{streams}/break")])
        .output()
        .unwrap();
    assert_eq!(
        (broken.status.success(), &broken.stdout[..]),
        (false, &b"one\n"[..])
    );

    // Nobody is let in by a URL without both statements; the owner needs none.
    let invoke = server.up["invoke"].as_str().unwrap();
    let statement = "FunctionURLInvokeAllowPublicAccess";
    let policy = format!("{invoke}/2015-03-31/functions/app/policy/{statement}");
    curl(&policy, &["-X", "DELETE"]);
    let denied = text(app, &["-w", " %{http_code}"]);
    assert!(
        denied.contains("Forbidden. For troubleshooting Function URL") && denied.ends_with(" 403"),
        "{denied}"
    );
    assert_eq!(text(&format!("{hidden}/text"), &[]), "hello");

    // What is signed on AWS is not for pages of websites; what is public there is so here.
    for (url, header, status) in [
        (hidden, "Origin: https://example.org", "403"),
        (hidden, "Host: example.org", "403"),
        (hidden, "Origin: http://localhost:5173", "201"),
        (streams, "Origin: https://example.org", "202"),
        (streams, "Host: example.org", "202"),
    ] {
        let args = ["-o", "/dev/null", "-w", "%{http_code}", "-H", header];
        assert_eq!(text(url, &args), status, "{url} {header}");
    }

    // The connection's mapping is there; nobody said where the queue is.
    let mappings = text(&format!("{invoke}/2015-03-31/event-source-mappings"), &[]);
    let mappings: Value = serde_json::from_str(&mappings).unwrap();
    let mapping = &mappings["EventSourceMappings"][0];
    assert_eq!(
        (&mapping["State"], &mapping["EventSourceArn"]),
        (
            &json!("Disabled"),
            &json!("arn:aws:sqs:us-east-1:123456789012:orders")
        )
    );

    assert_eq!(server.end(), Some(0));
    let noted = std::fs::read_to_string(folder.path().join("noted")).unwrap();
    let noted: Vec<Value> = noted
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ends = noted
        .iter()
        .filter(|event| event["shutdownReason"] == "spindown");
    assert_eq!(ends.count(), 1, "{noted:?}");
    assert!(
        noted
            .iter()
            .filter(|event| event["eventType"] == "INVOKE")
            .count()
            >= 3,
        "{noted:?}"
    );
}

#[test]
fn urls_are_exported_with_their_permission() {
    let folder = folder();
    let file = folder.path().join("lambda-with.toml");
    let export = |format: &str, output: &str| {
        let config = file.to_str().unwrap();
        let args = ["export", "--format", format, "--output", output];
        run(args.into_iter().chain(["--config", config]))
            .ok()
            .stdout
    };
    let template: Value = serde_json::from_str(&export("cloudformation", "json")).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let of = |kind: &str| resources.values().filter(|it| it["Type"] == kind).count();
    assert_eq!(
        (of("AWS::Lambda::Url"), of("AWS::Lambda::Permission")),
        (3, 4)
    );
    let mut urls = resources
        .values()
        .filter(|it| it["Type"] == "AWS::Lambda::Url");
    assert!(urls.any(
        |url| url["Properties"]["Cors"] == json!({"AllowOrigins": ["https://app.example.com"]})
    ));
    let terraform: Value = serde_json::from_str(&export("terraform", "text")).unwrap();
    let urls = terraform["resource"]["aws_lambda_function_url"].as_object();
    let urls = urls.unwrap();
    assert_eq!(urls.len(), 3, "{urls:?}");
    let streams = urls
        .values()
        .find(|url| url["invoke_mode"] == "RESPONSE_STREAM");
    let streams = streams.unwrap();
    assert_eq!(streams["authorization_type"], "NONE");
    assert!(streams["function_name"].is_string(), "{streams}");
    let ran = run(["permissions", "app", "--config", file.to_str().unwrap()]).ok();
    assert!(
        ran.stdout.contains("lambda:InvokedViaFunctionUrl"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_url_belongs_to_a_function_or_an_alias() {
    const URL: &str = "url = { auth_type = \"NONE\" }\n";
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:app";
    let template = exported(
        &format!(
            "[functions.app]\narn = \"{arn}:live\"\nbin = \"app\"\n{URL}[functions.bar]\nbin = \"bar\"\n{URL}"
        ),
        "cloudformation",
    );
    let resources = template["Resources"].as_object().unwrap();
    let ids: Vec<&str> = resources
        .keys()
        .map(String::as_str)
        .filter(|id| id.contains("Url") || id.contains("URL"))
        .collect();
    assert_eq!(
        ids,
        [
            "AppFunctionURLAllowPublicAccessPermission",
            "AppFunctionURLInvokeAllowPublicAccessPermission",
            "AppUrl",
            "BarFunctionURLAllowPublicAccessPermission",
            "BarFunctionURLInvokeAllowPublicAccessPermission",
            "BarUrl",
        ]
    );
    let properties = &resources["AppUrl"]["Properties"];
    let function = json!({ "Fn::GetAtt": ["AppFunction", "Arn"] });
    assert_eq!(properties["TargetFunctionArn"], function);
    assert_eq!(properties["Qualifier"], "live");
    assert!(resources["BarUrl"]["Properties"]["Qualifier"].is_null());

    let version = format!("[functions.app]\narn = \"{arn}:7\"\n{URL}");
    let ran = defined(&version, ["check"]);
    assert!(
        ran.stderr
            .contains("version 7 of function `app` cannot have a URL"),
        "{}",
        ran.stderr
    );
}

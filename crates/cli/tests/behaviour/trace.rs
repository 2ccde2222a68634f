//! Traces that `dev` keeps, and file systems it has folders for.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine::Server;
use crate::functions::echo;
use crate::run::{Ran, command, run_with, venv};

/// A server of queues, until its standard input ends; it says where it is and what the queue's URL is.
const QUEUES: &str = r#"
import sys, boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%d" % server.get_host_and_port()
sqs = boto3.client("sqs", region_name="eu-west-1", endpoint_url=endpoint,
                   aws_access_key_id="test", aws_secret_access_key="test")
print(endpoint, flush=True)
print(sqs.create_queue(QueueName="orders")["QueueUrl"], flush=True)
sys.stdin.read()
server.stop()
"#;

fn trace(folder: &Path, args: &[&str]) -> Ran {
    run_with(command().arg("trace").args(args).current_dir(folder), "")
}

/// Names and origins of a tree, one line for each, deeper ones further in.
fn drawn(nodes: &Value, depth: usize, text: &mut String) {
    for node in nodes.as_array().unwrap() {
        let origin = node["origin"].as_str().unwrap_or("-");
        let linked = if node["linked"] == json!(true) {
            " linked"
        } else {
            ""
        };
        let name = node["name"].as_str().unwrap();
        text.push_str(&format!("{}{name} {origin}{linked}\n", "  ".repeat(depth)));
        drawn(&node["children"], depth + 1, text);
    }
}

#[test]
fn a_request_a_queue_and_a_call_are_one_tree() {
    let mut queues = Command::new(venv("bin/python"))
        .args(["-c", QUEUES])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(queues.stdout.take().unwrap()).lines();
    let mut line = || said.next().expect("a line").unwrap();
    let (endpoint, queue) = (line(), line());
    let folder = tempfile::tempdir().unwrap();
    // A free port, because functions must be told it beforehand; none that systems give away.
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let first = 20_000 + u16::try_from(std::process::id() % 5_000).unwrap();
    let port = (first..32_000).find(free).unwrap();
    let python = venv("bin/python");
    let function = |handler: &str| {
        format!(
            "command = [{python:?}, \"-m\", \"awslambdaric\", \"app.{handler}\"]\ntimeout = 30\n"
        )
    };
    let toml = format!(
        "account = \"123456789012\"\nregion = \"eu-west-1\"\n\n[functions.orders]\n{}\
         env = {{ QUEUE = \"{queue}\", AWS_ENDPOINT_URL_SQS = \"{endpoint}\", AWS_ENDPOINT_URL_LAMBDA = \"http://127.0.0.1:{port}\" }}\n\n\
         [[functions.orders.with]]\nservice = \"sqs\"\nqueue = \"arn:aws:sqs:eu-west-1:123456789012:orders\"\nvisibility_timeout = 180\n\n\
         [[functions.orders.with]]\nservice = \"api-gateway\"\napi = \"http\"\nname = \"orders\"\nroutes = [\"POST /orders\"]\n\n\
         [[functions.orders.with]]\nservice = \"x-ray\"\n\n[functions.bill]\n{}",
        function("handler"),
        function("bill"),
    );
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
    std::fs::write(folder.path().join("app.py"), include_str!("traced.py")).unwrap();
    let server = Server::start(
        folder.path(),
        &["--port", &port.to_string(), "--endpoint-url", &endpoint],
    );
    let answer = server.http("POST /orders", "{}");
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");

    let wanted = "\
orders AWS::Lambda
  orders AWS::Lambda::Function
    Initialization -
    Invocation -
    SQS aws
      orders AWS::Lambda linked
        orders AWS::Lambda::Function
          Invocation -
          Lambda aws
            bill AWS::Lambda
              bill AWS::Lambda::Function
                Initialization -
                Invocation -
                Overhead -
          Overhead -
    Overhead -
";
    let begun = Instant::now();
    let found = loop {
        let ran = trace(folder.path(), &["last", "--output", "json"]);
        let mut text = String::new();
        if ran.code == 0 {
            let value = ran.json();
            drawn(&value["tree"], 0, &mut text);
            // The environment may have been started for the second invocation anew.
            if text == wanted {
                break value;
            }
        }
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{text}{}",
            ran.stderr
        );
        std::thread::sleep(Duration::from_millis(200));
    };
    let ids = found["ids"].as_array().unwrap();
    assert_eq!(ids.len(), 2, "{found}");
    let send = &found["tree"][0]["children"][0]["children"][2];
    assert_eq!(send["annotations"], json!({ "ok": true }), "{found}");
    assert!(found["duration_ms"].as_f64().unwrap() >= send["duration_ms"].as_f64().unwrap());
    // The same tree from either trace, by its header too, and for people.
    for id in ids {
        let header = format!("Root={};Sampled=1", id.as_str().unwrap());
        let text = trace(folder.path(), &[&header]).ok().stdout;
        assert!(text.starts_with(id.as_str().unwrap()), "{text}");
        assert_eq!(text.lines().count(), 2 + wanted.lines().count(), "{text}");
        assert!(
            text.contains("    SQS ") && text.contains("~ orders ") && text.contains(" ms "),
            "{text}"
        );
    }
    assert_eq!(server.end(), Some(0));
    drop(queues.stdin.take());
    queues.wait().unwrap();
}

#[test]
fn every_format_switches_tracing_on() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "account = \"123456789012\"\nregion = \"eu-west-1\"\n\n[functions.orders]\nbin = \"orders\"\n\n\
        [[functions.orders.with]]\nservice = \"x-ray\"\n";
    std::fs::write(folder.path().join("lambda-with.toml"), toml).unwrap();
    for (format, pointer, expected) in [
        (
            "cloudformation",
            "/Resources/OrdersFunction/Properties/TracingConfig",
            json!({ "Mode": "Active" }),
        ),
        (
            "sam",
            "/Resources/OrdersFunction/Properties/Tracing",
            json!("Active"),
        ),
        (
            "terraform",
            "/resource/aws_lambda_function/orders_function/tracing_config",
            json!({ "mode": "Active" }),
        ),
    ] {
        let mut command = command();
        command
            .current_dir(folder.path())
            .args(["export", "--format", format]);
        let exported = run_with(&mut command, "").ok().json();
        assert_eq!(exported.pointer(pointer), Some(&expected), "{exported:#}");
        let text = exported.to_string();
        assert!(text.contains("xray:PutTraceSegments"), "{text}");
        assert_eq!(
            text.contains("TracingConfig"),
            format == "cloudformation",
            "{text}"
        );
    }
}

#[test]
fn traces_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    for (args, what) in [
        (&[][..], "there are no traces in `./.lambda-with`"),
        (
            &["1-69a56802-0f1e2d3c4b5a69788796a5b4"],
            "there is no trace `1-69a56802-0f1e2d3c4b5a69788796a5b4`",
        ),
    ] {
        let ran = trace(folder.path(), args);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
        assert!(
            ran.stderr.contains(what) && ran.stderr.contains("fix: "),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_trace_is_found_by_any_form_of_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join(".lambda-with");
    std::fs::create_dir(&kept).unwrap();
    let segment = |trace: &str, second: u32| {
        json!({
            "name": "orders", "id": "70de5b6f19ff9a0a", "trace_id": trace, "origin": "AWS::Lambda",
            "start_time": f64::from(second) + 0.5, "end_time": f64::from(second) + 0.75,
            "subsegments": [{
                "name": "price", "id": "70de5b6f19ff9a0b", "start_time": f64::from(second) + 0.6,
                "in_progress": true, "annotations": { "tenant": "b\u{1b}[2Jlue\n" },
            }],
        })
    };
    let ids = [
        "1-69a56802-0f1e2d3c4b5a69788796a5b4",
        "1-69a56803-0f1e2d3c4b5a69788796a5b4",
    ];
    let lines: String = ids
        .iter()
        .zip(1..)
        .map(|(id, second)| format!("{}\n", segment(id, second)))
        .collect();
    std::fs::write(kept.join("traces.jsonl"), lines).unwrap();
    for (given, id) in [
        ("last", ids[1]),
        (ids[0], ids[0]),
        ("1-69a56802", ids[0]),
        ("69a568020f1e2d3c4b5a69788796a5b4", ids[0]),
        (
            &format!("Root={};Parent=70de5b6f19ff9a0a;Sampled=1", ids[0]),
            ids[0],
        ),
    ] {
        let ran = trace(folder.path(), &[given, "--output", "json"]).ok();
        assert_eq!(ran.json()["ids"], json!([id]), "{given}");
    }
    let shown = trace(folder.path(), &["1-69a56802"]).ok().stdout;
    let wanted = "\
1-69a56802-0f1e2d3c4b5a69788796a5b4  1970-01-01T00:00:01.500Z  250.0 ms
   +0.0 ms     250.0 ms  orders   AWS::Lambda
 +100.0 ms  in progress    price  tenant=b [2Jlue
";
    assert_eq!(shown, wanted);
    for (given, what) in [
        ("1-69", "2 traces begin with `1-69`"),
        ("1-7", "there is no trace `1-7`"),
        (
            "1-69a56804-0f1e2d3c4b5a69788796a5b4",
            "there is no trace `1-69a56804-",
        ),
    ] {
        let ran = trace(folder.path(), &[given]);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
        assert!(
            ran.stderr.contains(what) && ran.stderr.contains("fix: "),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_file_system_is_a_folder_here() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "account = \"123456789012\"\nregion = \"eu-west-1\"\n\n[functions.echo]\nbin = \"echo\"\n\
        subnets = [\"subnet-0a1b2c3d4e5f60718\"]\nsecurity_groups = [\"sg-0a1b2c3d4e5f60718\"]\n\n\
        [[functions.echo.with]]\nservice = \"efs\"\n\
        access_point = \"arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0c1d2e3f4a5b60718\"\n\
        file_system = \"arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718\"\n\
        mount_path = \"/mnt/models\"\n";
    echo(folder.path(), toml);
    let invoke = |path: &str| {
        let text = std::fs::read_to_string(folder.path().join("lambda-with.toml")).unwrap();
        std::fs::write(
            folder.path().join("lambda-with.toml"),
            text.replace("/mnt/models", path),
        )
        .unwrap();
        let mut command = command();
        command.env("CARGO_TARGET_DIR", folder.path().join("target"));
        run_with(
            command
                .current_dir(folder.path())
                .args(["invoke", "--data", "7"]),
            "",
        )
    };
    assert_eq!(invoke("/mnt/models").ok().stdout, "7\n");
    assert!(
        folder
            .path()
            .join(".lambda-with/efs/fsap-0c1d2e3f4a5b60718")
            .is_dir()
    );
    let ran = invoke("/mnt/../models");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .contains("`/mnt/../models` is no place for a file system"),
        "{}",
        ran.stderr
    );
}

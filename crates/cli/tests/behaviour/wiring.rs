//! `diff`, `connect`, `disconnect` and `status` against an emulated account, judged by boto3.

use std::fs;

use crate::clients::python;
use crate::run::defined;

const DEFINITION: &str = r#"
account = "123456789012"
region = "eu-west-1"

[functions.orders]
arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
timeout = 30
env = { TOKEN = "kept-secret" }
on_failure = "arn:aws:sqs:eu-west-1:123456789012:orders-failed"
maximum_retry_attempts = 1

[functions.orders.url]
auth_type = "AWS_IAM"
cors = { allow_origins = ["https://app.example.com"] }

[[functions.orders.with]]
service = "sqs"
queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
visibility_timeout = 180

[[functions.orders.with]]
service = "s3"
bucket = "acme-order-files"
account = "123456789012"
events = ["s3:ObjectCreated:*"]
"#;

#[test]
fn connected_and_disconnected_beside_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lambda-with.toml"), DEFINITION).unwrap();
    let command = env!("CARGO_BIN_EXE_lambda-with");
    let folder = folder.path().to_str().unwrap();
    let said = python(include_str!("wiring.py"), [command, folder]);
    assert_eq!(
        said.lines().filter(|line| line.starts_with("+ ")).count(),
        6,
        "{said}"
    );
}

#[test]
fn processes_that_connect_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let command = env!("CARGO_BIN_EXE_lambda-with");
    let folder = folder.path().to_str().unwrap();
    let said = python(include_str!("wiring_two.py"), [command, folder]);
    assert_eq!(said.trim(), "three processes, nothing lost");
}

#[test]
fn what_aws_would_refuse_is_refused_before_any_call() {
    let toml = DEFINITION.replace("visibility_timeout = 180", "batch_size = 11");
    // An endpoint where nobody listens: a call would end in another message.
    let ran = defined(
        &toml,
        ["connect", "--yes", "--endpoint-url", "http://127.0.0.1:1"],
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("LW0204"), "{}", ran.stderr);
}

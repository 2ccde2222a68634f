//! Unmodified clients and functions of other languages: boto3 and awslambdaric.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::{ARN, answer, echo, error, function, invocation, options, python};
use lambda_with::{Function, Invocation, Invoke, LogType, Outcome};
use lambda_with_local::{Command, FunctionOptions, Local, Run, What};
use serde_json::json;

fn scripts() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

/// A Python function, which leaves no compiled files behind.
fn python_function(definition: Function, command: Command) -> FunctionOptions {
    let mut options = FunctionOptions::new(definition, Run::Command(command));
    options.environment = vec![("PYTHONDONTWRITEBYTECODE".into(), "1".into())];
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_finds_lambda() {
    let dir = tempfile::tempdir().unwrap();
    let mut full = function();
    full.arn = "arn:aws:lambda:eu-west-1:123456789012:function:full"
        .parse()
        .unwrap();
    full.reserved_concurrency = Some(0);
    let (mut options, _) = options(dir.path(), echo(function()));
    options.functions.push(echo(full));
    options.history = true;
    let local = Local::start(options).await.unwrap();
    let handle = local.handle();
    let endpoint = format!("http://{}", handle.invoke_address().unwrap());
    let client = tokio::process::Command::new(python("python"))
        .arg(scripts().join("client.py"))
        .arg(endpoint)
        .env_remove("AWS_PROFILE")
        .output()
        .await
        .unwrap();
    assert!(
        client.status.success(),
        "{}",
        String::from_utf8_lossy(&client.stderr)
    );
    handle.settled().await;
    let ran = |happening: &lambda_with_local::Happening| matches!(&happening.what, What::Ran { payload, .. } if &payload[..] == br#"{"a": 1}"#);
    assert!(
        handle.history().iter().any(ran),
        "the event of type `Event` ran"
    );
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_function_runs_on_awslambdaric() {
    let dir = tempfile::tempdir().unwrap();
    let mut definition = function();
    definition.timeout = 20;
    let command = Command::new(python("python"))
        .args(["-m", "awslambdaric", "app.handler"])
        .dir(scripts());
    let (options, _) = options(dir.path(), python_function(definition, command));
    let local = Local::start(options).await.unwrap();
    let echo = local.handle().function("echo").unwrap();
    for round in 0..3 {
        let event = json!({"round": round, "print": "hello"});
        let asked = Invocation {
            log_type: LogType::Tail,
            ..invocation(&event)
        };
        let outcome = echo.invoke(asked).await.unwrap();
        let Outcome::Success {
            log_tail: Some(tail),
            ..
        } = &outcome
        else {
            panic!("{outcome:?}")
        };
        assert!(tail.contains("\nhello\n"), "{tail}");
        let seen = answer(outcome);
        assert_eq!(
            (&seen["event"], &seen["arn"], &seen["memory"]),
            (&event, &json!(ARN), &json!("128"))
        );
        let remaining = seen["remaining"].as_i64().unwrap();
        assert!((15_000..=20_000).contains(&remaining), "{remaining}");
    }
    let raised = echo
        .invoke(invocation(&json!({"raise": "so it is"})))
        .await
        .unwrap();
    let raised = error(raised);
    assert_eq!(
        (raised.error_type.as_deref(), raised.error_message.as_str()),
        (Some("ValueError"), "so it is")
    );
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_function_that_cannot_be_imported_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let command = Command::new(python("python"))
        .args(["-m", "awslambdaric", "nowhere.handler"])
        .dir(scripts());
    let (options, _) = options(dir.path(), python_function(function(), command));
    let local = Local::start(options).await.unwrap();
    let outcome = local
        .handle()
        .function("echo")
        .unwrap()
        .invoke(Invocation::new("{}"))
        .await
        .unwrap();
    let error = error(outcome);
    assert_eq!(
        error.error_type.as_deref(),
        Some("Runtime.ImportModuleError")
    );
    assert!(error.error_message.contains("nowhere"), "{error:?}");
    local.shutdown().await;
}

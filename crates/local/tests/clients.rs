//! Unmodified clients and functions of other languages: boto3 and awslambdaric.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::sync::{Arc, Mutex};

use common::{
    ARN, answer, echo, error, eventually, example, function, invocation, options, python,
};
use lambda_with::rules::mapping::SourceKind;
use lambda_with::rules::stream::Settings;
use lambda_with::{Error, ErrorKind, Function, Invocation, Invoke, LogType, Outcome};
use lambda_with_local::{
    Command, FunctionOptions, Local, Mapping, Opening, Run, ScriptedSource, ScriptedStream, What,
};
use serde_json::{Value, json};

fn scripts() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

/// A Python function, which leaves no compiled files behind.
fn python_function(definition: Function, command: Command) -> FunctionOptions {
    let mut options = FunctionOptions::new(definition, Run::Command(command));
    options.environment = vec![("PYTHONDONTWRITEBYTECODE".into(), "1".into())];
    options
}

/// Runs a script that fails when something is not as it should be.
async fn runs_well(script: &str, arguments: &[&str]) {
    let client = tokio::process::Command::new(python("python"))
        .arg(scripts().join(script))
        .args(arguments)
        .env_remove("AWS_PROFILE")
        .output()
        .await
        .unwrap();
    assert!(
        client.status.success(),
        "{}",
        String::from_utf8_lossy(&client.stderr)
    );
}

/// The function `echo` under another name.
fn named(name: &str) -> Function {
    let mut function = function();
    function.arn = ARN.replace(":echo", &format!(":{name}")).parse().unwrap();
    function
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_finds_lambda() {
    let dir = tempfile::tempdir().unwrap();
    let mut full = named("full");
    full.reserved_concurrency = Some(0);
    let (mut options, _) = options(dir.path(), echo(function()));
    options.functions.push(echo(full));
    options.history = true;
    let local = Local::start(options).await.unwrap();
    let handle = local.handle();
    let endpoint = format!("http://{}", handle.invoke_address().unwrap());
    runs_well("client.py", &[&endpoint]).await;
    handle.settled().await;
    for event in [r#"{"a": 1}"#, r#"{"old": 1}"#] {
        let ran = |happening: &lambda_with_local::Happening| matches!(&happening.what, What::Ran { payload, .. } if payload == event);
        assert!(handle.history().iter().any(ran), "{event} ran");
    }
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_reads_streams() {
    let dir = tempfile::tempdir().unwrap();
    let streams = |mut definition: Function, timeout: u32| {
        definition.timeout = timeout;
        FunctionOptions::new(definition, Run::Command(Command::new(example("streams"))))
    };
    let (mut options, _) = options(dir.path(), streams(function(), 60));
    options.functions.push(streams(named("short"), 1));
    options.functions.push(echo(named("plain")));
    let mut full = named("full");
    full.reserved_concurrency = Some(0);
    options.functions.push(echo(full));
    let local = Local::start(options).await.unwrap();
    let endpoint = format!("http://{}", local.handle().invoke_address().unwrap());
    let done = dir.path().join("done");
    runs_well("stream.py", &[&endpoint, &done.display().to_string()]).await;
    eventually("the function goes on without its client", 60, || {
        done.exists()
    })
    .await;
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_manages_mappings() {
    const SHARD: &str = "shardId-000000000000";
    let dir = tempfile::tempdir().unwrap();
    let (mut options, _) = options(dir.path(), echo(function()));
    options.functions.push(echo(named("other")));
    let local = Local::start(options).await.unwrap();
    let handle = local.handle();
    let filters = Arc::new(Mutex::new(Vec::new()));
    let opened = filters.clone();
    handle.open_with(move |opening: Opening| {
        if opening.kind == SourceKind::SqsStandard {
            opened.lock().unwrap().push(opening.mapping.filters.clone());
        }
        Box::pin(async move {
            let source = opening.mapping.source.clone().unwrap();
            if source.resource().ends_with("missing") {
                return Err(Error::new(ErrorKind::NotFound, "it is not there"));
            }
            Ok(match opening.kind {
                SourceKind::Kinesis | SourceKind::DynamoDb => {
                    let stream = ScriptedStream::new([SHARD]);
                    stream.put(SHARD, [ScriptedStream::record("1", "a key", "{}")]);
                    let settings = Settings::of(&opening.mapping, opening.kind)?;
                    opening.function.stream(opening.uuid, stream, settings)
                }
                _ => opening
                    .function
                    .poll(ScriptedSource::broker(), Mapping::default()),
            })
        })
    });
    let mapping = lambda_with::rules::mapping::Mapping {
        source: Some(
            "arn:aws:sqs:eu-west-1:123456789012:attached"
                .parse()
                .unwrap(),
        ),
        batch_size: Some(3),
        ..Default::default()
    };
    let echo = handle.function("echo").unwrap();
    let opening = Opening::new(echo, SourceKind::SqsStandard, mapping);
    handle.attach(opening, None);
    let endpoint = format!("http://{}", handle.invoke_address().unwrap());
    runs_well("mappings.py", &[&endpoint]).await;
    // Each change reads the source anew: filters that come and go apply at once.
    let mut filters = filters.lock().unwrap().clone();
    filters.dedup();
    let pattern = vec![r#"{"body":["a"]}"#.to_owned()];
    assert_eq!(filters, [vec![], pattern, vec![]]);
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_publishes_versions_and_moves_aliases() {
    let (dir, code) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let script = code.path().join("run.sh");
    let program = example("echo");
    let alone = tempfile::tempdir().unwrap();
    let native = alone.path().join("native");
    std::fs::copy(&program, &native).unwrap();
    for run in ["first", "again"] {
        let command = Command::new("./run.sh").dir(code.path());
        let command = FunctionOptions::new(function(), Run::Command(command));
        let (mut options, _) = options(dir.path(), command);
        let command = Run::Command(Command::new(&native));
        options
            .functions
            .push(FunctionOptions::new(named("native"), command));
        let local = Local::start(options).await.unwrap();
        let endpoint = format!("http://{}", local.handle().invoke_address().unwrap());
        let paths = [&script, &program, &native].map(|path| path.display().to_string());
        let [script, program, native] = &paths;
        runs_well("versions.py", &[&endpoint, script, program, native, run]).await;
        local.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_provisions_concurrency() {
    let (dir, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (program, path) = (example("echo"), folder.path().display().to_string());
    // Only what is initialized beforehand takes its time, or fails.
    let shell = |name: &str, does: &str| {
        let line = format!(
            "[ $AWS_LAMBDA_INITIALIZATION_TYPE = on-demand ] || {does}; exec {}",
            program.display()
        );
        let command = Command::new("sh").args(["-c", &line]);
        FunctionOptions::new(named(name), Run::Command(command))
    };
    for run in ["first", "again"] {
        let (mut options, _) = options(dir.path(), echo(function()));
        options.account_concurrency = Some(250);
        let slow = format!("while [ ! -e {path}/started ]; do sleep 0.05; done");
        let others = [shell("slow", &slow), shell("broken", "exit 3")];
        options.functions.extend(others);
        let local = Local::start(options).await.unwrap();
        let endpoint = format!("http://{}", local.handle().invoke_address().unwrap());
        runs_well("concurrency.py", &[&endpoint, &path, run]).await;
        local.shutdown().await;
    }
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
    let nothing = echo.invoke(invocation(&json!({"nothing": true}))).await;
    assert_eq!(answer(nothing.unwrap()), json!(null));
    let raised = echo
        .invoke(invocation(&json!({"raise": "so it is"})))
        .await
        .unwrap();
    let object: serde_json::Map<String, Value> =
        serde_json::from_slice(raised.payload().unwrap()).unwrap();
    let members: Vec<&str> = object.keys().map(String::as_str).collect();
    assert_eq!(
        members,
        ["errorMessage", "errorType", "requestId", "stackTrace"]
    );
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

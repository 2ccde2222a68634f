//! Functions as real processes: what they see, how they fail, and that none is left behind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{ARN, answer, echo, error, eventually, function, invocation, lives, options};
use lambda_with::{ErrorKind, Invocation, InvocationType, Invoke, LogType, Outcome};
use lambda_with_local::{Command, FunctionHandle, FunctionOptions, Local, LogLine, Run};
use serde_json::json;

/// The answer to an event, which a machine that is slow may not give within the function's time.
async fn done(function: &FunctionHandle, event: &serde_json::Value) -> serde_json::Value {
    let begun = Instant::now();
    loop {
        match function.invoke(invocation(event)).await.unwrap() {
            Outcome::FunctionError { payload, .. }
                if begun.elapsed() < Duration::from_secs(60)
                    && String::from_utf8_lossy(&payload).contains("Sandbox.Timedout") => {}
            outcome => return answer(outcome),
        }
    }
}

fn tail(event: &serde_json::Value) -> Invocation {
    Invocation {
        log_type: LogType::Tail,
        ..invocation(event)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_sees_what_lambda_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut definition = function();
    definition.timeout = 300;
    let mut echo = echo(definition);
    let in_a_relative_folder = Command::new(common::example("echo")).dir(".");
    echo.run = Run::Command(in_a_relative_folder);
    echo.environment = vec![("TABLE".into(), "orders".into())];
    // Until its runtime asks for more, a process is not there for the next invocation.
    echo.max_environments = 1;
    let (options, _) = options(dir.path(), echo);
    let local = Local::start(options).await.unwrap();
    let echo = local.handle().function("echo").unwrap();

    let event = json!({"a": [1, 2.5, "ä", null]});
    assert_eq!(
        answer(echo.invoke(invocation(&event)).await.unwrap()),
        event
    );

    for (variable, value) in [
        ("TABLE", json!("orders")),
        ("AWS_LAMBDA_FUNCTION_NAME", json!("echo")),
        ("AWS_LAMBDA_FUNCTION_VERSION", json!("$LATEST")),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", json!("128")),
        ("AWS_LAMBDA_LOG_GROUP_NAME", json!("/aws/lambda/echo")),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", json!("on-demand")),
        ("AWS_REGION", json!("eu-west-1")),
        ("TZ", json!(":UTC")),
        ("LAMBDA_TASK_ROOT", json!(std::env::current_dir().unwrap())),
        ("CARGO_MANIFEST_DIR", json!(null)),
        ("AWS_EXECUTION_ENV", json!(null)),
        ("AWS_ACCESS_KEY_ID", json!("lambda-with-local")),
    ] {
        let seen = answer(
            echo.invoke(invocation(&json!({"variable": variable})))
                .await
                .unwrap(),
        );
        assert_eq!(seen, value, "{variable}");
    }

    let asked = Invocation {
        client_context: Some("{\"custom\":{\"k\":\"v\"},\n\"client\":{\"installation_id\":\"i\",\"app_title\":\"t\",\"app_version_name\":\"n\",\"app_version_code\":\"c\",\"app_package_name\":\"p\"},\"environment\":{}}".into()),
        trace_header: Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1".into()),
        qualifier: Some("$LATEST".into()),
        ..invocation(&json!({"context": true}))
    };
    let context = answer(echo.invoke(asked).await.unwrap());
    assert_eq!(context["arn"], format!("{ARN}:$LATEST"));
    // Lambda adds by what it finds loops.
    let trace = context["trace"].as_str().unwrap();
    let (given, lineage) = trace.split_once(";Lineage=").unwrap();
    assert_eq!(given, "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1");
    assert!(lineage.ends_with(":0"), "{lineage}");
    assert_eq!(context["client"]["custom"]["k"], "v");
    assert_eq!(context["request_id"].as_str().unwrap().len(), 36);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let left = i128::from(context["deadline"].as_u64().unwrap())
        - i128::try_from(now.as_millis()).unwrap();
    assert!((200_000..=300_000).contains(&left), "{left}");

    let pid = context["pid"].clone();
    let context = answer(
        echo.invoke(invocation(&json!({"context": true})))
            .await
            .unwrap(),
    );
    assert_eq!(context["arn"], ARN);
    assert!(context["trace"].as_str().unwrap().starts_with("Root=1-"));
    assert_eq!(
        context["pid"], pid,
        "one warm process does one invocation after another"
    );
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_printed_before_the_answer_is_logged_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut options, lines) = options(dir.path(), echo(function()));
    let write = options.log.take().unwrap();
    options.log = Some(Arc::new(move |line: &LogLine<'_>| {
        std::thread::sleep(Duration::from_millis(10));
        write(line);
    }));
    let local = Local::start(options).await.unwrap();
    let echo = local.handle().function("echo").unwrap();
    for id in 0..5 {
        let last = format!("{id} is the last word");
        let event = json!({"print": last});
        echo.invoke(invocation(&event)).await.unwrap();
        let lines = lines.lock().unwrap();
        assert!(lines.contains(&last), "{id}: {lines:?}");
    }
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_those_of_lambda_and_the_next_invocation_works() {
    let dir = tempfile::tempdir().unwrap();
    let mut hasty = function();
    hasty.arn = ARN.replace("echo", "hasty").parse().unwrap();
    hasty.timeout = 1;
    // With one process each, an invocation waits until it is there again.
    let single = |definition| {
        let mut only = echo(definition);
        only.max_environments = 1;
        only
    };
    let (mut options, lines) = options(dir.path(), single(function()));
    options.functions.push(single(hasty));
    let local = Local::start(options).await.unwrap();
    let patient = local.handle().function("echo").unwrap();
    let hasty = local.handle().function("hasty").unwrap();
    for (event, kind, message, status) in [
        (
            json!({"fail": "boom"}),
            "",
            "boom",
            "Status: error\tError Type: ",
        ),
        (
            json!({"exit": 0}),
            "Runtime.ExitError",
            "Error: Runtime exited without providing a reason",
            "Error Type: Runtime.ExitError",
        ),
        (
            json!({"exit": 127}),
            "Runtime.ExitError",
            "Error: Runtime exited with error: exit status 127",
            "Error Type: Runtime.ExitError",
        ),
        (
            json!({"signal": "KILL"}),
            "Runtime.ExitError",
            "Error: Runtime exited with error: signal: killed",
            "Error Type: Runtime.ExitError",
        ),
        (
            json!({"sleep": 60_000}),
            "Sandbox.Timedout",
            "Error: Task timed out after 1.00 seconds",
            "Status: timeout",
        ),
        (
            json!({"large": 6 * 1024 * 1024 + 200}),
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            "Error Type: Function.ResponseSizeTooLarge",
        ),
    ] {
        let echo = if kind == "Sandbox.Timedout" {
            &hasty
        } else {
            &patient
        };
        let pid = async || done(echo, &json!({"context": true})).await["pid"].clone();
        let before = pid().await;
        let begun = Instant::now();
        let outcome = echo.invoke(tail(&event)).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(30), "{event}");
        // What ended or was ended is replaced, and nothing else is.
        let ended = matches!(kind, "Runtime.ExitError" | "Sandbox.Timedout");
        assert_eq!(pid().await != before, ended, "{event}");
        let Outcome::FunctionError {
            log_tail,
            function_error,
            ..
        } = &outcome
        else {
            panic!("{outcome:?}")
        };
        assert_eq!(function_error, "Unhandled");
        let tail = log_tail.clone().unwrap();
        let error = error(outcome);
        let id = tail.split_whitespace().nth(2).unwrap().to_owned();
        assert!(
            error.error_type.unwrap().contains(kind) && error.error_message.ends_with(message),
            "{event}"
        );
        if kind != "Function.ResponseSizeTooLarge" && !kind.is_empty() {
            assert_eq!(error.error_message, format!("RequestId: {id} {message}"));
        }
        assert!(tail.contains(status), "{tail}");
        assert_eq!(done(echo, &json!(1)).await, json!(1), "after {event}");
    }
    let limit = answer(
        patient
            .invoke(invocation(&json!({"large": 6 * 1024 * 1024 - 2})))
            .await
            .unwrap(),
    );
    assert_eq!(limit.as_str().unwrap().len(), 6 * 1024 * 1024 - 2);
    local.shutdown().await;
    assert!(
        lines
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.starts_with("REPORT"))
            .count()
            >= 11
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_each_line_between_start_and_report() {
    let dir = tempfile::tempdir().unwrap();
    let mut only = echo(function());
    only.max_environments = 1;
    let (options, lines) = options(dir.path(), only);
    let local = Local::start(options).await.unwrap();
    let echo = local.handle().function("echo").unwrap();
    for round in 0..20 {
        let text = format!("line {round}\nand another");
        let outcome = echo.invoke(tail(&json!({"print": text}))).await.unwrap();
        let Outcome::Success {
            log_tail: Some(tail),
            ..
        } = outcome
        else {
            panic!("{outcome:?}")
        };
        let got: Vec<&str> = tail.lines().collect();
        assert_eq!(got.len(), 5, "{tail}");
        assert!(got[0].starts_with("START RequestId: ") && got[0].ends_with(" Version: $LATEST"));
        assert_eq!(got[1..3], [&*format!("line {round}"), "and another"]);
        assert!(got[3].starts_with("END RequestId: "));
        assert!(
            got[4].starts_with("REPORT RequestId: ") && got[4].ends_with('\t'),
            "{tail}"
        );
        assert_eq!(got[4].contains("Init Duration: "), round == 0, "{tail}");
        assert!(got[4].contains("\tMemory Size: 128 MB\t"), "{tail}");
    }
    let outcome = echo
        .invoke(tail(&json!({"print": "x".repeat(10_000)})))
        .await
        .unwrap();
    let Outcome::Success {
        log_tail: Some(tail),
        ..
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(tail.len(), 4096);
    local.shutdown().await;
    assert_eq!(
        lines
            .lock()
            .unwrap()
            .iter()
            .filter(|line| *line == "and another")
            .count(),
        20
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_are_started_as_needed_and_not_beyond_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let mut echo = echo(function());
    echo.max_environments = 3;
    let (options, _) = options(dir.path(), echo);
    let local = Local::start(options).await.unwrap();
    let echo = local.handle().function("echo").unwrap();
    assert_eq!(echo.environments(), 0);
    let mut running = tokio::task::JoinSet::new();
    for number in 0..12 {
        let echo = echo.clone();
        running.spawn(async move {
            answer(
                echo.invoke(invocation(&json!({"sleep": 200, "number": number})))
                    .await
                    .unwrap(),
            )
        });
    }
    let mut numbers: Vec<_> = running
        .join_all()
        .await
        .iter()
        .map(|event| event["number"].as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..12).collect::<Vec<_>>());
    assert_eq!(echo.environments(), 3);

    let pid = async || {
        answer(
            echo.invoke(invocation(&json!({"context": true})))
                .await
                .unwrap(),
        )["pid"]
            .as_u64()
            .unwrap()
    };
    let old = pid().await;
    echo.restart();
    assert_ne!(pid().await, old);
    eventually("the old process has ended", 60, || !lives(old)).await;
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_initialization_that_fails_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let mut exits = echo(function());
    exits.environment = vec![("ECHO_INIT".into(), "exit".into())];
    let mut missing = function();
    missing.arn = "arn:aws:lambda:eu-west-1:123456789012:function:missing"
        .parse()
        .unwrap();
    let missing = FunctionOptions::new(missing, Run::Command(Command::new("/nowhere/bootstrap")));
    let (mut options, lines) = options(dir.path(), exits);
    options.functions.push(missing);
    let local = Local::start(options).await.unwrap();
    for (name, kind, message) in [
        (
            "echo",
            "Runtime.ExitError",
            "Runtime exited with error: exit status 3",
        ),
        (
            "missing",
            "Runtime.InvalidEntrypoint",
            "`/nowhere/bootstrap` could not be started: No such file",
        ),
    ] {
        for _ in 0..2 {
            let function = local.handle().function(name).unwrap();
            let outcome = function.invoke(tail(&json!({}))).await.unwrap();
            let Outcome::FunctionError { log_tail, .. } = &outcome else {
                panic!("{outcome:?}")
            };
            let log = log_tail.clone().unwrap();
            let said: Vec<&str> = log.lines().collect();
            let status = format!("\tStatus: error\tError Type: {kind}\t");
            assert!(
                said[0].starts_with("INIT_REPORT Init Duration: ")
                    && said[0].ends_with(&format!(" ms\tPhase: init{status}")),
                "{log}"
            );
            assert!(said[1].starts_with("START RequestId: "), "{log}");
            assert!(said[2].contains(message), "{log}");
            assert!(said[3].starts_with("END RequestId: "), "{log}");
            assert!(
                said[4].starts_with("REPORT RequestId: ") && said[4].ends_with(&status),
                "{log}"
            );
            let error = error(outcome);
            assert_eq!(error.error_type.as_deref(), Some(kind));
            assert!(error.error_message.contains(message), "{error:?}");
        }
    }
    lines.lock().unwrap().clear();
    let event = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new("{}")
    };
    let exits = local.handle().function("echo").unwrap();
    let accepted = exits.invoke(event).await.unwrap();
    let Outcome::Accepted { request_id } = accepted else {
        panic!("{accepted:?}")
    };
    let report = format!("REPORT RequestId: {request_id}\t");
    eventually("the failed event is reported", 60, || {
        let lines = lines.lock().unwrap();
        lines
            .iter()
            .any(|line| line.starts_with(&report) && line.contains("Status: error"))
    })
    .await;
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_initialization_that_hangs_ends_with_the_functions_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut definition = function();
    definition.timeout = 1;
    let mut hangs = echo(definition);
    hangs.environment = vec![("ECHO_INIT".into(), "hang".into())];
    let (options, lines) = options(dir.path(), hangs);
    let local = Local::start(options).await.unwrap();
    let begun = Instant::now();
    let echo = local.handle().function("echo").unwrap();
    let error = error(echo.invoke(Invocation::new("{}")).await.unwrap());
    assert_eq!(error.error_type.as_deref(), Some("Sandbox.Timedout"));
    assert!(
        (11..60).contains(&begun.elapsed().as_secs()),
        "ten seconds of init, and one more: {:?}",
        begun.elapsed()
    );
    let lines = lines.lock().unwrap().join("\n");
    for end in [
        "Phase: init\tStatus: timeout",
        "Phase: invoke\tStatus: timeout",
    ] {
        assert!(lines.contains(end), "{lines}");
    }
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_is_left_behind() {
    let dir = tempfile::tempdir().unwrap();
    let shell = format!("sleep 1000 & exec {}", common::example("echo").display());
    let command = Command::new("sh").args(["-c", &shell]);
    let run = FunctionOptions::new(function(), Run::Command(command));
    for drops in [false, true] {
        let (options, lines) = options(dir.path(), run.clone());
        let local = Local::start(options).await.unwrap();
        let handle = local.handle();
        let echo = handle.function("echo").unwrap();
        let context = answer(
            echo.invoke(invocation(&json!({"context": true})))
                .await
                .unwrap(),
        );
        let pid = context["pid"].as_u64().unwrap();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let child: u64 = children.trim().parse().unwrap();
        assert!(lives(pid) && lives(child));
        let works = json!({"print": "at work", "sleep": 2500});
        let busy = tokio::spawn(async move { echo.invoke(invocation(&works)).await });
        eventually("it is busy", 60, || {
            lines.lock().unwrap().iter().any(|line| line == "at work")
        })
        .await;
        if drops {
            drop(local);
            let error = busy.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        } else {
            local.shutdown().await;
            assert!(busy.await.unwrap().is_ok());
        }
        eventually("process and child have ended", 60, || {
            !lives(pid) && !lives(child)
        })
        .await;
        drop(handle);
    }
}

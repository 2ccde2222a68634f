//! Extensions of others beside functions of others: the crates `lambda-extension` and `lambda_runtime`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{ARN, answer, echo, error, eventually, example, function, invocation, options};
use lambda_with::{Invocation, Invoke, LogType, Outcome};
use lambda_with_local::{FunctionHandle, Local};
use serde_json::{Value, json};

/// An engine whose function has an extension `scout`, which writes into `noted`.
struct Bench {
    local: Local,
    echo: FunctionHandle,
    lines: Arc<Mutex<Vec<String>>>,
    dir: tempfile::TempDir,
}

impl Bench {
    async fn start(timeout: u32, variables: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("extensions");
        std::fs::create_dir(&folder).unwrap();
        symlink(example("extension"), folder.join("scout")).unwrap();
        Self::with(dir, timeout, variables).await
    }

    async fn with(dir: tempfile::TempDir, timeout: u32, variables: &[(&str, &str)]) -> Self {
        let mut definition = function();
        definition.timeout = timeout;
        let mut echo = echo(definition);
        echo.extensions = dir.path().join("extensions");
        echo.max_environments = 1;
        let noted = dir.path().join("noted").display().to_string();
        let given = [("TABLE", "orders"), ("EXTENSION_LOG", &noted)];
        echo.environment = given
            .iter()
            .chain(variables)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (options, lines) = options(&dir.path().join("data"), echo);
        let local = Local::start(options).await.unwrap();
        let echo = local.handle().function("echo").unwrap();
        Self {
            local,
            echo,
            lines,
            dir,
        }
    }

    fn noted(&self) -> Vec<Value> {
        noted(self.dir.path())
    }

    /// Waits until there is such a line in the log.
    async fn logs(&self, wanted: &str) {
        eventually(wanted, 60, || self.has_line(wanted)).await;
    }

    fn has_line(&self, wanted: &str) -> bool {
        let lines = self.lines.lock().unwrap();
        lines.iter().any(|line| line.contains(wanted))
    }
}

fn noted(dir: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(dir.join("noted")).unwrap_or_default();
    // The last one may be under way.
    let whole = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    whole
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.unwrap().as_millis()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_is_told_of_invocations_and_of_the_end() {
    let bench = Bench::start(30, &[]).await;
    let context = answer(
        bench
            .echo
            .invoke(invocation(&json!({"context": true})))
            .await
            .unwrap(),
    );
    eventually("the extension is done", 60, || {
        bench.noted().last() == Some(&json!("done"))
    })
    .await;
    let noted = bench.noted();
    assert_eq!(
        noted[0],
        json!({"handler": null, "table": "orders"}),
        "it sees the function's variables, and none of the runtime's"
    );
    assert_eq!(
        noted[1],
        json!({"invoke": context["request_id"], "deadline": context["deadline"], "arn": ARN, "trace": context["trace"]})
    );
    bench
        .logs("EXTENSION\tName: scout\tState: Ready\tEvents: [INVOKE,SHUTDOWN]")
        .await;
    bench.logs("noted \"done\"").await;
    let Bench {
        local, dir, lines, ..
    } = bench;
    let begun = now();
    local.shutdown().await;
    let end = self::noted(dir.path()).pop().unwrap();
    assert_eq!(end["shutdown"], "spindown");
    let deadline = end["deadline"].as_u64().unwrap();
    let two_seconds = begun + 2_000..=now() + 2_000;
    assert!(
        two_seconds.contains(&deadline),
        "{deadline} {two_seconds:?}"
    );
    let lines = lines.lock().unwrap().join("\n");
    assert!(!lines.contains("Status: "), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_goes_out_first_and_the_report_waits() {
    let dir = tempfile::tempdir().unwrap();
    let until = dir.path().join("until");
    let given = until.display().to_string();
    let bench = Bench::start(60, &[("EXTENSION_UNTIL", &given)]).await;
    assert_eq!(
        answer(bench.echo.invoke(invocation(&json!(1))).await.unwrap()),
        json!(1)
    );
    assert_eq!(bench.echo.invocations(), 1, "the environment is still busy");
    assert!(!bench.has_line("REPORT "), "{:?}", bench.lines);
    let echo = bench.echo.clone();
    let second = tokio::spawn(async move { echo.invoke(invocation(&json!(2))).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let invokes = || {
        let noted = bench.noted().into_iter();
        noted.filter(|noted| noted.get("invoke").is_some()).count()
    };
    assert_eq!((second.is_finished(), invokes()), (false, 1));
    std::fs::write(&until, "").unwrap();
    assert_eq!(answer(second.await.unwrap()), json!(2));
    eventually("the extension is done", 60, || {
        bench.echo.invocations() == 0
    })
    .await;
    std::fs::remove_file(&until).unwrap();
    // A caller who wants the log has to wait for its end.
    let asked = Invocation {
        log_type: LogType::Tail,
        ..invocation(&json!(3))
    };
    let echo = bench.echo.clone();
    let asked = tokio::spawn(async move { echo.invoke(asked).await.unwrap() });
    eventually("the extension is told", 60, || invokes() == 3).await;
    let told = Instant::now();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!asked.is_finished());
    let held = told.elapsed();
    std::fs::write(&until, "").unwrap();
    let Outcome::Success {
        log_tail: Some(tail),
        ..
    } = asked.await.unwrap()
    else {
        panic!("it succeeded")
    };
    let report = tail.lines().last().unwrap().to_owned();
    let duration = report.split('\t').nth(1).unwrap();
    let millis: f64 = duration
        .trim_start_matches("Duration: ")
        .trim_end_matches(" ms")
        .parse()
        .unwrap();
    assert!(millis >= held.as_secs_f64() * 1_000.0, "{held:?}: {report}");
    bench.local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_reset_the_environment_and_say_why() {
    for (timeout, variables, event, kind, message, reason) in [
        (
            30,
            &[][..],
            json!({"exit": 7}),
            "Runtime.ExitError",
            "Runtime exited with error: exit status 7",
            "failure",
        ),
        (
            1,
            &[],
            json!({"sleep": 60_000}),
            "Sandbox.Timedout",
            "Task timed out after 1.00 seconds",
            "timeout",
        ),
    ] {
        let bench = Bench::start(timeout, variables).await;
        let failed = error(bench.echo.invoke(invocation(&event)).await.unwrap());
        assert_eq!(failed.error_type.as_deref(), Some(kind));
        assert!(failed.error_message.ends_with(message), "{failed:?}");
        eventually("the extension is told why", 60, || {
            bench
                .noted()
                .iter()
                .any(|noted| noted["shutdown"] == reason)
        })
        .await;
        // One second may be too little on a machine that is slow.
        let begun = Instant::now();
        while bench
            .echo
            .invoke(invocation(&json!(1)))
            .await
            .unwrap()
            .is_function_error()
        {
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
        let starts = bench
            .noted()
            .iter()
            .filter(|noted| noted.get("table").is_some())
            .count();
        assert!(starts >= 2, "the extension is started anew");
        bench.local.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_that_is_never_done_times_out() {
    let bench = Bench::start(
        3,
        &[("EXTENSION_SLEEP", "3600000"), ("EXTENSION_STAYS", "1")],
    )
    .await;
    let begun = Instant::now();
    assert_eq!(
        answer(bench.echo.invoke(invocation(&json!(1))).await.unwrap()),
        json!(1)
    );
    assert!(!bench.has_line("Status: timeout"), "{:?}", bench.lines);
    bench.logs("Status: timeout").await;
    let took = begun.elapsed();
    assert!((3..60).contains(&took.as_secs()), "{took:?}");
    bench.local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_that_stays_is_killed_after_two_seconds() {
    let bench = Bench::start(30, &[("EXTENSION_STAYS", "1")]).await;
    bench.echo.invoke(invocation(&json!(1))).await.unwrap();
    let Bench { local, dir, .. } = bench;
    let begun = Instant::now();
    local.shutdown().await;
    let took = begun.elapsed();
    assert!((1_900..60_000).contains(&took.as_millis()), "{took:?}");
    let still = noted(dir.path());
    assert_eq!(still.last(), Some(&json!("still here")));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(noted(dir.path()).len(), still.len(), "it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn extensions_that_do_not_come_up_fail_the_initialization() {
    let api = r#"curl -s -X POST http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"#;
    let reports = format!(
        r#"#!/bin/sh
id=$({api}/register -H 'Lambda-Extension-Name: scout' -d '{{"events":["INVOKE"]}}' -D - | tr -d '\r' | sed -n 's/^lambda-extension-identifier: //ip')
{api}/init/error -H "Lambda-Extension-Identifier: $id" -H 'Lambda-Extension-Function-Error-Type: Extension.NoKey' -d '{{}}'
exit 1"#
    );
    for (script, mode, kind, message, line) in [
        (
            "#!/bin/sh\nexit 3",
            0o755,
            "Extension.Crash",
            "Error: exit status 3",
            "EXTENSION\tName: scout\tState: Started\tEvents: []",
        ),
        (
            "#!/bin/sh\nexit 0",
            0o644,
            "Extension.LaunchError",
            "scout: permission denied",
            "EXTENSION\tName: scout\tState: LaunchError\tEvents: []\tError Type: PermissionDenied",
        ),
        (
            &reports,
            0o755,
            "Extension.InitError",
            "Error: exit status 1",
            "EXTENSION\tName: scout\tState: InitError\tEvents: [INVOKE]\tError Type: Extension.NoKey",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("extensions");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("scout"), script).unwrap();
        std::fs::set_permissions(folder.join("scout"), PermissionsExt::from_mode(mode)).unwrap();
        let bench = Bench::with(dir, 60, &[]).await;
        let failed = error(bench.echo.invoke(invocation(&json!(1))).await.unwrap());
        assert_eq!(failed.error_type.as_deref(), Some(kind));
        assert!(failed.error_message.ends_with(message), "{failed:?}");
        let report = format!("Phase: init\tStatus: error\tError Type: {kind}\t");
        for wanted in [line, &report] {
            bench.logs(wanted).await;
        }
        bench.local.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_with_an_internal_extension_is_asked_to_end() {
    // It has half a second, which a machine that is slow may once be too slow for.
    let mut tries = 0..20;
    let ended = async || {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::with(dir, 60, &[("ECHO_INIT", "graceful")]).await;
        assert_eq!(
            answer(bench.echo.invoke(invocation(&json!(1))).await.unwrap()),
            json!(1)
        );
        let name = "_lambda-rust-runtime-no-op-graceful-shutdown-helper";
        let wanted = format!("EXTENSION\tName: {name}\tState: Ready\tEvents: []");
        bench.logs(&wanted).await;
        let Bench { local, lines, .. } = bench;
        let begun = Instant::now();
        local.shutdown().await;
        let in_time = begun.elapsed() < Duration::from_millis(500);
        let lines = lines.lock().unwrap();
        in_time && lines.iter().any(|line| line == "asked to end")
    };
    while !ended().await {
        tries.next().expect("it ends by itself");
    }
}

//! Telemetry and logs, as the crate `lambda-extension` receives them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::os::unix::fs::symlink;
use std::path::Path;

use common::{answer, echo, error, eventually, example, function, invocation, options};
use lambda_with::Invoke;
use lambda_with_local::{FunctionHandle, Local};
use serde_json::{Value, json};

/// An engine whose function has an extension `probe`, which writes into `noted` what it hears.
struct Bench {
    local: Local,
    echo: FunctionHandle,
    dir: tempfile::TempDir,
}

impl Bench {
    async fn start(timeout: u32, variables: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("extensions");
        std::fs::create_dir(&folder).unwrap();
        symlink(example("telemetry"), folder.join("probe")).unwrap();
        let mut definition = function();
        definition.timeout = timeout;
        let mut echo = echo(definition);
        echo.extensions = folder;
        echo.max_environments = 1;
        let noted = dir.path().join("noted").display().to_string();
        let until = dir.path().join("until").display().to_string();
        let given = [("EXTENSION_LOG", &*noted)];
        let variables = given.iter().chain(variables);
        echo.environment = variables
            .map(|(name, value)| (*name, if *value == "until" { &*until } else { value }))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let (options, _) = options(&dir.path().join("data"), echo);
        let local = Local::start(options).await.unwrap();
        let echo = local.handle().function("echo").unwrap();
        Self { local, echo, dir }
    }

    async fn invoke(&self, event: Value) -> lambda_with::Outcome {
        self.echo.invoke(invocation(&event)).await.unwrap()
    }

    /// Waits until this has been heard so often.
    async fn heard(&self, what: &str, times: usize) {
        eventually(what, 60, || {
            lines(self.dir.path()).join("\n").matches(what).count() >= times
        })
        .await;
    }

    /// Ends everything; all that was heard.
    async fn end(self) -> Vec<String> {
        self.local.shutdown().await;
        lines(self.dir.path())
    }
}

fn lines(dir: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(dir.join("noted")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Events as they came: the type, and the record.
fn events(lines: &[String]) -> Vec<(String, Value)> {
    let mut last = String::new();
    let mut events = Vec::new();
    for line in lines {
        let event: Value = serde_json::from_str(line).unwrap();
        // A whole second is written without its milliseconds.
        let time = event["time"].as_str().unwrap().replace('.', "Z.");
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

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_hears_what_goes_on_in_order() {
    // With batches of 30 seconds everything is brought at the end.
    for timeout in ["25", "30000"] {
        let bench = Bench::start(30, &[("TELEMETRY_TIMEOUT", timeout)]).await;
        let first = answer(
            bench
                .invoke(json!({"print": "one\ntwo", "context": true}))
                .await,
        );
        let second = answer(
            bench
                .invoke(json!({"print": "three", "context": true}))
                .await,
        );
        // The runtime has asked for more, and the extension too.
        eventually("it is idle", 60, || bench.echo.invocations() == 0).await;
        if timeout == "25" {
            bench.heard("platform.report", 2).await;
        }
        let before = lines(bench.dir.path()).len();
        let mut events = events(&bench.end().await);
        // The runtime starts at the same time as the extension subscribes.
        let subscribed =
            json!({"name": "probe", "state": "Subscribed", "types": ["platform", "function"]});
        let found = kinds(&events)
            .iter()
            .position(|kind| *kind == "platform.telemetrySubscription");
        let found = events.remove(found.unwrap());
        assert_eq!(found.1, subscribed);
        assert_eq!(
            before == 0,
            timeout == "30000",
            "{before} of {}",
            events.len()
        );
        assert_eq!(
            kinds(&events),
            [
                "platform.initStart",
                "platform.initRuntimeDone",
                "platform.extension",
                "platform.initReport",
                "platform.start",
                "function",
                "function",
                "platform.runtimeDone",
                "platform.report",
                "platform.start",
                "function",
                "platform.runtimeDone",
                "platform.report",
            ],
            "{timeout}"
        );
        let record = |index: usize| &events[index].1;
        assert_eq!(record(0)["initializationType"], "on-demand");
        assert_eq!(
            (&record(1)["status"], &record(1)["phase"]),
            (&json!("success"), &json!("init"))
        );
        assert_eq!(
            *record(2),
            json!({"name": "probe", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]})
        );
        assert!(record(3)["metrics"]["durationMs"].as_f64().unwrap() > 0.0);
        for (start, context) in [(4, &first), (9, &second)] {
            let done = start + if start == 4 { 3 } else { 2 };
            for index in [start, done, done + 1] {
                assert_eq!(record(index)["requestId"], context["request_id"]);
            }
            assert_eq!(record(start)["version"], "$LATEST");
            assert_eq!(record(done)["status"], "success");
            let produced = u64::try_from(context.to_string().len()).unwrap();
            assert_eq!(record(done)["metrics"]["producedBytes"], produced);
            let spans = record(done)["spans"].as_array().unwrap().iter();
            let spans: Vec<&str> = spans.map(|span| span["name"].as_str().unwrap()).collect();
            assert_eq!(
                spans,
                ["responseLatency", "responseDuration", "runtimeOverhead"]
            );
            let metrics = &record(done + 1)["metrics"];
            let (duration, billed) = (&metrics["durationMs"], &metrics["billedDurationMs"]);
            assert_eq!(duration.as_f64().unwrap().ceil(), billed.as_f64().unwrap());
            assert_eq!(metrics["memorySizeMB"], 128);
            assert_eq!(
                metrics["initDurationMs"].is_number(),
                start == 4,
                "{metrics}"
            );
            assert_eq!(record(done + 1)["spans"][0]["name"], "extensionOverhead");
        }
        let said = [5, 6, 10].map(|index| record(index).as_str().unwrap());
        assert_eq!(said, ["one\n", "two\n", "three\n"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_is_told() {
    // As soon as somebody can be told.
    let dies = [
        ("ECHO_INIT", "exit"),
        ("ECHO_UNTIL", "until"),
        ("TELEMETRY_SUBSCRIBED", "until"),
    ];
    for (event, variables, status, kind) in [
        (
            json!({"fail": "no"}),
            None,
            "error",
            Some("Runtime.Unknown"),
        ),
        (json!({"exit": 7}), None, "error", Some("Runtime.ExitError")),
        (json!({"sleep": 60_000}), None, "timeout", None),
        (json!(0), Some(&dies), "error", Some("Runtime.ExitError")),
    ] {
        let timeout = if status == "timeout" { 1 } else { 30 };
        let bench = Bench::start(timeout, variables.map_or(&[], |dies| &dies[..])).await;
        error(bench.invoke(event.clone()).await);
        bench.heard("platform.report", 1).await;
        let events = events(&bench.end().await);
        let of = |kind: &str| {
            let mut found = events.iter().filter(|(found, _)| found == kind);
            let (_, record) = found.next().unwrap_or_else(|| panic!("{kind}: {events:?}"));
            assert!(found.next().is_none(), "one {kind}: {events:?}");
            record
        };
        let mut failed = vec!["platform.runtimeDone", "platform.report"];
        if variables.is_some() {
            failed.push("platform.initRuntimeDone");
        }
        for name in failed {
            let record = of(name);
            assert_eq!(record["status"], status, "{event}: {record}");
            assert_eq!(record["errorType"].as_str(), kind, "{event}: {record}");
        }
        let id = &of("platform.start")["requestId"];
        assert_eq!(&of("platform.runtimeDone")["requestId"], id);
        let at = |kind: &str| kinds(&events).iter().position(|found| *found == kind);
        assert!(
            at("platform.initReport") < at("platform.start"),
            "{events:?}"
        );
        assert!(
            at("platform.runtimeDone") < at("platform.report"),
            "{events:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_extensions_print_is_a_stream_of_its_own() {
    let bench = Bench::start(30, &[("TELEMETRY_TYPES", "extension")]).await;
    let context = answer(
        bench
            .invoke(json!({"print": "mine", "context": true}))
            .await,
    );
    let id = context["request_id"].as_str().unwrap();
    bench.heard(id, 1).await;
    let events = events(&bench.end().await);
    let told = ("extension".to_owned(), json!(format!("told of {id}\n")));
    assert!(events.contains(&told), "{events:?}");
    assert!(
        kinds(&events).iter().all(|kind| *kind == "extension"),
        "{events:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_slow_subscriber_misses_is_counted() {
    const PRINTED: usize = 20_000;
    let bench = Bench::start(30, &[("TELEMETRY_UNTIL", "until")]).await;
    let text: Vec<String> = (0..PRINTED).map(|number| number.to_string()).collect();
    let event = json!({"print": text.join("\n")});
    assert_eq!(
        answer(bench.invoke(event.clone()).await),
        event,
        "it is not held up"
    );
    std::fs::write(bench.dir.path().join("until"), "").unwrap();
    bench.heard("platform.logsDropped", 1).await;
    let events = events(&bench.end().await);
    let count = |kind: &str| {
        kinds(&events)
            .iter()
            .filter(|found| **found == kind)
            .count()
    };
    let dropped = events
        .iter()
        .filter(|(kind, _)| kind == "platform.logsDropped");
    let mut missed = 0;
    for (_, record) in dropped {
        missed += record["droppedRecords"].as_u64().unwrap();
        assert!(record["droppedBytes"].as_u64() > record["droppedRecords"].as_u64());
    }
    let received = count("function");
    assert_eq!(usize::try_from(missed).unwrap() + received, PRINTED);
    assert!(
        (3_900..=6_000).contains(&received),
        "{received} of {PRINTED}"
    );
    // There is room left for those of the platform.
    for kind in ["platform.start", "platform.runtimeDone", "platform.report"] {
        assert_eq!(count(kind), 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_api_tells_what_it_always_has() {
    let bench = Bench::start(30, &[("TELEMETRY_LOGS", "1")]).await;
    answer(bench.invoke(json!({"print": "one"})).await);
    error(bench.invoke(json!({"exit": 7})).await);
    bench.heard("PlatformReport", 2).await;
    let lines = bench.end().await;
    let kinds = lines
        .iter()
        .map(|line| line.split([' ', '(']).next().unwrap());
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "PlatformLogsSubscription",
            "PlatformExtension",
            "PlatformStart",
            "Function",
            "PlatformRuntimeDone",
            "PlatformEnd",
            "PlatformReport",
            "PlatformStart",
            "PlatformFault",
            "PlatformRuntimeDone",
            "PlatformEnd",
            "PlatformReport",
        ]
    );
    for (index, text) in [
        (3, "Function(\"one\\n\")"),
        (4, "status: \"success\""),
        (8, "Status: error\\tErrorType: Runtime.ExitError"),
        (9, "status: \"failure\""),
    ] {
        assert!(lines[index].contains(text), "{text}: {}", lines[index]);
    }
}

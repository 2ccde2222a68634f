//! Handlers within the test: asynchronous events in virtual time, permissions, limits, errors.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::retry::{Condition, Config};
use lambda_with::{
    Caller, Delivery, Error, ErrorKind, Function, FunctionError, Invocation, InvocationType,
    Invoke, LogType, Outcome, Statement,
};
use lambda_with_local::{
    Asynchronous, Context, FunctionOptions, Happening, Local, Options, Run, What,
};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";

fn function(arn: &str) -> Function {
    Function::new(arn.parse().unwrap()).unwrap()
}

fn failure(text: &str) -> FunctionError {
    FunctionError {
        error_type: Some("Boom".into()),
        error_message: text.into(),
    }
}

/// A handler that fails the first `times`.
fn failing(times: usize) -> Run {
    let calls = Arc::new(AtomicUsize::new(0));
    Run::handler(move |event: Bytes, _: Context| {
        let fails = calls.fetch_add(1, Ordering::SeqCst) < times;
        async move {
            if fails {
                Err(failure("boom"))
            } else {
                Ok(event)
            }
        }
    })
}

fn echo() -> Run {
    failing(0)
}

fn event(payload: &'static str) -> Invocation {
    Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new(payload)
    }
}

async fn start(options: impl IntoIterator<Item = FunctionOptions>) -> Local {
    let mut all = Options::in_memory();
    all.functions.extend(options);
    Local::start(all).await.unwrap()
}

/// What became of one event: when it ran, in seconds from its acceptance, and how it ended.
fn trace(history: &[Happening]) -> (Vec<i64>, Option<Condition>, Vec<serde_json::Value>) {
    let begun = history[0].at.unix_millis();
    let mut ran = Vec::new();
    let (mut end, mut sent) = (None, Vec::new());
    for happening in history {
        match &happening.what {
            What::Ran { .. } => ran.push((happening.at.unix_millis() - begun) / 1000),
            What::Finished(condition) => end = Some(*condition),
            What::Sent { body, .. } => sent.push(serde_json::from_slice(body).unwrap()),
            _ => {}
        }
    }
    (ran, end, sent)
}

#[tokio::test(start_paused = true)]
async fn events_are_retried_as_recorded_from_lambda() {
    struct Case {
        fails: usize,
        retries: u8,
        age: u64,
        reserved: Option<u32>,
        ran: &'static [i64],
        end: Condition,
    }
    for case in [
        Case {
            fails: 0,
            retries: 2,
            age: 21_600,
            reserved: None,
            ran: &[0],
            end: Condition::Success,
        },
        Case {
            fails: 1,
            retries: 2,
            age: 21_600,
            reserved: None,
            ran: &[0, 60],
            end: Condition::Success,
        },
        Case {
            fails: 9,
            retries: 2,
            age: 21_600,
            reserved: None,
            ran: &[0, 60, 180],
            end: Condition::RetriesExhausted,
        },
        Case {
            fails: 9,
            retries: 0,
            age: 21_600,
            reserved: None,
            ran: &[0],
            end: Condition::RetriesExhausted,
        },
        Case {
            fails: 9,
            retries: 2,
            age: 60,
            reserved: None,
            ran: &[0],
            end: Condition::EventAgeExceeded,
        },
        Case {
            fails: 9,
            retries: 2,
            age: 90,
            reserved: None,
            ran: &[0, 60],
            end: Condition::EventAgeExceeded,
        },
        Case {
            fails: 0,
            retries: 2,
            age: 21_600,
            reserved: Some(0),
            ran: &[],
            end: Condition::ZeroReservedConcurrency,
        },
    ] {
        let mut definition = function(ARN);
        definition.reserved_concurrency = case.reserved;
        let queue = "arn:aws:sqs:eu-west-1:123456789012:records";
        let asynchronous = Asynchronous {
            retry: Config::new(case.retries, Duration::from_secs(case.age)).unwrap(),
            on_success: Some(queue.parse().unwrap()),
            on_failure: Some(queue.parse().unwrap()),
            dead_letter: None,
        };
        let options = FunctionOptions {
            asynchronous,
            ..FunctionOptions::new(definition, failing(case.fails))
        };
        let local = start([options]).await;
        let handle = local.handle();
        let outcome = handle
            .function("orders")
            .unwrap()
            .invoke(event(r#"{"id":7}"#))
            .await
            .unwrap();
        let Outcome::Accepted { request_id } = outcome else {
            panic!("{outcome:?}")
        };
        handle.settled().await;
        let history = handle.history();
        assert!(
            history
                .iter()
                .all(|happening| happening.request_id == request_id)
        );
        let (ran, end, sent) = trace(&history);
        assert_eq!(
            (ran.as_slice(), end),
            (case.ran, Some(case.end)),
            "{history:#?}"
        );
        assert_eq!(sent.len(), 1, "{history:#?}");
        let context = &sent[0]["requestContext"];
        assert_eq!(context["condition"], case.end.as_str());
        assert_eq!(context["approximateInvokeCount"], case.ran.len());
        assert_eq!(context["functionArn"], format!("{ARN}:$LATEST"));
        assert_eq!(sent[0]["requestPayload"]["id"], 7);
        local.shutdown().await;
    }
}

#[tokio::test]
async fn an_event_carries_no_client_context() {
    let run = Run::handler(|_, context: Context| async move {
        Ok::<_, FunctionError>(serde_json::to_vec(&context.client_context).unwrap().into())
    });
    let local = start([FunctionOptions::new(function(ARN), run)]).await;
    let orders = local.handle().function("orders").unwrap();
    for (invocation_type, seen) in [
        (InvocationType::RequestResponse, r#""{\"custom\":{}}""#),
        (InvocationType::Event, "null"),
    ] {
        let asked = Invocation {
            invocation_type,
            client_context: Some(r#"{"custom":{}}"#.into()),
            ..Invocation::new("{}")
        };
        orders.invoke(asked).await.unwrap();
        local.handle().settled().await;
        let ran = local.handle().history();
        let ran = ran
            .iter()
            .rev()
            .find_map(|happening| match &happening.what {
                What::Ran { outcome, .. } => outcome.payload().cloned(),
                _ => None,
            });
        assert_eq!(ran.unwrap(), seen);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_event_goes_to_the_dead_letter_queue_and_its_record_to_a_function() {
    let asynchronous = Asynchronous {
        retry: Config::new(0, Duration::from_secs(60)).unwrap(),
        on_failure: Some(
            "arn:aws:lambda:eu-west-1:123456789012:function:records"
                .parse()
                .unwrap(),
        ),
        dead_letter: Some("arn:aws:sqs:eu-west-1:123456789012:dead".parse().unwrap()),
        ..Asynchronous::default()
    };
    let failing = FunctionOptions {
        asynchronous,
        ..FunctionOptions::new(function(ARN), failing(9))
    };
    let records = function("arn:aws:lambda:eu-west-1:123456789012:function:records");
    let local = start([failing, FunctionOptions::new(records, echo())]).await;
    local
        .handle()
        .function("orders")
        .unwrap()
        .invoke(event(r#"{"raise_error": 1}"#))
        .await
        .unwrap();
    local.handle().settled().await;
    let history = local.handle().history();
    let record = history
        .iter()
        .find_map(|happening| match &happening.what {
            What::Ran { payload, .. } if happening.function == "records" => Some(payload),
            _ => None,
        })
        .unwrap();
    let record: serde_json::Value = serde_json::from_slice(record).unwrap();
    assert_eq!(record["responsePayload"]["errorMessage"], "boom");
    assert!(history.iter().any(|happening| matches!(
        &happening.what,
        What::Sent { to: Some(to), body } if to.service() == "sqs" && &body[..] == br#"{"raise_error": 1}"#
    )));
}

#[tokio::test]
async fn services_are_let_in_by_the_policy_alone() {
    let statement = Statement::service("s3-uploads", "s3.amazonaws.com")
        .source_arn("arn:aws:s3:::uploads".parse().unwrap())
        .source_account("123456789012");
    let options = FunctionOptions {
        policy: vec![statement],
        ..FunctionOptions::new(function(ARN), echo())
    };
    let local = start([options]).await;
    let orders = local.handle().function("orders").unwrap();
    for (principal, bucket, account, allowed) in [
        ("s3.amazonaws.com", "uploads", "123456789012", true),
        ("s3.amazonaws.com", "uploads", "210987654321", false),
        ("s3.amazonaws.com", "others", "123456789012", false),
        ("sns.amazonaws.com", "uploads", "123456789012", false),
    ] {
        for invocation_type in [
            InvocationType::RequestResponse,
            InvocationType::Event,
            InvocationType::DryRun,
        ] {
            let caller = Caller::Service(Delivery {
                principal: principal.into(),
                source_arn: Some(format!("arn:aws:s3:::{bucket}").parse().unwrap()),
                source_account: Some(account.into()),
                event_source_token: None,
            });
            let invocation = Invocation {
                invocation_type,
                caller,
                ..Invocation::new("{}")
            };
            let result = orders.invoke(invocation).await;
            match result {
                Ok(_) => assert!(allowed, "{principal} {bucket} {account} {invocation_type}"),
                Err(error) => {
                    assert!(!allowed && error.kind() == ErrorKind::Denied, "{error}");
                }
            }
        }
    }
    local.handle().settled().await;
}

#[tokio::test]
async fn what_cannot_run_is_refused() {
    let local = start([FunctionOptions::new(
        function(&format!("{ARN}:live")),
        echo(),
    )])
    .await;
    let handle = local.handle();
    let orders = handle.function("orders").unwrap();
    let check = async |invocation: Invocation, kind: ErrorKind, text: &str| {
        let error: Error = orders.invoke(invocation).await.unwrap_err();
        assert!(
            error.kind() == kind && error.message().contains(text),
            "{error:?}"
        );
    };
    let with = |qualifier: &str| Invocation {
        qualifier: Some(qualifier.into()),
        ..Invocation::new("{}")
    };
    check(
        Invocation::new("nonsense"),
        ErrorKind::Decode,
        "Could not parse request body into json",
    )
    .await;
    check(
        Invocation::new("{\"a\":1"),
        ErrorKind::Decode,
        "Could not parse payload into json: EOF",
    )
    .await;
    check(
        Invocation::new(&b"\"\x87\""[..]),
        ErrorKind::Decode,
        "UTF-8",
    )
    .await;
    check(
        Invocation::new(vec![b' '; 6 * 1024 * 1024 + 1]),
        ErrorKind::Limit,
        "6291456 bytes",
    )
    .await;
    let large = Invocation {
        invocation_type: InvocationType::Event,
        ..Invocation::new(vec![b' '; 1024 * 1024 + 1])
    };
    check(
        large,
        ErrorKind::Limit,
        "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    )
    .await;
    check(
        with("7"),
        ErrorKind::NotFound,
        "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:orders:7",
    )
    .await;
    check(
        with("dev"),
        ErrorKind::NotFound,
        "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:orders:dev",
    )
    .await;
    let context = Invocation {
        client_context: Some("{".into()),
        ..Invocation::new("{}")
    };
    check(context, ErrorKind::Invalid, "client context is not JSON").await;

    for fine in [with("live"), with("$LATEST"), Invocation::new("")] {
        assert!(matches!(
            orders.invoke(fine).await,
            Ok(Outcome::Success { .. })
        ));
    }
    let live = handle.function("orders:live").unwrap();
    assert_eq!(
        live.invoke(with("$LATEST")).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    let missing = handle.function("nobody").unwrap_err();
    assert_eq!(
        missing.message(),
        "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:nobody:$LATEST"
    );
    assert_eq!(
        handle.function("a b").unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

#[tokio::test(start_paused = true)]
async fn functions_that_fail_are_outcomes() {
    let run = Run::handler(|event: Bytes, context: Context| {
        assert!(event != "\"at once\"", "at once");
        async move {
            match &event[..] {
                b"\"panic\"" => panic!("in the handler"),
                b"\"slow\"" => tokio::time::sleep(Duration::from_secs(10)).await,
                b"\"error\"" => return Err(failure("so it is")),
                _ => {}
            }
            Ok(context.request_id.into())
        }
    });
    let local = start([FunctionOptions::new(function(ARN), run)]).await;
    let orders = local.handle().function("orders").unwrap();
    for (payload, kind, message) in [
        ("\"panic\"", "Runtime.Panic", "in the handler"),
        ("\"at once\"", "Runtime.Panic", "at once"),
        (
            "\"slow\"",
            "Sandbox.Timedout",
            "Error: Task timed out after 3.00 seconds",
        ),
        ("\"error\"", "Boom", "so it is"),
    ] {
        let invocation = Invocation {
            log_type: LogType::Tail,
            ..Invocation::new(payload)
        };
        let outcome = orders.invoke(invocation).await.unwrap();
        let Outcome::FunctionError {
            function_error,
            payload,
            executed_version,
            log_tail,
        } = outcome
        else {
            panic!("{outcome:?}")
        };
        assert_eq!(
            (function_error.as_str(), executed_version.as_str()),
            ("Unhandled", "$LATEST")
        );
        let error: FunctionError = serde_json::from_slice(&payload).unwrap();
        assert_eq!(error.error_type.as_deref(), Some(kind));
        assert!(error.error_message.ends_with(message), "{error:?}");
        let tail = log_tail.unwrap();
        assert!(
            tail.starts_with("START RequestId: ") && tail.contains("\nREPORT RequestId: "),
            "{tail}"
        );
    }
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    let mut options = Options::in_memory();
    options
        .functions
        .push(FunctionOptions::new(function(ARN), echo()));
    options.functions.push(FunctionOptions::new(
        function(&format!("{ARN}:live")),
        echo(),
    ));
    let error = Local::start(options).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Invalid && error.message().contains("`orders`"),
        "{error}"
    );

    let mut hasty = function(ARN);
    hasty.timeout = 0;
    let mut options = Options::in_memory();
    options.functions.push(FunctionOptions::new(hasty, echo()));
    let error = Local::start(options).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Invalid && error.message().contains("timeout"),
        "{error}"
    );
}

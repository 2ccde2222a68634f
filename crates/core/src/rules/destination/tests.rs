use std::time::Duration;

use expect_test::{Expect, expect};

use super::*;

const PATIENCE: Duration = Duration::from_secs(3600);

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:resize";

fn success(payload: &'static str) -> Outcome {
    Outcome::Success {
        payload: payload.into(),
        executed_version: "$LATEST".into(),
        log_tail: None,
    }
}

fn error(payload: String) -> Outcome {
    Outcome::FunctionError {
        function_error: "Unhandled".into(),
        payload: payload.into(),
        executed_version: "1".into(),
        log_tail: None,
    }
}

fn record<'a>(
    function: &'a Arn,
    condition: Condition,
    attempts: u32,
    outcome: Option<&'a Outcome>,
) -> InvocationRecord<'a> {
    InvocationRecord {
        timestamp: Timestamp::from_unix_millis(1_772_447_761_512),
        request_id: "2f6a7d0c",
        function,
        condition,
        attempts,
        request: br#"{"z":1.0, "a": 1e2}"#,
        outcome,
    }
}

fn check(
    function: &str,
    condition: Condition,
    attempts: u32,
    outcome: Option<&Outcome>,
    expected: &Expect,
) {
    let function = function.parse().unwrap();
    let json = record(&function, condition, attempts, outcome).to_json();
    expected.assert_eq(std::str::from_utf8(&json).unwrap());
}

#[test]
fn records_are_as_recorded() {
    check(
        FUNCTION,
        Condition::Success,
        1,
        Some(&success(r#"{"b": 1}"#)),
        &expect![[
            r#"{"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:resize:$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{"z":1.0, "a": 1e2},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":{"b": 1}}"#
        ]],
    );
    check(
        FUNCTION,
        Condition::Success,
        1,
        Some(&success("")),
        &expect![[
            r#"{"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:resize:$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{"z":1.0, "a": 1e2},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":null}"#
        ]],
    );
    check(
        FUNCTION,
        Condition::Success,
        1,
        Some(&success("not \"JSON\"")),
        &expect![[
            r#"{"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:resize:$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{"z":1.0, "a": 1e2},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":"not \"JSON\""}"#
        ]],
    );
    let failed = error(r#"{"errorMessage":"boom","errorType":"Error"}"#.into());
    check(
        &format!("{FUNCTION}:1"),
        Condition::RetriesExhausted,
        3,
        Some(&failed),
        &expect![[
            r#"{"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:resize:1","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"z":1.0, "a": 1e2},"responseContext":{"statusCode":200,"executedVersion":"1","functionError":"Unhandled"},"responsePayload":{"errorMessage":"boom","errorType":"Error"}}"#
        ]],
    );
    check(
        &format!("{FUNCTION}:$LATEST"),
        Condition::EventAgeExceeded,
        2,
        Some(&failed),
        &expect![[
            r#"{"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:resize:$LATEST","condition":"EventAgeExceeded","approximateInvokeCount":2},"requestPayload":{"z":1.0, "a": 1e2},"responseContext":{"statusCode":200,"executedVersion":"1","functionError":"Unhandled"},"responsePayload":{"errorMessage":"boom","errorType":"Error"}}"#
        ]],
    );
    check(
        FUNCTION,
        Condition::ZeroReservedConcurrency,
        0,
        None,
        &expect![[
            r#"{"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z","requestContext":{"requestId":"2f6a7d0c","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:resize:$LATEST","condition":"ZeroReservedConcurrency","approximateInvokeCount":0},"requestPayload":{"z":1.0, "a": 1e2}}"#
        ]],
    );
}

#[test]
fn bus_and_bucket() {
    let function: Arn = format!("{FUNCTION}:live").parse().unwrap();
    let bus: Arn = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
        .parse()
        .unwrap();
    let record_of = |condition| record(&function, condition, 1, None);
    let failed = record_of(Condition::EventAgeExceeded).message(&bus, "c0ffee");
    assert_eq!(
        failed.detail_type(),
        "Lambda Function Invocation Result - Failure"
    );
    assert_eq!(
        failed.resources(),
        [bus.to_string(), format!("{FUNCTION}:live")]
    );
    assert_eq!((failed.kind, failed.key), (Kind::OnFailure, None));
    let done = record_of(Condition::Success).message(&bus, "c0ffee");
    assert_eq!(
        done.detail_type(),
        "Lambda Function Invocation Result - Success"
    );
    let plain: Arn = FUNCTION.parse().unwrap();
    let latest = record(&plain, Condition::Success, 1, None).message(&bus, "c0ffee");
    assert_eq!(latest.resources()[1], format!("{FUNCTION}:$LATEST"));

    let bucket = "arn:aws:s3:::resize-failed".parse().unwrap();
    let object = record_of(Condition::EventAgeExceeded).message(&bucket, "c0ffee");
    assert_eq!(
        object.key.as_deref(),
        Some(&b"aws/lambda/async/resize/2026/03/02/2026-03-02T10.36.01-c0ffee"[..])
    );
    assert_eq!(
        object.body,
        record_of(Condition::EventAgeExceeded).to_json()
    );
}

#[test]
fn what_cannot_be_sent_is_tried_for_an_hour() {
    let (begun, mut now) = (Duration::from_secs(1000), Duration::from_secs(1000));
    let mut pauses = Vec::new();
    while let Some(next) = try_again(begun, u32::try_from(pauses.len()).unwrap() + 1, now) {
        pauses.push((next - now).as_secs());
        now = next;
    }
    assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    assert!(pauses[8..].iter().all(|pause| *pause == 60));
    assert!(((begun + PATIENCE) - now).as_secs() < 60, "{now:?}");
    let late = begun + Duration::from_secs(86_400);
    assert_eq!(try_again(begun, 1, late), None);
}

#[test]
fn dead_letters() {
    let event = Bytes::from_static(br#"{"raise_error": 1}"#);
    let show = |outcome: Option<&Outcome>| {
        let letter = DeadLetter::new("2f6a7d0c", event.clone(), outcome);
        assert_eq!(letter.body, event);
        let line = |a: &Attribute| format!("{} {} {}", a.name, a.data_type, a.value);
        letter
            .attributes
            .iter()
            .map(line)
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(show(None), "RequestID String 2f6a7d0c");
    assert_eq!(
        show(Some(&error(r#"{"errorMessage":"boom"}"#.into()))),
        "RequestID String 2f6a7d0c; ErrorCode Number 200; ErrorMessage String boom"
    );
    assert_eq!(
        show(Some(&error("{}".into()))),
        "RequestID String 2f6a7d0c; ErrorCode Number 200"
    );
    let long = show(Some(&error(format!(
        r#"{{"errorMessage":"x{}"}}"#,
        "é".repeat(600)
    ))));
    assert!(long.ends_with(&format!("ErrorMessage String x{}", "é".repeat(511))));
}

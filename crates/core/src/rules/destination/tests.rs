use expect_test::{Expect, expect};

use super::*;

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
    let bus = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
        .parse()
        .unwrap();
    let failed = record(&function, Condition::EventAgeExceeded, 1, None);
    assert_eq!(
        failed.detail_type(),
        "Lambda Function Invocation Result - Failure"
    );
    assert_eq!(
        failed.resources(&bus),
        [bus.to_string(), format!("{FUNCTION}:live")]
    );
    assert_eq!(
        failed.object_key("c0ffee"),
        "aws/lambda/async/resize/2026/03/02/2026-03-02T10.36.01-c0ffee"
    );
    let done = record(&function, Condition::Success, 1, None);
    assert_eq!(
        done.detail_type(),
        "Lambda Function Invocation Result - Success"
    );
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

//! What is wrong with a connection: for every lint a definition that it finds.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with_kinesis::Kinesis;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = r#"
stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry"
starting_position = "TRIM_HORIZON"
maximum_retry_attempts = 3
report_batch_item_failures = true
"#;

#[test]
fn every_lint_has_a_definition_it_finds() {
    const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let cases = [
        ("", ""),
        ("tumbling_window = 901", "LW0011! tumbling_window"),
        ("batch_size = 10001", "LW0011! batch_size"),
        ("batch_size = 10000", ""),
        ("maximum_record_age = 59", "LW0011! maximum_record_age"),
        (
            "starting_position_timestamp = '2026-03-02T10:00:00Z'",
            "LW0014! starting_position_timestamp",
        ),
        (
            "starting_position = 'AT_TIMESTAMP'\nstarting_position_timestamp = '2026-03-02T10:00:00Z'",
            "",
        ),
        (r#"filters = ['{"data":["hot"]}']"#, "LW0015! filters"),
        (
            r#"filters = ['{"partitionKey":["c-17"]}']"#,
            "LW0016 filters",
        ),
        (r#"filters = ['{"data":{"crane":["c-17"]}}']"#, ""),
        (
            "on_failure = 'arn:aws:sqs:eu-west-1:123456789012:failed.fifo'",
            "LW0019! on_failure",
        ),
        ("on_failure = 'arn:aws:s3:::failed'", ""),
        (
            "maximum_retry_attempts = -1",
            "LW0027 maximum_retry_attempts",
        ),
        (
            "report_batch_item_failures = false",
            "LW0030 bisect_batch_on_function_error",
        ),
        (
            "stream = 'arn:aws:kinesis:eu-west-1:123456789012:telemetry'",
            "LW0024! stream",
        ),
        (
            "stream = 'arn:aws:kinesis:eu-west-1:210987654321:stream/telemetry'",
            "LW0026 stream",
        ),
        (
            &format!("on_failure_key = '{KEY}'"),
            "LW2601 on_failure_key",
        ),
        (&format!("stream_key = '{KEY}'"), ""),
        (
            "stream_key = 'arn:aws:kms:eu-west-1:123456789012:alias/aws/kinesis'",
            "LW2604 stream_key",
        ),
    ];
    lints::<Kinesis>(GOOD, &cases);
}

#[test]
fn two_connections() {
    const STREAM: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry";
    let plain = String::new();
    let consumer = |name: &str| format!("stream = '{STREAM}/consumer/{name}:1'");
    let other = format!("stream = '{STREAM}-2'");
    let cases = [
        (&plain, &plain, "", "LW0029! stream"),
        (&plain, &other, "", ""),
        (&plain, &consumer("a"), "", "LW2602 stream"),
        (&consumer("a"), &consumer("b"), "", "LW2602 stream"),
        (
            &consumer("a"),
            &consumer("a"),
            "LW2603! stream",
            "LW0029! stream",
        ),
    ];
    clashes::<Kinesis>(GOOD, &cases);
}

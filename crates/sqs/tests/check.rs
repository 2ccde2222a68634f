//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::Integration;
use lambda_with_sqs::Sqs;
use lambda_with_testing::{clashes, connection, lints};

const GOOD: &str = "queue = 'arn:aws:sqs:eu-west-1:123456789012:orders'";

#[test]
fn every_lint_has_a_definition_it_finds() {
    const FIFO: &str = "queue = 'arn:aws:sqs:eu-west-1:123456789012:orders.fifo'\n";
    let cases = [
        ("", ""),
        ("function_timeout = 30\nvisibility_timeout = 180", ""),
        (
            "function_timeout = 30\nvisibility_timeout = 179",
            "LW0201 visibility_timeout",
        ),
        ("batching_window = 20\nvisibility_timeout = 38", ""),
        (
            "batching_window = 20\nvisibility_timeout = 37",
            "LW0201 visibility_timeout",
        ),
        // Not stated: a queue has 30 seconds unless set, but it may be set.
        ("function_timeout = 5", ""),
        ("function_timeout = 6", "LW0201 visibility_timeout"),
        ("function_timeout = 60", "LW0201 visibility_timeout"),
        (
            "function_timeout = 60\nvisibility_timeout = 60",
            "LW0201 visibility_timeout",
        ),
        (
            "function_timeout = 60\nvisibility_timeout = 59",
            "LW0202! visibility_timeout",
        ),
        (&format!("{FIFO}batch_size = 10"), ""),
        (&format!("{FIFO}batch_size = 11"), "LW0203! batch_size"),
        (
            &format!("{FIFO}batching_window = 1"),
            "LW0205! batching_window",
        ),
        ("batch_size = 11", "LW0204! batch_size"),
        ("batch_size = 10000\nbatching_window = 1", ""),
        (
            "batch_size = 10001\nbatching_window = 1",
            "LW0206! batch_size",
        ),
        ("batch_size = 0", "LW0206! batch_size"),
        ("batching_window = 300\nvisibility_timeout = 400", ""),
        (
            "batching_window = 301\nvisibility_timeout = 400",
            "LW0206! batching_window",
        ),
        ("visibility_timeout = 43201", "LW0206! visibility_timeout"),
        ("max_receive_count = 5", ""),
        ("max_receive_count = 4", "LW0211 max_receive_count"),
        ("max_receive_count = 0", "LW0206! max_receive_count"),
        ("maximum_concurrency = 2", ""),
        ("maximum_concurrency = 1", "LW0206! maximum_concurrency"),
        ("maximum_concurrency = 1001", "LW0206! maximum_concurrency"),
        (
            "maximum_concurrency = 6\nfunction_reserved_concurrency = 5",
            "LW0214 maximum_concurrency",
        ),
        ("function_reserved_concurrency = 5", ""),
        (
            "function_reserved_concurrency = 4",
            "LW0210 reserved_concurrency",
        ),
        ("provisioned_pollers = {}", ""),
        (
            "provisioned_pollers = { minimum = 1 }",
            "LW0206! provisioned_pollers.minimum",
        ),
        (
            "provisioned_pollers = { maximum = 10001 }",
            "LW0206! provisioned_pollers.maximum",
        ),
        (
            "provisioned_pollers = { minimum = 9, maximum = 8 }",
            "LW0206! provisioned_pollers",
        ),
        (
            "provisioned_pollers = {}\nmaximum_concurrency = 5",
            "LW0213! provisioned_pollers",
        ),
        (
            r#"filters = ['{"body":{"kind":["a"]}}', '{"body":["b"]}']"#,
            "",
        ),
        ("filters = ['orders']", "LW0207! filters"),
        (r#"filters = ['{"body":{"kind":"a"}}']"#, "LW0207! filters"),
        (r#"filters = ['{"body":{"kind":[]}}']"#, "LW0207! filters"),
        (r#"filters = ['{"messageId":["a"]}']"#, "LW0208 filters"),
        (
            &format!("filters = {:?}", [r#"{"body":["a"]}"#; 6]),
            "LW0218 filters",
        ),
        (
            &format!("filters = {:?}", [r#"{"body":["a"]}"#; 11]),
            "LW0218! filters",
        ),
        (
            "filter_key = 'arn:aws:kms:eu-west-1:123456789012:key/1'",
            "LW0216 filter_key",
        ),
        (
            "queue = 'arn:aws:sqs:us-east-1:123456789012:orders'",
            "LW0209! queue",
        ),
        (
            "queue = 'arn:aws:sqs:eu-west-1:210987654321:orders'",
            "LW0215 queue",
        ),
        (
            "queue = 'arn:aws:sns:eu-west-1:123456789012:orders'",
            "LW0212! queue",
        ),
        (
            "queue = 'arn:aws:sqs:eu-west-1:123456789012:*'",
            "LW0212! queue",
        ),
    ];
    lints::<Sqs>(GOOD, &cases);
}

#[test]
fn two_connections_of_one_queue() {
    let other_queue = "queue = 'arn:aws:sqs:eu-west-1:123456789012:orders.fifo'";
    let cases = [
        ("", "batch_size = 5", "LW0217 queue", "LW0219! queue"),
        ("", other_queue, "", ""),
    ];
    clashes::<Sqs>(GOOD, &cases);
}

#[test]
fn a_finding_reads_well() {
    let (sqs, function) = connection::<Sqs>(GOOD, "function_timeout = 60");
    let findings = sqs.check(&function);
    expect![[r#"
        warning[LW0201] visibility_timeout: a queue's visibility timeout, 30 s unless set, is shorter than 6 times the function's timeout plus the batching window, 360 s
          why: when invocations are throttled or wait for their batch, messages come again before they were tried
          fix: set the queue's visibility timeout to 360 s or more, and say so with visibility_timeout
          see: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"#]].assert_eq(&findings[0].to_string());
}

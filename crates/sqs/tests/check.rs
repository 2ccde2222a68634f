//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::rules::mapping::{Mapping, SourceKind};
use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_sqs::Sqs;

/// A connection by the settings that differ from a good one, and its function by those that begin
/// with `function_`.
fn connection(settings: &str) -> (Sqs, Function) {
    let mut table: toml::Table = settings.parse().unwrap();
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
    let mut function = Function::new(arn.parse().unwrap()).unwrap();
    if let Some(timeout) = table.remove("function_timeout") {
        function.timeout = timeout.try_into().unwrap();
    }
    function.reserved_concurrency = table
        .remove("function_reserved")
        .map(|value| value.try_into().unwrap());
    let queue = "arn:aws:sqs:eu-west-1:123456789012:orders";
    table.entry("queue").or_insert(queue.into());
    (table.try_into().unwrap(), function)
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let mark = if finding.severity == Severity::Error {
            "!"
        } else {
            ""
        };
        format!("{}{mark} {}", finding.code, finding.field)
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_lint_has_a_definition_it_finds() {
    const FIFO: &str = "queue = 'arn:aws:sqs:eu-west-1:123456789012:orders.fifo'\n";
    for (settings, expected) in [
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
            "maximum_concurrency = 6\nfunction_reserved = 5",
            "LW0214 maximum_concurrency",
        ),
        ("function_reserved = 5", ""),
        ("function_reserved = 4", "LW0210 reserved_concurrency"),
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
    ] {
        let (sqs, function) = connection(settings);
        let findings = sqs.check(&function);
        assert_eq!(found(&findings), expected, "{settings}");
        for finding in findings {
            assert!(
                !finding.fix.is_empty() && !finding.what.ends_with('.'),
                "{finding}"
            );
        }
    }
}

/// What Lambda refuses of any mapping, this finds too: as numbers of its own.
#[test]
fn nothing_that_mappings_refuse_is_missed() {
    let good = "visibility_timeout = 180";
    for (settings, fields) in [
        (good, ""),
        ("batch_size = 11", "batch_size"),
        ("batch_size = 0", "batch_size"),
        ("batching_window = 301", "batching_window"),
        ("maximum_concurrency = 1", "maximum_concurrency"),
        (
            "provisioned_pollers = { minimum = 1 }",
            "provisioned_pollers.minimum",
        ),
        (
            "provisioned_pollers = { minimum = 9, maximum = 8 }",
            "provisioned_pollers",
        ),
        (
            "provisioned_pollers = {}\nmaximum_concurrency = 5",
            "provisioned_pollers",
        ),
        ("filters = ['orders']", "filters"),
        (
            "queue = 'arn:aws:sqs:us-east-1:123456789012:orders'",
            "queue",
        ),
        (
            "queue = 'arn:aws:sns:eu-west-1:123456789012:orders'",
            "queue",
        ),
    ] {
        let (sqs, function) = connection(settings);
        let properties = &sqs.resources(&function)[0].properties;
        let mapping = Mapping::of_properties(properties).unwrap();
        let errors = |findings: Vec<Finding>| {
            let errors = findings
                .into_iter()
                .filter(|f| f.severity == Severity::Error);
            errors.map(|f| f.field).collect::<Vec<_>>().join(" ")
        };
        let shared = mapping.check(SourceKind::SqsStandard, &function);
        assert_eq!(errors(shared), fields, "{settings}");
        assert_eq!(errors(sqs.check(&function)), fields, "{settings}");
    }
}

#[test]
fn two_connections_of_one_queue() {
    let (one, _) = connection("");
    let other_queue = "queue = 'arn:aws:sqs:eu-west-1:123456789012:orders.fifo'";
    for (settings, anywhere, within) in [
        ("batch_size = 5", "LW0217 queue", "LW0219! queue"),
        (other_queue, "", ""),
    ] {
        let (other, _) = connection(settings);
        assert_eq!(found(&one.conflicts(&other)), anywhere, "{settings}");
        assert_eq!(found(&one.conflicts_within(&other)), within, "{settings}");
    }
}

#[test]
fn a_finding_reads_well() {
    let (sqs, function) = connection("function_timeout = 60");
    let findings = sqs.check(&function);
    expect![[r#"
        warning[LW0201] visibility_timeout: a queue's visibility timeout, 30 s unless set, is shorter than 6 times the function's timeout plus the batching window, 360 s
          why: when invocations are throttled or wait for their batch, messages come again before they were tried
          fix: set the queue's visibility timeout to 360 s or more, and say so with visibility_timeout
          see: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"#]].assert_eq(&findings[0].to_string());
}

//! What is wrong with a connection: for every lint a definition that it finds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Finding, Function, Integration, Severity};
use lambda_with_firehose::Firehose;

/// A connection by the settings that differ from a good one, and its function by those that begin
/// with `function_`.
fn connection(settings: &str) -> (Firehose, Function) {
    let mut table: toml::Table = settings.parse().unwrap();
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:clean";
    let mut function = Function::new(arn.parse().unwrap()).unwrap();
    if let Some(timeout) = table.remove("function_timeout") {
        function.timeout = timeout.try_into().unwrap();
    }
    let stream = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks";
    table.entry("stream").or_insert(stream.into());
    (table.try_into().unwrap(), function)
}

/// The findings as `CODE field`, errors with a mark.
fn found(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        assert!(!finding.why.is_empty() && !finding.fix.is_empty());
        assert!(finding.page.starts_with("https://"));
        let error = finding.severity == Severity::Error;
        format!(
            "{}{} {}",
            finding.code,
            if error { "!" } else { "" },
            finding.field
        )
    };
    findings.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_lint_has_a_definition_it_finds() {
    const PARTITIONED: &str = "bucket = 'harbor-clicks'\ndynamic_partitioning = true\n";
    let stream = |arn: &str| format!("stream = '{arn}'");
    let partitioned = |rest: &str| format!("{PARTITIONED}{rest}");
    let good = "prefix = 'p=!{partitionKeyFromLambda:p}/'\nerror_prefix = 'failed/'";
    for (settings, expected) in [
        ("".into(), ""),
        ("bucket = 'harbor-clicks'".into(), ""),
        (partitioned(good), ""),
        (stream("arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"), "LW0501! stream"),
        (stream("arn:aws:firehose:eu-west-1:123456789012:clicks"), "LW0501! stream"),
        (stream("arn:aws:firehose:eu-west-1:123456789012:deliverystream/a/b"), "LW0501! stream"),
        (stream("arn:aws:firehose:eu-west-1:1234:deliverystream/clicks"), "LW0501! stream"),
        (stream("arn:aws:firehose:eu-west-2:123456789012:deliverystream/clicks"), "LW0502! stream"),
        (stream("arn:aws:firehose:eu-west-1:210987654321:deliverystream/clicks"), "LW0503! role"),
        (
            stream("arn:aws:firehose:eu-west-1:210987654321:deliverystream/clicks")
                + "\nrole = 'arn:aws:iam::210987654321:role/firehose'",
            "LW0504 stream",
        ),
        ("role = 'arn:aws:iam::123456789012:user/me'".into(), "LW0505! role"),
        ("role = 'arn:aws:iam::210987654321:role/firehose'".into(), "LW0505! role"),
        ("role = 'arn:aws:iam::123456789012:role/firehose'".into(), ""),
        ("function_timeout = 300".into(), ""),
        ("function_timeout = 301".into(), "LW0506! timeout"),
        ("buffer_size = 0.2".into(), ""),
        ("buffer_size = 3.0".into(), ""),
        ("buffer_size = 0.1".into(), "LW0507! buffer_size"),
        ("buffer_size = 3.1".into(), "LW0507! buffer_size"),
        ("buffer_size = nan".into(), "LW0507! buffer_size"),
        ("buffer_interval = 900".into(), ""),
        ("buffer_interval = 901".into(), "LW0508! buffer_interval"),
        (
            partitioned("prefix = 'clicks/'\nerror_prefix = 'failed/'"),
            "LW0509! prefix",
        ),
        (
            "bucket = 'harbor-clicks'\nprefix = '!{partitionKeyFromLambda:p}/'".into(),
            "LW0510! dynamic_partitioning",
        ),
        (
            partitioned("prefix = '!{partitionKeyFromLambda:p}/'"),
            "LW0511! error_prefix",
        ),
        (
            partitioned("prefix = '!{partitionKeyFromLambda:p}/'\nerror_prefix = '!{partitionKeyFromLambda:p}/'"),
            "LW0512! error_prefix",
        ),
        ("bucket = '*'".into(), "LW0513! bucket"),
        ("bucket = 'arn:aws:s3:::harbor'".into(), "LW0513! bucket"),
        (
            "bucket = 'harbor-clicks'\nsource = 'arn:aws:kinesis:eu-west-1:123456789012:stream/clicks'".into(),
            "",
        ),
        (
            "bucket = 'harbor-clicks'\nsource = 'arn:aws:sqs:eu-west-1:123456789012:clicks'".into(),
            "LW0514! source",
        ),
        (
            "bucket = 'harbor-clicks'\nsource = 'arn:aws:kinesis:eu-west-2:123456789012:stream/clicks'".into(),
            "LW0514 source",
        ),
        ("error_prefix = 'failed/'".into(), "LW0515 error_prefix"),
    ] as [(String, &str); 32]
    {
        let (firehose, function) = connection(&settings);
        assert_eq!(found(&firehose.check(&function)), expected, "{settings}");
    }
}

#[test]
fn a_stream_has_one_transformation() {
    let (one, _) = connection("");
    let (other, _) = connection("retries = 1");
    assert_eq!(found(&one.conflicts(&other)), "LW0516! stream");
    let (other, _) =
        connection("stream = 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/views'");
    assert_eq!(found(&one.conflicts(&other)), "");
}

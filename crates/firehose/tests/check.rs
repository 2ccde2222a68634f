//! What is wrong with a connection: for every lint a definition that it finds.

use lambda_with_firehose::Firehose;
use lambda_with_testing::{clashes, lints};

const GOOD: &str = "stream = 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks'";

#[test]
fn every_lint_has_a_definition_it_finds() {
    const PARTITIONED: &str = "bucket = 'harbor-clicks'\ndynamic_partitioning = true\n";
    let stream = |arn: &str| format!("stream = '{arn}'");
    let partitioned = |rest: &str| format!("{PARTITIONED}{rest}");
    let good = "prefix = 'p=!{partitionKeyFromLambda:p}/'\nerror_prefix = 'failed/'";
    lints::<Firehose>(GOOD, &[
        (String::new(), ""),
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
    ]);
}

#[test]
fn two_connections() {
    let other = "stream = 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/views'";
    clashes::<Firehose>(
        GOOD,
        &[
            ("", "retries = 1", "LW0516! stream", ""),
            ("", other, "", ""),
        ],
    );
}

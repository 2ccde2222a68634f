//! What can be wrong with a transformation, judged from its definition.

use lambda_with::{Arn, Finding, Function, is_account};

use crate::{Firehose, name};

const TRANSFORM_PAGE: &str =
    "https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html";
const ACCESS_PAGE: &str = "https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html";
const PARTITION_PAGE: &str =
    "https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html";
const PREFIX_PAGE: &str = "https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html";

/// Seconds a transformation may take.
const MAX_TIMEOUT: u32 = 300;

pub(crate) fn check(firehose: &Firehose, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(stream(&firehose.stream));
    findings.extend(place(firehose, function));
    findings.extend(role(firehose));
    findings.extend(timeout(function));
    findings.extend(buffer(firehose));
    findings.extend(partitions(firehose));
    findings.extend(delivery(firehose));
    findings
}

/// What is wrong with two transformations together.
pub(crate) fn conflicts(one: &Firehose, other: &Firehose) -> Vec<Finding> {
    if one.stream != other.stream {
        return Vec::new();
    }
    let what = format!("`{}` has two transformations", one.stream);
    vec![
        Finding::error("LW0516", "stream", what)
            .why("a stream invokes one function: the second would replace the first")
            .fix("do both in one function, or send the records through two streams")
            .page(TRANSFORM_PAGE),
    ]
}

fn stream(stream: &Arn) -> Option<Finding> {
    let stream_name = name::stream_name(stream);
    let named = stream.resource().starts_with("deliverystream/")
        && (1..=64).contains(&stream_name.len())
        && stream_name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    let complete = !stream.region().is_empty() && is_account(stream.account());
    (stream.service() != "firehose" || !named || !complete).then(|| {
        Finding::error("LW0501", "stream", format!("`{stream}` is not the ARN of a Firehose stream"))
            .why("no such stream can exist")
            .fix("write arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME, the name of at most 64 letters, digits, `_`, `.` and `-`")
            .page(TRANSFORM_PAGE)
    })
}

fn place(firehose: &Firehose, function: &Function) -> Vec<Finding> {
    let stream = &firehose.stream;
    let mut findings = Vec::new();
    if stream.service() != "firehose" || !is_account(stream.account()) {
        return findings;
    }
    if (stream.partition(), stream.region()) != (function.partition(), function.region()) {
        let what = format!(
            "the stream is in {}, the function in {}",
            stream.region(),
            function.region()
        );
        findings.push(
            Finding::error("LW0502", "stream", what)
                .why("Firehose invokes functions of its own Region only")
                .fix("put a function into the stream's Region")
                .page(TRANSFORM_PAGE),
        );
    }
    if stream.account() != function.account() {
        let what = format!(
            "the stream belongs to {}, the function to {}",
            stream.account(),
            function.account()
        );
        findings.push(match &firehose.role {
            None => Finding::error("LW0503", "role", what)
                .why("the function's policy must let the stream's role in, and it is not named")
                .fix("set `role` to the ARN of the role the stream invokes with")
                .page(ACCESS_PAGE),
            Some(_) => Finding::warning("LW0504", "stream", what)
                .why("only the stream's owner can set its transformation, so exports leave it out")
                .fix("have the owner name the function once its policy lets the role in")
                .page(ACCESS_PAGE),
        });
    }
    findings
}

fn role(firehose: &Firehose) -> Option<Finding> {
    let role = firehose.role.as_ref()?;
    let what = if !role.is_role() {
        format!("`{role}` is not the ARN of a role")
    } else if role.account() != firehose.stream.account() {
        format!(
            "the role belongs to {}, the stream to {}",
            role.account(),
            firehose.stream.account()
        )
    } else {
        return None;
    };
    Some(
        Finding::error("LW0505", "role", what)
            .why("a stream can assume roles of its own account only")
            .fix("write arn:aws:iam::ACCOUNT:role/NAME with the stream's account")
            .page(ACCESS_PAGE),
    )
}

fn timeout(function: &Function) -> Option<Finding> {
    (function.timeout > MAX_TIMEOUT).then(|| {
        let what = format!(
            "the function may take {} seconds, a transformation {MAX_TIMEOUT}",
            function.timeout
        );
        Finding::error("LW0506", "timeout", what)
            .why("Firehose refuses to wait longer, and every record fails")
            .fix("set the function's timeout to 300 or less")
            .page(TRANSFORM_PAGE)
    })
}

fn buffer(firehose: &Firehose) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(size) = firehose.buffer_size
        && !(0.2..=3.0).contains(&size)
    {
        findings.push(
            Finding::error("LW0507", "buffer_size", format!("{size} MB is not a buffer of 0.2 to 3 MB"))
                .why("Firehose refuses it; base64 makes 3 MB to 4, of the 6 an event or an answer may have")
                .fix("set buffer_size to 0.2 to 3, or leave it out")
                .page(TRANSFORM_PAGE),
        );
    }
    if let Some(interval) = firehose.buffer_interval.filter(|interval| *interval > 900) {
        let what = format!("{interval} seconds is not an interval of 0 to 900");
        findings.push(
            Finding::error("LW0508", "buffer_interval", what)
                .why("Firehose refuses it")
                .fix("set buffer_interval to 900 or less, or leave it out")
                .page(TRANSFORM_PAGE),
        );
    }
    findings
}

fn partitions(firehose: &Firehose) -> Vec<Finding> {
    let prefix = firehose.prefix.as_deref().unwrap_or_default();
    let from_lambda = prefix.contains("!{partitionKeyFromLambda:");
    let mut findings = Vec::new();
    if firehose.dynamic_partitioning && !from_lambda {
        findings.push(
            Finding::error(
                "LW0509",
                "prefix",
                "the prefix names no partition key of the answer",
            )
            .why("with dynamic partitioning the prefix must say where each key goes")
            .fix("add `!{partitionKeyFromLambda:NAME}`, or leave dynamic_partitioning out")
            .page(PARTITION_PAGE),
        );
    }
    if !firehose.dynamic_partitioning && prefix.contains("!{partitionKeyFrom") {
        let what = "the prefix names a partition key, and dynamic partitioning is off";
        findings.push(
            Finding::error("LW0510", "dynamic_partitioning", what)
                .why("Firehose refuses the prefix")
                .fix("set dynamic_partitioning = true, which works for new streams only")
                .page(PARTITION_PAGE),
        );
    }
    if firehose.dynamic_partitioning && firehose.error_prefix.is_none() {
        let what = "dynamic partitioning has no prefix for failed records";
        findings.push(
            Finding::error("LW0511", "error_prefix", what)
                .why("Firehose refuses the stream without one")
                .fix("set error_prefix, such as `failed/!{firehose:error-output-type}/`")
                .page(PARTITION_PAGE),
        );
    }
    let error_prefix = firehose.error_prefix.as_deref().unwrap_or_default();
    if error_prefix.contains("!{partitionKeyFrom") {
        findings.push(
            Finding::error(
                "LW0512",
                "error_prefix",
                "the prefix for failed records names a partition key",
            )
            .why("a record that failed has none, and Firehose refuses the prefix")
            .fix("use `!{firehose:error-output-type}` and `!{timestamp:…}` there")
            .page(PREFIX_PAGE),
        );
    }
    findings
}

fn delivery(firehose: &Firehose) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(bucket) = &firehose.bucket
        && !is_bucket(bucket)
    {
        findings.push(
            Finding::error(
                "LW0513",
                "bucket",
                format!("`{bucket}` is not a bucket's name"),
            )
            .why("the role would be let into other buckets, or none")
            .fix("give the bucket's plain name, without `arn:`, `s3://` or a key")
            .page(ACCESS_PAGE),
        );
    }
    if let Some(source) = &firehose.source {
        let place = |arn: &Arn| (arn.region().to_owned(), arn.account().to_owned());
        let stream = source.service() == "kinesis" && source.resource().starts_with("stream/");
        if !stream {
            let what = format!("`{source}` is not a Kinesis data stream");
            findings.push(
                Finding::error("LW0514", "source", what)
                    .why("Firehose refuses the stream")
                    .fix("write arn:aws:kinesis:REGION:ACCOUNT:stream/NAME, or leave it out")
                    .page(ACCESS_PAGE),
            );
        } else if place(source) != place(&firehose.stream) {
            let what =
                format!("`{source}` is not in the account and Region of the Firehose stream");
            findings.push(
                Finding::warning("LW0514", "source", what)
                    .why("the guide knows Kinesis data streams beside the Firehose stream only")
                    .fix("use one of the same account and Region")
                    .page(ACCESS_PAGE),
            );
        }
    }
    if firehose.bucket.is_none() {
        let settings = [
            ("source", firehose.source.is_some()),
            ("dynamic_partitioning", firehose.dynamic_partitioning),
            ("prefix", firehose.prefix.is_some()),
            ("error_prefix", firehose.error_prefix.is_some()),
        ];
        if let Some((field, _)) = settings.into_iter().find(|(_, set)| *set) {
            findings.push(
                Finding::warning(
                    "LW0515",
                    field,
                    format!("`{field}` is set without a bucket"),
                )
                .why("the stream is exported only with its bucket, so the setting goes nowhere")
                .fix("name the bucket the stream delivers to")
                .page(TRANSFORM_PAGE),
            );
        }
    }
    findings
}

/// Enough to keep patterns and ARNs out; the bucket is another crate's matter.
fn is_bucket(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (3..=255).contains(&name.len()) && name.bytes().all(letter)
}

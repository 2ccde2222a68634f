//! Traps of streams: what a batch that fails does to its shard.

use super::{Mapping, SourceKind};
use crate::{Finding, Function};

pub(super) fn check(
    mapping: &Mapping,
    kind: SourceKind,
    function: &Function,
    findings: &mut Vec<Finding>,
) {
    // Kafka has a limit of its own where there is a destination.
    if !kind.is_stream() {
        return;
    }
    let limited = |limit: Option<i64>| limit.is_some_and(|limit| limit != -1);
    if !limited(mapping.maximum_retry_attempts) && !limited(mapping.maximum_record_age) {
        findings.push(endless(mapping, kind));
    } else if mapping.batch_size.unwrap_or(kind.default_batch_size()) > 1
        && mapping.bisect_batch_on_function_error != Some(true)
        && mapping.report_batch_item_failures != Some(true)
    {
        findings.push(
            Finding::warning("LW0030", "bisect_batch_on_function_error", "one bad record gives up its whole batch")
                .why("the batch is tried as it is, until the limit is reached, and then skipped with all its good records")
                .fix("set bisect_batch_on_function_error, or name the failed records with report_batch_item_failures")
                .page(kind.page()),
        );
    }
    let lanes = mapping.parallelization_factor.unwrap_or(1);
    if let Some(reserved) = function
        .reserved_concurrency
        .filter(|reserved| *reserved < lanes)
    {
        let what = format!(
            "{lanes} batches of a shard at once are more than the function's reserved concurrency of {reserved}"
        );
        findings.push(
            Finding::warning("LW0031", "parallelization_factor", what)
                .why("what goes beyond the reserved concurrency is throttled, and its records grow old")
                .fix("reserve as many as there are shards times parallelization_factor")
                .page(kind.page()),
        );
    }
    let window = i64::from(mapping.batching_window.unwrap_or(0));
    if let Some(age) = mapping
        .maximum_record_age
        .filter(|age| (60..=window).contains(age))
    {
        let what =
            format!("records are given up after {age} s, but may wait {window} s for their batch");
        findings.push(
            Finding::warning("LW0032", "maximum_record_age", what)
                .why("records can be too old before they were tried once")
                .fix("set maximum_record_age well above batching_window")
                .page(kind.page()),
        );
    }
}

fn endless(mapping: &Mapping, kind: SourceKind) -> Finding {
    let lasts = match kind {
        SourceKind::DynamoDb => "24 hours",
        _ => "as long as the stream keeps records, a day to a year",
    };
    let finding = if mapping.on_failure.is_some() {
        Finding::warning(
            "LW0028",
            "on_failure",
            "nothing is ever sent to the destination",
        )
        .why(format!(
            "without a limit a batch that fails is tried again until its records expire: {lasts}"
        ))
    } else {
        let what = "a batch that fails is tried again until its records expire";
        Finding::warning("LW0027", "maximum_retry_attempts", what).why(format!(
            "nothing behind it in the shard is read meanwhile: {lasts}"
        ))
    };
    finding
        .fix("set maximum_retry_attempts or maximum_record_age, and on_failure to keep what is given up")
        .page(kind.page())
}

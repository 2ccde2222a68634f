//! What can be wrong with a connection to a stream, beside what all mappings share.

use lambda_with::Finding;

use crate::Kinesis;

const DESTINATION: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html";
const CREATE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html";
const FANOUT: &str = "https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html";

pub(crate) fn check(kinesis: &Kinesis, findings: &mut Vec<Finding>) {
    if kinesis.on_failure_key.is_some() && kinesis.on_failure.is_none() {
        findings.push(
            Finding::warning(
                "LW2601",
                "on_failure_key",
                "a key for a destination, but no destination",
            )
            .why("the key is for whoever writes to the queue, topic or bucket of on_failure")
            .fix("leave on_failure_key out; the key of the stream is stream_key")
            .page(DESTINATION),
        );
    }
    let managed = |key: &&lambda_with::Arn| key.resource() == "alias/aws/kinesis";
    if let Some(key) = kinesis.stream_key.as_ref().filter(managed) {
        findings.push(
            Finding::warning("LW2604", "stream_key", format!("`{key}` is Amazon's own key"))
                .why("it lets every reader of its account in, and no reader of another: nothing is granted by naming it")
                .fix("leave stream_key out, or use a customer's key")
                .page(CREATE),
        );
    }
}

/// What is wrong with two connections, whether to one function or two.
pub(crate) fn conflicts(one: &Kinesis, other: &Kinesis) -> Vec<Finding> {
    if one.stream != other.stream || one.consumer().is_none() {
        return Vec::new();
    }
    let what = format!("two connections read through `{}`", one.stream);
    let finding = Finding::error("LW2603", "stream", what)
        .why("a consumer has one subscription for each shard: each reader ends that of the other")
        .fix("register a consumer for each connection")
        .page(FANOUT);
    vec![finding]
}

/// What is wrong with two connections to one function.
pub(crate) fn conflicts_within(one: &Kinesis, other: &Kinesis, findings: &mut Vec<Finding>) {
    if one.stream != other.stream && one.stream_arn() == other.stream_arn() {
        let what = format!("the function reads `{}` twice", one.stream_arn());
        findings.push(
            Finding::warning("LW2602", "stream", what)
                .why("a stream and a consumer of it give out the same records: the function gets each of them twice")
                .fix("keep one connection")
                .page(CREATE),
        );
    }
}

//! What can be wrong with a connection to a queue, judged from its definition.

use lambda_with::rules::mapping::SourceKind;
use lambda_with::{Finding, Function};

use crate::Sqs;

const CONFIGURE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html";
const PARAMETERS: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html";
const SCALING: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html";

/// What a queue has when nobody sets it, in seconds.
const DEFAULT_VISIBILITY: u32 = 30;

pub(crate) fn check(sqs: &Sqs, function: &Function) -> Vec<Finding> {
    let kind = kind(sqs);
    let mut findings = sqs.mapping().check(kind, function);
    for finding in &mut findings {
        finding.code = number(finding, sqs);
    }
    findings.extend(visibility(sqs, function));
    ranges(sqs, &mut findings);
    concurrency(sqs, function, &mut findings);
    if sqs
        .max_receive_count
        .is_some_and(|count| (1..5).contains(&count))
    {
        findings.push(
            Finding::warning("LW0211", "max_receive_count", "messages are given up before the fifth receive")
                .why("a message that was only throttled, or stood beside one that failed, ends in the dead-letter queue")
                .fix("set the redrive policy's maxReceiveCount to 5 or more")
                .page(CONFIGURE),
        );
    }
    findings
}

/// What is wrong with two connections, whether to one function or two.
pub(crate) fn conflicts(one: &Sqs, other: &Sqs) -> Vec<Finding> {
    if one.queue != other.queue {
        return Vec::new();
    }
    let finding = Finding::warning("LW0217", "queue", format!("two connections read `{}`", one.queue))
        .why("each message reaches one of them, and the filters of one delete what the other waits for")
        .fix("to reach two functions, give each a queue of its own and fan out through SNS or EventBridge")
        .page(CONFIGURE);
    vec![finding]
}

/// What is wrong with two connections to one function.
pub(crate) fn conflicts_within(one: &Sqs, other: &Sqs) -> Vec<Finding> {
    let kind = kind(one);
    let mut findings = one.mapping().conflicts_within(&other.mapping(), kind);
    for finding in &mut findings {
        finding.code = number(finding, one);
    }
    findings
}

/// An ARN that is of no queue is judged as one of a standard queue.
fn kind(sqs: &Sqs) -> SourceKind {
    match sqs.is_fifo() {
        true => SourceKind::SqsFifo,
        false => SourceKind::SqsStandard,
    }
}

/// What is wrong with any mapping has, for queues, numbers that are older than those of mappings.
fn number(finding: &Finding, sqs: &Sqs) -> &'static str {
    let large = finding.field == "batch_size" && sqs.is_fifo() && sqs.batch_size > 10;
    match finding.code {
        "LW0010" => "LW0205",
        "LW0011" if large => "LW0203",
        "LW0011" => "LW0206",
        "LW0013" => "LW0204",
        "LW0015" => "LW0207",
        "LW0016" => "LW0208",
        "LW0017" => "LW0218",
        "LW0018" => "LW0216",
        "LW0020" => "LW0213",
        "LW0024" => "LW0212",
        "LW0025" => "LW0209",
        "LW0026" => "LW0215",
        "LW0029" => "LW0219",
        other => other,
    }
}

fn visibility(sqs: &Sqs, function: &Function) -> Option<Finding> {
    let visibility = sqs.visibility_timeout.unwrap_or(DEFAULT_VISIBILITY);
    let wanted = function
        .timeout
        .saturating_mul(6)
        .saturating_add(sqs.batching_window);
    let timeout = function.timeout;
    if sqs.visibility_timeout.is_some() && visibility < timeout {
        let what = format!(
            "the queue's visibility timeout of {visibility} s is shorter than the function's timeout of {timeout} s"
        );
        let finding = Finding::error("LW0202", "visibility_timeout", what)
            .why("AWS refuses the connection: messages would come again while the function still works on them")
            .fix(format!("set the queue's visibility timeout to {wanted} s or more"))
            .page(CONFIGURE);
        return Some(finding);
    }
    let known = match sqs.visibility_timeout {
        Some(_) => format!("the queue's visibility timeout of {visibility} s"),
        None => format!("a queue's visibility timeout, {visibility} s unless set,"),
    };
    let what = format!(
        "{known} is shorter than 6 times the function's timeout plus the batching window, {wanted} s"
    );
    (visibility < wanted).then(|| {
        Finding::warning("LW0201", "visibility_timeout", what)
            .why("when invocations are throttled or wait for their batch, messages come again before they were tried")
            .fix(format!("set the queue's visibility timeout to {wanted} s or more, and say so with visibility_timeout"))
            .page(CONFIGURE)
    })
}

fn ranges(sqs: &Sqs, findings: &mut Vec<Finding>) {
    for (field, value, least, most) in [
        ("visibility_timeout", sqs.visibility_timeout, 0, 43_200),
        ("max_receive_count", sqs.max_receive_count, 1, 1000),
    ] {
        if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
            let what = format!("{value} is not within {least} to {most}");
            findings.push(
                Finding::error("LW0206", field, what)
                    .why("AWS refuses the value")
                    .fix(format!("choose a value from {least} to {most}"))
                    .page(PARAMETERS),
            );
        }
    }
}

fn concurrency(sqs: &Sqs, function: &Function, findings: &mut Vec<Finding>) {
    if let Some(reserved) = function.reserved_concurrency {
        if reserved < 5 {
            let what = format!(
                "a reserved concurrency of {reserved} is below the 5 batches Lambda starts with"
            );
            findings.push(
                Finding::warning("LW0210", "reserved_concurrency", what)
                    .why("the batches beyond it are throttled, and their messages wait out the visibility timeout and come nearer to the dead-letter queue")
                    .fix("reserve 5 or more, and limit this queue with maximum_concurrency instead")
                    .page(CONFIGURE),
            );
        }
        if let Some(maximum) = sqs
            .maximum_concurrency
            .filter(|maximum| *maximum > reserved)
        {
            let what = format!(
                "{maximum} invocations at once are more than the function's reserved concurrency of {reserved}"
            );
            findings.push(
                Finding::warning("LW0214", "maximum_concurrency", what)
                    .why("what goes beyond the reserved concurrency is throttled")
                    .fix(format!(
                        "set maximum_concurrency to {reserved} or less, or reserve more"
                    ))
                    .page(SCALING),
            );
        }
    }
}

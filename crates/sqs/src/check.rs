//! What can be wrong with a connection to a queue, judged from its definition.

use lambda_with::rules::filter::FilterCriteria;
use lambda_with::{Finding, Function};

use crate::{ProvisionedPollers, Sqs};

const CONFIGURE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html";
const PARAMETERS: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html";
const SCALING: &str = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html";
const FILTERING: &str = "https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html";

/// What a queue has when nobody sets it, in seconds.
const DEFAULT_VISIBILITY: u32 = 30;

pub(crate) fn check(sqs: &Sqs, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(queue(sqs, function));
    findings.extend(visibility(sqs, function));
    batching(sqs, &mut findings);
    ranges(sqs, &mut findings);
    filters(sqs, &mut findings);
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
    if one.queue != other.queue {
        return Vec::new();
    }
    let finding = Finding::error(
        "LW0219",
        "queue",
        format!("the function reads `{}` twice", one.queue),
    )
    .why("AWS refuses a second event source mapping of a queue to one function")
    .fix("keep one connection, with the patterns of both among its filters")
    .page(CONFIGURE);
    vec![finding]
}

fn queue(sqs: &Sqs, function: &Function) -> Vec<Finding> {
    let queue = &sqs.queue;
    if queue.service() != "sqs" || queue.resource().contains([':', '/', '*']) {
        let finding = Finding::error("LW0212", "queue", format!("`{queue}` is not a queue's ARN"))
            .fix("write arn:aws:sqs:REGION:ACCOUNT:NAME");
        return vec![finding];
    }
    let mut findings = Vec::new();
    if queue.region() != function.region() {
        findings.push(
            Finding::error(
                "LW0209",
                "queue",
                format!(
                    "the queue is in {}, the function in {}",
                    queue.region(),
                    function.region()
                ),
            )
            .why("Lambda polls queues of its own Region only")
            .fix("use a queue of the function's Region, or send the messages on to one")
            .page(CONFIGURE),
        );
    }
    if queue.account() != function.account() {
        findings.push(
            Finding::warning(
                "LW0215",
                "queue",
                format!("the queue belongs to account {}", queue.account()),
            )
            .why("the role's policy is not enough: the queue's own policy must let the role in")
            .fix("allow the execution role sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes in the queue's policy")
            .page("https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-cross-account-example.html"),
        );
    }
    findings
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

fn batching(sqs: &Sqs, findings: &mut Vec<Finding>) {
    if sqs.is_fifo() {
        if sqs.batch_size > 10 {
            let what = format!(
                "a FIFO queue gives batches of at most 10, not {}",
                sqs.batch_size
            );
            findings.push(
                Finding::error("LW0203", "batch_size", what)
                    .why("AWS refuses the connection")
                    .fix("set batch_size to 10 or less")
                    .page(PARAMETERS),
            );
        }
        if sqs.batching_window > 0 {
            findings.push(
                Finding::error(
                    "LW0205",
                    "batching_window",
                    "a FIFO queue has no batching window",
                )
                .why("AWS refuses the connection")
                .fix("leave batching_window out")
                .page(PARAMETERS),
            );
        }
    } else if sqs.batch_size > 10 && sqs.batching_window == 0 {
        let what = format!("batches of {} need a batching window", sqs.batch_size);
        findings.push(
            Finding::error("LW0204", "batch_size", what)
                .why("one receive gives at most 10 messages; AWS refuses the connection")
                .fix("set batching_window to 1 or more, or batch_size to 10 or less")
                .page(PARAMETERS),
        );
    }
}

fn ranges(sqs: &Sqs, findings: &mut Vec<Finding>) {
    let pollers = sqs.provisioned_pollers;
    let settings = [
        ("batch_size", Some(sqs.batch_size), 1, 10_000),
        ("batching_window", Some(sqs.batching_window), 0, 300),
        ("maximum_concurrency", sqs.maximum_concurrency, 2, 1000),
        (
            "provisioned_pollers.minimum",
            pollers.map(|pollers| pollers.minimum),
            2,
            200,
        ),
        (
            "provisioned_pollers.maximum",
            pollers.map(|pollers| pollers.maximum),
            2,
            10_000,
        ),
        ("visibility_timeout", sqs.visibility_timeout, 0, 43_200),
        ("max_receive_count", sqs.max_receive_count, 1, 1000),
    ];
    for (field, value, least, most) in settings {
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

fn filters(sqs: &Sqs, findings: &mut Vec<Finding>) {
    let count = sqs.filters.len();
    if count > 5 {
        let what = format!("{count} filters are more than the quota of 5");
        let finding = if count > 10 {
            Finding::error
        } else {
            Finding::warning
        };
        findings.push(
            finding("LW0218", "filters", what)
                .why("AWS refuses more than 5 unless the account's quota is raised, to 10 at most")
                .fix("join filters: one pattern takes several values per field")
                .page(FILTERING),
        );
    }
    for pattern in &sqs.filters {
        match FilterCriteria::parse([pattern]) {
            Err(error) => findings.push(
                Finding::error("LW0207", "filters", format!("`{pattern}` is no filter pattern: {error}"))
                    .why("AWS refuses the connection")
                    .fix("write a JSON object whose leaves are non-empty arrays, such as {\"body\":{\"kind\":[\"placed\"]}}")
                    .page(FILTERING),
            ),
            Ok(criteria) => {
                for key in criteria.keys().filter(|key| *key != "body") {
                    let what = format!("`{pattern}` looks at `{key}`");
                    findings.push(
                        Finding::warning("LW0208", "filters", what)
                            .why("of a queue's messages only `body` can be filtered on; AWS does not promise what becomes of another key, and what no filter matches is deleted")
                            .fix("filter on `body`, or sort the messages out in the function")
                            .page(FILTERING),
                    );
                }
            }
        }
    }
    if sqs.filter_key.is_some() && sqs.filters.is_empty() {
        findings.push(
            Finding::warning("LW0216", "filter_key", "a key for filters, but no filters")
                .why("the key encrypts filter patterns and nothing else")
                .fix("leave filter_key out; the key of the queue is queue_key")
                .page(FILTERING),
        );
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
    let Some(ProvisionedPollers { minimum, maximum }) = sqs.provisioned_pollers else {
        return;
    };
    if sqs.maximum_concurrency.is_some() {
        findings.push(
            Finding::error(
                "LW0213",
                "provisioned_pollers",
                "provisioned pollers and maximum_concurrency exclude each other",
            )
            .why("AWS refuses the connection")
            .fix("keep one of them; 10 invocations at once per poller bound the concurrency too")
            .page(SCALING),
        );
    }
    if minimum > maximum {
        let what = format!("at least {minimum} pollers, but at most {maximum}");
        findings.push(
            Finding::error("LW0206", "provisioned_pollers", what)
                .why("AWS refuses the values")
                .fix("set minimum to maximum or less")
                .page(SCALING),
        );
    }
}

//! Which settings a source takes, needs, and takes together.

use super::{
    Mapping, SourceKind, StartingPosition, access, filters, kafka, ranges, source, streams,
};
use crate::{Finding, Function};

pub(super) const API: &str =
    "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html";

pub(super) fn check(mapping: &Mapping, kind: SourceKind, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    source::check(mapping, kind, function, &mut findings);
    foreign(mapping, kind, &mut findings);
    missing(mapping, kind, &mut findings);
    ranges::check(mapping, kind, &mut findings);
    batching(mapping, kind, &mut findings);
    position(mapping, kind, &mut findings);
    filters::check(mapping, kind, &mut findings);
    destination(mapping, kind, &mut findings);
    streams::check(mapping, kind, function, &mut findings);
    pollers(mapping, &mut findings);
    kafka::check(mapping, kind, &mut findings);
    access::check(mapping, kind, &mut findings);
    timeout(kind, function, &mut findings);
    findings
}

/// What sources of this kind do not take.
fn foreign(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    let (sqs, stream, kafka) = (kind.is_sqs(), kind.is_stream(), kind.is_kafka());
    let document_db = kind == SourceKind::DocumentDb;
    let positioned = stream || kafka || document_db;
    let settings = [
        (
            "source",
            mapping.source.is_some(),
            kind != SourceKind::Kafka,
        ),
        (
            "bootstrap_servers",
            !mapping.bootstrap_servers.is_empty(),
            kind == SourceKind::Kafka,
        ),
        // No window is what a FIFO queue has.
        (
            "batching_window",
            mapping.batching_window.is_some_and(|window| window > 0),
            kind != SourceKind::SqsFifo,
        ),
        (
            "starting_position",
            mapping.starting_position.is_some(),
            positioned,
        ),
        (
            "starting_position_timestamp",
            mapping.starting_position_timestamp.is_some(),
            positioned,
        ),
        (
            "parallelization_factor",
            mapping.parallelization_factor.is_some(),
            stream,
        ),
        (
            "maximum_record_age",
            mapping.maximum_record_age.is_some(),
            stream || kafka,
        ),
        (
            "maximum_retry_attempts",
            mapping.maximum_retry_attempts.is_some(),
            stream || kafka,
        ),
        (
            "bisect_batch_on_function_error",
            mapping.bisect_batch_on_function_error.is_some(),
            stream || kafka,
        ),
        ("tumbling_window", mapping.tumbling_window.is_some(), stream),
        (
            "report_batch_item_failures",
            mapping.report_batch_item_failures.is_some(),
            sqs || stream || kafka,
        ),
        ("filters", !mapping.filters.is_empty(), !document_db),
        ("filter_key", mapping.filter_key.is_some(), !document_db),
        ("on_failure", mapping.on_failure.is_some(), stream || kafka),
        (
            "maximum_concurrency",
            mapping.maximum_concurrency.is_some(),
            sqs,
        ),
        (
            "provisioned_pollers",
            mapping.provisioned_pollers.is_some(),
            sqs || kafka,
        ),
        ("topic", mapping.topic.is_some(), kafka),
        ("queue", mapping.queue.is_some(), kind.is_mq()),
        (
            "access",
            !mapping.access.is_empty(),
            kafka || kind.is_mq() || document_db,
        ),
        ("consumer_group", mapping.consumer_group.is_some(), kafka),
        ("schema_registry", mapping.schema_registry.is_some(), kafka),
        (
            "consumption_mode",
            mapping.consumption_mode.is_some(),
            kind == SourceKind::Kafka,
        ),
        ("database", mapping.database.is_some(), document_db),
        ("collection", mapping.collection.is_some(), document_db),
        (
            "full_document",
            mapping.full_document.is_some(),
            document_db,
        ),
        (
            "metrics",
            !mapping.metrics.is_empty(),
            sqs || stream || kafka,
        ),
        ("log_level", mapping.log_level.is_some(), kafka),
    ];
    for (field, set, taken) in settings {
        if set && !taken {
            findings.push(unsupported(field, kind));
        }
    }
    let group = mapping.provisioned_pollers.as_ref();
    if sqs && group.is_some_and(|pollers| pollers.group.is_some()) {
        findings.push(unsupported("provisioned_pollers.group", kind));
    }
    let alien = |metric: &&super::Metric| **metric != super::Metric::EventCount;
    if let Some(metric) = mapping.metrics.iter().find(alien).filter(|_| sqs || stream) {
        let what = format!("{} has no {metric:?} metrics", kind.name());
        findings.push(
            Finding::error("LW0010", "metrics", what)
                .why("AWS refuses the mapping")
                .fix("leave only EventCount")
                .page(API),
        );
    }
}

fn unsupported(field: &'static str, kind: SourceKind) -> Finding {
    let why = match field {
        "on_failure" => {
            "AWS refuses the mapping: Unsupported DestinationConfig parameter for given event source mapping type."
        }
        _ => "AWS refuses the mapping",
    };
    Finding::error("LW0010", field, format!("{} takes no {field}", kind.name()))
        .why(why)
        .fix(format!("leave {field} out"))
        .page(kind.page())
}

fn missing(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    let source = match kind {
        SourceKind::Kafka => mapping.bootstrap_servers.is_empty(),
        _ => mapping.source.is_none(),
    };
    let position = mapping.starting_position.is_none();
    let not_null = "AWS refuses the mapping: 1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.";
    for (field, is_missing, why) in [
        (
            kind.source_field(),
            source,
            "AWS refuses the mapping: Unrecognized event source.",
        ),
        ("starting_position", position && kind.is_stream(), not_null),
        (
            "topic",
            kind.is_kafka() && mapping.topic.is_none(),
            "a mapping reads one topic",
        ),
        (
            "queue",
            kind.is_mq() && mapping.queue.is_none(),
            "a mapping reads one queue",
        ),
        (
            "database",
            kind == SourceKind::DocumentDb && mapping.database.is_none(),
            "a mapping reads one database",
        ),
    ] {
        if is_missing {
            findings.push(
                Finding::error("LW0012", field, format!("{} needs {field}", kind.name()))
                    .why(why)
                    .fix(format!("set {field}"))
                    .page(kind.page()),
            );
        }
    }
}

fn batching(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    let size = mapping.batch_size.unwrap_or(kind.default_batch_size());
    let window = mapping.batching_window.unwrap_or(0);
    if kind == SourceKind::SqsStandard && size > 10 && window == 0 {
        findings.push(
            Finding::error("LW0013", "batch_size", format!("batches of {size} need a batching window"))
                .why("AWS refuses the mapping: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
                .fix("set batching_window to 1 or more, or batch_size to 10 or less")
                .page(kind.page()),
        );
    }
}

fn position(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    let at_timestamp = mapping.starting_position == Some(StartingPosition::AtTimestamp);
    let field = "starting_position";
    if at_timestamp && kind == SourceKind::DynamoDb {
        let arn = mapping.source.as_ref().map_or("", |arn| arn.as_str());
        findings.push(
            Finding::error(
                "LW0014",
                field,
                "a DynamoDB stream cannot be read from a time on",
            )
            .why(format!(
                "AWS refuses the mapping: Unsupported starting position for arn type: {arn}"
            ))
            .fix("choose TRIM_HORIZON or LATEST")
            .page(kind.page()),
        );
        return;
    }
    let what = match &mapping.starting_position_timestamp {
        None if at_timestamp => "AT_TIMESTAMP needs a time",
        Some(_) if !at_timestamp => "a time goes with AT_TIMESTAMP alone",
        Some(time) if time.timestamp().is_err() => {
            "the time is not of the form 2026-03-02T10:15:30Z"
        }
        _ => return,
    };
    findings.push(
        Finding::error("LW0014", "starting_position_timestamp", what)
            .why("AWS refuses the mapping")
            .fix("set starting_position to AT_TIMESTAMP and starting_position_timestamp to a time, or neither")
            .page(kind.page()),
    );
}

fn destination(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    let Some(to) = mapping.on_failure.as_deref() else {
        return;
    };
    if !(kind.is_stream() || kind.is_kafka()) {
        return;
    }
    let topic = to.strip_prefix("kafka://");
    let service = to.parse::<crate::Arn>().ok();
    let service = service.as_ref().map(crate::Arn::service);
    let known = match topic {
        Some(topic) => kind.is_kafka() && ranges::is_topic(topic),
        None => matches!(service, Some("sqs" | "sns" | "s3")),
    };
    if !known || to.len() > 350 {
        let fix = if kind.is_kafka() {
            "write the ARN of a standard queue, a standard topic or a bucket, or kafka://TOPIC"
        } else {
            "write the ARN of a standard queue, a standard topic or a bucket"
        };
        findings.push(
            Finding::error("LW0019", "on_failure", format!("{} cannot send to `{to}`", kind.name()))
                .why("given-up batches go to Amazon SQS, SNS or S3, of Kafka also to a topic of the cluster; in at most 350 characters")
                .fix(fix)
                .page(API),
        );
    } else if to.ends_with(".fifo") && topic.is_none() {
        findings.push(
            Finding::error(
                "LW0019",
                "on_failure",
                format!("`{to}` is a FIFO destination"),
            )
            .why("Lambda sends without a message group")
            .fix("write the ARN of a standard queue or topic")
            .page(API),
        );
    }
}

fn pollers(mapping: &Mapping, findings: &mut Vec<Finding>) {
    let Some(pollers) = &mapping.provisioned_pollers else {
        return;
    };
    if mapping.maximum_concurrency.is_some() {
        findings.push(
            Finding::error(
                "LW0020",
                "provisioned_pollers",
                "provisioned pollers and maximum_concurrency exclude each other",
            )
            .why("AWS refuses the mapping")
            .fix("keep one of them")
            .page(API),
        );
    }
    if let (Some(minimum), Some(maximum)) = (pollers.minimum, pollers.maximum)
        && minimum > maximum
    {
        let what = format!("at least {minimum} pollers, but at most {maximum}");
        findings.push(
            Finding::error("LW0011", "provisioned_pollers", what)
                .why("AWS refuses the values")
                .fix("set minimum to maximum or less")
                .page(API),
        );
    }
}

fn timeout(kind: SourceKind, function: &Function, findings: &mut Vec<Finding>) {
    let limited = kind.is_kafka() || kind.is_mq() || kind == SourceKind::DocumentDb;
    if limited && function.timeout > 840 {
        let what = format!(
            "the function's timeout of {} s is longer than {} allows",
            function.timeout,
            kind.name()
        );
        findings.push(
            Finding::error("LW0023", "timeout", what)
                .why("Lambda gives functions of such sources 14 minutes at most")
                .fix("set the function's timeout to 840 or less")
                .page(kind.page()),
        );
    }
}

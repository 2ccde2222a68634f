//! The source: whether it is one, and where it is.

use super::{Mapping, SourceKind};
use crate::{Arn, Finding, Function};

pub(super) fn check(
    mapping: &Mapping,
    kind: SourceKind,
    function: &Function,
    findings: &mut Vec<Finding>,
) {
    let (Some(arn), Some(service)) = (&mapping.source, kind.service()) else {
        return;
    };
    let field = kind.source_field();
    if arn.service() != service || !names(kind, arn.resource()) {
        findings.push(
            Finding::error(
                "LW0024",
                field,
                format!("`{arn}` is not the ARN of {}", kind.name()),
            )
            .why("AWS refuses the mapping")
            .fix(format!("write {}", form(kind)))
            .page(kind.page()),
        );
        return;
    }
    if arn.region() != function.region() {
        let what = format!(
            "the source is in {}, the function in {}",
            arn.region(),
            function.region()
        );
        findings.push(
            Finding::error("LW0025", field, what)
                .why("Lambda polls sources of its own Region only")
                .fix("use a source of the function's Region")
                .page(kind.page()),
        );
    }
    if arn.account() != function.account() {
        findings.push(foreign(kind, arn));
    }
}

pub(super) fn conflicts_within(one: &Mapping, other: &Mapping, kind: SourceKind) -> Vec<Finding> {
    let servers = |mapping: &Mapping| {
        let mut servers = mapping.bootstrap_servers.clone();
        servers.sort();
        servers
    };
    let same = one.source == other.source
        && servers(one) == servers(other)
        && (&one.topic, &one.queue) == (&other.topic, &other.queue)
        && (&one.database, &one.collection) == (&other.database, &other.collection);
    if !same {
        return Vec::new();
    }
    let finding = Finding::error(
        "LW0029",
        kind.source_field(),
        "the function reads the source twice",
    )
    .why(format!(
        "AWS refuses the second mapping: {} already exists. Please update or delete the existing mapping",
        twin(one, kind)
    ))
    .fix("keep one connection, with the patterns of both among its filters")
    .page(kind.page());
    vec![finding]
}

/// What exists already, in AWS's words; they name the function too.
fn twin(mapping: &Mapping, kind: SourceKind) -> String {
    let source = mapping.source.as_ref().map_or("", |arn| arn.as_str());
    match kind {
        _ if kind.is_sqs() => {
            format!("An event source mapping with SQS arn (\" {source} \") and function (\" … \")")
        }
        SourceKind::Kafka => format!(
            "An event source mapping with event source (\"{}\"), function (\"…\"), topics (\"{}\")",
            mapping.bootstrap_servers.join(","),
            mapping.topic.as_deref().unwrap_or_default()
        ),
        _ => {
            format!("The event source arn (\" {source} \") and function (\" … \") provided mapping")
        }
    }
}

fn foreign(kind: SourceKind, arn: &Arn) -> Finding {
    let what = format!("the source belongs to account {}", arn.account());
    let field = kind.source_field();
    match kind {
        SourceKind::Msk => Finding::error("LW0026", field, what)
            .why("Lambda reaches a cluster of another account through a VPC connection only")
            .fix("write the ARN of the managed VPC connection: arn:aws:kafka:REGION:ACCOUNT:vpc-connection/…")
            .page("https://docs.aws.amazon.com/lambda/latest/dg/msk-cross-account.html"),
        _ if kind.is_sqs() || kind.is_stream() => Finding::warning("LW0026", field, what)
            .why("the role's policy is not enough: the source's own policy must let the role in")
            .fix("allow the execution role the same actions in the source's policy")
            .page(kind.page()),
        _ => Finding::error("LW0026", field, what)
            .why("AWS refuses the mapping: such a source must be of the function's account")
            .fix("use a source of the function's account")
            .page(kind.page()),
    }
}

fn names(kind: SourceKind, resource: &str) -> bool {
    let slashes: Vec<&str> = resource.split('/').collect();
    let colons: Vec<&str> = resource.split(':').collect();
    if resource.contains('*') || slashes.contains(&"") || colons.contains(&"") {
        return false;
    }
    match kind {
        SourceKind::ActiveMq | SourceKind::RabbitMq => matches!(colons[..], ["broker", _, _]),
        SourceKind::DocumentDb => matches!(colons[..], ["cluster", _]),
        SourceKind::DynamoDb => matches!(slashes[..], ["table", _, "stream", _]),
        SourceKind::Kafka => false,
        SourceKind::Kinesis => {
            matches!(slashes[..], ["stream", _] | ["stream", _, "consumer", _])
        }
        SourceKind::Msk => matches!(slashes[..], ["cluster", _, _] | ["vpc-connection", ..]),
        SourceKind::SqsFifo => resource.ends_with(".fifo") && !resource.contains(['/', ':']),
        SourceKind::SqsStandard => !resource.ends_with(".fifo") && !resource.contains(['/', ':']),
    }
}

fn form(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::ActiveMq | SourceKind::RabbitMq => "arn:aws:mq:REGION:ACCOUNT:broker:NAME:ID",
        SourceKind::DocumentDb => "arn:aws:rds:REGION:ACCOUNT:cluster:NAME",
        SourceKind::DynamoDb => {
            "the table's LatestStreamArn: arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL"
        }
        SourceKind::Kafka => "HOST:PORT",
        SourceKind::Kinesis => {
            "arn:aws:kinesis:REGION:ACCOUNT:stream/NAME, or the ARN of one of its consumers"
        }
        SourceKind::Msk => "arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID",
        SourceKind::SqsFifo => "arn:aws:sqs:REGION:ACCOUNT:NAME.fifo",
        SourceKind::SqsStandard => "arn:aws:sqs:REGION:ACCOUNT:NAME",
    }
}

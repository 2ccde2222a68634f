//! What connections to both kinds of brokers have in common.

use lambda_with::name::{checksum_of, with_checksum};
use lambda_with::rules::mapping::{AccessType, Mapping, SourceAccess, SourceKind, grants};
use lambda_with::{Arn, Finding, Function, Permission, RoleStatement};

const GUIDE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html";
const CONFIGURE: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/process-mq-messages-with-lambda.html";

pub(crate) fn sign_in(secret: &Arn) -> SourceAccess {
    SourceAccess::new(AccessType::BasicAuth, secret.as_str())
}

/// `mq-BROKER-QUEUE-` and a checksum of the exact values.
pub(crate) fn name(broker: &Arn, queue: &[&str]) -> String {
    let readable = broker.resource().split(':').nth(1).unwrap_or_default();
    let parts: Vec<&str> = std::iter::once(broker.as_str())
        .chain(queue.iter().copied())
        .collect();
    with_checksum(&["mq", readable, queue[0]].join("-"), &checksum_of(&parts))
}

pub(crate) fn permissions(
    mapping: &Mapping,
    key: Option<&Arn>,
    function: &Function,
) -> Vec<Permission> {
    let describe = mapping.source.iter().map(|broker| {
        RoleStatement::new(
            ["mq:DescribeBroker"],
            broker.as_str(),
            "Lambda looks up the broker's endpoints and network",
        )
    });
    let why = "the secret is encrypted with this key";
    describe
        .chain(grants::secrets(mapping))
        .chain(grants::decrypt(key, why))
        .chain([grants::network(), grants::logs(function)])
        .map(Permission::ExecutionRole)
        .collect()
}

pub(crate) fn check(mapping: &Mapping, kind: SourceKind, function: &Function) -> Vec<Finding> {
    let mut findings = mapping.check(kind, function);
    for finding in &mut findings {
        if finding.field == "access" {
            finding.field = match finding.what.starts_with("VirtualHost") {
                true => "virtual_host",
                false => "secret",
            };
        }
    }
    let uris = mapping
        .access
        .iter()
        .filter_map(|entry| entry.uri.as_deref());
    let mut secrets = uris.filter_map(|uri| uri.parse::<Arn>().ok());
    if let Some(secret) = secrets.find(|secret| secret.region() != function.region()) {
        let what = format!(
            "the secret is in {}, the function in {}",
            secret.region(),
            function.region()
        );
        findings.push(
            Finding::error("LW2701", "secret", what)
                .why("Lambda reads secrets of the function's Region only")
                .fix("replicate the secret to the function's Region, and name the replica")
                .page(CONFIGURE),
        );
    }
    findings
}

/// Queues are all that Lambda reads.
pub(crate) fn no_topic(code: &'static str, queue: &str) -> Option<Finding> {
    let topic = queue
        .strip_prefix("topic://")
        .or_else(|| queue.strip_prefix("/topic/"));
    let topic = topic?;
    let finding = Finding::error(code, "queue", format!("`{queue}` is a topic"))
        .why("Lambda reads queues only")
        .fix(format!(
            "publish to VirtualTopic.{topic}, and read the queue Consumer.NAME.VirtualTopic.{topic}"
        ))
        .page(GUIDE);
    Some(finding)
}

/// Two connections that read one queue.
pub(crate) fn readers(same: bool, queue: &str) -> Vec<Finding> {
    let finding = || {
        Finding::warning("LW2702", "queue", format!("two connections read `{queue}`"))
            .why("each message reaches one of them, and the filters of one take away what the other waits for")
            .fix("give each function a queue of its own, bound to one exchange or virtual topic")
            .page(GUIDE)
    };
    same.then(finding).into_iter().collect()
}

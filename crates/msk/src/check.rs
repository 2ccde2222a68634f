//! What can be wrong with a connection to a topic, judged from its definition.

use lambda_with::rules::mapping::{AccessType, SourceKind};
use lambda_with::{Arn, Finding, Function};
use lambda_with_kafka::lint;

use crate::Msk;

const AUTHENTICATION: &str = "https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html";
const SECRETS: &str =
    "https://docs.aws.amazon.com/msk/latest/developerguide/msk-password-tutorial.html";

pub(crate) fn check(msk: &Msk, function: &Function) -> Vec<Finding> {
    let mapping = msk.mapping();
    let mut findings = mapping.check(SourceKind::Msk, function);
    findings.extend(lint::topic("LW2801", &msk.topic));
    findings.extend(lint::loops("LW2802", &mapping));
    findings.extend(lint::secret_region("LW2804", &mapping, function));
    if msk.unauthenticated && !msk.access.is_empty() {
        findings.push(
            Finding::warning(
                "LW2805",
                "unauthenticated",
                "Lambda signs in although it need not",
            )
            .why("Lambda takes the strongest way there is, and falls back to no weaker one")
            .fix("leave out unauthenticated, or access")
            .page(AUTHENTICATION),
        );
    }
    findings.extend(scram_secret(msk));
    findings.extend(ways(msk));
    findings
}

/// Only secrets named so can be associated with a cluster; a copy for another account has any name.
fn scram_secret(msk: &Msk) -> Option<Finding> {
    if !msk.cluster.resource().starts_with("cluster/") {
        return None;
    }
    let scram = |kind| kind == AccessType::SaslScram512Auth;
    let uris = msk.access.iter().filter(|entry| scram(entry.kind));
    let mut secrets = uris.filter_map(|entry| entry.uri.as_deref()?.parse::<Arn>().ok());
    let secret = secrets.find(|secret| !secret.resource().starts_with("secret:AmazonMSK_"))?;
    let what = format!("`{}` is not a secret of the cluster", secret.resource());
    let finding = Finding::warning("LW2806", "access", what)
        .why("a cluster knows users by secrets whose names begin with AmazonMSK_")
        .fix("name the secret that is associated with the cluster, or one with the same contents")
        .page(SECRETS);
    Some(finding)
}

fn ways(msk: &Msk) -> Option<Finding> {
    (msk.access.len() > 1).then(|| {
        let what = format!("there are {} ways to sign in", msk.access.len());
        Finding::warning("LW2807", "access", what)
            .why("Lambda takes mutual TLS before SASL/SCRAM, and does not try the other")
            .fix("keep one")
            .page(AUTHENTICATION)
    })
}

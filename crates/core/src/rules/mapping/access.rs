//! Ways into a source.

use super::check::API;
use super::{AccessType, Mapping, SourceKind};
use crate::{Arn, Finding};

pub(super) fn check(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    let has = |kind| mapping.access.iter().any(|entry| entry.kind == kind);
    if mapping.access.is_empty() && kind == SourceKind::Kafka {
        findings.push(
            Finding::warning("LW0022", "access", "no way of access is given")
                .why("AWS has refused such mappings: Required 'sourceAccessConfigurations' parameter is missing.")
                .fix("say how Lambda signs in, or in which subnets and security groups the brokers are")
                .page(kind.page()),
        );
    }
    if (kind.is_mq() || kind == SourceKind::DocumentDb) && !has(AccessType::BasicAuth) {
        findings.push(
            Finding::error(
                "LW0012",
                "access",
                format!("{} needs a secret", kind.name()),
            )
            .why("Lambda signs in with name and password")
            .fix("name the secret that holds them")
            .page(kind.page()),
        );
    }
    if mapping.access.len() > 23 {
        let what = format!(
            "{} entries of access are more than 23",
            mapping.access.len()
        );
        findings.push(refused(what, "keep 23 or fewer".into(), kind));
    }
    for entry in &mapping.access {
        if !taken(entry.kind, kind) {
            let what = format!("{} has no {:?}", kind.name(), entry.kind);
            findings.push(refused(what, "choose another way of access".into(), kind));
        } else if let Some(form) = form(entry.kind, entry.uri.as_deref()) {
            let what = format!(
                "{:?} with `{}`",
                entry.kind,
                entry.uri.as_deref().unwrap_or_default()
            );
            findings.push(refused(what, format!("write {form}"), kind));
        }
    }
    let audience = AccessType::OauthbearerAudience;
    if has(AccessType::IamOauthbearerAuth) && !has(audience) {
        findings.push(refused(
            "a token for the execution role needs an audience".into(),
            "add the OAuth audience".into(),
            kind,
        ));
    }
    if has(AccessType::IamOauthbearerAuth) && has(AccessType::OauthbearerAuth) {
        findings.push(refused(
            "a token is both for the execution role and for a secret".into(),
            "keep IAM_OAUTHBEARER_AUTH or OAUTHBEARER_AUTH".into(),
            kind,
        ));
    }
    let details = [
        AccessType::OauthbearerScope,
        AccessType::OauthbearerLogicalCluster,
        AccessType::OauthbearerIdentityPool,
    ];
    if details.into_iter().any(has) && !has(AccessType::OauthbearerAuth) {
        findings.push(refused(
            "details of OAuth without OAuth".into(),
            "add the secret of OAuth".into(),
            kind,
        ));
    }
}

fn refused(what: String, fix: String, kind: SourceKind) -> Finding {
    let page = if kind == SourceKind::Kafka {
        kind.page()
    } else {
        API
    };
    Finding::error("LW0022", "access", what)
        .why("AWS refuses the mapping")
        .fix(fix)
        .page(page)
}

fn taken(access: AccessType, kind: SourceKind) -> bool {
    let kafka = kind == SourceKind::Kafka;
    match access {
        AccessType::BasicAuth => kafka || kind.is_mq() || kind == SourceKind::DocumentDb,
        AccessType::SaslScram512Auth | AccessType::ClientCertificateTlsAuth => kind.is_kafka(),
        AccessType::VirtualHost => kind == SourceKind::RabbitMq,
        _ => kafka,
    }
}

/// Whether it is the ARN of a secret.
pub(super) fn is_secret(uri: &str) -> bool {
    uri.parse::<Arn>()
        .is_ok_and(|arn| arn.service() == "secretsmanager")
}

/// The form a value should have, when it has not got it.
fn form(access: AccessType, uri: Option<&str>) -> Option<&'static str> {
    let fits = |uri: &str| {
        (1..=200).contains(&uri.len())
            && uri
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b" -/*:_+=.@".contains(&byte))
    };
    let begins = |start: &str| uri.is_some_and(|uri| fits(uri) && uri.starts_with(start));
    let (good, form) = match access {
        AccessType::IamAuth | AccessType::IamOauthbearerAuth => (uri.is_none(), "no value"),
        AccessType::VpcSubnet => (begins("subnet:subnet-"), "subnet:subnet-ID"),
        AccessType::VpcSecurityGroup => (begins("security_group:sg-"), "security_group:sg-ID"),
        AccessType::VirtualHost
        | AccessType::OauthbearerScope
        | AccessType::OauthbearerAudience
        | AccessType::OauthbearerLogicalCluster
        | AccessType::OauthbearerIdentityPool => {
            (uri.is_some_and(fits), "a name of 1 to 200 characters")
        }
        _ => {
            let good = uri.is_some_and(|uri| is_secret(uri) && fits(uri));
            (good, "the ARN of a secret, in at most 200 characters")
        }
    };
    (!good).then_some(form)
}

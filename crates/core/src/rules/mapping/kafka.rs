//! What depends on Kafka's modes.

use super::access::is_secret;
use super::check::API;
use super::{AccessType, ConsumptionMode, Mapping, SourceKind};
use crate::{Arn, Finding};

const SCALING: &str = "https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html";
const RETRIES: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html";

pub(super) fn check(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    if !kind.is_kafka() {
        return;
    }
    provisioned(mapping, findings);
    if mapping.consumption_mode == Some(ConsumptionMode::Queue) {
        for (field, set) in [
            ("starting_position", mapping.starting_position.is_some()),
            (
                "starting_position_timestamp",
                mapping.starting_position_timestamp.is_some(),
            ),
            ("batching_window", mapping.batching_window.is_some()),
        ] {
            if set {
                let what = format!("{field} and the consumption mode Queue exclude each other");
                findings.push(
                    Finding::error("LW0020", field, what)
                        .why("AWS refuses the mapping: a share group keeps its own position")
                        .fix(format!("leave {field} out, or read the topic as a Stream"))
                        .page(API),
                );
            }
        }
    }
    let Some(registry) = &mapping.schema_registry else {
        return;
    };
    if registry.validate.is_empty() {
        findings.push(
            Finding::error(
                "LW0012",
                "schema_registry.validate",
                "a schema registry needs KEY or VALUE, or both",
            )
            .why("AWS refuses the mapping")
            .fix("name the parts of the record that have a schema")
            .page(API),
        );
    }
    let known = |kind: AccessType| {
        use AccessType::{
            BasicAuth, ClientCertificateTlsAuth, OauthbearerAuth, ServerRootCaCertificate,
        };
        matches!(
            kind,
            BasicAuth | ClientCertificateTlsAuth | OauthbearerAuth | ServerRootCaCertificate
        )
    };
    if let Some(entry) = registry.access.iter().find(|entry| !known(entry.kind)) {
        findings.push(
            Finding::error("LW0022", "schema_registry.access", format!("a schema registry has no {:?}", entry.kind))
                .why("AWS refuses the mapping")
                .fix("use BASIC_AUTH, CLIENT_CERTIFICATE_TLS_AUTH, SERVER_ROOT_CA_CERTIFICATE or OAUTHBEARER_AUTH")
                .page(API),
        );
    }
    let is_glue = |uri: &str| {
        let arn = uri.parse::<Arn>();
        arn.is_ok_and(|arn| arn.service() == "glue" && arn.resource().starts_with("registry/"))
    };
    let uri = registry.uri.as_str();
    if !is_glue(uri) && !uri.starts_with("https://") && !uri.starts_with("http://") {
        findings.push(
            Finding::error("LW0011", "schema_registry.uri", format!("`{uri}` is no schema registry"))
                .why("AWS refuses the mapping")
                .fix("write the ARN of a registry of AWS Glue, arn:aws:glue:REGION:ACCOUNT:registry/NAME, or the URL of one of Confluent")
                .page(API),
        );
    }
    let is_named = |uri: &Option<String>| uri.as_deref().is_some_and(is_secret);
    if let Some(entry) = registry.access.iter().find(|entry| !is_named(&entry.uri)) {
        let uri = entry.uri.as_deref().unwrap_or_default();
        findings.push(
            Finding::error(
                "LW0022",
                "schema_registry.access",
                format!("{:?} with `{uri}`", entry.kind),
            )
            .why("AWS refuses the mapping")
            .fix("write the ARN of a secret")
            .page(API),
        );
    }
}

/// What only provisioned mode has. AWS's pages differ on retries, so those are a warning.
fn provisioned(mapping: &Mapping, findings: &mut Vec<Finding>) {
    if mapping.provisioned_pollers.is_some() {
        return;
    }
    let topic = mapping.on_failure.as_deref();
    for (field, set) in [
        ("schema_registry", mapping.schema_registry.is_some()),
        ("log_level", mapping.log_level.is_some()),
        (
            "on_failure",
            topic.is_some_and(|to| to.starts_with("kafka://")),
        ),
    ] {
        if set {
            findings.push(
                Finding::error("LW0021", field, format!("{field} needs provisioned mode"))
                    .why("AWS refuses the mapping: pollers that are shared do not have it")
                    .fix("set provisioned_pollers, or leave it out")
                    .page(SCALING),
            );
        }
    }
    for (field, set) in [
        ("maximum_record_age", mapping.maximum_record_age.is_some()),
        (
            "maximum_retry_attempts",
            mapping.maximum_retry_attempts.is_some(),
        ),
        (
            "bisect_batch_on_function_error",
            mapping.bisect_batch_on_function_error.is_some(),
        ),
        (
            "report_batch_item_failures",
            mapping.report_batch_item_failures.is_some(),
        ),
    ] {
        if set {
            findings.push(
                Finding::warning("LW0021", field, format!("{field} without provisioned mode"))
                    .why("the Lambda guide offers it in provisioned mode only; AWS may refuse it")
                    .fix("set provisioned_pollers, or leave it out")
                    .page(RETRIES),
            );
        }
    }
}

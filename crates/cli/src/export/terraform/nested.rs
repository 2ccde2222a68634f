//! Resources that Terraform's provider cuts otherwise than CloudFormation.

use serde_json::{Value, json};

use super::blocks::{Blocks, Body};
use crate::failure::Failure;

/// A distribution's members beside each other. The provider knows an open bucket by there being no
/// configuration of its origin.
pub(super) fn distribution(properties: &mut Body) {
    let Some(Value::Object(config)) = properties.remove("DistributionConfig") else {
        return;
    };
    properties.extend(config);
    let origins = properties.get_mut("Origins").and_then(Value::as_array_mut);
    for origin in origins.into_iter().flatten() {
        if let Some(origin) = origin.as_object_mut()
            && origin.get("S3OriginConfig") == Some(&json!({}))
        {
            origin.remove("S3OriginConfig");
        }
    }
}

/// An association with a function, which knows its instance by the id alone.
pub(super) fn association(properties: &mut Body) {
    properties.remove("IntegrationType");
    let instance = properties.get("InstanceId").and_then(Value::as_str);
    if let Some((_, id)) = instance.and_then(|arn| arn.split_once(":instance/")) {
        let id = json!(id);
        properties.insert("InstanceId".to_owned(), id);
    }
}

/// A rule whose conditions are known by their blocks.
pub(super) fn listener_rule(properties: &mut Body) {
    let conditions = properties
        .get_mut("Conditions")
        .and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if let Some(condition) = condition.as_object_mut() {
            condition.remove("Field");
        }
    }
}

/// A stream whose destination has a name, and its buffers no block.
pub(super) fn delivery_stream(properties: &mut Body) {
    properties.remove("DeliveryStreamType");
    properties.insert("Destination".to_owned(), json!("extended_s3"));
    let destination = properties.get_mut("ExtendedS3DestinationConfiguration");
    if let Some(destination) = destination.and_then(Value::as_object_mut)
        && let Some(hints) = destination.remove("BufferingHints")
    {
        destination.insert(
            "BufferingInterval".into(),
            hints["IntervalInSeconds"].clone(),
        );
        destination.insert("BufferingSize".into(), hints["SizeInMBs"].clone());
    }
}

/// A mapping of a cluster whose endpoints are one text, under the name that Lambda's API has for them.
pub(super) fn mapping(properties: &mut Body) {
    let endpoints = properties
        .get_mut("SelfManagedEventSource")
        .and_then(|source| source["Endpoints"].as_object_mut());
    if let Some(endpoints) = endpoints
        && let Some(servers) = endpoints.remove("KafkaBootstrapServers")
    {
        let servers = servers.as_array().into_iter().flatten();
        let servers: Vec<&str> = servers.filter_map(Value::as_str).collect();
        endpoints.insert("KAFKA_BOOTSTRAP_SERVERS".into(), servers.join(",").into());
    }
}

impl Blocks<'_> {
    /// A target group with its health check as a block and its attribute by name. Its targets stand
    /// beside it, after what it depends on.
    pub(super) fn target_group(
        &mut self,
        id: &str,
        properties: &mut Body,
        depends_on: &[String],
    ) -> Result<(), Failure> {
        let attributes = properties
            .remove("TargetGroupAttributes")
            .unwrap_or_default();
        for attribute in attributes.as_array().into_iter().flatten() {
            let on = attribute["Value"] == "true";
            if attribute["Key"] == "lambda.multi_value_headers.enabled" {
                properties.insert("LambdaMultiValueHeadersEnabled".to_owned(), json!(on));
            }
        }
        let mut check = Body::new();
        for (property, argument) in [
            ("HealthCheckEnabled", "Enabled"),
            ("HealthCheckIntervalSeconds", "Interval"),
            ("HealthCheckPath", "Path"),
            ("HealthCheckTimeoutSeconds", "Timeout"),
            ("HealthyThresholdCount", "HealthyThreshold"),
            ("UnhealthyThresholdCount", "UnhealthyThreshold"),
        ] {
            let value = properties.remove(property);
            check.extend(value.map(|value| (argument.to_owned(), value)));
        }
        if let Some(matcher) = properties.remove("Matcher") {
            check.insert("Matcher".to_owned(), matcher["HttpCode"].clone());
        }
        properties.insert("HealthCheck".to_owned(), Value::Object(check));

        let targets = properties.remove("Targets").unwrap_or_default();
        let name = self.scope.name(id).to_owned();
        for target in targets.as_array().into_iter().flatten() {
            let mut body = Body::new();
            let group = format!("${{aws_lb_target_group.{name}.arn}}");
            body.insert("target_group_arn".to_owned(), json!(group));
            body.insert("target_id".to_owned(), self.scope.value(&target["Id"])?);
            let kind = "aws_lb_target_group_attachment";
            self.insert(kind, name.clone(), body, depends_on.to_vec());
        }
        Ok(())
    }
}

//! A bucket's notification: one resource for all connections, because it replaces what is there.

use serde_json::{Map, Value, json};

use super::scope::{Scope, literal};
use crate::config::Config;
use crate::failure::Failure;
use crate::services::Connection;

/// The arguments of `aws_s3_bucket_notification`.
pub(super) fn body(
    config: &Config,
    scope: &mut Scope<'_>,
    bucket: &str,
    properties: &Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let refuse = |property: &str| {
        Failure::new(format!(
            "`AWS::S3::Bucket.{property}` has no translation to Terraform"
        ))
    };
    let known = ["BucketName", "NotificationConfiguration"];
    if let Some(other) = properties
        .keys()
        .find(|name| !known.contains(&name.as_str()))
    {
        return Err(refuse(other));
    }
    let notification = properties
        .get("NotificationConfiguration")
        .unwrap_or(&Value::Null);
    let others = notification.as_object().into_iter().flat_map(Map::keys);
    if let Some(other) = others
        .into_iter()
        .find(|name| *name != "LambdaConfigurations")
    {
        return Err(refuse(&format!("NotificationConfiguration.{other}")));
    }
    let mut blocks: Vec<Map<String, Value>> = Vec::new();
    for entry in notification["LambdaConfigurations"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let mut block = Map::new();
        if let Some(name) = name(config, bucket, entry) {
            block.insert("id".to_owned(), json!(literal(&name)));
        }
        block.insert(
            "lambda_function_arn".to_owned(),
            scope.value(&entry["Function"])?,
        );
        for rule in entry["Filter"]["S3Key"]["Rules"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let rule_name = rule["Name"].as_str().unwrap_or_default();
            let argument = match rule_name {
                "prefix" => "filter_prefix",
                "suffix" => "filter_suffix",
                _ => {
                    return Err(refuse(
                        "NotificationConfiguration.LambdaConfigurations.Filter",
                    ));
                }
            };
            block.insert(argument.to_owned(), scope.value(&rule["Value"])?);
        }
        let event = scope.value(&entry["Event"])?;
        // CloudFormation takes one event for an entry, Terraform all of them.
        let same = blocks.iter_mut().find(|there| {
            let others = there.iter().filter(|(name, _)| *name != "events");
            others.eq(block.iter())
        });
        match same
            .and_then(|there| there.get_mut("events"))
            .and_then(Value::as_array_mut)
        {
            Some(events) => events.push(event),
            None => {
                block.insert("events".to_owned(), json!([event]));
                blocks.push(block);
            }
        }
    }
    let mut body = Map::new();
    body.insert("bucket".to_owned(), json!(literal(bucket)));
    body.insert("lambda_function".to_owned(), json!(blocks));
    Ok(body)
}

/// The id of the notification an entry belongs to: the one `lambda-with connect` gives it too.
fn name(config: &Config, bucket: &str, entry: &Value) -> Option<String> {
    for defined in &config.functions {
        for connected in &defined.connections {
            for resource in connected.connection.resources(&defined.function) {
                let properties = &resource.properties;
                let entries =
                    properties["NotificationConfiguration"]["LambdaConfigurations"].as_array();
                let is_it = |there: &Value| {
                    there["Event"] == entry["Event"] && there["Filter"] == entry["Filter"]
                };
                if properties["BucketName"] == bucket
                    && entries.is_some_and(|entries| entries.iter().any(is_it))
                {
                    return Some(id(connected.connection.as_ref()));
                }
            }
        }
    }
    None
}

fn id(connection: &dyn Connection) -> String {
    let s3 = connection.as_any().downcast_ref::<lambda_with_s3::S3>();
    s3.and_then(|s3| s3.id.clone())
        .unwrap_or_else(|| connection.name())
}

//! Infrastructure, in the terms of CloudFormation.

use lambda_with::{Arn, Function, Integration, Resource};
use serde_json::{Value, json};

use crate::{Firehose, name};

/// The smallest buffer, in MB, that Firehose takes for a bucket with dynamic partitioning.
const PARTITIONED_BUFFER: u32 = 64;

/// Seconds to buffer for the bucket: Firehose's default, which must be named beside the size.
const BUFFER_INTERVAL: u32 = 300;

/// The whole stream: source, transformation and bucket.
pub(crate) fn stream(firehose: &Firehose, bucket: &str, function: &Function) -> Resource {
    let stream = &firehose.stream;
    let role = role(firehose);
    let mut destination = json!({
        "BucketARN": format!("arn:{}:s3:::{bucket}", stream.partition()),
        "RoleARN": role,
        "ProcessingConfiguration": {
            "Enabled": true,
            "Processors": [{ "Type": "Lambda", "Parameters": parameters(firehose, function) }],
        },
    });
    if let Some(prefix) = &firehose.prefix {
        destination["Prefix"] = json!(prefix);
    }
    if let Some(prefix) = &firehose.error_prefix {
        destination["ErrorOutputPrefix"] = json!(prefix);
    }
    if firehose.dynamic_partitioning {
        destination["DynamicPartitioningConfiguration"] = json!({ "Enabled": true });
        destination["BufferingHints"] =
            json!({ "IntervalInSeconds": BUFFER_INTERVAL, "SizeInMBs": PARTITIONED_BUFFER });
    }
    let mut properties = json!({
        "DeliveryStreamName": name::stream_name(stream),
        "DeliveryStreamType": "DirectPut",
        "ExtendedS3DestinationConfiguration": destination,
    });
    if let Some(source) = &firehose.source {
        properties["DeliveryStreamType"] = json!("KinesisStreamAsSource");
        properties["KinesisStreamSourceConfiguration"] =
            json!({ "KinesisStreamARN": source, "RoleARN": role });
    }
    let id = Resource::logical_id(&[&firehose.name(), "stream"]);
    Resource::new(id, "AWS::KinesisFirehose::DeliveryStream", properties)
}

/// The role's ARN, or a reference to the one exporters make for this connection.
fn role(firehose: &Firehose) -> String {
    let made = || {
        format!(
            "${{{}.Arn}}",
            Resource::logical_id(&[&firehose.name(), "role"])
        )
    };
    firehose.role.as_ref().map_or_else(made, Arn::to_string)
}

/// The parameters of the transformation, all of them texts.
pub(crate) fn parameters(firehose: &Firehose, function: &Function) -> Vec<Value> {
    // Firehose wants to be told which version.
    let arn = match function.qualifier() {
        Some(_) => Resource::FUNCTION.to_owned(),
        None => format!("{}:$LATEST", Resource::FUNCTION),
    };
    let mut parameters = vec![
        ("LambdaArn", arn),
        ("NumberOfRetries", firehose.retries.to_string()),
    ];
    if let Some(size) = firehose.buffer_size {
        parameters.push(("BufferSizeInMBs", size.to_string()));
    }
    if let Some(interval) = firehose.buffer_interval {
        parameters.push(("BufferIntervalInSeconds", interval.to_string()));
    }
    let parameter = |(name, value)| json!({ "ParameterName": name, "ParameterValue": value });
    parameters.into_iter().map(parameter).collect()
}

/// The parameters with the function's ARN in the place of the reference exporters resolve.
#[cfg(feature = "aws")]
pub(crate) fn told(parameters: &[Value], function: &Function) -> Vec<Value> {
    let mut parameters = parameters.to_vec();
    for parameter in &mut parameters {
        let value = parameter["ParameterValue"].as_str().unwrap_or_default();
        let value = value.replace(Resource::FUNCTION, function.arn.as_str());
        parameter["ParameterValue"] = json!(value);
    }
    parameters
}

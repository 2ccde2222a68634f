#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod resources;
mod respond;

use lambda_with::{
    Arn, CallerRole, Example, Finding, Function, Integration, Patience, Permission, Principal,
    Resource, RoleStatement, Service, Statement,
};
use serde::{Deserialize, Serialize};

pub use crate::generated::*;
pub use crate::respond::{Answers, Output, Transformation, Transformed};

/// A Firehose stream whose records a function transforms on their way.
///
/// ```toml
/// [[functions.clean.with]]
/// service = "firehose"
/// stream = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks"
/// bucket = "harbor-clicks"
/// dynamic_partitioning = true
/// prefix = "page=!{partitionKeyFromLambda:page}/"
/// error_prefix = "failed/!{firehose:error-output-type}/"
/// ```
///
/// ```
/// use lambda_with_firehose::Firehose;
///
/// let stream = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks".parse()?;
/// let clicks = Firehose { bucket: Some("harbor-clicks".into()), ..Firehose::new(stream) };
/// assert_eq!(clicks.retries, 3);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The stream and the function are in the same Region; their accounts may differ.
/// See <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html>.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Firehose {
    /// The stream's ARN, `arn:aws:firehose:REGION:ACCOUNT:deliverystream/NAME`.
    pub stream: Arn,
    /// The bucket the stream delivers to. With it exports hold the whole stream; without it the
    /// stream is somebody else's, and only what the function needs follows from this connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// The Kinesis data stream the records come from; they are put directly unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Arn>,
    /// The role the stream invokes with. Exports make one unless set; needed where the function
    /// belongs to another account than the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
    /// How often an invocation that timed out or was throttled is tried again, 3 unless set.
    #[serde(default = "three")]
    pub retries: u32,
    /// Megabytes to gather before an invocation, 0.2 to 3. Firehose takes 1 unless set, for Splunk
    /// and Snowflake 0.25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_size: Option<f64>,
    /// Seconds to gather before an invocation, 0 to 900. Firehose takes 60 unless set, for Snowflake
    /// 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_interval: Option<u32>,
    /// Whether the answer's partition keys choose where in the bucket a record goes. It can be
    /// turned on only when a stream is made.
    #[serde(default)]
    pub dynamic_partitioning: bool,
    /// What the keys of delivered objects begin with. `!{partitionKeyFromLambda:NAME}` stands for a
    /// partition key of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What the keys of objects with failed records begin with. Needed for dynamic partitioning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_prefix: Option<String>,
}

impl Firehose {
    /// A stream that exists already, with Firehose's default settings.
    #[must_use]
    pub fn new(stream: Arn) -> Self {
        Self {
            stream,
            bucket: None,
            source: None,
            role: None,
            retries: three(),
            buffer_size: None,
            buffer_interval: None,
            dynamic_partitioning: false,
            prefix: None,
            error_prefix: None,
        }
    }

    /// What the stream's role must allow. The bucket and the source count only where the stream is
    /// ours: of another one they are not known.
    fn grants(&self, function: &Function) -> Vec<RoleStatement> {
        let mut invoke = RoleStatement::new(
            ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
            function.arn.as_str(),
            "Firehose invokes the function and reads its timeout",
        );
        if function.qualifier().is_none() {
            invoke.resources.push(format!("{}:*", function.arn));
        }
        let mut grants = vec![invoke];
        let Some(bucket) = &self.bucket else {
            return grants;
        };
        let bucket = format!("arn:{}:s3:::{bucket}", self.stream.partition());
        let mut deliver = RoleStatement::new(
            [
                "s3:AbortMultipartUpload",
                "s3:GetBucketLocation",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:ListBucketMultipartUploads",
                "s3:PutObject",
            ],
            &bucket,
            "Firehose delivers to the bucket",
        );
        deliver.resources.push(format!("{bucket}/*"));
        grants.push(deliver);
        if let Some(source) = &self.source {
            grants.push(RoleStatement::new(
                [
                    "kinesis:DescribeStream",
                    "kinesis:GetRecords",
                    "kinesis:GetShardIterator",
                    "kinesis:ListShards",
                ],
                source.as_str(),
                "Firehose reads the source",
            ));
        }
        grants
    }
}

impl Integration for Firehose {
    type Event = FirehoseEvent;
    type Response = FirehoseResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(&self.stream)
    }

    /// The stream's role. A function of another account must let that role in by its own policy too.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let mut caller = CallerRole::new("firehose.amazonaws.com", self.grants(function));
        caller.role = self.role.clone();
        let mut permissions = vec![Permission::CallerRole(caller)];
        let role = self.role.as_ref().filter(|role| role.is_role());
        if let Some(role) = role.filter(|_| self.stream.account() != function.account()) {
            let statement = |sid: String, action: &'static str| {
                let mut statement = Statement::new(sid, Principal::Aws(role.to_string()));
                statement.action = action;
                Permission::ResourceBased(statement)
            };
            let (name, read) = (self.name(), "lambda:GetFunctionConfiguration");
            permissions.push(statement(name.clone(), "lambda:InvokeFunction"));
            permissions.push(statement(format!("{name}-configuration"), read));
        }
        permissions
    }

    /// The stream with its transformation, or nothing where no bucket is named or the stream belongs
    /// to another account.
    ///
    /// CloudFormation has no resource for a transformation alone, so the template must own the
    /// stream.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        match &self.bucket {
            Some(bucket) if self.stream.account() == function.account() => {
                vec![resources::stream(self, bucket, function)]
            }
            _ => Vec::new(),
        }
    }

    /// Records of the stream, from the source it has.
    fn example(&self, _function: &Function) -> Option<Example> {
        let sample = match self.source {
            Some(_) => "kinesis",
            None => "direct-put",
        };
        let mut example = Example::named(&SERVICE, sample)?
            .with("/deliveryStreamArn", self.stream.as_str())
            .with("/region", self.stream.region());
        if let Some(source) = &self.source {
            example = example.with("/sourceKinesisStreamArn", source.as_str());
        }
        Some(example)
    }

    /// Firehose waits five minutes at most, and tries `retries` times more.
    fn patience(&self) -> Patience {
        Patience {
            attempts: self.retries.saturating_add(1),
            ..Patience::of_seconds(300)
        }
        .otherwise("the records go to `processing-failed/` of the bucket")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }
}

fn three() -> u32 {
    3
}

#![doc = include_str!("../README.md")]

mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod respond;

use std::collections::BTreeMap;

use lambda_with::{
    Arn, CallerRole, Example, Finding, Function, Integration, Patience, Permission, Principal,
    Resource, RoleStatement, Service, Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;
pub use crate::respond::{Answers, TaskOutcome};

/// Jobs of Amazon S3 Batch Operations that run a function for every object of a manifest.
///
/// ```toml
/// [[functions.thumbnails.with]]
/// service = "s3-batch"
/// job = "thumbnails"
/// manifest = "harbor-manifests/thumbnails/"
/// report = "harbor-reports/thumbnails/"
/// schema = "2.0"
/// user_arguments = { width = "640" }
/// ```
///
/// ```
/// use lambda_with_s3_batch::{S3Batch, SchemaVersion};
///
/// let thumbnails = S3Batch {
///     report: Some("harbor-reports/thumbnails/".into()),
///     ..S3Batch::new("thumbnails", "harbor-manifests/thumbnails/")
/// };
/// assert_eq!(thumbnails.schema, SchemaVersion::V1);
/// ```
///
/// This is what all such jobs have in common; a job itself is made for one manifest, with
/// [`S3Batch::operation`].
/// See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct S3Batch {
    /// A name for the jobs, unique within the function: letters, digits, `-` and `_`, at most 40.
    pub job: String,
    /// Where the manifests are: `BUCKET/KEY` for one, `BUCKET/PREFIX/` or `BUCKET` for all below.
    pub manifest: String,
    /// Where completion reports go, `BUCKET` or `BUCKET/PREFIX/`. No report unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// The form of the events, `1.0` unless set. User arguments and directory buckets need `2.0`.
    #[serde(default)]
    pub schema: SchemaVersion,
    /// What the function is told about the job: up to ten pairs of texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub user_arguments: BTreeMap<String, String>,
    /// The role jobs run as. Exports make one unless set; needed where the jobs run in another
    /// account than the function's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
}

/// The form of the events of a job.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum SchemaVersion {
    /// Tasks name the bucket by its ARN.
    #[default]
    #[serde(rename = "1.0")]
    V1,
    /// Tasks name the bucket by its name, and the job has user arguments.
    #[serde(rename = "2.0")]
    V2,
}

impl SchemaVersion {
    /// The version as it stands in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }
}

impl S3Batch {
    /// Jobs without a report, in schema 1.0.
    pub fn new(job: impl Into<String>, manifest: impl Into<String>) -> Self {
        Self {
            job: job.into(),
            manifest: manifest.into(),
            report: None,
            schema: SchemaVersion::default(),
            user_arguments: BTreeMap::new(),
            role: None,
        }
    }

    /// The `Operation` of `CreateJob`, which has no resource in CloudFormation.
    ///
    /// ```
    /// use lambda_with::Function;
    /// use lambda_with_s3_batch::S3Batch;
    ///
    /// let arn = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails:7";
    /// let operation = S3Batch::new("thumbnails", "harbor-manifests").operation(&Function::new(arn.parse()?)?);
    /// assert_eq!(operation["LambdaInvoke"]["FunctionArn"], arn);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn operation(&self, function: &Function) -> Value {
        let mut invoke = json!({
            "FunctionArn": function.arn,
            "InvocationSchemaVersion": self.schema,
        });
        if !self.user_arguments.is_empty() {
            invoke["UserArguments"] = json!(self.user_arguments);
        }
        json!({ "LambdaInvoke": invoke })
    }

    /// What the jobs' role must allow.
    fn grants(&self, function: &Function) -> Vec<RoleStatement> {
        let mut invoke = RoleStatement::new(
            ["lambda:InvokeFunction"],
            function.arn.as_str(),
            "the job invokes the function",
        );
        if function.qualifier().is_none() {
            invoke.resources.push(format!("{}:*", function.arn));
        }
        let mut grants = vec![invoke];
        let partition = function.partition();
        if let Some(manifest) = objects(partition, &self.manifest) {
            let actions = ["s3:GetObject", "s3:GetObjectVersion"];
            grants.push(RoleStatement::new(
                actions,
                manifest,
                "the job reads its manifest",
            ));
        }
        let report = self.report.as_ref();
        if let Some(report) = report.and_then(|report| below(partition, report)) {
            let reason = "the job writes its completion report";
            grants.push(RoleStatement::new(["s3:PutObject"], report, reason));
        }
        grants
    }
}

impl Integration for S3Batch {
    type Event = S3BatchEvent;
    type Response = S3BatchResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(&self.job)
    }

    /// The jobs' role. A function of another account must let that role in by its own policy too.
    fn permissions(&self, function: &Function) -> Vec<Permission> {
        let mut caller = CallerRole::new("batchoperations.s3.amazonaws.com", self.grants(function));
        caller.role = self.role.clone();
        let mut permissions = vec![Permission::CallerRole(caller)];
        let role = self.role.as_ref().filter(|role| role.is_role());
        if let Some(role) = role.filter(|role| role.account() != function.account()) {
            let principal = Principal::Aws(role.to_string());
            permissions.push(Permission::ResourceBased(Statement::new(
                self.name(),
                principal,
            )));
        }
        permissions
    }

    /// Nothing: CloudFormation has no jobs.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        Vec::new()
    }

    /// A task of the job, in its schema and with its arguments.
    fn example(&self, _function: &Function) -> Option<Example> {
        let sample = match (self.schema, self.user_arguments.is_empty()) {
            (SchemaVersion::V1, _) => "schema-1",
            (SchemaVersion::V2, true) => "schema-2",
            (SchemaVersion::V2, false) => "schema-2-user-arguments",
        };
        let example = Example::named(&SERVICE, sample)?;
        Some(match self.user_arguments.is_empty() {
            true => example,
            false => example.with("/job/userArguments", json!(self.user_arguments)),
        })
    }

    /// As long as the function may run. A task without an answer is tried again; how often is
    /// nowhere said.
    fn patience(&self) -> Patience {
        Patience::default().otherwise("the tasks fail, and stand as failed in the report")
    }

    fn check(&self, _function: &Function) -> Vec<Finding> {
        check::check(self)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::conflicts_within(self, other)
    }
}

/// The ARN of one object, or of all objects where the place is a bucket or ends in a slash.
fn objects(partition: &str, place: &str) -> Option<String> {
    match place.split_once('/') {
        Some((_, key)) if !key.is_empty() && !key.ends_with('/') => {
            check::is_place(place).then(|| format!("arn:{partition}:s3:::{place}"))
        }
        _ => below(partition, place),
    }
}

/// The ARN of all objects below a place. Nothing where the place would be a pattern.
fn below(partition: &str, place: &str) -> Option<String> {
    let place = place.strip_suffix('/').unwrap_or(place);
    check::is_place(place).then(|| format!("arn:{partition}:s3:::{place}/*"))
}

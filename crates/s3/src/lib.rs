#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod events;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod keys;
mod name;
#[cfg(feature = "aws")]
pub mod send;

use lambda_with::{
    Arn, Example, Finding, Function, Integration, Permission, Resource, Sample, Service, Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;

/// A notification of a bucket that runs a function.
///
/// ```toml
/// [[functions.thumbnails.with]]
/// service = "s3"
/// bucket = "harbor-uploads"
/// account = "123456789012"
/// events = ["s3:ObjectCreated:*"]
/// prefix = "images/"
/// suffix = ".jpg"
/// writes_to = ["harbor-uploads/thumbnails/"]
/// ```
///
/// ```
/// use lambda_with_s3::S3;
///
/// let images = S3 { prefix: Some("images/".into()), ..S3::new("harbor-uploads", "123456789012") };
/// assert_eq!(images.events, ["s3:ObjectCreated:*"]);
/// ```
///
/// The bucket and the function are in the same Region; their accounts may differ.
/// See <https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// The bucket's name.
    pub bucket: String,
    /// The account that owns the bucket, twelve digits; the function's unless set. A bucket's ARN does
    /// not name it, and anybody can take the name of a deleted bucket, so the permission names both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The kinds of events, out of [`S3::EVENTS`]; everything that creates an object unless set.
    #[serde(default = "created")]
    pub events: Vec<String>,
    /// What keys begin with, exactly as Amazon S3 takes it: a space is `+`, special characters are
    /// `%XX`, and there are no wildcards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What keys end with, written like `prefix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// The notification's id within the bucket, which records carry as `configurationId`. Made from
    /// the other fields unless set; set it to keep the name when they change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the function writes objects, `BUCKET` or `BUCKET/PREFIX` with the prefix as plain text.
    /// Nothing is granted by this: it is how `check` sees a function that feeds itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes_to: Vec<String>,
}

impl S3 {
    /// All that creates objects in `bucket`, which belongs to `account`.
    pub fn new(bucket: impl Into<String>, account: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            account: Some(account.into()),
            events: created(),
            prefix: None,
            suffix: None,
            id: None,
            writes_to: Vec::new(),
        }
    }

    /// The account that owns the bucket.
    fn owner<'a>(&'a self, function: &'a Function) -> &'a str {
        self.account.as_deref().unwrap_or(function.account())
    }

    /// The notification's entries in CloudFormation's terms, which take one event each.
    fn entries(&self) -> Vec<Value> {
        let rules: Vec<Value> = [("prefix", &self.prefix), ("suffix", &self.suffix)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref().filter(|v| !v.is_empty())?)))
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        let entry = |event| match rules.as_slice() {
            [] => json!({ "Event": event, "Function": Resource::FUNCTION }),
            _ => json!({
                "Event": event,
                "Filter": { "S3Key": { "Rules": rules } },
                "Function": Resource::FUNCTION,
            }),
        };
        self.events.iter().map(entry).collect()
    }

    /// A key that prefix and suffix let through, made of another one.
    fn key(&self, like: &str) -> String {
        let name = like.rsplit('/').next().unwrap_or_default();
        match (&self.prefix, &self.suffix) {
            (None, None) => like.to_owned(),
            (Some(prefix), None) => format!("{prefix}{name}"),
            (prefix, Some(suffix)) => {
                let stem = name.split('.').next().unwrap_or_default();
                format!("{}{stem}{suffix}", prefix.as_deref().unwrap_or_default())
            }
        }
    }
}

impl Integration for S3 {
    type Event = S3Event;
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(self)
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        // A name that is empty or a pattern would admit other buckets of the account. `check` finds
        // it, and until it is put right nothing is granted.
        let arn = Arn::new(function.partition(), "s3", "", "", &self.bucket);
        let Some(arn) = arn.ok().filter(|_| !self.bucket.contains(['*', '?'])) else {
            return Vec::new();
        };
        let statement = Statement::service(self.name(), "s3.amazonaws.com")
            .source_arn(arn)
            .source_account(self.owner(function));
        vec![Permission::ResourceBased(statement)]
    }

    /// The bucket with its notification, or nothing where the bucket belongs to another account.
    ///
    /// CloudFormation has no resource for a notification alone, so the template must own the
    /// bucket. The bucket depends on the permission, and the permission names the bucket by its
    /// plain name, not by a reference: otherwise each would wait for the other.
    fn resources(&self, function: &Function) -> Vec<Resource> {
        if self.owner(function) != function.account() {
            return Vec::new();
        }
        let properties = json!({
            "BucketName": self.bucket,
            "NotificationConfiguration": { "LambdaConfigurations": self.entries() },
        });
        let id = Resource::logical_id(&[&self.bucket.replace('.', "-dot-"), "bucket"]);
        let mut bucket = Resource::new(id, "AWS::S3::Bucket", properties);
        bucket
            .depends_on
            .push(Resource::permission_id(&self.name()));
        vec![bucket]
    }

    fn example(&self, function: &Function) -> Option<Example> {
        let wanted = self.events.first()?.trim_start_matches("s3:");
        let wanted = wanted.trim_end_matches('*');
        let fits = |sample: &Sample| {
            let name = sample.at("/Records/0/eventName");
            let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
            sample.of == "S3Event" && name.trim_start_matches("s3:").starts_with(wanted)
        };
        let example = Example::first(&SERVICE, fits)?;
        let key = example.sample.at("/Records/0/s3/object/key");
        let key = self.key(key.as_ref().and_then(Value::as_str).unwrap_or_default());
        let bucket = format!("arn:{}:s3:::{}", function.partition(), self.bucket);
        let id = self.id.clone().unwrap_or_else(|| self.name());
        Some(
            example
                .with("/Records/0/awsRegion", function.region())
                .with("/Records/0/s3/configurationId", id)
                .with("/Records/0/s3/bucket/name", self.bucket.as_str())
                .with("/Records/0/s3/bucket/arn", bucket)
                .with("/Records/0/s3/object/key", key),
        )
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }
}

fn created() -> Vec<String> {
    vec!["s3:ObjectCreated:*".into()]
}

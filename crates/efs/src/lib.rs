#![doc = include_str!("../README.md")]

mod check;
mod generated;
mod grants;

use lambda_with::{Arn, Finding, Function, Integration, Permission, Resource, Service};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use crate::generated::*;

/// A file system mounted into a function, through an access point of Amazon EFS or of Amazon S3
/// Files.
///
/// ```toml
/// [[functions.classify.with]]
/// service = "efs"
/// access_point = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0c1d2e3f4a5b60718"
/// file_system = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718"
/// mount_path = "/mnt/models"
/// read_only = true
/// ```
///
/// ```
/// use lambda_with_efs::Efs;
///
/// let records = Efs::new(
///     "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718/access-point/fsap-0c1d2e3f4a5b60718".parse()?,
///     "/mnt/records",
/// );
/// assert!(records.is_s3_files());
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// A function mounts one file system at most, and must be attached to a VPC with a mount target in
/// each of its Availability Zones.
/// See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Efs {
    /// The access point, `arn:aws:elasticfilesystem:REGION:ACCOUNT:access-point/fsap-…`, or that of
    /// Amazon S3 Files, `arn:aws:s3files:REGION:ACCOUNT:file-system/fs-…/access-point/fsap-…`.
    pub access_point: Arn,
    /// The file system the access point belongs to. An EFS access point does not say, and without it
    /// nothing can be granted; one of S3 Files names it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_system: Option<Arn>,
    /// Where the function sees the files: one level below `/mnt`, at most 160 characters.
    pub mount_path: String,
    /// Whether the function only reads; it may write too unless set.
    #[serde(default)]
    pub read_only: bool,
    /// Whether the function acts as root where the access point leaves the user open.
    #[serde(default)]
    pub root_access: bool,
    /// Whether reads go past the file system to the bucket. S3 Files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_s3_read: Option<DirectS3Read>,
    /// The bucket behind the file system, to read directly from. S3 Files only; without it nothing
    /// is granted on the bucket, and reads go through the file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
}

/// Whether reads go directly to the bucket behind an S3 file system.
///
/// Direct reads have the higher throughput, those through the file system the lower latency. A
/// direct read that fails is done again through the file system.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DirectS3Read {
    /// For functions with 512 MB of memory or more; what happens where nothing is set.
    Auto,
    /// Always.
    Enabled,
    /// Never.
    Disabled,
}

impl Efs {
    /// A file system the function may read and write.
    pub fn new(access_point: Arn, mount_path: impl Into<String>) -> Self {
        Self {
            access_point,
            file_system: None,
            mount_path: mount_path.into(),
            read_only: false,
            root_access: false,
            direct_s3_read: None,
            bucket: None,
        }
    }

    /// Whether the access point is one of Amazon S3 Files.
    #[must_use]
    pub fn is_s3_files(&self) -> bool {
        self.access_point.service() == "s3files"
    }
}

impl Integration for Efs {
    type Event = ();
    type Response = ();
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        let path = self
            .mount_path
            .strip_prefix("/mnt/")
            .unwrap_or(&self.mount_path);
        let words = path
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        let mut name = words.fold("efs".to_owned(), |name, word| format!("{name}-{word}"));
        name.truncate(80);
        name
    }

    fn permissions(&self, function: &Function) -> Vec<Permission> {
        grants::statements(self, function)
            .into_iter()
            .map(Permission::ExecutionRole)
            .collect()
    }

    fn resources(&self, _function: &Function) -> Vec<Resource> {
        Vec::new()
    }

    /// `FileSystemConfigs`. Where the mount targets are in the same template, the function must
    /// depend on each of them.
    fn configuration(&self, _function: &Function) -> Option<Value> {
        let mut mount = json!({ "Arn": self.access_point, "LocalMountPath": self.mount_path });
        if let Some(direct) = self.direct_s3_read {
            let word = match direct {
                DirectS3Read::Auto => "AUTO",
                DirectS3Read::Enabled => "ENABLED",
                DirectS3Read::Disabled => "DISABLED",
            };
            mount["S3FilesConfig"] = json!({ "DirectS3Read": word });
        }
        Some(json!({ "FileSystemConfigs": [mount] }))
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::conflicts_within(self, other)
    }
}

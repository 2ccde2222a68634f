//! The neutral form in which a connection describes its infrastructure.

use serde::Serialize;
use serde_json::Value;

/// One piece of infrastructure, in the terms of AWS's resource schemas.
///
/// CloudFormation's resource types are the closest thing AWS has to one vocabulary for
/// infrastructure; the exporters for SAM and Terraform translate from it. What a connection grants
/// is not listed here: exporters derive it from [`Permission`](crate::Permission).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resource {
    /// A logical id: letters and digits only. Resources of one kind with the same id are one
    /// resource seen by several connections: exporters unite their properties and join their lists.
    pub id: String,
    /// The type, such as `AWS::Lambda::EventSourceMapping`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// The properties. [`Resource::FUNCTION`] stands for the function's ARN wherever one is needed.
    pub properties: Value,
    /// Logical ids that must exist first.
    pub depends_on: Vec<String>,
}

impl Resource {
    /// A placeholder for the ARN of the function (with its version or alias), which exporters replace by a reference
    /// when the function is part of the same template and by the ARN otherwise.
    pub const FUNCTION: &'static str = "${Function}";

    /// A resource of `kind` without dependencies.
    pub fn new(id: impl Into<String>, kind: &'static str, properties: Value) -> Self {
        Self {
            id: id.into(),
            kind,
            properties,
            depends_on: Vec::new(),
        }
    }

    /// A logical id made of words: letters and digits are kept, each word capitalized.
    ///
    /// ```
    /// use lambda_with::Resource;
    /// assert_eq!(Resource::logical_id(&["s3", "my-uploads", "images/"]), "S3MyUploadsImages");
    /// ```
    #[must_use]
    pub fn logical_id(words: &[&str]) -> String {
        let mut id = String::new();
        for word in words
            .iter()
            .flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric()))
        {
            let mut letters = word.chars();
            id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            id.extend(letters);
        }
        id
    }

    /// The logical id exporters give the permission with this statement id, for `depends_on`.
    ///
    /// ```
    /// use lambda_with::Resource;
    /// assert_eq!(Resource::permission_id("s3-uploads"), "S3UploadsPermission");
    /// ```
    #[must_use]
    pub fn permission_id(sid: &str) -> String {
        Self::logical_id(&[sid, "permission"])
    }
}

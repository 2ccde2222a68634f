//! What users ask of a task, and its members do not answer by themselves.

use std::borrow::Cow;

use lambda_with::{Error, ErrorKind, Text, form};
use serde::de::DeserializeOwned;

use crate::{S3BatchJob, S3BatchTask};

impl S3BatchTask {
    /// The name of the object's bucket, in either schema.
    ///
    /// ```
    /// use lambda_with_s3_batch::S3BatchTask;
    ///
    /// let one = r#"{"taskId": "t", "s3Key": "k", "s3BucketArn": "arn:aws:s3:::harbor-photos"}"#;
    /// let two = r#"{"taskId": "t", "s3Key": "k", "s3Bucket": "harbor-photos"}"#;
    /// for json in [one, two] {
    ///     assert_eq!(serde_json::from_str::<S3BatchTask>(json)?.bucket()?, "harbor-photos");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the task names no bucket.
    pub fn bucket(&self) -> Result<&str, Error> {
        let named = self.s3_bucket.as_deref();
        // Some documents show an ARN with Region and account, which a bucket's does not have.
        let last = |arn| str::rsplit(arn, ':').next();
        let bucket = named.or_else(|| self.s3_bucket_arn.as_deref().and_then(last));
        bucket.filter(|bucket| !bucket.is_empty()).ok_or_else(|| {
            let message = format!("task `{}` names no bucket", self.task_id);
            Error::new(ErrorKind::Decode, message)
        })
    }

    /// The key as the object really has it, to ask Amazon S3 for.
    ///
    /// ```
    /// use lambda_with_s3_batch::S3BatchTask;
    ///
    /// let task = S3BatchTask { s3_key: "photos/beach%20day+2.jpg".into(), ..S3BatchTask::default() };
    /// assert_eq!(task.decoded_key()?, "photos/beach day 2.jpg");
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// A `%` that no two hexadecimal digits follow stands for itself.
    ///
    /// # Errors
    ///
    /// When the decoded bytes are not UTF-8, which keys always are.
    pub fn decoded_key(&self) -> Result<Cow<'_, str>, Error> {
        form::decode_text(&self.s3_key)
    }

    /// What the manifest has in place of a key, read as JSON: the way to tell the function more
    /// about each object than its key.
    ///
    /// ```
    /// use lambda_with_s3_batch::{S3BatchEvent, SERVICE};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Move {
    ///     from: String,
    ///     to: String,
    /// }
    ///
    /// let json = SERVICE.sample("schema-1-json-key").ok_or("no such sample")?.json;
    /// let event: S3BatchEvent = lambda_with::decode(json)?;
    /// let Move { from, to } = event.tasks[0].key_as_json()?;
    /// assert_eq!((from.as_str(), to.as_str()), ("photos/beach day.jpg", "archive/"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`decoded_key`](Self::decoded_key), and when it is not the JSON that `T` reads.
    pub fn key_as_json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let json = self.decoded_key()?.into_owned();
        lambda_with::decode(json).map_err(|error| error.with("task", self.task_id.as_str()))
    }
}

impl S3BatchJob {
    /// What the job was given under this name. Always `None` in schema 1.0.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.user_arguments.get(name).map(Text::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets() {
        for (arn, name, bucket) in [
            (Some("arn:aws:s3:::photos"), None, Some("photos")),
            (
                Some("arn:aws:s3:us-east-1:0123456788:photos"),
                None,
                Some("photos"),
            ),
            (None, Some("photos"), Some("photos")),
            (
                None,
                Some("photos--euw1-az1--x-s3"),
                Some("photos--euw1-az1--x-s3"),
            ),
            (None, None, None),
            (Some(""), None, None),
        ] {
            let task = S3BatchTask {
                task_id: "t".into(),
                s3_bucket_arn: arn.map(Into::into).into(),
                s3_bucket: name.map(Into::into).into(),
                ..S3BatchTask::default()
            };
            let found = task.bucket();
            assert_eq!(found.as_ref().ok(), bucket.as_ref());
            if let Err(error) = found {
                assert!(error.to_string().contains("task `t`"), "{error}");
            }
        }
    }
}

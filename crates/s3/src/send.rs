//! Sends records to buckets, as Lambda does with those of invocations.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use lambda_with::rules::destination::Message;
use lambda_with::{Arn, Error};
use lambda_with_aws::{Session, failed};

/// Writes a record to a bucket, under the key Lambda gives it (`s3:PutObject`).
///
/// ```no_run
/// use lambda_with::rules::destination::Message;
/// use lambda_with_s3::send::to_bucket;
///
/// # async fn example(session: lambda_with_aws::Session, message: Message) -> Result<(), lambda_with::Error> {
/// let bucket = "arn:aws:s3:::orders-failed".parse()?;
/// to_bucket(&session, &bucket, &message).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// `NotFound` when there is no such bucket, `Denied` when it may not be written to, `Invalid` when it is
/// in another Region, `Throttled` or `Unavailable` when it may be sent another time.
pub async fn to_bucket(session: &Session, bucket: &Arn, message: &Message) -> Result<(), Error> {
    let config = aws_sdk_s3::config::Builder::from(session.config())
        .force_path_style(session.config().endpoint_url().is_some());
    let key = message.key.as_deref().unwrap_or_default();
    let request = Client::from_conf(config.build())
        .put_object()
        .bucket(bucket.resource())
        .key(String::from_utf8_lossy(key))
        .content_type("application/json")
        .body(ByteStream::from(message.body.clone()));
    let written = request.send().await;
    let thing = || format!("bucket {}", bucket.resource());
    written.map_err(|error| failed("PutObject", thing(), error))?;
    Ok(())
}

//! Sends records to queues, as Lambda does with those of invocations.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use lambda_with::rules::destination::Message;
use lambda_with::{Arn, Error, ErrorKind};

use crate::poll::failed;

/// Sends a record, or an event that failed, to a queue (`sqs:GetQueueUrl`, `sqs:SendMessage`).
///
/// ```no_run
/// use lambda_with::rules::destination::Message;
/// use lambda_with_sqs::send::to_queue;
///
/// # async fn example(client: aws_sdk_sqs::Client, message: Message) -> Result<(), lambda_with::Error> {
/// let queue = "arn:aws:sqs:eu-west-1:123456789012:orders-failed".parse()?;
/// to_queue(&client, &queue, &message).await?;
/// # Ok(())
/// # }
/// ```
///
/// The body is the message's body, the attributes of a dead letter are message attributes, and the
/// trace goes on through the attribute `AWSTraceHeader`. FIFO queues are no destinations: they refuse
/// it.
///
/// # Errors
///
/// `NotFound` when there is no such queue, `Denied` when it may not be written to, `Invalid` when the
/// queue does not take it, `Throttled` or `Unavailable` when it may be sent another time.
pub async fn to_queue(client: &Client, queue: &Arn, message: &Message) -> Result<(), Error> {
    let found = client
        .get_queue_url()
        .queue_name(queue.resource())
        .queue_owner_aws_account_id(queue.account())
        .send()
        .await;
    let found = found.map_err(|error| failed("GetQueueUrl", queue, error))?;
    let body = String::from_utf8_lossy(&message.body);
    let mut request = client
        .send_message()
        .set_queue_url(found.queue_url)
        .message_body(body);
    let broken =
        |error| Error::new(ErrorKind::Invalid, "an attribute has no type").caused_by(error);
    for attribute in &message.attributes {
        let value = MessageAttributeValue::builder()
            .data_type(attribute.data_type.as_ref())
            .string_value(&attribute.value);
        let value = value.build().map_err(broken)?;
        request = request.message_attributes(attribute.name.as_ref(), value);
    }
    if let Some(header) = &message.trace_header {
        let value = MessageSystemAttributeValue::builder()
            .data_type("String")
            .string_value(header);
        let value = value.build().map_err(broken)?;
        let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
        request = request.message_system_attributes(name, value);
    }
    let sent = request.send().await;
    sent.map_err(|error| failed("SendMessage", queue, error))?;
    Ok(())
}

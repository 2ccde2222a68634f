//! Sends records to topics, as Lambda does with those of invocations.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use lambda_with::rules::destination::Message;
use lambda_with::{Arn, Error, ErrorKind};
use lambda_with_aws::{Session, failed};

/// Publishes a record, or an event that failed, to a topic (`sns:Publish`).
///
/// ```no_run
/// use lambda_with::rules::destination::Message;
/// use lambda_with_sns::send::to_topic;
///
/// # async fn example(session: lambda_with_aws::Session, message: Message) -> Result<(), lambda_with::Error> {
/// let topic = "arn:aws:sns:eu-west-1:123456789012:orders-failed".parse()?;
/// to_topic(&session, &topic, &message).await?;
/// # Ok(())
/// # }
/// ```
///
/// The body is the message, the attributes of a dead letter are message attributes, and the trace goes
/// on. A topic takes 256 KB; FIFO topics are no destinations: they refuse it.
///
/// # Errors
///
/// `NotFound` when there is no such topic, `Denied` when it may not be published to, `Invalid` when the
/// topic does not take it, `Throttled` or `Unavailable` when it may be sent another time.
pub async fn to_topic(session: &Session, topic: &Arn, message: &Message) -> Result<(), Error> {
    let mut request = Client::new(session.config())
        .publish()
        .topic_arn(topic.as_str())
        .message(String::from_utf8_lossy(&message.body));
    for attribute in &message.attributes {
        let value = MessageAttributeValue::builder()
            .data_type(attribute.data_type.as_ref())
            .string_value(&attribute.value);
        let value = value.build().map_err(|error| {
            Error::new(ErrorKind::Invalid, "an attribute has no type").caused_by(error)
        })?;
        request = request.message_attributes(attribute.name.as_ref(), value);
    }
    let header = message.trace_header.clone();
    let request = request.customize().mutate_request(move |request| {
        if let Some(header) = &header {
            let headers = request.headers_mut();
            headers.insert("x-amzn-trace-id", header.clone());
        }
    });
    let sent = request.send().await;
    sent.map_err(|error| failed("Publish", format!("topic {topic}"), error))?;
    Ok(())
}

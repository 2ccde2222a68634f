//! Sends records to event buses, as Lambda does with those of invocations.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lambda_with::rules::destination::Message;
use lambda_with::{Arn, Error, ErrorKind};
use lambda_with_aws::{Session, failed};

/// Puts an event with a record as its detail on a bus (`events:PutEvents`).
///
/// ```no_run
/// use lambda_with::rules::destination::Message;
/// use lambda_with_eventbridge::send::to_bus;
///
/// # async fn example(session: lambda_with_aws::Session, message: Message) -> Result<(), lambda_with::Error> {
/// let bus = "arn:aws:events:eu-west-1:123456789012:event-bus/default".parse()?;
/// to_bus(&session, &bus, &message).await?;
/// # Ok(())
/// # }
/// ```
///
/// The event's source is `lambda`, its detail type `Lambda Function Invocation Result - Success` or
/// `… - Failure`, its resources are the bus and the function.
///
/// # Errors
///
/// `NotFound` when there is no such bus, `Denied` when it may not be written to, `Invalid` when the bus
/// does not take it, `Throttled` or `Unavailable` when it may be sent another time.
pub async fn to_bus(session: &Session, bus: &Arn, message: &Message) -> Result<(), Error> {
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(bus.as_str())
        .source(Message::SOURCE)
        .detail_type(message.detail_type())
        .set_resources(Some(message.resources().into()))
        .detail(String::from_utf8_lossy(&message.body))
        .set_trace_header(message.trace_header.clone());
    let client = Client::new(session.config());
    let answer = client.put_events().entries(entry.build()).send().await;
    let answer = answer.map_err(|error| failed("PutEvents", format!("bus {bus}"), error))?;
    // An entry that is not taken is no error of the call.
    let refused = answer.entries().iter().find_map(|entry| {
        let code = entry.error_code()?;
        Some((code, entry.error_message().unwrap_or(code)))
    });
    let Some((code, why)) = refused else {
        return Ok(());
    };
    let kind = match code {
        "ThrottlingException" => ErrorKind::Throttled,
        "InternalFailure" | "InternalException" => ErrorKind::Unavailable,
        _ => ErrorKind::Invalid,
    };
    Err(Error::new(kind, format!("PutEvents for bus {bus} failed: {why}")).with("code", code))
}

//! What asynchronous invocations send to destinations and dead-letter queues.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>.

mod message;

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use self::message::{Kind, Message, try_again};

use super::retry::Condition;
use crate::{Arn, FunctionError, Outcome, Timestamp};

/// The record of one asynchronous invocation that has ended.
///
/// ```
/// use lambda_with::rules::destination::InvocationRecord;
/// use lambda_with::rules::retry::Condition;
/// use lambda_with::Timestamp;
///
/// let record = InvocationRecord {
///     timestamp: Timestamp::from_unix_millis(1_772_447_761_512),
///     request_id: "2f6a7d0c-2a43-4c7c-9a2f-0d9f3e7b1c11",
///     function: &"arn:aws:lambda:eu-west-1:123456789012:function:resize".parse()?,
///     condition: Condition::ZeroReservedConcurrency,
///     attempts: 0,
///     request: br#"{"id":7}"#,
///     outcome: None,
/// };
/// assert!(record.to_json().starts_with(br#"{"version":"1.0","timestamp":"2026-03-02T10:36:01.512Z""#));
/// # Ok::<(), lambda_with::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InvocationRecord<'a> {
    /// When the event ended.
    pub timestamp: Timestamp,
    /// The id all its attempts carried.
    pub request_id: &'a str,
    /// The function's ARN; without version or alias, `$LATEST` is meant.
    pub function: &'a Arn,
    /// How the event ended.
    pub condition: Condition,
    /// How often the function ran with it.
    pub attempts: u32,
    /// The event, as JSON text.
    pub request: &'a [u8],
    /// What the last attempt came to; none when the function never ran.
    pub outcome: Option<&'a Outcome>,
}

impl InvocationRecord<'_> {
    /// The record as compact JSON: the body of a queue's message, the message of a topic, the event
    /// of a function, the detail of a bus, the content of an S3 object.
    ///
    /// Both payloads stand in it as they are. Without an outcome there is neither a
    /// `responseContext` nor a `responsePayload`.
    #[must_use]
    pub fn to_json(&self) -> Bytes {
        let function_error = match self.outcome {
            Some(Outcome::FunctionError { function_error, .. }) => Some(function_error.as_str()),
            _ => None,
        };
        let answer = match self.outcome {
            Some(
                Outcome::Success {
                    payload,
                    executed_version,
                    ..
                }
                | Outcome::FunctionError {
                    payload,
                    executed_version,
                    ..
                },
            ) => Some((payload, executed_version)),
            Some(Outcome::Accepted { .. } | Outcome::DryRun) | None => None,
        };
        let (request, response) = (raw(self.request), answer.map(|(payload, _)| raw(payload)));
        let document = Document {
            version: "1.0",
            timestamp: self.timestamp.to_rfc3339_millis(),
            request_context: RequestContext {
                request_id: self.request_id,
                function_arn: qualified(self.function),
                condition: self.condition,
                approximate_invoke_count: self.attempts,
            },
            request_payload: &request,
            response_context: answer.map(|(_, executed_version)| ResponseContext {
                status_code: 200,
                executed_version,
                function_error,
            }),
            response_payload: response.as_deref(),
        };
        // Only a map with keys that are no strings could fail, and there is none.
        serde_json::to_vec(&document).unwrap_or_default().into()
    }

    /// The key of the object an S3 bucket receives; `uuid` makes it unique.
    #[must_use]
    pub fn object_key(&self, uuid: &str) -> String {
        let name = self
            .function
            .resource()
            .split(':')
            .nth(1)
            .unwrap_or_default();
        let time = self.timestamp.to_rfc3339_millis();
        let date = time.get(..10).unwrap_or_default();
        let clock = time.get(11..19).unwrap_or_default().replace(':', ".");
        format!(
            "aws/lambda/async/{name}/{}/{date}T{clock}-{uuid}",
            date.replace('-', "/")
        )
    }
}

/// The message a dead-letter queue or topic receives for an event that was given up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeadLetter {
    /// The event, byte for byte.
    pub body: Bytes,
    /// The message attributes.
    pub attributes: Vec<Attribute>,
}

/// One message attribute.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Attribute {
    /// `RequestID`, `ErrorCode` or `ErrorMessage`.
    pub name: Cow<'static, str>,
    /// `String` or `Number`.
    pub data_type: Cow<'static, str>,
    /// The value.
    pub value: String,
}

impl DeadLetter {
    /// The message for `event`, whose last attempt came to `outcome`.
    ///
    /// The error's message is cut at 1 KB. An event the function never ran with carries its request
    /// id alone.
    #[must_use]
    pub fn new(request_id: &str, event: Bytes, outcome: Option<&Outcome>) -> Self {
        let attribute = |name: &'static str, data_type: &'static str, value| Attribute {
            name: name.into(),
            data_type: data_type.into(),
            value,
        };
        let mut attributes = vec![attribute("RequestID", "String", request_id.to_owned())];
        if let Some(Outcome::FunctionError { payload, .. }) = outcome {
            let error: FunctionError = serde_json::from_slice(payload).unwrap_or_default();
            let mut message = error.error_message;
            message.truncate(message.floor_char_boundary(1024));
            attributes.push(attribute("ErrorCode", "Number", "200".into()));
            // An attribute cannot be empty.
            if !message.is_empty() {
                attributes.push(attribute("ErrorMessage", "String", message));
            }
        }
        Self {
            body: event,
            attributes,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: &'static str,
    timestamp: String,
    request_context: RequestContext<'a>,
    request_payload: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_payload: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: String,
    condition: Condition,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext<'a> {
    status_code: u16,
    executed_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'a str>,
}

fn qualified(function: &Arn) -> String {
    match function.resource().split(':').nth(2) {
        Some(_) => function.to_string(),
        None => format!("{function}:$LATEST"),
    }
}

/// The payload as it is; nothing as `null`, and what is not JSON as a string.
fn raw(payload: &[u8]) -> Box<RawValue> {
    if payload.trim_ascii().is_empty() {
        return RawValue::NULL.to_owned();
    }
    serde_json::from_slice(payload).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(payload);
        serde_json::value::to_raw_value(&text).unwrap_or_else(|_| RawValue::NULL.to_owned())
    })
}

#[cfg(test)]
mod tests;

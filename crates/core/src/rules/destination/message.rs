//! One record, or one event that failed, on its way.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Attribute, DeadLetter, InvocationRecord, qualified};
use crate::Arn;
use crate::rules::retry::Condition;
use crate::rules::stream::Destination;

/// What a destination or a dead-letter queue receives, and all that is needed to send it.
///
/// | destination | receives |
/// |---|---|
/// | queue of Amazon SQS | `body` as the message's body, with `attributes` |
/// | topic of Amazon SNS | `body` as the message, with `attributes` |
/// | bus of EventBridge | an event of the source [`SOURCE`](Self::SOURCE) with [`detail_type`](Self::detail_type), [`resources`](Self::resources), and `body` as its detail |
/// | Lambda function | `body` as the payload of an asynchronous invocation |
/// | bucket of Amazon S3 | `body` as the object `key` |
/// | topic of Kafka | `body` as the value of a message under `key` |
///
/// ```
/// use lambda_with::rules::destination::{DeadLetter, Kind};
///
/// let letter = DeadLetter::new("2f6a7d0c", r#"{"id":7}"#.into(), None);
/// let function = "arn:aws:lambda:eu-west-1:123456789012:function:resize".parse()?;
/// let queue = "arn:aws:sqs:eu-west-1:123456789012:resize-dead".parse()?;
/// let message = letter.message(&function, &queue);
/// assert_eq!((message.kind, &message.body[..]), (Kind::DeadLetter, &br#"{"id":7}"#[..]));
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Why it is sent.
    pub kind: Kind,
    /// The function it tells of.
    pub function: Arn,
    /// Where to.
    pub to: Destination,
    /// The key of a bucket's object, or of a message of Kafka; the latter may have none.
    pub key: Option<Bytes>,
    /// The record; of a dead letter the event, byte for byte.
    pub body: Bytes,
    /// What stands beside the event of a dead letter.
    pub attributes: Vec<Attribute>,
    /// The X-Ray trace header that goes with it, where the destination takes one.
    pub trace_header: Option<String>,
}

/// Why something is sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The record of a success.
    OnSuccess,
    /// The record of a failure.
    OnFailure,
    /// An event that failed, for the dead-letter queue.
    DeadLetter,
}

impl Message {
    /// The source of the event an EventBridge bus receives.
    pub const SOURCE: &'static str = "lambda";

    /// The detail type of the event an EventBridge bus receives.
    #[must_use]
    pub fn detail_type(&self) -> &'static str {
        match self.kind {
            Kind::OnSuccess => "Lambda Function Invocation Result - Success",
            Kind::OnFailure | Kind::DeadLetter => "Lambda Function Invocation Result - Failure",
        }
    }

    /// The resources of the event an EventBridge bus receives: the bus and the function.
    #[must_use]
    pub fn resources(&self) -> [String; 2] {
        [self.to.to_string(), qualified(&self.function)]
    }
}

impl InvocationRecord<'_> {
    /// The message that takes the record there; `uuid` makes the key of an object unique.
    #[must_use]
    pub fn message(&self, to: &Arn, uuid: &str) -> Message {
        let key = (to.service() == "s3").then(|| self.object_key(uuid).into());
        Message {
            kind: match self.condition {
                Condition::Success => Kind::OnSuccess,
                _ => Kind::OnFailure,
            },
            function: self.function.clone(),
            to: Destination::Arn(to.clone()),
            key,
            body: self.to_json(),
            attributes: Vec::new(),
            trace_header: None,
        }
    }
}

impl DeadLetter {
    /// The message that takes the event of this function there.
    #[must_use]
    pub fn message(self, function: &Arn, to: &Arn) -> Message {
        Message {
            kind: Kind::DeadLetter,
            function: function.clone(),
            to: Destination::Arn(to.clone()),
            key: None,
            body: self.body,
            attributes: self.attributes,
            trace_header: None,
        }
    }
}

/// When a message is tried again that could not be sent, although it may be another time; `None` when
/// it is given up. It was to be sent at `begun`, and has been tried `tries` times.
///
/// Lambda publishes no figures. Here it is tried after a second, then after twice as long each time up
/// to a minute, for an hour.
#[must_use]
pub fn try_again(begun: Duration, tries: u32, now: Duration) -> Option<Duration> {
    let doublings = tries.saturating_sub(1).min(6);
    let pause = Duration::from_secs(1 << doublings).min(LONGEST);
    (now + pause <= begun + PATIENCE).then_some(now + pause)
}

const LONGEST: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(3600);

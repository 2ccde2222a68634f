//! Reads a queue over its real protocol and hands its messages on as Lambda does.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
};
use lambda_with::{Arn, Base64, Error, ErrorKind, Record, Source, Timestamp};
use serde::{Serialize, Serializer};

/// The most messages of one receive and one delete.
const CALL: usize = 10;
/// The longest long poll, in seconds.
const LONGEST_WAIT: u64 = 20;
/// How long SQS remembers a ReceiveRequestAttemptId.
const ATTEMPT_LIFE: Duration = Duration::from_secs(300);
/// An event holds no more, so no more is gathered by one receive.
const EVENT_BYTES: usize = 6 * 1024 * 1024;

/// A queue as a [`Source`]: SQS itself, or anything that speaks its protocol.
///
/// ```no_run
/// use lambda_with_sqs::poll::SqsSource;
///
/// # async fn example(config: &aws_sdk_sqs::config::Config) -> Result<(), lambda_with::Error> {
/// let client = aws_sdk_sqs::Client::from_conf(config.clone());
/// let queue = "arn:aws:sqs:eu-west-1:123456789012:orders".parse()?;
/// let source = SqsSource::find(client, queue).await?;
/// # drop(source);
/// # Ok(())
/// # }
/// ```
///
/// Where the messages come from is told by the client's `endpoint_url`. A receive of more than 10
/// messages is made of several calls; only the first waits, at most 20 seconds. Messages keep the
/// queue's own visibility timeout: one that is not acknowledged comes again when it is over, with a
/// higher `ApproximateReceiveCount`, or goes to the queue's dead-letter queue.
///
/// Nothing is remembered of the messages given out.
#[derive(Debug)]
pub struct SqsSource {
    client: Client,
    queue: Arn,
    url: String,
    fifo: bool,
    unanswered: Mutex<Option<(String, Instant)>>,
}

impl SqsSource {
    /// The queue of this ARN at this URL.
    pub fn new(client: Client, queue: Arn, url: impl Into<String>) -> Self {
        let fifo = queue.resource().ends_with(".fifo");
        Self {
            client,
            queue,
            url: url.into(),
            fifo,
            unanswered: Mutex::new(None),
        }
    }

    /// The queue of this ARN, at the URL the endpoint gives for it (`sqs:GetQueueUrl`).
    ///
    /// # Errors
    ///
    /// When there is no such queue, or it may not be looked up.
    pub async fn find(client: Client, queue: Arn) -> Result<Self, Error> {
        let request = client.get_queue_url().queue_name(queue.resource());
        let answer = request
            .queue_owner_aws_account_id(queue.account())
            .send()
            .await;
        let answer = answer.map_err(|error| failed("GetQueueUrl", &queue, error))?;
        let url = answer.queue_url().unwrap_or_default().to_owned();
        Ok(Self::new(client, queue, url))
    }

    /// One receive.
    pub(crate) async fn receive_some(
        &self,
        max: usize,
        seconds: u64,
    ) -> Result<Vec<Message>, Error> {
        let attempt = self.fifo.then(|| self.attempt());
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(max).unwrap_or(i32::MAX))
            .wait_time_seconds(i32::try_from(seconds).unwrap_or(i32::MAX))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .set_receive_request_attempt_id(attempt.as_ref().map(|(id, _)| id.clone()))
            .send()
            .await;
        *self
            .unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = if answer.is_err() { attempt } else { None };
        let answer = answer.map_err(|error| failed("ReceiveMessage", &self.queue, error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// The id of a receive that got no answer, or a new one: asked again under the same id, a FIFO
    /// queue gives the same messages again instead of holding their groups until they time out.
    fn attempt(&self) -> (String, Instant) {
        let mut unanswered = self
            .unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let earlier = unanswered
            .take()
            .filter(|(_, since)| since.elapsed() < ATTEMPT_LIFE);
        earlier.unwrap_or_else(|| (uuid::Uuid::new_v4().to_string(), Instant::now()))
    }

    fn record(&self, message: Message) -> Result<Record, Error> {
        let missing = |what: &str| {
            Error::new(
                ErrorKind::Decode,
                format!("the endpoint sent a message without {what}"),
            )
            .with("queue", self.queue.as_str())
        };
        let id = message.message_id.ok_or_else(|| missing("an id"))?;
        let receipt = message
            .receipt_handle
            .ok_or_else(|| missing("a receipt handle"))?;
        let attributes = message.attributes.unwrap_or_default();
        let attached = message.message_attributes.unwrap_or_default();
        let group = attributes
            .get(&MessageSystemAttributeName::MessageGroupId)
            .cloned();
        let wire = Wire {
            message_id: &id,
            receipt_handle: &receipt,
            body: message.body.as_deref().unwrap_or_default(),
            attributes: InOrder(&attributes),
            md5_of_message_attributes: message
                .md5_of_message_attributes
                .as_deref()
                .filter(|_| !attached.is_empty()),
            message_attributes: attached
                .iter()
                .map(|(name, value)| (name, value.into()))
                .collect(),
            md5_of_body: message.md5_of_body.as_deref(),
            event_source: "aws:sqs",
            event_source_arn: self.queue.as_str(),
            aws_region: self.queue.region(),
        };
        let json = serde_json::to_vec(&wire).map_err(|error| {
            Error::new(ErrorKind::Decode, format!("message {id} cannot be written"))
                .caused_by(error)
        })?;
        Ok(Record {
            group: group.filter(|_| self.fifo),
            json: json.into(),
            arrived: sent(&attributes),
            id,
            receipt,
        })
    }

    /// Deletes up to ten messages; gives back those it could not.
    async fn delete<'r>(&self, records: &[&'r Record]) -> Result<Vec<Undeleted<'r>>, Error> {
        let mut request = self.client.delete_message_batch().queue_url(&self.url);
        for (index, record) in records.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(&record.receipt)
                .build()
                .map_err(|error| {
                    Error::new(ErrorKind::Invalid, "a delete has no id").caused_by(error)
                })?;
            request = request.entries(entry);
        }
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("DeleteMessageBatch", &self.queue, error))?;
        let undeleted = answer.failed.into_iter().filter_map(|entry| {
            let record = *records.get(entry.id.parse::<usize>().ok()?)?;
            let why = entry.message.unwrap_or(entry.code);
            Some(Undeleted {
                record,
                why,
                hopeless: entry.sender_fault,
            })
        });
        Ok(undeleted.collect())
    }
}

impl Source for SqsSource {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        let mut records: Vec<Record> = Vec::new();
        let mut bytes = 0;
        let mut seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
        while records.len() < max && bytes < EVENT_BYTES {
            let wanted = (max - records.len()).min(CALL);
            let messages = match self.receive_some(wanted, seconds.min(LONGEST_WAIT)).await {
                Ok(messages) if messages.is_empty() => break,
                Ok(messages) => messages,
                Err(error) if records.is_empty() => return Err(error),
                // What is there already is handed on; a lasting error shows at the next receive.
                Err(_) => break,
            };
            for message in messages {
                let record = self.record(message)?;
                bytes += record.json.len();
                records.push(record);
            }
            seconds = 0;
        }
        Ok(records)
    }

    async fn acknowledge(&self, records: &[Record]) -> Result<(), Error> {
        let mut first_error = None;
        let records: Vec<&Record> = records.iter().collect();
        for some in records.chunks(CALL) {
            let undeleted = match self.delete(some).await {
                Ok(undeleted) => self.delete_again(undeleted).await,
                Err(error) => Err(error),
            };
            if let Err(error) = undeleted {
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    }
}

impl SqsSource {
    /// Tries once more what SQS itself failed at; what it refuses would be refused again.
    async fn delete_again(&self, undeleted: Vec<Undeleted<'_>>) -> Result<(), Error> {
        let (mut left, again): (Vec<_>, Vec<_>) = undeleted.into_iter().partition(|u| u.hopeless);
        if !again.is_empty() {
            let again: Vec<&Record> = again.iter().map(|undeleted| undeleted.record).collect();
            left.extend(self.delete(&again).await?);
        }
        let Some(first) = left.first() else {
            return Ok(());
        };
        let kind = if first.hopeless {
            ErrorKind::Invalid
        } else {
            ErrorKind::Unavailable
        };
        let what = format!(
            "{} messages were not deleted and may come again",
            left.len()
        );
        Err(Error::new(kind, what)
            .with("queue", self.queue.as_str())
            .with("first", first.record.id.as_str())
            .with("because", first.why.as_str()))
    }
}

struct Undeleted<'r> {
    record: &'r Record,
    why: String,
    /// Whether the request was at fault: its receipt handle is no longer good.
    hopeless: bool,
}

/// A message as it stands in an event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    body: &'a str,
    attributes: InOrder<'a>,
    message_attributes: BTreeMap<&'a String, WireAttribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5_of_body: Option<&'a str>,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireAttribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<Base64>,
    string_list_values: Vec<&'a str>,
    binary_list_values: Vec<Base64>,
    data_type: &'a str,
}

impl<'a> From<&'a MessageAttributeValue> for WireAttribute<'a> {
    fn from(value: &'a MessageAttributeValue) -> Self {
        let encode = |blob: &aws_sdk_sqs::primitives::Blob| Base64::encode(blob.as_ref());
        Self {
            string_value: value.string_value(),
            binary_value: value.binary_value().map(encode),
            string_list_values: value
                .string_list_values()
                .iter()
                .map(String::as_str)
                .collect(),
            binary_list_values: value.binary_list_values().iter().map(encode).collect(),
            data_type: value.data_type(),
        }
    }
}

/// System attributes in the order Lambda writes them, those it does not know after them by name.
struct InOrder<'a>(&'a HashMap<MessageSystemAttributeName, String>);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const ORDER: [&str; 9] = [
            "ApproximateReceiveCount",
            "AWSTraceHeader",
            "SentTimestamp",
            "SequenceNumber",
            "MessageGroupId",
            "SenderId",
            "MessageDeduplicationId",
            "ApproximateFirstReceiveTimestamp",
            "DeadLetterQueueSourceArn",
        ];
        let place = |name: &str| {
            ORDER
                .iter()
                .position(|known| *known == name)
                .unwrap_or(ORDER.len())
        };
        let mut attributes: Vec<(&str, &String)> = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        attributes.sort_by_key(|(name, _)| (place(name), *name));
        serializer.collect_map(attributes)
    }
}

pub(crate) fn failed<E>(call: &'static str, queue: &Arn, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    failed_at(call, queue.resource(), queue.as_str(), error)
}

/// The same, for a queue of this name at this place.
pub(crate) fn failed_at<E>(call: &'static str, name: &str, place: &str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = match &error {
        SdkError::ServiceError(service) => service.raw().status().as_u16(),
        _ => 0,
    };
    let kind = match error.code().unwrap_or_default() {
        code if code.ends_with("NonExistentQueue") || code.ends_with("QueueDoesNotExist") => {
            ErrorKind::NotFound
        }
        code if code.contains("Thrott") || code.ends_with("OverLimit") => ErrorKind::Throttled,
        _ if status == 401 || status == 403 => ErrorKind::Denied,
        _ if (400..500).contains(&status) => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    };
    let why = match error.message() {
        Some(message) => message.to_owned(),
        None => chain(&error),
    };
    Error::new(kind, format!("{call} on queue {name} failed"))
        .with("queue", place)
        .with("because", why)
        .caused_by(error)
}

/// An error and what caused it, in one line; the SDK's own way of it adds pages for its developers.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

pub(crate) fn sent(attributes: &HashMap<MessageSystemAttributeName, String>) -> Option<Timestamp> {
    let millis = attributes.get(&MessageSystemAttributeName::SentTimestamp)?;
    millis.parse().ok().map(Timestamp::from_unix_millis)
}

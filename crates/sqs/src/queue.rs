//! A queue as the queue of asynchronous events of several engines.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageAttributeValue, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use bytes::Bytes;
use lambda_with::{Arn, Base64, Error, ErrorKind, EventQueue, Record, Source};

use crate::groups::{Answers, Groups};
use crate::poll::{SqsSource, failed, failed_at, sent};

/// The most entries of one call.
const CALL: usize = 10;

/// The longest long poll, and the longest delay.
const LONGEST_WAIT: u64 = 20;
const LONGEST_DELAY: u64 = 900;

/// The shortest time for which a queue may hide what was received: less cannot be made longer in time.
const SHORTEST: Duration = Duration::from_secs(3);

/// As long as an event may live.
const RETENTION: u64 = 6 * 3600;

/// Names a body that is not the event as it is.
const ENCODING: &str = "encoding";
const BASE64: &str = "base64";

/// A standard queue that keeps the asynchronous events of several engines.
///
/// ```no_run
/// use lambda_with_sqs::queue::SqsQueue;
///
/// # async fn example(config: &aws_sdk_sqs::config::Config) -> Result<(), lambda_with::Error> {
/// let client = aws_sdk_sqs::Client::from_conf(config.clone());
/// let url = "https://sqs.eu-west-1.amazonaws.com/123456789012/events";
/// let queue = SqsQueue::open(client, url).await?;
/// # drop(queue);
/// # Ok(())
/// # }
/// ```
///
/// Events that are sent at the same time go in one `SendMessageBatch`, up to ten and 1 MiB, without one
/// waiting for others; deletes go the same way. A body that SQS would refuse, because a JSON text may
/// hold U+FFFE and U+FFFF, is sent as base64.
///
/// The queue's visibility timeout, read once, is how long it takes until the events of an engine that
/// was killed run elsewhere. Its redrive policy is kept to by SQS; `maxReceiveCount` should be 5 or
/// more, for an event is received once more whenever an engine ends in its middle.
///
/// It takes `sqs:GetQueueAttributes`, `SendMessage`, `ReceiveMessage`, `DeleteMessage` and
/// `ChangeMessageVisibility`.
#[derive(Debug)]
pub struct SqsQueue {
    client: Client,
    arn: Arn,
    url: String,
    visibility: Duration,
    max_size: usize,
    source: Arc<SqsSource>,
    sends: Groups<Sending>,
    deletes: Groups<Record>,
}

/// An event on its way.
struct Sending {
    body: String,
    is_base64: bool,
    seconds: i32,
}

impl SqsQueue {
    /// The queue at this URL.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such queue, `Unavailable` when it is not reached, `Denied` when it
    /// may not be read, `Invalid` when it is a FIFO queue, hides what was received for less than three
    /// seconds, or keeps messages for less than the six hours an event may live.
    pub async fn open(client: Client, url: &str) -> Result<Self, Error> {
        let name = url.rsplit('/').next().unwrap_or(url);
        let refuse = |message: String, fix: &str| {
            let error = Error::new(ErrorKind::Invalid, message);
            Err(error.with("queue", url).with("fix", fix))
        };
        if name.ends_with(".fifo") {
            let message = format!("queue {name} is a FIFO queue, which has no delays");
            return refuse(message, "share a standard queue");
        }
        let request = client.get_queue_attributes().queue_url(url);
        let answer = request.attribute_names(QueueAttributeName::All).send();
        let answer = answer.await;
        let answer = answer.map_err(|error| failed_at("GetQueueAttributes", name, url, error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let arn: Arn = attribute(&attributes, &QueueAttributeName::QueueArn, name)?;
        let visibility = attribute(&attributes, &QueueAttributeName::VisibilityTimeout, name)?;
        let visibility = Duration::from_secs(visibility);
        if visibility < SHORTEST {
            let seconds = visibility.as_secs();
            let message = format!("queue {name} hides what was received for {seconds} s only");
            return refuse(message, "set VisibilityTimeout to 30");
        }
        let retention: u64 = attribute(
            &attributes,
            &QueueAttributeName::MessageRetentionPeriod,
            name,
        )?;
        if retention < RETENTION {
            let message = format!(
                "queue {name} keeps messages for {retention} s, and an event may live for {RETENTION}"
            );
            return refuse(message, "set MessageRetentionPeriod to 345600, four days");
        }
        let max_size = attribute(&attributes, &QueueAttributeName::MaximumMessageSize, name)?;
        let source = Arc::new(SqsSource::new(client.clone(), arn.clone(), url));
        Ok(Self {
            sends: Groups::new(send(client.clone(), arn.clone(), url)),
            deletes: Groups::new(delete(Arc::clone(&source))),
            client,
            arn,
            url: url.to_owned(),
            visibility,
            max_size,
            source,
        })
    }

    /// The queue's ARN.
    #[must_use]
    pub fn arn(&self) -> &Arn {
        &self.arn
    }

    fn record(&self, message: Message) -> Result<Record, Error> {
        let missing = |what: &str| {
            let message = format!("the endpoint sent a message without {what}");
            Error::new(ErrorKind::Decode, message).with("queue", self.arn.as_str())
        };
        let id = message.message_id.ok_or_else(|| missing("an id"))?;
        let receipt = message.receipt_handle;
        let receipt = receipt.ok_or_else(|| missing("a receipt handle"))?;
        let attached = message.message_attributes.unwrap_or_default();
        let encoding = attached.get(ENCODING).and_then(|it| it.string_value());
        let body = message.body.unwrap_or_default();
        let json = match encoding {
            // What is not base64 is no event either, which is not for a queue to judge.
            Some(BASE64) => match Base64::from(body.as_str()).decode() {
                Ok(event) => event.into(),
                Err(_) => body.into(),
            },
            _ => Bytes::from(body),
        };
        Ok(Record {
            id,
            group: None,
            receipt,
            json,
            arrived: message.attributes.as_ref().and_then(sent),
        })
    }
}

impl Source for SqsQueue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Record>, Error> {
        let seconds = wait.as_millis().div_ceil(1000);
        let seconds = u64::try_from(seconds).unwrap_or(LONGEST_WAIT);
        let messages = self
            .source
            .receive_some(max.min(CALL), seconds.min(LONGEST_WAIT));
        let messages = messages.await?.into_iter();
        messages.map(|message| self.record(message)).collect()
    }

    async fn acknowledge(&self, records: &[Record]) -> Result<(), Error> {
        match records {
            [one] => self.deletes.add(one.clone(), 0).await,
            several => self.source.acknowledge(several).await,
        }
    }
}

impl EventQueue for SqsQueue {
    fn visibility(&self) -> Duration {
        self.visibility
    }

    fn max_size(&self) -> usize {
        self.max_size
    }

    async fn send(&self, event: Bytes, delay: Duration) -> Result<(), Error> {
        let body = String::from_utf8(event.into()).map_err(|error| {
            Error::new(ErrorKind::Decode, "the event is not text").caused_by(error)
        })?;
        let is_base64 = !body.chars().all(is_taken);
        let body = match is_base64 {
            true => Base64::encode(body).as_str().to_owned(),
            false => body,
        };
        let extra = match is_base64 {
            true => ENCODING.len() + "String".len() + BASE64.len(),
            false => 0,
        };
        let size = body.len() + extra;
        if size > self.max_size {
            let message = format!(
                "{size} bytes are too large for queue {} (limit {} bytes)",
                self.arn.resource(),
                self.max_size
            );
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let seconds = u64::try_from(delay.as_millis().div_ceil(1000)).unwrap_or(LONGEST_DELAY);
        let seconds = i32::try_from(seconds.min(LONGEST_DELAY)).unwrap_or_default();
        let sending = Sending {
            body,
            is_base64,
            seconds,
        };
        self.sends.add(sending, size).await
    }

    async fn hide(&self, records: &[Record], time: Duration) -> Result<(), Error> {
        let seconds = i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
        let mut first_error = None;
        for some in records.chunks(CALL) {
            let mut request = self.client.change_message_visibility_batch();
            request = request.queue_url(&self.url);
            for (index, record) in some.iter().enumerate() {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(&record.receipt)
                    .visibility_timeout(seconds);
                request = request.entries(entry.build().map_err(incomplete)?);
            }
            // What is refused alone has been deleted, or is with somebody else already.
            if let Err(error) = request.send().await {
                let error = failed("ChangeMessageVisibilityBatch", &self.arn, error);
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    }
}

/// How up to ten events are sent.
fn send(
    client: Client,
    arn: Arn,
    url: &str,
) -> impl Fn(Vec<Sending>) -> std::pin::Pin<Box<dyn Future<Output = Answers> + Send>> + use<> {
    let url: Arc<str> = url.into();
    move |events| {
        let (client, arn, url) = (client.clone(), arn.clone(), Arc::clone(&url));
        Box::pin(async move {
            let count = events.len();
            match send_group(&client, &arn, &url, events).await {
                Ok(answers) => answers,
                Err(error) => to_each(&error, count),
            }
        })
    }
}

async fn send_group(
    client: &Client,
    arn: &Arn,
    url: &str,
    events: Vec<Sending>,
) -> Result<Answers, Error> {
    let count = events.len();
    let mut request = client.send_message_batch().queue_url(url);
    for (index, event) in events.into_iter().enumerate() {
        let mut entry = SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(event.body)
            .delay_seconds(event.seconds);
        if event.is_base64 {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(BASE64);
            entry = entry.message_attributes(ENCODING, value.build().map_err(incomplete)?);
        }
        request = request.entries(entry.build().map_err(incomplete)?);
    }
    let answer = request.send().await;
    let answer = answer.map_err(|error| failed("SendMessageBatch", arn, error))?;
    // What is not named was not taken, so that no event is lost to an answer that lacks some.
    let mut answers: Answers = (0..count)
        .map(|_| {
            Err(refused(
                arn,
                ErrorKind::Unavailable,
                "it is not in the answer",
            ))
        })
        .collect();
    let place = |id: &str| id.parse().ok().filter(|index: &usize| *index < count);
    for taken in answer.successful {
        if let Some(index) = place(&taken.id) {
            answers[index] = Ok(());
        }
    }
    for entry in answer.failed {
        let kind = match entry.sender_fault {
            true => ErrorKind::Invalid,
            false => ErrorKind::Unavailable,
        };
        if let Some(index) = place(&entry.id) {
            let why = entry.message.unwrap_or(entry.code);
            answers[index] = Err(refused(arn, kind, &why));
        }
    }
    Ok(answers)
}

/// How up to ten events are deleted.
fn delete(
    source: Arc<SqsSource>,
) -> impl Fn(Vec<Record>) -> std::pin::Pin<Box<dyn Future<Output = Answers> + Send>> {
    move |records| {
        let source = Arc::clone(&source);
        Box::pin(async move {
            match source.acknowledge(&records).await {
                Ok(()) => records.iter().map(|_| Ok(())).collect(),
                Err(error) => to_each(&error, records.len()),
            }
        })
    }
}

/// One error for each of these entries.
fn to_each(error: &Error, count: usize) -> Answers {
    let one = || Err(Error::new(error.kind(), error.to_string()));
    (0..count).map(|_| one()).collect()
}

fn refused(arn: &Arn, kind: ErrorKind, why: &str) -> Error {
    let message = format!("queue {} did not take an event", arn.resource());
    Error::new(kind, message).with("because", why)
}

fn incomplete(error: aws_sdk_sqs::error::BuildError) -> Error {
    Error::new(ErrorKind::Invalid, "an entry of a batch is incomplete").caused_by(error)
}

/// Whether SQS takes this character in a message.
fn is_taken(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn attribute<T: FromStr>(
    attributes: &HashMap<QueueAttributeName, String>,
    name: &QueueAttributeName,
    queue: &str,
) -> Result<T, Error> {
    let value = attributes.get(name).and_then(|value| value.parse().ok());
    value.ok_or_else(|| {
        let message = format!("the endpoint does not tell the {name} of queue {queue}");
        Error::new(ErrorKind::Decode, message)
    })
}

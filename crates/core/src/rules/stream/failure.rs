//! What destinations receive for records that were given up.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::event::{Frame, Origin};
use super::lane::Item;
use super::{Condition, Destination};
use crate::rules::destination::{Kind, Message};
use crate::{Arn, Map, Outcome, Timestamp};

/// Records that were given up, to be reported before they count as done with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// What [`Consumer::reported`](super::Consumer::reported) names it by.
    pub id: u64,
    /// Why.
    pub condition: Condition,
    /// How often the function ran with them.
    pub attempts: u32,
    /// The id of the last of these invocations.
    pub request_id: Option<String>,
    /// Which records, by shard.
    pub spans: Vec<Span>,
    /// The event of exactly these records.
    pub event: Bytes,
    pub(super) last: Option<Last>,
    pub(super) items: Vec<Item>,
}

/// Records of one shard that follow each other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Span {
    /// The shard, or topic and partition.
    pub shard: String,
    /// The sequence number or offset of the first.
    pub first: String,
    /// When the first arrived.
    pub first_arrived: Timestamp,
    /// The sequence number or offset of the last.
    pub last: String,
    /// When the last arrived.
    pub last_arrived: Timestamp,
    /// How many there are.
    pub records: usize,
}

/// What a failure record says beside the failure: who sends it, and when.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The function's ARN as the mapping names it.
    pub function: &'a Arn,
    /// Where the records came from.
    pub origin: &'a Origin,
    /// The id for records that were never invoked with.
    pub request_id: &'a str,
    /// When it is sent.
    pub timestamp: Timestamp,
}

/// The message a topic of Kafka receives for one record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KafkaMessage {
    /// The key of the record; without one the message goes to any partition.
    pub key: Option<Bytes>,
    /// The failure and the record, as JSON.
    pub value: Bytes,
}

/// What the last run came to.
#[derive(Clone, Debug)]
pub(super) struct Last {
    pub(super) request_id: String,
    executed_version: String,
    function_error: Option<String>,
}

impl Last {
    pub(super) fn new(request_id: &str, outcome: &Outcome) -> Option<Self> {
        let (executed_version, function_error) = match outcome {
            Outcome::Success {
                executed_version, ..
            } => (executed_version, None),
            Outcome::FunctionError {
                executed_version,
                function_error,
                ..
            } => (executed_version, Some(function_error.clone())),
            Outcome::Accepted { .. } | Outcome::DryRun => return None,
        };
        Some(Self {
            request_id: request_id.to_owned(),
            executed_version: executed_version.clone(),
            function_error,
        })
    }
}

impl Span {
    pub(super) fn of(item: &Item) -> Self {
        Self {
            shard: item.shard.to_string(),
            first: item.record.id.clone(),
            first_arrived: item.arrived,
            last: item.record.id.clone(),
            last_arrived: item.arrived,
            records: 1,
        }
    }

    /// The spans of these records, one for each shard.
    pub(super) fn all(items: &[Item]) -> Vec<Self> {
        let mut spans: Vec<Self> = Vec::new();
        for item in items {
            match spans.iter_mut().find(|span| *span.shard == *item.shard) {
                Some(span) => span.extend(&Self::of(item)),
                None => spans.push(Self::of(item)),
            }
        }
        spans
    }

    /// The same place, before any record was taken in.
    pub(super) fn none_yet(self) -> Self {
        Self { records: 0, ..self }
    }

    pub(super) fn extend(&mut self, next: &Self) {
        self.last.clone_from(&next.last);
        self.last_arrived = next.last_arrived;
        self.records += next.records;
    }
}

impl Failure {
    /// The record as compact JSON: the body of a queue's message, the message of a topic.
    #[must_use]
    pub fn to_json(&self, sender: &Sender<'_>) -> Bytes {
        self.document(sender, None)
    }

    /// The record as a bucket receives it: with the event, as text, in `payload`.
    #[must_use]
    pub fn to_object(&self, sender: &Sender<'_>) -> Bytes {
        let event = String::from_utf8_lossy(&self.event);
        let payload = serde_json::value::to_raw_value(&event).ok();
        self.document(sender, payload.as_deref())
    }

    /// The key of the object a bucket receives; `uuid` makes it unique.
    ///
    /// A Kafka batch of several partitions is named by its first.
    #[must_use]
    pub fn object_key(&self, mapping: &str, timestamp: Timestamp, uuid: &str) -> String {
        let shard = self.spans.first().map_or("", |span| span.shard.as_str());
        let time = timestamp.to_rfc3339_millis();
        let date = time.get(..10).unwrap_or_default();
        let clock = time.get(11..19).unwrap_or_default().replace(':', ".");
        format!(
            "aws/lambda/{mapping}/{shard}/{}/{date}T{clock}-{uuid}",
            date.replace('-', "/")
        )
    }

    /// What a topic of Kafka receives: one message for each record, under the record's key.
    #[must_use]
    pub fn kafka_messages(&self, sender: &Sender<'_>) -> Vec<KafkaMessage> {
        let frame = Frame::new(sender.origin, None);
        let message = |item: &Item| {
            let event = frame.event(std::slice::from_ref(item));
            let payload: Option<&RawValue> = serde_json::from_slice(&event).ok();
            let info = Info::Kafka(KafkaBatchInfo {
                records_info: None,
                record_info: Some(RecordInfo {
                    offset: &item.record.id,
                    timestamp: item.arrived.to_rfc3339_millis(),
                }),
                ..kafka(sender.origin, 1, event.len())
            });
            let key: Option<Keyed> = serde_json::from_slice(&item.record.json).ok();
            let key = key.and_then(|keyed| STANDARD.decode(keyed.key?).ok());
            KafkaMessage {
                key: key.map(Bytes::from),
                value: self.write(sender, self.kafka_condition(), info, payload),
            }
        };
        self.items.iter().map(message).collect()
    }

    /// What this destination receives; `uuid` makes the key of an object unique.
    #[must_use]
    pub fn messages(
        &self,
        sender: &Sender<'_>,
        to: &Destination,
        mapping: &str,
        uuid: &str,
    ) -> Vec<Message> {
        let message = |key: Option<Bytes>, body: Bytes| Message {
            kind: Kind::OnFailure,
            function: sender.function.clone(),
            to: to.clone(),
            key,
            body,
            attributes: Vec::new(),
            trace_header: None,
        };
        match to {
            Destination::Topic(_) => {
                let messages = self.kafka_messages(sender).into_iter();
                messages.map(|it| message(it.key, it.value)).collect()
            }
            Destination::Arn(arn) if arn.service() == "s3" => {
                let key = self.object_key(mapping, sender.timestamp, uuid);
                vec![message(Some(key.into()), self.to_object(sender))]
            }
            Destination::Arn(_) => vec![message(None, self.to_json(sender))],
        }
    }

    fn document(&self, sender: &Sender<'_>, payload: Option<&RawValue>) -> Bytes {
        let info = self.info(sender.origin);
        self.write(sender, self.condition.as_str(), info, payload)
    }

    fn write(
        &self,
        sender: &Sender<'_>,
        condition: &str,
        info: Info<'_>,
        payload: Option<&RawValue>,
    ) -> Bytes {
        let response_context = self.last.as_ref().map(|last| ResponseContext {
            status_code: 200,
            executed_version: &last.executed_version,
            function_error: last.function_error.as_deref(),
        });
        let document = Document {
            request_context: RequestContext {
                request_id: self.request_id.as_deref().unwrap_or(sender.request_id),
                function_arn: sender.function,
                condition,
                // Lambda counts one where the function never ran, too.
                approximate_invoke_count: self.attempts.max(1),
            },
            response_context: match self.condition {
                Condition::RecordAgeExceeded => None,
                Condition::MaximumPayloadSizeExceeded => Some(None),
                Condition::RetryAttemptsExhausted => Some(response_context),
            },
            version: "1.0",
            timestamp: sender.timestamp.to_rfc3339_millis(),
            info,
            payload,
        };
        // Only a map with keys that are no strings could fail, and there is none.
        serde_json::to_vec(&document).unwrap_or_default().into()
    }

    /// The word AWS shows in messages to Kafka.
    fn kafka_condition(&self) -> &'static str {
        match self.condition {
            Condition::RetryAttemptsExhausted => "RetriesExhausted",
            other => other.as_str(),
        }
    }

    fn info<'a>(&'a self, origin: &'a Origin) -> Info<'a> {
        let records = self.spans.iter().map(|span| span.records).sum();
        let stream = |time: fn(Timestamp) -> String| {
            let span = self.spans.first();
            StreamBatchInfo {
                shard_id: span.map_or("", |span| &span.shard),
                start_sequence_number: span.map_or("", |span| &span.first),
                end_sequence_number: span.map_or("", |span| &span.last),
                approximate_arrival_of_first_record: span.map(|span| time(span.first_arrived)),
                approximate_arrival_of_last_record: span.map(|span| time(span.last_arrived)),
                batch_size: records,
                stream_arn: origin.arn(),
            }
        };
        let whole_seconds =
            |time: Timestamp| Timestamp::from_unix_seconds(time.seconds()).to_string();
        match origin {
            Origin::Kinesis { .. } => Info::Kinesis(stream(Timestamp::to_rfc3339_millis)),
            Origin::DynamoDb { .. } => Info::DynamoDb(stream(whole_seconds)),
            Origin::Msk { .. } | Origin::Kafka { .. } => Info::Kafka(KafkaBatchInfo {
                records_info: Some(self.spans.iter().map(PartitionInfo::of).collect()),
                ..kafka(origin, records, self.event.len())
            }),
        }
    }
}

fn kafka(origin: &Origin, batch_size: usize, payload_size: usize) -> KafkaBatchInfo<'_> {
    KafkaBatchInfo {
        batch_size,
        event_source_arn: origin.arn(),
        bootstrap_servers: origin.bootstrap_servers(),
        payload_size,
        records_info: None,
        record_info: None,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<Option<ResponseContext<'a>>>,
    version: &'static str,
    timestamp: String,
    #[serde(flatten)]
    info: Info<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: &'a Arn,
    condition: &'a str,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext<'a> {
    status_code: u16,
    executed_version: &'a str,
    function_error: Option<&'a str>,
}

#[derive(Serialize)]
enum Info<'a> {
    #[serde(rename = "KinesisBatchInfo")]
    Kinesis(StreamBatchInfo<'a>),
    #[serde(rename = "DDBStreamBatchInfo")]
    DynamoDb(StreamBatchInfo<'a>),
    #[serde(rename = "KafkaBatchInfo")]
    Kafka(KafkaBatchInfo<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamBatchInfo<'a> {
    shard_id: &'a str,
    start_sequence_number: &'a str,
    end_sequence_number: &'a str,
    approximate_arrival_of_first_record: Option<String>,
    approximate_arrival_of_last_record: Option<String>,
    batch_size: usize,
    stream_arn: Option<&'a Arn>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KafkaBatchInfo<'a> {
    batch_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_source_arn: Option<&'a Arn>,
    bootstrap_servers: Option<&'a str>,
    payload_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    records_info: Option<Map<PartitionInfo>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_info: Option<RecordInfo<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartitionInfo {
    first_record_offset: String,
    last_record_offset: String,
    first_record_timestamp: String,
    last_record_timestamp: String,
}

#[derive(Serialize)]
struct RecordInfo<'a> {
    offset: &'a str,
    timestamp: String,
}

/// A record of Kafka, as far as its key.
#[derive(Deserialize)]
struct Keyed {
    #[serde(default)]
    key: Option<String>,
}

impl PartitionInfo {
    fn of(span: &Span) -> (String, Self) {
        let info = Self {
            first_record_offset: span.first.clone(),
            last_record_offset: span.last.clone(),
            first_record_timestamp: span.first_arrived.to_rfc3339_millis(),
            last_record_timestamp: span.last_arrived.to_rfc3339_millis(),
        };
        (span.shard.clone(), info)
    }
}

//! Reads a topic over Kafka's own protocol and hands its records on as Lambda does.

mod reader;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lambda_with::{Error, ErrorKind, Position, Shard, Slice, Stream};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::MetadataPartition;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

use self::reader::Reader;

/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// A topic as a [`Stream`]: each partition is a shard, `orders-0`.
///
/// ```no_run
/// use lambda_with_kafka::poll::KafkaStream;
/// use rdkafka::config::ClientConfig;
///
/// # async fn example() -> Result<(), lambda_with::Error> {
/// let mut config = ClientConfig::new();
/// config.set("bootstrap.servers", "127.0.0.1:9092");
/// let stream = KafkaStream::connect(config, "orders", "orders-function").await?;
/// # drop(stream);
/// # Ok(())
/// # }
/// ```
///
/// The stream does not join its consumer group: the engine reads all partitions from positions of
/// its own, and partitions that a rebalance takes away in the middle of a batch have no place in
/// that. It uses the group as Lambda's pollers do besides: a checkpoint commits the group's offset,
/// and where the group had a committed offset when the stream was made, reading begins there,
/// whatever the starting position. Another member that reads the same topic at the same time gets
/// the same records.
///
/// Each partition that is read has a client of its own, with at most 8 MB of records fetched ahead.
/// Settings of `config` beginning with `enable.auto` or naming the group and the offset reset are
/// overwritten. TLS and SASL need rdkafka's features `ssl` and `sasl`, which a program turns on in
/// its own Cargo.toml.
pub struct KafkaStream {
    config: ClientConfig,
    topic: String,
    control: Arc<BaseConsumer>,
    committed: HashMap<i32, i64>,
    readers: Mutex<HashMap<i32, Arc<Mutex<Reader>>>>,
}

impl KafkaStream {
    /// Connects to a topic for a consumer group.
    ///
    /// # Errors
    ///
    /// When no broker answers, the topic does not exist, or the settings are wrong.
    pub async fn connect(
        config: ClientConfig,
        topic: impl Into<String>,
        group: impl Into<String>,
    ) -> Result<Self, Error> {
        let (mut config, topic) = (config, topic.into());
        config
            .set("group.id", group.into())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("queued.max.messages.kbytes", "8192");
        blocking(move || {
            let made = config.create::<BaseConsumer>();
            let control = made.map_err(|error| failed("the client", &topic, error))?;
            let mut list = TopicPartitionList::new();
            for partition in partitions(&control, &topic)? {
                list.add_partition(&topic, partition);
            }
            let known = control.committed_offsets(list, ANSWER);
            let known = known.map_err(|error| failed("OffsetFetch", &topic, error))?;
            let offset = |entry: &TopicPartitionListElem<'_>| match entry.offset() {
                Offset::Offset(offset) => Some((entry.partition(), offset)),
                _ => None,
            };
            Ok(Self {
                committed: known.elements().iter().filter_map(offset).collect(),
                config,
                control: Arc::new(control),
                readers: Mutex::default(),
                topic,
            })
        })
        .await
    }

    fn partition(&self, shard: &str) -> Result<i32, Error> {
        let number = shard.strip_prefix(self.topic.as_str());
        let number = number.and_then(|rest| rest.strip_prefix('-')?.parse().ok());
        number.ok_or_else(|| {
            let what = format!("`{shard}` is no partition of the topic");
            Error::new(ErrorKind::NotFound, what).with("topic", self.topic.as_str())
        })
    }

    fn reader(&self, partition: i32) -> Result<Arc<Mutex<Reader>>, Error> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = readers.get(&partition) {
            return Ok(reader.clone());
        }
        let reader = Reader::new(&self.config, &self.topic, partition)?;
        let reader = Arc::new(Mutex::new(reader));
        readers.insert(partition, reader.clone());
        Ok(reader)
    }
}

impl Stream for KafkaStream {
    async fn shards(&self) -> Result<Vec<Shard>, Error> {
        let (control, topic) = (self.control.clone(), self.topic.clone());
        blocking(move || {
            let shard = |partition| Shard {
                id: format!("{topic}-{partition}"),
                parents: Vec::new(),
            };
            Ok(partitions(&control, &topic)?
                .into_iter()
                .map(shard)
                .collect())
        })
        .await
    }

    async fn read(
        &self,
        shard: &str,
        from: &Position,
        max: usize,
        wait: Duration,
    ) -> Result<Slice, Error> {
        let partition = self.partition(shard)?;
        let reader = self.reader(partition)?;
        let committed = self.committed.get(&partition).copied();
        let (control, from) = (self.control.clone(), from.clone());
        blocking(move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            let start = start(&control, &reader, &from, committed)?;
            let records = reader.read(start, max, wait)?;
            Ok(Slice {
                records,
                next: Position::After((reader.next() - 1).to_string()),
                ended: false,
            })
        })
        .await
    }

    async fn checkpoint(&self, shard: &str, id: &str) -> Result<(), Error> {
        let partition = self.partition(shard)?;
        let offset = offset(id)? + 1;
        let (control, topic) = (self.control.clone(), self.topic.clone());
        blocking(move || {
            let mut list = TopicPartitionList::new();
            list.add_partition_offset(&topic, partition, Offset::Offset(offset))
                .and_then(|()| control.commit(&list, CommitMode::Sync))
                .map_err(|error| failed("OffsetCommit", &topic, error))
        })
        .await
    }
}

impl std::fmt::Debug for KafkaStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaStream")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// The offset to begin at.
fn start(
    control: &BaseConsumer,
    reader: &Reader,
    from: &Position,
    committed: Option<i64>,
) -> Result<i64, Error> {
    let (topic, partition) = (reader.topic(), reader.partition());
    if let Position::After(id) = from {
        return Ok(offset(id)? + 1);
    }
    if let Some(committed) = committed {
        return Ok(committed);
    }
    let marks = || {
        let marks = control.fetch_watermarks(topic, partition, ANSWER);
        marks.map_err(|error| failed("ListOffsets", topic, error))
    };
    let Position::At(time) = from else {
        let (oldest, newest) = marks()?;
        return Ok(if *from == Position::Latest {
            newest
        } else {
            oldest
        });
    };
    let mut list = TopicPartitionList::new();
    let found = list
        .add_partition_offset(topic, partition, Offset::Offset(time.unix_millis()))
        .and_then(|()| control.offsets_for_times(list, ANSWER))
        .map_err(|error| failed("ListOffsets", topic, error))?;
    match found.elements().first().map(TopicPartitionListElem::offset) {
        Some(Offset::Offset(offset)) => Ok(offset),
        _ => Ok(marks()?.1),
    }
}

fn partitions(control: &BaseConsumer, topic: &str) -> Result<Vec<i32>, Error> {
    let metadata = control.fetch_metadata(Some(topic), ANSWER);
    let metadata = metadata.map_err(|error| failed("Metadata", topic, error))?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let mut partitions: Vec<i32> = found
        .map(|found| {
            found
                .partitions()
                .iter()
                .map(MetadataPartition::id)
                .collect()
        })
        .unwrap_or_default();
    if partitions.is_empty() {
        let what = format!("there is no topic `{topic}`");
        return Err(Error::new(ErrorKind::NotFound, what));
    }
    partitions.sort_unstable();
    Ok(partitions)
}

fn offset(id: &str) -> Result<i64, Error> {
    id.parse().map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("`{id}` is no offset")).caused_by(error)
    })
}

pub(crate) fn failed(call: &'static str, topic: &str, error: KafkaError) -> Error {
    let kind = match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::OffsetOutOfRange
            | RDKafkaErrorCode::AutoOffsetReset
            | RDKafkaErrorCode::NoOffset,
        ) => ErrorKind::NotFound,
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::Authentication,
        ) => ErrorKind::Denied,
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => ErrorKind::Limit,
        _ if matches!(error, KafkaError::ClientConfig(..)) => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("{call} on topic {topic} failed"))
        .with("topic", topic)
        .with("because", error.to_string())
        .caused_by(error)
}

/// Runs what blocks its thread where that holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Unavailable, "the client's thread ended").caused_by(error))
    })
}

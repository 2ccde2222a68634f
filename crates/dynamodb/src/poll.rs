//! Reads a stream over its real protocol and hands its records on as Lambda does.

mod failed;
mod wire;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodbstreams::operation::get_records::GetRecordsOutput;
use aws_sdk_dynamodbstreams::types::ShardIteratorType;
use lambda_with::{Arn, Error, ErrorKind, Position, Shard, Slice, Stream, Timestamp};

use self::failed::failed;

/// The most records of one GetRecords.
const CALL: usize = 1000;
/// Between reads of a shard that has nothing new: Lambda reads four times a second.
const PAUSE: Duration = Duration::from_millis(250);
/// An iterator is good for fifteen minutes.
const ITERATOR_LIFE: Duration = Duration::from_secs(14 * 60);

/// A table's stream as a [`Stream`]: DynamoDB itself, or anything that speaks its protocol.
///
/// ```no_run
/// use lambda_with::{Position, Stream};
/// use lambda_with_dynamodb::poll::DynamoDbStream;
///
/// # async fn example(config: &aws_sdk_dynamodbstreams::config::Config) -> Result<(), lambda_with::Error> {
/// let client = aws_sdk_dynamodbstreams::Client::from_conf(config.clone());
/// let stream = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123";
/// let source = DynamoDbStream::new(client, stream.parse()?);
/// for shard in source.shards().await? {
///     let wait = std::time::Duration::from_secs(1);
///     let slice = source.read(&shard.id, &Position::TrimHorizon, 100, wait).await?;
///     println!("{} records in {}", slice.records.len(), shard.id);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Where the records come from is told by the client's `endpoint_url`. A shard is read four times a
/// second while nothing comes, and without a pause while there is more. Where a position has been
/// forgotten, after 24 hours, reading goes on with the oldest record there is; so it does for a time,
/// and passes over what is older.
///
/// Of each shard the iterator behind the last read is remembered, so that reading on takes one call.
/// It spares calls and no more: any position can be read at any time, by another process too.
#[derive(Debug)]
pub struct DynamoDbStream {
    client: Client,
    source: Arn,
    iterators: Mutex<HashMap<String, Iterator>>,
}

/// Where a shard's last read ended.
#[derive(Debug)]
struct Iterator {
    position: Position,
    token: String,
    since: Instant,
}

impl DynamoDbStream {
    /// The stream of this ARN.
    #[must_use]
    pub fn new(client: Client, stream: Arn) -> Self {
        Self {
            client,
            source: stream,
            iterators: Mutex::default(),
        }
    }

    /// Takes the iterator at a position, where the last read ended there.
    fn held(&self, shard: &str, from: &Position) -> Option<String> {
        let mut iterators = self.iterators();
        let held = iterators.remove(shard)?;
        let good = held.position == *from && held.since.elapsed() < ITERATOR_LIFE;
        good.then_some(held.token)
    }

    fn hold(&self, shard: &str, position: Position, token: String) {
        let since = Instant::now();
        let iterator = Iterator {
            position,
            token,
            since,
        };
        self.iterators().insert(shard.to_owned(), iterator);
    }

    fn iterators(&self) -> std::sync::MutexGuard<'_, HashMap<String, Iterator>> {
        self.iterators
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn iterator(&self, shard: &str, from: &Position) -> Result<String, Error> {
        let request = self.client.get_shard_iterator();
        let request = request.stream_arn(self.source.as_str()).shard_id(shard);
        let request = match from {
            Position::TrimHorizon | Position::At(_) => {
                request.shard_iterator_type(ShardIteratorType::TrimHorizon)
            }
            Position::Latest => request.shard_iterator_type(ShardIteratorType::Latest),
            Position::After(id) => request
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .sequence_number(id),
        };
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.failed("GetShardIterator", error))?;
        answer.shard_iterator.ok_or_else(|| {
            let what = "the endpoint gave no iterator";
            Error::new(ErrorKind::Unavailable, what).with("shard", shard)
        })
    }

    /// Reads once at `from`; with an iterator that is no longer good, once more with a new one.
    async fn get(
        &self,
        shard: &str,
        from: &Position,
        token: Option<String>,
        max: usize,
    ) -> Result<GetRecordsOutput, Error> {
        let mut held = token.or_else(|| self.held(shard, from));
        let mut from = from;
        loop {
            let again = held.is_some();
            let token = match held.take() {
                Some(token) => Ok(token),
                None => self.iterator(shard, from).await,
            };
            let error = match token {
                Ok(token) => {
                    let limit = i32::try_from(max.clamp(1, CALL)).unwrap_or(i32::MAX);
                    let request = self.client.get_records().shard_iterator(token).limit(limit);
                    match request.send().await {
                        Ok(answer) => return Ok(answer),
                        Err(error) => self.failed("GetRecords", error),
                    }
                }
                Err(error) => error,
            };
            match error.context("code") {
                Some("ExpiredIteratorException") if again => {}
                Some("TrimmedDataAccessException") if *from != Position::TrimHorizon => {
                    from = &Position::TrimHorizon;
                }
                _ => return Err(error),
            }
        }
    }

    fn failed<E>(&self, call: &'static str, error: SdkError<E>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        failed(call, self.source.as_str(), error)
    }
}

impl Stream for DynamoDbStream {
    async fn shards(&self) -> Result<Vec<Shard>, Error> {
        let mut shards = Vec::new();
        let mut last: Option<String> = None;
        loop {
            let request = self
                .client
                .describe_stream()
                .stream_arn(self.source.as_str());
            let answer = request.set_exclusive_start_shard_id(last).send().await;
            let answer = answer.map_err(|error| self.failed("DescribeStream", error))?;
            let Some(stream) = answer.stream_description else {
                return Ok(shards);
            };
            for shard in stream.shards.unwrap_or_default() {
                shards.extend(shard.shard_id.map(|id| Shard {
                    id,
                    parents: shard.parent_shard_id.into_iter().collect(),
                }));
            }
            last = stream.last_evaluated_shard_id.filter(|id| !id.is_empty());
            if last.is_none() {
                return Ok(shards);
            }
        }
    }

    async fn read(
        &self,
        shard: &str,
        from: &Position,
        max: usize,
        wait: Duration,
    ) -> Result<Slice, Error> {
        let until = Instant::now() + wait;
        // What comes from now on has a place of its own, which outlives the iterator.
        let mut next = match from {
            Position::Latest => Position::At(Timestamp::now()),
            other => other.clone(),
        };
        let since = match from {
            Position::At(time) => time.seconds(),
            _ => i64::MIN,
        };
        let (mut records, mut token) = (Vec::new(), None);
        loop {
            let limit = max.saturating_sub(records.len()).clamp(1, CALL);
            let answer = self.get(shard, from, token.take(), limit).await?;
            let read = answer.records.unwrap_or_default();
            let full = read.len() >= limit;
            for record in read {
                let record = wire::record(record, &self.source)?;
                next = Position::After(record.id.clone());
                if record.arrived.is_none_or(|time| time.seconds() >= since) {
                    records.push(record);
                }
            }
            let ended = answer.next_shard_iterator.is_none();
            let more = full && records.len() < max;
            let left = until.saturating_duration_since(Instant::now());
            if ended || !more && (!records.is_empty() || left.is_zero()) {
                if let Some(token) = answer.next_shard_iterator {
                    self.hold(shard, next.clone(), token);
                }
                return Ok(Slice {
                    records,
                    next,
                    ended,
                });
            }
            token = answer.next_shard_iterator;
            if !more {
                tokio::time::sleep(PAUSE.min(left)).await;
            }
        }
    }
}

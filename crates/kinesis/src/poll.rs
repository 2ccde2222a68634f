//! Reads a stream over its real protocol and hands its records on as Lambda does.

mod failed;
mod wire;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::ShardIteratorType;
use lambda_with::{Arn, Error, Position, Record, Shard, Slice, Stream, Timestamp};

use self::failed::failed;
use crate::stream_of;

/// The most records of one GetRecords.
const CALL: usize = 10_000;
/// Between reads of a shard that has nothing new: what Lambda waits too.
const PAUSE: Duration = Duration::from_secs(1);
/// Between reads that have not caught up yet: a shard takes five reads a second.
const CATCH_UP: Duration = Duration::from_millis(200);
/// An iterator is good for five minutes.
const ITERATOR_LIFE: Duration = Duration::from_secs(270);

/// A stream as a [`Stream`]: Kinesis itself, or anything that speaks its protocol.
///
/// ```no_run
/// use lambda_with::{Position, Stream};
/// use lambda_with_kinesis::poll::KinesisStream;
///
/// # async fn example(config: &aws_sdk_kinesis::config::Config) -> Result<(), lambda_with::Error> {
/// let client = aws_sdk_kinesis::Client::from_conf(config.clone());
/// let stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry".parse()?;
/// let role = "arn:aws:iam::123456789012:role/telemetry";
/// let source = KinesisStream::new(client, stream, role);
/// for shard in source.shards().await? {
///     let wait = std::time::Duration::from_secs(1);
///     let slice = source.read(&shard.id, &Position::TrimHorizon, 100, wait).await?;
///     println!("{} records in {}", slice.records.len(), shard.id);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Where the records come from is told by the client's `endpoint_url`. A shard is read once a second
/// while nothing comes, and without a pause while there is more. `role` is what records name as
/// `invokeIdentityArn`. The ARN of a consumer is read like its stream, through GetRecords.
///
/// Of each shard the iterator behind the last read is remembered, so that reading on takes one call.
/// It spares calls and no more: any position can be read at any time, by another process too.
#[derive(Debug)]
pub struct KinesisStream {
    client: Client,
    source: Arn,
    role: String,
    iterators: Mutex<HashMap<String, Iterator>>,
}

/// Where a shard's last read ended.
#[derive(Debug)]
struct Iterator {
    position: Position,
    token: String,
    since: Instant,
}

impl KinesisStream {
    /// The stream or consumer of this ARN, read as `role`.
    pub fn new(client: Client, stream: Arn, role: impl Into<String>) -> Self {
        Self {
            client,
            source: stream,
            role: role.into(),
            iterators: Mutex::default(),
        }
    }

    fn stream(&self) -> &str {
        stream_of(&self.source)
    }

    fn name(&self) -> &str {
        let mut names = self.source.resource().split('/');
        names.nth(1).unwrap_or_default()
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
        let request = self
            .client
            .get_shard_iterator()
            .stream_name(self.name())
            .stream_arn(self.stream())
            .shard_id(shard);
        let request = match from {
            Position::TrimHorizon => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Position::Latest => request.shard_iterator_type(ShardIteratorType::Latest),
            Position::At(time) => request
                .shard_iterator_type(ShardIteratorType::AtTimestamp)
                .timestamp(DateTime::from_secs_and_nanos(time.seconds(), time.nanos())),
            Position::After(id) => request
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .starting_sequence_number(id),
        };
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("GetShardIterator", self.stream(), error))?;
        answer.shard_iterator.ok_or_else(|| {
            let what = "the endpoint gave no iterator";
            Error::new(lambda_with::ErrorKind::Unavailable, what).with("shard", shard)
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
        loop {
            let again = held.is_some();
            let token = match held.take() {
                Some(token) => token,
                None => self.iterator(shard, from).await?,
            };
            let limit = i32::try_from(max.clamp(1, CALL)).unwrap_or(i32::MAX);
            let request = self.client.get_records().shard_iterator(token);
            let answer = request.limit(limit).stream_arn(self.stream()).send().await;
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) if again && error.code() == Some("ExpiredIteratorException") => {}
                Err(error) => return Err(failed("GetRecords", self.stream(), error)),
            }
        }
    }
}

impl Stream for KinesisStream {
    async fn shards(&self) -> Result<Vec<Shard>, Error> {
        let mut shards = Vec::new();
        let mut next: Option<String> = None;
        loop {
            // A token stands for the stream it was given for.
            let request = self.client.list_shards();
            let request = match next.take() {
                Some(token) => request.next_token(token),
                None => request.stream_name(self.name()).stream_arn(self.stream()),
            };
            let answer = request.send().await;
            let answer = answer.map_err(|error| failed("ListShards", self.stream(), error))?;
            for shard in answer.shards.unwrap_or_default() {
                let parents = [shard.parent_shard_id, shard.adjacent_parent_shard_id];
                shards.push(Shard {
                    id: shard.shard_id,
                    parents: parents.into_iter().flatten().collect(),
                });
            }
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
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
        let mut token = None;
        loop {
            let answer = self.get(shard, from, token.take(), max).await?;
            let mut records: Vec<Record> = Vec::with_capacity(answer.records.len());
            for record in answer.records {
                records.push(wire::record(record, shard, &self.source, &self.role)?);
            }
            if let Some(last) = records.last() {
                next = Position::After(last.id.clone());
            }
            let ended = answer.next_shard_iterator.is_none();
            let left = until.saturating_duration_since(Instant::now());
            if ended || !records.is_empty() || left.is_zero() {
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
            let behind = answer.millis_behind_latest.is_some_and(|behind| behind > 0);
            let pause = if behind { CATCH_UP } else { PAUSE };
            tokio::time::sleep(pause.min(left)).await;
        }
    }
}

//! Looking into records.

use std::borrow::Cow;

use lambda_with::batch::{Answer, BatchRecord, OnFailure, Order, answer};
use lambda_with::{Error, ErrorKind, decode};
use serde::de::DeserializeOwned;

use crate::generated::{KinesisEvent, KinesisFailureRecord, KinesisRecord, KinesisWindowEvent};

impl KinesisRecord {
    /// Reads the data as JSON.
    ///
    /// ```
    /// use lambda_with::decode;
    /// use lambda_with_kinesis::{KinesisEvent, SERVICE};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Reading {
    ///     crane: String,
    ///     celsius: f64,
    /// }
    ///
    /// let sample = SERVICE.sample("records").ok_or("no such sample")?;
    /// let event: KinesisEvent = decode(sample.json)?;
    /// let reading: Reading = event.records[0].decode()?;
    /// assert_eq!((reading.crane.as_str(), reading.celsius), ("c-17", 21.4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the data is no base64, no JSON, or does not fit `T`; the error names the record.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let bytes = self.bytes()?;
        decode(bytes).map_err(|error| self.named(error))
    }

    /// The data as the producer put it in. What CloudWatch Logs puts in is compressed by gzip.
    ///
    /// # Errors
    ///
    /// When it is no base64; the error names the record.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        self.kinesis
            .data
            .decode()
            .map_err(|error| self.named(error))
    }

    /// The shard the record was read from.
    ///
    /// ```
    /// use lambda_with::decode;
    /// use lambda_with_kinesis::{KinesisEvent, SERVICE};
    ///
    /// let sample = SERVICE.sample("records").ok_or("no such sample")?;
    /// let event: KinesisEvent = decode(sample.json)?;
    /// assert_eq!(event.records[0].shard_id(), Some("shardId-000000000003"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn shard_id(&self) -> Option<&str> {
        self.event_id.split_once(':').map(|(shard, _)| shard)
    }

    fn named(&self, error: Error) -> Error {
        error.with("record", self.kinesis.sequence_number.as_str())
    }
}

/// In order with the records of its partition key.
impl BatchRecord for KinesisRecord {
    const ANSWER: Answer = Answer::Halt;

    fn id(&self) -> Cow<'_, str> {
        self.kinesis.sequence_number.as_str().into()
    }

    fn order(&self, _: Order) -> Option<Cow<'_, str>> {
        self.kinesis.partition_key.as_deref().map(Cow::Borrowed)
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::StopBehind
    }
}

impl KinesisWindowEvent {
    /// Reads the state that the last invocation of this window answered; `T::default()` for the
    /// first.
    ///
    /// # Errors
    ///
    /// When the state does not fit `T`.
    pub fn state<T: Default + DeserializeOwned>(&self) -> Result<T, Error> {
        answer::read_state(&self.state)
    }
}

impl KinesisFailureRecord {
    /// The event that failed, which stands in S3 objects alone.
    ///
    /// # Errors
    ///
    /// `NotFound` where there is none; `Decode` when it is no event.
    pub fn event(&self) -> Result<KinesisEvent, Error> {
        answer::payload(self.payload.as_ref())?.ok_or_else(|| {
            let what = "the failure record holds no event: only those in S3 do";
            Error::new(ErrorKind::NotFound, what)
        })
    }
}

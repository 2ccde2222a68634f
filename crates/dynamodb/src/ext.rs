//! Looking into records.

use std::borrow::Cow;

use lambda_with::batch::{Answer, BatchRecord, OnFailure, Order, answer};
use lambda_with::{Error, ErrorKind, Json, Map, Timestamp};
use serde::de::DeserializeOwned;

use crate::generated::{
    DynamoDbEvent, DynamoDbFailureRecord, DynamoDbKinesisChange, DynamoDbRecord,
    DynamoDbWindowEvent,
};

impl DynamoDbRecord {
    /// Whether time to live deleted the item, and nobody else.
    ///
    /// ```
    /// use lambda_with::decode;
    /// use lambda_with_dynamodb::{DynamoDbEvent, SERVICE};
    ///
    /// let sample = SERVICE.sample("expired").ok_or("no such sample")?;
    /// let event: DynamoDbEvent = decode(sample.json)?;
    /// assert!(event.records[0].is_expired());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Of a global table only the Region where it was deleted tells.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.user_identity.as_ref().is_some_and(|identity| {
            identity.r#type == "Service" && identity.principal_id == "dynamodb.amazonaws.com"
        })
    }

    /// The table, by the stream's ARN.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        let (_, resource) = self.event_source_arn.split_once(":table/")?;
        resource.split('/').next()
    }
}

/// In order with the changes of its item.
impl BatchRecord for DynamoDbRecord {
    const ANSWER: Answer = Answer::Halt;

    fn id(&self) -> Cow<'_, str> {
        self.dynamodb.sequence_number.as_str().into()
    }

    fn order(&self, _: Order) -> Option<Cow<'_, str>> {
        Some(item(&self.dynamodb.keys).into())
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::StopBehind
    }
}

impl DynamoDbWindowEvent {
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

impl DynamoDbKinesisChange {
    /// When the change was made, whatever the unit of its time.
    ///
    /// ```
    /// use lambda_with::decode;
    /// use lambda_with_dynamodb::{DynamoDbKinesisRecord, SERVICE};
    ///
    /// let sample = SERVICE.sample("kinesis-record").ok_or("no such sample")?;
    /// let record: DynamoDbKinesisRecord = decode(sample.json)?;
    /// assert_eq!(record.dynamodb.timestamp().to_string(), "2026-03-02T10:35:52.123Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Microseconds are cut to milliseconds.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        let time = self.approximate_creation_date_time;
        let unit = self.approximate_creation_date_time_precision.as_deref();
        Timestamp::from_unix_millis(match unit {
            Some("MICROSECOND") => time.div_euclid(1000),
            _ => time,
        })
    }
}

impl DynamoDbFailureRecord {
    /// The event that failed, which stands in S3 objects alone.
    ///
    /// # Errors
    ///
    /// `NotFound` where there is none; `Decode` when it is no event.
    pub fn event(&self) -> Result<DynamoDbEvent, Error> {
        answer::payload(self.payload.as_ref())?.ok_or_else(|| {
            let what = "the failure record holds no event: only those in S3 do";
            Error::new(ErrorKind::NotFound, what)
        })
    }
}

/// An item's key as one text, whatever the order of its attributes.
pub(crate) fn item(keys: &Map<Json>) -> String {
    let mut parts: Vec<String> = keys
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str()))
        .collect();
    parts.sort();
    parts.join("\n")
}

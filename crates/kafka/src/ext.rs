//! What handlers ask of records and failure records.

use lambda_with::batch::answer;
use lambda_with::{Base64, Error, ErrorKind, Map, Text};
use serde::de::DeserializeOwned;

use crate::generated::{KafkaFailure, KafkaItemIdentifier, KafkaRecord};

impl KafkaRecord {
    /// Topic and partition as the event's `records` and partial-batch answers name them.
    ///
    /// ```
    /// use lambda_with_kafka::KafkaRecord;
    ///
    /// let record = KafkaRecord { topic: "orders".into(), partition: 2, ..KafkaRecord::default() };
    /// assert_eq!(record.topic_partition(), "orders-2");
    /// ```
    #[must_use]
    pub fn topic_partition(&self) -> String {
        format!("{}-{}", self.topic, self.partition)
    }

    /// What a partial-batch answer names the record by.
    #[must_use]
    pub fn identifier(&self) -> KafkaItemIdentifier {
        KafkaItemIdentifier {
            partition: self.topic_partition().into(),
            offset: self.offset,
        }
    }

    /// Whether the record has no value: it stands for the deletion of its key.
    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        self.value.is_none()
    }

    /// The key's bytes; `None` without a key.
    ///
    /// # Errors
    ///
    /// When the key is not base64.
    pub fn key_bytes(&self) -> Result<Option<Vec<u8>>, Error> {
        self.key.as_ref().map(Base64::decode).transpose()
    }

    /// The value's bytes; `None` for a tombstone.
    ///
    /// # Errors
    ///
    /// When the value is not base64.
    pub fn value_bytes(&self) -> Result<Option<Vec<u8>>, Error> {
        self.value.as_ref().map(Base64::decode).transpose()
    }

    /// The value read as JSON; `None` for a tombstone.
    ///
    /// ```
    /// use lambda_with::{Base64, Nullable};
    /// use lambda_with_kafka::KafkaRecord;
    ///
    /// let value = Nullable::Value(Base64::encode(r#"{"total": 1290}"#));
    /// let record = KafkaRecord { value, ..KafkaRecord::default() };
    /// let order: Option<serde_json::Value> = record.decode()?;
    /// assert_eq!(order.unwrap_or_default()["total"], 1290);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the value is not base64, or not JSON of this form.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        let Some(bytes) = self.value_bytes()? else {
            return Ok(None);
        };
        lambda_with::decode(bytes).map(Some)
    }

    /// The key read as JSON, as a schema registry makes it; `None` without a key.
    ///
    /// # Errors
    ///
    /// When the key is not base64, or not JSON of this form.
    pub fn decode_key<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        let Some(bytes) = self.key_bytes()? else {
            return Ok(None);
        };
        lambda_with::decode(bytes).map(Some)
    }

    /// The headers in order, each with its bytes, or `None` for a header without a value. What is
    /// no byte makes an error of its header alone.
    pub fn header_list(&self) -> impl Iterator<Item = (&Text, Result<Option<Vec<u8>>, Error>)> {
        let headers = self.headers.as_ref().into_iter().flatten();
        headers.flat_map(Map::iter).map(|(name, value)| {
            let bytes = value.as_ref().map(|numbers| bytes(numbers)).transpose();
            (name, bytes)
        })
    }

    /// The bytes of the last header of this name, as Kafka's own clients choose where there are
    /// several; `None` where there is none, or it has no value.
    ///
    /// # Errors
    ///
    /// When a number is no byte, be it signed or not.
    pub fn header(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let named = self.header_list().filter(|(known, _)| *known == name);
        named.last().map_or(Ok(None), |(_, value)| value)
    }
}

impl KafkaFailure {
    /// The event that was given up, where the destination gets it: JSON in a string from an S3
    /// object, an object from a Kafka topic. `None` from a queue or an SNS topic.
    ///
    /// # Errors
    ///
    /// When the payload is no event of this form.
    pub fn event<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        answer::payload(self.payload.as_ref())
    }
}

/// Numbers as bytes: Lambda writes them signed, other tools do not.
fn bytes(numbers: &[i64]) -> Result<Vec<u8>, Error> {
    let byte = |number: &i64| match number {
        -128..=127 => Some(number.to_le_bytes()[0]),
        _ => u8::try_from(*number).ok(),
    };
    let refuse = |number: &i64| {
        Error::new(
            ErrorKind::Decode,
            format!("{number} is no byte of a header"),
        )
    };
    let each = numbers.iter();
    each.map(|number| byte(number).ok_or_else(|| refuse(number)))
        .collect()
}

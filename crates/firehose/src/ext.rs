//! What users ask of a record, and its members do not answer by themselves.

use lambda_with::{Base64, Error, ErrorKind, Timestamp};
use serde::de::DeserializeOwned;

use crate::{FirehoseKinesisMetadata, FirehoseRecord};

impl FirehoseRecord {
    /// The record's bytes as they stand in the event, whichever member they are in. `None` for a
    /// Kafka record without a value.
    #[must_use]
    pub fn content(&self) -> Option<&Base64> {
        self.data.as_ref().or(self.kafka_record_value.as_ref())
    }

    /// The record's bytes.
    ///
    /// ```
    /// use lambda_with_firehose::{FirehoseEvent, SERVICE};
    ///
    /// for sample in ["direct-put", "msk"] {
    ///     let json = SERVICE.sample(sample).ok_or("no such sample")?.json;
    ///     let event: FirehoseEvent = lambda_with::decode(json)?;
    ///     assert!(event.records[0].bytes()?.starts_with(b"{"));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// What Amazon CloudWatch Logs puts into a stream is compressed with gzip, and stays so here.
    ///
    /// # Errors
    ///
    /// When the record has no bytes, or what stands there is not base64.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let Some(content) = self.content() else {
            let message = format!("record `{}` has no data", self.record_id);
            return Err(Error::new(ErrorKind::Decode, message));
        };
        content
            .decode()
            .map_err(|error| error.with("record", self.record_id.as_str()))
    }

    /// The record's bytes read as JSON: a document of one's own, or the event of a service that
    /// puts into streams, such as Amazon SNS.
    ///
    /// ```
    /// use lambda_with_firehose::{FirehoseEvent, SERVICE};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct View {
    ///     page: String,
    /// }
    ///
    /// let json = SERVICE.sample("direct-put").ok_or("no such sample")?.json;
    /// let event: FirehoseEvent = lambda_with::decode(json)?;
    /// assert_eq!(event.records[0].decode::<View>()?.page, "/tides");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`bytes`](Self::bytes), and when they are not the JSON that `T` reads. Only this
    /// record is lost by it, see [`FirehoseEvent::transform`](crate::FirehoseEvent::transform).
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        lambda_with::decode(self.bytes()?)
            .map_err(|error| error.with("record", self.record_id.as_str()))
    }

    /// Whether the source is Amazon MSK, so that the answer's bytes stand in `kafkaRecordValue`.
    pub(crate) fn is_kafka(&self) -> bool {
        self.msk_record_metadata.is_some() || !self.kafka_record_value.is_missing()
    }
}

impl FirehoseKinesisMetadata {
    /// When Kinesis received the record.
    ///
    /// ```
    /// use lambda_with_firehose::FirehoseKinesisMetadata;
    ///
    /// let number = r#"{"shardId": "s", "sequenceNumber": "1", "approximateArrivalTimestamp": 1335205543511}"#;
    /// let text = number.replace("1335205543511", "\"2012-04-23T18:25:43.511Z\"");
    /// let [number, text] = [number, &text].map(serde_json::from_str::<FirehoseKinesisMetadata>);
    /// assert_eq!(number?.arrived()?, text?.arrived()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is neither milliseconds since 1970 nor RFC 3339.
    pub fn arrived(&self) -> Result<Timestamp, Error> {
        let written = &self.approximate_arrival_timestamp;
        let text = || written.to_string().parse().ok();
        written.timestamp().or_else(|error| text().ok_or(error))
    }
}

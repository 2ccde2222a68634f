//! Building the answer to a batch.

use std::borrow::Cow;
use std::collections::HashSet;

use lambda_with::batch::{Answer, BatchRecord, OnFailure, Order, Report};
use lambda_with::{Error, ErrorKind, Map};

use crate::generated::{KafkaBatchItemFailure, KafkaBatchResponse, KafkaRecord};

impl KafkaBatchResponse {
    /// The answer that names these records as failed.
    ///
    /// ```
    /// use lambda_with_kafka::{KafkaBatchResponse, KafkaRecord};
    ///
    /// let record = KafkaRecord { topic: "orders".into(), offset: 15, ..KafkaRecord::default() };
    /// let answer = KafkaBatchResponse::of_failed([&record]);
    /// assert_eq!(answer.batch_item_failures[0].item_identifier.partition, "orders-0");
    /// ```
    ///
    /// [`KafkaBatchResponse::default`] names none: all went well.
    pub fn of_failed<'r>(records: impl IntoIterator<Item = &'r KafkaRecord>) -> Self {
        let mut answer = Self::default();
        records.into_iter().for_each(|record| answer.fail(record));
        answer
    }

    /// Adds a failed record.
    pub fn fail(&mut self, record: &KafkaRecord) {
        let item_identifier = record.identifier();
        self.batch_item_failures
            .push(KafkaBatchItemFailure { item_identifier });
    }

    /// Whether Lambda takes this answer to an event with these `records` for what it says.
    ///
    /// # Errors
    ///
    /// When a partition or offset is not of the batch: Lambda then retries every record.
    pub fn check(&self, records: &Map<Vec<KafkaRecord>>) -> Result<(), Error> {
        let known: HashSet<(&str, i64)> = records
            .iter()
            .flat_map(|(partition, records)| {
                let place = |record: &KafkaRecord| (partition.as_str(), record.offset);
                records.iter().map(place)
            })
            .collect();
        for (index, failure) in self.batch_item_failures.iter().enumerate() {
            let place = &failure.item_identifier;
            if !known.contains(&(place.partition.as_str(), place.offset)) {
                let what = format!(
                    "offset {} of `{}` is not in the batch, so that all of it is retried",
                    place.offset, place.partition
                );
                let path = format!("batchItemFailures[{index}].itemIdentifier");
                return Err(Error::new(ErrorKind::Invalid, what).with("path", path));
            }
        }
        Ok(())
    }
}

/// Names the records that failed.
impl<E> From<&Report<'_, KafkaRecord, E>> for KafkaBatchResponse {
    fn from(report: &Report<'_, KafkaRecord, E>) -> Self {
        Self::of_failed(report.failures.iter().map(|failure| failure.record))
    }
}

/// In order with its partition, or with its key within it.
impl BatchRecord for KafkaRecord {
    const ANSWER: Answer = Answer::Each;

    fn id(&self) -> Cow<'_, str> {
        format!("{} {}", self.topic_partition(), self.offset).into()
    }

    fn order(&self, by: Order) -> Option<Cow<'_, str>> {
        match by {
            Order::Key => {
                let key = self.key.as_ref()?;
                Some(format!("{} {}", self.topic_partition(), key.as_str()).into())
            }
            _ => Some(self.topic_partition().into()),
        }
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::StopLane
    }
}

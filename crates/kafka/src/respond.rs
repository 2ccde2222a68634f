//! Building the answer to a batch.

use std::collections::HashSet;

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

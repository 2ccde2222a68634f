//! Building the answer to a batch.

use lambda_with::batch::{Report, answer};
use lambda_with::{Error, Text};
use serde::Serialize;

use crate::generated::{
    KinesisBatchItemFailure, KinesisBatchResponse, KinesisEvent, KinesisRecord,
    KinesisWindowResponse,
};

impl KinesisBatchResponse {
    /// The answer that names the failed records by their sequence numbers.
    ///
    /// ```
    /// use lambda_with_kinesis::KinesisBatchResponse;
    ///
    /// let answer = KinesisBatchResponse::of_failed(["49668123456789012345678901234567890"]);
    /// assert_eq!(answer.batch_item_failures.len(), 1);
    /// ```
    ///
    /// The first of them is enough: all behind it come again. [`KinesisBatchResponse::default`] names
    /// none: all went well.
    pub fn of_failed(sequence_numbers: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        Self {
            batch_item_failures: failures(sequence_numbers),
        }
    }

    /// Checks that Lambda would understand the answer to this batch.
    ///
    /// # Errors
    ///
    /// `Invalid` for an empty sequence number, and for one that is not of the batch. Lambda takes
    /// either for a failure of the whole batch.
    pub fn check(&self, event: &KinesisEvent) -> Result<(), Error> {
        let failures = self.batch_item_failures.iter();
        let records = event.records.iter();
        answer::check(
            failures.map(|failure| failure.item_identifier.as_str()),
            records.map(|record| record.kinesis.sequence_number.as_str()),
        )
    }
}

/// Names the record where the batch came to a halt.
impl<E> From<&Report<'_, KinesisRecord, E>> for KinesisBatchResponse {
    fn from(report: &Report<'_, KinesisRecord, E>) -> Self {
        let halt = report.checkpoint();
        Self::of_failed(halt.map(|record| record.kinesis.sequence_number.clone()))
    }
}

impl KinesisWindowResponse {
    /// The answer that hands a state on to the next invocation of the window.
    ///
    /// ```
    /// use lambda_with_kinesis::KinesisWindowResponse;
    /// use serde_json::json;
    ///
    /// let answer = KinesisWindowResponse::new(&json!({ "c-17": 4 }))?;
    /// assert_eq!(serde_json::to_string(&answer)?, r#"{"state":{"c-17":4}}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Invalid` when the state is not written as a JSON object, `Limit` when it is over 1 MB: that
    /// would end the window early, and the state would be lost.
    pub fn new(state: &impl Serialize) -> Result<Self, Error> {
        Ok(Self {
            state: answer::state(state)?,
            ..Self::default()
        })
    }

    /// The same, naming records that failed.
    #[must_use]
    pub fn failed(mut self, sequence_numbers: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        self.batch_item_failures = Some(failures(sequence_numbers));
        self
    }
}

fn failures(
    sequence_numbers: impl IntoIterator<Item = impl Into<Text>>,
) -> Vec<KinesisBatchItemFailure> {
    let failure = |id: Text| KinesisBatchItemFailure {
        item_identifier: id,
    };
    let ids = sequence_numbers.into_iter();
    ids.map(|id| failure(id.into())).collect()
}

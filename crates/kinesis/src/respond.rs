//! Building the answer to a batch.

use lambda_with::batch::Report;
use lambda_with::{Error, ErrorKind, Json, Text};
use serde::Serialize;

use crate::generated::{
    KinesisBatchItemFailure, KinesisBatchResponse, KinesisEvent, KinesisWindowResponse,
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
        for (index, failure) in self.batch_item_failures.iter().enumerate() {
            let id = failure.item_identifier.as_str();
            let mut records = event.records.iter();
            if !records.any(|record| record.kinesis.sequence_number.as_str() == id) {
                let what = format!("`{id}` is no record of the batch, which fails all of it");
                return Err(Error::new(ErrorKind::Invalid, what)
                    .with("at", format!("batchItemFailures[{index}]")));
            }
        }
        Ok(())
    }
}

/// Names the record where the batch came to a halt.
impl<E> From<&Report<E>> for KinesisBatchResponse {
    fn from(report: &Report<E>) -> Self {
        Self::of_failed(report.checkpoint())
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
        let state = Json::encode(state)?;
        if !state.as_str().starts_with('{') {
            let what = "the state of a window must be a JSON object";
            return Err(Error::new(ErrorKind::Invalid, what));
        }
        let bytes = state.as_str().len();
        if bytes > 1024 * 1024 {
            let what = format!("the state of the window has {bytes} bytes");
            return Err(Error::new(ErrorKind::Limit, what).with("allowed", "1 MB"));
        }
        Ok(Self {
            state,
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

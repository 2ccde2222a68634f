//! Building the answer to a batch.

use lambda_with::{Error, ErrorKind, Text};

use crate::generated::{SqsBatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};

impl SqsBatchResponse {
    /// The answer that names the failed messages by their ids.
    ///
    /// ```
    /// use lambda_with_sqs::SqsBatchResponse;
    ///
    /// let answer = SqsBatchResponse::of_failed(["059f36b4-87a3-44ab-83d2-661975830a7d"]);
    /// assert_eq!(answer.batch_item_failures.len(), 1);
    /// ```
    ///
    /// [`SqsBatchResponse::default`] names none: all went well.
    pub fn of_failed(ids: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        let failure = |id: Text| SqsBatchItemFailure {
            item_identifier: id,
        };
        Self {
            batch_item_failures: ids.into_iter().map(|id| failure(id.into())).collect(),
        }
    }

    /// The answer of a function that works through a FIFO batch in order and failed at the message
    /// at `index`: it names this one and all that follow.
    #[must_use]
    pub fn from_first_failure(event: &SqsEvent, index: usize) -> Self {
        Self::of_failed(
            event
                .records
                .iter()
                .skip(index)
                .map(|message| message.message_id.clone()),
        )
    }

    /// Adds a failed message.
    pub fn fail(&mut self, message: &SqsMessage) {
        let item_identifier = message.message_id.clone();
        self.batch_item_failures
            .push(SqsBatchItemFailure { item_identifier });
    }

    /// Whether Lambda takes this answer to `event` for what it says.
    ///
    /// # Errors
    ///
    /// When an id is empty or not of the batch: Lambda then takes every message for failed.
    pub fn check(&self, event: &SqsEvent) -> Result<(), Error> {
        for (index, failure) in self.batch_item_failures.iter().enumerate() {
            let id = failure.item_identifier.as_str();
            let refuse = |why: String| {
                Err(Error::new(ErrorKind::Invalid, why)
                    .with("path", format!("batchItemFailures[{index}].itemIdentifier")))
            };
            if id.is_empty() {
                return refuse("an empty id fails the whole batch".to_owned());
            }
            if !event
                .records
                .iter()
                .any(|message| message.message_id.as_str() == id)
            {
                return refuse(format!(
                    "`{id}` is no message of the batch, which fails all of it"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_checked_against_the_batch() {
        let message = |id: &str| SqsMessage {
            message_id: id.into(),
            ..SqsMessage::default()
        };
        let event = SqsEvent {
            records: vec![message("a"), message("b"), message("c")],
        };
        let mut by_hand = SqsBatchResponse::default();
        by_hand.fail(&event.records[2]);
        for (answer, refusal) in [
            (SqsBatchResponse::default(), None),
            (by_hand, None),
            (SqsBatchResponse::from_first_failure(&event, 1), None),
            (
                SqsBatchResponse::of_failed(["a", ""]),
                Some("batchItemFailures[1]"),
            ),
            (
                SqsBatchResponse::of_failed(["d"]),
                Some("`d` is no message"),
            ),
        ] {
            let error = answer.check(&event).err().map(|error| error.to_string());
            match (error, refusal) {
                (None, None) => {}
                (Some(error), Some(part)) if error.contains(part) => {}
                other => panic!("{answer:?}: {other:?}"),
            }
        }
        let rest = SqsBatchResponse::from_first_failure(&event, 1);
        assert_eq!(rest, SqsBatchResponse::of_failed(["b", "c"]));
    }
}

//! Building the answer to a batch.

use std::borrow::Cow;

use lambda_with::batch::{Answer, BatchRecord, OnFailure, Order, Report, answer};
use lambda_with::{Error, Text};

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
        let failures = self.batch_item_failures.iter();
        let messages = event.records.iter();
        answer::check(
            failures.map(|failure| failure.item_identifier.as_str()),
            messages.map(|message| message.message_id.as_str()),
        )
    }
}

/// Names the messages that failed.
impl<E> From<&Report<'_, SqsMessage, E>> for SqsBatchResponse {
    fn from(report: &Report<'_, SqsMessage, E>) -> Self {
        let failures = report.failures.iter();
        Self::of_failed(failures.map(|failure| failure.record.message_id.clone()))
    }
}

/// In order with its message group, if its queue is FIFO. Whether it is is seen from the queue's ARN.
impl BatchRecord for SqsMessage {
    const ANSWER: Answer = Answer::Each;

    fn id(&self) -> Cow<'_, str> {
        self.message_id.as_str().into()
    }

    fn order(&self, _: Order) -> Option<Cow<'_, str>> {
        let group = self.attributes.message_group_id.as_deref();
        is_fifo(self).then(|| group.unwrap_or_default().into())
    }

    fn on_failure(&self) -> OnFailure {
        match is_fifo(self) {
            true => OnFailure::StopAll,
            false => OnFailure::Alone,
        }
    }
}

/// Only a FIFO queue numbers its messages; a standard queue may give them groups all the same.
fn is_fifo(message: &SqsMessage) -> bool {
    message.event_source_arn.ends_with(".fifo") || message.attributes.sequence_number.is_some()
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
            (SqsBatchResponse::of_failed(["d"]), Some("`d` is no record")),
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

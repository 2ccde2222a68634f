//! Building the answer to a batch: every record once, within what Firehose takes.

mod output;
mod rules;

use std::collections::HashMap;
use std::fmt;

use lambda_with::{Error, Nullable};

pub use self::output::{Output, Transformed};
use self::rules::{MAX_ANSWER, ONCE, invalid, size, within_answer};
use crate::{FirehoseEvent, FirehoseRecord, FirehoseResponse, FirehoseResponseRecord};

/// The answers to the records of one event, given one by one in any order.
///
/// ```
/// use lambda_with_firehose::{Answers, FirehoseEvent, Output, SERVICE, Transformed};
///
/// let json = SERVICE.sample("direct-put").ok_or("no such sample")?.json;
/// let event: FirehoseEvent = lambda_with::decode(json)?;
/// let mut answers = Answers::new(&event);
/// for record in event.records.iter().rev() {
///     match record.bytes()?.strip_prefix(b"{") {
///         Some(_) => answers.add(&record.record_id, Output::unchanged(record))?,
///         None => answers.add(&record.record_id, Transformed::Dropped)?,
///     }
/// }
/// assert_eq!(answers.finish()?.records.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`FirehoseEvent::transform`] is shorter where a closure makes each answer.
#[derive(Clone, Debug)]
pub struct Answers<'a> {
    event: &'a FirehoseEvent,
    places: HashMap<&'a str, usize>,
    made: Vec<Option<FirehoseResponseRecord>>,
}

/// What [`FirehoseEvent::transform`] made of a batch.
pub struct Transformation<'a, E> {
    /// An answer to every record.
    pub answers: Answers<'a>,
    /// The records that failed, and why. They are answered `ProcessingFailed`.
    pub failures: Vec<(&'a FirehoseRecord, E)>,
}

impl<'a> Answers<'a> {
    /// No answer yet to any record of `event`.
    #[must_use]
    pub fn new(event: &'a FirehoseEvent) -> Self {
        let ids = event.records.iter().map(|record| record.record_id.as_str());
        Self {
            event,
            places: ids.zip(0..).collect(),
            made: vec![None; event.records.len()],
        }
    }

    /// Answers the record with this id.
    ///
    /// # Errors
    ///
    /// When no record has the id, or it is answered already.
    pub fn add(&mut self, record_id: &str, answer: impl Into<Transformed>) -> Result<(), Error> {
        let Some(&place) = self.places.get(record_id) else {
            let message = format!("`{record_id}` is no record of the batch");
            return Err(invalid(ONCE, message));
        };
        if self.made[place].is_some() {
            let message = format!("record `{record_id}` is answered twice");
            return Err(invalid(ONCE, message));
        }
        self.set(place, answer.into());
        Ok(())
    }

    /// Takes outputs away, last first, until the answer is small enough; their records become
    /// `Dropped`.
    ///
    /// Unpacking what CloudWatch Logs sends can make an answer larger than Firehose takes. Put what
    /// this gives back into the stream again with `PutRecordBatch`, then finish the answer.
    pub fn take_excess(&mut self) -> Vec<(&'a FirehoseRecord, Output)> {
        let mut bytes = size(&self.response());
        let mut taken = Vec::new();
        for (place, record) in self.event.records.iter().enumerate().rev() {
            if bytes <= MAX_ANSWER {
                break;
            }
            let Some(answer) = &self.made[place] else {
                continue;
            };
            let before = size(answer);
            if let Some(output) = Output::of(answer) {
                self.set(place, Transformed::Dropped);
                bytes -= before - self.made[place].as_ref().map_or(0, size);
                taken.push((record, output));
            }
        }
        taken.reverse();
        taken
    }

    /// The answer to the batch.
    ///
    /// # Errors
    ///
    /// When a record has no answer, or all of them together are more than 6 MB as JSON.
    pub fn finish(self) -> Result<FirehoseResponse, Error> {
        if let Some(place) = self.made.iter().position(Option::is_none) {
            let id = &self.event.records[place].record_id;
            return Err(invalid(ONCE, format!("record `{id}` has no answer")));
        }
        let records = self.made.into_iter().flatten().collect();
        let response = FirehoseResponse { records };
        within_answer(&response)?;
        Ok(response)
    }

    fn set(&mut self, place: usize, answer: Transformed) {
        let record = &self.event.records[place];
        let kafka = self.event.source_msk_arn.is_some() || record.is_kafka();
        self.made[place] = Some(answer.into_record(record.record_id.clone(), kafka));
    }

    fn response(&self) -> FirehoseResponse {
        FirehoseResponse {
            records: self.made.iter().flatten().cloned().collect(),
        }
    }
}

impl<E> Transformation<'_, E> {
    /// The answer to the batch.
    ///
    /// # Errors
    ///
    /// When it is more than 6 MB as JSON; see [`Answers::take_excess`].
    pub fn into_response(self) -> Result<FirehoseResponse, Error> {
        self.answers.finish()
    }
}

impl<E: fmt::Debug> fmt::Debug for Transformation<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.failures.iter().map(|(r, e)| (&r.record_id, e));
        f.debug_struct("Transformation")
            .field("answers", &self.answers.made)
            .field("failures", &failures.collect::<Vec<_>>())
            .finish()
    }
}

impl FirehoseEvent {
    /// Transforms every record by `transform`, which gives [`Output`] for a record to deliver or
    /// [`Transformed::Dropped`] for one to leave out. Where it fails that record alone is answered
    /// `ProcessingFailed`.
    ///
    /// ```
    /// use lambda_with_firehose::{FirehoseEvent, Output, SERVICE};
    /// use serde_json::Value;
    ///
    /// let json = SERVICE.sample("direct-put").ok_or("no such sample")?.json;
    /// let event: FirehoseEvent = lambda_with::decode(json)?;
    /// let done = event.transform(|record| {
    ///     let mut view: Value = record.decode()?;
    ///     view["seen"] = true.into();
    ///     Output::json(&view)?.partition_key("page", view["page"].as_str().unwrap_or("-"))
    /// });
    /// assert_eq!(done.failures.len(), 1); // one record is not JSON
    /// let response = done.into_response()?;
    /// # assert_eq!(response.records.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transform<T: Into<Transformed>, E>(
        &self,
        mut transform: impl FnMut(&FirehoseRecord) -> Result<T, E>,
    ) -> Transformation<'_, E> {
        let mut answers = Answers::new(self);
        let mut failures = Vec::new();
        for (place, record) in self.records.iter().enumerate() {
            let answer = transform(record).map_or_else(
                |error| {
                    failures.push((record, error));
                    Transformed::Failed
                },
                Into::into,
            );
            answers.set(place, answer);
        }
        Transformation { answers, failures }
    }
}

impl FirehoseResponse {
    /// Whether Firehose takes this answer to `event` for what it says. What [`Answers`] builds
    /// passes; an answer put together by hand may not.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`, and the member as `path`.
    pub fn check(&self, event: &FirehoseEvent) -> Result<(), Error> {
        let mut places = Answers::new(event);
        for (index, answer) in self.records.iter().enumerate() {
            let at = |error: Error| error.with("path", format!("records[{index}]"));
            places
                .add(&answer.record_id, Transformed::Dropped)
                .map_err(at)?;
            let record = &event.records[places.places[answer.record_id.as_str()]];
            let kafka = event.source_msk_arn.is_some() || record.is_kafka();
            rules::record(answer, kafka).map_err(at)?;
        }
        places.finish()?;
        within_answer(self)
    }
}

/// A member that may be left out, as text or not at all.
fn nullable<T>(value: Option<T>) -> Nullable<T> {
    value.into()
}

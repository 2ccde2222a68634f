//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::code_commit as theirs;
use lambda_with::{Error, Json};
use serde_json::Value;

use crate::CodeCommitEvent;

/// Takes over an event read by `aws_lambda_events`.
///
/// The time comes back in another form, and what that crate has no member for was lost when it read
/// the event: that a branch was deleted.
///
/// # Errors
///
/// When a member AWS CodeCommit always sends is missing, such as the repository's ARN.
impl TryFrom<theirs::CodeCommitEvent> for CodeCommitEvent {
    type Error = Error;

    fn try_from(event: theirs::CodeCommitEvent) -> Result<Self, Error> {
        let mut event: Value = Json::encode(&event)?.decode()?;
        // Theirs writes null and false for what was missing.
        let records = event["Records"].as_array_mut().into_iter().flatten();
        for record in records {
            let references = record["codecommit"]["references"].as_array_mut();
            for reference in references.into_iter().flatten() {
                if let Some(members) = reference.as_object_mut() {
                    members.retain(|name, value| name != "created" || *value == true);
                }
            }
        }
        Json::from(event).decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// What that crate has no member for is lost: a branch that was deleted looks like one that was
/// pushed.
///
/// # Errors
///
/// When the time is none.
impl TryFrom<CodeCommitEvent> for theirs::CodeCommitEvent {
    type Error = Error;

    fn try_from(event: CodeCommitEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SERVICE;
    use lambda_with_testing::{opinion, read, second_opinion};

    fn event(sample: &str) -> CodeCommitEvent {
        read(&SERVICE, sample)
    }

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null, false or nothing for what was missing",
            &["CodeCommitEvent adds empty values"],
        ),
        (
            "it writes the time in another form",
            &["CodeCommitEvent changes /Records/*/eventTime"],
        ),
        (
            "it has no member for it",
            &["CodeCommitEvent loses /Records/*/codecommit/references/*/deleted"],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "CodeCommitEvent" => Some(opinion::<theirs::CodeCommitEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back_loses_only_what_they_lack() {
        for sample in SERVICE.samples {
            let mut ours = event(sample.id);
            let there = theirs::CodeCommitEvent::try_from(ours.clone()).unwrap();
            let back = CodeCommitEvent::try_from(there).unwrap();
            let time = |event: &CodeCommitEvent| event.records[0].event_time.timestamp().unwrap();
            assert_eq!(time(&back), time(&ours));
            let record = &mut ours.records[0];
            assert_ne!(record.event_time, back.records[0].event_time);
            record.event_time = back.records[0].event_time.clone();
            let deleted = record.codecommit.references[0].deleted.take();
            assert_eq!(deleted.is_some(), sample.id == "branch-deleted");
            assert_eq!(back, ours);
        }
    }

    #[test]
    fn refusals_name_the_member() {
        let mut event = event("push");
        event.records[0].event_time = "yesterday".into();
        let error = theirs::CodeCommitEvent::try_from(event).unwrap_err();
        assert!(
            error.to_string().contains("Records[0].eventTime"),
            "{error}"
        );
        let mut event = theirs::CodeCommitEvent::default();
        event.records.push(theirs::CodeCommitRecord::default());
        let error = CodeCommitEvent::try_from(event).unwrap_err();
        assert!(error.to_string().contains("Records[0]"), "{error}");
    }
}

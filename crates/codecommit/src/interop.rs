//! To and from the event of the crate `aws_lambda_events`.

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

    fn event(sample: &str) -> CodeCommitEvent {
        serde_json::from_str(SERVICE.sample(sample).unwrap().json).unwrap()
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

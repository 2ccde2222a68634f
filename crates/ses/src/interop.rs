//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::ses as theirs;
use lambda_with::{Error, Json};
use serde_json::Value;

use crate::SesEvent;

/// Takes over an event read by `aws_lambda_events`.
///
/// What that crate has no member for was lost when it read the event: copies, hidden copies, senders
/// and reply addresses, and prefixes of keys.
///
/// # Errors
///
/// When a member Amazon SES always sends is missing, such as the mail's id.
impl TryFrom<theirs::SimpleEmailEvent> for SesEvent {
    type Error = Error;

    fn try_from(event: theirs::SimpleEmailEvent) -> Result<Self, Error> {
        let mut event = Json::encode(&event)?.value()?;
        // Theirs writes null for what was missing, and a content that Amazon SES never sends.
        without_nulls(&mut event);
        Json::encode(&event)?.decode()
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// # Errors
///
/// When a time is not RFC 3339, the verdict on DMARC or the author is missing, or a number is text.
impl TryFrom<SesEvent> for theirs::SimpleEmailEvent {
    type Error = Error;

    fn try_from(event: SesEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null, false or nothing for what was missing",
            &["SesEvent adds empty values"],
        ),
        (
            "it has no such members",
            &[
                "SesEvent loses /Records/*/ses/mail/commonHeaders/bcc",
                "SesEvent loses /Records/*/ses/mail/commonHeaders/cc",
                "SesEvent loses /Records/*/ses/mail/commonHeaders/replyTo",
                "SesEvent loses /Records/*/ses/mail/commonHeaders/sender",
                "SesEvent loses /Records/*/ses/receipt/action/objectKeyPrefix",
            ],
        ),
        (
            "it takes an author for granted",
            &["SesEvent refuses received-bcc"],
        ),
        (
            "it takes the verdict for granted",
            &["SesEvent refuses received-without-dmarc"],
        ),
        (
            "it has no types for what Amazon SES publishes elsewhere",
            &[
                "SesFeedback is not there",
                "SesReceived is not there",
                "SesSendingEvent is not there",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "SesDisposition" => Some(opinion::<theirs::SimpleEmailDisposition>(sample.json)),
            "SesEvent" => Some(opinion::<theirs::SimpleEmailEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        for id in ["received", "received-suspicious"] {
            let ours: SesEvent = read(&SERVICE, id);
            let there = theirs::SimpleEmailEvent::try_from(ours.clone()).unwrap();
            assert_eq!(SesEvent::try_from(there).unwrap(), ours, "{id}");
        }
    }

    #[test]
    fn refusals_name_the_member() {
        let event: SesEvent = read(&SERVICE, "received-without-dmarc");
        let error = theirs::SimpleEmailEvent::try_from(event)
            .unwrap_err()
            .to_string();
        assert!(error.contains("dmarcVerdict"), "{error}");
        let mut event = theirs::SimpleEmailEvent::default();
        event.records.push(theirs::SimpleEmailRecord::default());
        assert!(SesEvent::try_from(event).is_err());
    }
}

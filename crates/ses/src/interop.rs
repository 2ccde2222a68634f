//! To and from the event of the crate `aws_lambda_events`.

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
    use std::collections::BTreeSet;

    use lambda_with_testing::sample;

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 reads or writes differently, over all events, and why.
    const DIFFERENCES: &[(&str, &str)] = &[
        ("refused received-bcc", "it takes an author for granted"),
        (
            "refused received-without-dmarc",
            "it takes the verdict for granted",
        ),
        (
            "lost /Records/ses/mail/commonHeaders/bcc",
            "it has no member for it",
        ),
        (
            "lost /Records/ses/mail/commonHeaders/cc",
            "it has no member for it",
        ),
        (
            "lost /Records/ses/mail/commonHeaders/replyTo",
            "it has no member for it",
        ),
        (
            "lost /Records/ses/mail/commonHeaders/sender",
            "it has no member for it",
        ),
        (
            "lost /Records/ses/receipt/action/objectKeyPrefix",
            "it has no member for it",
        ),
        (
            "added /Records/ses/content",
            "a member Amazon SES does not send to functions",
        ),
        (
            "added /Records/ses/receipt/dmarcPolicy",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/bucketName",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/functionArn",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/invocationType",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/message",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/objectKey",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/organizationArn",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/sender",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/smtpReplyCode",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/statusCode",
            "it writes null for what was missing",
        ),
        (
            "added /Records/ses/receipt/action/topicArn",
            "it writes null for what was missing",
        ),
    ];

    fn compare(path: &str, ours: &Value, theirs: &Value, found: &mut BTreeSet<String>) {
        match (ours, theirs) {
            (Value::Object(a), Value::Object(b)) => {
                for (name, value) in a {
                    let path = format!("{path}/{name}");
                    let Some(other) = b.get(name) else {
                        found.insert(format!("lost {path}"));
                        continue;
                    };
                    compare(&path, value, other, found);
                }
                let added = b.keys().filter(|name| !a.contains_key(*name));
                found.extend(added.map(|name| format!("added {path}/{name}")));
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (value, other) in a.iter().zip(b) {
                    compare(path, value, other, found);
                }
            }
            _ if ours == theirs => {}
            _ => {
                found.insert(format!("changed {path}"));
            }
        }
    }

    #[test]
    fn a_second_opinion_on_every_event() {
        let mut found = BTreeSet::new();
        for id in SERVICE
            .samples
            .iter()
            .filter(|sample| sample.of == "SesEvent")
            .map(|sample| sample.id)
        {
            let document = sample(&SERVICE, id);
            match serde_json::from_value::<theirs::SimpleEmailEvent>(document.clone()) {
                Ok(event) => {
                    let written = serde_json::to_value(event).unwrap();
                    compare("", &document, &written, &mut found);
                }
                Err(_) => {
                    found.insert(format!("refused {id}"));
                }
            }
        }
        let known: BTreeSet<String> = DIFFERENCES.iter().map(|(what, _)| (*what).into()).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn there_and_back() {
        for id in ["received", "received-suspicious"] {
            let ours: SesEvent = serde_json::from_value(sample(&SERVICE, id)).unwrap();
            let there = theirs::SimpleEmailEvent::try_from(ours.clone()).unwrap();
            assert_eq!(SesEvent::try_from(there).unwrap(), ours, "{id}");
        }
    }

    #[test]
    fn refusals_name_the_member() {
        let event: SesEvent =
            serde_json::from_value(sample(&SERVICE, "received-without-dmarc")).unwrap();
        let error = theirs::SimpleEmailEvent::try_from(event)
            .unwrap_err()
            .to_string();
        assert!(error.contains("dmarcVerdict"), "{error}");
        let mut event = theirs::SimpleEmailEvent::default();
        event.records.push(theirs::SimpleEmailRecord::default());
        assert!(SesEvent::try_from(event).is_err());
    }
}

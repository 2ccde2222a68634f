//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use aws_lambda_events::event::sqs as theirs;

use crate::generated::{SqsBatchResponse, SqsEvent, SqsMessage};

lambda_with::interop! {
    SqsEvent = theirs::SqsEvent;
    SqsMessage = theirs::SqsMessage;
    SqsBatchResponse = theirs::SqsBatchResponse;
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[(
        "it writes null for what was not there",
        &["SqsEvent adds empty values"],
    )];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "SqsEvent" => Some(opinion::<theirs::SqsEvent>(sample.json)),
            _ => Some(opinion::<theirs::SqsBatchResponse>(sample.json)),
        });
    }

    #[test]
    fn events_and_answers_convert_both_ways() {
        for sample in SERVICE.samples {
            if sample.of == "SqsEvent" {
                let ours: SqsEvent = serde_json::from_str(sample.json).unwrap();
                let there = theirs::SqsEvent::try_from(ours.clone()).unwrap();
                assert_eq!(there.records.len(), ours.records.len());
                let back = SqsEvent::try_from(there.clone()).unwrap();
                for (back, ours) in back.records.iter().zip(&ours.records) {
                    assert_eq!(
                        (&back.body, &back.attributes),
                        (&ours.body, &ours.attributes)
                    );
                    assert_eq!(back.message_attributes, ours.message_attributes);
                }
                assert_eq!(
                    theirs::SqsEvent::try_from(back).unwrap(),
                    there,
                    "{}",
                    sample.id
                );
            } else {
                let ours: SqsBatchResponse = serde_json::from_str(sample.json).unwrap();
                let there = theirs::SqsBatchResponse::try_from(ours.clone()).unwrap();
                assert_eq!(
                    SqsBatchResponse::try_from(there).unwrap(),
                    ours,
                    "{}",
                    sample.id
                );
            }
        }
    }

    /// Every member of theirs is optional; ours has none without an id.
    #[test]
    fn a_message_without_an_id_has_no_form_here() {
        let error = SqsMessage::try_from(theirs::SqsMessage::default()).unwrap_err();
        assert!(error.to_string().contains("messageId"), "{error}");
    }
}

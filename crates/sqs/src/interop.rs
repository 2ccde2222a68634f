//! Conversions from and to the types of `aws_lambda_events`, through the wire form both share.

use aws_lambda_events::event::sqs as theirs;
use lambda_with::{Error, Json};

use crate::generated::{SqsBatchResponse, SqsEvent, SqsMessage};

/// Converts both ways. Either fails on a value that the other side has no form for.
macro_rules! interop {
    ($($ours:ty = $theirs:ty;)*) => {$(
        impl TryFrom<$theirs> for $ours {
            type Error = Error;

            fn try_from(value: $theirs) -> Result<Self, Error> {
                Json::encode(&value)?.decode()
            }
        }

        impl TryFrom<$ours> for $theirs {
            type Error = Error;

            fn try_from(value: $ours) -> Result<Self, Error> {
                Json::encode(&value)?.decode()
            }
        }
    )*};
}

interop! {
    SqsEvent = theirs::SqsEvent;
    SqsMessage = theirs::SqsMessage;
    SqsBatchResponse = theirs::SqsBatchResponse;
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::SERVICE;

    fn written(value: &impl serde::Serialize) -> Value {
        serde_json::to_value(value).unwrap()
    }

    /// The members two documents differ in, and what the second has instead of the first.
    fn differences(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
        match (one, other) {
            (Value::Object(ones), Value::Object(others)) => {
                let names: std::collections::BTreeSet<_> =
                    ones.keys().chain(others.keys()).collect();
                for name in names {
                    let path = format!("{path}/{name}");
                    match (ones.get(name), others.get(name)) {
                        (Some(one), Some(other)) => differences(&path, one, other, found),
                        (Some(_), None) => found.push(format!("{path} is lost")),
                        (None, other) => found.push(format!("{path} becomes {}", other.unwrap())),
                    }
                }
            }
            (Value::Array(ones), Value::Array(others)) if ones.len() == others.len() => {
                for (index, (one, other)) in ones.iter().zip(others).enumerate() {
                    differences(&format!("{path}/{index}"), one, other, found);
                }
            }
            _ if one == other => {}
            _ => found.push(format!("{path} becomes {other}")),
        }
    }

    /// What `aws_lambda_events` makes of a sample that is not in the sample: it writes members that
    /// are absent as null, because its optional members are never left out.
    #[test]
    fn a_second_opinion_on_the_samples() {
        let digest = "/md5OfMessageAttributes becomes null";
        let values = ["/binaryValue becomes null", "/stringValue becomes null"];
        for sample in SERVICE.samples {
            let document: Value = serde_json::from_str(sample.json).unwrap();
            let theirs = match sample.of {
                "SqsEvent" => {
                    written(&serde_json::from_str::<theirs::SqsEvent>(sample.json).unwrap())
                }
                _ => {
                    written(&serde_json::from_str::<theirs::SqsBatchResponse>(sample.json).unwrap())
                }
            };
            let mut found = Vec::new();
            differences("", &document, &theirs, &mut found);
            let expected: Vec<String> = match sample.id {
                "message-attributes" => [
                    ("attempt", 0),
                    ("channel", 0),
                    ("checksum", 1),
                    ("price", 0),
                ]
                .map(|(name, null)| format!("/Records/0/messageAttributes/{name}{}", values[null]))
                .into(),
                "partial-failure" | "no-failure" => Vec::new(),
                _ => (0..document["Records"].as_array().unwrap().len())
                    .map(|index| format!("/Records/{index}{digest}"))
                    .collect(),
            };
            assert_eq!(found, expected, "{}", sample.id);
        }
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

//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::cloudwatch_logs as theirs;
use lambda_with::{Error, Json};

use crate::{CloudWatchLogsEvent, LogsMessage};

/// Takes over an event read by `aws_lambda_events`, which unpacks while it reads.
///
/// The data is packed anew: with padding, which that crate leaves out, and so cannot read back itself.
///
/// # Errors
///
/// When a message cannot be written as JSON.
impl TryFrom<theirs::LogsEvent> for CloudWatchLogsEvent {
    type Error = Error;

    fn try_from(event: theirs::LogsEvent) -> Result<Self, Error> {
        let message: LogsMessage = Json::encode(&event.aws_logs.data)?.decode()?;
        Self::new(&message)
    }
}

/// Hands an event to code written for `aws_lambda_events`.
///
/// What that crate has no member for is lost: `policyLevel` and `extractedFields`.
///
/// # Errors
///
/// When the data cannot be unpacked, or a message holds half a surrogate pair.
impl TryFrom<CloudWatchLogsEvent> for theirs::LogsEvent {
    type Error = Error;

    fn try_from(event: CloudWatchLogsEvent) -> Result<Self, Error> {
        let mut logs = Self::default();
        logs.aws_logs.data = Json::encode(&event.awslogs.decode()?)?.decode()?;
        Ok(logs)
    }
}

#[cfg(test)]
mod tests {
    use lambda_with::Base64;
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;
    use crate::SERVICE;

    fn event(sample: &str) -> CloudWatchLogsEvent {
        read(&SERVICE, sample)
    }

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it packs anew, and leaves out the padding",
            &["CloudWatchLogsEvent changes /awslogs/data"],
        ),
        (
            "it is older than these members",
            &[
                "LogsMessage loses /logEvents/*/extractedFields",
                "LogsMessage loses /policyLevel",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "CloudWatchLogsEvent" => Some(opinion::<theirs::LogsEvent>(sample.json)),
            "LogsMessage" => Some(opinion::<theirs::LogData>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back_loses_only_what_they_lack() {
        for sample in [
            "subscription",
            "subscription-control",
            "subscription-account",
        ] {
            let ours = event(sample);
            let read: theirs::LogsEvent = read(&SERVICE, sample);
            let there = theirs::LogsEvent::try_from(ours.clone()).unwrap();
            assert_eq!(there, read);
            let back = CloudWatchLogsEvent::try_from(there).unwrap();
            let mut message = ours.awslogs.decode().unwrap();
            message.policy_level = None;
            assert_eq!(back.awslogs.decode().unwrap(), message);
        }
    }

    #[test]
    fn what_they_write_has_no_padding() {
        let mut seen = 0;
        for length in 0..3 {
            let message = LogsMessage {
                owner: "x".repeat(length).into(),
                ..event("subscription").awslogs.decode().unwrap()
            };
            let ours = CloudWatchLogsEvent::new(&message).unwrap();
            let theirs = theirs::LogsEvent::try_from(ours).unwrap();
            let json = serde_json::to_string(&theirs).unwrap();
            let read: CloudWatchLogsEvent = serde_json::from_str(&json).unwrap();
            if !read.awslogs.data.as_str().len().is_multiple_of(4) {
                seen += 1;
                assert!(serde_json::from_str::<theirs::LogsEvent>(&json).is_err());
                assert!(
                    read.awslogs
                        .decode()
                        .unwrap_err()
                        .to_string()
                        .contains("padding")
                );
                let mut padded = read.awslogs.data.as_str().to_owned();
                padded.extend(std::iter::repeat_n('=', (4 - padded.len() % 4) % 4));
                assert_eq!(
                    LogsMessage::from_base64(&Base64::from(padded)).unwrap(),
                    message
                );
            }
        }
        assert!(seen > 0);
    }

    #[test]
    fn what_they_refuse_is_read() {
        let json = SERVICE.sample("subscription").unwrap().json;
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert!(serde_json::from_value::<theirs::LogsEvent>(value.clone()).is_err());
        assert_eq!(
            serde_json::from_value::<CloudWatchLogsEvent>(value).unwrap(),
            event("subscription")
        );
    }
}

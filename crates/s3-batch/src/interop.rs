//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::s3::batch_job as theirs;
use lambda_with::{Error, Json, Nullable};

use crate::generated::{S3BatchEvent, S3BatchResponse};

/// Takes over an event read by `aws_lambda_events`.
///
/// That crate knows schema 1.0 only: user arguments and the buckets of schema 2.0 were lost when it
/// read the event.
///
/// # Errors
///
/// When a member Amazon S3 always sends is missing.
impl TryFrom<theirs::S3BatchJobEvent> for S3BatchEvent {
    type Error = Error;

    fn try_from(event: theirs::S3BatchJobEvent) -> Result<Self, Error> {
        let mut event: Self = Json::encode(&event)?.decode()?;
        // Theirs writes null for what was missing; the version alone is null as it comes.
        for task in &mut event.tasks {
            if task.s3_bucket_arn == Nullable::Null {
                task.s3_bucket_arn = Nullable::Missing;
            }
        }
        Ok(event)
    }
}

/// Hands an event to code written for `aws_lambda_events`. User arguments and the buckets of schema
/// 2.0 are lost.
///
/// # Errors
///
/// Never as things are; both read the same texts.
impl TryFrom<S3BatchEvent> for theirs::S3BatchJobEvent {
    type Error = Error;

    fn try_from(event: S3BatchEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

/// Takes over an answer built with `aws_lambda_events`.
///
/// # Errors
///
/// When an id or a result code is missing.
impl TryFrom<theirs::S3BatchJobResponse> for S3BatchResponse {
    type Error = Error;

    fn try_from(response: theirs::S3BatchJobResponse) -> Result<Self, Error> {
        let mut response: Self = Json::encode(&response)?.decode()?;
        for result in &mut response.results {
            if result.result_string == Nullable::Null {
                result.result_string = Nullable::Missing;
            }
        }
        Ok(response)
    }
}

/// Hands an answer to code written for `aws_lambda_events`.
///
/// # Errors
///
/// Never as things are; both read the same texts.
impl TryFrom<S3BatchResponse> for theirs::S3BatchJobResponse {
    type Error = Error;

    fn try_from(response: S3BatchResponse) -> Result<Self, Error> {
        Json::encode(&response)?.decode()
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
            &[
                "S3BatchEvent adds empty values",
                "S3BatchResponse adds empty values",
            ],
        ),
        (
            "it is older than schema 2.0",
            &[
                "S3BatchEvent leaves out empty values",
                "S3BatchEvent loses /job/userArguments",
                "S3BatchEvent loses /tasks/*/s3Bucket",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "S3BatchEvent" => Some(opinion::<theirs::S3BatchJobEvent>(sample.json)),
            "S3BatchResponse" => Some(opinion::<theirs::S3BatchJobResponse>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        for id in ["schema-1", "schema-1-versioned"] {
            let ours: S3BatchEvent = read(&SERVICE, id);
            let there = theirs::S3BatchJobEvent::try_from(ours.clone()).unwrap();
            assert_eq!(S3BatchEvent::try_from(there).unwrap(), ours, "{id}");
        }
        for id in ["succeeded", "failed", "try-again"] {
            let ours: S3BatchResponse = read(&SERVICE, id);
            let there = theirs::S3BatchJobResponse::try_from(ours.clone()).unwrap();
            assert_eq!(S3BatchResponse::try_from(there).unwrap(), ours, "{id}");
        }
        let ours = SERVICE.sample("schema-2").unwrap().json;
        let ours: S3BatchEvent = serde_json::from_str(ours).unwrap();
        let there = theirs::S3BatchJobEvent::try_from(ours).unwrap();
        let back = S3BatchEvent::try_from(there).unwrap();
        assert!(back.tasks[0].bucket().is_err(), "schema 2.0 is lost there");
    }

    #[test]
    fn refusals_name_the_member() {
        let error = S3BatchEvent::try_from(theirs::S3BatchJobEvent::default()).unwrap_err();
        assert!(
            error.to_string().contains("invocationSchemaVersion"),
            "{error}"
        );
    }
}

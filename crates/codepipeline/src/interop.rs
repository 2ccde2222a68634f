//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::codepipeline_job as theirs;
use lambda_with::{Error, Json, Nullable};

use crate::generated::CodePipelineEvent;

/// Takes over a job read by `aws_lambda_events`.
///
/// That crate knows neither the encryption key nor when the credentials expire: both were lost when
/// it read the event.
///
/// # Errors
///
/// When a member CodePipeline always sends is missing.
impl TryFrom<theirs::CodePipelineJobEvent> for CodePipelineEvent {
    type Error = Error;

    fn try_from(event: theirs::CodePipelineJobEvent) -> Result<Self, Error> {
        let mut event: Self = Json::encode(&event)?.decode()?;
        // Theirs writes null for what was missing; a revision alone is null as it comes.
        let data = &mut event.job.data;
        if data.continuation_token.is_null() {
            data.continuation_token = Nullable::Missing;
        }
        let configuration = &mut data.action_configuration.configuration;
        if configuration.user_parameters.is_null() {
            configuration.user_parameters = Nullable::Missing;
        }
        Ok(event)
    }
}

/// Hands a job to code written for `aws_lambda_events`. The encryption key and the time the
/// credentials expire are lost.
///
/// # Errors
///
/// When the job has no lists of artifacts, which theirs requires.
impl TryFrom<CodePipelineEvent> for theirs::CodePipelineJobEvent {
    type Error = Error;

    fn try_from(event: CodePipelineEvent) -> Result<Self, Error> {
        Json::encode(&event)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[
        (
            "it writes null, false or nothing for what was missing",
            &["CodePipelineEvent adds empty values"],
        ),
        (
            "it has no such members",
            &[
                "CodePipelineEvent loses /CodePipeline.job/data/artifactCredentials/expirationTime",
                "CodePipelineEvent loses /CodePipeline.job/data/encryptionKey",
            ],
        ),
    ];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "CodePipelineEvent" => Some(opinion::<theirs::CodePipelineJobEvent>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        for sample in SERVICE.samples {
            let mut ours: CodePipelineEvent = serde_json::from_str(sample.json).unwrap();
            let there = theirs::CodePipelineJobEvent::try_from(ours.clone()).unwrap();
            ours.job.data.encryption_key = Nullable::Missing;
            ours.job.data.artifact_credentials.expiration_time = Nullable::Missing;
            assert_eq!(
                CodePipelineEvent::try_from(there).unwrap(),
                ours,
                "{}",
                sample.id
            );
        }
    }

    #[test]
    fn lists_are_required_there() {
        let mut ours: CodePipelineEvent = serde_json::from_str(SERVICE.samples[0].json).unwrap();
        ours.job.data.input_artifacts = Nullable::Missing;
        let error = theirs::CodePipelineJobEvent::try_from(ours).unwrap_err();
        assert!(error.to_string().contains("inputArtifacts"), "{error}");
    }
}

//! What users ask of a job, and its members do not answer by themselves.

use lambda_with::{Error, ErrorKind};
use serde::de::DeserializeOwned;

use crate::{CodePipelineArtifact, CodePipelineEvent, CodePipelineJob};

impl CodePipelineEvent {
    /// What the action hands to the function, read as JSON.
    ///
    /// ```
    /// use lambda_with_codepipeline::{CodePipelineEvent, SERVICE};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Smoke {
    ///     url: String,
    ///     expect: u16,
    /// }
    ///
    /// let json = SERVICE.sample("job").ok_or("no such sample")?.json;
    /// let event: CodePipelineEvent = lambda_with::decode(json)?;
    /// let smoke: Smoke = event.user_parameters()?;
    /// assert_eq!((smoke.url.as_str(), smoke.expect), ("https://staging.example.com/berths", 200));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Where they are plain text, `configuration.user_parameters` has it.
    ///
    /// # Errors
    ///
    /// When there are none, or they are not the JSON that `T` reads.
    pub fn user_parameters<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let configuration = &self.job.data.action_configuration.configuration;
        let Some(parameters) = configuration.user_parameters.as_ref() else {
            let error = Error::new(ErrorKind::Decode, "the action has no UserParameters");
            return Err(error.with("job", self.job.id.as_str()));
        };
        let read = parameters.decode();
        read.map_err(|error| error.with("member", "UserParameters"))
    }

    /// What the function gave when it said that the job goes on, read as JSON. `None` when the job
    /// comes first.
    ///
    /// ```
    /// # use lambda_with_codepipeline::{CodePipelineEvent, SERVICE};
    /// # let json = SERVICE.sample("job-continued").ok_or("no such sample")?.json;
    /// # let event: CodePipelineEvent = lambda_with::decode(json)?;
    /// let state: Option<serde_json::Value> = event.continuation()?;
    /// assert_eq!(state.ok_or("first")?["polls"], 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the token is not the JSON that `T` reads.
    pub fn continuation<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        let token = self.job.data.continuation_token.as_deref();
        let read = token.map(|token| lambda_with::decode(token.to_owned()));
        read.transpose()
            .map_err(|error| error.with("member", "continuationToken"))
    }
}

impl CodePipelineJob {
    /// The input artifact of this name.
    ///
    /// # Errors
    ///
    /// When the action has none of this name; the error lists those it has.
    pub fn input(&self, name: &str) -> Result<&CodePipelineArtifact, Error> {
        let artifacts = self.data.input_artifacts.as_deref();
        find("input", artifacts.unwrap_or_default(), name)
    }

    /// The output artifact of this name.
    ///
    /// # Errors
    ///
    /// When the action has none of this name; the error lists those it has.
    pub fn output(&self, name: &str) -> Result<&CodePipelineArtifact, Error> {
        let artifacts = self.data.output_artifacts.as_deref();
        find("output", artifacts.unwrap_or_default(), name)
    }
}

fn find<'a>(
    kind: &str,
    artifacts: &'a [CodePipelineArtifact],
    name: &str,
) -> Result<&'a CodePipelineArtifact, Error> {
    let found = artifacts.iter().find(|artifact| artifact.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = artifacts.iter().map(|a| a.name.as_str()).collect();
        let message = format!("the action has no {kind} artifact `{name}`");
        Error::new(ErrorKind::NotFound, message).with("artifacts", names.join(", "))
    })
}

//! Results of jobs, and the rules CodePipeline has for them.

use std::collections::BTreeMap;

use lambda_with::{Error, ErrorKind};
use serde::Serialize;

/// As many characters a continuation token has at most.
const MAX_TOKEN: usize = 2048;
/// As many characters the message of a failure has at most.
const MAX_MESSAGE: usize = 5000;
/// As many characters a summary has at most.
const MAX_SUMMARY: usize = 2048;

const TOKEN: &str = "a continuation token has 1 to 2,048 characters";
const VARIABLES: &str = "a job that goes on has no output variables yet";
const PERCENT: &str = "a job is 0 to 100 percent complete";
const SUMMARY: &str = "a summary has at most 2,048 characters";

/// What an action gives: that the job is done, goes on, or failed.
///
/// ```
/// use lambda_with_codepipeline::{FailureType, JobResult};
///
/// let done = JobResult::succeeded().summary("all berths answer").variable("Berths", "24");
/// let failed = JobResult::failed(FailureType::RevisionOutOfSync, "berth 7 is of yesterday");
/// assert_ne!(done, failed);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct JobResult(Outcome);

/// The result that is put.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `PutJobSuccessResult`, also for a job that goes on.
    Success(SuccessResult),
    /// `PutJobFailureResult`.
    Failure(FailureResult),
}

/// What `PutJobSuccessResult` is to be called with, besides the job's id.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SuccessResult {
    /// `continuationToken`: the job goes on, and comes again with this text.
    pub continuation_token: Option<String>,
    /// `outputVariables`, for later actions.
    pub output_variables: BTreeMap<String, String>,
    /// `executionDetails.summary`.
    pub summary: Option<String>,
    /// `executionDetails.externalExecutionId`.
    pub external_execution_id: Option<String>,
    /// `executionDetails.percentComplete`.
    pub percent_complete: Option<u8>,
}

/// What `PutJobFailureResult` is to be called with, besides the job's id.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FailureResult {
    /// `failureDetails.type`.
    pub kind: FailureType,
    /// `failureDetails.message`, 1 to 5,000 characters.
    pub message: String,
    /// `failureDetails.externalExecutionId`.
    pub external_execution_id: Option<String>,
}

/// Why a job failed, in CodePipeline's words.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum FailureType {
    /// The work failed.
    #[default]
    JobFailed,
    /// The action is set up wrongly.
    ConfigurationError,
    /// Something was not allowed.
    PermissionError,
    /// The revision is not the newest any more.
    RevisionOutOfSync,
    /// The revision is not there.
    RevisionUnavailable,
    /// Another system did not answer.
    SystemUnavailable,
}

impl FailureType {
    /// The type as CodePipeline writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobFailed => "JobFailed",
            Self::ConfigurationError => "ConfigurationError",
            Self::PermissionError => "PermissionError",
            Self::RevisionOutOfSync => "RevisionOutOfSync",
            Self::RevisionUnavailable => "RevisionUnavailable",
            Self::SystemUnavailable => "SystemUnavailable",
        }
    }
}

impl JobResult {
    /// The job is done.
    #[must_use]
    pub fn succeeded() -> Self {
        Self(Outcome::Success(SuccessResult::default()))
    }

    /// The job goes on: CodePipeline runs the function again in a while, with another job id and
    /// this state, which [`continuation`](crate::CodePipelineEvent::continuation) reads there. It is
    /// written as JSON, in 1 to 2,048 characters.
    ///
    /// Each time gives the action 20 minutes more; in all it has a day.
    ///
    /// # Errors
    ///
    /// When the state cannot be written as JSON.
    pub fn goes_on(state: &impl Serialize) -> Result<Self, Error> {
        let token = serde_json::to_string(state).map_err(|error| {
            let message = "the state of the job cannot be written as JSON";
            Error::new(ErrorKind::Invalid, message).caused_by(error)
        })?;
        Ok(Self(Outcome::Success(SuccessResult {
            continuation_token: Some(token),
            ..SuccessResult::default()
        })))
    }

    /// The job failed. A message over 5,000 characters is cut.
    #[must_use]
    pub fn failed(kind: FailureType, message: impl Into<String>) -> Self {
        Self(Outcome::Failure(FailureResult::new(kind, message)))
    }

    /// Adds an output variable, which later actions can read where the action has a namespace. Not
    /// for a job that failed or goes on.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Outcome::Success(success) = &mut self.0 {
            success.output_variables.insert(name.into(), value.into());
        }
        self
    }

    /// Says in words what became of it, for the pipeline's page: up to 2,048 characters. Not for a
    /// job that failed, whose message says it.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        if let Outcome::Success(success) = &mut self.0 {
            success.summary = Some(summary.into());
        }
        self
    }

    /// Says how much is done, 0 to 100. Not for a job that failed.
    #[must_use]
    pub fn percent(mut self, percent: u8) -> Self {
        if let Outcome::Success(success) = &mut self.0 {
            success.percent_complete = Some(percent);
        }
        self
    }

    /// Names what runs elsewhere for the job, for the pipeline's page.
    #[must_use]
    pub fn execution(mut self, id: impl Into<String>) -> Self {
        match &mut self.0 {
            Outcome::Success(success) => success.external_execution_id = Some(id.into()),
            Outcome::Failure(failure) => failure.external_execution_id = Some(id.into()),
        }
        self
    }

    /// What is to be put, where CodePipeline takes it.
    pub(crate) fn into_outcome(self) -> Result<Outcome, Error> {
        if let Outcome::Success(success) = &self.0 {
            success.check()?;
        }
        Ok(self.0)
    }
}

impl SuccessResult {
    fn check(&self) -> Result<(), Error> {
        let refuse = |rule: &'static str, message: String| {
            Err(Error::new(ErrorKind::Limit, message).with("rule", rule))
        };
        let length = |text: &Option<String>| text.as_ref().map(|text| text.chars().count());
        match length(&self.continuation_token) {
            Some(letters) if !(1..=MAX_TOKEN).contains(&letters) => {
                return refuse(TOKEN, format!("the continuation token has {letters}"));
            }
            Some(_) if !self.output_variables.is_empty() => {
                return refuse(VARIABLES, "a job that goes on has output variables".into());
            }
            _ => {}
        }
        match length(&self.summary) {
            Some(letters) if letters > MAX_SUMMARY => {
                return refuse(SUMMARY, format!("the summary has {letters}"));
            }
            _ => {}
        }
        match self.percent_complete {
            Some(percent) if percent > 100 => {
                refuse(PERCENT, format!("the job is {percent} percent complete"))
            }
            _ => Ok(()),
        }
    }
}

impl FailureResult {
    pub(crate) fn new(kind: FailureType, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some((at, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(at);
        }
        if message.trim().is_empty() {
            message = "no reason was given".into();
        }
        Self {
            kind,
            message,
            external_execution_id: None,
        }
    }
}

//! Doing a job, and putting its result exactly once.

mod deliver;

use std::time::{Duration, SystemTime};

use lambda_with::{BoxError, Error, ErrorKind, guarded};
use tokio::time::{Instant, sleep_until};

use crate::CodePipelineEvent;
use crate::result::{FailureResult, FailureType, JobResult, Outcome};

/// How much of an invocation is kept for the result, at most.
const KEPT: Duration = Duration::from_secs(2);
/// How much of it is left for Lambda to be told that no result went through.
const LEFT: Duration = Duration::from_millis(100);

/// What an invoke action does, which [`perform`] calls.
///
/// ```
/// use lambda_with::BoxError;
/// use lambda_with_codepipeline::{Action, CodePipelineEvent, JobResult};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize, Serialize)]
/// struct Ferry {
///     execution: String,
/// }
///
/// struct Deploy;
///
/// impl Action for Deploy {
///     async fn run(&self, event: &CodePipelineEvent) -> Result<JobResult, BoxError> {
///         let Some(ferry) = event.continuation::<Ferry>()? else {
///             let ferry = Ferry { execution: "ferry-42".into() }; // started here
///             return Ok(JobResult::goes_on(&ferry)?);
///         };
///         // Ask how it stands; where it is not done, go on once more.
///         Ok(JobResult::succeeded().variable("Execution", ferry.execution))
///     }
/// }
/// ```
///
/// It can be called again for a job it has done, and must then change nothing.
pub trait Action {
    /// Does the job, or looks how it stands.
    ///
    /// An error, a panic or a lack of time is put as failure of the type `JobFailed`;
    /// [`JobResult::failed`] has the other types.
    fn run(
        &self,
        event: &CodePipelineEvent,
    ) -> impl Future<Output = Result<JobResult, BoxError>> + Send;
}

/// The two calls of CodePipeline, to be written with one's own client. With the feature `reply` the
/// AWS SDK's `Client` is one.
pub trait JobResults {
    /// `PutJobSuccessResult` with the job's id and the members of `success`.
    ///
    /// # Errors
    ///
    /// When it did not go through. What cannot succeed later is of the kind `Invalid`, `Limit`,
    /// `Denied` or `NotFound`.
    fn put_success(
        &self,
        job_id: &str,
        success: &crate::SuccessResult,
    ) -> impl Future<Output = Result<Put, Error>> + Send;

    /// `PutJobFailureResult` with the job's id and the members of `failure`.
    ///
    /// # Errors
    ///
    /// As for [`put_success`](Self::put_success).
    fn put_failure(
        &self,
        job_id: &str,
        failure: &FailureResult,
    ) -> impl Future<Output = Result<Put, Error>> + Send;
}

/// What became of a result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Put {
    /// It was taken.
    Taken,
    /// The job had one already (`InvalidJobStateException`).
    Already,
}

/// Does a job by `action`, and puts its result by `results`. Gives what was put.
///
/// Whatever happens in `action`, an error, a panic, or that it is not done in time, is put as failure
/// with the reason. So is a success that CodePipeline refuses, because its variables are too long for
/// example. One result is taken, and it is put before `deadline`, the end of the invocation:
/// `event.context.deadline()` with `lambda_runtime`. `action` has the time until then but for the
/// last two seconds (a quarter of it where that is less). It must not block its thread, or it cannot
/// be stopped; and a program built with `panic = "abort"` cannot answer for a panic.
///
/// Call it first in the handler, and let the handler succeed where this succeeds: what the job did
/// not do is told to CodePipeline, not to Lambda, which would only run it again.
///
/// # Errors
///
/// When no result went through. Fail with this error; Lambda runs the job again.
pub async fn perform(
    event: &CodePipelineEvent,
    action: &impl Action,
    results: &impl JobResults,
    deadline: SystemTime,
) -> Result<Outcome, Error> {
    let left = deadline.duration_since(SystemTime::now());
    let left = left.unwrap_or_default();
    let end = Instant::now() + left.saturating_sub(LEFT.min(left / 20));
    let until = end - KEPT.min(left / 4).min(end - Instant::now());

    let done = guarded(sleep_until(until), async { action.run(event).await }).await;
    let outcome = match done.map(JobResult::into_outcome) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&*error),
    };
    let id = event.job.id.as_str();
    let Outcome::Success(success) = &outcome else {
        deliver::put(id, &outcome, results, end).await?;
        return Ok(outcome);
    };
    match deliver::put(id, &outcome, results, end).await {
        Ok(()) => Ok(outcome),
        // The job is not without a result for all that.
        Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Limit) => {
            let what = match &success.continuation_token {
                Some(_) => "the job could not go on",
                None => "the success was refused",
            };
            let message = format!("{what}: {}", error.message());
            let failure = FailureResult::new(FailureType::JobFailed, message);
            let outcome = Outcome::Failure(failure);
            deliver::put(id, &outcome, results, end).await?;
            Ok(outcome)
        }
        Err(error) => Err(error),
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Outcome {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    Outcome::Failure(FailureResult::new(FailureType::JobFailed, text))
}

//! Results put with the AWS SDK.

use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::config::http::HttpResponse;
use aws_sdk_codepipeline::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_codepipeline::types::{ExecutionDetails, FailureDetails, FailureType as Kind};
use lambda_with::{Error, ErrorKind};

use crate::perform::{JobResults, Put};
use crate::result::{FailureResult, SuccessResult};

/// The client of the Region the function runs in, which is the SDK's choice there. Jobs of a pipeline
/// in another Region are answered in the function's all the same.
impl JobResults for Client {
    async fn put_success(&self, job_id: &str, success: &SuccessResult) -> Result<Put, Error> {
        let variables = &success.output_variables;
        let variables = (!variables.is_empty()).then(|| variables.clone().into_iter().collect());
        let details = ExecutionDetails::builder()
            .set_summary(success.summary.clone())
            .set_external_execution_id(success.external_execution_id.clone())
            .set_percent_complete(success.percent_complete.map(i32::from))
            .build();
        let given = details != ExecutionDetails::builder().build();
        let request = self
            .put_job_success_result()
            .job_id(job_id)
            .set_continuation_token(success.continuation_token.clone())
            .set_output_variables(variables)
            .set_execution_details(given.then_some(details));
        put("PutJobSuccessResult", request.send().await)
    }

    async fn put_failure(&self, job_id: &str, failure: &FailureResult) -> Result<Put, Error> {
        let details = FailureDetails::builder()
            .r#type(Kind::from(failure.kind.as_str()))
            .message(failure.message.as_str())
            .set_external_execution_id(failure.external_execution_id.clone())
            .build();
        let details = details.map_err(|error| {
            Error::new(ErrorKind::Invalid, "the failure lacks a member").caused_by(error)
        })?;
        let request = self.put_job_failure_result().job_id(job_id);
        let request = request.failure_details(details);
        put("PutJobFailureResult", request.send().await)
    }
}

fn put<T, E>(operation: &str, answer: Result<T, SdkError<E, HttpResponse>>) -> Result<Put, Error>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Err(error) = answer else {
        return Ok(Put::Taken);
    };
    let code = error.code().map(str::to_owned).unwrap_or_default();
    let said = match error.message() {
        Some(message) => message.to_owned(),
        None => DisplayErrorContext(&error).to_string(),
    };
    let server = error
        .raw_response()
        .is_none_or(|response| response.status().is_server_error());
    let kind = match code.as_str() {
        "InvalidJobStateException" => return Ok(Put::Already),
        "JobNotFoundException" => ErrorKind::NotFound,
        "OutputVariablesSizeExceededException" => ErrorKind::Limit,
        code if code.contains("Throttl") || code.contains("TooManyRequests") => {
            ErrorKind::Throttled
        }
        code if code.contains("AccessDenied") || code.contains("Token") => ErrorKind::Denied,
        _ if server => ErrorKind::Unavailable,
        _ => ErrorKind::Invalid,
    };
    let message = format!("{operation} failed: {said}");
    Err(Error::new(kind, message)
        .with("code", code)
        .caused_by(error))
}

//! Functions on AWS Lambda.

use std::future::Future;

use aws_sdk_lambda::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lambda_with::{
    Error, ErrorKind, Function, Invocation, InvocationType, Invoke, LogType, Outcome,
};

use crate::error::failed;
use crate::session::Session;

/// A function on AWS Lambda, to be invoked.
///
/// ```no_run
/// use lambda_with::{Function, Invocation, Invoke};
/// use lambda_with_aws::{RemoteFunction, Session, SessionOptions};
///
/// # async fn example() -> Result<(), lambda_with::Error> {
/// let session = Session::load(SessionOptions::default()).await?;
/// let orders = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?)?;
/// let outcome = RemoteFunction::new(&session, &orders).invoke(Invocation::new(r#"{"id":7}"#)).await?;
/// # drop(outcome);
/// # Ok(())
/// # }
/// ```
///
/// The version or alias is that of the invocation, or else that of the function's ARN. The caller
/// is whoever the session's credentials belong to; an invocation on behalf of a service cannot be
/// made from outside AWS and is `Invalid`.
///
/// See <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
#[derive(Clone, Debug)]
pub struct RemoteFunction {
    session: Session,
    function: Function,
}

impl RemoteFunction {
    /// This function, reached through this session.
    #[must_use]
    pub fn new(session: &Session, function: &Function) -> Self {
        Self {
            session: session.clone(),
            function: function.clone(),
        }
    }

    async fn call(&self, invocation: Invocation) -> Result<Outcome, Error> {
        if invocation.caller != lambda_with::Caller::Owner {
            return Err(Error::new(
                ErrorKind::Invalid,
                "a function on AWS is invoked with the session's own credentials, not as a service",
            )
            .with("fix", "ask `may_invoke` whether the service may"));
        }
        let limit = invocation.invocation_type.max_payload();
        if invocation.payload.len() > limit {
            let what = format!(
                "the event for `{}` has {} bytes, more than the {limit} of an invocation of type {}",
                self.function.name(),
                invocation.payload.len(),
                invocation.invocation_type
            );
            return Err(Error::new(ErrorKind::Limit, what));
        }
        let qualifier = invocation
            .qualifier
            .or_else(|| self.function.qualifier().map(str::to_owned));
        let context = invocation
            .client_context
            .map(|context| STANDARD.encode(context));
        let trace = invocation.trace_header;
        let request = self
            .session
            .lambda()
            .invoke()
            .function_name(crate::parts::remote::unqualified(&self.function))
            .set_qualifier(qualifier)
            .invocation_type(invocation.invocation_type.as_str().into())
            .log_type(match invocation.log_type {
                LogType::None => aws_sdk_lambda::types::LogType::None,
                LogType::Tail => aws_sdk_lambda::types::LogType::Tail,
            })
            .set_client_context(context)
            .payload(Blob::new(invocation.payload));
        let request = request.customize().mutate_request(move |request| {
            if let Some(trace) = &trace {
                request
                    .headers_mut()
                    .insert("x-amzn-trace-id", trace.clone());
            }
        });
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed("Invoke", self.function.arn.as_str(), error))?;
        let request_id = aws_sdk_lambda::operation::RequestId::request_id(&answer);
        let request_id = request_id.unwrap_or_default().to_owned();
        match invocation.invocation_type {
            InvocationType::Event => return Ok(Outcome::Accepted { request_id }),
            InvocationType::DryRun => return Ok(Outcome::DryRun),
            InvocationType::RequestResponse => {}
        }
        let executed_version = answer.executed_version.unwrap_or_else(|| "$LATEST".into());
        let log = answer.log_result.and_then(|log| STANDARD.decode(log).ok());
        let log_tail = log.map(|log| String::from_utf8_lossy(&log).into_owned());
        let payload = Bytes::from(answer.payload.map(Blob::into_inner).unwrap_or_default());
        Ok(match answer.function_error {
            Some(function_error) => Outcome::FunctionError {
                function_error,
                payload,
                executed_version,
                log_tail,
            },
            None => Outcome::Success {
                payload,
                executed_version,
                log_tail,
            },
        })
    }
}

impl Invoke for RemoteFunction {
    fn invoke(
        &self,
        invocation: Invocation,
    ) -> impl Future<Output = Result<Outcome, Error>> + Send {
        self.call(invocation)
    }
}

//! One run of a function: what is asked, and what comes of it.

use std::fmt;
use std::future::Future;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Arn, Error, ErrorKind};

/// Whether the caller waits, queues, or only asks if it could.
///
/// The names are those of the `X-Amz-Invocation-Type` header.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum InvocationType {
    /// Run now and return the answer. At most 6 MB either way.
    #[default]
    RequestResponse,
    /// Queue, answer at once; Lambda retries on failure. At most 1 MB.
    Event,
    /// Check that the function exists and the caller may invoke it; run nothing.
    DryRun,
}

impl InvocationType {
    /// The largest payload in bytes.
    ///
    /// See <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
    #[must_use]
    pub fn max_payload(self) -> usize {
        match self {
            Self::Event => 1024 * 1024,
            Self::RequestResponse | Self::DryRun => 6 * 1024 * 1024,
        }
    }

    /// The header's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::Event => "Event",
            Self::DryRun => "DryRun",
        }
    }
}

impl FromStr for InvocationType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::RequestResponse, Self::Event, Self::DryRun]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Invalid,
                    format!("`{text}` is not an invocation type"),
                )
                .with("one of", "RequestResponse, Event, DryRun")
            })
    }
}

impl fmt::Display for InvocationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether the end of the log comes back with the answer.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum LogType {
    /// No log.
    #[default]
    None,
    /// The last 4 KB.
    Tail,
}

/// Who invokes, as a policy sees it.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Caller {
    /// The function's own account, with its own credentials: an SDK, the command line, a poller.
    /// No resource-based policy is consulted.
    #[default]
    Owner,
    /// An AWS service, which only a resource-based policy lets in.
    Service(Delivery),
    /// Anybody who calls a function URL whose auth type is `NONE`; let in by a resource-based policy
    /// alone.
    FunctionUrl,
}

/// What a service presents when it invokes: the values that policy conditions are compared with.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Delivery {
    /// The service principal, such as `s3.amazonaws.com`.
    pub principal: String,
    /// The resource on whose behalf it invokes (`aws:SourceArn`).
    pub source_arn: Option<Arn>,
    /// The account that owns that resource (`aws:SourceAccount`).
    pub source_account: Option<String>,
    /// The token of an Alexa skill (`lambda:EventSourceToken`).
    pub event_source_token: Option<String>,
}

/// One request to run a function.
///
/// ```
/// use lambda_with::{Invocation, InvocationType};
///
/// let invocation = Invocation { invocation_type: InvocationType::Event, ..Invocation::new(r#"{"id":7}"#) };
/// assert_eq!(invocation.payload.len(), 8);
/// ```
///
/// The payload is JSON text and is passed on byte for byte.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// The event, as JSON text.
    pub payload: Bytes,
    /// Wait, queue or ask.
    pub invocation_type: InvocationType,
    /// The version or alias to run; `$LATEST` when left out.
    pub qualifier: Option<String>,
    /// Whether the end of the log is wanted.
    pub log_type: LogType,
    /// The mobile client context as JSON text; synchronous invocations only.
    pub client_context: Option<String>,
    /// The X-Ray trace header.
    pub trace_header: Option<String>,
    /// Who invokes.
    pub caller: Caller,
}

impl Invocation {
    /// A synchronous invocation of `$LATEST` by the function's owner.
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self {
            payload: payload.into(),
            ..Self::default()
        }
    }
}

/// What came of an invocation that Lambda accepted.
///
/// A function that failed is an outcome, not an [`Error`]: the invocation itself worked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The function answered.
    Success {
        /// Its answer, as JSON text; `null` when it returned nothing.
        payload: Bytes,
        /// The version that ran, `$LATEST` or a number.
        executed_version: String,
        /// The end of the log, where it was asked for.
        log_tail: Option<String>,
    },
    /// The function threw, timed out, or its process ended.
    FunctionError {
        /// `Unhandled`, or `Handled` from older runtimes (the `X-Amz-Function-Error` header).
        function_error: String,
        /// The error object as JSON text; [`FunctionError`] reads it.
        payload: Bytes,
        /// The version that ran.
        executed_version: String,
        /// The end of the log, where it was asked for.
        log_tail: Option<String>,
    },
    /// The event is queued and will survive a crash; it has not run yet.
    Accepted {
        /// The id every attempt at this event will carry.
        request_id: String,
    },
    /// The dry run found nothing in the way.
    DryRun,
}

impl Outcome {
    /// The JSON the function's run left: its answer, or the error object.
    #[must_use]
    pub fn payload(&self) -> Option<&Bytes> {
        match self {
            Self::Success { payload, .. } | Self::FunctionError { payload, .. } => Some(payload),
            Self::Accepted { .. } | Self::DryRun => None,
        }
    }

    /// Whether the function itself failed.
    #[must_use]
    pub fn is_function_error(&self) -> bool {
        matches!(self, Self::FunctionError { .. })
    }
}

/// The error object Lambda returns when a function failed.
///
/// Runtimes add members of their own (`stackTrace`, `trace`, `requestId`); these two are common to
/// all.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FunctionError {
    /// The kind of error: an exception's class, or `Sandbox.Timedout`, `Runtime.ExitError` …
    #[serde(rename = "errorType", default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// What it says.
    #[serde(rename = "errorMessage", default)]
    pub error_message: String,
}

/// Something that can run a function: the local engine, or AWS.
pub trait Invoke {
    /// Runs the function once, or queues the event for it.
    ///
    /// # Errors
    ///
    /// Only when the function did not run: it does not exist, the caller may not invoke it, the
    /// payload is too large or not JSON, or Lambda throttles.
    fn invoke(&self, invocation: Invocation)
    -> impl Future<Output = Result<Outcome, Error>> + Send;
}

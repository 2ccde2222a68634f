//! Error objects of functions, and refusals of Lambda's HTTP API.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use lambda_with::{Error, ErrorKind, FunctionError};
use serde_json::{Value, json};

/// The error object of a function that failed without writing one itself.
pub(crate) fn error_object(kind: &str, message: &str) -> Bytes {
    let object = FunctionError {
        error_type: Some(kind.to_owned()),
        error_message: message.to_owned(),
    };
    json_bytes(&object)
}

/// A value as JSON; only maps with keys that are no strings cannot be written, and none is.
pub(crate) fn json_bytes(value: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(value).map_or_else(|_| Bytes::from_static(b"null"), Bytes::from)
}

/// A call of Lambda's HTTP API that was refused, in Lambda's own words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    body: Value,
    retry_after: bool,
}

impl Refusal {
    /// A refusal whose body is `{"Type":"User","message":…}`.
    pub(crate) fn user(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self::new(status, code, json!({ "Type": "User", "message": message }))
    }

    /// A parameter that does not make sense.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::user(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            message,
        )
    }

    /// A parameter that is more than the account has.
    pub(crate) fn exceeded(message: &str) -> Self {
        let body = json!({ "message": message });
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            body,
        )
    }

    /// A member that breaks the model's constraints.
    pub(crate) fn validation(member: &str, value: &str, constraint: &str) -> Self {
        let verb = match constraint.split(' ').next() {
            Some("value" | "length") => "have",
            _ => "satisfy",
        };
        let message = format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {verb} {constraint}"
        );
        Self::malformed(&message)
    }

    /// A member that breaks the model's constraints, in words that are ready.
    pub(crate) fn malformed(message: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "ValidationException",
            json!({ "message": message }),
        )
    }

    /// Something that does not exist; its message stands under a capital letter.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            json!({ "Type": "User", "Message": message }),
        )
    }

    /// A body that is not what the call takes.
    pub(crate) fn content(message: impl Into<String>) -> Self {
        Self::user(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            message,
        )
    }

    /// A payload over `limit` bytes.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::user(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            format!("Request must be smaller than {limit} bytes for the InvokeFunction operation"),
        )
    }

    fn throttled(reason: &str) -> Self {
        let body = json!({ "Reason": reason, "Type": "User", "message": "Rate Exceeded." });
        Self {
            retry_after: true,
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsException",
                body,
            )
        }
    }

    fn new(status: StatusCode, code: &'static str, body: Value) -> Self {
        Self {
            status,
            code,
            body,
            retry_after: false,
        }
    }

    /// Whether something does not exist.
    pub(crate) fn is_missing(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// The same in other words, where it begins with `start`; they are made of what follows that.
    pub(crate) fn instead(self, start: &str, words: impl FnOnce(&str) -> String) -> Self {
        match self.body["Message"]
            .as_str()
            .and_then(|text| text.strip_prefix(start))
        {
            Some(rest) => Self::not_found(words(rest)),
            None => self,
        }
    }

    /// The HTTP response.
    pub(crate) fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(json_bytes(&self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert("x-amzn-errortype", HeaderValue::from_static(self.code));
        if self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The context under which a throttle keeps Lambda's `Reason`.
pub(crate) const REASON: &str = "reason";

/// The error of an invocation that would go on with a loop.
pub(crate) fn stopped_loop(function: &str) -> Error {
    Error::new(
        ErrorKind::Limit,
        "Lambda has detected your function being invoked in a recursive loop with other Amazon Web \
         Services resources and stopped your function's invocation.",
    )
    .with("function", function)
    .with(REASON, RECURSION)
}

/// Whether an invocation was refused because it would go on with a loop.
pub(crate) fn is_loop(error: &Error) -> bool {
    error.context(REASON) == Some(RECURSION)
}

const RECURSION: &str = "RecursiveInvocationException";

/// What Lambda answers when the engine did not run a function.
impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::not_found(error.message()),
            ErrorKind::Throttled => Self::throttled(
                error
                    .context(REASON)
                    .unwrap_or("ConcurrentInvocationLimitExceeded"),
            ),
            ErrorKind::Limit if is_loop(error) => {
                Self::user(StatusCode::BAD_REQUEST, RECURSION, error.message())
            }
            ErrorKind::Limit => Self::user(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLargeException",
                error.message(),
            ),
            ErrorKind::Denied => Self::user(
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                error.message(),
            ),
            ErrorKind::Decode => Self::content(error.message()),
            ErrorKind::Invalid => Self::parameter(error.message()),
            ErrorKind::Conflict => Self::user(
                StatusCode::CONFLICT,
                "ResourceConflictException",
                error.message(),
            ),
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "ServiceException",
                json!({ "Type": "Service", "message": error.to_string() }),
            ),
        }
    }
}

//! Calls that failed.

use aws_sdk_dynamodbstreams::error::{ProvideErrorMetadata, SdkError};
use lambda_with::{Error, ErrorKind};

/// An error in the terms of the vocabulary: too much at once, `Unavailable`, passes by itself.
pub(super) fn failed<E>(call: &'static str, stream: &str, error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = match &error {
        SdkError::ServiceError(service) => service.raw().status().as_u16(),
        _ => 0,
    };
    let kind = match error.code().unwrap_or_default() {
        "ResourceNotFoundException" | "TrimmedDataAccessException" => ErrorKind::NotFound,
        "LimitExceededException"
        | "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "ExpiredIteratorException"
        | "InternalServerError" => ErrorKind::Unavailable,
        code if code.starts_with("AccessDenied") => ErrorKind::Denied,
        _ if status == 401 || status == 403 => ErrorKind::Denied,
        _ if (400..500).contains(&status) => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    };
    let why = match error.message() {
        Some(message) => message.to_owned(),
        None => chain(&error),
    };
    let code = error.code().map(str::to_owned);
    let table = stream.split('/').nth(1).unwrap_or(stream);
    let failed = Error::new(
        kind,
        format!("{call} on the stream of table {table} failed"),
    )
    .with("stream", stream)
    .with("because", why);
    match code {
        Some(code) => failed.with("code", code).caused_by(error),
        None => failed.caused_by(error),
    }
}

/// An error and what caused it, in one line; the SDK's own way of it adds pages for its developers.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

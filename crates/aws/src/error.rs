//! AWS's errors in this vocabulary.

use std::error::Error as StdError;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use lambda_with::{Error, ErrorKind};

/// What a failed call means: what was done to what, AWS's code and message, and what to do.
///
/// `operation` is the API's name, `thing` what it was about. The code stands in the context `code`,
/// the advice in `fix`, the request's id in `request id`.
///
/// The same for every service: service crates use it for their own calls.
pub fn failed<E>(operation: &str, thing: impl AsRef<str>, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let thing = thing.as_ref();
    let code = error.code().map(str::to_owned);
    let message = error.message().map(str::to_owned);
    let response = error.raw_response();
    let status = response.map(|response| response.status().as_u16());
    let id = response.and_then(|response| {
        let header = |name| response.headers().get(name);
        header("x-amzn-requestid")
            .or_else(|| header("x-amz-request-id"))
            .map(str::to_owned)
    });
    let Some(code) = code.or_else(|| status.and_then(unnamed).map(str::to_owned)) else {
        return unanswered(operation, thing, error);
    };
    let kind = kind(&code, status.unwrap_or_default());
    let message = message.filter(|message| !message.is_empty());
    let said = message.unwrap_or_else(|| "AWS gave no message".into());
    let mut mapped = Error::new(kind, format!("{operation} for {thing} failed: {said}"))
        .with("code", code.as_str());
    if let Some(fix) = fix(&code, kind, &said) {
        mapped = mapped.with("fix", fix);
    }
    if let Some(id) = id {
        mapped = mapped.with("request id", id);
    }
    mapped.caused_by(error)
}

/// What was read, or nothing where it is not there.
///
/// # Errors
///
/// Every other error.
pub fn if_there<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn unanswered<E>(operation: &str, thing: &str, error: SdkError<E, HttpResponse>) -> Error
where
    E: StdError + Send + Sync + 'static,
{
    let details = DisplayErrorContext(&error).to_string();
    let credentials = details.contains("credentials") || details.contains("CredentialsNotLoaded");
    let (kind, what, fix) = match &error {
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) if credentials => (
            ErrorKind::Denied,
            "no usable AWS credentials were found",
            "pass --profile, set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        SdkError::DispatchFailure(_) => (
            ErrorKind::Unavailable,
            "the endpoint could not be reached",
            "check the network, the Region's name and --endpoint-url",
        ),
        SdkError::TimeoutError(_) => (
            ErrorKind::Unavailable,
            "the endpoint did not answer in time",
            "run it again",
        ),
        _ => (
            ErrorKind::Unavailable,
            "the answer could not be read",
            "check that --endpoint-url is an AWS endpoint",
        ),
    };
    let mut mapped = Error::new(kind, format!("{operation} for {thing} failed: {what}"));
    // Only where nothing was loaded: what a provider says of credentials it has stays unsaid.
    if credentials && details.contains("CredentialsNotLoaded") {
        let mut reason: &dyn StdError = &error;
        while let Some(source) = reason.source() {
            reason = source;
        }
        mapped = mapped.with("reason", reason.to_string());
    }
    mapped.with("fix", fix).caused_by(error)
}

/// A code for answers without one: HEAD requests, proxies, emulators.
fn unnamed(status: u16) -> Option<&'static str> {
    match status {
        301 => Some("PermanentRedirect"),
        401 | 403 => Some("AccessDenied"),
        404 => Some("NotFound"),
        409 => Some("Conflict"),
        412 => Some("PreconditionFailed"),
        429 => Some("TooManyRequests"),
        400.. => Some("ServiceFailure"),
        _ => None,
    }
}

fn kind(code: &str, status: u16) -> ErrorKind {
    let any = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if is_identity(code)
        || any(&[
            "AccessDenied",
            "AuthorizationError",
            "NotAuthorized",
            "Unauthorized",
            "Forbidden",
        ])
    {
        ErrorKind::Denied
    } else if any(&[
        "Throttl",
        "TooManyRequests",
        "SlowDown",
        "RequestLimitExceeded",
    ]) {
        ErrorKind::Throttled
    } else if any(&["DoesNotExist", "NotFound", "NoSuch"]) {
        ErrorKind::NotFound
    } else if any(&[
        "Conflict",
        "PreconditionFailed",
        "ResourceInUse",
        "OperationAborted",
        "AlreadyExists",
        "ConcurrentModification",
    ]) {
        ErrorKind::Conflict
    } else if any(&["PolicyLengthExceeded", "LimitExceeded", "TooLarge"]) {
        ErrorKind::Limit
    } else if status >= 500 {
        ErrorKind::Unavailable
    } else {
        ErrorKind::Invalid
    }
}

fn is_identity(code: &str) -> bool {
    [
        "AuthFailure",
        "ExpiredToken",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignature",
        "InvalidToken",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClient",
    ]
    .iter()
    .any(|known| code.starts_with(known))
}

fn fix(code: &str, kind: ErrorKind, message: &str) -> Option<String> {
    let fixed = |text: &str| Some(text.to_owned());
    if code.starts_with("Expired") || code == "RequestExpired" {
        fixed("the credentials have expired: sign in again (`aws sso login`) and run it again")
    } else if is_identity(code) {
        fixed("AWS does not accept these credentials: check --profile and AWS_ACCESS_KEY_ID")
    } else if matches!(code, "PermanentRedirect" | "AuthorizationHeaderMalformed")
        || code.starts_with("IllegalLocationConstraint")
        || message.contains("not reachable in this region")
    {
        fixed(
            "it is in another Region: pass that one with --region; a function and its source share one",
        )
    } else {
        match kind {
            ErrorKind::Denied => Some(match denied_action(message) {
                Some(action) => format!("allow {action} to whoever runs this"),
                None => "allow the call to whoever runs this, or use other credentials".into(),
            }),
            ErrorKind::Throttled | ErrorKind::Unavailable => {
                fixed("run it again in a while: what stands is kept, the rest is completed")
            }
            _ => None,
        }
    }
}

/// The action out of `User … is not authorized to perform: lambda:AddPermission on resource: …`.
fn denied_action(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("to perform: ")?;
    let action = rest.split([' ', ',']).next()?;
    action.contains(':').then_some(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for (code, status, expected) in [
            ("AccessDeniedException", 403, ErrorKind::Denied),
            ("AccessDenied", 403, ErrorKind::Denied),
            ("AuthorizationError", 403, ErrorKind::Denied),
            ("UnrecognizedClientException", 403, ErrorKind::Denied),
            ("InvalidClientTokenId", 403, ErrorKind::Denied),
            ("ExpiredTokenException", 403, ErrorKind::Denied),
            ("TooManyRequestsException", 429, ErrorKind::Throttled),
            ("ThrottlingException", 400, ErrorKind::Throttled),
            ("SlowDown", 503, ErrorKind::Throttled),
            ("ResourceNotFoundException", 404, ErrorKind::NotFound),
            ("NoSuchBucket", 404, ErrorKind::NotFound),
            ("NoSuchEntity", 404, ErrorKind::NotFound),
            ("RepositoryDoesNotExistException", 400, ErrorKind::NotFound),
            ("ResourceConflictException", 409, ErrorKind::Conflict),
            ("PreconditionFailedException", 412, ErrorKind::Conflict),
            ("ResourceInUseException", 400, ErrorKind::Conflict),
            ("EntityAlreadyExists", 409, ErrorKind::Conflict),
            ("PolicyLengthExceededException", 400, ErrorKind::Limit),
            ("InvalidParameterValueException", 400, ErrorKind::Invalid),
            ("ServiceException", 500, ErrorKind::Unavailable),
        ] {
            assert_eq!(kind(code, status), expected, "{code}");
        }
    }

    #[test]
    fn advice() {
        let denied = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: \
                      lambda:AddPermission on resource: orders";
        for (code, message, expected) in [
            (
                "AccessDeniedException",
                denied,
                "allow lambda:AddPermission to",
            ),
            ("AccessDenied", "Access Denied", "allow the call"),
            ("ExpiredToken", "", "sign in again"),
            ("InvalidClientTokenId", "", "does not accept"),
            ("PermanentRedirect", "", "another Region"),
            (
                "ResourceNotFoundException",
                "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
                "another Region",
            ),
            ("TooManyRequestsException", "Rate exceeded", "run it again"),
        ] {
            let fix = fix(code, kind(code, 400), message).unwrap();
            assert!(fix.contains(expected), "{code}: {fix}");
        }
        assert_eq!(
            fix("InvalidParameterValueException", ErrorKind::Invalid, "x"),
            None
        );
    }
}

//! Conversions to and from the types of `aws_lambda_events`, through the JSON both share.

use aws_lambda_events::event::alb as theirs;
use lambda_with::{Error, Json, Nullable};

use crate::{AlbRequest, AlbResponse};

/// Takes over a request read by `aws_lambda_events`.
///
/// That crate does not keep which form a request had: the one is taken that has headers, and the
/// other is dropped.
///
/// # Errors
///
/// When the target group is missing.
impl TryFrom<theirs::AlbTargetGroupRequest> for AlbRequest {
    type Error = Error;

    fn try_from(request: theirs::AlbTargetGroupRequest) -> Result<Self, Error> {
        let mut request: Self = Json::encode(&request)?.decode()?;
        if request
            .multi_value_headers
            .as_ref()
            .is_some_and(|headers| !headers.is_empty())
        {
            request.headers = Nullable::Missing;
            request.query_string_parameters = Nullable::Missing;
        } else {
            request.multi_value_headers = Nullable::Missing;
            request.multi_value_query_string_parameters = Nullable::Missing;
        }
        Ok(request)
    }
}

/// Hands a request to code written for `aws_lambda_events`.
///
/// # Errors
///
/// When a header's name or value is no HTTP, or the method is none.
impl TryFrom<AlbRequest> for theirs::AlbTargetGroupRequest {
    type Error = Error;

    fn try_from(request: AlbRequest) -> Result<Self, Error> {
        Json::encode(&request)?.decode()
    }
}

/// Takes over an answer made with `aws_lambda_events`. Of its two sets of headers an empty one is
/// dropped; [`AlbResponse::check`] finds out whether the other is the right one.
///
/// # Errors
///
/// When its body cannot be written.
impl TryFrom<theirs::AlbTargetGroupResponse> for AlbResponse {
    type Error = Error;

    fn try_from(answer: theirs::AlbTargetGroupResponse) -> Result<Self, Error> {
        let mut answer: Self = Json::encode(&answer)?.decode()?;
        if answer
            .multi_value_headers
            .as_ref()
            .is_none_or(lambda_with::Map::is_empty)
        {
            answer.multi_value_headers = Nullable::Missing;
        } else if answer
            .headers
            .as_ref()
            .is_none_or(lambda_with::Map::is_empty)
        {
            answer.headers = Nullable::Missing;
        }
        Ok(answer)
    }
}

/// Hands an answer to code written for `aws_lambda_events`.
///
/// # Errors
///
/// When a header is a number or a boolean.
impl TryFrom<AlbResponse> for theirs::AlbTargetGroupResponse {
    type Error = Error;

    fn try_from(answer: AlbResponse) -> Result<Self, Error> {
        Json::encode(&answer)?.decode()
    }
}

#[cfg(test)]
mod tests {
    use lambda_with_testing::{opinion, read, second_opinion};

    use super::*;
    use crate::SERVICE;

    /// All that `aws_lambda_events` 1.2.1 makes differently of the samples, and why.
    const DIFFERENCES: &[(&str, &[&str])] = &[(
        "it writes both forms, whichever came, and nulls for what was missing",
        &[
            "AlbRequest adds empty values",
            "AlbResponse adds empty values",
        ],
    )];

    #[test]
    fn a_second_opinion_on_every_sample() {
        second_opinion(&SERVICE, DIFFERENCES, |sample| match sample.of {
            "AlbRequest" => Some(opinion::<theirs::AlbTargetGroupRequest>(sample.json)),
            "AlbResponse" => Some(opinion::<theirs::AlbTargetGroupResponse>(sample.json)),
            _ => None,
        });
    }

    #[test]
    fn there_and_back() {
        for sample in SERVICE
            .samples
            .iter()
            .filter(|sample| sample.of == "AlbRequest")
        {
            let request: AlbRequest = lambda_with::decode(sample.json).unwrap();
            let there = theirs::AlbTargetGroupRequest::try_from(request.clone()).unwrap();
            assert_eq!(
                AlbRequest::try_from(there).unwrap(),
                request,
                "{}",
                sample.id
            );
            let answer = AlbResponse::text(&request, 200, "hi").unwrap();
            let there = theirs::AlbTargetGroupResponse::try_from(answer.clone()).unwrap();
            let back = AlbResponse::try_from(there).unwrap();
            back.check(&request).unwrap();
            assert_eq!(
                (&back.body, back.header("content-type")),
                (&answer.body, answer.header("content-type"))
            );
        }
    }

    #[test]
    fn what_they_cannot_read_is_named() {
        let mut request: AlbRequest = read(&SERVICE, "get");
        request.http_method = "G T".into();
        let error = theirs::AlbTargetGroupRequest::try_from(request).unwrap_err();
        assert!(error.to_string().contains("httpMethod"), "{error}");
    }
}

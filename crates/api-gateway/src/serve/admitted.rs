//! A request on its way through a function.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use lambda_with::{Delivery, Error, ErrorKind, Outcome};

use super::api::Flavour;
use super::{answer, incoming, refusal, url};

/// A request that was let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Admitted<'a, T> {
    /// Where the route leads.
    pub target: &'a T,
    /// The route, as it was written.
    pub route_key: &'a str,
    /// Who would have judged the request on AWS: `AWS_IAM` or the name of an authorizer. Nobody was
    /// asked here, and the event says nothing of the caller.
    pub authorizer: Option<&'a str>,
    /// The event, as JSON text.
    pub event: Bytes,
    /// On whose behalf API Gateway invokes.
    pub delivery: Delivery,
    /// The X-Ray header, which the client sent or which was made here.
    pub trace_header: String,
    /// How long API Gateway waits for the function; then it gives [`timed_out`](Self::timed_out).
    pub timeout: Duration,
    pub(super) flavour: Flavour,
    pub(super) binary_media_types: &'a [String],
    /// The request's `Accept` header.
    pub(super) accept: String,
    pub(super) request_id: String,
}

impl<T> Admitted<'_, T> {
    /// What the client gets for the function's answer, or for an invocation that Lambda refused.
    ///
    /// A function that failed, and an answer API Gateway cannot read, is a 502 from a function's URL, a 500 from an HTTP API and a
    /// 502 from a REST API; what Lambda refuses is a 500 from both, unless the event is too large
    /// (413).
    #[must_use]
    pub fn answer(&self, result: Result<&Outcome, &Error>) -> Response<Bytes> {
        if self.flavour == Flavour::Url {
            let response = url::response(result);
            return url::with_ids(response, &self.request_id, &self.trace_header);
        }
        let answered = match result {
            Ok(Outcome::Success { payload, .. }) => match self.flavour {
                Flavour::HttpV2 | Flavour::Url => answer::v2(payload),
                Flavour::HttpV1 => answer::v1(payload),
                Flavour::Rest => answer::rest(payload, self.takes_bytes()),
            },
            Ok(_) => None,
            Err(error) => {
                return match (error.kind(), self.flavour) {
                    (ErrorKind::Limit, Flavour::Rest) => self.refuse(413, "Request Too Long"),
                    (ErrorKind::Limit, _) => self.refuse(413, "Request Entity Too Large"),
                    (_, Flavour::Rest) => self.refuse(500, "Internal server error"),
                    _ => self.refuse(500, "Internal Server Error"),
                };
            }
        };
        match (answered, self.flavour) {
            (Some(response), _) => refusal::with_ids(
                response,
                self.flavour == Flavour::Rest,
                &self.request_id,
                &self.trace_header,
            ),
            (None, Flavour::Rest) => self.refuse(502, "Internal server error"),
            (None, _) => self.refuse(500, "Internal Server Error"),
        }
    }

    /// What the client gets when the function has not answered in time: 503 from an HTTP API, 504
    /// from a REST API.
    #[must_use]
    pub fn timed_out(&self) -> Response<Bytes> {
        match self.flavour {
            Flavour::Rest => self.refuse(504, "Endpoint request timed out"),
            _ => self.refuse(503, "Service Unavailable"),
        }
    }

    /// Adds the headers by which a request to a function's URL can be found again, to the head of a
    /// streamed answer.
    pub fn add_ids(&self, headers: &mut http::HeaderMap) {
        url::add_ids(headers, &self.request_id, &self.trace_header);
    }

    fn refuse(&self, code: u16, message: &str) -> Response<Bytes> {
        let rest = self.flavour == Flavour::Rest;
        refusal::response(rest, code, message, &self.request_id, &self.trace_header)
    }

    /// Whether a REST API decodes base64 for this client: it looks at the first type it accepts.
    fn takes_bytes(&self) -> bool {
        let first = self.accept.split(',').next().unwrap_or_default();
        incoming::is_one_of(self.binary_media_types, first)
    }
}

//! An invocation a WebSocket API makes, and what comes of it.

use std::time::Duration;

use bytes::Bytes;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderValue, Response, StatusCode};
use lambda_with::{Delivery, Error, Outcome};
use serde_json::{Map, Value};

use super::super::answer::status;
use super::super::incoming::short_id;
use super::super::{Arrival, refusal};
use super::{Client, MAX_MESSAGE};

/// An invocation to be made for a client.
///
/// A result of `None`, here and below, means that the function has not answered in `timeout`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call<'a, T> {
    /// Where the route leads.
    pub target: &'a T,
    /// The route's key; that of an authorizer is its name.
    pub route_key: &'a str,
    /// The event, as JSON text.
    pub event: Bytes,
    /// On whose behalf API Gateway invokes.
    pub delivery: Delivery,
    /// The X-Ray header.
    pub trace_header: String,
    /// How long API Gateway waits for the function.
    pub timeout: Duration,
    pub(super) two_way: bool,
    pub(super) request_id: String,
    pub(super) connection_id: String,
}

/// A proxy's answer, as far as a WebSocket API looks into it.
pub(super) struct Answer {
    pub(super) code: StatusCode,
    members: Map<String, Value>,
}

impl<T> Call<'_, T> {
    /// What `$connect` came to: the header that names the subprotocol the function chose, if it chose
    /// one, or the response that refuses the handshake.
    ///
    /// # Errors
    ///
    /// The response: the function's own status unless it is 2xx, 502 where the function failed or
    /// its answer is not a proxy's, 500 where Lambda refused, 504 where it took too long. Only where
    /// the route is two-way does the function's body go with it.
    #[expect(
        clippy::result_large_err,
        reason = "a response is what the caller sends on"
    )]
    pub fn connected(
        &self,
        result: Option<Result<&Outcome, &Error>>,
    ) -> Result<Option<HeaderValue>, Response<Bytes>> {
        let refuse = |code, message| {
            Err(refusal::response(
                true,
                code,
                message,
                &self.request_id,
                &self.trace_header,
            ))
        };
        let payload = match result {
            Some(Ok(Outcome::Success { payload, .. })) => payload,
            Some(Ok(_)) => return refuse(502, INTERNAL),
            Some(Err(_)) => return refuse(500, INTERNAL),
            None => return refuse(504, TIMED_OUT),
        };
        let Some(answer) = Answer::read(payload) else {
            return refuse(502, INTERNAL);
        };
        if answer.code.is_success() {
            return Ok(answer.subprotocol());
        }
        let body = answer.body().filter(|_| self.two_way).unwrap_or_default();
        let mut response = Response::new(body.to_owned().into());
        *response.status_mut() = answer.code;
        let (id, trace) = (&self.request_id, &self.trace_header);
        Err(refusal::with_ids(response, true, id, trace))
    }

    /// What the sender of a message gets: the function's body where the route is two-way, an error
    /// where it failed, and nothing otherwise.
    #[must_use]
    pub fn reply(&self, result: Option<Result<&Outcome, &Error>>) -> Option<String> {
        let answer = match result {
            Some(Ok(Outcome::Success { payload, .. })) => Answer::read(payload),
            Some(_) => None,
            None => return Some(self.error(TIMED_OUT)),
        };
        let Some(answer) = answer else {
            return Some(self.error(INTERNAL));
        };
        let body = answer
            .body()
            .filter(|body| self.two_way && !body.is_empty());
        if body.is_some_and(|body| body.len() > MAX_MESSAGE) {
            return Some(self.error(INTERNAL));
        }
        body.map(str::to_owned)
    }

    fn error(&self, message: &str) -> String {
        error(message, &self.connection_id, &short_id(&self.request_id))
    }
}

impl Answer {
    /// Nothing where it is not a proxy's answer: without a status, or with a body that is not text.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_slice(payload).ok()?;
        let readable = matches!(
            members.get("body"),
            None | Some(Value::Null | Value::String(_))
        );
        let code = status(members.get("statusCode"))?;
        readable.then_some(Self { code, members })
    }

    fn body(&self) -> Option<&str> {
        self.members.get("body")?.as_str()
    }

    fn subprotocol(&self) -> Option<HeaderValue> {
        let headers = self.members.get("headers")?.as_object()?;
        let mut all = headers.iter();
        let (_, value) =
            all.find(|(name, _)| name.eq_ignore_ascii_case(SEC_WEBSOCKET_PROTOCOL.as_str()))?;
        HeaderValue::from_str(value.as_str()?).ok()
    }
}

/// The message a client gets in the place of an answer.
pub(super) fn no_route(client: &Client, arrival: &Arrival) -> String {
    error("Forbidden", client.id(), &short_id(&arrival.request_id))
}

fn error(message: &str, connection: &str, request: &str) -> String {
    format!(r#"{{"message": "{message}", "connectionId":"{connection}", "requestId":"{request}"}}"#)
}

const INTERNAL: &str = "Internal server error";
const TIMED_OUT: &str = "Endpoint request timed out";

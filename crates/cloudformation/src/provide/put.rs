//! Putting the answer where the request says.

use std::time::Duration;

use lambda_with::{BoxError, Error, ErrorKind, guarded};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{CustomResourceEvent, CustomResourceResponse};

/// The longest that one try may take.
const TRY: Duration = Duration::from_secs(5);
/// The pause after the first try; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Sends an answer, to be written with one's own HTTP client. With the feature `reply` there is
/// `Https`.
///
/// ```
/// use lambda_with::BoxError;
/// use lambda_with_cloudformation::{Answer, Put};
/// # struct Client;
/// # impl Client {
/// #     async fn send(&self, _: &str, _: &str, _: [(&str, &str); 1], _: Vec<u8>) -> Result<u16, BoxError> { Ok(200) }
/// # }
///
/// impl Put for Client {
///     async fn put(&self, answer: Answer<'_>) -> Result<u16, BoxError> {
///         self.send("PUT", answer.url, answer.headers, answer.body.into()).await
///     }
/// }
/// ```
pub trait Put {
    /// One request `PUT`, without trying again; gives the status of its answer.
    ///
    /// The body is sent as it is, with a `Content-Length` in bytes, not chunked.
    fn put(&self, answer: Answer<'_>) -> impl Future<Output = Result<u16, BoxError>> + Send;
}

/// What [`Put`] is to send.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// The presigned address. Whoever has it can answer: keep it out of logs.
    pub url: &'a str,
    /// The headers besides `Content-Length`: an empty `Content-Type`, because the address is signed
    /// for that.
    pub headers: [(&'static str, &'static str); 1],
    /// The answer as JSON.
    pub body: &'a str,
}

impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Puts an answer until one is taken, refused for good, or the time is over.
pub(super) async fn deliver(
    event: &CustomResourceEvent,
    answer: &CustomResourceResponse,
    put: &impl Put,
    end: Instant,
) -> Result<(), Error> {
    let body = answer.to_json();
    let answer = Answer {
        url: &event.response_url,
        headers: [("content-type", "")],
        body: &body,
    };
    let mut pause = PAUSE;
    for tries in 1_u32.. {
        let until = end.min(Instant::now() + TRY);
        let failed = match guarded(sleep_until(until), async { put.put(answer).await }).await {
            Ok(200..=299) => return Ok(()),
            Ok(status) => {
                let why = format!("the status was {status}");
                if (400..500).contains(&status) && ![408, 429].contains(&status) {
                    return Err(undelivered(event, tries, &why));
                }
                why
            }
            // What a client says may hold the address.
            Err(error) => error.to_string().replace(answer.url, "[redacted]"),
        };
        if Instant::now() + pause >= end {
            return Err(undelivered(event, tries, &failed));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

fn undelivered(event: &CustomResourceEvent, tries: u32, why: &str) -> Error {
    let message = format!("CloudFormation did not take the answer: {why}");
    Error::new(ErrorKind::Unavailable, message)
        .with("resource", event.logical_resource_id.as_str())
        .with("request", event.request_id.as_str())
        .with("tries", tries.to_string())
}

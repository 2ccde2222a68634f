//! Answers that arrive piece by piece.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html>.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use lambda_with::{Error, ErrorKind, Invocation, InvocationType, Outcome};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::function::LATEST;
use crate::handle::FunctionHandle;
use crate::trace;

/// The largest streamed answer.
pub(crate) const MAX: usize = 200 * 1024 * 1024;

/// How much of an answer is sent as fast as it comes.
const BURST: f64 = 6.0 * 1024.0 * 1024.0;

/// Bytes a second beyond that.
const RATE: f64 = 2.0 * 1024.0 * 1024.0;

/// How many pieces wait for a slow client.
const AHEAD: usize = 16;

/// An error that came after the answer had begun.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct StreamError {
    /// Its type, such as `Runtime.APIKeyNotFound`.
    pub error_type: String,
    /// What the runtime says about it; mostly JSON.
    pub body: Bytes,
}

/// An answer that arrives while the function is still at it.
///
/// ```
/// use bytes::Bytes;
/// use lambda_with::{Function, FunctionError, Invocation};
/// use lambda_with_local::{Context, FunctionOptions, Local, Options, Run};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), lambda_with::Error> {
/// let echo = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:echo".parse()?)?;
/// let run = Run::handler(|event: Bytes, _: Context| async move { Ok::<_, FunctionError>(event) });
/// let mut options = Options::in_memory();
/// options.functions.push(FunctionOptions::new(echo, run));
/// let local = Local::start(options).await?;
///
/// let echo = local.handle().function("echo")?;
/// let mut answer = echo.invoke_streamed(Invocation::new("[1]")).await?;
/// while let Some(piece) = answer.next().await {
///     assert_eq!(&piece[..], b"[1]");
/// }
/// assert!(!answer.end().await?.is_function_error());
/// # Ok(())
/// # }
/// ```
///
/// It has 200 MB at most; what exceeds the first 6 MB comes with 2 MB a second. The function goes on
/// when this is dropped.
#[derive(Debug)]
pub struct Streamed {
    version: String,
    content_type: Option<String>,
    pieces: mpsc::Receiver<Piece>,
    error: Option<StreamError>,
    run: Running,
}

#[derive(Debug)]
enum Running {
    Task(JoinHandle<Result<Outcome, Error>>),
    /// It has ended; what it answered as a whole is still to be taken.
    Over(Outcome, Option<Bytes>),
}

/// What a function writes its answer to.
#[derive(Clone, Debug)]
pub(crate) struct Writer(mpsc::Sender<Piece>);

#[derive(Debug)]
enum Piece {
    /// The version that runs.
    Version(String),
    Begin(Option<String>),
    Bytes(Bytes),
    Error(StreamError),
}

/// Why an answer came to a wrong end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Broken {
    TooLarge,
    Truncated,
}

impl Streamed {
    /// The version that runs: `$LATEST`, or a number.
    #[must_use]
    pub fn executed_version(&self) -> &str {
        &self.version
    }

    /// The type of the content, as the runtime gives it.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The next piece of the answer; `None` at its end. A function that failed before it began has
    /// none.
    pub async fn next(&mut self) -> Option<Bytes> {
        if let Running::Over(_, whole) = &mut self.run {
            return whole.take();
        }
        loop {
            match self.pieces.recv().await? {
                Piece::Begin(_) | Piece::Version(_) => {}
                Piece::Bytes(bytes) => return Some(bytes),
                Piece::Error(error) => self.error = Some(error),
            }
        }
    }

    /// The error the runtime added to an answer it had begun. Known when there is no next piece.
    #[must_use]
    pub fn error(&self) -> Option<&StreamError> {
        self.error.as_ref()
    }

    /// What came of the invocation; the payload of a success is empty where it was streamed.
    ///
    /// # Errors
    ///
    /// `Unavailable` when the engine shuts down.
    pub async fn end(self) -> Result<Outcome, Error> {
        match self.run {
            Running::Over(outcome, _) => Ok(outcome),
            Running::Task(run) => run.await.map_err(|error| ended().caused_by(error))?,
        }
    }
}

impl FunctionHandle {
    /// Runs the function, and returns as soon as it begins to answer.
    ///
    /// # Errors
    ///
    /// As for any invocation; `Invalid` for one that does not wait for an answer.
    pub async fn invoke_streamed(&self, invocation: Invocation) -> Result<Streamed, Error> {
        self.invoke_streamed_as(trace::request_id(), invocation)
            .await
    }

    /// The same with a request id the caller has chosen.
    pub(crate) async fn invoke_streamed_as(
        &self,
        request_id: String,
        invocation: Invocation,
    ) -> Result<Streamed, Error> {
        if invocation.invocation_type != InvocationType::RequestResponse {
            let message = "only an invocation that waits for its answer can be streamed";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        let (sender, mut pieces) = mpsc::channel(AHEAD);
        // In a task of its own: a caller that goes away does not stop the function.
        let function = self.clone();
        let run = tokio::spawn(async move {
            function
                .invoke_into(request_id, invocation, Some(Writer(sender)))
                .await
        });
        let mut first = pieces.recv().await;
        let mut version = LATEST.to_owned();
        if let Some(Piece::Version(runs)) = first {
            version = runs;
            first = pieces.recv().await;
        }
        let (content_type, run) = match first {
            Some(Piece::Begin(content_type)) => (content_type, Running::Task(run)),
            _ => {
                let outcome = run.await.map_err(|error| ended().caused_by(error))??;
                let whole = match &outcome {
                    Outcome::Success { payload, .. } => Some(payload.clone()),
                    _ => None,
                };
                (None, Running::Over(outcome, whole))
            }
        };
        Ok(Streamed {
            version,
            content_type,
            pieces,
            error: None,
            run,
        })
    }
}

impl Writer {
    /// Says which version runs, before anything else is written.
    pub(crate) fn runs(&self, version: &str) {
        // Fails when the client has gone away.
        let _ = self.0.try_send(Piece::Version(version.to_owned()));
    }

    /// Passes on what the runtime sends, at the pace Lambda allows. A client that has gone away does
    /// not stop it.
    /// Says how many bytes it was.
    pub(crate) async fn pump(
        self,
        headers: &HeaderMap,
        mut body: Incoming,
    ) -> Result<usize, Broken> {
        let kind = headers.get(http::header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| Some(kind.to_str().ok()?.to_owned()));
        self.send(Piece::Begin(kind)).await;
        let mut pace = Pace::new();
        while let Some(frame) = body.frame().await {
            match frame.map_err(|_| Broken::Truncated)?.into_data() {
                Ok(data) => {
                    tokio::time::sleep(pace.take(data.len())?).await;
                    if !data.is_empty() {
                        self.send(Piece::Bytes(data)).await;
                    }
                }
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    if let Some(error) = error(&trailers) {
                        self.send(Piece::Error(error)).await;
                    }
                }
            }
        }
        Ok(pace.total)
    }

    async fn send(&self, piece: Piece) {
        // Fails when the client has gone away.
        let _ = self.0.send(piece).await;
    }
}

/// What the trailers of an answer say went wrong.
fn error(trailers: &HeaderMap) -> Option<StreamError> {
    let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
    let error_type = text("lambda-runtime-function-error-type");
    let body = text("lambda-runtime-function-error-body");
    if error_type.or(body).is_none_or(str::is_empty) {
        return None;
    }
    let body = body.unwrap_or_default();
    let decoded = BASE64_STANDARD.decode(body);
    Some(StreamError {
        error_type: error_type.unwrap_or("Runtime.Unknown").to_owned(),
        body: decoded.unwrap_or_else(|_| body.as_bytes().to_vec()).into(),
    })
}

fn ended() -> Error {
    Error::new(ErrorKind::Unavailable, "the engine is shutting down")
}

/// A bucket of bytes that may be sent now, filled at a constant rate.
#[derive(Debug)]
struct Pace {
    total: usize,
    allowed: f64,
    since: Instant,
}

impl Pace {
    fn new() -> Self {
        Self {
            total: 0,
            allowed: BURST,
            since: Instant::now(),
        }
    }

    /// How long to wait before these bytes are sent.
    fn take(&mut self, bytes: usize) -> Result<Duration, Broken> {
        self.total += bytes;
        if self.total > MAX {
            return Err(Broken::TooLarge);
        }
        let now = Instant::now();
        let gained = (now - self.since).as_secs_f64() * RATE;
        #[expect(clippy::cast_precision_loss, reason = "an answer has 200 MB at most")]
        let bytes = bytes as f64;
        self.allowed = (self.allowed + gained).min(BURST) - bytes;
        self.since = now;
        Ok(Duration::from_secs_f64((-self.allowed / RATE).max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGABYTE: usize = 1024 * 1024;

    #[tokio::test(start_paused = true)]
    async fn six_megabytes_at_once_and_two_a_second() {
        let mut pace = Pace::new();
        let begun = Instant::now();
        for (sent, seconds) in [(6, 0), (2, 1), (1, 1), (1, 2), (4, 4)] {
            tokio::time::sleep(pace.take(sent * MEGABYTE).unwrap()).await;
            assert_eq!(begun.elapsed().as_secs(), seconds, "{sent} MB");
        }
        // What is not used is saved up, but no more than a burst.
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(pace.take(6 * MEGABYTE), Ok(Duration::ZERO));
        assert_eq!(pace.take(4 * MEGABYTE), Ok(Duration::from_secs(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn two_hundred_megabytes_at_most() {
        let mut pace = Pace::new();
        assert_eq!(pace.take(200 * MEGABYTE), Ok(Duration::from_secs(97)));
        assert_eq!(pace.take(1), Err(Broken::TooLarge));
    }

    #[test]
    fn trailers_that_name_an_error() {
        let check = |kind: Option<&'static str>,
                     body: Option<&'static str>,
                     found: Option<(&str, &str)>| {
            let mut trailers = HeaderMap::new();
            for (name, value) in [
                ("lambda-runtime-function-error-type", kind),
                ("lambda-runtime-function-error-body", body),
            ] {
                if let Some(value) = value {
                    trailers.insert(name, http::HeaderValue::from_static(value));
                }
            }
            let expected = found.map(|(kind, body)| StreamError {
                error_type: kind.to_owned(),
                body: Bytes::copy_from_slice(body.as_bytes()),
            });
            assert_eq!(error(&trailers), expected);
        };
        check(None, None, None);
        check(Some(""), None, None);
        check(Some("A.B"), None, Some(("A.B", "")));
        check(Some("A.B"), Some("e30="), Some(("A.B", "{}")));
        check(None, Some("e30="), Some(("Runtime.Unknown", "{}")));
        check(Some("A.B"), Some("no base64"), Some(("A.B", "no base64")));
    }
}

//! Lambda's Invoke API, called at a running engine.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use lambda_with::InvocationType;
use tokio::net::TcpStream;

use crate::failure::Failure;

/// Where `lambda-with dev` listens unless told otherwise.
pub(crate) const USUAL: &str = "http://127.0.0.1:9000";

/// An endpoint that speaks Lambda's API over plain HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint(Uri);

/// What an invocation was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) payload: Bytes,
    /// Whether the function itself failed.
    pub(crate) function_error: bool,
    pub(crate) log: Option<String>,
}

impl Endpoint {
    pub(crate) fn new(url: &str) -> Result<Self, Failure> {
        let uri: Uri = url
            .parse()
            .map_err(|error| Failure::usage(format!("`{url}` is not a URL: {error}")))?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() {
            return Err(
                Failure::usage(format!("`{url}` is no engine's address")).fix(format!(
                    "an engine is reached over plain HTTP, such as {USUAL}"
                )),
            );
        }
        Ok(Self(uri))
    }

    /// Whether an engine that has this function answers here.
    pub(crate) async fn has(&self, function: &str) -> bool {
        let answer = self
            .post(function, InvocationType::DryRun, Bytes::from_static(b"{}"))
            .await;
        answer.is_ok_and(|response| response.status() == 204)
    }

    /// Invokes a function and waits for the answer, or for its being accepted.
    pub(crate) async fn invoke(
        &self,
        function: &str,
        invocation_type: InvocationType,
        payload: Bytes,
    ) -> anyhow::Result<Answer> {
        let response = self.post(function, invocation_type, payload).await?;
        let (parts, payload) = response.into_parts();
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        if !parts.status.is_success() {
            let text = String::from_utf8_lossy(&payload);
            let kind = header("x-amzn-errortype").unwrap_or("error");
            let text = format!("{} answered {}: {kind}: {text}", self.0, parts.status);
            return Err(Failure::new(text).into());
        }
        let log = header("x-amz-log-result").and_then(|log| STANDARD.decode(log).ok());
        Ok(Answer {
            function_error: header("x-amz-function-error").is_some(),
            log: log.map(|log| String::from_utf8_lossy(&log).into_owned()),
            payload,
        })
    }

    async fn post(
        &self,
        function: &str,
        invocation_type: InvocationType,
        payload: Bytes,
    ) -> anyhow::Result<Response<Bytes>> {
        let host = self.0.host().unwrap_or_default();
        let address = (
            host.trim_matches(['[', ']']),
            self.0.port_u16().unwrap_or(80),
        );
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot reach {}", self.0))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let base = self.0.path().trim_end_matches('/');
        let log_type = match invocation_type {
            InvocationType::RequestResponse => "Tail",
            _ => "None",
        };
        let request = Request::post(format!(
            "{base}/2015-03-31/functions/{function}/invocations"
        ))
        .header(
            "host",
            self.0
                .authority()
                .map_or(host, |authority| authority.as_str()),
        )
        .header("x-amz-invocation-type", invocation_type.as_str())
        .header("x-amz-log-type", log_type)
        .header("content-type", "application/json")
        .body(Full::new(payload))?;
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        drop(sender);
        // The answer is here; how the connection ends changes nothing.
        let _ = connection.await;
        Ok(Response::from_parts(parts, body))
    }
}

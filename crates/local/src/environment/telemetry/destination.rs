//! Where a subscriber listens, and how a batch gets there.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a subscriber has to take a batch.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where batches go, as the subscription says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// An array of events in the body of a request.
    Http {
        method: Method,
        host: String,
        port: u16,
        path: String,
    },
    /// Events, each on a line of its own.
    Tcp { port: u16 },
}

/// Why a batch did not arrive.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Failed {
    /// Nobody listens, or the connection broke.
    Unreachable(String),
    /// It was answered with this status.
    Refused(u16),
}

/// A target with a connection that is kept.
#[derive(Debug)]
pub(crate) struct Destination {
    target: Target,
    http: Option<SendRequest<Full<Bytes>>>,
    tcp: Option<TcpStream>,
}

impl Destination {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            http: None,
            tcp: None,
        }
    }

    /// Sends a batch; returns when the subscriber has it, as far as its protocol tells.
    pub(crate) async fn send(&mut self, batch: &[Bytes]) -> Result<(), Failed> {
        let sent = timeout(PATIENCE, self.try_send(batch)).await;
        let sent = sent.unwrap_or_else(|_| Err(Failed::Unreachable("no answer".to_owned())));
        if sent.is_err() {
            (self.http, self.tcp) = (None, None);
        }
        sent
    }

    async fn try_send(&mut self, batch: &[Bytes]) -> Result<(), Failed> {
        match &self.target {
            Target::Http { .. } => self.post(array(batch)).await,
            Target::Tcp { port } => {
                let stream = match &mut self.tcp {
                    Some(stream) => stream,
                    none => none.insert(connect(*port).await?),
                };
                stream.write_all(&lines(batch)).await.map_err(unreachable)
            }
        }
    }

    async fn post(&mut self, body: Vec<u8>) -> Result<(), Failed> {
        let Target::Http {
            method,
            host,
            port,
            path,
        } = &self.target
        else {
            return Ok(());
        };
        let open = match self.http.take() {
            Some(mut kept) => kept.ready().await.is_ok().then_some(kept),
            None => None,
        };
        let mut sender = match open {
            Some(kept) => kept,
            None => {
                let stream = TokioIo::new(connect(*port).await?);
                let (sender, connection) = handshake(stream).await.map_err(unreachable)?;
                // Ends when the sender is dropped; what goes wrong, the sender tells.
                tokio::spawn(connection);
                sender
            }
        };
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = method.clone();
        *request.uri_mut() = path.parse().map_err(unreachable)?;
        let headers = request.headers_mut();
        let host = HeaderValue::try_from(host.as_str()).map_err(unreachable)?;
        headers.insert(header::HOST, host);
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        let response = sender.send_request(request).await.map_err(unreachable)?;
        let status = response.status();
        response.into_body().collect().await.map_err(unreachable)?;
        self.http = Some(sender);
        if status.is_success() {
            Ok(())
        } else {
            Err(Failed::Refused(status.as_u16()))
        }
    }
}

async fn connect(port: u16) -> Result<TcpStream, Failed> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(unreachable)?;
    // Without it small batches would wait for acknowledgements; nothing depends on it.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

fn unreachable(error: impl std::fmt::Display) -> Failed {
    Failed::Unreachable(error.to_string())
}

fn array(batch: &[Bytes]) -> Vec<u8> {
    let mut body = vec![b'['];
    body.extend_from_slice(&batch.join(&b","[..]));
    body.push(b']');
    body
}

fn lines(batch: &[Bytes]) -> Vec<u8> {
    let mut lines = batch.join(&b"\n"[..]);
    lines.push(b'\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_arrays_or_lines() {
        for (batch, as_array, as_lines) in [
            (&["1"][..], "[1]", "1\n"),
            (&["{}", "{}"], "[{},{}]", "{}\n{}\n"),
        ] {
            let batch: Vec<Bytes> = batch
                .iter()
                .map(|event| Bytes::from_static(event.as_bytes()))
                .collect();
            assert_eq!(array(&batch), as_array.as_bytes());
            assert_eq!(lines(&batch), as_lines.as_bytes());
        }
    }
}

//! As much of Lambda's Runtime API as one function needs.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

/// Answers that are not counted: the first fill caches and buffers.
const WARM_UP: u32 = 20;

/// What was counted in one turn.
pub(crate) struct Counted {
    pub(crate) answers: u32,
    /// The time on the clock.
    pub(crate) time: Duration,
    /// The time the function's thread was on a processor.
    pub(crate) cpu: Duration,
    /// Open as long as this lives, so that the function's last request does not fail.
    _connection: BufStream<TcpStream>,
}

/// A thread, by what Linux knows it as.
pub(crate) struct Thread(PathBuf);

impl Thread {
    pub(crate) fn current() -> Result<Self> {
        let id = fs::read_link("/proc/thread-self").context("this bench needs Linux")?;
        Ok(Self(Path::new("/proc").join(id).join("schedstat")))
    }

    /// How long it has been on a processor.
    fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(&self.0).context("this bench needs Linux")?;
        let nanos = stat.split(' ').next().unwrap_or_default();
        Ok(Duration::from_nanos(nanos.parse()?))
    }
}

/// Offers the same event over and over to the function that runs on a thread, until `turn` is over.
pub(crate) async fn serve(
    listener: TcpListener,
    event: &Bytes,
    turn: Duration,
    function: &Thread,
) -> Result<Counted> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stream, _) = listener
        .accept()
        .await
        .context("the function does not connect")?;
    stream.set_nodelay(true)?;
    let mut stream = BufStream::with_capacity(16 * 1024, 16 * 1024, stream);
    let next = response(event);
    let mut answers = 0;
    let (mut start, mut cpu) = (Instant::now(), Duration::ZERO);
    loop {
        let mut request = String::new();
        stream.read_line(&mut request).await?;
        skip_rest(&mut stream).await?;
        if request.starts_with("GET ") {
            stream.write_all(&next).await?;
        } else if request.contains("/response ") {
            stream
                .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
                .await?;
            answers += 1;
            if answers == WARM_UP {
                (start, cpu) = (Instant::now(), function.cpu()?);
            }
        } else {
            bail!("the function did not succeed: `{request}`");
        }
        stream.flush().await?;
        if answers > WARM_UP && start.elapsed() > turn {
            return Ok(Counted {
                answers: answers - WARM_UP,
                time: start.elapsed(),
                cpu: function.cpu()?.saturating_sub(cpu),
                _connection: stream,
            });
        }
    }
}

fn response(event: &Bytes) -> Vec<u8> {
    let mut response = format!(
        "HTTP/1.1 200 OK\r\n\
         content-type: application/json\r\n\
         content-length: {}\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
         lambda-runtime-deadline-ms: 32503680000000\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:f\r\n\
         lambda-runtime-trace-id: Root=1-69a56042-5e1b4d4a2c9f7e6a3b8d1c0f;Sampled=0\r\n\r\n",
        event.len()
    )
    .into_bytes();
    response.extend_from_slice(event);
    response
}

/// Reads the headers and the body of a request.
async fn skip_rest(stream: &mut BufStream<TcpStream>) -> Result<()> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        if line.starts_with("transfer-encoding:") {
            bail!("an answer of unknown length");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(())
}

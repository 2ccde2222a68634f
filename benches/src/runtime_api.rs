//! As much of Lambda's Runtime API as one function needs, in the function's own thread.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

/// Answers that are not counted: the first fill caches and buffers.
const WARM_UP: u32 = 20;

/// Offers the same event over and over; returns the seconds on the clock and the answers counted
/// once `turn` is over.
pub(crate) async fn serve(
    listener: TcpListener,
    event: &Bytes,
    turn: Duration,
) -> Result<(Duration, u32)> {
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
    let mut start = Instant::now();
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
                start = Instant::now();
            }
        } else {
            bail!("the function did not succeed: `{request}`");
        }
        stream.flush().await?;
        if answers > WARM_UP && start.elapsed() > turn {
            return Ok((start.elapsed(), answers - WARM_UP));
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

//! As much of Lambda's Runtime API as one function needs, as fast as a blocking socket is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bytes::Bytes;

/// A Runtime API that offers the same event over and over.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    /// One instant for every answer that came in.
    pub(crate) answers: Receiver<Instant>,
}

impl RuntimeApi {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn start(event: &Bytes) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
        let address = listener.local_addr()?;
        let (sender, answers) = channel();
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
        let response = Bytes::from(response);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (response, sender) = (response.clone(), sender.clone());
                std::thread::spawn(move || serve(&stream, &response, &sender));
            }
        });
        Ok(Self { address, answers })
    }
}

/// Answers requests on one connection until either side is done.
fn serve(stream: &TcpStream, event: &[u8], answers: &Sender<Instant>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    let mut writer = stream;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        skip_rest(&mut reader)?;
        if request.starts_with("GET ") {
            writer.write_all(event)?;
        } else if request.contains("/response ") {
            answers.send(Instant::now())?;
            writer.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
        } else {
            bail!("the function did not succeed: {request}");
        }
    }
}

/// Reads headers and body of a request.
fn skip_rest(reader: &mut impl BufRead) -> Result<()> {
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
    }
    if !chunked {
        std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
        return Ok(());
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end(), 16).context("not the size of a chunk")?;
        std::io::copy(&mut reader.by_ref().take(size + 2), &mut std::io::sink())?;
        if size == 0 {
            return Ok(());
        }
    }
}

//! Invokes `echo` as fast as answers come: `invoke-load ADDRESS CONNECTIONS SECONDS [TYPE]`.
//!
//! Prints invocations per second and the latencies' p50 and p99. Start `engine` first, and build
//! both with `--release`.

use std::io::Write;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const EVENT: &str = r#"{"orderId":"A-1001","total":42.5,"paid":true,"n":1}"#;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, connections, seconds, kind @ ..] = args.as_slice() else {
        return Err("usage: invoke-load ADDRESS CONNECTIONS SECONDS [TYPE]".into());
    };
    let connections: usize = connections.parse()?;
    let duration = Duration::from_secs_f64(seconds.parse()?);
    let kind = kind.first().map_or("RequestResponse", String::as_str);
    let request = format!(
        "POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\nhost: localhost\r\n\
         x-amz-invocation-type: {kind}\r\ncontent-length: {}\r\n\r\n{EVENT}",
        EVENT.len()
    );
    // The processes are to be warm.
    load(address, connections, Duration::from_secs(1), &request).await?;
    let mut all = load(address, connections, duration, &request).await?;
    all.sort_unstable();
    let rate = f64::from(u32::try_from(all.len())?) / duration.as_secs_f64();
    let at = |percent: usize| {
        all.get(all.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    writeln!(
        std::io::stdout(),
        "{kind}: {connections} connections, {rate:.0} invocations/s, p50 {:?}, p99 {:?}",
        at(50),
        at(99)
    )?;
    Ok(())
}

/// Invokes over several connections for a while; returns all latencies.
async fn load(
    address: &str,
    connections: usize,
    duration: Duration,
    request: &str,
) -> Result<Vec<Duration>, Failure> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        tasks.spawn(one(address.to_owned(), duration, request.to_owned()));
    }
    let mut all = Vec::new();
    for latencies in tasks.join_all().await {
        all.extend(latencies?);
    }
    Ok(all)
}

async fn one(
    address: String,
    duration: Duration,
    request: String,
) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (begun, mut latencies, mut buffer) = (Instant::now(), Vec::new(), Vec::with_capacity(4096));
    while begun.elapsed() < duration {
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        buffer.clear();
        while !complete(&buffer)? {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err("the engine closed the connection".into());
            }
        }
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// Whether the buffer holds a whole response.
fn complete(buffer: &[u8]) -> Result<bool, Failure> {
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let head = std::str::from_utf8(&buffer[..end])?;
    if !head.starts_with("HTTP/1.1 20") {
        return Err(head.into());
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.ok_or("the response has no length")?.parse()?;
    Ok(buffer.len() >= end + 4 + length)
}

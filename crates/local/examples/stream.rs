//! An engine that reads a stream of 200 numbered records on four lanes: `stream DATA_DIR FILE MOST`.
//!
//! Each record that runs adds a line to the file; after so many of them nothing gets on any more. The first shard is split half-way. Ends when all
//! records are done with.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use lambda_with::rules::stream::{Origin, Settings};
use lambda_with::{Function, FunctionError};
use lambda_with_local::{FunctionOptions, Local, Options, Run, ScriptedStream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(dir), Some(file), Some(most)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: stream DATA_DIR FILE MOST".into());
    };
    let (most, lines): (usize, _) = (most.parse()?, AtomicUsize::new(0));
    let handler = move |event: Bytes, _| {
        let stops = lines.load(Ordering::SeqCst) >= most;
        let ran = if stops { Ok(0) } else { append(&file, &event) };
        lines.fetch_add(*ran.as_ref().unwrap_or(&0), Ordering::SeqCst);
        async move {
            if stops {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            ran.map(|_| "null".into()).map_err(|error| FunctionError {
                error_message: error.to_string(),
                ..FunctionError::default()
            })
        }
    };
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:clicks";
    let mut options = Options::new(dir);
    options.functions.push(FunctionOptions::new(
        Function::new(arn.parse()?)?,
        Run::handler(handler),
    ));
    let local = Local::start(options).await?;
    let stream = ScriptedStream::new(["parent"]);
    let record = |number: u32| {
        let key = format!("key-{}", number % 7);
        ScriptedStream::record(&number.to_string(), &key, number.to_string())
    };
    stream.put("parent", (0..100).map(record));
    stream.split("parent", ["left", "right"]);
    stream.put("left", (100..150).map(record));
    stream.put("right", (150..200).map(record));

    let mut settings = Settings::new(Origin::Kinesis {
        stream: "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks".parse()?,
    });
    settings.limits.size = 3;
    settings.parallelization_factor = 4;
    let clicks = local.handle().function("clicks")?;
    let poller = clicks.stream("clicks", stream.clone(), settings);
    let ends = [("left", "149"), ("right", "199")].map(|(shard, end)| (shard.into(), end.into()));
    while !ends
        .iter()
        .all(|(shard, end): &(String, String)| stream.checkpoints().get(shard) == Some(end))
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    poller.stop().await;
    local.shutdown().await;
    Ok(())
}

/// Adds a line for each record of the event; tells how many.
fn append(file: &str, event: &[u8]) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    #[derive(serde::Deserialize)]
    struct Event {
        #[serde(rename = "Records")]
        records: Vec<u32>,
    }
    let event: Event = serde_json::from_slice(event)?;
    let lines: String = event
        .records
        .iter()
        .map(|number| format!("{number}\n"))
        .collect();
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)?
        .write_all(lines.as_bytes())?;
    Ok(event.records.len())
}

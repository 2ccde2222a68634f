//! An extension that writes down the telemetry or the logs it hears.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lambda_extension::{
    Error, Extension, LambdaEvent, LambdaLog, LambdaTelemetry, LogBuffering, NextEvent,
    SharedService, service_fn,
};

/// How many invocations it was told of, and how many reports it has heard.
static TOLD: AtomicUsize = AtomicUsize::new(0);
static REPORTS: AtomicUsize = AtomicUsize::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let types = std::env::var("TELEMETRY_TYPES").unwrap_or_else(|_| "platform,function".to_owned());
    let types: Vec<&str> = types.split(',').collect();
    let timeout = std::env::var("TELEMETRY_TIMEOUT").unwrap_or_else(|_| "25".to_owned());
    let buffering = LogBuffering {
        timeout_ms: timeout.parse()?,
        max_bytes: 262_144,
        max_items: 1_000,
    };
    let extension = Extension::new().with_events_processor(service_fn(told));
    let extension = if std::env::var_os("TELEMETRY_LOGS").is_some() {
        extension
            .with_log_types(&types)
            .with_log_buffering(buffering)
            .with_log_port_number(port())
            .with_logs_processor(SharedService::new(service_fn(logs)))
            .register()
            .await?
    } else {
        extension
            .with_telemetry_types(&types)
            .with_telemetry_buffering(buffering)
            .with_telemetry_port_number(port())
            .with_telemetry_processor(SharedService::new(service_fn(telemetry)))
            .register()
            .await?
    };
    if let Ok(path) = std::env::var("TELEMETRY_SUBSCRIBED") {
        std::fs::write(path, "")?;
    }
    extension.run().await
}

/// A port nobody has, of those that no connection is given.
fn port() -> u16 {
    let first = 10_000 + u16::try_from(std::process::id() % 20_000).unwrap_or_default();
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok();
    (first..32_000).find(free).unwrap_or(first)
}

async fn told(event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(invoke) => {
            TOLD.fetch_add(1, Ordering::AcqRel);
            writeln!(std::io::stdout(), "told of {}", invoke.request_id)?;
            Ok(())
        }
        NextEvent::Shutdown(_) => {
            // An initialization that failed has a report too.
            let reports = match std::env::var("TELEMETRY_TYPES") {
                Ok(_) => 0,
                Err(_) => TOLD.load(Ordering::Acquire).max(1),
            };
            while REPORTS.load(Ordering::Acquire) < reports {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            std::process::exit(0)
        }
    }
}

async fn telemetry(events: Vec<LambdaTelemetry>) -> Result<(), Error> {
    let lines = events.iter().map(serde_json::to_string);
    note(lines.collect::<Result<_, _>>()?).await
}

async fn logs(events: Vec<LambdaLog>) -> Result<(), Error> {
    note(
        events
            .iter()
            .map(|log| format!("{:?}", log.record))
            .collect(),
    )
    .await
}

/// Writes lines down, as soon as the file is there that it is to wait for.
async fn note(lines: Vec<String>) -> Result<(), Error> {
    if let Ok(path) = std::env::var("TELEMETRY_UNTIL") {
        while !Path::new(&path).exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let path = std::env::var("EXTENSION_LOG")?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.append(true).create(true).open(path)?;
    let reports =
        |line: &&String| line.contains("platform.report") || line.contains("PlatformReport");
    let reports = lines.iter().filter(reports).count();
    file.write_all((lines.join("\n") + "\n").as_bytes())?;
    REPORTS.fetch_add(reports, Ordering::AcqRel);
    Ok(())
}

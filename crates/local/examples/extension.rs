//! An extension that writes down what it is told of, and misbehaves when its variables ask for it.

use std::io::Write;
use std::time::Duration;

use lambda_extension::{Error, LambdaEvent, NextEvent, run, service_fn};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    note(
        &json!({"handler": std::env::var("_HANDLER").ok(), "table": std::env::var("TABLE").ok()}),
    )?;
    if let Ok(code) = std::env::var("EXTENSION_EXIT") {
        std::process::exit(code.parse()?);
    }
    run(service_fn(told)).await
}

async fn told(event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(invoke) => {
            note(
                &json!({"invoke": invoke.request_id, "deadline": invoke.deadline_ms, "arn": invoke.invoked_function_arn, "trace": invoke.tracing.value}),
            )?;
            if let Ok(millis) = std::env::var("EXTENSION_SLEEP") {
                tokio::time::sleep(Duration::from_millis(millis.parse()?)).await;
            }
            if let Ok(path) = std::env::var("EXTENSION_UNTIL") {
                while !std::path::Path::new(&path).exists() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            note(&json!("done"))
        }
        NextEvent::Shutdown(shutdown) => {
            note(&json!({"shutdown": shutdown.shutdown_reason, "deadline": shutdown.deadline_ms}))?;
            if std::env::var_os("EXTENSION_STAYS").is_none() {
                std::process::exit(0);
            }
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                note(&json!("still here"))?;
            }
        }
    }
}

fn note(what: &serde_json::Value) -> Result<(), Error> {
    let path = std::env::var("EXTENSION_LOG")?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.append(true).create(true).open(path)?;
    file.write_all(format!("{what}\n").as_bytes())?;
    writeln!(std::io::stdout(), "noted {what}")?;
    Ok(())
}

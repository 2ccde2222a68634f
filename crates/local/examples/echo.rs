//! A function that returns its event, and misbehaves when the event asks for it.

use std::io::Write;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match std::env::var("ECHO_INIT").as_deref() {
        Ok("exit") => {
            if let Ok(path) = std::env::var("ECHO_UNTIL") {
                while !std::path::Path::new(&path).exists() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            std::process::exit(3)
        }
        Ok("hang") => std::thread::sleep(Duration::from_secs(3600)),
        Ok("graceful") => {
            lambda_runtime::spawn_graceful_shutdown_handler(|| async {
                // What it prints on standard error goes to the log like this.
                let _ = writeln!(std::io::stdout(), "asked to end");
            })
            .await;
            lambda_runtime::run(service_fn(answer)).await?;
        }
        _ => lambda_runtime::run(service_fn(answer)).await?,
    }
    Ok(())
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    if let Some(text) = event["print"].as_str() {
        writeln!(std::io::stdout(), "{text}")?;
    }
    if let Some(millis) = event["sleep"].as_u64() {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if let Some(path) = event["until"].as_str() {
        while !std::path::Path::new(path).exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    if let Some(path) = event["append"].as_str() {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)?;
        file.write_all(format!("{}\n", event["id"]).as_bytes())?;
    }
    if let Some(code) = event["exit"].as_i64() {
        std::process::exit(i32::try_from(code)?);
    }
    if let Some(signal) = event["signal"].as_str() {
        let id = std::process::id().to_string();
        std::process::Command::new("kill")
            .args(["-s", signal, &id])
            .status()?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if let Some(text) = event["fail"].as_str() {
        return Err(text.into());
    }
    if let Some(size) = event["large"].as_u64() {
        return Ok(json!("x".repeat(usize::try_from(size)?)));
    }
    if let Some(name) = event["variable"].as_str() {
        return Ok(json!(std::env::var(name).ok()));
    }
    if event["context"].is_boolean() {
        return Ok(json!({
            "request_id": context.request_id,
            "deadline": context.deadline,
            "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id,
            "client": context.client_context,
            "pid": std::process::id(),
        }));
    }
    Ok(event)
}

//! A function whose spans X-Ray receives, on an unmodified `lambda_runtime`.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use lambda_with_x_ray::{XRayLayer, current_header};
use serde_json::{Value, json};
use tracing::{Instrument, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing_subscriber::registry()
        .with(XRayLayer::from_env()?)
        .init();
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let price = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if event.payload["fail"].is_string() {
            tracing::error!("no price today");
        }
        current_header().map(|header| header.to_string())
    };
    let header = price.instrument(info_span!("price", tenant = "blue")).await;
    match event.payload["fail"].as_str() {
        Some(why) => Err(why.into()),
        None => Ok(json!({ "header": header })),
    }
}
